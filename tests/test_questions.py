"""Which articles and labels of a question are judged, and the table of measures that judges them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_up import answers, codebook, head
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from classifier.codebook import Codebook, blocks
from classifier.decide import Scores
from training import metrics
from training.labels import Coded
from training.questions import (
    OF_LABEL,
    OF_MANY,
    OF_ONE,
    SIDES,
    Judged,
    judged,
    label_measures_of,
    measure,
    measures_of,
)
from training.resampling import RESAMPLES

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FRUIT = ("apple", "pear", "plum")
MANY = codebook(head("fruit", "many-of", FRUIT))
ONE = codebook(head("fruit", "one-of", FRUIT))
VIEW = head("view", "one-of-per-label", ("for", "against"), of="fruit")
VIEW["target"] = [{"label": "apple", "target": "apples"}, {"label": "pear", "target": "pears"}]
BOOKS = pytest.mark.parametrize("book", [MANY, ONE], ids=["many-of", "one-of"])


def sided(kind: str) -> Codebook:
    """Return a codebook with 'neither' beside two sides."""
    table = head("view", kind, ("for", "against", "neither"))
    table["label"][2]["alone"] = True
    return codebook(table)


def scored(coded: Coded, *, unlearned: Sequence[int] = (), unasked: Sequence[int] = ()) -> Scores:
    """Return scores that are right and sure, NaN in columns not learned and in rows of articles not scored."""
    assigned = coded == 1
    probability = np.where(assigned, np.float32(0.9), np.float32(0.2))
    probability[:, list(unlearned)] = np.nan
    probability[list(unasked)] = np.nan
    return Scores(probability, assigned & ~np.isnan(probability))


def only(found: Any) -> Any:
    (one,) = found
    return one


def random_question(kind: str, *, seed: int = 0, n: int = 60, book: Codebook | None = None) -> Judged:
    """Return a question whose coded and assigned labels agree more than by chance, with probabilities that are tied."""
    random = np.random.default_rng(seed)
    block = blocks(book or codebook(head("fruit", kind, FRUIT)))[0]
    if kind == "many-of":
        coded = random.random((n, 3)) < [0.5, 0.3, 0.2]
        assigned = coded ^ (random.random((n, 3)) < 0.2)
    else:
        said = random.choice(3, n, p=[0.5, 0.3, 0.2])
        meant = np.where(random.random(n) < 0.7, said, random.integers(0, 3, n))
        coded, assigned = (answer[:, None] == np.arange(3) for answer in (said, meant))
    probability = np.where(assigned, 0.7, 0.2) + random.integers(-2, 3, (n, 3)) / 10
    return Judged(block, np.ones(3, dtype=bool), {}, np.arange(n) * 2, coded, assigned, probability)


# --- which articles and labels


@BOOKS
def test_all_articles_that_were_coded_and_scored_are_judged(book: Codebook) -> None:
    coding = answers(book, [["apple"], None, ["pear"], ["plum"], ["apple"]])

    found = only(judged(book, coding, scored(coding, unasked=[3, 4])))  # of the plum nothing is left

    assert found.rows.tolist() == [0, 2]
    assert found.keys == ["apple", "pear"]
    assert found.coded.tolist() == found.assigned.tolist() == [[True, False], [False, True]]
    assert_allclose(found.probability, [[0.9, 0.2], [0.2, 0.9]])
    assert found.probability.dtype == np.float64


def test_an_article_that_is_about_nothing_is_judged_where_answers_may_be_none() -> None:
    coding = answers(MANY, [["apple"], [], ["pear", "plum"]])

    found = only(judged(MANY, coding, scored(coding)))

    assert found.rows.tolist() == [0, 1, 2]
    assert found.keys == list(FRUIT)
    assert found.left_out == {}


@BOOKS
def test_labels_are_left_out_that_no_article_was_coded_with_or_that_were_not_learned(book: Codebook) -> None:
    book = codebook({**head("fruit", book.heads[0].kind, (*FRUIT, "fig"))})
    coding = answers(book, [["apple"], ["pear"], ["plum"], ["apple"], ["plum"]])

    found = only(judged(book, coding, scored(coding, unlearned=[2])))

    nothing = "neither coded nor assigned"
    assert found.left_out == {"plum": "not learned, for want of coded articles; coded in 2 here", "fig": nothing}
    assert found.keys == ["apple", "pear"]
    assert found.kept.tolist() == [True, True, False, False]


def test_a_label_is_left_out_that_was_coded_only_in_articles_that_were_not_scored() -> None:
    coding = answers(MANY, [["apple"], ["pear"], ["plum"]])

    found = only(judged(MANY, coding, scored(coding, unasked=[2])))

    assert found.left_out == {"plum": "neither coded nor assigned"}


def test_a_label_that_is_assigned_where_nobody_coded_it_counts_as_wrong() -> None:
    coding = answers(MANY, [["apple"], ["pear"]] * 10)
    scores = scored(coding)
    scores.assigned[:, 2] = True

    found = only(judged(MANY, coding, scores))

    assert found.keys == list(FRUIT)
    values = measure(found, OF_MANY[:2], np.arange(20), 0).value
    assert float(values[OF_MANY[0]][0]) == pytest.approx(2 * 20 / (2 * 20 + 20))
    assert float(values[OF_MANY[1]][0]) == pytest.approx(2 / 3)


def test_of_one_answer_articles_whose_answer_is_not_judged_are_left_out() -> None:
    coding = answers(ONE, [["plum"], ["apple"], ["plum"], ["pear"]])

    found = only(judged(ONE, coding, scored(coding, unlearned=[2])))

    assert found.rows.tolist() == [1, 3]
    assert found.coded.tolist() == [[True, False], [False, True]]
    assert len(found.assigned) == len(found.probability) == 2


def test_of_many_answers_articles_whose_answer_is_not_judged_stay() -> None:
    coding = answers(MANY, [["plum"], ["apple"], ["plum"], ["pear"]])

    found = only(judged(MANY, coding, scored(coding, unlearned=[2])))

    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.coded.sum(axis=1).tolist() == [0, 1, 0, 1]


def test_a_label_that_one_fold_did_not_learn_has_no_probability_there() -> None:
    coding = answers(MANY, [["apple"], ["pear"], ["plum"]])
    scores = scored(coding)
    scores.probability[0, 2] = np.nan

    found = only(judged(MANY, coding, scores))

    assert_allclose(found.probability, [[0.9, 0.2, 0.0], [0.2, 0.9, 0.2], [0.2, 0.2, 0.9]])
    assert np.isnan(scores.probability[0, 2])  # what was given is left as it was


def test_questions_come_in_the_order_of_the_codebook_each_with_its_columns() -> None:
    book = codebook(head("fruit", "many-of", FRUIT), head("sour", "one-of", ("yes", "no")), VIEW)
    sour = [["yes"], ["no"], ["no"]]
    coding = answers(book, [["apple"], ["pear"], ["plum"]], sour, [["for"], ["against"], None], [None] * 3)

    *found, (block, why) = judged(book, coding, scored(coding))

    assert [one.name for one in found] == ["fruit", "sour", "view.apple"]
    assert [one.coded.argmax(axis=1).tolist() for one in found] == [[0, 1, 2], [0, 1, 1], [0, 1]]
    assert (block.target, why) == ("pear", "not coded")


@BOOKS
def test_a_question_that_nobody_coded_is_not_judged(book: Codebook) -> None:
    coding = answers(book, [None, None])

    block, why = only(judged(book, coding, scored(coding)))

    assert (block.head.key, why) == ("fruit", "not coded")


@BOOKS
def test_a_question_of_which_no_coded_article_was_scored_is_not_judged(book: Codebook) -> None:
    coding = answers(book, [["apple"], ["pear"], None])

    _, why = only(judged(book, coding, scored(coding, unasked=[0, 1])))

    assert why == "none of the 2 articles coded for it was scored"


def test_one_answer_alone_is_not_judged_since_nothing_can_be_told_from_it() -> None:
    coding = answers(ONE, [["apple"], ["plum"], ["apple"]])

    _, why = only(judged(ONE, coding, scored(coding, unlearned=[2])))

    expected = "pear: neither coded nor assigned; plum: not learned, for want of coded articles; coded in 1 here"
    assert why == f"too few answers to tell apart ({expected})"


def test_one_label_of_many_is_judged_and_none_is_not() -> None:
    coding = answers(MANY, [["apple"], [], ["plum"]])

    one = only(judged(MANY, coding, scored(coding, unlearned=[2])))
    _, why = only(judged(MANY, coding, scored(coding, unlearned=[0, 2])))

    assert one.keys == ["apple"]
    assert why.startswith(
        "too few answers to tell apart (apple: not learned, for want of coded articles; coded in 1 here;"
    )


# --- the same of others


@pytest.mark.parametrize("some", [np.arange(60) % 3 == 0, np.zeros(60, bool)], ids=["a-third", "none"])
def test_among_keeps_some_articles_and_all_that_is_said_of_them(some: Bools) -> None:
    question = random_question("many-of")

    found = question.among(some)

    for name in ("rows", "coded", "assigned", "probability"):
        assert_array_equal(getattr(found, name), getattr(question, name)[some])
    assert found.keys == list(FRUIT)
    assert question.said_by(question.coded).among(some).probability is None


def test_with_labels_keeps_some_of_the_labels_that_are_judged() -> None:
    coding = answers(MANY, [["apple"], ["plum"], ["plum"]])
    question = only(judged(MANY, coding, scored(coding)))  # apple and plum

    found = question.with_labels(np.array([False, False, True]))

    assert found.keys == ["plum"]
    assert found.coded.tolist() == found.assigned.tolist() == [[False], [True], [True]]
    assert_allclose(found.probability, [[0.2], [0.9], [0.9]])
    assert question.said_by(question.coded).with_labels(found.kept).probability is None


def test_what_somebody_else_said_has_no_probability() -> None:
    question = random_question("one-of")

    found = question.said_by(question.coded)

    assert found.probability is None
    assert found.assigned is question.coded
    assert found.rows is question.rows


# --- measures


def keys(measures: Sequence[Any]) -> list[str]:
    return [one.key for one in measures]


def test_a_question_with_many_answers_is_measured_by_labels_and_by_articles() -> None:
    question = random_question("many-of")

    found = keys(measures_of(question))

    by_articles = ["samples_f1", "jaccard", "subset_accuracy"]
    assert found == ["micro_f1", "macro_f1", *by_articles, "macro_average_precision", "brier", "ece"]
    assert keys(measures_of(question.said_by(question.assigned))) == ["micro_f1", "macro_f1", *by_articles]


def test_a_question_with_one_answer_is_measured_by_accuracy() -> None:
    question = random_question("one-of")

    found = keys(measures_of(question))

    assert found == ["accuracy", "macro_f1", "macro_average_precision", "brier", "ece"]
    assert keys(measures_of(question.said_by(question.assigned))) == ["accuracy", "macro_f1"]


def test_labels_are_measured_with_and_without_probabilities() -> None:
    question = random_question("one-of")

    found = keys(label_measures_of(question))

    shares = ["prevalence_coded", "prevalence_assigned"]
    assert found == ["precision", "recall", "f1", "average_precision", *shares, "brier", "ece"]
    assert keys(label_measures_of(question.said_by(question.coded))) == ["precision", "recall", "f1", *shares]


def test_where_one_answer_says_neither_the_others_are_sides() -> None:
    question = random_question("one-of", book=sided("one-of"))

    assert question.sides.tolist() == [True, True, False]
    assert keys(measures_of(question))[:3] == ["accuracy", "macro_f1", "sides_f1"]
    assert "sides_f1" in keys(measures_of(question.said_by(question.coded)))


def test_sides_are_of_the_labels_that_are_judged() -> None:
    question = random_question("one-of", book=sided("one-of"))

    without_a_side, without_neither = (question.with_labels(np.arange(3) != place) for place in (0, 2))

    assert without_a_side.sides.tolist() == [True, False]
    assert without_neither.sides.tolist() == [True, True]


def test_nothing_takes_a_side_where_no_answer_says_neither_or_answers_are_many() -> None:
    many = random_question("many-of", book=sided("many-of"))
    one = random_question("one-of")

    assert one.sides.tolist() == [False, False, False]
    assert "sides_f1" not in keys(measures_of(one)) + keys(measures_of(many))


def test_the_headline_comes_first_and_keys_are_told_apart() -> None:
    for measures in (OF_MANY, (*OF_ONE, SIDES), OF_LABEL):
        assert len(set(keys(measures))) == len(measures)
    assert keys(OF_MANY)[0] == "micro_f1"
    assert keys(OF_ONE)[0] == "accuracy"


def test_lower_is_better_for_errors_alone() -> None:
    lower = {one.key for one in (*OF_MANY, *OF_ONE, SIDES, *OF_LABEL) if one.lower_is_better}

    assert lower == {"brier", "ece"}


# --- values


def values(question: Judged, *, groups: NDArray[np.intp] | None = None) -> dict[str, Floats]:
    """Return the value of each measure by key, labels' under 'of_label.'."""
    whole, of_label = measures_of(question), label_measures_of(question)
    found = measure(question, (*whole, *of_label), np.arange(len(question.rows)) if groups is None else groups, 0)
    return {m.key: found.value[m][0] for m in whole} | {f"of_label.{m.key}": found.value[m][0] for m in of_label}


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_values_are_those_of_the_metrics(kind: str) -> None:
    question = random_question(kind)
    coded, assigned, p = question.coded, question.assigned, question.probability
    counts = metrics.article_counts(coded, assigned).sum(axis=0)
    bins = metrics.article_bins(coded, p).sum(axis=0)
    ranked = average_precision_score(coded, p, average=None)
    brier = [brier_score_loss(*column) for column in zip(coded.T.astype(int), p.T, strict=True)]
    expected = {
        "micro_f1": metrics.micro_f1(counts),
        "accuracy": (coded == assigned).all(axis=1).mean(),
        "macro_f1": f1_score(coded, assigned, average="macro"),
        "samples_f1": metrics.article_f1(coded, assigned).mean(),
        "jaccard": metrics.article_jaccard(coded, assigned).mean(),
        "subset_accuracy": (coded == assigned).all(axis=1).mean(),
        "macro_average_precision": np.mean(ranked),
        "brier": np.mean(brier),
        "ece": metrics.calibration_error(bins.sum(axis=-1, keepdims=True))[0],
        "of_label.precision": metrics.precision(counts),
        "of_label.recall": metrics.recall(counts),
        "of_label.f1": metrics.f1(counts),
        "of_label.average_precision": ranked,
        "of_label.prevalence_coded": coded.mean(axis=0),
        "of_label.prevalence_assigned": assigned.mean(axis=0),
        "of_label.brier": brier,
        "of_label.ece": metrics.calibration_error(bins),
    }

    found = values(question)

    assert found.keys() <= expected.keys()
    for key, value in found.items():
        assert_allclose(value, expected[key], rtol=1e-12, err_msg=key)


