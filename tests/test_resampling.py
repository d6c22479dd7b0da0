"""Resampling: what is drawn, what an interval and a p-value say, and how often they are right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.stats import norm

from training import resampling
from training.resampling import Figure, draws, figure, holm, normal_p_value, p_value

Floats = NDArray[np.float64]

FEW_EXAMPLES = settings(max_examples=25)
NAMES = st.lists(st.integers(0, 6), min_size=2, max_size=20).filter(lambda names: len(set(names)) > 1)
P_VALUES = st.lists(st.floats(1e-9, 1), max_size=12)


def drawn(groups: NDArray[np.intp], seed: int = 0, resamples: int = 50) -> Floats:
    return np.concatenate(list(draws(groups, seed, resamples)), axis=1)


def resampled_mean(values: Floats, groups: NDArray[np.intp], seed: int = 0, resamples: int = 400) -> Floats:
    times = drawn(groups, seed, resamples)
    return times.T @ values / times.sum(axis=0)


# --- draws


def test_a_resample_draws_as_many_articles_as_there_are() -> None:
    times = drawn(np.arange(17))

    assert times.shape == (17, 50)
    assert_array_equal(times.sum(axis=0), 17)


@FEW_EXAMPLES
@given(NAMES, st.integers(0, 9))
def test_a_resample_draws_as_many_groups_as_there_are_and_each_whole(names: list[int], seed: int) -> None:
    _, first, groups = np.unique(names, return_index=True, return_inverse=True)

    times = drawn(groups, seed)

    assert_array_equal(times[first].sum(axis=0), len(first))
    assert_array_equal(times, times[first][groups])


def test_groups_in_any_order_keep_their_articles_together() -> None:
    groups = np.array([2, 0, 1, 0, 2])

    times = drawn(groups)

    assert_array_equal(times[0], times[4])
    assert_array_equal(times[1], times[3])
    assert not np.array_equal(times[0], times[1])


def test_an_article_is_drawn_once_on_average_and_left_out_of_a_third_of_resamples() -> None:
    times = drawn(np.arange(50), resamples=4000)

    assert times.mean(axis=1) == pytest.approx(np.ones(50), abs=0.08)  # five standard errors
    assert (times == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)
    assert times.var() == pytest.approx(1 - 1 / 50, abs=0.02)  # multinomial


def test_resamples_differ_from_one_another() -> None:
    times = drawn(np.arange(17))

    assert len(np.unique(times, axis=1).T) == 50


@pytest.mark.parametrize(
    ("cells", "widths"), [(1, [1] * 7), (30, [3, 3, 1]), (35, [3, 3, 1]), (70, [7]), (4_000_000, [7])]
)
def test_chunks_add_up_to_the_resamples_asked_for(monkeypatch, cells: int, widths: list[int]) -> None:
    monkeypatch.setattr(resampling, "CELLS", cells)

    parts = list(draws(np.arange(10), 0, 7))

    assert [part.shape for part in parts] == [(10, width) for width in widths]
    assert all((part.sum(axis=0) == 10).all() for part in parts)


def test_there_are_2000_resamples_where_no_other_number_is_asked_for() -> None:
    parts = list(draws(np.arange(3), 0))

    assert sum(part.shape[1] for part in parts) == 2000


@pytest.mark.parametrize("groups", [np.arange(30), np.arange(30) % 4], ids=["articles", "groups"])
def test_the_same_seed_draws_the_same_and_another_seed_something_else(groups: NDArray[np.intp]) -> None:
    first, again, other = (drawn(groups, seed) for seed in (1, 1, 2))

    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("groups", [[], [0], [0, 0, 0]], ids=["no-article", "one-article", "one-group"])
def test_from_fewer_than_two_groups_nothing_is_drawn(groups: list[int]) -> None:
    assert list(draws(np.array(groups, dtype=np.intp), 0)) == []


# --- figures


def test_an_interval_holds_the_middle_95_percent() -> None:
    found = figure(0.4, np.linspace(0, 1, 1001), "")

    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.025, 0.975))


@FEW_EXAMPLES
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_bounds_are_numpy_s_percentiles_in_whatever_order_resamples_come(values: list[float], random) -> None:
    shuffled = random.sample(values, len(values))

    found = figure(0.5, np.array(shuffled), "")

    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])))


def test_a_few_undefined_resamples_are_left_out_of_the_interval() -> None:
    resampled = np.linspace(0, 1, 1001)
    resampled[::25] = np.nan

    found = figure(0.5, resampled, "")

    expected = np.nanquantile(resampled, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize(("n_undefined", "has_interval"), [(0, True), (5, True), (6, False), (100, False)])
def test_with_more_than_one_undefined_resample_in_twenty_there_is_no_interval(
    n_undefined: int, has_interval: bool
) -> None:
    resampled = np.concatenate([np.full(n_undefined, np.nan), np.linspace(0, 1, 100 - n_undefined)])

    found = figure(0.5, resampled, "nobody")

    assert found.value == 0.5
    assert (found.low is not None) == (found.high is not None) == has_interval
    assert found.undefined == ("" if has_interval else "not defined in too many resamples")


def test_without_resamples_there_is_no_interval() -> None:
    assert figure(0.5, np.empty(0), "nobody") == Figure(0.5, undefined="too little to draw from")


@pytest.mark.parametrize("resampled", [np.empty(0), np.array([0.1, 0.9])], ids=["none", "some"])
def test_an_undefined_figure_says_why_and_has_no_interval(resampled: Floats) -> None:
    assert figure(np.nan, resampled, "coded in no article") == Figure(None, undefined="coded in no article")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Figure(0.5, 0.25, 0.75), "0.500 [0.250, 0.750]"),
        (Figure(0.0, 0.0, 0.0), "0.000 [0.000, 0.000]"),
        (Figure(-0.1236, -0.2, 1.0), "-0.124 [-0.200, 1.000]"),
        (Figure(0.5, undefined="too little to draw from"), "0.500 (no interval: too little to draw from)"),
        (Figure(None, undefined="coded in no article"), "undefined (coded in no article)"),
    ],
    ids=["interval", "zeros", "negative", "no-interval", "undefined"],
)
def test_a_figure_reads_as_value_and_interval_or_says_what_it_lacks(found: Figure, text: str) -> None:
    assert str(found) == text


# --- how often an interval is right


@pytest.mark.slow
def test_an_interval_of_a_share_holds_the_true_one_about_19_times_in_20() -> None:
    random = np.random.default_rng(0)
    n, true = 200, 0.3

    intervals = [
        figure(0.3, resampled_mean((random.random(n) < true).astype(float), np.arange(n), seed), "")
        for seed in range(300)
    ]

    covered = np.mean([found.low <= true <= found.high for found in intervals])
    assert 0.90 < covered < 0.98


def test_an_interval_has_the_width_that_theory_gives_and_narrows_with_the_root_of_the_articles() -> None:
    widths = []
    for n in (100, 1600):
        right = np.arange(n) % 5 > 0
        found = figure(0.8, resampled_mean(right.astype(float), np.arange(n), resamples=2000), "")
        widths.append(found.high - found.low)

    assert widths[0] == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 100), rel=0.1)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.1)


def test_drawing_outlets_widens_the_interval_where_an_outlet_s_articles_are_alike() -> None:
    outlet = np.repeat(np.arange(40), 10)
    alike = (outlet % 2).astype(float)

    by_outlet, by_article = (resampled_mean(alike, groups, resamples=1000) for groups in (outlet, np.arange(400)))

    assert by_outlet.std() / by_article.std() == pytest.approx(np.sqrt(10), rel=0.1)


def test_drawing_outlets_changes_little_where_an_outlet_s_articles_are_as_different_as_others() -> None:
    outlet = np.repeat(np.arange(100), 10)
    mixed = np.random.default_rng(0).random(1000).round()

    by_outlet, by_article = (resampled_mean(mixed, groups, resamples=1000) for groups in (outlet, np.arange(1000)))

    assert by_outlet.std() / by_article.std() == pytest.approx(1, abs=0.2)


# --- p-values


@FEW_EXAMPLES
@given(st.lists(st.floats(-1, 1) | st.just(np.nan), min_size=1, max_size=60))
def test_a_p_value_is_never_0_at_most_1_and_the_same_for_the_opposite_difference(values: list[float]) -> None:
    differences = np.array(values)

    p = p_value(differences)

    assert p == p_value(-differences)
    assert (p is None) == np.isnan(differences).all()
    assert p is None or 0 < p <= 1


def test_a_p_value_is_twice_the_share_of_the_rarer_side_with_one_resample_added() -> None:
    differences = np.concatenate([np.full(96, 0.1), np.full(3, -0.1), [np.nan]])

    assert p_value(differences) == pytest.approx(2 * (3 + 1) / (99 + 1))


def test_a_difference_that_is_always_none_has_a_p_value_of_1() -> None:
    assert p_value(np.zeros(2000)) == 1.0


def test_a_difference_that_is_never_none_has_the_smallest_p_value_that_resamples_allow() -> None:
    assert p_value(np.full(2000, 0.1)) == pytest.approx(2 / 2001)


@pytest.mark.parametrize("differences", [[], [np.nan, np.nan]], ids=["none", "undefined"])
def test_without_a_defined_resample_there_is_no_p_value(differences: list[float]) -> None:
    assert p_value(np.array(differences)) is None


@pytest.mark.parametrize("of", ["resamples", "normal"])
def test_where_there_is_no_difference_one_p_value_in_twenty_is_under_05(of: str) -> None:
    random = np.random.default_rng(3)
    found = []
    for seed in range(400):
        values = random.normal(0, 1, 100)
        resampled = resampled_mean(values, np.arange(100), seed)
        found.append(p_value(resampled) if of == "resamples" else normal_p_value(values.mean(), resampled))

    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.09
    assert np.median(found) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clear_difference_has_a_small_p_value(sign: int) -> None:
    values = sign * np.random.default_rng(1).normal(0.5, 1, 100)

    resampled = resampled_mean(values, np.arange(100), resamples=2000)

    assert p_value(resampled) < 0.01
    assert normal_p_value(values.mean(), resampled) < 0.001


# --- numbers of groups


def test_groups_may_have_any_numbers() -> None:
    gaps, none = np.array([0, 0, 2, 2, 9]), np.array([0, 0, 1, 1, 2])

    np.testing.assert_array_equal(drawn(gaps), drawn(none))


# --- p-values by the normal


@pytest.mark.parametrize("distance", [0.0, 0.05, -0.05, 0.3, -1.0])
def test_a_normal_p_value_equals_scipy_s(distance: float) -> None:
    resampled = np.append(np.random.default_rng(0).normal(0.5, 0.1, 500), np.nan)

    found = normal_p_value(distance, resampled)

    assert found == pytest.approx(2 * norm.sf(abs(distance) / np.nanstd(resampled)), rel=1e-9)


def test_a_distance_of_two_standard_errors_has_the_p_value_of_the_tables() -> None:
    assert normal_p_value(1.96, np.array([-1.0, 1.0])) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(
    ("distance", "resampled"),
    [(0.1, []), (0.1, [np.nan] * 3), (0.1, [0.5] * 3), (np.nan, [0.4, 0.6])],
    ids=["no-resamples", "undefined", "all-alike", "no-distance"],
)
def test_where_no_error_can_be_told_there_is_no_normal_p_value(distance: float, resampled: list[float]) -> None:
    assert normal_p_value(distance, np.array(resampled)) is None


@pytest.mark.parametrize("constant", [1.0, 2 / 3, 0.1, 0.95])
def test_resamples_that_are_all_alike_tell_no_error_whatever_their_value_rounds_to(constant: float) -> None:
    assert normal_p_value(0.1, np.full(2000, constant)) is None


def test_an_error_is_taken_to_be_no_smaller_than_the_least() -> None:
    alike, spread = np.full(2000, 1.0), np.array([-1.0, 1.0])  # the spread's error is 1

    found = [normal_p_value(0.2, alike, 0.1), normal_p_value(1.96, spread, 0.5), normal_p_value(3.92, spread, 2.0)]

    assert found == pytest.approx([2 * norm.sf(2.0), 2 * norm.sf(1.96), 2 * norm.sf(1.96)])
    assert normal_p_value(np.nan, alike, 0.1) is None
    assert normal_p_value(0.2, np.array([np.nan]), 0.1) is None


# --- many p-values


@pytest.mark.parametrize(
    ("raw", "corrected"),
    [
        ([], []),
        ([0.2], [0.2]),
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),  # 5 x, 4 x, 3 x, then never less
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # in the order they came in
        ([0.4, 0.5, 0.6], [1.0, 1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
    ],
    ids=["none", "one", "rising", "order", "large", "equal"],
)
def test_holm_corrects_as_worked_out_by_hand(raw: list[float], corrected: list[float]) -> None:
    assert holm(raw) == pytest.approx(corrected)


def holm_by_steps(raw: list[float], level: float) -> list[bool]:
    """Return which hypotheses Holm's procedure rejects: step down from the smallest until one is kept."""
    rejected = [False] * len(raw)
    for step, place in enumerate(sorted(range(len(raw)), key=lambda i: raw[i])):
        if raw[place] > level / (len(raw) - step):
            break
        rejected[place] = True
    return rejected


@FEW_EXAMPLES
@given(P_VALUES, st.sampled_from([0.011, 0.0503, 0.207]))
def test_corrected_p_values_reject_what_stepping_down_rejects(raw: list[float], level: float) -> None:
    assert [p <= level for p in holm(raw)] == holm_by_steps(raw, level)


@FEW_EXAMPLES
@given(P_VALUES)
def test_corrected_p_values_are_no_smaller_at_most_1_and_in_the_same_order(raw: list[float]) -> None:
    corrected = holm(raw)

    assert all(before <= after <= 1 for before, after in zip(raw, corrected, strict=True))
    assert [corrected[i] for i in np.argsort(raw, kind="stable")] == sorted(corrected)
    assert all(after <= min(1, before * len(raw)) for before, after in zip(raw, corrected, strict=True))  # Bonferroni


@FEW_EXAMPLES
@given(P_VALUES, st.randoms(use_true_random=False))
def test_each_p_value_is_corrected_alike_wherever_it_stands(raw: list[float], random) -> None:
    order = random.sample(range(len(raw)), len(raw))
    corrected = holm(raw)

    shuffled = holm([raw[i] for i in order])

    assert_allclose(shuffled, [corrected[i] for i in order])
