"""The command: what it reads, prints, refuses and ends with; scores are those of the tiny model in conftest.py."""

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

import slantwise
from classifier import progress
from classifier.codebook import read_codebook
from classifier.model import DEFAULT_MODEL, Model
from slantwise import command

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"
COMMAND = [sys.executable, "-W", "error", "-m", "slantwise"]
UNWANTED = ("sklearn", "pandas", "trafilatura", "matplotlib", "joblib", "starlette", "training")


class Ended(NamedTuple):
    """A command that ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Kept(io.BytesIO):
    """Keeps what is written to it, and stays open, as a test has to read it."""

    def close(self):
        self.flush()


class Stream(io.TextIOWrapper):
    """A standard stream that says whether it is a terminal."""

    def __init__(self, *, terminal=False):
        super().__init__(Kept(), encoding="utf-8", write_through=True)
        self._terminal = terminal
        self._kept = self.buffer

    def isatty(self):
        return self._terminal

    @property
    def written(self):
        return self._kept.getvalue().decode(errors="replace")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs the command in this process, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def run_command(*arguments, stdin=b"", terminals=()):
        out, err = (Stream(terminal=name in terminals) for name in ("stdout", "stderr"))
        monkeypatch.setattr(sys, "argv", ["slantwise", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        status = 0
        try:
            command.main()
        except SystemExit as ended:
            status = ended.code or 0
        return Ended(status, out.written, err.written)

    return run_command


@pytest.fixture
def score(run, tiny_model_path):
    """Return a function that runs `slantwise score` with the tiny model."""
    return lambda *arguments, **options: run("score", "--model", tiny_model_path, *arguments, **options)


def write(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Path(path)


def write_jsonl(path, *rows):
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def three(tmp_path):
    """A file of three articles, on a harbour, on bread and on neither."""
    texts = {"a": "Quay.", "b": "Loaf.", "c": "Gulls."}
    return write_jsonl(tmp_path / "three.jsonl", *({"id": key, "text": text} for key, text in texts.items()))


# --- what is read


@pytest.mark.parametrize(
    ("path", "content", "ids"),
    [
        pytest.param("a.txt", "Quay.", ["a.txt"], id="txt"),
        pytest.param("a.md", "# Quay", ["a.md"], id="md"),
        pytest.param("a.jsonl", '{"id": "x", "text": "Quay"}\n{"text": "Quay"}\n', ["x", "a.jsonl:2"], id="jsonl"),
        pytest.param("a.csv", 'id,text\nx,"Quay,\nquay"\ny,Quay\n', ["x", "y"], id="csv"),
    ],
)
def test_a_file_is_scored(score, path, content, ids):
    write(path, content)

    ended = score(path)

    assert (ended.status, ended.err) == (0, "")
    assert [row["id"] for row in ended.rows] == ids
    assert all(row["topics"]["harbour"]["yes"] for row in ended.rows)


def test_a_parquet_file_is_scored(score):
    pl.DataFrame({"id": [7], "text": ["Quay"]}).write_parquet("a.parquet")

    ended = score("a.parquet")

    assert [row["id"] for row in ended.rows] == ["7"]


@pytest.mark.parametrize("form", ["jsonl", "table"])
@pytest.mark.parametrize("path", ["a.jsonl", "a.parquet"])
def test_a_text_of_control_characters_is_blank_in_every_format(score, three, path, form):
    rows = pl.DataFrame({"id": ["x"], "text": ["\x1f"]})
    rows.write_ndjson(path) if path == "a.jsonl" else rows.write_parquet(path)

    ended = score(path, three, "--format", form)

    assert ended.status == 3
    assert re.match(r"rejected: a\.\w+:1: blank text", ended.err)


def test_a_folder_is_scored_file_by_file(score):
    write("in/b.txt", "Loaf")
    write("in/deep/a.txt", "Quay")
    write("in/notes.docx", "no article")

    ended = score("in")

    assert [row["id"] for row in ended.rows] == ["b.txt", "deep/a.txt"]
    assert [row["source"] for row in ended.rows] == ["in/b.txt", "in/deep/a.txt"]


@pytest.mark.parametrize(
    ("stdin", "ids"),
    [
        pytest.param("Quay.\n\nQuay again.", ["stdin"], id="one-article"),
        pytest.param('{"id": "x", "text": "Quay"}\n{"text": "Quay"}\n', ["x", "stdin:2"], id="json-lines"),
    ],
)
def test_standard_input_is_scored(score, stdin, ids):
    ended = score("-", stdin=stdin.encode())

    assert (ended.status, ended.err) == (0, "")
    assert [row["id"] for row in ended.rows] == ids


def test_several_inputs_are_scored_in_the_order_given(score, three):
    write("z.txt", "Quay")

    ended = score("z.txt", three)

    assert [row["id"] for row in ended.rows] == ["z.txt", "a", "b", "c"]


def test_columns_can_be_named(score):
    write("a.csv", "key,headline,body,text\nx,Quay,Gulls,Loaf\n")

    ended = score("a.csv", "--id-column", "key", "--title-column", "headline", "--text-column", "body")

    assert [(row["id"], row["title"]) for row in ended.rows] == [("x", "Quay")]
    assert [label for label, score in ended.rows[0]["topics"].items() if score["yes"]] == ["harbour"]


# --- what is written


def test_json_lines_are_written_where_no_terminal_reads(score, three, tiny_model):
    ended = score(three)

    frame = pl.DataFrame({"id": ["a", "b", "c"], "text": ["Quay.", "Loaf.", "Gulls."]})
    expected = tiny_model.score_frame(frame)
    assert [row["topics"]["harbour"]["probability"] for row in ended.rows] == pytest.approx(
        expected["p.topics.harbour"].to_list(), abs=2e-3
    )


@pytest.mark.parametrize(
    ("form", "start"),
    [
        pytest.param("jsonl", '{"id": "a", "source": ', id="jsonl"),
        pytest.param("csv", "id,source,title,extraction,dropped,language,low_evidence,topics,kind,", id="csv"),
        pytest.param("parquet", "PAR1", id="parquet"),
        pytest.param("table", "Quay.\na  (", id="table"),
    ],
)
def test_the_format_can_be_chosen(score, three, form, start):
    ended = score(three, "--format", form)

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(start)


@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
def test_a_file_holds_what_stdout_would(score, three, form):
    expected = score(three, "--format", form)

    ended = score(three, "--format", form, "--out", "out")

    assert (ended.status, ended.out, ended.err) == (0, "", "")
    assert Path("out").read_text() == expected.out


def test_parquet_is_read_by_polars(score, three):
    ended = score(three, "--format", "parquet", "--out", "out.parquet")

    frame = pl.read_parquet("out.parquet")
    assert (ended.status, ended.out) == (0, "")
    assert frame["topics"].to_list() == [["harbour"], ["bread"], ["other"]]


def test_a_file_is_json_lines_unless_another_format_is_chosen(score, three):
    score(three, "--out", "scores.txt")

    lines = Path("scores.txt").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a", "b", "c"]


@pytest.fixture
def quick_progress(monkeypatch):
    """Let progress be shown at once, not after a fifth of a second."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)


