"""Say of coded articles what a model would that has not learned from them: by the recipe, or by a model file.

The recipe is fitted on some articles and asked about others, which outlet, date, chance or a published split keeps
apart. A model file is asked about articles that are new to it; of those that it learned from it has kept what it said
while they were held out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from joblib import Parallel, delayed
from numpy.typing import NDArray

from classifier.codebook import Codebook
from classifier.decide import Scores, decide
from classifier.errors import ArticleError, SlantwiseError
from classifier.model import Model
from classifier.record import opening_digests, whole_digests
from training.labels import UNKNOWN, Coded, coded_anywhere
from training.material import Material
from training.recipe import fit
from training.splits import Fold, Split, apart, cross_fit

SPLITS = ("outlet", "random", "time")
SCORED_AT_A_TIME = 2000  # articles
HELD_OUT = "held-out"

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Predictions:
    """What was said of each article of a table, and how it was kept apart from what it was learned from.

    Parameters
    ----------
    articles
        As read, one row an article; `answers` and the arrays of `scores` have a row for each.
    scores
        Shape (n_articles, n_columns); an article that was not asked about has no probability (NaN) in a question.
    notes
        What a reader must know of them.
    """

    codebook: Codebook
    articles: pl.DataFrame
    answers: Coded
    scores: Scores
    split: Split
    notes: tuple[str, ...] = ()


# --- by the recipe


def cross_validated(
    material: Material, articles: pl.DataFrame, folds: Sequence[Fold], split: Split, seed: int, jobs: int = 1
) -> Predictions:
    """Fit the recipe on the training side of each fold, and say what it makes of the test side."""
    parts = Parallel(n_jobs=jobs)(delayed(_predict)(material, fold, seed) for fold in folds)
    scores = _no_scores(material.answers.shape)
    for fold, part in zip(folds, parts, strict=True):
        scores.probability[fold.test], scores.assigned[fold.test] = part.probability, part.assigned
    return Predictions(material.codebook, articles, material.answers, scores, split)


def _predict(material: Material, fold: Fold, seed: int) -> Scores:
    weights = fit(material, fold.train, seed)
    return decide(material.codebook, material.features[fold.test] @ weights.text + weights.intercept, weights)


def _no_scores(shape: tuple[int, ...]) -> Scores:
    return Scores(np.full(shape, np.nan, np.float32), np.zeros(shape, bool))


def deal(
    material: Material, articles: pl.DataFrame, split: str, n_folds: int, seed: int, cut: str | None = None
) -> tuple[list[Fold], Split]:
    """Return the folds of a split, near-duplicates of test articles left out of training, and its description.

    Parameters
    ----------
    split
        'outlet' (whole outlets), 'random' (articles), 'time' (train before a date, test from it on), or a column of the
        articles that says 'train' or 'test', such as a published split.
    cut
        The date of a split by time, as YYYY-MM-DD; None: that from which the last fifth of the coded articles is.

    Raises
    ------
    SlantwiseError
        If the articles lack what the split needs, or one side would be empty.
    """
    check_split(articles, split, cut)
    match split:
        case "outlet":
            name, said = f"{material.apart}-{n_folds}", f"{material.apart} apart, {n_folds} folds"
            return _described(
                list(cross_fit(material.outlets, material.duplicates, n_folds, seed)), material, name, said
            )
        case "random":
            name, said = f"random-{n_folds}", f"articles dealt at random, {n_folds} folds"
            folds = list(cross_fit(articles["id"].to_list(), material.duplicates, n_folds, seed))
            return _described(folds, material, name, said)
        case "time":
            dates = dates_of(articles)
            cut = cut or _last_fifth(dates, material)
            said = f"trained on articles before {cut}, tested on those from then on"
            early, late = (np.flatnonzero(side.fill_null(False)) for side in (dates < cut, dates >= cut))
            return _described([apart(early, late, material.duplicates)], material, f"time-{cut}", said)
    return deal_by_column(material, articles, split)


def deal_by_column(material: Material, articles: pl.DataFrame, column: str) -> tuple[list[Fold], Split]:
    """Return the one fold of a column that says 'train' or 'test', and its description."""
    fold = apart(*sides_of(articles, column), material.duplicates)
    return _described([fold], material, column, f"train and test by column {column}")


def check_split(articles: pl.DataFrame, split: str, cut: str | None) -> None:
    """Say before the long work that a split cannot be made.

    Raises
    ------
    SlantwiseError
        If a column lacks its sides, or a date is none.
    """
    if split not in SPLITS:
        sides_of(articles, split)
    if cut is not None and not re.fullmatch(r"\d{4}(-\d{2}){0,2}", cut):
        raise SlantwiseError(f"a date is written 2021-03-31, or 2021; found {cut!r}")
    if split == "time" and dates_of(articles).null_count() == len(articles):
        found = articles["date"].drop_nulls().head(1).to_list()
        raise ArticleError(f"a split by time needs dates like 2021-03-31; found {found[0] if found else 'none'}")


def _described(folds: list[Fold], material: Material, name: str, said: str) -> tuple[list[Fold], Split]:
    if not all(len(fold.train) and len(fold.test) for fold in folds):
        sides = "; ".join(f"{len(fold.train):,} to train on, {len(fold.test):,} to test on" for fold in folds)
        raise SlantwiseError(f"{said}: a side is empty: {sides} (choose another split, or fewer folds)")
    crossing = np.any([fold.crossing(material.duplicates) for fold in folds], axis=0).sum()
    return folds, Split(name, said, int(crossing), sum(len(fold.left_out) for fold in folds))


def dates_of(articles: pl.DataFrame) -> pl.Series:
    """Return each article's date as YYYY-MM-DD, null where it has none or it is written otherwise."""
    return articles["date"].str.extract(r"^(\d{4}-\d{2}-\d{2})")


