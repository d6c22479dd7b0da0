"""Fit how a score grows with the number of coded articles: an inverse power law, score = ceiling - drop x n ** -rate.

It is what learning curves mostly follow where they follow anything (Viering & Loog 2023); Figueroa et al. (2012) use it
to say how many more texts should be coded. Past the largest size it is a guess by shape: the interval knows of articles
and of which were coded first, not of curves that bend otherwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

RATES = np.linspace(0.1, 3.0, 59)  # of the power; slower ones are not told from a line, faster ones not from a step
HIGHEST = 1.0  # score


@dataclass(frozen=True)
class Curves:
    """Fitted curves, parameters of any shape (...)."""

    ceiling: Floats
    drop: Floats
    rate: Floats

    def at(self, size: ArrayLike) -> Floats:
        """Return the scores at a number of coded articles, which broadcasts against (...)."""
        score: Floats = self.ceiling - self.drop * np.asarray(size, dtype=float) ** -self.rate
        return np.maximum(score, 0.0)


def fit_curves(sizes: ArrayLike, scores: ArrayLike) -> Curves:
    """Return the curves of least squares that do not fall and stay under a score of 1.

    Larger sizes weigh more, in proportion: what is asked lies beyond them, and first articles teach by leaps.

    Parameters
    ----------
    sizes
        Coded articles, shape (n_sizes,), at least three different ones.
    scores
        0 to 1, shape (..., n_sizes).

    Raises
    ------
    ValueError
        If there are fewer than three sizes: three parameters cannot be told from two points.

    Examples
    --------
    >>> sizes = np.array([100, 200, 400, 800])
    >>> curve = fit_curves(sizes, 0.8 - 1.5 * sizes**-0.5)
    >>> round(float(curve.rate), 3), round(float(curve.at(1600)), 4)
    (0.5, 0.7625)
    """
    n, y = np.asarray(sizes, dtype=float), np.asarray(scores, dtype=float)
    if len(np.unique(n)) < 3:
        msg = f"a curve needs three sizes or more; got {len(np.unique(n))}"
        raise ValueError(msg)
    weight = n / n.sum()
    fits = [_line(n**-rate, y, weight) for rate in RATES]
    best = np.argmin([error for _, _, error in fits], axis=0)
    ceiling, drop = (np.stack([fit[part] for fit in fits]) for part in (0, 1))
    pick = best[None, ...]
    return Curves(
        np.take_along_axis(ceiling, pick, axis=0)[0],
        np.take_along_axis(drop, pick, axis=0)[0],
        RATES[best],
    )


def _line(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ceiling, drop and squared error of y = ceiling - drop x, with drop >= 0 and ceiling <= 1; shapes (...)."""
    mean_x, mean_y = x @ weight, y @ weight
    off_x, off_y = x - mean_x, y - mean_y[..., None]
    drop = np.maximum(-(off_y @ (weight * off_x)) / (off_x @ (weight * off_x)), 0.0)
    ceiling = mean_y + drop * mean_x
    high = ceiling > HIGHEST
    drop = np.where(high, ((HIGHEST - y) @ (weight * x)) / (x @ (weight * x)), drop)
    ceiling = np.where(high, HIGHEST, ceiling)
    return ceiling, drop, np.square(y - (ceiling[..., None] - drop[..., None] * x)) @ weight