@pytest.mark.usefixtures("quick_progress")
def test_a_terminal_is_shown_a_table_and_no_progress(score, three):
    ended = score(three, terminals=["stdout", "stderr"])

    assert ended.out.startswith("Quay.\na  (")
    assert ended.err == ""


@pytest.mark.usefixtures("quick_progress")
def test_progress_is_shown_on_a_terminal_and_never_on_stdout(score, three):
    ended = score(three, terminals=["stderr"])

    assert [row["id"] for row in ended.rows] == ["a", "b", "c"]
    assert re.search(r"\r\x1b\[K3 articles, [\d,]+ a second", ended.err)
    assert ended.err.endswith("\r\x1b[K")


@pytest.mark.usefixtures("quick_progress")
def test_progress_is_not_shown_where_no_terminal_reads_it(score, three):
    ended = score(three)

    assert ended.err == ""


@pytest.mark.usefixtures("quick_progress")
def test_progress_is_shown_while_a_file_is_written(score, three):
    ended = score(three, "--out", "out.jsonl", terminals=["stdout", "stderr"])

    assert ended.out == ""
    assert "3 articles, " in ended.err


# --- some rejected: 3


@pytest.mark.parametrize(
    ("path", "content", "complaint"),
    [
        pytest.param("a.txt", "", r"a\.txt: empty; expected at least one article \(leave it out\)", id="empty-file"),
        pytest.param("a.txt", " \n", r"a\.txt: blank text; .*\(leave it out\)", id="blank-file"),
        pytest.param("a.jsonl", '{"text": ""}', r"a\.jsonl:1: blank text; .*\(leave it out\)", id="empty-text"),
        pytest.param(
            "a.jsonl", b"\xff\xfe{", r"a\.jsonl:1: not JSON: .*\(write one JSON object", id="utf-16-cut-short"
        ),
        pytest.param(
            "a.csv", "id,body\nx,Quay\n", r"a\.csv: missing 'text'; found 'id', 'body' .*--text-column", id="no-column"
        ),
        pytest.param("a.jsonl", '{"body": "Quay"}', r"a\.jsonl:1: missing 'text'; found 'body'", id="no-key"),
        pytest.param("a.jsonl", '{"id": "c", "text": "Quay"}', r"a\.jsonl:1: duplicate id 'c'", id="duplicate-id"),
        pytest.param(
            "a.jsonl", '{"text": "Quay"', r"a\.jsonl:1: not JSON: .*\(write one JSON object a line\)", id="json"
        ),
        pytest.param(
            "a.docx", "Quay", r"a\.docx: expected a .* file, also as .gz or .zst; found '\.docx' \(convert", id="suffix"
        ),
        pytest.param(
            "a/b.docx",
            "Quay",
            r"a: expected .* files, also as .gz or .zst; found 1 others \(\.docx\)",
            id="folder-without-articles",
        ),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_scored(score, three, path, content, complaint):
    write(path, content)

    ended = score(three, path.partition("/")[0])

    assert ended.status == 3
    assert [row["id"] for row in ended.rows] == ["a", "b", "c"]
    rejected, summary = ended.err.splitlines()
    assert re.match(f"rejected: {complaint}", rejected)
    assert summary == "3 articles scored, 1 rejected"


def test_text_that_is_not_utf8_is_scored_and_named_at_the_end(score, three):
    write("a.csv", b"text\nCaf\xe9 on the quay\nna\xefve\nplain\n")

    ended = score(three, "a.csv")

    assert (ended.status, len(ended.rows)) == (0, 6)
    assert ended.err == "read as cp1252 rather than UTF-8: a.csv (2 rows)\n"


def test_one_article_is_counted_as_one(score, tmp_path):
    write("a.txt", "Quay")

    assert score("a.txt", "nowhere.txt").err.splitlines()[-1] == "1 article scored, 1 rejected"


def test_an_archive_is_scored(score, tmp_path):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>Quay.</p></body></html>"
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://quay.example\r\nContent-Type: application/http\r\n"
    )
    write("a.warc.gz", gzip.compress(f"{head}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"))

    (row,) = score("a.warc.gz").rows

    assert (row["id"], row["source"], row["extraction"]) == ("http://quay.example", "a.warc.gz:1", "visible text")


def test_an_input_that_does_not_exist_is_named_and_the_rest_scored(score, three):
    ended = score("nowhere.txt", three)

    assert ended.status == 3
    assert len(ended.rows) == 3
    assert ended.err.startswith("rejected: nowhere.txt: no such file or folder (check the path)\n")


@pytest.mark.slow
def test_a_line_of_50_megabytes_is_rejected_and_the_rest_scored(score):
    line = json.dumps({"id": "big", "text": "quay " * 10_000_000})
    write("a.jsonl", f'{{"id": "a", "text": "Quay"}}\n{line}\n{{"id": "c", "text": "Loaf"}}\n')

    ended = score("a.jsonl")

    assert ended.status == 3
    assert [row["id"] for row in ended.rows] == ["a", "c"]
    assert re.match(r"rejected: a\.jsonl:2: 50,0[\d,]+ bytes; an article may have 10,000,000 \(split", ended.err)


def test_rejects_can_be_written_to_a_file_as_json_lines(score, three):
    write("a.csv", "id,text\nx,\ny,Quay,more\nz,Quay\n")

    ended = score("a.csv", three, "--rejects", "rejects.jsonl")

    rows = [json.loads(line) for line in Path("rejects.jsonl").read_text().splitlines()]
    assert ended.status == 3
    assert ended.err == "4 articles scored, 2 rejected\n"
    assert [list(row) for row in rows] == [["source", "reason"]] * 2
    assert [row["source"] for row in rows] == ["a.csv:2", "a.csv:3"]
    assert rows[0]["reason"].startswith("blank text")


def test_the_file_of_rejects_is_empty_where_there_are_none(score, three):
    ended = score(three, "--rejects", "rejects.jsonl")

    assert ended.status == 0
    assert Path("rejects.jsonl").read_bytes() == b""


# --- nothing read: 1


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "table"])
@pytest.mark.parametrize("to_file", [False, True], ids=["stdout", "file"])
def test_no_readable_article_is_an_error(score, form, to_file):
    write("a.txt", "")
    write("b.jsonl", '{"text": " "}\n{}\n')

    ended = score("a.txt", "b.jsonl", "--format", form, *(["--out", "out"] if to_file else []))

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == "error: no readable article in a.txt, b.jsonl (3 rejected)"
    assert not Path("out").exists()


