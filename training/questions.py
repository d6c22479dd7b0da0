"""Hold what coders said of a question's articles against what a model said, and measure how alike they are.

The measures stand in one table. Baselines, slices, other coders and other models are judged by the same table, on the
same draws, so that every row of a report has the same columns.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.codebook import Block, Codebook, blocks
from classifier.decide import Scores
from training import metrics
from training.labels import UNKNOWN, YES, Coded
from training.recipe import least_labels
from training.resampling import Figure, draws, figure
from training.splits import Rows

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """The articles of one question, as coded and as a model has it.

    Parameters
    ----------
    block
        The question.
    kept
        Which labels are judged, shape (n_labels_of_the_head,); `left_out` says of the others why not.
    rows
        Row numbers of the articles in their table, shape (n_articles,).
    coded, assigned
        Shape (n_articles, n_labels), of the labels that are judged.
    probability
        The same shape; None for a coder who gives none.
    """

    block: Block
    kept: Bools
    left_out: dict[str, str]
    rows: Rows
    coded: Bools
    assigned: Bools
    probability: Floats | None

    @property
    def name(self) -> str:
        return question_name(self.block)

    @property
    def keys(self) -> list[str]:
        """The labels judged, shape (n_labels,)."""
        return [key for key, keep in zip(self.block.head.keys, self.kept, strict=True) if keep]

    @property
    def sides(self) -> Bools:
        """Which labels take a side: where one answer says 'neither', the others; shape (n_labels,)."""
        neither = np.array([label.alone for label in self.block.head.labels])
        return ~neither[self.kept] if neither.any() else np.zeros(int(self.kept.sum()), dtype=bool)

    def among(self, some: Bools) -> "Judged":
        """Return the same of some of the articles, shape (n_articles,)."""
        probability = None if self.probability is None else self.probability[some]
        return replace(
            self,
            rows=self.rows[some],
            coded=self.coded[some],
            assigned=self.assigned[some],
            probability=probability,
        )

    def with_labels(self, kept: Bools) -> "Judged":
        """Return the same of the labels among `kept`, shape (n_labels_of_the_head,), that are judged."""
        here, kept = kept[self.kept], kept & self.kept
        probability = None if self.probability is None else self.probability[:, here]
        return replace(
            self, kept=kept, coded=self.coded[:, here], assigned=self.assigned[:, here], probability=probability
        )

    def said_by(self, assigned: Bools) -> "Judged":
        """Return the same articles with what somebody else said of them, who gives no probability."""
        return replace(self, assigned=assigned, probability=None)


def question_name(block: Block) -> str:
    """Return what a report calls a question: `topic`, or `stance.vaccines`."""
    return block.head.key if block.target is None else f"{block.head.key}.{block.target}"


def judged(
    codebook: Codebook, answers: Coded, scores: Scores, *, every_label: bool = False
) -> Iterator[Judged | tuple[Block, str]]:
    """Yield each question with the articles that it can be judged on, or why there are none.

    Parameters
    ----------
    answers
        What coders said, shape (n_articles, n_columns).
    scores
        What the model said, same rows; an article that it was not asked about has no probability in any column.
    every_label
        Judge labels too that the model has not learned, as assigned to no article: to compare it with one that has.
    """
    for block in blocks(codebook):
        coded, probability = answers[:, block.columns], scores.probability[:, block.columns]
        asked = (coded != UNKNOWN).all(axis=1)
        known = asked & ~np.isnan(probability).all(axis=1)
        if not known.any():
            yield block, f"none of the {asked.sum():,} articles coded for it was scored" if asked.any() else "not coded"
            continue
        said = scores.assigned[known, block.columns]
        left_out = {} if every_label else dict(_left_out(block, coded[known], probability[known], said))
        kept = np.array([key not in left_out for key in block.head.keys])
        if kept.sum() < least_labels(block.head):
            reasons = "; ".join(f"{key}: {why}" for key, why in left_out.items())
            yield block, f"too few answers to tell apart ({reasons})"
            continue
        if block.head.kind != "many-of":
            known &= (coded[:, kept] == YES).any(axis=1)
        yield Judged(
            block,
            kept,
            left_out,
            np.flatnonzero(known),
            coded[known][:, kept] == YES,
            scores.assigned[known, block.columns][:, kept],
            np.nan_to_num(probability[known][:, kept].astype(np.float64), nan=0.0),
        )


def _left_out(
    block: Block, coded: Coded, probability: NDArray[np.floating], assigned: Bools
) -> Iterator[tuple[str, str]]:
    """Yield labels that cannot be judged, and why. One that is assigned where nobody coded it is wrong, and stays."""
    for key, marks, values, said in zip(block.head.keys, coded.T, probability.T, assigned.T, strict=True):
        n_coded = int((marks == YES).sum())
        if np.isnan(values).all():
            yield key, f"not learned, for want of coded articles; coded in {n_coded:,} here"
        elif not n_coded and not said.any():
            yield key, NEITHER


# --- measures


@dataclass(frozen=True)
class Sums:
    """What measures are computed of: sums over articles, with any leading shape.

    `n` has shape (...), `counts` (..., 4, n_labels), `alike` (..., 3): F1, Jaccard and exactness of the articles' label
    sets; `brier` and `average_precision` (..., n_labels) and `bins` (..., 3, BINS, n_labels) are None without
    probabilities.
    """

    n: Floats
    counts: Floats
    alike: Floats
    sides: Bools
    brier: Floats | None = None
    bins: Floats | None = None
    average_precision: Floats | None = None


@dataclass(frozen=True)
class Measure:
    """One column of a report.

    `compute` gives shape (...) for a measure of a question and (..., n_labels) for one of its labels; `undefined` says
    what is the case where it gives NaN.
    """

    key: str
    title: str
    compute: Callable[[Sums], Floats]
    undefined: str = ""
    needs_probability: bool = False
    lower_is_better: bool = False


def _pooled_error(sums: Sums) -> Floats:
    """Calibration error of all decisions of a question together: bins hold the decisions of all its labels."""
    assert sums.bins is not None
    pooled: Floats = metrics.calibration_error(sums.bins.sum(axis=-1, keepdims=True))
    return pooled[..., 0]


def _each(part: int) -> Callable[[Sums], Floats]:
    return lambda sums: metrics.share(sums.alike[..., part], sums.n)


def _brier(sums: Sums) -> Floats:
    assert sums.brier is not None
    return metrics.share(sums.brier, sums.n[..., None])


def _average_precision(sums: Sums) -> Floats:
    assert sums.average_precision is not None
    return sums.average_precision


NOWHERE, NOBODY, NEITHER = "coded in no article", "assigned to no article", "neither coded nor assigned"
MACRO = Measure("macro_f1", "macro F1", lambda sums: metrics.macro_f1(sums.counts), NEITHER)
OF_PROBABILITIES = (
    Measure(
        "macro_average_precision",
        "mean average precision",
        lambda sums: metrics.mean_of_defined(_average_precision(sums)),
        NOWHERE,
        needs_probability=True,
    ),
    Measure("brier", "Brier", lambda sums: _brier(sums).mean(axis=-1), "", True, lower_is_better=True),
    Measure("ece", "calibration error", _pooled_error, "", True, lower_is_better=True),
)
OF_MANY = (
    Measure("micro_f1", "micro F1", lambda sums: metrics.micro_f1(sums.counts), NEITHER),
    MACRO,
    Measure("samples_f1", "samples F1", _each(0)),
    Measure("jaccard", "Jaccard", _each(1)),
    Measure("subset_accuracy", "subset accuracy", _each(2)),
    *OF_PROBABILITIES,
)
OF_ONE = (Measure("accuracy", "accuracy", _each(2)), MACRO, *OF_PROBABILITIES)
SIDES = Measure("sides_f1", "F1 of the sides", lambda sums: metrics.sides_f1(sums.counts, sums.sides), NEITHER)
OF_LABEL = (
    Measure("precision", "precision", lambda sums: metrics.precision(sums.counts), NOBODY),
    Measure("recall", "recall", lambda sums: metrics.recall(sums.counts), NOWHERE),
    Measure("f1", "F1", lambda sums: metrics.f1(sums.counts), NEITHER),
    Measure("average_precision", "average precision", _average_precision, NOWHERE, needs_probability=True),
    Measure("prevalence_coded", "share coded", lambda sums: metrics.prevalence_coded(sums.counts)),
    Measure("prevalence_assigned", "share assigned", lambda sums: metrics.prevalence_assigned(sums.counts)),
    Measure("brier", "Brier", _brier, "", True, lower_is_better=True),
    Measure("ece", "calibration error", lambda sums: metrics.calibration_error(_bins(sums)), "", True, True),
)


def _bins(sums: Sums) -> Floats:
    assert sums.bins is not None
    return sums.bins


def measures_of(question: Judged) -> tuple[Measure, ...]:
    """Return the measures of a question as a whole; the first is its headline."""
    own = OF_MANY if question.block.head.kind == "many-of" else OF_ONE
    sided = (SIDES,) if question.block.head.kind != "many-of" and question.sides.any() else ()
    return tuple(m for m in (*own[:2], *sided, *own[2:]) if question.probability is not None or not m.needs_probability)


def label_measures_of(question: Judged) -> tuple[Measure, ...]:
    """Return the measures of each of its labels."""
    return tuple(m for m in OF_LABEL if question.probability is not None or not m.needs_probability)


@dataclass(frozen=True)
class Measured:
    """Values of measures: `value[m]` of shape (1, ...), `resampled[m]` of shape (n_resamples, ...)."""

    value: dict[Measure, Floats]
    resampled: dict[Measure, Floats]

    def figure(self, measure: Measure) -> Figure:
        """Return a question's figure."""
        return figure(float(self.value[measure][0]), self.resampled[measure], measure.undefined)

    def figures(self, measure: Measure) -> list[Figure]:
        """Return the figure of each label."""
        columns = zip(self.value[measure][0], self.resampled[measure].T, strict=True)
        return [figure(float(value), resampled, measure.undefined) for value, resampled in columns]


