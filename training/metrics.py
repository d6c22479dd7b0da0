"""Metrics of coded against assigned labels, with bootstrap intervals.

A metric is computed from counts that are sums over articles. So each article's counts are kept, and a resample is one
weighted sum of them: 2,000 resamples are one matrix product.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

RESAMPLES = 2000
AT_A_TIME = 100  # resamples, to stay small in memory with many articles
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap percentile interval at 95%; proportions, 0 to 1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def article_counts(coded: Bools, assigned: Bools) -> Floats:
    """Return each article's true positives, false positives and false negatives.

    Parameters
    ----------
    coded, assigned
        Labels by hand and by the model, shape (n_articles, n_labels), in the same order.

    Returns
    -------
    numpy.ndarray
        Shape (n_articles, 3, n_labels).

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if coded.shape != assigned.shape:
        msg = f"coded has shape {coded.shape} and assigned {assigned.shape}; they must be the same articles and labels"
        raise ValueError(msg)
    return np.stack([coded & assigned, ~coded & assigned, coded & ~assigned], axis=1).astype(np.float64)


def f1(counts: Floats) -> Floats:
    """Return F1 from counts of true positives, false positives and false negatives.

    Parameters
    ----------
    counts
        Shape (..., 3, n_labels).

    Returns
    -------
    numpy.ndarray
        Shape (..., n_labels), 0 to 1; 0 for a label that was neither coded nor assigned, as scikit-learn has it.
    """
    hits, false, missed = counts[..., 0, :], counts[..., 1, :], counts[..., 2, :]
    total: Floats = 2 * hits + false + missed
    return np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)


def micro_f1(counts: Floats) -> Floats:
    """Return the F1 of all labels' counts taken together; `counts` as for `f1`, shape (...) out."""
    taken_together: Floats = f1(counts.sum(axis=-1, keepdims=True))
    return taken_together[..., 0]


def macro_f1(counts: Floats) -> Floats:
    """Return the mean of the labels' F1; `counts` as for `f1`, shape (...) out."""
    mean: Floats = f1(counts).mean(axis=-1)
    return mean


def resampled(counts: Floats, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Return the counts of bootstrap samples of articles, shape (resamples, 3, n_labels).

    Articles are drawn with replacement (Efron & Tibshirani 1993, ch. 6); `counts` as from `article_counts`.
    """
    n, random = len(counts), np.random.default_rng(seed)
    flat, sums = counts.reshape(n, -1), []
    for start in range(0, resamples, AT_A_TIME):
        drawn = random.multinomial(n, np.full(n, 1 / n), size=min(AT_A_TIME, resamples - start))
        sums.append(drawn.astype(np.float64) @ flat)
    return np.concatenate(sums).reshape(resamples, *counts.shape[1:])


def interval(value: float, resampled_values: Floats) -> Interval:
    """Return a figure with the percentile interval of its resampled values, shape (resamples,)."""
    low, high = np.quantile(resampled_values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
