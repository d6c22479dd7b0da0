"""From decision values to probabilities, and from probabilities to labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from training.calibration import many_of_threshold, one_of_thresholds, platt, temperature

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def drawn(p: Floats, random: np.random.Generator) -> Bools:
    """Return one label an article, drawn with its probability; shape as `p`."""
    answer = (random.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1)
    return answer[:, None] == np.arange(p.shape[1])


def chosen(p: Floats, thresholds: Floats) -> Bools:
    return (p / thresholds).argmax(axis=1)[:, None] == np.arange(p.shape[1])


def macro(coded: Bools, assigned: Bools) -> float:
    return float(f1_score(coded, assigned, average="macro", zero_division=0))


# --- probabilities


@pytest.mark.parametrize(("slope", "offset"), [(2.0, -1.0), (0.5, 0.5)], ids=["unsure-values", "sure-values"])
def test_platt_recovers_slope_and_offset(slope: float, offset: float) -> None:
    random = np.random.default_rng(1)
    values = random.normal(0, 1.5, 20_000)
    coded = random.random(20_000) < 1 / (1 + np.exp(-(slope * values + offset)))

    found = platt(values, coded)

    assert found == pytest.approx((slope, offset), abs=0.08)


def test_platt_stays_finite_where_values_part_the_label() -> None:
    values = np.array([-1.0, -0.9, -0.8, 0.8, 0.9, 1.0])

    slope, offset = platt(values, values > 0)

    assert 1 < slope < 100
    assert offset == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("slope", [1.7, 0.4])
def test_temperature_recovers_one_slope_and_an_offset_a_label(slope: float) -> None:
    random = np.random.default_rng(2)
    values, offsets = random.normal(0, 1.5, (20_000, 3)), np.array([0.8, 0.0, -0.8])
    coded = drawn(softmax(slope * values + offsets), random)

    slopes, found = temperature(values, coded)

    assert slopes == pytest.approx([slope] * 3, rel=0.05)
    assert found - found.mean() == pytest.approx(offsets, abs=0.08)  # offsets mean the same with a constant added


def test_temperature_makes_mean_probabilities_the_labels_shares() -> None:
    random = np.random.default_rng(3)
    values = random.normal(0, 1, (2000, 4))
    coded = drawn(softmax(3 * values + np.array([1.0, 0, 0, -2])), random)

    slopes, offsets = temperature(values, coded)

    assert softmax(values * slopes + offsets).mean(axis=0) == pytest.approx(coded.mean(axis=0), abs=0.005)


def test_temperature_stays_finite_where_values_tell_the_label() -> None:
    coded = np.tile(np.eye(3, dtype=bool), (10, 1))

    slopes, offsets = temperature(2.0 * coded - 1.0, coded)

    assert 1 < slopes[0] < 100
    assert offsets == pytest.approx([0, 0, 0], abs=0.01)


# --- labels: any number of them


def expected_f1(assigned: Bools, probability: Floats) -> float:
    return float(2 * probability[assigned].sum() / (assigned.sum() + probability.sum()))


PERCENTS = st.lists(st.integers(1, 99), min_size=1, max_size=25)  # now and then the same one twice


@settings(max_examples=100)
@given(PERCENTS)
def test_the_threshold_is_as_good_as_the_best_of_all_cuts(percents: list[int]) -> None:
    probability = np.array(percents) / 100

    threshold = many_of_threshold(probability)

    best = max(expected_f1(probability >= cut, probability) for cut in probability)
    assert expected_f1(probability >= threshold, probability) == pytest.approx(best)


@settings(max_examples=100)
@given(PERCENTS)
def test_the_threshold_parts_articles_at_half_of_the_best_f1(percents: list[int]) -> None:
    """Lipton et al. (2014), theorem 1."""
    probability = np.array(percents) / 100

    assigned = probability >= many_of_threshold(probability)

    half = expected_f1(assigned, probability) / 2
    assert probability[assigned].min() >= half - 1e-9
    assert probability[~assigned].max(initial=0) <= half + 1e-9


def test_the_threshold_gives_nearly_the_best_f1_on_labels_drawn_with_these_probabilities() -> None:
    random = np.random.default_rng(6)
    probability = random.beta(0.5, 2, 5000)
    coded = random.random(5000) < probability

    threshold = many_of_threshold(probability)

    cuts = np.linspace(0.05, 0.95, 37)
    best = max(f1_score(coded, probability >= cut) for cut in cuts)
    assert f1_score(coded, probability >= threshold) == pytest.approx(best, abs=0.01)
    assert f1_score(coded, probability >= 0.5) < best - 0.02


def test_the_threshold_lies_half_way_between_the_last_assigned_and_the_next() -> None:
    threshold = many_of_threshold(np.array([0.2, 0.9, 0.6, 0.1]))

    assert threshold == pytest.approx(0.4)


def test_a_label_that_all_articles_should_get_has_a_threshold_that_all_pass() -> None:
    threshold = many_of_threshold(np.array([0.9, 0.4]))

    assert threshold == pytest.approx(0.2)


# --- labels: one of them


def skewed() -> tuple[Floats, Bools]:
    """Return probabilities and labels where one label holds four in five articles and the text tells little."""
    random = np.random.default_rng(4)
    p = softmax(random.normal(0, 1, (3000, 3)) + np.log([0.8, 0.12, 0.08]))
    return p, drawn(p, random)


def test_thresholds_find_rare_labels_that_choosing_the_likeliest_misses() -> None:
    p, coded = skewed()

    thresholds = one_of_thresholds(p, coded, np.zeros(3))

    assert macro(coded, chosen(p, thresholds)) > macro(coded, chosen(p, np.ones(3))) + 0.03


def test_thresholds_are_the_labels_shares_to_one_power() -> None:
    p, coded = skewed()

    thresholds = one_of_thresholds(p, coded, np.zeros(3))

    powers = np.log(thresholds) / np.log(coded.mean(axis=0))
    assert powers == pytest.approx([powers[0]] * 3)
    assert min(abs(powers[0] - power) for power in (0.25, 0.5, 0.75, 1.0)) < 1e-9


def test_the_power_is_the_best_of_those_tried() -> None:
    p, coded = skewed()
    shares = coded.mean(axis=0)

    thresholds = one_of_thresholds(p, coded, np.zeros(3))

    tried = [macro(coded, chosen(p, shares**power)) for power in (0, 0.25, 0.5, 0.75, 1)]
    assert macro(coded, chosen(p, thresholds)) == pytest.approx(max(tried))
    assert len(set(tried)) > 1


def test_thresholds_are_flat_where_labels_are_equally_common() -> None:
    random = np.random.default_rng(5)
    coded = np.tile(np.eye(3, dtype=bool), (100, 1))

    thresholds = one_of_thresholds(softmax(random.normal(0, 1, (300, 3)) + coded), coded, np.zeros(3))

    assert thresholds.tolist() == [1.0, 1.0, 1.0]


def test_thresholds_are_flat_where_the_likeliest_is_right() -> None:
    coded = np.eye(3, dtype=bool)[[0] * 8 + [1, 2]]

    thresholds = one_of_thresholds(0.05 + 0.85 * coded, coded, np.zeros(3))

    assert thresholds.tolist() == [1.0, 1.0, 1.0]


def test_thresholds_undo_the_calibration_s_offsets_where_the_classifier_chooses_best() -> None:
    random = np.random.default_rng(6)
    coded = np.eye(3, dtype=bool)[random.integers(0, 3, 600)]
    values = random.normal(0, 1, (600, 3)) + 1.5 * coded
    offset = np.array([2.0, 0.0, -2.0])

    thresholds = one_of_thresholds(softmax(values + offset), coded, offset)

    assert (chosen(softmax(values + offset), thresholds) == chosen(softmax(values), np.ones(3))).all()
