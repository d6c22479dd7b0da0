"""Shares of labels, corrected for a classifier's errors: the estimators, on counts whose truth is known."""

import numpy as np
import pytest

from training.shares import (
    Counts,
    Rates,
    adjusted_count,
    adjusted_probabilities,
    naive,
    prediction_powered,
    stratified,
)

ARTICLES = 4000


def drawn(random: np.random.Generator, share: float, coded: int, right: float = 0.75, wrong: float = 0.06) -> Counts:
    """Return the counts of a made-up corpus: how often the label is said where it is, and where it is not."""
    chances = np.array([share * right, (1 - share) * wrong, share * (1 - right), (1 - share) * (1 - wrong)])
    by_hand, rest = random.multinomial(coded, chances), random.multinomial(ARTICLES - coded, chances)
    return Counts(*by_hand.tolist(), yes=int(rest[:2].sum()), no=int(rest[2:].sum()))


def power_tuned(counts: Counts) -> float:
    """Return the estimate of PPI++ as published, from articles one by one."""
    cells = (counts.hits, counts.false, counts.missed, counts.rejected)
    coded, said = np.repeat([1.0, 0.0, 1.0, 0.0], cells), np.repeat([1.0, 1.0, 0.0, 0.0], cells)
    others = np.repeat([1.0, 0.0], [counts.yes, counts.no])
    n, m = len(coded), len(others)
    power = np.cov(coded, said, bias=True)[0, 1] / said.var() / (1 + n / m)
    return float(power * others.mean() + (coded - power * said).mean())


def test_prediction_powered_is_what_ppi_with_power_tuning_gives() -> None:
    counts = drawn(np.random.default_rng(3), 0.2, 150)

    assert prediction_powered(counts).value == pytest.approx(power_tuned(counts))


@pytest.mark.slow
@pytest.mark.parametrize("coded", [60, 300])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_intervals_cover_as_often_as_they_say_and_the_naive_count_is_off(share: float, coded: int) -> None:
    random = np.random.default_rng(5)
    corpora = [drawn(random, share, coded) for _ in range(600)]

    found = [prediction_powered(counts) for counts in corpora]

    covered = np.mean([one.low <= share <= one.high for one in found])
    assert 0.93 - 0.02 <= covered <= 0.97 + 0.01  # the chance of 600 runs on either side
    off = abs(np.mean([naive(counts) for counts in corpora]) - share)
    assert abs(np.mean([one.value for one in found]) - share) < 0.1 * off


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_adjusted_counts_cover_where_errors_are_the_same(share: float) -> None:
    random = np.random.default_rng(6)
    covered = []
    for _ in range(400):
        known, corpus = drawn(random, 0.3, 400), drawn(random, share, 0)
        rates = Rates(known.hits, known.hits + known.missed, known.false, known.false + known.rejected)
        found = adjusted_count(corpus.assigned, corpus.articles, rates)
        if found is not None:
            covered.append(found.low <= share <= found.high)

    assert len(covered) > 380
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.mark.slow
def test_strata_coded_at_different_rates_are_weighed_by_their_articles() -> None:
    random = np.random.default_rng(7)
    shares, rates = (0.05, 0.4), (300, 60)
    truth = np.mean(shares)
    found, pooled = [], []
    for _ in range(300):
        strata = [drawn(random, share, coded) for share, coded in zip(shares, rates, strict=True)]
        found.append(stratified(strata))
        together = np.sum([[s.hits, s.false, s.missed, s.rejected, s.yes, s.no] for s in strata], axis=0)
        pooled.append(prediction_powered(Counts(*together.tolist())))

    assert abs(np.mean([one.value for one in found]) - truth) < 0.01
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98
    assert abs(np.mean([one.value for one in pooled]) - truth) > 0.02


def test_no_error_among_the_coded_does_not_make_an_interval_of_no_width() -> None:
    perfect = Counts(hits=5, false=0, missed=0, rejected=95, yes=50, no=950)

    found = prediction_powered(perfect)

    assert found.value == pytest.approx(0.05)
    assert found.high - found.value > 0.015  # 2.5 in 100 of the others may still have it


def test_what_no_coded_article_was_assigned_is_half_believed() -> None:
    found = prediction_powered(Counts(hits=0, false=0, missed=0, rejected=60, yes=100, no=840))

    assert found.value == pytest.approx(0.05)
    assert found.low < 0.01
    assert found.high > 0.09


def test_a_group_without_coded_articles_has_no_prediction_powered_share() -> None:
    with pytest.raises(ValueError, match="needs coded articles; found none among 10"):
        prediction_powered(Counts(0, 0, 0, 0, 4, 6))


@pytest.mark.parametrize(
    ("yes", "rates"),
    [
        pytest.param(30, Rates(20, 100, 30, 100), id="says it more often where it is wrong"),
        pytest.param(30, Rates(3, 10, 25, 100), id="may say it no more often where it is right"),
        pytest.param(5, Rates(80, 100, 20, 100), id="says it more rarely than it was wrong elsewhere"),
        pytest.param(99, Rates(60, 100, 5, 100), id="says it more often than it was right elsewhere"),
        pytest.param(30, Rates(0, 0, 5, 100), id="no article with the label"),
    ],
)
def test_rates_that_cannot_be_those_of_a_group_give_nothing(yes: int, rates: Rates) -> None:
    assert adjusted_count(yes, 100, rates) is None


def test_means_of_a_handful_of_articles_give_nothing() -> None:
    many, few = np.linspace(0, 1, 20), np.array([0.9, 0.8, 0.9, 0.7])

    assert adjusted_probabilities(few, many, many / 9) is None
    assert adjusted_probabilities(many / 2, few, many / 9) is None
    assert adjusted_probabilities(many / 2, many, many / 9) is not None
