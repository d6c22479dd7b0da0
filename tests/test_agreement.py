"""Agreement between coders, against published worked examples and scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from training.agreement import agreement, cohen_kappa, coincidences, krippendorff_alpha, label_tables
from training.metrics import article_counts

Floats = NDArray[np.float64]
Answers = NDArray[np.intp]
Measure = Callable[[Floats], Floats]

FEW_EXAMPLES = settings(max_examples=25)


def alpha_of_table(tables: Floats) -> Floats:
    return krippendorff_alpha(tables + tables.swapaxes(-1, -2))


MEASURES = pytest.mark.parametrize(
    "measure", [agreement, cohen_kappa, alpha_of_table], ids=["percent", "kappa", "alpha"]
)


def table_of(first: Answers, second: Answers, n_answers: int) -> Floats:
    table = np.zeros((n_answers, n_answers))
    np.add.at(table, (first, second), 1)
    return table


def coded(*coders: str) -> Answers:
    """Return answers by number, -1 for '.', shape (n_coders, n_articles)."""
    names = sorted(set("".join(coders)) - {".", " "})
    return np.array([[names.index(name) if name != "." else -1 for name in coder.replace(" ", "")] for coder in coders])


def alpha(answers: Answers) -> float:
    return float(krippendorff_alpha(coincidences(answers, int(answers.max()) + 1)))


def alpha_by_loop(answers: Answers) -> float:
    """Return alpha from its definition: the share of pairs that differ, within articles over among all answers."""
    units = [column[column >= 0] for column in answers.T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = np.concatenate([np.empty(0), *units])
    n = len(pooled)
    if n == 0 or (pooled == pooled[0]).all():
        return np.nan
    within = sum((unit[:, None] != unit).sum() / (len(unit) - 1) for unit in units) / n
    among = (pooled[:, None] != pooled).sum() / (n * (n - 1))
    return float(1 - within / among)


tables = hnp.arrays(float, st.integers(2, 4).map(lambda n: (n, n)), elements=st.integers(0, 9).map(float))
answers_with_gaps = hnp.arrays(np.intp, st.tuples(st.integers(2, 4), st.integers(1, 8)), elements=st.integers(-1, 2))

# --- Krippendorff's alpha, the nominal examples of Krippendorff (2011)

MEG, OWEN = "0100000010", "1110010000"
BEN, GERRY = "aabbdcccedda", "babbbccceddd"
FOUR_CODERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_alpha_of_binary_answers_is_the_published_one() -> None:
    found = coincidences(coded(MEG, OWEN), 2)

    assert found.tolist() == [[10, 4], [4, 2]]
    assert krippendorff_alpha(found) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_nominal_answers_is_the_published_one() -> None:
    found = coincidences(coded(BEN, GERRY), 5)

    published = [[2, 1, 0, 1, 0], [1, 4, 0, 1, 0], [0, 0, 6, 0, 0], [1, 1, 0, 4, 0], [0, 0, 0, 0, 2]]
    assert found.tolist() == published
    assert krippendorff_alpha(found) == pytest.approx(0.692, abs=5e-4)


def test_alpha_of_four_coders_with_missing_answers_is_the_published_one() -> None:
    found = coincidences(coded(*FOUR_CODERS), 5)

    thirds = [[21, 4, 1, 1, 0], [4, 30, 4, 1, 0], [1, 4, 24, 1, 0], [1, 1, 1, 12, 0], [0, 0, 0, 0, 9]]
    assert_allclose(found, np.array(thirds) / 3)
    assert krippendorff_alpha(found) == pytest.approx(0.743, abs=5e-4)


@FEW_EXAMPLES
@given(answers_with_gaps)
def test_alpha_equals_its_definition_by_pairs(answers: Answers) -> None:
    assert_allclose(alpha(answers), alpha_by_loop(answers), atol=1e-12)


@FEW_EXAMPLES
@given(answers_with_gaps, st.randoms(use_true_random=False))
def test_alpha_does_not_depend_on_the_order_of_coders_or_articles(answers: Answers, random: Any) -> None:
    coders, articles = (random.sample(range(n), n) for n in answers.shape)

    shuffled = coincidences(answers[coders][:, articles], 3)

    assert_allclose(shuffled, coincidences(answers, 3), atol=1e-12)


@FEW_EXAMPLES
@given(answers_with_gaps)
def test_coincidences_are_symmetric_and_weigh_an_article_as_its_answers(answers: Answers) -> None:
    n_given = (answers >= 0).sum(axis=0)

    found = coincidences(answers, 3)

    assert_allclose(found, found.T)
    assert found.sum() == pytest.approx(n_given[n_given > 1].sum())


def test_an_article_with_one_answer_counts_nowhere() -> None:
    assert_array_equal(coincidences(coded("ab.", "aab"), 2), coincidences(coded("ab", "aa"), 2))


def test_coincidences_of_two_coders_are_their_table_and_its_transpose() -> None:
    first, second = np.random.default_rng(0).integers(0, 3, (2, 40))
    table = table_of(first, second, 3)

    found = coincidences(np.stack([first, second]), 3)

    assert_array_equal(found, table + table.T)


# --- Cohen's kappa and percent agreement


@pytest.mark.parametrize(
    ("table", "percent", "kappa"),
    [
        ([[20, 5], [10, 15]], 0.7, 0.4),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.7, 0.492),  # Cohen (1960), table 1
        ([[0, 5], [5, 0]], 0.0, -1.0),
        ([[0, 5], [0, 0]], 0.0, 0.0),  # each gives one answer throughout, not the same
        ([[9, 3], [3, 1]], 0.625, 0.0),  # exactly what their habits would give
    ],
    ids=["two-answers", "cohen-1960", "opposite", "never-the-same", "chance"],
)
def test_kappa_and_percent_of_worked_examples(table: list[list[int]], percent: float, kappa: float) -> None:
    counts = np.array(table, dtype=float)

    assert agreement(counts) == pytest.approx(percent)
    assert cohen_kappa(counts) == pytest.approx(kappa, abs=5e-4)


@pytest.mark.parametrize("n_answers", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_kappa_equals_scikit_learn_s(n_answers: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    first = random.integers(0, n_answers, 60)
    second = np.where(random.random(60) < 0.5, first, random.integers(0, n_answers, 60))

    table = table_of(first, second, n_answers)

    assert cohen_kappa(table) == pytest.approx(cohen_kappa_score(first, second), rel=1e-12)
    assert agreement(table) == pytest.approx((first == second).mean())


# --- what holds of all three


@MEASURES
@FEW_EXAMPLES
@given(table=tables)
def test_agreement_is_at_most_1_and_the_same_with_coders_exchanged(measure: Measure, table: Floats) -> None:
    found = measure(table)

    assert_allclose(found, measure(table.T), atol=1e-12)
    assert np.isnan(found) or (0.0 if measure is agreement else -1.0) - 1e-12 <= found <= 1.0 + 1e-12


@MEASURES
@FEW_EXAMPLES
@given(table=tables, random=st.randoms(use_true_random=False))
def test_agreement_does_not_depend_on_the_order_of_answers(measure: Measure, table: Floats, random: Any) -> None:
    order = random.sample(range(len(table)), len(table))

    assert_allclose(measure(table[order][:, order]), measure(table), atol=1e-12)


@MEASURES
@FEW_EXAMPLES
@given(n_each=hnp.arrays(float, 3, elements=st.integers(0, 9).map(float)))
def test_coders_who_always_agree_have_1_if_they_give_more_than_one_answer(measure: Measure, n_each: Floats) -> None:
    found = measure(np.diag(n_each))

    if np.count_nonzero(n_each) > 1 or (measure is agreement and n_each.any()):
        assert found == pytest.approx(1.0)
    else:
        assert np.isnan(found)


@FEW_EXAMPLES
@given(tables)
def test_agreement_is_undefined_exactly_where_chance_explains_all(table: Floats) -> None:
    both_give_one = np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) < 2

    assert np.isnan(agreement(table)) == (table.sum() == 0)
    assert np.isnan(cohen_kappa(table)) == both_give_one
    assert np.isnan(alpha_of_table(table)) == both_give_one


@pytest.mark.parametrize("measure", [cohen_kappa, alpha_of_table], ids=["kappa", "alpha"])
def test_coders_who_guess_by_their_habits_agree_by_chance_only(measure: Measure) -> None:
    random = np.random.default_rng(0)
    first, second = random.choice(3, (2, 20_000), p=[0.7, 0.2, 0.1])

    table = table_of(first, second, 3)

    assert agreement(table) > 0.5
    assert measure(table) == pytest.approx(0, abs=0.03)


@MEASURES
@pytest.mark.parametrize("leading", [(4,), (2, 3)])
def test_agreement_of_several_tables_equals_that_of_each(measure: Measure, leading: tuple[int, ...]) -> None:
    several = np.random.default_rng(1).integers(0, 5, (*leading, 3, 3)).astype(float)
    several[0] = 0.0

    found = measure(several)

    assert found.shape == leading
    assert_array_equal(found, np.reshape([measure(several[place]) for place in np.ndindex(leading)], leading))


# --- labels


def test_a_label_s_table_has_the_first_coder_s_yes_and_no_in_rows() -> None:
    first, second = np.random.default_rng(2).random((2, 50, 3)) < [[[0.3]], [[0.6]]]

    found = label_tables(article_counts(first, second).sum(axis=0))

    expected = [table_of(*(~np.stack(pair)).astype(int), 2) for pair in zip(first.T, second.T, strict=True)]
    assert_array_equal(found, expected)


def test_tables_of_resamples_equal_those_of_each() -> None:
    counts = np.random.default_rng(2).integers(0, 9, (2, 5, 4, 3)).astype(float)

    found = label_tables(counts)

    assert found.shape == (2, 5, 3, 2, 2)
    for place in np.ndindex(2, 5):
        assert_array_equal(found[place], label_tables(counts[place]))
