"""Comparing two coders on the same articles and the same draws."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from made_up import answers, codebook, head
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from classifier.codebook import Codebook, blocks
from classifier.decide import Scores
from training.compare import Comparison, Difference, compare, compared, paired
from training.labels import Coded
from training.predictions import Predictions
from training.questions import Judged, judged
from training.resampling import Figure
from training.splits import Split

Bools = NDArray[np.bool_]

FRUIT = ("apple", "pear", "plum")
MANY = codebook(head("fruit", "many-of", FRUIT))
ONE = codebook(head("fruit", "one-of", FRUIT))
KINDS = pytest.mark.parametrize("kind", ["many-of", "one-of"])


def only_question(
    book: Codebook, coding: Coded, *, unlearned: Sequence[int] = (), unasked: Sequence[int] = ()
) -> Judged:
    """Return the question as a model has it that is right, but did not learn some labels or see some articles."""
    probability = np.where(coding == 1, np.float32(0.9), np.float32(0.1))
    probability[:, list(unlearned)] = np.nan
    probability[list(unasked)] = np.nan
    (found,) = judged(book, coding, Scores(probability, (coding == 1) & ~np.isnan(probability)))
    return found


def coder(kind: str, errors: float, *, seed: int, n: int = 200) -> Judged:
    """Return a coder who errs so often; all of one kind are of the same articles, and err on some of them together."""
    random = np.random.default_rng(0)
    block = blocks(MANY if kind == "many-of" else ONE)[0]
    said, hard = random.integers(0, 3, n), random.random(n)
    own = np.random.default_rng(seed)
    wrong = (hard + own.normal(0, 0.1, n)) < errors
    meant = np.where(wrong, (said + own.integers(1, 3, n)) % 3, said)
    coded, assigned = (answer[:, None] == np.arange(3) for answer in (said, meant))
    if kind == "many-of":
        also = random.random((n, 3)) < 0.2
        coded, assigned = coded | also, assigned | also
    probability = np.where(assigned, 0.8, 0.1)
    return Judged(block, np.ones(3, dtype=bool), {}, np.arange(n), coded, assigned, probability)


def by_article(first: Judged, second: Judged, seed: int = 0) -> Comparison:
    return compared(first, second, np.arange(len(first.rows)), seed)


def differences(comparison: Comparison) -> dict[str, Difference]:
    return comparison.measures | {f"label.{key}": found for key, found in comparison.labels.items()}


def width(figure: Figure) -> float:
    return figure.high - figure.low


# --- the same articles and labels


def test_coders_are_paired_on_the_articles_that_both_scored() -> None:
    coding = answers(MANY, [["apple"], ["pear"], ["plum"], ["apple", "pear", "plum"], []])
    first, second = only_question(MANY, coding, unasked=[0]), only_question(MANY, coding, unasked=[2])

    one, other = paired(first, second)

    assert one.rows.tolist() == other.rows.tolist() == [1, 3, 4]
    assert_array_equal(one.coded, coding[[1, 3, 4]] == 1)
    assert_array_equal(other.coded, one.coded)
    assert len(one.probability) == len(other.assigned) == 3


def test_coders_are_paired_on_the_labels_that_both_learned() -> None:
    coding = answers(MANY, [["apple"], ["pear"], ["plum"], ["apple", "pear", "plum"]])
    first, second = only_question(MANY, coding, unlearned=[0]), only_question(MANY, coding)

    one, other = paired(first, second)

    assert one.keys == other.keys == ["pear", "plum"]
    assert one.rows.tolist() == other.rows.tolist() == [0, 1, 2, 3]  # about nothing that both learned, is an answer
    assert_array_equal(other.assigned, coding[:, 1:] == 1)


def test_of_one_answer_articles_are_paired_whose_answer_both_learned() -> None:
    book = codebook(head("fruit", "one-of", (*FRUIT, "fig")))
    coding = answers(book, [["apple"], ["pear"], ["plum"], ["fig"], ["plum"]])
    first, second = only_question(book, coding, unlearned=[0]), only_question(book, coding, unlearned=[1])

    one, other = paired(first, second)

    assert one.keys == other.keys == ["plum", "fig"]
    assert one.rows.tolist() == other.rows.tolist() == [2, 3, 4]
    assert_array_equal(one.coded, [[True, False], [False, True], [True, False]])
    assert_array_equal(other.coded, one.coded)


@KINDS
def test_of_one_answer_articles_are_left_out_whose_answer_is_not_compared(kind: str) -> None:
    first = coder(kind, 0.3, seed=1)
    fewer = first.with_labels(np.array([True, True, False]))

    one, other = paired(first, fewer)

    assert_array_equal(one.coded, other.coded)
    assert one.coded.any(axis=1).all() == (kind == "one-of")
    assert len(one.rows) == (200 if kind == "many-of" else first.coded[:, :2].any(axis=1).sum())


@pytest.mark.parametrize("exchanged", [False, True])
def test_coders_without_an_article_in_common_are_not_paired(exchanged: bool) -> None:
    coding = answers(MANY, [["apple"], ["apple"]])
    both = only_question(MANY, coding, unasked=[0]), only_question(MANY, coding, unasked=[1])

    assert paired(*(both[::-1] if exchanged else both)) is None


def test_coders_without_a_label_in_common_are_not_paired() -> None:
    coding = answers(MANY, [["apple"], ["pear"], ["plum"]])

    assert paired(only_question(MANY, coding, unlearned=[0]), only_question(MANY, coding, unlearned=[1, 2])) is None


def test_coders_with_one_answer_in_common_of_one_are_not_paired() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    coding = answers(book, [["apple"], ["pear"], ["plum"]] * 10)
    ours, theirs = (coding == 1, coding == 1)
    values = [np.where(said, 0.9, 0.1).astype(np.float32) for said in (ours, theirs)]
    values[0][:, 2], values[1][:, 1] = np.nan, np.nan  # one never learned plum, the other never pear

    one, other = (next(iter(judged(book, coding, Scores(p, coding == 1)))) for p in values)

    assert paired(one, other) is None


def test_a_coder_is_paired_with_itself_as_it_is() -> None:
    question = coder("one-of", 0.3, seed=1)

    one, other = paired(question, question)

    for name in ("rows", "coded", "assigned", "probability", "kept"):
        assert_array_equal(getattr(one, name), getattr(question, name))
        assert_array_equal(getattr(other, name), getattr(question, name))


# --- differences


@KINDS
def test_a_coder_does_not_differ_from_itself(kind: str) -> None:
    question = coder(kind, 0.3, seed=1)

    found = by_article(question, question)

    for difference in differences(found).values():
        assert difference.first == difference.second
        assert difference.difference == Figure(0.0, 0.0, 0.0)
        assert difference.p == 1.0


@KINDS
def test_a_coder_does_not_differ_from_one_who_says_the_same_without_probabilities(kind: str) -> None:
    question = coder(kind, 0.3, seed=1)

    found = by_article(question, question.said_by(question.assigned))

    assert "brier" not in found.measures
    for difference in differences(found).values():
        figure = difference.difference
        assert (figure.value, figure.low, figure.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
        assert difference.p > 0.5


@KINDS
def test_a_better_coder_differs_clearly(kind: str) -> None:
    worse, better = coder(kind, 0.45, seed=1), coder(kind, 0.15, seed=2)

    found = by_article(worse, better)

    assert {"brier", "ece"} < found.measures.keys()
    for key, difference in differences(found).items():
        figure = difference.difference
        assert figure.value == pytest.approx(difference.second.value - difference.first.value)
        if key == "brier":
            assert figure.low < figure.value < figure.high < 0
        elif key != "ece":  # which says how sure a coder is, not how right
            assert 0 < figure.low < figure.value < figure.high
        assert key == "ece" or 0 < difference.p < 0.01


@KINDS
def test_coders_exchanged_differ_by_the_opposite(kind: str) -> None:
    first, second = coder(kind, 0.35, seed=1), coder(kind, 0.3, seed=2)

    forth, back = differences(by_article(first, second)), differences(by_article(second, first))

    assert forth.keys() == back.keys()
    for key, difference in forth.items():
        opposite = back[key]
        assert (difference.first, difference.second) == (opposite.second, opposite.first)
        assert difference.difference.value == -opposite.difference.value
        assert difference.difference.low == pytest.approx(-opposite.difference.high)
        assert difference.difference.high == pytest.approx(-opposite.difference.low)
        assert difference.p == opposite.p


@KINDS
def test_drawing_the_same_articles_for_both_narrows_the_interval_of_coders_who_err_together(kind: str) -> None:
    first, second = coder(kind, 0.35, seed=1), coder(kind, 0.3, seed=2)

    found = by_article(first, second)

    for difference in differences(found).values():
        unpaired = np.hypot(width(difference.first), width(difference.second))
        assert width(difference.difference) < 0.85 * unpaired


def test_drawing_outlets_widens_the_interval_where_the_difference_is_an_outlet_s() -> None:
    first, outlets = coder("one-of", 0.0, seed=1), np.repeat(np.arange(20), 10)
    bad = (outlets % 4 == 0)[:, None]
    second = first.said_by(np.where(bad, np.roll(first.coded, 1, axis=1), first.coded))

    by_outlet = compared(first, second, outlets, 0).measures["accuracy"].difference
    apart = by_article(first, second).measures["accuracy"].difference

    assert by_outlet.value == apart.value
    assert width(by_outlet) > 2 * width(apart)


def test_a_comparison_names_its_question_measures_and_labels() -> None:
    first, second = coder("one-of", 0.3, seed=1), coder("one-of", 0.3, seed=2)

    found = by_article(first, second)

    assert (found.name, found.n_articles) == ("fruit", 200)
    assert found.titles == {
        "accuracy": "accuracy",
        "macro_f1": "macro F1",
        "macro_average_precision": "mean average precision",
        "brier": "Brier",
        "ece": "calibration error",
    }
    assert list(found.measures) == list(found.titles)
    assert list(found.labels) == list(FRUIT)


@pytest.mark.parametrize("exchanged", [False, True])
def test_measures_of_probabilities_are_compared_only_where_both_have_them(exchanged: bool) -> None:
    both = coder("one-of", 0.3, seed=1), coder("one-of", 0.3, seed=2)
    both = (both[0], both[1].said_by(both[1].assigned))

    found = by_article(*(both[::-1] if exchanged else both))

    assert list(found.measures) == ["accuracy", "macro_f1"]


def test_the_same_seed_gives_the_same_comparison_and_another_seed_another() -> None:
    first, second = coder("one-of", 0.35, seed=1), coder("one-of", 0.3, seed=2)

    one, again, other = (by_article(first, second, seed) for seed in (1, 1, 2))

    assert one == again
    assert one != other


def test_one_article_is_compared_without_intervals_and_p_values() -> None:
    first, second = (coder("one-of", 0.3, seed=seed).among(np.arange(200) == 0) for seed in (1, 2))

    found = by_article(first, second).measures["accuracy"]

    assert found.difference.value is not None
    assert found.difference.undefined == "too little to draw from"
    assert found.p is None


def test_a_difference_from_what_is_not_defined_is_not_defined() -> None:
    coded = np.array([[True, False, False]] * 10)
    block = blocks(MANY)[0]
    never = Judged(block, np.ones(3, dtype=bool), {}, np.arange(10), coded, coded, None)
    once = never.said_by(coded | (np.arange(10) == 0)[:, None] & [False, True, False])

    found = by_article(never, once).labels["pear"]

    assert found.first.value is None
    assert found.second.value == 0.0
    assert found.difference == Figure(None, undefined="neither coded nor assigned")


# --- whole predictions


def predictions(book: Codebook, coding: Coded, *, unlearned: Sequence[int] = ()) -> Predictions:
    """Return what a model says of articles that stand in four outlets; it is right where it learned a label."""
    n = len(coding)
    frame = pl.DataFrame({"id": [f"a{i}" for i in range(n)], "outlet": [f"outlet {i % 4}" for i in range(n)]})
    probability = np.where(coding == 1, np.float32(0.9), np.float32(0.1))
    probability[:, list(unlearned)] = np.nan
    scores = Scores(probability, (coding == 1) & ~np.isnan(probability))
    return Predictions(book, frame, coding, scores, Split("outlet", "", 0, 0))


def test_questions_are_compared_that_both_answer_with_the_same_labels() -> None:
    sour = head("sour", "one-of", ("yes", "no"))
    first_book = codebook(head("fruit", "many-of", FRUIT), sour, head("ripe", "one-of", ("yes", "no")))
    second_book = codebook(sour, head("fruit", "many-of", FRUIT), head("ripe", "one-of", ("yes", "partly", "no")))
    fruit, yes_no = [["apple"], ["pear"], ["plum"], ["apple"]] * 5, [["yes"], ["no"]] * 10
    first = predictions(first_book, answers(first_book, fruit, yes_no, yes_no), unlearned=[0])
    second = predictions(second_book, answers(second_book, yes_no, fruit, yes_no))

    found = list(compare(first, second, "article", 0))

    assert [(one.name, one.n_articles, list(one.labels)) for one in found] == [
        ("fruit", 20, list(FRUIT)),
        ("sour", 20, ["yes", "no"]),
    ]
    assert found[0].labels["apple"].difference.low > 0  # what one of them has not learned counts as never assigned


def test_a_question_that_one_of_them_was_not_coded_for_is_not_compared() -> None:
    fruit = [["apple"], ["pear"], ["plum"], ["apple"]] * 5
    first = predictions(ONE, answers(ONE, fruit))
    second = predictions(ONE, answers(ONE, [None] * 20))

    assert list(compare(first, second, "article", 0)) == []


def test_predictions_are_compared_by_drawing_articles_or_outlets() -> None:
    fruit = [["apple"], ["pear"], ["plum"], ["apple"]] * 10
    first = predictions(ONE, answers(ONE, fruit))
    second = predictions(ONE, answers(ONE, fruit))
    second.scores.assigned[::4] = [False, True, False]  # all wrong in the first outlet

    by_article, by_outlet = (
        next(compare(first, second, cluster, 0)).measures["accuracy"].difference for cluster in ("article", "outlet")
    )

    assert by_article.value == by_outlet.value == -0.25
    assert (by_outlet.low, by_outlet.high) == (-0.75, 0.0)  # three of four draws are that outlet, or none
    assert width(by_article) == pytest.approx(2 * 1.96 * np.sqrt(0.25 * 0.75 / 40), rel=0.15)
