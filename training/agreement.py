"""How far coders agree beyond chance: the ceiling for whoever is judged by their labels.

Two coders' answers are summed to a square table, so that agreement is resampled like every other figure. Alpha is
computed from coincidences, which hold any number of coders and missing answers too.
"""

import numpy as np
from numpy.typing import NDArray

from training.metrics import Floats, share


def agreement(tables: Floats) -> Floats:
    """Return the share of articles on which two coders give the same answer, 0 to 1; NaN without articles.

    Parameters
    ----------
    tables
        Shape (..., n_answers, n_answers): how often the first coder said one (rows) and the second another (columns).
    """
    return share(np.trace(tables, axis1=-2, axis2=-1), tables.sum(axis=(-2, -1)))


def cohen_kappa(tables: Floats) -> Floats:
    """Return two coders' agreement beyond what their own habits would give by chance.

    Parameters
    ----------
    tables
        As for `agreement`.

    Returns
    -------
    numpy.ndarray
        Shape (...), at most 1; NaN where both give one and the same answer throughout, so that chance explains all.

    References
    ----------
    Cohen (1960), "A Coefficient of Agreement for Nominal Scales".
    """
    n = tables.sum(axis=(-2, -1))
    by_chance = share((tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1), n * n)
    return share(agreement(tables) - by_chance, 1.0 - by_chance)


def krippendorff_alpha(coincidences: Floats) -> Floats:
    """Return Krippendorff's alpha for nominal answers: 1 less observed over expected disagreement.

    Parameters
    ----------
    coincidences
        Shape (..., n_answers, n_answers), symmetric, from `coincidences`; of two coders without missing answers, their
        table plus its transpose.

    Returns
    -------
    numpy.ndarray
        Shape (...), at most 1; NaN where only one answer occurs, or nothing was answered twice.

    References
    ----------
    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", sections A to C.
    """
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    observed = n - np.trace(coincidences, axis1=-2, axis2=-1)
    expected = share(n * n - np.square(totals).sum(axis=-1), n - 1.0)
    return 1.0 - share(observed, np.nan_to_num(expected))


def coincidences(answers: NDArray[np.intp], n_answers: int) -> Floats:
    """Return how often each pair of answers was given to one article, each article weighing as much as its answers.

    Parameters
    ----------
    answers
        Shape (n_coders, n_articles): the number of the answer, from 0, or -1 where that coder gave none.

    Returns
    -------
    numpy.ndarray
        Shape (n_answers, n_answers), symmetric. Articles with fewer than two answers count nowhere.
    """
    given = (answers[:, :, None] == np.arange(n_answers)).sum(axis=0).astype(np.float64)
    n_given = given.sum(axis=1)
    paired = given[n_given > 1] / (n_given[n_given > 1, None] - 1.0)
    together: Floats = given[n_given > 1].T @ paired - np.diag(paired.sum(axis=0))
    return together


def label_tables(counts: Floats) -> Floats:
    """Return two coders' yes and no to each label as tables, shape (..., n_labels, 2, 2).

    Parameters
    ----------
    counts
        Shape (..., 4, n_labels), sums of `training.metrics.article_counts`, the first coder as coded.
    """
    hits, false, missed, rejected = np.moveaxis(counts, -2, 0)
    return np.stack([np.stack([hits, missed], -1), np.stack([false, rejected], -1)], -2)
