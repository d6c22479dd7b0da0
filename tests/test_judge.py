"""`slantwise evaluate` and `slantwise compare`: coded articles in, tables, report.json and report.html out."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from fruit_files import FRUIT, N_ARTICLES, Files, files_in, write_jsonl
from made_up import articles, dealt

from classifier.model import Model
from slantwise import command

Command = Callable[..., tuple[int, str, str]]

N_NEW = 60
NONSENSE = [{"id": f"a{row}", "fruits": [FRUIT[row % 3]]} for row in range(N_ARTICLES)]  # labels that no text tells


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files with a model that was trained from them."""
    files = files_in(tmp_path_factory.mktemp("trained"))
    run_quietly(*files.arguments())
    return files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


def run_quietly(*arguments: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slantwise", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
    assert ended.value.code == 0


def new_articles(folder: Path) -> tuple[str, ...]:
    """Write coded articles of outlets that no model has seen; return them as options."""
    fruit = dealt(FRUIT, N_NEW, seed=3)
    table = articles([[name] for name in fruit], seed=3, prefix="new")
    labels = [{"id": f"new{row}", "fruits": [name]} for row, name in enumerate(fruit)]
    return (
        "--labels",
        str(write_jsonl(folder / "new-labels.jsonl", labels)),
        "--articles",
        str(write_jsonl(folder / "new.jsonl", table.to_dicts())),
    )


def own(files: Files) -> tuple[str, ...]:
    return "--labels", str(files.labels), "--articles", str(files.articles)


def report_in(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def figures(folder: Path) -> dict:
    return {key: figure["value"] for key, figure in report_in(folder)["questions"][0]["figures"].items()}


# --- a model file


@pytest.mark.slow
def test_a_model_is_judged_on_articles_new_to_it(trained: Files, command: Command, tmp_path: Path) -> None:
    status, said, table = command(
        "evaluate", "--model", str(trained.out), *new_articles(tmp_path), "--out", str(tmp_path / "report")
    )

    assert status == 0
    assert "fruit: model fruit: 60 articles new to it" in table
    assert figures(tmp_path / "report")["micro_f1"] > 0.8
    assert report_in(tmp_path / "report")["signature"]["model"] == "fruit"
    assert f"wrote {tmp_path}/report/report.json and {tmp_path}/report/report.html" in said
    assert (tmp_path / "report" / "report.html").read_text().lower().startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_articles_that_are_not_utf8_are_named_at_the_end(
    trained: Files, command: Command, tmp_path: Path, verb: str
) -> None:
    old = tmp_path / "old.csv"
    old.write_bytes(b"id,text\nold,Caf\xe9 on the quay\n")
    options = {
        "train": replace(trained, out=tmp_path / "again.slantwise").arguments(),
        "evaluate": ["evaluate", "--model", str(trained.out), *own(trained)],
    }

    status, said, _ = command(*options[verb], "--articles", str(old))

    assert status == 0
    assert said.endswith(f"read as cp1252 rather than UTF-8: {old} (1 row)\n")


@pytest.mark.slow
def test_a_model_is_not_flattered_by_the_articles_that_it_learned_from(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    status, _, table = command("evaluate", "--model", str(trained.out), *own(trained), "--out", str(tmp_path / "model"))
    again, _, _ = command(
        "evaluate", "--cross-validate", "--codebook", str(trained.codebook), *own(trained), "--folds", "2",
        "--jobs", "1", "--out", str(tmp_path / "recipe"),
    )  # fmt: skip

    assert (status, again) == (0, 0)
    assert "84 articles that it learned from, by what it said while they were held out" in table
    assert figures(tmp_path / "model")["micro_f1"] == figures(tmp_path / "recipe")["micro_f1"]
    brier = [figures(tmp_path / name)["brier"] for name in ("model", "recipe")]
    assert brier[0] == pytest.approx(brier[1], abs=1e-3)  # kept as float16


def test_a_model_that_kept_no_scores_cannot_be_judged_on_what_it_learned_from(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    retitled = [row | {"title": "Another headline"} for row in pl.read_ndjson(trained.articles).to_dicts()]
    write_jsonl(tmp_path / "retitled.jsonl", retitled)

    status, said, _ = command(
        "evaluate",
        "--model",
        str(trained.out),
        "--labels",
        str(trained.labels),
        "--articles",
        f"{tmp_path}/retitled.jsonl",
    )

    assert status == 1
    assert "error: nothing can be judged: fruit: none of the 84 articles coded for it was scored" in said
    assert "judge the recipe instead: --cross-validate" in said


# --- the recipe


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "split", "judged"),
    [
        pytest.param(("--split", "random", "--folds", "2"), "random-2", N_ARTICLES, id="random"),
        pytest.param(("--split", "part"), "part", 28, id="published"),
        pytest.param(("--split", "time", "--cut", "2021"), "time-2021", 21, id="time"),
    ],
)
def test_the_recipe_is_judged_by_any_split(
    files: Files, command: Command, tmp_path: Path, options: tuple[str, ...], split: str, judged: int
) -> None:
    dated = [row | {"date": f"{2018 + i % 4}-05-01"} for i, row in enumerate(pl.read_ndjson(files.articles).to_dicts())]
    write_jsonl(files.articles, dated)

    status, _, _ = command(
        "evaluate", "--cross-validate", "--codebook", str(files.codebook), *own(files), *options, "--jobs", "1",
        "--out", str(tmp_path / "report"),
    )  # fmt: skip

    report = report_in(tmp_path / "report")
    assert status == 0
    assert report["split"]["name"] == report["signature"]["split"] == split
    assert report["questions"][0]["n_articles"] == judged


@pytest.mark.slow
def test_drift_is_judged_beside_the_cross_validation(files: Files, command: Command, tmp_path: Path) -> None:
    dated = [row | {"date": f"{2018 + i % 4}-05-01"} for i, row in enumerate(pl.read_ndjson(files.articles).to_dicts())]
    write_jsonl(files.articles, dated)

    status, said, table = command(
        "evaluate", "--cross-validate", "--codebook", str(files.codebook), *own(files), "--folds", "2", "--jobs", "1",
        "--drift-since", "2021-01-01", "--out", str(tmp_path / "report"),
    )  # fmt: skip

    drift = report_in(tmp_path / "report")["questions"][0]["drift"]
    assert status == 0
    assert (drift["since"], drift["comparison"]["n_articles"]) == ("2021-01-01", 21)
    assert "since 2021-01-01, taught by earlier articles only: macro F1 " in table
    assert "fitting: trained on articles before 2021-01-01" in said


def test_a_second_coder_and_a_slice_stand_in_the_report(trained: Files, command: Command, tmp_path: Path) -> None:
    options = new_articles(tmp_path)
    second = write_jsonl(
        tmp_path / "second.jsonl", [json.loads(line) for line in Path(options[1]).read_text().splitlines()][:40]
    )

    status, _, table = command(
        "evaluate", "--model", str(trained.out), *options, "--second-coder", str(second), "--slice", "outlet",
        "--out", str(tmp_path / "report"),
    )  # fmt: skip

    ceiling = report_in(tmp_path / "report")["questions"][0]["ceiling"]
    assert status == 0
    assert ceiling["n_articles"] == 40
    assert ceiling["overall"]["figures"]["alpha"]["value"] == 1.0
    assert "two coders agree at micro F1 1.000" in table


# --- floors


def test_a_figure_under_its_floor_ends_with_4_after_the_report_is_written(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "report"

    status, said, table = command(
        "evaluate", "--model", str(trained.out), *new_articles(tmp_path), "--fail-under", "fruit.macro_f1=1.01",
        "--out", str(out),
    )  # fmt: skip

    assert status == 4
    assert "error: fruit.macro_f1 is " in said
    assert "macro F1" in table
    assert (out / "report.json").exists()


def test_floors_are_pinned_and_then_held(trained: Files, command: Command, tmp_path: Path) -> None:
    floors, good = tmp_path / "floors.json", new_articles(tmp_path)
    arguments = ("evaluate", "--model", str(trained.out), *good, "--floors", str(floors))

    pinned = command(*arguments, "--update")
    held = command(*arguments)
    table = json.loads(floors.read_text())
    table["floors"]["fruit.macro_f1"] = 1.01
    floors.write_text(json.dumps(table))
    missed = command(*arguments)

    assert (pinned[0], held[0], missed[0]) == (0, 0, 4)
    assert "2 floors raised" in pinned[1]
    assert "under 1.01" in missed[1]


# --- two models


def test_models_are_compared_on_the_same_articles(
    trained: Files, files: Files, command: Command, tmp_path: Path
) -> None:
    write_jsonl(files.labels, NONSENSE)
    command(*files.arguments())

    status, said, table = command(
        "compare", str(files.out), str(trained.out), *new_articles(tmp_path), "--out", str(tmp_path / "c.json")
    )

    found = json.loads((tmp_path / "c.json").read_text())["comparisons"][0]
    difference = found["measures"]["macro_f1"]["difference"]
    assert status == 0
    assert found["n_articles"] == N_NEW
    assert difference["low"] > 0.2
    assert found["measures"]["macro_f1"]["p"] < 0.01
    assert found["labels"]["plum"]["difference"]["low"] > 0
    assert found["labels"]["cherry"]["difference"]["undefined"] == "neither coded nor assigned"
    assert "second less first" in table
    assert f"wrote {tmp_path}/c.json" in said


def test_a_model_is_no_better_than_itself(trained: Files, command: Command, tmp_path: Path) -> None:
    command("compare", str(trained.out), str(trained.out), *own(trained), "--out", str(tmp_path / "c.json"))

    found = json.loads((tmp_path / "c.json").read_text())["comparisons"][0]["measures"]["macro_f1"]
    assert found["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0, "undefined": ""}
    assert found["p"] == 1.0


def test_a_model_that_may_have_learned_from_the_articles_is_compared_with_a_warning(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    model = Model.load(trained.out)
    Model("silent", model.codebook, model.vocabulary, model.weights).write(tmp_path / "silent.slantwise", {})

    _, _, table = command("compare", str(tmp_path / "silent.slantwise"), str(trained.out), *own(trained))

    said = " ".join(table.split())
    assert f"note: {tmp_path}/silent.slantwise: The model file does not say what it learned from;" in said


def test_models_without_a_common_question_cannot_be_compared(
    trained: Files, tiny_model: Model, command: Command, tmp_path: Path
) -> None:
    tiny_model.write(tmp_path / "tiny.slantwise", {})
    labels = write_jsonl(
        tmp_path / "labels.jsonl", [{"id": "a1", "fruits": ["pear"]}, {"id": "a2", "topics": ["bread"]}]
    )

    status, said, _ = command(
        "compare", str(trained.out), str(tmp_path / "tiny.slantwise"), "--labels", str(labels),
        "--articles", str(trained.articles),
    )  # fmt: skip

    assert status == 1
    assert "no question that both answer on the same coded articles" in said


# --- only if better


@pytest.mark.slow
def test_a_model_is_replaced_by_a_better_one_only(files: Files, command: Command) -> None:
    good = files.labels.read_bytes()
    write_jsonl(files.labels, NONSENSE)
    command(*files.arguments())
    bad_model = files.out.read_bytes()

    files.labels.write_bytes(good)
    replaced, said, _ = command(*files.arguments("--replace-only-if-better"))
    good_model = files.out.read_bytes()
    kept, said_then, _ = command(*files.arguments("--replace-only-if-better"))

    assert (replaced, kept) == (0, 4)
    assert "fruit: macro F1 " in said
    assert good_model != bad_model
    assert files.out.read_bytes() == good_model
    assert "not replaced, since the new model is not better; it is " in said_then
    assert files.out.with_suffix(".candidate.slantwise").exists()


def test_a_model_that_is_not_there_is_written_whatever_it_is_worth(files: Files, command: Command) -> None:
    status, _, _ = command(*files.arguments("--replace-only-if-better"))

    assert status == 0
    assert files.out.exists()


def test_a_model_that_does_not_say_what_it_learned_from_cannot_be_compared_with(
    files: Files, tiny_model: Model, command: Command
) -> None:
    tiny_model.write(files.out, {})

    status, said, _ = command(*files.arguments("--replace-only-if-better"))

    assert status == 1
    assert "does not say what it learned from" in said
    assert "train once without --replace-only-if-better" in said


@pytest.mark.slow
def test_a_model_whose_codebook_has_grown_is_compared_on_the_questions_that_stayed(
    files: Files, command: Command
) -> None:
    command(*files.arguments())
    grown = files.codebook.read_text() + '\n[[head]]\nkey = "sour"\nkind = "many-of"\nlabel = [{ key = "sour" }]\n'
    files.codebook.write_text(grown)
    rows = [json.loads(line) for line in files.labels.read_text().splitlines()]
    write_jsonl(files.labels, [row | {"sour": ["sour"][: i % 2]} for i, row in enumerate(rows)])

    status, said, _ = command(*files.arguments("--replace-only-if-better"))

    assert status == 4  # no better on the question that both have
    assert "fruit: macro F1 " in said
    assert "sour: macro F1 " not in said


# --- bad input


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        pytest.param({"id": "new1", "fruits": ["melon"]}, "has no label 'melon'; the codebook has", id="label"),
        pytest.param({"id": "gone", "fruits": ["pear"]}, "no coded article is among the 60 articles", id="no-article"),
    ],
)
def test_labels_that_fit_nothing_are_an_error(
    trained: Files, command: Command, tmp_path: Path, row: dict, complaint: str
) -> None:
    _, _, *read = new_articles(tmp_path)
    labels = write_jsonl(tmp_path / "labels.jsonl", [row])

    status, said, _ = command("evaluate", "--model", str(trained.out), "--labels", str(labels), *read)

    assert status == 1
    assert complaint in said


def test_rows_without_an_article_are_counted_and_the_others_judged(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    options = new_articles(tmp_path)
    with Path(options[1]).open("a") as file:
        file.write('{"id": "lost", "fruits": ["pear"]}\n')

    status, _, table = command("evaluate", "--model", str(trained.out), *options)

    assert status == 0
    assert "coded articles that are not among the articles: 1" in table


def test_one_coded_article_is_judged_without_intervals(trained: Files, command: Command, tmp_path: Path) -> None:
    _, _, *read = new_articles(tmp_path)
    labels = write_jsonl(tmp_path / "labels.jsonl", [{"id": "new1", "fruits": [dealt(FRUIT, N_NEW, seed=3)[1]]}])

    status, _, table = command(
        "evaluate", "--model", str(trained.out), "--labels", str(labels), *read, "--out", str(tmp_path / "report")
    )

    assert status == 0
    assert "NaN" not in (tmp_path / "report" / "report.json").read_text()
    assert "nan" not in table
    assert (
        report_in(tmp_path / "report")["questions"][0]["figures"]["micro_f1"]["undefined"] == "too little to draw from"
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param((), "--articles is needed, and --labels or --benchmark", id="nothing"),
        pytest.param(("--labels", "x"), "--articles is needed", id="no-articles"),
        pytest.param(("--labels", "x", "--articles", "y", "--update"), "need --floors FILE", id="update"),
        pytest.param(("--labels", "x", "--articles", "y", "--split", "time"), "--split fits the recipe", id="split"),
        pytest.param(("--labels", "x", "--articles", "y", "--cross-validate", "--model", "z"), "give one", id="both"),
        pytest.param(("--labels", "x", "--articles", "y", "--cross-validate", "--cut", "2020"), "--cut is", id="cut"),
        pytest.param(("--benchmark", "capnyt", "--articles", "y", "--labels", "x"), "takes no labels", id="labels"),
        pytest.param(("--benchmark", "capnyt", "--articles", "y", "--articles", "z"), "one file", id="benchmark"),
        pytest.param(("--labels", "x", "--articles", "y", "--cluster", "paper"), "'paper' is not one of", id="cluster"),
    ],
)
def test_options_that_do_not_go_together_are_bad_usage(
    command: Command, options: tuple[str, ...], complaint: str
) -> None:
    status, said, _ = command("evaluate", *options)

    assert status == 2
    assert complaint in " ".join(said.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param(("--fail-under", "fruit=high"), "expected a figure and a number", id="floor"),
        pytest.param(
            ("--split", "weather"), "column 'weather' of the articles should say 'train' or 'test'", id="split"
        ),
        pytest.param(
            ("--split", "time", "--cut", "May"), "a date is written 2021-03-31, or 2021; found 'May'", id="cut"
        ),
        pytest.param(("--split", "time"), "needs dates like 2021-03-31; found none", id="no-dates"),
        pytest.param(("--drift-since", "then"), "a date is written 2021-03-31", id="since"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    files: Files, command: Command, options: tuple[str, ...], complaint: str
) -> None:
    status, said, _ = command("evaluate", "--cross-validate", "--codebook", str(files.codebook), *own(files), *options)

    assert status == 1
    assert complaint in said
    assert "preparing" not in said


def test_a_folder_for_the_report_that_cannot_be_made_is_an_error(
    trained: Files, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")

    status, said, _ = command(
        "evaluate", "--model", str(trained.out), *new_articles(tmp_path), "--out", str(tmp_path / "taken")
    )

    assert status == 1
    assert f"error: {tmp_path}/taken: cannot be made" in said