def test_reasons_are_kept_where_no_article_is_readable(score):
    write("a.txt", "")

    ended = score("a.txt", "--rejects", "rejects.jsonl")

    assert ended.status == 1
    assert json.loads(Path("rejects.jsonl").read_text())["source"] == "a.txt"


def test_a_folder_without_articles_is_an_error(score):
    Path("none").mkdir()

    ended = score("none")

    assert ended.status == 1
    assert ended.err.splitlines()[0].startswith("rejected: none: expected .txt, .md, .html, .htm, .jsonl,")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99], ids=["nothing", "half", "most"])
@pytest.mark.parametrize("command", [["score", "three.jsonl"], ["labels"]], ids=["score", "labels"])
def test_a_model_that_is_cut_short_is_an_error(run, three, tiny_model_path, command, share):
    whole = tiny_model_path.read_bytes()
    write("cut.slantwise", whole[: int(len(whole) * share)])

    ended = run(*command, "--model", "cut.slantwise")

    assert (ended.status, ended.out) == (1, "")
    assert re.match(r"error: cut\.slantwise: not a whole model file .* \(copy or train it again\)\n$", ended.err)


def test_a_model_with_damaged_bytes_is_an_error(run, three, tiny_model_path):
    whole = bytearray(tiny_model_path.read_bytes())
    whole[43:53] = b"\xff" * 10
    write("damaged.slantwise", bytes(whole))

    ended = run("score", three, "--model", "damaged.slantwise")

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: damaged.slantwise: ")


