"""JSON Lines of a whole batch, held to the rows of single articles."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.decide import Scores
from classifier.jsonl import _cells, _numbers, json_lines
from classifier.model import DIGITS

QUAY = "we must moor at the quay"
LOAF = "a loaf of rye"


def plain_lines(model, frame, evidence):
    scored = model.articles(frame, evidence=evidence)
    return [json.dumps(scores.to_row(), ensure_ascii=False) + "\n" for scores in scored]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"text": [QUAY, LOAF, ""]}, id="text-alone"),
        pytest.param({"text": [QUAY], "title": ['“Quays”, 100% "moored"\n%s']}, id="marks-in-a-title"),
        pytest.param({"text": [QUAY, LOAF], "foreign": [True, False]}, id="a-foreign-article"),
        pytest.param({"text": [QUAY, LOAF], "dropped": [0.03125, None], "language": ["en", None]}, id="what-is-known"),
        pytest.param({"text": []}, id="no-articles"),
        pytest.param({"text": [f"“{QUAY}!” 100%\n\n\t{LOAF} \\ \0. We must.", "Gulls"]}, id="sentences"),
        pytest.param({"text": [f"{QUAY}\n\n{LOAF}"], "pieces": [[0, 24, 40, 53]]}, id="a-cleaned-page"),
    ],
)
@pytest.mark.parametrize("evidence", [0, 2])
def test_a_line_is_the_row_of_its_article(tiny_model, columns, evidence):
    kinds = {"text": pl.String, "title": pl.String, "dropped": pl.Float32, "foreign": pl.Boolean}
    frame = pl.DataFrame(columns, schema_overrides={name: kind for name, kind in kinds.items() if name in columns})

    assert list(json_lines(tiny_model, frame, evidence=evidence)) == plain_lines(tiny_model, frame, evidence)


@given(st.lists(st.floats(-500, 500).map(lambda value: round(value, 5))))
@example([0.0, -0.0, 1e-05, -9e-05, 0.0001, -3.0, 12.5])
def test_a_number_is_written_as_python_does(numbers):
    assert _numbers(numbers) == [json.dumps(number) for number in numbers]


@given(probability=st.floats(0, 1, width=32), yes=st.booleans())
@example(probability=0.03125, yes=True)
def test_a_probability_is_rounded_as_python_does(probability, yes):
    scores = Scores(np.array([[probability]], np.float32), np.array([[yes]]))

    ((cell,),) = _cells(scores)

    assert cell == json.dumps({"probability": round(probability, DIGITS), "yes": yes})
