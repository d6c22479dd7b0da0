"""Estimate the share of articles that have a label from what a classifier says and what coders found it to get wrong.

Counting a classifier's labels gives a share that carries its errors. Where coded articles are a random part of those
that are counted, their errors are taken out of the count (`prediction_powered`); where only error rates from elsewhere
are known, the count is solved for the share that would give it (`adjusted_count`, `adjusted_probabilities`).

Normal intervals fail where coded articles with a label are few: of 50 coded articles, at a share of .02, they cover 6
times in 10. Intervals here are quantiles of what the counts leave possible, each proportion with Jeffreys' prior: they
cover near 95 in 100 down to some 50 coded articles (benchmarks/shares/simulation.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 4000
LEVEL = 0.95
JEFFREYS = 0.5  # prior weight of a yes and of a no: an observation between them (Brown, Cai & DasGupta 2001)
NOTHING_KNOWN = 0.5
FEWEST_SPREAD = 5  # values whose mean is near enough to normal for Student's t
TELLS_APART = 0.975  # part of the draws in which a classifier must say a label more often where it is right
POSSIBLE = 0.025  # part of the draws in which error rates must allow for what was found


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95% interval, proportions from 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Articles of a group by what coders and the classifier say of a label.

    `hits`, `false`, `missed`, `rejected` count articles coded at random: coded and assigned, assigned only, coded only,
    neither. `yes` and `no` count the other articles, by what the classifier says.
    """

    hits: int
    false: int
    missed: int
    rejected: int
    yes: int
    no: int

    @property
    def coded(self) -> int:
        return self.hits + self.false + self.missed + self.rejected

    @property
    def articles(self) -> int:
        return self.coded + self.yes + self.no

    @property
    def assigned(self) -> int:
        return self.hits + self.false + self.yes


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a classifier says a label: of articles coded with it (`hits` of `positive`) and without it."""

    hits: int
    positive: int
    false: int
    negative: int


def naive(counts: Counts) -> float:
    """Return the share of articles that the classifier gives a label: what is published where errors are forgotten.

    Examples
    --------
    >>> naive(Counts(hits=8, false=2, missed=4, rejected=86, yes=90, no=810))
    0.1
    """
    return counts.assigned / counts.articles


def prediction_powered(counts: Counts, seed: int = 0) -> Estimate:
    """Return the share by prediction-powered inference, for a group with articles that were coded at random.

    With power tuning (PPI++) and labels that are yes or no the estimate is that of double sampling: of the articles
    that are assigned the label the part that is right, and of the others the part that was missed, each found on the
    coded ones. Where none of the coded was assigned it (or all were), half of such articles are taken to have it, and
    the interval is wide.

    Parameters
    ----------
    counts
        With at least one coded article.

    Raises
    ------
    ValueError
        If no article is coded.

    References
    ----------
    Angelopoulos et al. (2023), "Prediction-powered inference", Science 382; Angelopoulos, Duchi & Zrnic (2023),
    "PPI++"; Tenenbein (1970), JASA 65, double sampling; Hofer et al. (2024), "Bayesian prediction-powered inference",
    for the interval.

    Examples
    --------
    60 of 1,000 are assigned the label. 8 of 10 coded ones were right, and 4 of 90 others missed: .06 x .8 + .94 x 4/90.

    >>> found = prediction_powered(Counts(hits=8, false=2, missed=4, rejected=86, yes=50, no=850))
    >>> round(found.value, 4)
    0.0898
    >>> found.low < 0.06 < found.high
    True
    """
    if not counts.coded:
        msg = f"prediction-powered inference needs coded articles; found none among {counts.articles}"
        raise ValueError(msg)
    random = np.random.default_rng(seed)
    assigned, right = counts.assigned / counts.articles, _part(counts.hits, counts.false)
    missed = _part(counts.missed, counts.rejected)
    value = assigned * right + (1 - assigned) * missed
    among_all = _drawn(random, counts.assigned, counts.articles - counts.assigned)
    drawn = among_all * _drawn(random, counts.hits, counts.false)
    drawn += (1 - among_all) * _drawn(random, counts.missed, counts.rejected)
    return _estimate(value, drawn)


def adjusted_count(yes: int, articles: int, rates: Rates, seed: int = 0) -> Estimate | None:
    """Return the share by adjusted counting: (assigned - false positive rate) / (true - false positive rate).

    It holds where the classifier errs as often as where its rates were found. None where it cannot tell the label
    apart, or says it more rarely than it is wrong elsewhere (or more often than it is right): it cannot err alike here.

    Parameters
    ----------
    yes, articles
        Articles of the group that are assigned the label, and all of them.

    References
    ----------
    Forman (2008), "Quantifying counts and costs via classification"; Rogan & Gladen (1978) for prevalence by a test
    that errs; Lang & Reiczigel (2014) on its interval, which keeps the errors of the rates.

    Examples
    --------
    >>> round(adjusted_count(260, 1000, Rates(hits=80, positive=100, false=20, negative=100)).value, 3)
    0.1
    """
    if not rates.positive or not rates.negative:
        return None
    true, false = rates.hits / rates.positive, rates.false / rates.negative
    random = np.random.default_rng(seed)
    drawn = [
        _drawn(random, yes, articles - yes),
        _drawn(random, rates.hits, rates.positive - rates.hits),
        _drawn(random, rates.false, rates.negative - rates.false),
    ]
    return _solved((yes / articles, true, false), drawn)


def adjusted_probabilities(group: Floats, positive: Floats, negative: Floats, seed: int = 0) -> Estimate | None:
    """Return the share by probabilistic adjusted counting: the same with mean probabilities in the place of counts.

    Parameters
    ----------
    group
        The label's probability in each article of the group, shape (n_articles,).
    positive, negative
        The same in coded articles with the label and without, shape (n_positive,) and (n_negative,). None of the three
        may be under 5 articles: no error of a mean could be told.

    References
    ----------
    Bella et al. (2010), "Quantification via probability estimators"; errors of means by Student's t.

    Examples
    --------
    >>> positive, negative = np.array([0.7, 0.9, 0.8, 0.9, 0.7]), np.array([0.1, 0.3, 0.2, 0.2, 0.2])
    >>> round(adjusted_probabilities(np.array([0.2, 0.3, 0.28, 0.26, 0.26]), positive, negative).value, 3)
    0.1
    """
    parts = (group, positive, negative)
    if min(map(len, parts)) < FEWEST_SPREAD:
        return None
    random = np.random.default_rng(seed)
    found = (float(group.mean()), float(positive.mean()), float(negative.mean()))
    return _solved(found, [_drawn_mean(random, values) for values in parts])


def stratified(strata: Sequence[Counts], seed: int = 0) -> Estimate:
    """Return the share over strata that were coded at different rates, each weighing as many articles as it has.

    Each stratum is estimated by itself; distances to its limits are added as errors are, squared (Zou & Donner 2008),
    so that the prior of many small strata does not add up.

    Examples
    --------
    >>> same = Counts(hits=8, false=2, missed=4, rejected=86, yes=50, no=850)
    >>> one, two = prediction_powered(same), stratified([same, same])
    >>> round(two.value, 4), two.high - two.low < one.high - one.low
    (0.0898, True)
    """
    parts = [prediction_powered(counts, seed) for counts in strata]
    if len(parts) == 1:
        return parts[0]
    weights = np.array([counts.articles for counts in strata], dtype=float)
    weights /= weights.sum()
    value, low, high = (np.array([getattr(part, name) for part in parts]) for name in ("value", "low", "high"))
    share = float(weights @ value)
    below, above = (float(np.sqrt(np.square(weights * (value - end)).sum())) for end in (low, high))
    return Estimate(share, max(share - below, 0.0), min(share + above, 1.0))


def _part(with_label: int, without: int) -> float:
    return with_label / (with_label + without) if with_label + without else NOTHING_KNOWN


def _drawn(random: np.random.Generator, yes: int, no: int) -> Floats:
    return random.beta(yes + JEFFREYS, no + JEFFREYS, DRAWS)


def _drawn_mean(random: np.random.Generator, values: Floats) -> Floats:
    error = values.std(ddof=1) / np.sqrt(len(values))
    drawn: Floats = values.mean() + error * random.standard_t(len(values) - 1, DRAWS)
    return drawn


def _solved(found: tuple[float, float, float], drawn: Sequence[Floats]) -> Estimate | None:
    """Return the share at which a classifier with these rates would say the label as often as it does."""
    said, true, false = drawn
    apart = true > false
    if found[1] <= found[2] or apart.mean() < TELLS_APART:
        return None
    if min((said >= false).mean(), (said <= true).mean()) < POSSIBLE:
        return None
    value = float(np.clip((found[0] - found[2]) / (found[1] - found[2]), 0, 1))
    return _estimate(value, np.clip((said - false)[apart] / (true - false)[apart], 0, 1))


def _estimate(value: float, drawn: Floats) -> Estimate:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value))
