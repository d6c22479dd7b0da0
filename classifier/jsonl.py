"""Lay out a batch of scores as JSON Lines, each the row of `ArticleScores.to_row`.

Making an object for every label and encoding it takes as long as scoring. Here a batch is made of templates, one for
each set of stances asked, and the few texts that its labels' scores can have. A test holds both to the same lines.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from classifier.decide import Scores
from classifier.model import ABOUT, DIGITS, Model, with_defaults

HOLE = "\0"  # in a template; no name holds it

_encoded = json.JSONEncoder(ensure_ascii=False).encode


def json_lines(model: Model, articles: pl.DataFrame) -> Iterator[str]:
    """Yield a line of JSON for each article of a frame (columns as for `Model.score_frame`), with its line end."""
    articles = with_defaults(articles)
    scores = model.score_batch(articles)
    there = [scores.assigned[:, b.columns].any(axis=1) | (b.target is None) for b in model.blocks]
    layouts: dict[tuple[bool, ...], tuple[str, list[int]]] = {}
    about = zip(*(_column(articles[name]) for name in ABOUT), strict=True)
    for known, asked, cells in zip(about, zip(*there, strict=True), _cells(scores), strict=True):
        if asked not in layouts:
            layouts[asked] = _layout(model, asked)
        template, columns = layouts[asked]
        yield template % (*known, *[cells[column] for column in columns])


def _column(values: pl.Series) -> list[str]:
    """Return the values of a column as JSON."""
    rounded = values.to_list()
    if values.dtype.is_float():
        rounded = [None if value is None else round(value, DIGITS) for value in rounded]
    texts = {value: _encoded(value) for value in set(rounded)}  # mostly null, or the same for many
    return [texts[value] for value in rounded]


def _cells(scores: Scores) -> Iterator[list[str]]:
    """Yield for each article what is said of each label: few texts, since probabilities are rounded."""
    rounded = np.rint(scores.probability.astype(np.float64) * 10**DIGITS)  # exact, so rounded as Python rounds
    codes = np.where(np.isnan(rounded), -1, rounded).astype(np.int64) * 2 + scores.assigned
    found, which = np.unique(codes, return_inverse=True)
    texts = np.array([_cell(*divmod(code, 2)) for code in found.tolist()], dtype=object)
    yield from texts[which.reshape(codes.shape)].tolist()


def _cell(rounded: int, yes: int) -> str:
    return _encoded({"probability": None if rounded < 0 else rounded / 10**DIGITS, "yes": bool(yes)})


def _layout(model: Model, asked: tuple[bool, ...]) -> tuple[str, list[int]]:
    """Return a template for what is known of an article and its cells, and the columns of those cells.

    `asked` says for each block whether it is laid out.
    """
    fields: dict[str, Any] = dict.fromkeys(ABOUT, HOLE)
    columns: list[int] = []
    for block, is_asked in zip(model.blocks, asked, strict=True):
        cells = dict.fromkeys(block.head.keys, HOLE) if is_asked else {}
        columns += range(block.columns.start, block.columns.stop) if is_asked else []
        if block.target is None:
            fields[block.head.field] = cells
        else:
            fields.setdefault(block.head.field, {}).update({block.target: cells} if is_asked else {})
    fields |= {"model": model.name, "codebook": model.codebook.digest}
    return _encoded(fields).replace("%", "%%").replace(_encoded(HOLE), "%s") + "\n", columns
