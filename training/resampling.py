"""Intervals and p-values by the bootstrap: draw the articles again, with replacement, and see how a figure moves.

A resample is how often each article is in it, so 2,000 of them are a matrix that multiplies the articles' sums. All
figures of a question are computed from the same draws, and those of two coders too: their difference is then paired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import erfc

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

Floats = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
CELLS = 4_000_000  # of articles times resamples at a time, to stay small in memory with many articles
MOST_UNDEFINED = 0.05  # of the resamples; with more of them undefined an interval would be of the lucky ones


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its bootstrap percentile interval at 95%.

    `value` is None where the figure is not defined, `low` and `high` where the interval is not; `undefined` says why.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    undefined: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined ({self.undefined})"
        if self.low is None or self.high is None:
            return f"{self.value:.3f} (no interval: {self.undefined})"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def drawn_as_one(cluster: str, outlets: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return what a bootstrap draws as one, for `draws`: each article, or the articles of an outlet, (n_articles,).

    Parameters
    ----------
    cluster
        'article' or 'outlet'.
    outlets
        The outlet of each article, shape (n_articles,).
    """
    return np.arange(len(outlets)) if cluster == "article" else np.unique(outlets, return_inverse=True)[1]


def draws(groups: NDArray[np.intp], seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float32]]:
    """Yield how often each article is in each of some resamples, a few hundred resamples at a time.

    Parameters
    ----------
    groups
        What is drawn as one, by number, shape (n_articles,): `arange` to draw articles (Efron & Tibshirani 1993,
        ch. 6), or their outlets to draw whole outlets (Field & Welsh 2007), which is wider where an outlet's articles
        are alike.

    Yields
    ------
    numpy.ndarray
        Shape (n_articles, some resamples); all of them together have `resamples` columns. Nothing for fewer than two
        groups, from which nothing else can be drawn.
    """
    names, groups = np.unique(groups, return_inverse=True)
    random, n_groups = np.random.default_rng(seed), len(names)
    if n_groups < 2:
        return
    alone = n_groups == len(groups)
    some = max(1, CELLS // max(len(groups), 1))
    for start in range(0, resamples, some):
        width = min(some, resamples - start)
        drawn = random.integers(n_groups, size=(n_groups, width)) * width + np.arange(width)
        times = np.bincount(drawn.ravel(), minlength=n_groups * width).reshape(n_groups, width).astype(np.float32)
        yield times if alone else times[groups]


def figure(value: float, resampled: Floats, why_undefined: str) -> Figure:
    """Return a figure with the interval of its resampled values, shape (n_resamples,); NaN is 'not defined'."""
    if np.isnan(value):
        return Figure(None, undefined=why_undefined)
    defined = resampled[~np.isnan(resampled)]
    if not len(resampled):
        return Figure(float(value), undefined="too little to draw from")
    if len(defined) < (1 - MOST_UNDEFINED) * len(resampled):
        return Figure(float(value), undefined="not defined in too many resamples")
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(float(value), float(low), float(high))


def p_value(differences: Floats) -> float | None:
    """Return how surely a difference is none, two-sided, from its resampled values, shape (n_resamples,).

    Twice the share of resamples on the rarer side of 0, a resample added so that it is never 0 (Davison & Hinkley 1997,
    ch. 4). None if no resample is defined.
    """
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return None
    rarer = min((defined <= 0).sum(), (defined >= 0).sum())
    return float(min(1.0, 2 * (rarer + 1) / (len(defined) + 1)))


def normal_p_value(distance: float, resampled: Floats, least_error: float = 0.0) -> float | None:
    """Return how surely a figure lies off a fixed one, two-sided, its error taken as normal.

    For many slices at once, where the tail that Holm's correction asks for is beyond 2,000 resamples. None where no
    error can be told.

    Parameters
    ----------
    distance
        Of the figure from the fixed one.
    resampled
        Its resampled values, shape (n_resamples,), whose standard deviation is its error.
    least_error
        What the error is at least: of articles that are all right the resamples are all alike, and yet they were few.
    """
    defined = resampled[~np.isnan(resampled)]
    if not len(defined) or np.isnan(distance):
        return None
    error = max(float(defined.std()) if np.ptp(defined) > 0 else 0.0, least_error)
    if error == 0.0:
        return None
    return float(erfc(abs(distance) / error / 2**0.5))


def two_proportions_p_value(yes: int, n: int, other_yes: int, other_n: int) -> float:
    """Return how surely two proportions are alike, two-sided, by Fisher's exact test (1922).

    The normal approximation calls rare labels unlike nine times as often as it says.

    Examples
    --------
    >>> round(two_proportions_p_value(15, 100, 25, 100), 3)
    0.111
    """
    return float(fisher_exact([[yes, n - yes], [other_yes, other_n - other_yes]]).pvalue)


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the order they came in.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    rising = np.maximum.accumulate(np.array(p_values)[order] * factors) if len(p_values) else np.empty(0)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(rising, 1.0)
    return [float(p) for p in corrected]