def test_the_f1_of_sides_leaves_out_that_of_neither() -> None:
    question = random_question("one-of", book=sided("one-of"))

    found = values(question)

    assert found["sides_f1"] == pytest.approx(found["of_label.f1"][:2].mean())
    assert found["sides_f1"] != pytest.approx(found["macro_f1"])


def test_resampled_values_are_those_of_the_articles_drawn(monkeypatch) -> None:
    question = random_question("many-of")
    times = np.random.default_rng(1).multinomial(60, np.full(60, 1 / 60), size=5).T.astype(np.float32)
    monkeypatch.setattr("training.questions.draws", lambda *_: iter([times[:, :3], times[:, 3:]]))
    measures = (*measures_of(question), *label_measures_of(question))

    found = measure(question, measures, np.arange(60), 0).resampled

    for resample, counts in enumerate(times.T.astype(int)):
        rows = np.repeat(np.arange(60), counts)
        drawn = replace(
            question,
            rows=rows,
            coded=question.coded[rows],
            assigned=question.assigned[rows],
            probability=question.probability[rows],
        )
        alone = measure(drawn, measures, np.zeros(60, dtype=np.intp), 0).value
        for m in measures:
            assert_allclose(found[m][resample], alone[m][0], rtol=1e-5, err_msg=m.key)


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_there_is_a_value_a_resample_and_label(kind: str) -> None:
    question = random_question(kind)
    whole, of_label = measures_of(question), label_measures_of(question)

    found = measure(question, (*whole, *of_label), np.arange(60), 0)

    assert {found.value[m].shape for m in whole} == {(1,)}
    assert {found.value[m].shape for m in of_label} == {(1, 3)}
    assert {found.resampled[m].shape for m in whole} == {(RESAMPLES,)}
    assert {found.resampled[m].shape for m in of_label} == {(RESAMPLES, 3)}


