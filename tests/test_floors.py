"""Floors: figures are held to what was asked, and pinned floors only ever rise unless somebody says otherwise."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifier.errors import QualityError, SlantwiseError
from training.floors import TOLERANCE, check, check_file, parse_floor, update
from training.report import LabelResult, Question, Report
from training.resampling import Figure
from training.splits import Split

SIGNATURE = {"codebook": "c0de", "articles": "a", "coding": "d", "split": "outlets-5", "seed": "0", "model": "m"}

STANCE = {"stance.apple.micro_f1": 0.8, "stance.apple.macro_f1": 0.7}  # pinned because no floor is of that question


def report(micro: float = 0.8, macro: float | None = 0.7, apple: float = 0.9, **signature: str) -> Report:
    figures = {"micro_f1": Figure(micro, 0.1, 0.9), "macro_f1": Figure(macro, undefined="" if macro else "too little")}
    question = Question(
        name="fruit",
        kind="many-of",
        question="",
        headline="micro_f1",
        measures={},
        label_measures={},
        n_articles=10,
        n_outlets=2,
        left_out={},
        figures=figures,
        labels=(LabelResult("apple", 5, 5, {"f1": Figure(apple, 0.8, 1.0)}, (), (), ()),),
        bins=(),
        confusion=None,
        baselines=(),
        slices=(),
        unlisted_slices={},
    )
    stance = replace(question, name="stance.apple")
    return Report(
        title="made-up",
        signature=SIGNATURE | signature,
        split=Split("outlets-5", "outlets apart", 0, 0),
        resampled="articles",
        resamples=2000,
        level=0.95,
        data={},
        questions=(question, stance),
        not_judged={"kind": "not coded"},
        notes=(),
        methods="",
    )


def pinned(path: Path, **floors: float) -> Path:
    named = {name.replace("__", "."): value for name, value in floors.items()}
    of = {key: SIGNATURE[key] for key in ("codebook", "articles", "coding", "split", "seed")}
    path.write_text(json.dumps({"of": of, "floors": named}))
    return path


def floors_in(path: Path) -> dict[str, float]:
    return json.loads(path.read_text())["floors"]


# --- asked for on the command line


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("topic.macro_f1=0.8", ("topic.macro_f1", 0.8)),
        ("stance.vaccines.accuracy = .75", ("stance.vaccines.accuracy", 0.75)),
    ],
)
def test_a_floor_is_a_figure_s_name_and_a_number(text: str, read: tuple[str, float]) -> None:
    assert parse_floor(text) == read


@pytest.mark.parametrize("text", ["topic.macro_f1", "=0.8", "topic.macro_f1=high", "topic.macro_f1=nan", ""])
def test_anything_else_is_no_floor(text: str) -> None:
    with pytest.raises(SlantwiseError, match=r"expected a figure and a number, such as topic\.macro_f1=0\.8"):
        parse_floor(text)


def test_figures_at_their_floors_pass() -> None:
    check(report(), [("fruit.micro_f1", 0.8), ("fruit.apple.f1", 0.9), ("stance.apple.micro_f1", 0.5)])


def test_all_figures_under_their_floors_are_named() -> None:
    with pytest.raises(
        QualityError, match=r"fruit.micro_f1 is 0.800 \[.*\], under 0.81; fruit.apple.f1 is .*under 0.95"
    ):
        check(report(), [("fruit.micro_f1", 0.81), ("fruit.macro_f1", 0.7), ("fruit.apple.f1", 0.95)])


def test_an_undefined_figure_is_under_any_floor() -> None:
    with pytest.raises(QualityError, match=r"fruit.macro_f1 is undefined \(too little\), under 0"):
        check(report(macro=None), [("fruit.macro_f1", 0.0)])


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("fruit.mikro_f1", r"no figure 'fruit.mikro_f1'; it has fruit.micro_f1, fruit.macro_f1", id="typo"),
        pytest.param("kind.accuracy", r"no figure 'kind.accuracy'.*kind is not judged: not coded", id="not-judged"),
    ],
)
def test_a_floor_for_no_figure_is_an_error(name: str, complaint: str) -> None:
    with pytest.raises(SlantwiseError, match=complaint):
        check(report(), [(name, 0.1)])


# --- pinned in a file


def test_without_a_file_every_question_s_figures_are_pinned(tmp_path: Path) -> None:
    said = update(report(), tmp_path / "floors.json", allow_regression=False)

    assert floors_in(tmp_path / "floors.json") == {
        "fruit.micro_f1": 0.8,
        "fruit.macro_f1": 0.7,
        "stance.apple.micro_f1": 0.8,
        "stance.apple.macro_f1": 0.7,
    }
    assert said.endswith("4 floors raised, 0 lowered, 0 as they were")


def test_figures_within_the_tolerance_of_their_floors_pass(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.8 + TOLERANCE * 0.9)

    check_file(report(), path)


def test_a_figure_under_its_pinned_floor_is_named(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.85)

    with pytest.raises(QualityError, match=r"fruit.micro_f1 is 0.800 .*, under 0.85"):
        check_file(report(), path)


def test_an_update_raises_floors_and_keeps_those_a_little_above(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.75, fruit__apple__f1=0.9009)

    said = update(report(), path, allow_regression=False)

    assert floors_in(path) == {"fruit.micro_f1": 0.8, "fruit.apple.f1": 0.9009, **STANCE}
    assert said.endswith("3 floors raised, 0 lowered, 1 as they were")


def test_an_update_never_lowers_a_floor_by_itself(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.85, fruit__apple__f1=0.5)
    before = path.read_bytes()

    with pytest.raises(QualityError, match=r"under 0\.85"):
        update(report(), path, allow_regression=False)

    assert path.read_bytes() == before


def test_a_floor_is_lowered_where_regression_is_allowed(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.85, fruit__apple__f1=0.5)

    said = update(report(), path, allow_regression=True)

    assert floors_in(path) == {"fruit.micro_f1": 0.8, "fruit.apple.f1": 0.9, **STANCE}
    assert said.endswith("3 floors raised, 1 lowered, 0 as they were")


@pytest.mark.parametrize("key", ["codebook", "articles", "coding", "split", "seed"])
def test_floors_of_other_data_are_not_compared(tmp_path: Path, key: str) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.1)
    other = report(**{key: "another"})

    for hold in (check_file, lambda found, at: update(found, at, allow_regression=False)):
        with pytest.raises(SlantwiseError, match=rf"floors are of other data: {key} .*, here another \(pin anew"):
            hold(other, path)


def test_floors_of_other_data_are_pinned_anew_where_that_is_allowed(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.9)

    update(report(coding="another"), path, allow_regression=True)

    assert json.loads(path.read_text())["of"]["coding"] == "another"
    assert floors_in(path) == {"fruit.micro_f1": 0.8, **STANCE}


def test_floors_that_the_codebook_no_longer_has_are_dropped_on_purpose_only(tmp_path: Path) -> None:
    path = pinned(tmp_path / "floors.json", fruit__micro_f1=0.5, gone__f1=0.5)

    with pytest.raises(SlantwiseError, match=r"no figure 'gone\.f1'"):
        update(report(), path, allow_regression=False)
    said = update(report(), path, allow_regression=True)

    assert said.endswith("; dropped gone.f1")
    assert "gone.f1" not in floors_in(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(None, r"cannot be read: No such file .*\(pin floors with --update\)", id="missing"),
        pytest.param("{", "not JSON", id="not-json"),
        pytest.param("[]", "expected 'of' and 'floors', a number each", id="a-list"),
        pytest.param('{"floors": {"fruit.micro_f1": "high"}}', "expected 'of' and 'floors'", id="no-number"),
    ],
)
def test_a_file_that_holds_no_floors_is_refused(tmp_path: Path, content: str | None, complaint: str) -> None:
    path = tmp_path / "floors.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SlantwiseError, match=complaint):
        check_file(report(), path)
