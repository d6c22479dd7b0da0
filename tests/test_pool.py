"""Scoring in several processes: the same rows in the same order, and what becomes of processes that end."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from classifier.batches import Preparing
from classifier.errors import SlantwiseError
from classifier.ids import Ids
from classifier.output import Jsonl
from classifier.pool import Processes, Scoring, score_here

TWO_STORIES = """Valley to lose it all

Published

The council voted on Tuesday night to close two of the three clinics that serve the upper valley.

Residents who had waited four hours to speak called the decision a betrayal of the people up there.

Trending

Bridge is closed

Published

Engineers found cracks in eleven of the bridge's bolts, the state's transport department said Friday.

Drivers face a detour of forty miles until the bolts are replaced, which may take most of the summer.

A ferry will carry commuters for free, but it has room for only sixty cars at a time, officials said."""

SCORES_FOREVER = """
import itertools, sys
from pathlib import Path
import polars as pl
from classifier.batches import Preparing
from classifier.ids import Ids
from classifier.output import Jsonl
from classifier.pool import Processes, Scoring
if __name__ == "__main__":
    page = pl.DataFrame({"id": ["a"], "text": ["Quay."], "page": [0]})
    with Processes(Path(sys.argv[1]), 1) as processes:
        for scored in processes.score(Scoring(Preparing(), Jsonl()), itertools.repeat(page), Ids()):
            print(*processes._pool._processes, flush=True)
"""


@dataclass(frozen=True)
class Fatal(Jsonl):
    """A form that ends the process which lays it out."""

    def rows(self, *_):
        os._exit(9)


def pages(texts, at_once=2):
    """Yield batches of pages as `read_pages` does."""
    names = list(texts)
    known = {"id": names, "source": names, "title": None, "text": list(texts.values()), "extraction": None}
    frame = pl.DataFrame(known, schema_overrides={"title": pl.String, "extraction": pl.String})
    yield from (part.with_row_index("page") for part in frame.iter_slices(at_once))


@pytest.fixture(scope="module")
def processes(tiny_model_path):
    with Processes(tiny_model_path, 2) as opened:
        yield opened


@pytest.mark.slow
def test_rows_are_the_same_and_in_the_same_order_as_here(processes, tiny_model):
    texts = {f"page{number}": "Quay. " * (number % 7 + 1) for number in range(23)}
    scoring = Scoring(Preparing(), Jsonl())

    found = list(processes.score(scoring, pages(texts), Ids()))

    assert found == list(score_here(tiny_model, scoring, pages(texts), Ids()))
    assert [scored.articles for scored in found] == [2] * 11 + [1]


@pytest.mark.slow
def test_articles_of_another_language_are_counted_in_processes_too(processes):
    texts = {"a": "Der Minister sagte am Dienstag, dass die Grenze bald wieder geschlossen wird. " * 3, "b": "Quay."}

    found = list(processes.score(Scoring(Preparing("en"), Jsonl()), pages(texts), Ids()))

    assert [(scored.articles, scored.foreign) for scored in found] == [(2, 1)]


@pytest.mark.slow
def test_articles_of_a_page_are_called_as_no_article_of_another_batch_is(processes):
    texts = {"a": TWO_STORIES, "b": "Quay."}
    ids = Ids(["a", "a#1", "a#3", "b"])

    (found,) = processes.score(Scoring(Preparing(), Jsonl()), pages(texts), ids)

    assert [json.loads(line)["id"] for line in found.rows.splitlines()] == ["a#2", "a#4", "b"]
    assert "a#4" in ids


@pytest.mark.slow
def test_it_is_an_error_where_a_process_ends(tiny_model_path):
    with (
        Processes(tiny_model_path, 1) as processes,
        pytest.raises(SlantwiseError, match=r"ended before its work was done \(is there memory for all --jobs"),
    ):
        list(processes.score(Scoring(Preparing(), Fatal()), pages({"a": "Quay."}), Ids()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="who still runs is read from /proc")
def test_processes_end_where_the_one_that_started_them_is_killed(tiny_model_path, tmp_path):
    script = tmp_path / "forever.py"
    script.write_text(SCORES_FOREVER)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, script, tiny_model_path], stdout=subprocess.PIPE, env=environment) as first:
        other = int(first.stdout.readline())
        first.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 60
    while _is_running(other) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_running(other)


def _is_running(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()  # a zombie ran, and waits to be counted
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_the_command_writes_the_same_file_with_processes(command, tiny_model_path, tmp_path, form):
    source = tmp_path / "articles.jsonl"
    rows = [{"id": str(number), "text": "Quay and loaf. " * 200_000} for number in range(3)]  # a batch holds 4 MB
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ["score", str(source), "--model", str(tiny_model_path), "--no-clean", "--any-language", "--out"]

    here = command(*options, str(tmp_path / f"here.{form}"))
    there = command(*options, str(tmp_path / f"there.{form}"), "--jobs", "2")

    assert here == there == (0, "", "")
    assert (tmp_path / f"here.{form}").read_bytes() == (tmp_path / f"there.{form}").read_bytes()