def test_the_same_seed_gives_the_same_figures_and_another_seed_other_intervals() -> None:
    question = random_question("many-of")
    headline = measures_of(question)[:1]

    first, again, other = (measure(question, headline, np.arange(60), seed).figure(headline[0]) for seed in (1, 1, 2))

    assert first == again
    assert first.value == other.value
    assert (first.low, first.high) != (other.low, other.high)


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_intervals_hold_their_figures(kind: str) -> None:
    question = random_question(kind, n=200)
    whole, of_label = ([m for m in some(question) if m.key != "ece"] for some in (measures_of, label_measures_of))

    found = measure(question, (*whole, *of_label), np.arange(200), 0)  # calibration errors are biased upward

    figures = [found.figure(m) for m in whole] + [one for m in of_label for one in found.figures(m)]
    assert len(figures) == len(whole) + 3 * len(of_label)
    assert all(0 < one.low < one.value < one.high < 1 for one in figures)


def test_one_article_has_figures_without_intervals() -> None:
    question = random_question("many-of").among(np.arange(60) == 0)
    whole, of_label = measures_of(question), label_measures_of(question)

    found = measure(question, (*whole, *of_label), np.arange(1), 0)

    assert all(found.resampled[m].shape == (0,) for m in whole)
    assert all(found.resampled[m].shape == (0, 3) for m in of_label)
    brier = found.figure(next(m for m in whole if m.key == "brier"))
    assert brier.value is not None
    assert (brier.low, brier.high, brier.undefined) == (None, None, "too little to draw from")