def test_a_model_that_does_not_exist_is_an_error(run, three):
    ended = run("score", three, "--model", "nowhere.slantwise")

    assert ended == (1, "", "error: nowhere.slantwise: cannot be read: No such file or directory\n")


@pytest.mark.parametrize("option", ["--out", "--rejects"])
def test_a_folder_that_does_not_exist_is_an_error(score, three, option):
    ended = score(three, option, "nowhere/out")

    assert ended.status == 1
    assert ended.err.startswith("error: nowhere/out: cannot be written: No such file")


def test_a_folder_as_output_is_an_error(score, three):
    Path("out").mkdir()

    ended = score(three, "--out", "out")

    assert ended.status == 1
    assert ended.err.startswith("error: out: cannot be written")


# --- bad usage: 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["score"], "Missing argument 'INPUT...'", id="no-input"),
        pytest.param(["score", "a.txt", "--format", "xml"], "'xml' is not one of", id="unknown-format"),
        pytest.param(["score", "a.txt", "--colour"], "No such option: --colour", id="unknown-option"),
        pytest.param(["scores", "a.txt"], "No such command 'scores'", id="unknown-command"),
        pytest.param(["labels", "a.txt"], "unexpected extra argument", id="argument-too-many"),
    ],
)
def test_bad_usage_ends_with_2(run, arguments, complaint):
    ended = run(*arguments)

    assert (ended.status, ended.out) == (2, "")
    assert complaint in ended.err


# --- whole or not at all


def test_an_output_that_exists_is_kept_where_nothing_is_readable(score):
    write("a.txt", "")
    write("out.jsonl", "from yesterday")

    score("a.txt", "--out", "out.jsonl")

    assert Path("out.jsonl").read_text() == "from yesterday"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["a.txt", "out.jsonl"]


