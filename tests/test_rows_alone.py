"""Rows scored each by itself: what `slantwise.spark` does with a batch, without Spark."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from classifier.rows_alone import score_rows

SHARED = "Gulls over the harbour"  # no rule takes it
GERMAN = "Der Bundestag hat am Dienstag ein neues Gesetz beschlossen, das die Kontrolle von Waffen verschärft. " * 3


def frame(*texts, ids=None):
    names = [f"a{n}" for n in range(len(texts))] if ids is None else ids
    return pl.DataFrame({"id": names, "text": texts}, schema={"id": pl.String, "text": pl.String})


def page(n):
    first = f"A quay was built by the {n} men who must live there, as all had said it would be."
    return f"{first}\n{SHARED}\nWe must have a loaf."


def test_a_row_scores_the_same_beside_others_as_alone(tiny_model):
    pages = frame(*map(page, range(6)))

    together = score_rows(tiny_model, pages)

    alone = [score_rows(tiny_model, pages[n : n + 1]).with_columns(row=pl.lit(n, pl.UInt32)) for n in range(6)]
    assert_frame_equal(together, pl.concat(alone))
    assert together["dropped"].max() == 0


def test_rows_that_are_refused_stand_in_their_place_with_a_reason(tiny_model):
    rows = frame("A quay.", None, " ", "A loaf.", None, ids=["a", "b", None, None, "e"])

    found = score_rows(tiny_model, rows, refused={4: "too large"})

    assert found["row"].to_list() == [0, 1, 2, 3, 4]
    assert found["id"].to_list() == ["a", "b", None, None, "e"]
    reasons = found["reason"].to_list()
    assert [reasons[0], reasons[3], reasons[4]] == [None, None, "too large"]
    assert "found null" in reasons[1]
    assert reasons[2].startswith("blank text")
    assert found["model"].null_count() == 3


@pytest.mark.parametrize(("name", "expected"), [("a", ["a#1", "a#2"]), (None, ["#1", "#2"])])
def test_articles_of_a_page_are_numbered_whatever_ids_others_have(tiny_model, name, expected):
    story = "".join(
        f"<article><h2>Title {n}</h2>{'<p>We must have a quay, and a loaf of bread. </p>' * 12}</article>"
        for n in (1, 2)
    )
    two = frame(f"<html><body>{story}</body></html>", "A quay.", ids=[name, "a#1"])

    found = score_rows(tiny_model, two)

    assert found.filter(row=0)["id"].to_list() == expected
    assert found.filter(row=1)["id"].to_list() == ["a#1"]


def test_an_article_in_another_language_has_a_reason_unless_it_is_scored(tiny_model):
    rows = frame(GERMAN)

    refused, scored = score_rows(tiny_model, rows), score_rows(tiny_model, rows, any_language=True)

    assert "the language is de, that of the model en" in refused["reason"].item()
    assert scored["reason"].item() is None


def test_no_row_has_the_same_columns(tiny_model):
    some, none = (score_rows(tiny_model, rows, evidence=1) for rows in (frame("A quay."), frame()))

    assert none.schema == some.schema
    assert none.is_empty()
