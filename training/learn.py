"""Say what more coding would buy: train on parts of the coded articles, judge on the rest, and carry the curve on.

Each part is drawn from the training side of every fold, so that all sizes are judged on the same articles, which no fit
of theirs has seen. Smaller parts lie within larger ones, as they would if coding had stopped earlier.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Memory

from classifier.codebook import blocks
from classifier.decide import Scores
from classifier.errors import LabelError
from training.inputs import Inputs
from training.labels import UNKNOWN, coded_anywhere
from training.learning_curve import Curves, Floats, fit_curves
from training.material import Material, prepare
from training.predictions import Predictions, cross_validated, deal
from training.questions import MACRO, Judged, judged, measure
from training.resampling import LEVEL, Figure
from training.splits import Fold, Split

PARTS = (0.15, 0.25, 0.4, 0.55, 0.75, 1.0)  # of the training side
FURTHER = (1.0, 1.25, 1.5, 2.0, 3.0)  # times the coded articles that there are
EARLY = 0.6  # of the largest size: what a curve that is tested on it is fitted to
FEWEST_SIZES = 3  # that a curve can be told from
FEWEST = 60  # coded articles: the smallest part must hold some of each label
FEWEST_OF_LABEL = 10  # coded articles with a label, under which its F1 is chance


@dataclass(frozen=True)
class Point:
    """What was measured at a number of coded articles, the mean over repeats."""

    coded: int
    score: float


@dataclass(frozen=True)
class Step:
    """What the curve says of a number of coded articles: the score, and how much it is over that of those there are."""

    coded: int
    score: Figure
    gain: Figure


@dataclass(frozen=True)
class Backtest:
    """What a curve of the sizes up to `upto` would have said of the largest, and what was found there."""

    upto: int
    coded: int
    said: Figure
    found: float


@dataclass(frozen=True)
class LearningCurve:
    """One question's curve: macro F1 by coded articles.

    `backtest` is None where too few sizes are small enough.
    """

    question: str
    n_coded: int
    ceiling: float
    drop: float
    rate: float
    points: tuple[Point, ...]
    steps: tuple[Step, ...]
    backtest: Backtest | None


@dataclass(frozen=True)
class Learned:
    """The curves of all questions, what must be known of them, and what they hang on."""

    curves: tuple[LearningCurve, ...]
    not_fitted: Mapping[str, str]
    signature: Mapping[str, str]

    @property
    def signed(self) -> str:
        return "|".join(f"{key}={value}" for key, value in self.signature.items())

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def learn(
    inputs: Inputs,
    *,
    folds: int,
    repeats: int,
    seed: int,
    jobs: int = 1,
    cache: Path | None = None,
    say: Callable[[str], None],
    parts: Sequence[float] = PARTS,
) -> Learned:
    """Fit the recipe on parts of the coded articles, and a curve to how good it was.

    Parameters
    ----------
    repeats
        Times that parts are drawn.
    parts
        Of the training side of each fold, at least three.

    Raises
    ------
    LabelError
        If too few articles are coded, or no question can be fitted.
    """
    n_coded = int(coded_anywhere(inputs.answers, inputs.codebook, "labels").sum())
    if n_coded < FEWEST:
        raise LabelError(f"{n_coded:,} coded articles; a curve needs {FEWEST} or more (code some more)")
    say("preparing features, latent space and near-duplicates")
    _, material = prepare(inputs.articles, inputs.answers, inputs.codebook, Memory(cache, verbose=0))
    material = by_hand_only(material)
    by_hand = coded_anywhere(material.answers, material.codebook, "labels")
    dealt, split = deal(material, inputs.articles, "outlet", folds, seed)
    whole = [Fold(fold.train[by_hand[fold.train]], fold.test[by_hand[fold.test]], fold.left_out) for fold in dealt]
    found: dict[float, list[Predictions]] = {part: [] for part in parts}
    for repeat in range(repeats):
        for part in parts:
            if part == 1.0 and repeat:
                found[part].append(found[part][0])  # all of them are the same each time
                continue
            some = [_part(fold, part, seed + repeat) for fold in whole]
            say(f"repeat {repeat + 1} of {repeats}: {_size(some):,} coded articles to learn from")
            found[part].append(_predicted(material, inputs.articles, some, split, seed, jobs))
    sizes = {part: _size([_part(fold, part, 0) for fold in whole]) for part in parts}
    curves, not_fitted = _curves(found, sizes, n_coded, seed)
    if not curves:
        raise LabelError(f"no question has a curve: {'; '.join(f'{key}: {why}' for key, why in not_fitted.items())}")
    signature = {**inputs.signature, "split": split.name, "repeats": str(repeats), "seed": str(seed)}
    return Learned(tuple(curves), not_fitted, signature)


def by_hand_only(material: Material) -> Material:
    """Return the material without answers that the articles have themselves: more coding adds none of those."""
    answers = material.answers.copy()
    for block in blocks(material.codebook):
        if block.head.coded_in == "articles":
            answers[:, block.columns] = UNKNOWN
    return replace(material, answers=answers)


def _part(fold: Fold, part: float, seed: int) -> Fold:
    """Return a fold that learns from a part of its articles; of one seed, larger parts hold smaller ones."""
    order = np.random.default_rng(seed).permutation(fold.train)
    return replace(fold, train=np.sort(order[: round(part * len(order))]))


def _size(folds: Sequence[Fold]) -> int:
    return round(float(np.mean([len(fold.train) for fold in folds])))


def _predicted(
    material: Material, articles: pl.DataFrame, folds: Sequence[Fold], split: Split, seed: int, jobs: int
) -> Predictions:
    """Return what is said out of fold; a label that a part was too small to learn is assigned to nothing."""
    found = cross_validated(material, articles, folds, split, seed, jobs)
    tested = np.concatenate([fold.test for fold in folds])
    probability = found.scores.probability.copy()
    probability[tested] = np.nan_to_num(probability[tested], nan=0.0)
    return replace(found, scores=Scores(probability, found.scores.assigned))


# --- curves


def _curves(
    found: Mapping[float, Sequence[Predictions]], sizes: Mapping[float, int], n_coded: int, seed: int
) -> tuple[list[LearningCurve], dict[str, str]]:
    scores: dict[str, dict[float, list[Floats]]] = {}
    why_not: dict[str, str] = {}
    for part, repeats in found.items():
        for predictions in repeats:
            for question in _questions(predictions):
                if isinstance(question, tuple):
                    why_not[question[0]] = question[1]
                    continue
                measured = measure(question, [MACRO], np.arange(len(question.rows)), seed)
                values = np.concatenate([measured.value[MACRO], measured.resampled[MACRO]])
                scores.setdefault(question.name, {}).setdefault(part, []).append(values)
    curves = []
    for name, by_part in scores.items():
        table = np.stack([np.stack(repeats, axis=-1) for repeats in by_part.values()], axis=-1)
        curves.append(_curve(name, [sizes[part] for part in by_part], table, n_coded, seed))
    return curves, why_not


def _questions(predictions: Predictions) -> Iterator[Judged | tuple[str, str]]:
    """Yield the questions with the labels that are coded often enough for an F1."""
    for one in judged(predictions.codebook, predictions.answers, predictions.scores, every_label=True):
        if not isinstance(one, Judged):
            continue
        common = np.zeros(len(one.block.head.keys), dtype=bool)
        common[one.kept] = one.coded.sum(axis=0) >= FEWEST_OF_LABEL
        if common.sum() < 1:
            yield one.name, f"no label is coded in {FEWEST_OF_LABEL} articles"
            continue
        yield one.with_labels(common)


def _curve(name: str, sizes: list[int], table: Floats, n_coded: int, seed: int) -> LearningCurve:
    """Fit one question's curve, and again on resamples of its articles and repeats.

    Parameters
    ----------
    table
        Scores, shape (1 + n_resamples, n_repeats, n_sizes); the first row is of the articles as they are.
    """
    curve, again = _fitted(sizes, table, seed)
    mean = table[0].mean(axis=0)
    return LearningCurve(
        question=name,
        n_coded=n_coded,
        ceiling=round(float(curve.ceiling), 4),
        drop=round(float(curve.drop), 4),
        rate=round(float(curve.rate), 3),
        points=tuple(Point(size, round(float(score), 4)) for size, score in zip(sizes, mean, strict=True)),
        steps=tuple(_step(curve, again, n_coded, round(times * n_coded)) for times in FURTHER),
        backtest=_backtest(sizes, table, seed),
    )


def _fitted(sizes: Sequence[int], table: Floats, seed: int) -> tuple[Curves, Curves]:
    """Return the curve of a table as it is, and those of its resamples."""
    random = np.random.default_rng(seed)
    n_resamples, n_repeats, n_sizes = table.shape
    mean = table[0].mean(axis=0)
    curve = fit_curves(sizes, mean)
    drawn = random.integers(n_repeats, size=(n_resamples - 1, n_repeats, n_sizes))
    resampled = np.take_along_axis(table[1:], drawn, axis=1).mean(axis=1)
    # How far the curve misses a size counts as error of either sign, a wild bootstrap (Wu 1986): it may be the shape.
    missed = (mean - curve.at(sizes)) * random.choice([-1.0, 1.0], size=resampled.shape)
    return curve, fit_curves(sizes, resampled + missed)


def _backtest(sizes: list[int], table: Floats, seed: int) -> Backtest | None:
    some = [place for place, size in enumerate(sizes) if size <= EARLY * max(sizes)]
    if len(some) < FEWEST_SIZES:
        return None
    curve, again = _fitted([sizes[place] for place in some], table[..., some], seed)
    last = max(sizes)
    found = float(table[0, :, sizes.index(last)].mean())
    return Backtest(sizes[some[-1]], last, _figure(curve.at(last), again.at(last)), round(found, 4))


def _step(curve: Curves, again: Curves, now: int, coded: int) -> Step:
    gain = _figure(curve.at(coded) - curve.at(now), again.at(coded) - again.at(now))
    return Step(coded, _figure(curve.at(coded), again.at(coded)), gain)


def _figure(value: Floats, resampled: Floats) -> Figure:
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(float(value), float(low), float(high))
