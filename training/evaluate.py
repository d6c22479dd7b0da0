"""Judge the training recipe: fit on some outlets, predict the others, compare with what coders said.

Every figure is of articles that had no part in the weights, the calibration or the thresholds that they are judged by.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from classifier.codebook import Block, blocks
from classifier.decide import Scores, decide
from training.labels import YES
from training.material import Material
from training.metrics import Interval, article_counts, f1, interval, macro_f1, micro_f1, resampled
from training.recipe import answerable, fit, learnable, least_labels
from training.splits import Fold, apart, cross_fit

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelResult:
    """One label's F1, how many articles are coded with it, and how many were assigned it."""

    key: str
    f1: Interval
    coded: int
    assigned: int


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """How well one question is answered, over the articles that were coded for it.

    `left_out` names labels with too few coded articles to learn; their articles are not counted.
    """

    name: str
    n_articles: int
    micro_f1: Interval
    macro_f1: Interval
    labels: tuple[LabelResult, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results by question; `signature` says of what data, split and seed they are."""

    split: str
    signature: str
    results: tuple[QuestionResult, ...]
    purged: int  # training articles left out, over all folds, because they nearly repeat a test article

    def to_table(self) -> dict[str, Any]:
        """Return the evaluation as plain JSON values."""
        return asdict(self)


def by_outlet(material: Material, n_folds: int, seed: int, jobs: int) -> tuple[Scores, int]:
    """Return out-of-fold scores of every article, no outlet on both sides, and the near-duplicates left out."""
    folds = list(cross_fit(material.outlets, material.duplicates, n_folds, seed))
    parts = Parallel(n_jobs=jobs)(delayed(predict)(material, fold, seed) for fold in folds)
    shape = material.answers.shape
    scores = Scores(np.full(shape, np.nan, np.float32), np.zeros(shape, bool))
    for fold, part in zip(folds, parts, strict=True):
        scores.probability[fold.test], scores.assigned[fold.test] = part.probability, part.assigned
    return scores, sum(fold.purged for fold in folds)


def predict(material: Material, fold: Fold, seed: int) -> Scores:
    """Fit on the training side of a fold and score its test side; rows as in `fold.test`."""
    weights = fit(material, fold.train, seed)
    return decide(material.codebook, material.features[fold.test] @ weights.text + weights.intercept, weights)


def published(material: Material, sides: list[str | None]) -> Fold:
    """Return the fold of a published split, given each article's side: 'train', 'test', or neither."""
    train, test = (np.flatnonzero([side == name for side in sides]) for name in ("train", "test"))
    return apart(train, test, material.duplicates)


def results(material: Material, scores: Scores, rows: NDArray[np.intp], seed: int) -> Iterator[QuestionResult]:
    """Yield how well each question is answered on some rows; `scores` has a row for each of them."""
    for block in blocks(material.codebook):
        coded = material.answers[rows, block.columns]
        judged = learnable(block.head, coded)
        known = answerable(block.head, coded, judged)
        if judged.sum() >= least_labels(block.head) and known.any():
            marks, assigned = coded[known] == YES, scores.assigned[known, block.columns]
            yield _question(block, judged, marks, assigned, seed)


def _question(block: Block, kept: Bools, coded: Bools, assigned: Bools, seed: int) -> QuestionResult:
    counts = article_counts(coded[:, kept], assigned[:, kept])
    total, drawn = counts.sum(axis=0), resampled(counts, seed)
    by_label = zip(np.flatnonzero(kept), f1(total), f1(drawn).T, total.T, strict=True)
    return QuestionResult(
        name=block.head.key if block.target is None else f"{block.head.key}.{block.target}",
        n_articles=len(coded),
        micro_f1=interval(float(micro_f1(total)), micro_f1(drawn)),
        macro_f1=interval(float(macro_f1(total)), macro_f1(drawn)),
        labels=tuple(
            LabelResult(block.head.keys[i], interval(value, values), int(hits + missed), int(hits + false))
            for i, value, values, (hits, false, missed) in by_label
        ),
        left_out=tuple(key for key, keep in zip(block.head.keys, kept, strict=True) if not keep),
    )
