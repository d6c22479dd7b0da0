"""Judging the recipe: nothing of a test article may have shaped what it is judged by."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import answers, articles, codebook, dealt, head, material, prepared
from scipy import sparse

from classifier.codebook import Codebook
from classifier.decide import Scores
from training.evaluate import Evaluation, QuestionResult, by_outlet, predict, published, results
from training.labels import Coded
from training.material import Material

FRUIT = ("apple", "pear", "plum")
NO_PAIRS = np.empty((0, 2), dtype=np.intp)


def one_each(labels: list[str]) -> list[list[str]]:
    return [[label] for label in labels]


def judged(read: Material, *, n_folds: int = 4) -> list[QuestionResult]:
    scores, _ = by_outlet(read, n_folds, seed=0, jobs=1)
    return list(results(read, scores, np.arange(len(read.answers)), seed=0))


@pytest.fixture(scope="module")
def fruit() -> Material:
    """One fruit an article, each with words of its own; 24 outlets with furniture."""
    book = codebook(head("fruit", "one-of", FRUIT))
    coded = one_each(dealt(FRUIT, 96, seed=1))
    return material(book, articles(coded, seed=1), answers(book, coded))


# --- out-of-fold scores


def test_labels_with_words_of_their_own_are_found_across_outlets(fruit: Material) -> None:
    (found,) = judged(fruit)

    assert found.n_articles == 96
    assert found.micro_f1.value > 0.8
    assert min(label.f1.value for label in found.labels) > 0.8


def test_labels_that_the_text_does_not_tell_are_found_by_chance_only() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    noise = one_each(dealt(FRUIT, 150, seed=3))
    read = material(book, articles([[]] * 150, seed=1), answers(book, noise))

    (found,) = judged(read)

    assert found.micro_f1.value < 1 / 3 + 0.12  # three standard deviations of a guess


def test_furniture_that_tells_the_label_within_outlets_gives_no_skill_across_them() -> None:
    book = codebook(head("side", "one-of", ("left", "right")))
    side_of = dealt(["left", "right"], 16, seed=4)  # fewer than 20 outlets: the vocabulary keeps furniture
    sides = one_each([side_of[number % 16] for number in range(128)])
    read = material(book, articles([[]] * 128, seed=1, n_outlets=16), answers(book, sides))

    (across,) = judged(read)
    (within,) = judged(replace(read, outlets=[str(number) for number in range(128)]))

    assert across.micro_f1.value < 0.6
    assert within.micro_f1.value > 0.9  # what a split at random would have claimed


def test_a_story_that_many_outlets_print_gives_no_skill_by_itself() -> None:
    book = codebook(head("side", "one-of", ("left", "right")))
    stories = articles([[]] * 40, seed=1, n_outlets=40)
    story = [number % 40 for number in range(120)]  # each runs in three outlets, under another headline
    sides_of = dealt(["left", "right"], 40, seed=5)
    frame = articles([[]] * 120, seed=2, n_outlets=60).with_columns(text=stories["text"].gather(story))
    read = material(book, frame, answers(book, one_each([sides_of[number] for number in story])))

    (found,) = judged(read)
    (leaking,) = judged(replace(read, duplicates=NO_PAIRS))

    assert found.micro_f1.value < 0.65
    assert leaking.micro_f1.value > 0.9


def test_every_article_is_scored_by_a_model_that_did_not_see_its_outlet(fruit: Material) -> None:
    scores, purged = by_outlet(fruit, 4, seed=0, jobs=1)

    assert purged == 0
    assert not np.isnan(scores.probability).any()
    assert scores.assigned.sum(axis=1).tolist() == [1] * 96


def test_left_out_near_duplicates_are_counted(fruit: Material) -> None:
    far_apart = replace(fruit, duplicates=np.array([[0, 1]]), outlets=[str(number) for number in range(96)])

    counts = [by_outlet(far_apart, 2, seed, jobs=1)[1] for seed in range(4)]

    assert set(counts) == {0, 2}  # both in one fold, or each left out of the training of the other's


@pytest.mark.parametrize(("n_uncoded", "n_words"), [(60, 0), (20, 12)], ids=["most-uncoded", "most-coded"])
def test_features_are_learned_from_uncoded_articles_where_these_are_the_more(n_uncoded: int, n_words: int) -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    labels = [*one_each(dealt(FRUIT, 40, seed=1)), *[None] * n_uncoded]
    texts = articles([named or [] for named in labels], seed=1)

    vocabulary, _ = prepared(book, texts, answers(book, labels))

    assert sum(word.startswith("plum") for word in vocabulary.words) == n_words


# --- a published split


def test_a_published_split_trains_on_what_it_calls_train(fruit: Material) -> None:
    read = replace(fruit, duplicates=np.array([[0, 3], [1, 4]]))

    fold = published(read, ["train", "train", "valid", "test", "train", None, "test"])

    assert fold.train.tolist() == [1, 4]
    assert fold.test.tolist() == [3, 6]
    assert fold.purged == 1


def test_the_test_side_is_scored_in_its_own_order(fruit: Material) -> None:
    sides = ["test" if number % 3 == 0 else "train" for number in range(96)]
    fold = published(fruit, sides)

    scores = predict(fruit, fold, seed=0)
    (found,) = results(fruit, scores, fold.test, seed=0)

    assert scores.probability.shape == (32, 3)
    assert found.n_articles == 32
    assert found.micro_f1.value > 0.8


# --- results


def answers_alone(book: Codebook, coding: Coded) -> Material:
    """Return material to read results from: without articles, since scores are given."""
    nothing = np.empty((0, 0), np.float32)
    return Material(book, sparse.csr_matrix(nothing), coding, nothing, nothing.astype(bool), [], "outlets", NO_PAIRS)


def coded_and_assigned() -> tuple[Material, Scores]:
    """Answers to two questions, and scores that are right but for one apple that is called a pear."""
    book = codebook(head("fruit", "one-of", FRUIT), head("sour", "many-of", ("sour",)))
    names = ["apple"] * 6 + ["pear"] * 5 + ["plum"] * 2
    coding = answers(book, [*one_each(names), None], [["sour"], []] * 7)
    assigned = coding == 1
    assigned[0] = [False, True, False, True]
    return answers_alone(book, coding), Scores(assigned.astype(np.float32), assigned)


def test_a_label_with_too_few_coded_articles_is_left_out_with_its_articles() -> None:
    read, scores = coded_and_assigned()

    found = next(results(read, scores, np.arange(14), seed=0))

    assert found.left_out == ("plum",)
    assert [label.key for label in found.labels] == ["apple", "pear"]
    assert found.n_articles == 11


def test_results_count_coded_and_assigned_articles() -> None:
    read, scores = coded_and_assigned()

    found = next(results(read, scores, np.arange(14), seed=0))

    assert [(label.coded, label.assigned) for label in found.labels] == [(6, 5), (5, 6)]
    assert [label.f1.value for label in found.labels] == pytest.approx([10 / 11, 10 / 11])
    assert found.micro_f1.value == pytest.approx(10 / 11)
    assert found.macro_f1.low <= found.macro_f1.value <= found.macro_f1.high


def test_every_question_that_was_coded_has_a_result_and_no_other() -> None:
    read, scores = coded_and_assigned()
    without_sour = replace(read, answers=np.where([True, True, True, False], read.answers, -1).astype(np.int8))

    both, one = (list(results(m, scores, np.arange(14), seed=0)) for m in (read, without_sour))

    assert [result.name for result in both] == ["fruit", "sour"]
    assert [result.name for result in one] == ["fruit"]


@pytest.mark.parametrize("kind", ["many-of", "one-of"])
def test_a_question_with_too_few_coded_articles_for_any_label_has_no_result(kind: str) -> None:
    book = codebook(head("fruit", kind, FRUIT))
    coding = answers(book, [["apple"], ["pear"], ["pear"]])

    found = list(results(answers_alone(book, coding), Scores(np.zeros((3, 3)), coding == 1), np.arange(3), seed=0))

    assert found == []


def test_a_stance_is_judged_for_each_target() -> None:
    view = head("view", "one-of-per-label", ("for", "against"), of="fruit")
    view["target"] = [{"label": "apple", "target": "apples"}, {"label": "pear", "target": "pears"}]
    book = codebook(head("fruit", "many-of", FRUIT), view)
    on_pear = [["for"], ["against"]] * 5
    coding = answers(book, [["pear"]] * 10, [None] * 10, on_pear)

    found = list(
        results(answers_alone(book, coding), Scores(np.zeros(coding.shape), coding == 1), np.arange(10), seed=0)
    )

    assert [(result.name, result.micro_f1.value) for result in found] == [("view.pear", 1.0)]


def test_an_evaluation_becomes_plain_json_values() -> None:
    read, scores = coded_and_assigned()
    evaluation = Evaluation("outlets apart", "seed=0", tuple(results(read, scores, np.arange(14), seed=0)), 3)

    table = evaluation.to_table()

    assert table["purged"] == 3
    assert table["results"][0]["labels"][1]["key"] == "pear"
    assert set(table["results"][0]["micro_f1"]) == {"value", "low", "high"}


# --- what cannot be judged yet


def test_a_corpus_of_two_outlets_can_be_judged() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    coded = one_each(dealt(FRUIT, 60, seed=1))
    read = material(book, articles(coded, seed=1, n_outlets=2), answers(book, coded))

    (found,) = judged(read, n_folds=2)

    assert found.micro_f1.value > 0.5
