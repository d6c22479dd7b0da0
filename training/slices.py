"""Slices: the same figures for some of the articles, to see where a model is worse than its average says."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import blocks
from classifier.errors import ArticleError
from classifier.features import WORD
from training.labels import YES, Coding
from training.predictions import Predictions, dates_of
from training.questions import Judged, Measured, measure, measures_of
from training.report import Slice
from training.resampling import holm, normal_p_value

FEWEST = 25  # articles of a slice; under that an interval says nothing
MOST = 20  # slices of a column, the largest
LEVEL = 0.05  # of the corrected p-value under which a slice is marked
LENGTHS = (0, 150, 500, 1000)  # words


def slice_columns(
    predictions: Predictions, outlets: Sequence[str | None], columns: Sequence[str], coding: Coding
) -> dict[str, pl.Series]:
    """Return what articles are sliced by: a value an article, null where it has none, shape (n_articles,) each.

    Parameters
    ----------
    outlets
        The outlet of each article, None where it is not known.
    columns
        Further columns of the articles.
    coding
        Says which of the coded articles were drawn at random.

    Raises
    ------
    ArticleError
        If the articles lack a column.
    """
    articles = predictions.articles
    found = {"outlet": pl.Series(outlets, dtype=pl.String), "year": dates_of(articles).str.head(4)}
    found["length"] = _lengths(articles["text"])
    for block in blocks(predictions.codebook):
        if block.head.kind == "one-of":
            found[block.head.field] = _answers(predictions, block.columns, block.head.keys)
    if coding.random:
        drawn, coded = (articles["id"].is_in(list(ids)) for ids in (coding.random, coding.ids))
        sampling = pl.when(drawn).then(pl.lit("random")).when(coded).then(pl.lit("not random"))
        found["sampling"] = pl.select(sampling).to_series()
    for column in columns:
        if column not in articles.columns or articles[column].is_null().all():
            raise ArticleError(f"the articles have no column {column!r} to slice by, or nothing in it")
        found[column] = articles[column]
    return found


def _lengths(texts: pl.Series) -> pl.Series:
    n_words = texts.str.count_matches(WORD)
    names = [f"under {LENGTHS[1]} words", *(f"{low} to {high - 1}" for low, high in pairwise(LENGTHS[1:]))]
    places = np.searchsorted(LENGTHS, n_words.to_numpy(), side="right") - 1
    return pl.Series(np.array([*names, f"{LENGTHS[-1]} or more"], dtype=object)[places], dtype=pl.String)


def _answers(predictions: Predictions, columns: slice, keys: Sequence[str]) -> pl.Series:
    marks = predictions.answers[:, columns] == YES
    answers = zip(marks.argmax(axis=1), marks.any(axis=1), strict=True)
    return pl.Series([keys[i] if answered else None for i, answered in answers], dtype=pl.String)


def slices(
    question: Judged, whole: Measured, values: Mapping[str, pl.Series], groups: NDArray[np.intp], seed: int
) -> tuple[tuple[Slice, ...], dict[str, int]]:
    """Return the slices of a question, and for each column how many of its values are not listed.

    A column that is the question's own answer, or has one value only, is passed over. `whole` is what was measured of
    all its articles, `groups` as for `measure`.
    """
    unlisted: dict[str, int] = {}
    headline = measures_of(question)[0]
    head_value, resampled = float(whole.value[headline][0]), whole.resampled[headline]
    error = float(np.nanstd(resampled)) if len(resampled) else 0.0
    found: list[tuple[Slice, float | None]] = []
    for column, series in values.items():
        here = series.gather(question.rows).alias("value")
        if column == question.block.head.field or here.drop_nulls().n_unique() < 2:
            continue
        counts = here.drop_nulls().value_counts(sort=True, name="n").sort(["n", "value"], descending=[True, False])
        listed = counts.filter(pl.col("n") >= FEWEST).head(MOST)
        unlisted[column] = len(counts) - len(listed)
        for value in _in_order(column, listed["value"].to_list()):
            among = (here == value).fill_null(False).to_numpy()
            of_part = error * (len(groups) / among.sum()) ** 0.5  # of as many articles, taken from the whole by chance
            found.append(_slice(question.among(among), (column, value), groups[among], seed, head_value, of_part))
    return tuple(_marked(found, head_value)), unlisted


def _in_order(column: str, values: list[str]) -> list[str]:
    """Return years in order, and other values as they come: the largest first."""
    return sorted(values) if column == "year" else values


def _slice(
    question: Judged, named: tuple[str, str], groups: NDArray[np.intp], seed: int, head_value: float, error: float
) -> tuple[Slice, float | None]:
    whole = measures_of(question)
    measured = measure(question, whole, groups, seed)
    p = normal_p_value(float(measured.value[whole[0]][0]) - head_value, measured.resampled[whole[0]], error)
    figures = {m.key: measured.figure(m) for m in whole}
    return Slice(*named, len(question.rows), figures, None, ""), p


def _marked(found: Sequence[tuple[Slice, float | None]], head_value: float) -> Iterator[Slice]:
    corrected = iter(holm([p for _, p in found if p is not None]))
    for one, p in found:
        holm_p = None if p is None else next(corrected)
        value = next(iter(one.figures.values())).value
        lies = ""
        if holm_p is not None and holm_p < LEVEL and value is not None:
            lies = "above" if value > head_value else "below"
        yield Slice(one.column, one.value, one.n, one.figures, holm_p, lies)
