"""Metrics: what each says, against scikit-learn, published examples and examples worked out by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    jaccard_score,
    precision_score,
    recall_score,
)

from training.metrics import (
    BINS,
    FALSE,
    HITS,
    MISSED,
    REJECTED,
    article_bins,
    article_brier,
    article_counts,
    article_exact,
    article_f1,
    article_jaccard,
    average_precision,
    calibration_error,
    confusion,
    f1,
    macro_f1,
    mean_of_defined,
    micro_f1,
    precision,
    prevalence_assigned,
    prevalence_coded,
    recall,
    share,
    sides_f1,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Metric = Callable[..., Floats]

OF_COUNTS = [precision, recall, f1, micro_f1, macro_f1, prevalence_coded, prevalence_assigned]
OF_ARTICLES = [article_f1, article_jaccard, article_exact]
SYMMETRIC = [f1, micro_f1, macro_f1]


def by_name(metrics: list[Metric]) -> Any:
    return pytest.mark.parametrize("metric", metrics, ids=lambda metric: metric.__name__)


FEW_EXAMPLES = settings(max_examples=15)  # small tables soon hold every case
SEEDS = pytest.mark.parametrize("seed", range(5))


def random_labels(seed: int, n_articles: int = 40, n_labels: int = 6) -> tuple[Bools, Bools]:
    """Return coded and assigned labels, some labels rare; the first two are undefined by one measure or another."""
    random = np.random.default_rng(seed)
    coded, assigned = random.random((2, n_articles, n_labels)) < random.random(n_labels) / 2
    coded[:, 0] = assigned[:, 0] = False
    coded[:, 1] = assigned[:, 2] = False
    return coded, assigned


def random_probability(seed: int, shape: tuple[int, ...], steps: int = 20) -> Floats:
    """Return probabilities of which many are equal."""
    return np.random.default_rng(100 + seed).integers(0, steps + 1, shape) / steps


def totals(coded: Bools, assigned: Bools) -> Floats:
    return article_counts(coded, assigned).sum(axis=0)


def once_each(n_articles: int) -> Floats:
    return np.ones((n_articles, 1))


@st.composite
def labels(draw: st.DrawFn) -> tuple[Bools, Bools]:
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 5)))
    coded, assigned = draw(hnp.arrays(bool, (2, *shape)))
    return coded, assigned


@st.composite
def probabilities(draw: st.DrawFn) -> tuple[Bools, Floats]:
    """Coded labels and probabilities, tied ones and those on the edges of bins among them."""
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 4)))
    tenths = st.integers(0, 10).map(lambda tenth: tenth / 10)
    coded = draw(hnp.arrays(bool, shape))
    return coded, draw(hnp.arrays(float, shape, elements=tenths | st.floats(0, 1)))


# --- shares and means


def test_a_share_of_nothing_is_not_defined() -> None:
    found = share(np.array([1.0, 0.0, 0.0]), np.array([4.0, 2.0, 0.0]))

    assert_array_equal(found, [0.25, 0.0, np.nan])


def test_shares_broadcast() -> None:
    found = share(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0], [0.0]]))

    assert_array_equal(found, [[0.5, 1.0], [np.nan, np.nan]])


def test_a_mean_leaves_out_what_is_not_defined() -> None:
    found = mean_of_defined(np.array([[1.0, np.nan, 0.0], [np.nan, 0.25, np.nan]]))

    assert_array_equal(found, [0.5, 0.25])


def test_a_mean_of_nothing_defined_is_not_defined() -> None:
    found = mean_of_defined(np.array([[np.nan, np.nan], [np.nan, 1.0]]))

    assert_array_equal(found, [np.nan, 1.0])


@FEW_EXAMPLES
@given(hnp.arrays(float, (3, 4), elements=st.floats(-1, 1) | st.just(np.nan)))
def test_a_mean_of_defined_values_equals_that_of_a_list_of_them(values: Floats) -> None:
    kept = [[value for value in row if not np.isnan(value)] for row in values]

    found = mean_of_defined(values)

    assert_allclose(found, [sum(row) / len(row) if row else np.nan for row in kept], atol=1e-12)


# --- counts


def test_counts_are_hits_then_false_then_missed_then_rejected() -> None:
    coded = np.array([[True, True, False, False]])
    assigned = np.array([[True, False, True, False]])

    counts = article_counts(coded, assigned)

    assert (HITS, FALSE, MISSED, REJECTED) == (0, 1, 2, 3)
    assert counts.tolist() == [[[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]]


@FEW_EXAMPLES
@given(labels())
def test_every_article_is_counted_once_a_label(pair: tuple[Bools, Bools]) -> None:
    counts = article_counts(*pair)

    assert_array_equal(counts.sum(axis=1), np.ones(pair[0].shape))


def test_articles_in_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"coded has shape \(3, 2\) and assigned \(2, 3\); they must be the same"):
        article_counts(np.zeros((3, 2), bool), np.zeros((2, 3), bool))


# --- figures of counts, against scikit-learn


@pytest.mark.parametrize(
    ("ours", "theirs"), [(precision, precision_score), (recall, recall_score), (f1, f1_score)], ids=["p", "r", "f1"]
)
@SEEDS
def test_figures_of_labels_equal_scikit_learn_s(ours: Metric, theirs: Callable[..., Any], seed: int) -> None:
    coded, assigned = random_labels(seed)

    found = ours(totals(coded, assigned))

    assert_allclose(found, theirs(coded, assigned, average=None, zero_division=np.nan), rtol=1e-12)


@pytest.mark.parametrize(("ours", "average"), [(micro_f1, "micro"), (macro_f1, "macro")], ids=["micro", "macro"])
@SEEDS
def test_means_over_labels_equal_scikit_learn_s(ours: Metric, average: str, seed: int) -> None:
    coded, assigned = random_labels(seed)

    found = ours(totals(coded, assigned))

    assert found == pytest.approx(f1_score(coded, assigned, average=average, zero_division=np.nan), rel=1e-12)


def test_of_one_answer_an_article_micro_f1_is_accuracy() -> None:
    random = np.random.default_rng(0)
    said, meant = random.integers(0, 4, (2, 50))

    found = micro_f1(totals(said[:, None] == np.arange(4), meant[:, None] == np.arange(4)))

    assert found == pytest.approx((said == meant).mean())


def test_macro_weighs_labels_alike_and_micro_articles() -> None:
    coded = np.array([[True, False]] * 9 + [[False, True]])
    assigned = np.array([[True, False]] * 10)  # the rare label is never found

    total = totals(coded, assigned)

    assert micro_f1(total) == pytest.approx(0.9)
    assert macro_f1(total) == pytest.approx((18 / 19 + 0) / 2)


def test_prevalence_is_the_share_of_articles_with_a_label() -> None:
    coded, assigned = random_labels(0)

    total = totals(coded, assigned)

    assert_allclose(prevalence_coded(total), coded.mean(axis=0))
    assert_allclose(prevalence_assigned(total), assigned.mean(axis=0))


# --- figures of counts, what holds of all of them


@by_name(OF_COUNTS)
@FEW_EXAMPLES
@given(pair=labels())
def test_figures_of_counts_are_proportions(metric: Metric, pair: tuple[Bools, Bools]) -> None:
    values = metric(totals(*pair))

    defined = values[~np.isnan(values)]
    assert np.all((defined >= 0.0) & (defined <= 1.0))


@by_name(OF_COUNTS)
@FEW_EXAMPLES
@given(pair=labels(), random=st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_of_articles(metric: Metric, pair: tuple[Bools, Bools], random: Any) -> None:
    coded, assigned = pair
    order = random.sample(range(len(coded)), len(coded))

    shuffled = metric(totals(coded[order], assigned[order]))

    assert_array_equal(shuffled, metric(totals(coded, assigned)))


@by_name(OF_COUNTS)
@FEW_EXAMPLES
@given(pair=labels(), random=st.randoms(use_true_random=False))
def test_labels_in_another_order_keep_their_figures(metric: Metric, pair: tuple[Bools, Bools], random: Any) -> None:
    coded, assigned = pair
    order = random.sample(range(coded.shape[1]), coded.shape[1])
    expected = metric(totals(coded, assigned))

    shuffled = metric(totals(coded[:, order], assigned[:, order]))

    assert_allclose(shuffled, expected[order] if expected.ndim else expected)


@by_name(SYMMETRIC)
@FEW_EXAMPLES
@given(pair=labels())
def test_figures_are_the_same_with_coder_and_model_exchanged(metric: Metric, pair: tuple[Bools, Bools]) -> None:
    coded, assigned = pair

    exchanged = metric(totals(assigned, coded))

    assert_allclose(exchanged, metric(totals(coded, assigned)))


@FEW_EXAMPLES
@given(labels())
def test_precision_is_recall_with_coder_and_model_exchanged(pair: tuple[Bools, Bools]) -> None:
    coded, assigned = pair

    exchanged = precision(totals(assigned, coded))

    assert_array_equal(exchanged, recall(totals(coded, assigned)))


@by_name([precision, recall, f1, micro_f1, macro_f1])
def test_agreement_in_all_is_1_and_in_nothing_0(metric: Metric) -> None:
    coded = np.array([[True, False], [False, True], [True, True], [False, True]])

    perfect, inverse = metric(totals(coded, coded)), metric(totals(coded, ~coded))

    assert np.all(perfect == 1.0)
    assert np.all(inverse == 0.0)


@FEW_EXAMPLES
@given(labels())
def test_figures_of_labels_are_undefined_exactly_where_nothing_can_be_told(pair: tuple[Bools, Bools]) -> None:
    coded, assigned = pair
    no_coded, no_assigned = ~coded.any(axis=0), ~assigned.any(axis=0)

    total = totals(coded, assigned)

    assert_array_equal(np.isnan(precision(total)), no_assigned)
    assert_array_equal(np.isnan(recall(total)), no_coded)
    assert_array_equal(np.isnan(f1(total)), no_coded & no_assigned)
    assert np.isnan(micro_f1(total)) == np.isnan(macro_f1(total)) == (no_coded & no_assigned).all()
    assert not np.isnan([prevalence_coded(total), prevalence_assigned(total)]).any()


@by_name(OF_COUNTS)
def test_of_no_articles_no_figure_is_defined(metric: Metric) -> None:
    values = metric(np.zeros((4, 3)))

    assert np.isnan(values).all()


@by_name(OF_COUNTS)
@pytest.mark.parametrize("leading", [(3,), (2, 3)])
def test_figures_of_several_sums_equal_those_of_each(metric: Metric, leading: tuple[int, ...]) -> None:
    counts = np.random.default_rng(4).integers(0, 3, (*leading, 4, 5)).astype(float)
    each = [metric(counts[place]) for place in np.ndindex(leading)]

    found = metric(counts)

    assert_array_equal(found, np.reshape(each, (*leading, *each[0].shape)))


# --- sets of labels


@pytest.mark.parametrize(
    ("ours", "theirs"), [(article_f1, f1_score), (article_jaccard, jaccard_score)], ids=["f1", "jaccard"]
)
@SEEDS
def test_means_over_articles_equal_scikit_learn_s(ours: Metric, theirs: Callable[..., Any], seed: int) -> None:
    coded, assigned = random_labels(seed)
    coded[:3] = assigned[:3] = False  # articles without a label on either side

    found = ours(coded, assigned).mean()

    assert found == pytest.approx(theirs(coded, assigned, average="samples", zero_division=1.0), rel=1e-12)


@SEEDS
def test_exactness_is_subset_accuracy(seed: int) -> None:
    coded, assigned = random_labels(seed, n_labels=4)

    found = article_exact(coded, assigned)

    assert found.mean() == pytest.approx(accuracy_score(coded, assigned))
    assert 0 < found.mean() < 1


def test_sets_of_labels_compare_as_worked_out_by_hand() -> None:
    coded = np.array([[True, True, False], [True, False, False], [False, False, False], [False, False, False]])
    assigned = np.array([[True, False, True], [True, False, False], [False, False, False], [True, False, False]])

    found = [metric(coded, assigned).tolist() for metric in OF_ARTICLES]

    assert found == [[0.5, 1.0, 1.0, 0.0], [1 / 3, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]]


@by_name(OF_ARTICLES)
@FEW_EXAMPLES
@given(pair=labels())
def test_likeness_of_articles_is_a_proportion_and_the_same_exchanged(metric: Metric, pair: tuple[Bools, Bools]) -> None:
    coded, assigned = pair

    found = metric(coded, assigned)

    assert np.all((found >= 0.0) & (found <= 1.0))
    assert_array_equal(found, metric(assigned, coded))


@by_name(OF_ARTICLES)
@FEW_EXAMPLES
@given(pair=labels())
def test_an_article_is_wholly_like_itself_and_unlike_its_inverse(metric: Metric, pair: tuple[Bools, Bools]) -> None:
    coded, _ = pair

    same, inverse = metric(coded, coded), metric(coded, ~coded)

    assert np.all(same == 1.0)
    assert np.all(inverse == 0.0)


@FEW_EXAMPLES
@given(labels())
def test_exactness_is_at_most_jaccard_and_that_at_most_f1(pair: tuple[Bools, Bools]) -> None:
    exact, jaccard, samples_f1 = article_exact(*pair), article_jaccard(*pair), article_f1(*pair)

    assert np.all(exact <= jaccard)
    assert np.all(jaccard <= samples_f1)


# --- one answer


def test_confusion_equals_scikit_learn_s() -> None:
    said, meant = np.random.default_rng(1).integers(0, 4, (2, 60))

    found = confusion(said[:, None] == np.arange(4), meant[:, None] == np.arange(4))

    assert_array_equal(found, confusion_matrix(said, meant))


def test_an_article_without_an_answer_is_confused_with_nothing() -> None:
    coded = np.array([[True, False], [False, True], [False, False]])
    assigned = np.array([[False, True], [False, False], [True, False]])

    found = confusion(coded, assigned)

    assert found.tolist() == [[0, 1], [0, 0]]


# --- average precision


@pytest.mark.parametrize("steps", [3, 20, 10**9], ids=["many-ties", "some-ties", "no-ties"])
@SEEDS
def test_average_precision_equals_scikit_learn_s(seed: int, steps: int) -> None:
    coded = random_labels(seed)[0][:, 2:]
    assert coded.any(axis=0).all()
    probability = random_probability(seed, coded.shape, steps)

    found = average_precision(coded, probability, once_each(len(coded)))

    assert found.shape == (1, 4)
    assert_allclose(found[0], average_precision_score(coded, probability, average=None), rtol=1e-12)


@pytest.mark.parametrize("steps", [3, 20], ids=["many-ties", "some-ties"])
@SEEDS
def test_average_precision_weighs_articles_as_scikit_learn_does(seed: int, steps: int) -> None:
    random = np.random.default_rng(seed)
    coded = random.random(40) < 0.3
    probability = random_probability(seed, (40,), steps)
    times = random.random((40, 3))

    found = average_precision(coded[:, None], probability[:, None], times)

    expected = [average_precision_score(coded, probability, sample_weight=weights) for weights in times.T]
    assert_allclose(found[:, 0], expected, rtol=1e-12)


@FEW_EXAMPLES
@given(probabilities(), st.integers(0, 2**32 - 1))
def test_articles_that_count_n_times_equal_n_articles(pair: tuple[Bools, Floats], seed: int) -> None:
    coded, probability = pair
    times = np.random.default_rng(seed).integers(0, 4, len(coded))
    repeated = np.repeat(coded, times, axis=0), np.repeat(probability, times, axis=0)

    weighed = average_precision(coded, probability, times[:, None].astype(np.float32))

    assert_allclose(weighed, average_precision(*repeated, once_each(times.sum())), rtol=1e-6)


@FEW_EXAMPLES
@given(probabilities())
def test_average_precision_is_a_proportion_undefined_exactly_where_nothing_is_coded(pair: tuple[Bools, Floats]) -> None:
    coded, probability = pair

    (found,) = average_precision(coded, probability, once_each(len(coded)))

    assert_array_equal(np.isnan(found), ~coded.any(axis=0))
    assert np.all((found > 0.0) & (found <= 1.0) | np.isnan(found))


@FEW_EXAMPLES
@given(probabilities(), st.randoms(use_true_random=False))
def test_average_precision_does_not_depend_on_the_order_of_articles(pair: tuple[Bools, Floats], random: Any) -> None:
    coded, probability = pair
    order = random.sample(range(len(coded)), len(coded))

    shuffled = average_precision(coded[order], probability[order], once_each(len(coded)))

    assert_allclose(shuffled, average_precision(coded, probability, once_each(len(coded))), rtol=1e-12)


def test_average_precision_asks_for_the_order_of_probabilities_only() -> None:
    coded = random_labels(0)[0][:, 2:]
    probability = random_probability(0, coded.shape)
    n = once_each(len(coded))

    squeezed = average_precision(coded, probability**3 / 7, n)

    assert_array_equal(squeezed, average_precision(coded, probability, n))


def test_average_precision_is_1_where_coded_articles_come_first_and_the_share_coded_where_all_are_tied() -> None:
    coded = np.array([[True, True], [True, True], [False, False], [False, False], [False, False]])
    probability = np.array([[0.9, 0.4], [0.8, 0.4], [0.7, 0.4], [0.1, 0.4], [0.1, 0.4]])

    found = average_precision(coded, probability, once_each(5))

    assert_allclose(found, [[1.0, 0.4]])


def test_average_precision_as_worked_out_by_hand() -> None:
    coded = np.array([[True], [False], [True], [False], [True]])
    probability = np.array([[0.9], [0.8], [0.7], [0.7], [0.1]])

    found = average_precision(coded, probability, once_each(5))

    # recall moves by a third at each coded article: precision 1/1, then 2/4 (two come in together), then 3/5
    assert found[0, 0] == pytest.approx((1 + 2 / 4 + 3 / 5) / 3)


def test_average_precision_is_undefined_in_resamples_without_a_coded_article() -> None:
    coded, probability = np.array([[True], [False]]), np.array([[0.9], [0.1]])
    times = np.array([[0.0, 2.0], [2.0, 0.0]])

    found = average_precision(coded, probability, times)

    assert_array_equal(found, [[np.nan], [1.0]])


def test_average_precision_of_no_labels_is_of_no_labels() -> None:
    found = average_precision(np.zeros((3, 0), bool), np.zeros((3, 0)), np.ones((3, 5)))

    assert found.shape == (5, 0)


# --- Brier score and calibration error


@SEEDS
def test_the_brier_score_equals_scikit_learn_s(seed: int) -> None:
    coded, _ = random_labels(seed)
    probability = random_probability(seed, coded.shape)

    found = article_brier(coded, probability).mean(axis=0)

    columns = zip(coded.T.astype(int), probability.T, strict=True)
    assert_allclose(found, [brier_score_loss(*column, pos_label=1, labels=[0, 1]) for column in columns], rtol=1e-12)


@FEW_EXAMPLES
@given(probabilities())
def test_the_brier_score_is_a_proportion_and_0_of_who_is_sure_and_right(pair: tuple[Bools, Floats]) -> None:
    coded, probability = pair

    found = article_brier(coded, probability)

    assert np.all((found >= 0.0) & (found <= 1.0))
    assert not article_brier(coded, coded.astype(float)).any()
    assert np.all(article_brier(coded, ~coded * 1.0) == 1.0)


@pytest.mark.parametrize("tenth", range(11))
def test_a_bin_holds_its_upper_edge(tenth: int) -> None:
    edge = np.array([[tenth / 10]])

    (((here,), (probability,), (coded,)),) = article_bins(np.array([[True]]), edge).swapaxes(-1, -2)

    assert here.argmax() == coded.argmax() == max(tenth - 1, 0)  # the first holds 0 too
    assert (here.sum(), probability.sum(), coded.sum()) == (1.0, tenth / 10, 1.0)


@FEW_EXAMPLES
@given(probabilities())
def test_every_article_lies_in_one_bin_with_its_probability_and_its_code(pair: tuple[Bools, Floats]) -> None:
    coded, probability = pair

    bins = article_bins(coded, probability)

    assert bins.shape == (len(coded), 3, BINS, coded.shape[1])
    assert_array_equal(np.count_nonzero(bins[:, 0], axis=1), 1)
    assert_array_equal(bins.sum(axis=2), np.stack([np.ones(coded.shape), probability, coded], axis=1))


def calibration_by_loop(coded: Bools, probability: Floats) -> float:
    """Return the error as Guo et al. (2017), equation 3, has it."""
    error = 0.0
    for low in range(10):
        inside = (probability > low / 10) & (probability <= (low + 1) / 10) | (low == 0) & (probability == 0)
        if inside.any():
            error += inside.sum() * abs(coded[inside].mean() - probability[inside].mean())
    return error / len(coded)


@SEEDS
def test_the_calibration_error_equals_that_of_a_plain_loop(seed: int) -> None:
    coded, _ = random_labels(seed, n_articles=200)
    probability = random_probability(seed, coded.shape)

    found = calibration_error(article_bins(coded, probability).sum(axis=0))

    expected = [calibration_by_loop(*column) for column in zip(coded.T, probability.T, strict=True)]
    assert_allclose(found, expected, rtol=1e-9)


def test_the_calibration_error_as_worked_out_by_hand() -> None:
    coded = np.array([[True], [False], [True], [True], [False]])
    probability = np.array([[0.62], [0.68], [0.95], [0.97], [0.2]])

    found = calibration_error(article_bins(coded, probability).sum(axis=0))

    # .6 to .7: mean .65, one of two coded; .9 to 1: mean .96, both coded; .1 to .2: .2, none coded
    assert found == pytest.approx([(2 * 0.15 + 2 * 0.04 + 1 * 0.2) / 5])


@FEW_EXAMPLES
@given(probabilities())
def test_the_calibration_error_is_a_proportion_and_0_of_who_is_sure_and_right(pair: tuple[Bools, Floats]) -> None:
    coded, probability = pair

    found = calibration_error(article_bins(coded, probability).sum(axis=0))

    assert np.all((found >= 0.0) & (found <= 1.0 + 1e-12))
    assert not calibration_error(article_bins(coded, coded.astype(float)).sum(axis=0)).any()
    assert_allclose(calibration_error(article_bins(coded, ~coded * 1.0).sum(axis=0)), 1.0)


def test_the_calibration_error_of_no_articles_is_not_defined() -> None:
    found = calibration_error(np.zeros((3, BINS, 2)))

    assert_array_equal(found, [np.nan, np.nan])


def test_calibration_errors_of_several_sums_equal_those_of_each() -> None:
    coded, _ = random_labels(0)
    bins = article_bins(coded, random_probability(0, coded.shape)).reshape(2, 5, 4, 3, BINS, -1).sum(axis=2)

    found = calibration_error(bins)

    assert found.shape == (2, 5, 6)
    for place in np.ndindex(2, 5):
        assert_array_equal(found[place], calibration_error(bins[place]))


# --- which side

FAVOR, AGAINST, NONE = range(3)
SIDES = np.array([True, True, False])
# Mohammad et al. (2016), tables 2 and 3: the test tweets of each target of task A, in favor, against and neither.
SEMEVAL = {
    "Atheism": (32, 160, 28),
    "Climate Change": (123, 11, 35),
    "Feminist Movement": (58, 183, 44),
    "Hillary Clinton": (45, 172, 78),
    "Legalization of Abortion": (46, 189, 45),
}


def test_sides_score_as_the_published_majority_class_of_semeval_2016() -> None:
    coded = np.concatenate([np.repeat(range(3), counts) for counts in SEMEVAL.values()])
    majority = np.concatenate([np.repeat(np.argmax(counts), sum(counts)) for counts in SEMEVAL.values()])

    total = totals(coded[:, None] == np.arange(3), majority[:, None] == np.arange(3))

    assert f1(total)[[FAVOR, AGAINST]] == pytest.approx([0.5201, 0.7844], abs=5e-5)
    assert sides_f1(total, SIDES) == pytest.approx(0.6522, abs=5e-5)


@FEW_EXAMPLES
@given(labels())
def test_sides_score_the_mean_of_their_f1(pair: tuple[Bools, Bools]) -> None:
    coded, assigned = pair
    sides = np.arange(coded.shape[1]) != coded.shape[1] - 1
    total = totals(coded, assigned)

    found = sides_f1(total, sides)

    assert_array_equal(found, macro_f1(totals(coded[:, :-1], assigned[:, :-1])))


def test_sides_of_several_sums_equal_those_of_each() -> None:
    counts = np.random.default_rng(3).integers(0, 3, (2, 5, 4, 3)).astype(float)
    each = [sides_f1(counts[place], SIDES) for place in np.ndindex(2, 5)]

    found = sides_f1(counts, SIDES)

    assert_array_equal(found, np.reshape(each, (2, 5)))


def test_of_no_side_nothing_is_defined() -> None:
    total = totals(np.array([[False, False, True]]), np.array([[False, False, True]]))

    assert np.isnan(sides_f1(total, SIDES))
