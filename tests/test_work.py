"""Speed, held by what is counted rather than timed: calls and scores do not depend on how busy the machine is."""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from classifier.jsonl import json_lines
from classifier.language import mark
from classifier.model import Model

HERE = Path(__file__).parent
SENTENCE = "On Tuesday the lawmakers passed the bill that they had promised to the people, “Él Diario” said, and left. "


@pytest.fixture(scope="module")
def shipped():
    return Model.load()


def made_up(n_articles, n_sentences=10):  # so few that a batch is one part: calls in other threads are not seen
    return pl.DataFrame({"text": [f"Number {at}. " + SENTENCE * n_sentences for at in range(n_articles)]})


def calls(work, *arguments):
    """Return how many functions of Python and C are called."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(*arguments)
    finally:
        sys.setprofile(None)
    return count


def calls_an_article(work):
    few, many = made_up(100), made_up(300)
    work(few)  # what is made once is made now
    return (calls(work, many) - calls(work, few)) / 200


@pytest.mark.parametrize(
    ("step", "most"),
    [
        pytest.param(lambda model, articles: model.score_frame(articles), 6, id="scoring"),
        pytest.param(lambda model, articles: list(json_lines(model, articles)), 45, id="json-lines"),
        pytest.param(lambda _model, articles: mark(articles, "en"), 0.1, id="language"),
    ],
)
def test_a_step_costs_few_calls_an_article(shipped, step, most):
    assert calls_an_article(lambda articles: step(shipped, articles)) <= most


def test_calls_do_not_grow_with_the_length_of_articles(shipped):
    short, long = made_up(20), made_up(20, n_sentences=200)
    shipped.score_frame(long)

    assert calls(shipped.score_frame, long) <= calls(shipped.score_frame, short) + 20


# --- golden scores, made before words were found on bytes


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_the_shipped_model_scores_the_examples_as_it_always_has(shipped, at_once):
    golden = json.loads((HERE / "golden_examples.json").read_text())
    texts = [(HERE.parent / "data" / "examples" / name).read_text("utf-8") for name in golden]
    frame = pl.DataFrame({"title": pl.Series([None] * len(texts), dtype=pl.String), "text": texts})

    found = [shipped.score_batch(frame[at : at + at_once]).probability for at in range(0, len(texts), at_once)]

    np.testing.assert_allclose(np.concatenate(found), np.array(list(golden.values()), np.float64), atol=1e-5)
