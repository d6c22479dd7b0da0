"""Slices: what articles are sliced by, which slices are listed, and which are marked."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up import answers, codebook, head

from classifier.codebook import Codebook
from classifier.decide import Scores
from classifier.errors import ArticleError
from training.labels import UNKNOWN, YES, Coded, Coding
from training.predictions import Predictions
from training.questions import Judged, Measured, judged, measure, measures_of
from training.report import Slice
from training.slices import FEWEST, MOST, slice_columns, slices
from training.splits import Split

SPLIT = Split("made-up", "made-up articles", 0, 0)
BOOK = codebook(head("fruit", "many-of", ("apple", "pear")), head("kind", "one-of", ("news", "opinion"), field="genre"))


def table(n: int, **columns: Any) -> pl.DataFrame:
    frame = {"id": [f"a{i}" for i in range(n)], "title": [None] * n, "text": ["a text"] * n, "date": [None] * n}
    return pl.DataFrame(
        {**frame, **columns}, schema_overrides={"title": pl.String} | ({} if "date" in columns else {"date": pl.String})
    )


def coded(n: int) -> Coded:
    return answers(BOOK, [["apple"] if row % 2 else ["pear"] for row in range(n)], [["news"]] * n)


def predictions(
    articles: pl.DataFrame, coding: Coded, assigned: np.ndarray | None = None, book: Codebook = BOOK
) -> Predictions:
    said = coding == YES if assigned is None else assigned
    return Predictions(book, articles, coding, Scores(said.astype(np.float32) * 0.8 + 0.1, said), SPLIT)


def columns_of(articles: pl.DataFrame, coding: Coded | None = None, **more: Any) -> dict[str, pl.Series]:
    coding = coded(len(articles)) if coding is None else coding
    outlets = more.pop("outlets", [None] * len(articles))
    read = more.pop("read", Coding(tuple(articles["id"]), coding))
    return slice_columns(predictions(articles, coding), outlets, more.pop("columns", ()), read)


def whole_of(question: Judged, groups: np.ndarray) -> Measured:
    return measure(question, measures_of(question), groups, 0)


def sliced(values: dict[str, pl.Series], wrong: np.ndarray) -> tuple[tuple[Slice, ...], dict[str, int]]:
    """Return the slices of topics, which are all wrong in the articles of `wrong`."""
    n = len(wrong)
    coding = coded(n)
    said = (coding == YES) ^ wrong[:, None]
    question = next(iter(judged(BOOK, coding, Scores(said.astype(np.float32) * 0.8 + 0.1, said))))
    assert isinstance(question, Judged)
    return slices(question, whole_of(question, np.arange(n)), values, np.arange(n), seed=0)


# --- what articles are sliced by


def test_articles_are_sliced_by_outlet_year_length_and_kind() -> None:
    articles = table(2, date=["2019-03-01", "March 2020"], text=["one two", "word " * 600])
    coding = coded(2)
    coding[1, 2:] = UNKNOWN

    found = columns_of(articles, coding, outlets=["cnn.com", None])

    assert {name: values.to_list() for name, values in found.items()} == {
        "outlet": ["cnn.com", None],
        "year": ["2019", None],
        "length": ["under 150 words", "500 to 999"],
        "genre": ["news", None],
    }


@pytest.mark.parametrize(
    ("n_words", "length"),
    [
        (149, "under 150 words"),
        (150, "150 to 499"),
        (499, "150 to 499"),
        (999, "500 to 999"),
        (1000, "1000 or more"),
    ],
)
def test_lengths_are_counted_in_words(n_words: int, length: str) -> None:
    assert columns_of(table(1, text=["word, " * n_words]))["length"].to_list() == [length]


def test_articles_drawn_at_random_are_a_slice_beside_the_other_coded_ones() -> None:
    articles = table(3)

    found = columns_of(articles, read=Coding(("a0", "a1"), coded(2), frozenset({"a0"})))

    assert found["sampling"].to_list() == ["random", "not random", None]


def test_any_column_of_the_articles_can_be_sliced_by() -> None:
    assert columns_of(table(2, desk=["world", "home"]), columns=["desk"])["desk"].to_list() == ["world", "home"]


@pytest.mark.parametrize("desk", [{}, {"desk": [None, None]}], ids=["missing", "empty"])
def test_a_column_that_is_not_there_is_refused(desk: dict[str, list[None]]) -> None:
    with pytest.raises(ArticleError, match="no column 'desk' to slice by, or nothing in it"):
        columns_of(table(2, **desk), columns=["desk"])


# --- slices of a question


def test_slices_have_the_columns_of_the_whole_with_n_and_interval() -> None:
    values = pl.Series(["a"] * 40 + ["b"] * 60)

    found, unlisted = sliced({"desk": values}, wrong=np.arange(100) % 5 == 0)

    assert [(one.column, one.value, one.n) for one in found] == [("desk", "b", 60), ("desk", "a", 40)]
    assert list(found[0].figures)[:2] == ["micro_f1", "macro_f1"]
    assert found[0].figures["micro_f1"].low < 0.8 < found[0].figures["micro_f1"].high
    assert unlisted == {"desk": 0}


def test_a_slice_clear_of_the_whole_is_marked() -> None:
    values = pl.Series(["good"] * 100 + ["bad"] * 100 + ["usual"] * 200)
    wrong = np.concatenate([np.zeros(100), np.ones(100), np.arange(200) % 2 == 0]).astype(bool)

    found, _ = sliced({"desk": values}, wrong)

    assert {one.value: one.lies for one in found} == {"good": "above", "bad": "below", "usual": ""}


def test_slices_of_nothing_but_chance_are_hardly_ever_marked() -> None:
    random = np.random.default_rng(0)
    marked = 0
    for _ in range(20):
        values = {name: pl.Series(random.choice(list("abcd"), 200).tolist()) for name in ("one", "two")}
        found, _ = sliced(values, wrong=random.random(200) < 0.3)
        marked += any(one.lies for one in found)

    assert marked <= 4  # Holm's correction holds the chance of any mark in a report at 1 in 20


def test_p_values_are_corrected_for_the_number_of_slices() -> None:
    values = pl.Series(["a"] * 100 + ["b"] * 100)
    wrong = np.concatenate([np.arange(100) % 3 == 0, np.arange(100) % 5 == 0])

    (alone, _), _ = sliced({"desk": values}, wrong)
    among, _ = sliced({"desk": values, **{f"other{i}": values for i in range(5)}}, wrong)

    assert among[0].p > alone.p


def test_values_with_few_articles_and_those_beyond_the_largest_are_counted() -> None:
    names = [f"outlet {i}" for i in range(MOST + 2) for _ in range(FEWEST)] + ["small"] * (FEWEST - 1)

    found, unlisted = sliced({"outlet": pl.Series(names)}, wrong=np.zeros(len(names), bool))

    assert len(found) == MOST
    assert unlisted == {"outlet": 3}


def test_years_stand_in_order() -> None:
    years = pl.Series(["2019"] * 60 + ["2017"] * 30 + ["2018"] * 40)

    found, _ = sliced({"year": years}, wrong=np.arange(130) % 5 == 0)

    assert [one.value for one in found] == ["2017", "2018", "2019"]


def test_articles_without_a_value_are_in_no_slice() -> None:
    values = pl.Series(["a"] * 40 + ["b"] * 40 + [None] * 20)

    found, _ = sliced({"desk": values}, wrong=np.zeros(100, bool))

    assert sum(one.n for one in found) == 80


def test_a_column_with_one_value_or_the_question_s_own_answer_is_no_slice() -> None:
    alike, own = pl.Series(["a"] * 80), pl.Series(["apple", "pear"] * 40)

    found, unlisted = sliced({"desk": alike, "fruit": own}, wrong=np.zeros(80, bool))

    assert found == ()
    assert unlisted == {}


def test_a_slice_of_one_outlet_has_no_interval_where_outlets_are_drawn() -> None:
    n = 80
    coding = coded(n)
    said = coding == YES
    question = next(iter(judged(BOOK, coding, Scores(said.astype(np.float32), said))))
    assert isinstance(question, Judged)
    outlets = pl.Series(["a", "b"] * 40)

    found, _ = slices(question, whole_of(question, np.arange(n) % 2), {"outlet": outlets}, np.arange(n) % 2, seed=0)

    assert {one.figures["micro_f1"].undefined for one in found} == {"too little to draw from"}
    assert {one.p for one in found} == {None}
