"""Compare two coders' figures on the same articles, by a bootstrap that draws the same articles for both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.codebook import Block
from training.predictions import Predictions
from training.questions import Judged, Measure, judged, label_measures_of, measure, measures_of
from training.recipe import least_labels
from training.resampling import Figure, drawn_as_one, figure, p_value
from training.splits import outlets_of

ROUNDED = 6  # decimals of a resampled difference: sums are float32, and its noise is no difference


@dataclass(frozen=True)
class Difference:
    """A figure of two coders on the same articles; `difference` is second less first, `p` two-sided."""

    first: Figure
    second: Figure
    difference: Figure
    p: float | None


@dataclass(frozen=True)
class Comparison:
    """One question. `measures` by key, titles in `titles`; `labels` holds each label's F1."""

    name: str
    n_articles: int
    titles: dict[str, str]
    measures: dict[str, Difference]
    labels: dict[str, Difference]


def compare(first: Predictions, second: Predictions, cluster: str, seed: int) -> Iterator[Comparison]:
    """Yield each question that both answer, compared on the articles that both have.

    A label that one of them has not learned is one that it never assigns: that is a difference, too.

    Both are of the same table of articles. `cluster` is what the bootstrap draws: 'article' or 'outlet'.
    """
    outlets = np.array(outlets_of(first.articles))
    ours, theirs = (by_name(judged(p.codebook, p.answers, p.scores, every_label=True)) for p in (first, second))
    for name in [name for name in ours if name in theirs and _same_labels(ours[name], theirs[name])]:
        both = paired(ours[name], theirs[name])
        if both is not None:
            yield compared(*both, drawn_as_one(cluster, outlets[both[0].rows]), seed)


def by_name(found: Iterable[Judged | tuple[Block, str]]) -> dict[str, Judged]:
    """Return the questions that can be judged, by name."""
    return {one.name: one for one in found if isinstance(one, Judged)}


def paired(first: Judged, second: Judged) -> tuple[Judged, Judged] | None:
    """Return both of the articles and labels that both have, None where there are none.

    `rows` of both must number the same table, and both questions have the same labels.
    """
    kept = first.kept & second.kept
    rows = np.intersect1d(first.rows, second.rows)
    some_first, some_second = (_of(one, kept, rows) for one in (first, second))
    if first.block.head.kind != "many-of":  # an answer that one of them never learned is nothing to compare by
        known = np.asarray(some_first.coded.any(axis=1))
        some_first, some_second = some_first.among(known), some_second.among(known)
    enough = kept.sum() >= least_labels(first.block.head)
    return (some_first, some_second) if enough and len(some_first.rows) else None


def _same_labels(one: Judged, other: Judged) -> bool:
    return one.block.head.keys == other.block.head.keys


def _of(one: Judged, kept: NDArray[np.bool_], rows: NDArray[np.intp]) -> Judged:
    return one.among(np.isin(one.rows, rows)).with_labels(kept)


def compared(first: Judged, second: Judged, groups: NDArray[np.intp], seed: int) -> Comparison:
    """Compare two coders on the articles of `paired`; `groups` as for `training.questions.measure`."""
    whole = tuple(m for m in measures_of(first) if m in measures_of(second))
    (f1,) = (m for m in label_measures_of(first) if m.key == "f1")
    one, other = (measure(question, (*whole, f1), groups, seed) for question in (first, second))
    moved = {m: np.round(other.resampled[m] - one.resampled[m], ROUNDED) for m in (*whole, f1)}

    def difference(m: Measure, label: int | None = None) -> Difference:
        at = (0,) if label is None else (0, label)
        values = moved[m] if label is None else moved[m][:, label]
        by = float(other.value[m][at] - one.value[m][at])
        before, after = (c.figure(m) if label is None else c.figures(m)[label] for c in (one, other))
        return Difference(before, after, figure(by, values, m.undefined), p_value(values))

    return Comparison(
        first.name,
        len(first.rows),
        {m.key: m.title for m in whole},
        {m.key: difference(m) for m in whole},
        {key: difference(f1, label) for label, key in enumerate(first.keys)},
    )
