"""F1, its means, and bootstrap intervals."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from training.metrics import article_counts, f1, interval, macro_f1, micro_f1, resampled

Bools = NDArray[np.bool_]
METRICS = pytest.mark.parametrize("metric", [f1, micro_f1, macro_f1], ids=["f1", "micro", "macro"])


def random_labels(seed: int, n_articles: int = 40, n_labels: int = 6) -> tuple[Bools, Bools]:
    random = np.random.default_rng(seed)
    shares = random.random(n_labels)
    coded, assigned = random.random((2, n_articles, n_labels)) < shares
    return coded, assigned


def totals(coded: Bools, assigned: Bools) -> NDArray[np.float64]:
    return article_counts(coded, assigned).sum(axis=0)


def test_counts_are_hits_then_false_then_missed() -> None:
    coded = np.array([[True, True, False, False]])
    assigned = np.array([[True, False, True, False]])

    counts = article_counts(coded, assigned)

    assert counts.tolist() == [[[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]]


@pytest.mark.parametrize(
    ("metric", "average"), [(f1, None), (micro_f1, "micro"), (macro_f1, "macro")], ids=["f1", "micro", "macro"]
)
@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_scikit_learn_s(metric, average: str | None, seed: int) -> None:
    coded, assigned = random_labels(seed)
    coded[:, 0] = assigned[:, 0] = coded[:, 1] = assigned[:, 2] = False  # neither; only assigned; only coded

    ours = metric(totals(coded, assigned))

    np.testing.assert_allclose(ours, f1_score(coded, assigned, average=average, zero_division=0), rtol=1e-12)


@METRICS
@pytest.mark.parametrize("seed", range(5))
def test_figures_do_not_depend_on_the_order_of_articles(metric, seed: int) -> None:
    coded, assigned = random_labels(seed)
    order = np.random.default_rng(seed).permutation(len(coded))

    shuffled = metric(totals(coded[order], assigned[order]))

    np.testing.assert_array_equal(shuffled, metric(totals(coded, assigned)))


@METRICS
@pytest.mark.parametrize("seed", range(5))
def test_figures_are_the_same_with_coder_and_model_exchanged(metric, seed: int) -> None:
    coded, assigned = random_labels(seed)

    exchanged = metric(totals(assigned, coded))

    np.testing.assert_allclose(exchanged, metric(totals(coded, assigned)))


@METRICS
def test_agreement_in_all_is_1_and_in_nothing_0(metric) -> None:
    coded = np.array([[True, False], [False, True], [True, True]])

    perfect, inverse = metric(totals(coded, coded)), metric(totals(coded, ~coded))

    assert np.all(perfect == 1.0)
    assert np.all(inverse == 0.0)


@METRICS
@pytest.mark.parametrize("seed", range(5))
def test_figures_are_proportions(metric, seed: int) -> None:
    values = metric(resampled(article_counts(*random_labels(seed)), seed, resamples=100))

    assert values.min() >= 0.0
    assert values.max() <= 1.0


def test_macro_weighs_labels_alike_and_micro_articles() -> None:
    coded = np.array([[True, False]] * 9 + [[False, True]])
    assigned = np.array([[True, False]] * 10)  # the rare label is never found

    total = totals(coded, assigned)

    assert micro_f1(total) == pytest.approx(0.9)
    assert macro_f1(total) == pytest.approx((18 / 19 + 0) / 2)


def test_articles_in_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"coded has shape \(3, 2\) and assigned \(2, 3\); they must be the same"):
        article_counts(np.zeros((3, 2), bool), np.zeros((2, 3), bool))


# --- intervals


def test_a_resample_draws_as_many_articles_as_there_are() -> None:
    counts = np.ones((17, 3, 2))

    drawn = resampled(counts, seed=0, resamples=5)

    assert drawn.tolist() == np.full((5, 3, 2), 17.0).tolist()


def test_a_resample_draws_an_article_s_counts_together() -> None:
    coded, _ = random_labels(3, n_labels=1)
    same_twice = np.concatenate([coded, coded], axis=1)

    drawn = resampled(article_counts(same_twice, ~same_twice), seed=0)

    np.testing.assert_array_equal(drawn[..., 0], drawn[..., 1])
    assert len(np.unique(drawn[:, 2, 0])) > 5  # and differs from one resample to the next


def test_an_interval_holds_the_middle_95_percent() -> None:
    found = interval(0.5, np.linspace(0, 1, 1001))

    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.025, 0.975))


def with_errors(n_articles: int) -> NDArray[np.float64]:
    """Return counts of one label with one article in five wrong."""
    coded = np.arange(n_articles)[:, None] % 2 == 0
    wrong = np.arange(n_articles)[:, None] % 5 == 0
    return article_counts(coded, coded ^ wrong)


def bootstrap_of(n_articles: int, seed: int = 0):
    counts = with_errors(n_articles)
    return interval(micro_f1(counts.sum(axis=0)), micro_f1(resampled(counts, seed)))


def test_an_interval_contains_its_figure() -> None:
    found = bootstrap_of(100)

    assert 0.6 < found.low < found.value < found.high < 0.95
    assert found.value == pytest.approx(0.8)


def test_an_interval_shrinks_with_the_root_of_the_articles() -> None:
    few, many = bootstrap_of(50), bootstrap_of(50 * 16)

    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.15)


def test_an_interval_has_about_the_width_that_theory_gives() -> None:
    found = bootstrap_of(1000)

    # One label: F1 = 1 - errors / (2 hits + errors) with hits + missed = 500; the delta method gives .0139
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.0139, rel=0.1)


def test_the_same_seed_gives_the_same_interval() -> None:
    first, again, other = (bootstrap_of(501, seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_an_interval_reads_as_figure_and_bounds() -> None:
    text = str(interval(0.5, np.array([0.25, 0.25, 0.75, 0.75])))

    assert text == "0.500 [0.250, 0.750]"