def measure(question: Judged, measures: Sequence[Measure], groups: NDArray[np.intp], seed: int) -> Measured:
    """Measure a question, and again on resamples of its articles.

    Parameters
    ----------
    groups
        What is drawn as one, numbered from 0, shape (n_articles,); see `training.resampling.draws`.
    """
    tally = _Tally(question)
    once = tally.sums(np.ones((len(question.rows), 1)))
    parts = [tally.sums(times) for times in draws(groups, seed)]
    return Measured(
        {m: m.compute(once) for m in measures},
        {m: np.concatenate([m.compute(part) for part in parts]) if parts else m.compute(once)[:0] for m in measures},
    )


class _Tally:
    """Each article's part in every sum, side by side in one matrix."""

    def __init__(self, question: Judged) -> None:
        coded, assigned, probability = question.coded, question.assigned, question.probability
        self.question = question
        like = (metrics.article_f1, metrics.article_jaccard, metrics.article_exact)
        parts = [np.ones(len(coded)), metrics.article_counts(coded, assigned)]
        parts.append(np.stack([alike(coded, assigned) for alike in like], axis=1))
        if probability is not None:
            parts += [metrics.article_brier(coded, probability), metrics.article_bins(coded, probability)]
        self.shapes = [part.shape[1:] for part in parts]
        self.matrix = np.concatenate([part.reshape(len(coded), -1) for part in parts], axis=1)
        self.rounded = self.matrix.astype(np.float32)

    def sums(self, times: NDArray[np.floating]) -> Sums:
        """Return the sums over articles that count so often, `times` of shape (n_articles, n_resamples)."""
        matrix = self.rounded if times.dtype == np.float32 else self.matrix
        flat = (times.T @ matrix).astype(np.float64)
        edges = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        parts = [
            part.reshape(len(flat), *shape)
            for part, shape in zip(np.split(flat, edges, axis=1), self.shapes, strict=True)
        ]
        n, counts, alike = parts[:3]
        probability = self.question.probability
        if probability is None:
            return Sums(n, counts, alike, self.question.sides)
        ranked = metrics.average_precision(self.question.coded, probability, times)
        return Sums(n, counts, alike, self.question.sides, parts[3], parts[4], ranked)