def test_a_figure_that_is_not_defined_says_what_is_the_case() -> None:
    question = random_question("many-of")
    coded, assigned = question.coded.copy(), question.assigned.copy()
    coded[:, 0] = assigned[:, 0] = coded[:, 1] = assigned[:, 2] = False
    question = replace(question, coded=coded, assigned=assigned)
    of_label = {m.key: m for m in label_measures_of(question)}

    found = measure(question, tuple(of_label.values()), np.arange(60), 0)

    why = {key: [one.undefined for one in found.figures(m)] for key, m in of_label.items()}
    assert why["precision"] == ["assigned to no article", "", "assigned to no article"]
    assert why["recall"] == ["coded in no article", "coded in no article", ""]
    assert why["f1"] == ["neither coded nor assigned", "", ""]
    assert why["average_precision"] == ["coded in no article", "coded in no article", ""]
    assert why["prevalence_coded"] == why["brier"] == why["ece"] == ["", "", ""]


def test_groups_are_drawn_whole() -> None:
    question = random_question("many-of", n=20)
    twice = question.among(np.repeat(np.arange(20), 2))
    headline = measures_of(question)

    whole = measure(twice, headline, np.repeat(np.arange(20), 2), 0)
    single = measure(question, headline, np.arange(20), 0)

    for m in headline:  # a group is an article that counts twice
        assert_allclose(whole.value[m], single.value[m])
        assert whole.figure(m).high - whole.figure(m).low == pytest.approx(
            single.figure(m).high - single.figure(m).low, rel=0.1
        )
    apart = measure(twice, headline[:1], np.arange(40), 0).figure(headline[0])
    assert apart.high - apart.low < 0.85 * (whole.figure(headline[0]).high - whole.figure(headline[0]).low)
