"""Judging predictions: what a report holds of questions, labels, baselines, coders and time."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up import answers, codebook, head

from classifier.codebook import Codebook
from classifier.decide import Scores
from training.evaluate import CASES, Settings, evaluate
from training.labels import UNKNOWN, YES, Coded, Coding
from training.predictions import Predictions
from training.report import Question, Report
from training.splits import Split

FRUIT = ("apple", "pear", "plum")
SPLIT = Split("made-up", "made-up articles", 4, 3)
SIGNATURE = {"codebook": "c0de", "model": "made-up"}
N = 60


def frame(n: int = N, **columns: Any) -> pl.DataFrame:
    """Return articles as read, of ten outlets and two years."""
    rows = range(n)
    table = {
        "id": [f"a{row}" for row in rows],
        "source": [f"a.jsonl:{row + 1}" for row in rows],
        "title": [None] * n,
        "text": [f"A text on apples and pears number {row}" for row in rows],
        "outlet": [f"outlet {row % 10}" for row in rows],
        "date": [f"20{18 + row % 2}-03-01" for row in rows],
        "url": [None] * n,
    }
    return pl.DataFrame({**table, **columns}, schema_overrides={"title": pl.String, "url": pl.String})


def scored(coded: Coded, *, wrong: float = 0.0, seed: int = 0) -> Scores:
    """Return scores that are right but for a share of the answers."""
    flipped = (coded == YES) ^ (np.random.default_rng(seed).random(coded.shape) < wrong)
    return Scores(np.where(flipped, 0.875, 0.125).astype(np.float32), flipped)


def many(names: tuple[str, ...] = FRUIT, n: int = N) -> tuple[Codebook, Coded]:
    book = codebook(head("fruit", "many-of", names))
    return book, answers(book, [[name for i, name in enumerate(names) if (row >> i) % 2] for row in range(n)])


def one(n: int = N) -> tuple[Codebook, Coded]:
    book = codebook(head("kind", "one-of", ("news", "opinion")))
    return book, answers(book, [["news"] if row % 3 else ["opinion"] for row in range(n)])


def report(
    book: Codebook, coding: Coded, scores: Scores, articles: pl.DataFrame | None = None, **settings: Any
) -> Report:
    articles = frame(len(coding)) if articles is None else articles
    read = Coding(tuple(articles["id"]), coding)
    predictions = Predictions(book, articles, coding, scores, SPLIT)
    return evaluate(predictions, read, "made-up", SIGNATURE, Settings(seed=0, **settings))


def only(found: Report) -> Question:
    (question,) = found.questions
    return question


# --- figures


def test_a_question_has_its_figures_with_intervals() -> None:
    book, coding = many()

    question = only(report(book, coding, scored(coding, wrong=0.2), brief=True))

    measured = {key: figure.value for key, figure in question.figures.items()}
    assert list(measured) == list(question.measures)
    assert question.headline == "micro_f1"
    assert all(0 < value < 1 for value in measured.values())
    assert all(figure.low < figure.value < figure.high for figure in question.figures.values())


def test_a_question_with_one_answer_has_accuracy_and_a_confusion_matrix() -> None:
    book, coding = one()
    scores = scored(coding)
    scores.assigned[:2] = [[True, False], [True, False]]  # an opinion, and news, called news

    question = only(report(book, coding, scores, brief=True))

    assert question.headline == "accuracy"
    assert question.figures["accuracy"].value == pytest.approx(59 / 60)
    assert question.confusion is not None
    assert question.confusion.labels == ("news", "opinion")
    assert question.confusion.counts == ((40, 0), (1, 19))


def test_labels_are_counted_and_measured() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.assigned[:, 2] = False

    labels = {label.key: label for label in only(report(book, coding, scores, brief=True)).labels}

    assert (labels["apple"].n_coded, labels["apple"].n_assigned) == (30, 30)
    assert labels["apple"].figures["f1"].value == 1.0
    assert labels["plum"].figures["recall"].value == 0.0
    assert labels["plum"].figures["precision"].undefined == "assigned to no article"


def test_bins_hold_every_decision_once() -> None:
    book, coding = many()

    question = only(report(book, coding, scored(coding, wrong=0.2), brief=True))

    assert sum(b.n for b in question.bins) == 3 * N
    assert [(b.low, b.high) for b in question.bins] == [(0.1, 0.2), (0.8, 0.9)]
    assert question.bins[0].probability == pytest.approx(0.125)
    assert sum(b.n * b.coded for b in question.labels[0].bins) == pytest.approx(30)


def test_one_article_has_figures_and_says_why_it_has_no_interval() -> None:
    book, coding = many(n=2)
    coding[0] = UNKNOWN

    question = only(report(book, coding, scored(coding)))

    assert question.n_articles == 1
    assert question.figures["micro_f1"].value == 1.0
    assert question.figures["micro_f1"].low is None
    assert question.figures["micro_f1"].undefined == "too little to draw from"


def test_a_question_that_cannot_be_judged_is_named_with_the_reason() -> None:
    book = codebook(
        head("fruit", "many-of", FRUIT), head("kind", "one-of", ("news", "opinion")), head("age", "many-of", ("old",))
    )
    coding = answers(book, [["apple"], []] * 10, [["news"]] * 20, [None] * 20)

    found = report(book, coding, scored(coding), brief=True)

    assert [question.name for question in found.questions] == ["fruit"]
    nothing = "neither coded nor assigned"
    assert found.questions[0].left_out == {"pear": nothing, "plum": nothing}
    assert found.not_judged == {
        "kind": "too few answers to tell apart (opinion: neither coded nor assigned)",
        "age": "not coded",
    }


def test_an_answer_that_is_assigned_where_nobody_coded_it_counts_as_wrong() -> None:
    book = codebook(head("view", "one-of", ("for", "against", "neither")))
    coding = answers(book, [["for"], ["neither"]] * 15)
    scores = scored(coding)
    scores.assigned[1::2] = [False, True, False]

    question = only(report(book, coding, scores, brief=True))

    assert question.figures["macro_f1"].value == pytest.approx(1 / 3)  # 1, 0 and 0, as scikit-learn has it
    assert question.confusion is not None
    assert question.confusion.counts == ((15, 0, 0), (0, 0, 0), (0, 15, 0))


def test_articles_that_are_coded_and_not_judged_are_counted_in_a_note() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.probability[:8] = np.nan

    notes = report(book, coding, scores, brief=True).notes

    assert notes == ("fruit: 8 of 60 coded articles are not judged (not scored, or coded with an answer that is not).",)


def test_intervals_over_outlets_are_wider_where_an_outlet_s_articles_are_alike() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.assigned[np.arange(N) % 10 < 3] = False  # three outlets are all wrong

    by_article, by_outlet = (
        only(report(book, coding, scores, brief=True, cluster=cluster)).figures["micro_f1"]
        for cluster in ("article", "outlet")
    )

    assert by_outlet.value == by_article.value
    assert by_outlet.high - by_outlet.low > 1.3 * (by_article.high - by_article.low)


def test_the_same_seed_gives_the_same_report() -> None:
    book, coding = many()
    scores = scored(coding, wrong=0.2)

    assert report(book, coding, scores).to_json() == report(book, coding, scores).to_json()


# --- what stands beside the figures


def test_baselines_are_judged_on_the_same_columns() -> None:
    book, coding = many()

    question = only(report(book, coding, scored(coding, wrong=0.1)))

    keys = [baseline.key for baseline in question.baselines]
    assert keys == ["most_frequent", "prior", "outlet_majority", "keywords"]
    without_probability = [key for key in question.measures if key not in {"macro_average_precision", "brier", "ece"}]
    assert all(list(baseline.figures) == without_probability for baseline in question.baselines)
    assert all(baseline.above == () for baseline in question.baselines)


def test_a_model_below_a_baseline_is_flagged_by_measure_and_label() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.assigned[:] = False
    scores.assigned[:, 1] = coding[:, 1] == YES

    question = only(report(book, coding, scores))

    most_frequent = next(baseline for baseline in question.baselines if baseline.key == "most_frequent")
    assert most_frequent.above_labels == ("apple",)
    assert "micro_f1" not in most_frequent.above  # .5 against the model's
    prior = next(baseline for baseline in question.baselines if baseline.key == "prior")
    assert set(prior.above_labels) == {"apple", "plum"}
    assert "macro_f1" in prior.above


def test_the_articles_to_read_are_the_surest_errors_and_the_least_certain() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.probability[:] = np.where(coding == YES, 0.95, 0.05)
    scores.probability[7, 0], scores.assigned[7, 0] = 0.99, True  # row 7 has apple already
    scores.probability[4, 0], scores.assigned[4, 0] = 0.93, True
    scores.probability[6, 0], scores.assigned[6, 0] = 0.97, True
    scores.probability[9, 0] = 0.52

    apple = only(report(book, coding, scores)).labels[0]

    assert [(case.id, case.probability) for case in apple.confident_errors] == [("a6", 0.97), ("a4", 0.93)]
    assert apple.confident_errors[0].coded == ("pear", "plum")
    assert apple.confident_errors[0].assigned == ("apple", "pear", "plum")
    assert apple.confident_errors[0].outlet == "outlet 6"
    assert (apple.least_certain[0].id, apple.least_certain[0].probability) == ("a9", 0.52)
    assert len(apple.least_certain) == CASES


def test_no_text_of_an_article_is_in_a_report() -> None:
    book, coding = many()
    texts = frame(
        text=[f"secretword{row} on apples" for row in range(N)], title=[f"hiddentitle{row}" for row in range(N)]
    )

    found = report(book, coding, scored(coding, wrong=0.2), texts, second=coding)

    assert "secretword" not in found.to_json()
    assert "hiddentitle" not in found.to_json()


def test_a_second_coder_gives_a_ceiling_on_the_articles_that_both_coded() -> None:
    book, coding = many()
    second = coding.copy()
    second[30:] = UNKNOWN
    second[0, 0] = 1 - second[0, 0]

    question = only(report(book, coding, scored(coding, wrong=0.3), second=second))

    assert question.ceiling is not None
    assert question.ceiling.n_articles == 30
    of_apple = question.ceiling.labels[0].figures
    assert 0.9 < of_apple["alpha"].value < 1.0
    assert question.ceiling.labels[1].figures["alpha"].value == 1.0
    assert of_apple["f1"].value > of_apple["f1_model_first"].value


def test_heads_that_no_coder_read_have_no_ceiling() -> None:
    book = codebook(head("side", "one-of", ("left", "right"), coded_in="articles"))
    coding = answers(book, [["left"], ["right"]] * 20)

    assert only(report(book, coding, scored(coding), second=coding)).ceiling is None


def test_drift_compares_with_a_model_of_earlier_articles_on_the_same_rows() -> None:
    book, coding = many()
    scores, worse = scored(coding, wrong=0.05), scored(coding, wrong=0.4, seed=1)
    worse.probability[:40] = np.nan
    later = Predictions(book, frame(), coding, worse, SPLIT)

    drift = only(report(book, coding, scores, since="2019-01-01", later=later)).drift

    assert drift is not None
    assert (drift.since, drift.comparison.n_articles) == ("2019-01-01", 20)
    found = drift.comparison.measures["micro_f1"]
    assert found.first.value < found.second.value
    assert found.difference.low > 0
    assert found.p < 0.05


# --- the report as a whole


def test_every_report_is_signed_with_data_split_seed_and_model() -> None:
    book, coding = many()

    found = report(book, coding, scored(coding), brief=True, cluster="outlet")

    assert found.signed == "codebook=c0de|model=made-up|split=made-up|seed=0|resampled=outlet"
    assert found.resampled == "outlets"


def test_coded_articles_without_a_text_are_counted() -> None:
    book, coding = many()
    predictions = Predictions(book, frame(), coding, scored(coding), SPLIT)
    read = Coding((*predictions.articles["id"], "lost", "gone"), coding)

    found = evaluate(predictions, read, "made-up", SIGNATURE, Settings(seed=0, brief=True))

    assert found.data == {"articles": N, "coded": N + 2, "without_article": 2}


def test_the_methods_paragraph_says_what_a_paper_must() -> None:
    book, coding = many()
    second = coding.copy()

    methods = report(book, coding, scored(coding, wrong=0.1), second=second, cluster="outlet").methods

    assert "fruit (60 articles of 10 outlets, 3 labels)" in methods
    assert "Split: made-up articles." in methods
    assert "4 pairs would have stood on both sides of the split, so 3 articles were left out" in methods
    assert "bootstrap over outlets (2,000 resamples)" in methods
    assert "Krippendorff's alpha" in methods
    assert "Not judged" not in methods


def test_the_methods_paragraph_is_silent_on_what_was_not_done() -> None:
    book, coding = many()
    predictions = Predictions(book, frame(), coding, scored(coding), replace(SPLIT, n_crossing=None))
    read = Coding(tuple(predictions.articles["id"]), coding)

    methods = evaluate(predictions, read, "made-up", SIGNATURE, Settings(seed=0, brief=True)).methods

    for word in ("MinHash", "Slices", "Krippendorff", "sides"):
        assert word not in methods


def test_a_report_in_json_has_no_value_that_json_lacks() -> None:
    book, coding = many()
    scores = scored(coding)
    scores.assigned[:, 2] = False

    table = json.loads(report(book, coding, scores).to_json())

    precision = table["questions"][0]["labels"][2]["figures"]["precision"]
    assert table["schema"] == 1
    assert precision == {"value": None, "low": None, "high": None, "undefined": "assigned to no article"}


def test_figures_are_found_by_name() -> None:
    book, coding = many()
    found = report(book, coding, scored(coding, wrong=0.2), brief=True)

    assert found.figure("fruit.macro_f1") is found.questions[0].figures["macro_f1"]
    assert found.figure("fruit.plum.f1") is found.questions[0].labels[2].figures["f1"]