def test_an_output_that_exists_is_replaced_by_a_whole_one(score, three):
    write("out.jsonl", "from yesterday\n" * 1000)

    score(three, "--out", "out.jsonl")

    assert len(Path("out.jsonl").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_run_that_is_stopped_leaves_the_old_output(tiny_model_path, tmp_path):
    out = write(tmp_path / "out.jsonl", "from yesterday")
    command = [*COMMAND, "score", "-", "--model", tiny_model_path, "--out", out]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".out.jsonl.*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.glob(".out.jsonl.*")), "the run should be writing beside its output now"

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert out.read_text() == "from yesterday"


# --- pipes


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_reader_that_leaves_early_is_no_error(tiny_model_path, tmp_path, form, unbuffered):
    text = "Quay and loaf, we must."
    many = write_jsonl(tmp_path / "many.jsonl", *({"id": str(number), "text": text} for number in range(1000)))
    command = [*COMMAND, "score", many, "--model", tiny_model_path, "--format", form]

    process = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "bash", *command],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )

    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout.count(b"\n") == 1


# --- other commands


def test_labels_are_printed_with_their_definitions(run, tiny_model_path, tiny_codebook):
    ended = run("labels", "--model", tiny_model_path)

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(f"tiny-model: codebook tiny 1, digest {tiny_codebook.digest}\n")
    assert "  harbour               Ships, quays and those who work there.\n" in ended.out


def test_the_version_is_printed(run):
    ended = run("--version")

    assert ended == (0, f"slantwise {slantwise.__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["score", "-h"], ["train", "-h"], ["corpora", "list", "-h"]])
def test_help_is_printed(run, arguments):
    ended = run(*arguments)

    assert (ended.status, ended.err) == (0, "")
    assert "Usage: slantwise" in ended.out


@pytest.mark.slow
def test_the_module_can_be_run(tiny_model_path, three):
    process = subprocess.run([*COMMAND, "score", three, "--model", tiny_model_path], capture_output=True, check=True)

    assert process.stdout.count(b"\n") == 3
    assert process.stderr == b""


@pytest.mark.slow
def test_files_are_scored_where_standard_input_is_closed(tiny_model_path, three):
    shell = ["sh", "-c", '"$@" <&-', "sh", *COMMAND, "score", three, "--model", tiny_model_path]

    process = subprocess.run(shell, capture_output=True, check=True)

    assert process.stdout.count(b"\n") == 3
    assert process.stderr == b""


# --- what scoring does not need


@pytest.fixture
def imported(tmp_path):
    """Return a function that runs Python code in a new process and returns what it imported of UNWANTED."""

    def names(code, *arguments):
        ends = f"import sys, atexit; atexit.register(lambda: print(*[m for m in {UNWANTED!r} if m in sys.modules]))\n"
        process = subprocess.run(
            [sys.executable, "-c", ends + code, *arguments], capture_output=True, check=True, cwd=tmp_path, text=True
        )
        return process.stdout.splitlines()

    return names


@pytest.mark.slow
def test_scoring_from_python_imports_nothing_that_only_training_needs(imported, tiny_model_path):
    code = "import slantwise; print(slantwise.load(sys.argv[1]).score('Quay.').assigned('topics'))"

    lines = imported(code, tiny_model_path)

    assert lines == ["['harbour']", ""]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "table"])
def test_the_command_imports_nothing_that_only_training_needs(imported, tiny_model_path, three, tmp_path, form):
    arguments = ["score", three, "--model", tiny_model_path, "--format", form, "--out", tmp_path / "out"]

    lines = imported("from slantwise.command import main; main()", *arguments)

    assert lines == [""]
    assert (tmp_path / "out").stat().st_size > 0


@pytest.mark.slow
def test_imports_of_training_would_be_seen(imported):
    lines = imported("import training.recipe")

    assert len(lines) == 1
    assert {"sklearn", "joblib", "training"} <= set(lines[0].split())  # and pandas, which scikit-learn takes if it can


# --- from Python


def test_load_returns_a_model_that_scores(tiny_model_path):
    model = slantwise.load(str(tiny_model_path))

    assert model.score("Quay.").assigned("topics") == ["harbour"]


def test_load_refuses_by_the_error_that_the_command_catches(tmp_path):
    with pytest.raises(slantwise.SlantwiseError, match="nowhere: cannot be read: No such file"):
        slantwise.load(tmp_path / "nowhere")


# --- the model that ships


@pytest.fixture(scope="module")
def shipped():
    return Model.load()