def _last_fifth(dates: pl.Series, material: Material) -> str:
    coded = coded_anywhere(material.answers, material.codebook, "labels")
    known = dates.filter(coded).drop_nulls().sort()
    if not len(known):
        raise ArticleError("a split by time needs dates like 2021-03-31; no coded article has one")
    return str(known[len(known) * 4 // 5])


def sides_of(articles: pl.DataFrame, column: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which rows a column says are 'train' and which 'test'.

    Raises
    ------
    ArticleError
        If it does not say both.
    """
    found = articles[column].unique().drop_nulls().sort().to_list() if column in articles.columns else []
    if not {"train", "test"} <= set(found):
        values = ", ".join(map(repr, found[:5])) or "nothing"
        msg = f"column {column!r} of the articles should say 'train' or 'test'; found {values}"
        raise ArticleError(f"{msg} (splits are {', '.join(SPLITS)}, or such a column)")
    train, test = ((articles[column] == side).fill_null(False).to_numpy() for side in ("train", "test"))
    return np.flatnonzero(train), np.flatnonzero(test)


# --- by a model file


def of_model(model: Model, articles: pl.DataFrame, answers: Coded) -> Predictions:
    """Ask a model about coded articles; those that it learned from get what it said while they were held out.

    An article that it learned from and kept no scores of, or that begins like one, is not asked about.
    """
    texts, scores = articles.select("title", "text"), _no_scores(answers.shape)
    asked = np.stack([(answers[:, b.columns] != UNKNOWN).any(axis=1) for b in model.blocks], axis=1)
    known, held_out = known_articles(model, texts, asked)
    new = np.asarray((asked & ~known).any(axis=1))
    new[held_out[:, 0]] = False
    rows = np.flatnonzero(new)
    for start in range(0, len(rows), SCORED_AT_A_TIME):
        some = rows[start : start + SCORED_AT_A_TIME]
        part = model.answer_all(texts[some])
        scores.probability[some], scores.assigned[some] = part.probability, part.assigned
    for block, of_block in zip(model.blocks, known.T, strict=True):
        scores.probability[of_block, block.columns] = np.nan
        scores.assigned[of_block, block.columns] = False
    if model.record is not None:
        at = held_out[:, 1]
        scores.probability[held_out[:, 0]] = model.record.probability[at]
        scores.assigned[held_out[:, 0]] = model.record.assigned[at]
    n_left_out = int((known & asked).any(axis=1).sum())
    split, notes = _of_model_split(model, len(held_out), len(rows), n_left_out)
    return Predictions(model.codebook, articles, answers, scores, split, notes)


def known_articles(model: Model, texts: pl.DataFrame, asked: Bools) -> tuple[Bools, NDArray[np.intp]]:
    """Tell which articles a model learned from.

    Returns
    -------
    known
        Which begin like one that taught a question and have no scores, shape (n_articles, n_questions).
    held_out
        Row of an article and of the record that has its scores, shape (n_found, 2).
    """
    known, none = np.zeros_like(asked), np.empty((0, 2), dtype=np.intp)
    record, rows = model.record, np.flatnonzero(asked.any(axis=1))
    if record is None or not len(rows):
        return known, none
    openings = opening_digests(texts[rows])
    for column, block in enumerate(model.blocks):
        taught = record.openings if block.head.coded_in == "labels" else record.openings_in_articles
        known[rows, column] = np.isin(openings, taught)
    likely = rows[np.isin(openings, record.openings)]
    if not len(likely) or not len(record.coded):
        return known, none
    digests = whole_digests(texts[likely])
    place = np.minimum(np.searchsorted(record.coded, digests), len(record.coded) - 1)
    found = record.coded[place] == digests
    known[likely[found]] = False
    return known, np.stack([likely[found], place[found]], axis=1)


def _of_model_split(model: Model, n_held_out: int, n_new: int, n_left_out: int) -> tuple[Split, tuple[str, ...]]:
    """Describe how a model's articles were kept apart from what it learned from, and what must be known of that."""
    name = f"model {model.name}"
    if model.record is None:
        note = "The model file does not say what it learned from; if that were these articles, figures are too good."
        return Split("unknown", f"{name}, on articles that it may have learned from", None, 0), (note,)
    parts = [f"{n_held_out:,} articles that it learned from, by what it said while they were held out"]
    parts = [*parts[: bool(n_held_out)], *([f"{n_new:,} articles new to it"] if n_new else [])]
    note = f"{n_left_out:,} articles are not judged where the model learned from them or from one that begins alike."
    split = Split(
        HELD_OUT if n_held_out else "new", f"{name}: {' and '.join(parts) or 'no articles'}", None, n_left_out
    )
    return split, (note,) if n_left_out else ()
