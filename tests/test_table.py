"""The tables that a report prints: what a person reads first, and what is said in red."""

import numpy as np
import pytest
from made_up import answers, codebook, head

from classifier.codebook import Codebook
from classifier.decide import Scores
from training.evaluate import Settings, evaluate
from training.labels import YES, Coded, Coding
from training.predictions import Predictions
from training.report import Report
from training.splits import Split
from training.table import report_text

N = 60
RED = "\x1b[31m"


def report(book: Codebook, coding: Coded, assigned: np.ndarray, *notes: str) -> Report:
    import polars as pl  # noqa: PLC0415 - a table of articles is all that is wanted of it

    table = {
        "id": [f"a{row}" for row in range(N)],
        "text": ["a text"] * N,
        "outlet": [f"o{row % 7}" for row in range(N)],
    }
    empty = dict.fromkeys(("title", "date", "url"), pl.Series([None] * N, dtype=pl.String))
    scores = Scores(np.where(assigned, 0.9, 0.1).astype(np.float32), assigned)
    split = Split("made-up", "made-up [articles]", 4, 3)
    predictions = Predictions(book, pl.DataFrame({**table, **empty}), coding, scores, split, notes)
    read = Coding((*predictions.articles["id"], "lost"), coding)
    return evaluate(predictions, read, "a [bold]model[/]", {"codebook": "c0de"}, Settings(seed=0))


@pytest.fixture(scope="module")
def good() -> Report:
    book = codebook(head("fruit", "many-of", ("apple", "pear")), head("age", "many-of", ("old",)))
    coding = answers(book, [["apple"] if row % 3 else ["pear"] for row in range(N)], [None] * N)
    return report(book, coding, coding == YES, "Mind the [gap].")


@pytest.fixture(scope="module")
def bad() -> Report:
    book = codebook(head("kind", "one-of", ("news", "opinion")))
    coding = answers(book, [["news"] if row % 3 else ["opinion"] for row in range(N)])
    return report(book, coding, coding != YES)


def test_the_table_of_a_report(good: Report) -> None:
    text = report_text(good, width=None, colour=False)

    lines = text.splitlines()
    assert lines[:5] == [
        "a [bold]model[/]: made-up [articles]",
        "note: Mind the [gap].",
        "near-duplicates across the split: 4 pairs; 3 articles left out of training",
        "coded articles that are not among the articles: 1",
        "question  articles  micro F1 (one: accuracy)              macro F1  baseline",
    ]
    assert lines[5] == "fruit           60      1.000 [1.000, 1.000]  1.000 [1.000, 1.000]     0.401"
    assert "apple     40        40      1.000   1.000  1.000 [1.000, 1.000]  1.000" in lines
    assert "age is not judged: not coded" in lines
    assert text.endswith("codebook=c0de|split=made-up|seed=0|resampled=article\n")


def test_labels_that_are_not_judged_stand_together_by_reason() -> None:
    book = codebook(head("fruit", "many-of", ("apple", "pear", "fig", "plum")))
    coding = answers(book, [["apple"] if row % 3 else ["pear"] for row in range(N)])

    text = report_text(report(book, coding, coding == YES), width=None, colour=False)

    assert "not judged: fig, plum (neither coded nor assigned)\n" in text


def test_a_good_model_is_not_called_below_anything(good: Report) -> None:
    assert "below" not in report_text(good, width=None, colour=False)


def test_a_model_below_a_baseline_is_said_to_be_in_red(bad: Report) -> None:
    text = report_text(bad, width=None, colour=True)

    assert f"{RED}below the baseline\x1b[0m 'always the commonest label': accuracy, macro F1, F1 of news" in text
    assert f"{RED}0.500 !" in text.split("\n")[4]


def test_what_is_red_can_be_read_without_colour(bad: Report) -> None:
    text = report_text(bad, width=None, colour=False)

    assert "\x1b" not in text
    assert "below the baseline 'always the commonest label': accuracy, macro F1, F1 of news" in text
    assert " !\n" in text