@pytest.mark.parametrize(
    ("name", "topics"),
    [
        ("border-deal.txt", {"border_enforcement", "diplomacy"}),
        ("scraped-clinic-story.txt", {"vaccines"}),
        ("opinion-talks.txt", {"diplomacy"}),
    ],
)
def test_the_shipped_model_finds_the_topics_of_the_examples_and_asks_for_their_stance(shipped, name, topics):
    text = (EXAMPLES / name).read_text(encoding="utf-8")

    scores = shipped.score(text)

    assert topics <= set(scores.assigned("topics"))
    assert topics <= set(scores.labels["stance"])


def test_the_shipped_model_was_trained_by_the_codebook_that_ships(shipped):
    book = read_codebook(EXAMPLES.parent / "codebooks" / "policy-news.toml")

    assert shipped.codebook.digest == book.digest


def test_the_shipped_model_is_small():
    assert DEFAULT_MODEL.stat().st_size < 12_000_000


def test_the_examples_make_a_table_of_eleven_articles(run, shipped):
    ended = run("score", EXAMPLES, "--format", "table")

    paragraphs = ended.out.strip().split("\n\n")
    assert (ended.status, ended.err) == (0, "")
    assert len(paragraphs) == 11
    assert all(re.search(r"^  topics  ", paragraph, re.MULTILINE) for paragraph in paragraphs)


# --- clean

PAGE = """Advertisement

Clinics to close

By Jane Doe

The council voted on Tuesday night to close two of the three clinics that serve the upper valley.

Residents who had waited four hours to speak called the decision a betrayal of the people up there.
"""


def test_clean_shows_each_line_with_its_article_or_the_reason_why_it_is_dropped(command, tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(PAGE + "\nFollow us on Twitter \x1b[31m@ledger")

    status, err, out = command("clean", str(page))

    assert (status, err) == (0, "")
    assert out.splitlines()[0] == f"{page}: 1 article, 9 of 48 words dropped"
    assert "- byline                By Jane Doe" in out
    assert "article 1               Clinics to close" in out
    assert "\x1b" not in out


def test_clean_can_print_the_articles_alone(command, tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(PAGE)

    _, _, out = command("clean", "--kept", str(page))

    assert "Clinics to close" in out
    assert "Advertisement" not in out


def test_pages_are_cleaned_before_they_are_scored_unless_told_otherwise(score, tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(PAGE)

    cleaned, as_it_is = json.loads(score(page).out), json.loads(score(page, "--no-clean").out)

    assert cleaned["dropped"] == pytest.approx(4 / 43, abs=1e-3)
    assert as_it_is["dropped"] is None


def test_articles_in_another_language_are_marked_and_have_no_scores(score, tmp_path, command):
    page = tmp_path / "german.txt"
    page.write_text(
        "Der Stadtrat beschloss am Dienstag, zwei der drei Kliniken zu schließen, und viele Bürger protestierten."
    )

    marked, anyway = score(page), score(page, "--any-language")

    row = json.loads(marked.out)
    assert (row["language"], row["low_evidence"]) == ("de", True)
    assert {answer["probability"] for answer in row["topics"].values()} == {None}
    assert marked.err == "1 article is not in the model's language and has no scores (--any-language scores it)\n"
    assert None not in {answer["probability"] for answer in json.loads(anyway.out)["topics"].values()}


def test_a_frame_of_another_language_has_no_answers(score, tmp_path):
    page = tmp_path / "german.txt"
    page.write_text(
        "Der Stadtrat beschloss am Dienstag, zwei der drei Kliniken zu schließen, und viele Bürger protestierten."
    )
    score(page, "--out", tmp_path / "scores.parquet")

    frame = pl.read_parquet(tmp_path / "scores.parquet")

    assert frame["topics"].is_null().all()
    assert frame["kind"].is_null().all()


def test_pages_apart_keep_the_lines_that_they_share(tmp_path, command):
    paragraph = "The council voted on Tuesday to close the {} clinics that serve the valley, as it had said it would."
    for n in range(3):
        text = f"{paragraph.format(n)}\nGulls over the harbour\n{paragraph.format(n + 10)}"
        (tmp_path / f"{n}.txt").write_text(text, "utf-8")

    dropped = [
        {json.loads(line)["dropped"] > 0 for line in command("score", str(tmp_path), *options)[2].splitlines()}
        for options in ((), ("--pages-apart",))
    ]

    assert dropped == [{True}, {False}]
