"""What is said of coded articles by a recipe or a model that has not learned from them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from made_up import answers, articles, codebook, dealt, head, material, prepared

from classifier.decide import Scores
from classifier.errors import ArticleError, SlantwiseError
from classifier.model import Model
from classifier.record import Record
from training.labels import UNKNOWN
from training.material import Material
from training.predictions import Predictions, cross_validated, dates_of, deal, deal_by_column, of_model
from training.questions import Judged, judged
from training.recipe import fit

FRUIT = ("apple", "pear", "plum")
NO_PAIRS = np.empty((0, 2), dtype=np.intp)
N = 96


def one_each(labels: list[str]) -> list[list[str]]:
    return [[label] for label in labels]


def table(frame: pl.DataFrame, **columns: object) -> pl.DataFrame:
    """Return articles as they are read: with a source, a date and a url."""
    missing = {name: pl.lit(None, pl.String) for name in ("source", "date", "url")}
    return frame.with_columns(**{**missing, **columns})


@pytest.fixture(scope="module")
def fruit_articles() -> pl.DataFrame:
    days = pl.Series([f"20{10 + number // 12:02}-06-{1 + number % 12:02}T10:00" for number in range(N)])
    return table(articles(one_each(dealt(FRUIT, N, seed=1)), seed=1), date=days)


@pytest.fixture(scope="module")
def fruit(fruit_articles: pl.DataFrame) -> Material:
    """One fruit an article, each with words of its own; 24 outlets with furniture."""
    book = codebook(head("fruit", "one-of", FRUIT))
    return material(book, fruit_articles, answers(book, one_each(dealt(FRUIT, N, seed=1))))


def accuracy(predictions: Predictions) -> float:
    (question,) = judged(predictions.codebook, predictions.answers, predictions.scores)
    assert isinstance(question, Judged)
    return float((question.coded & question.assigned).any(axis=1).mean())


def by_outlet(read: Material, frame: pl.DataFrame, n_folds: int = 4) -> Predictions:
    folds, split = deal(read, frame, "outlet", n_folds, seed=0)
    return cross_validated(read, frame, folds, split, seed=0)


# --- by the recipe, out of fold


def test_labels_with_words_of_their_own_are_found_across_outlets(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    assert accuracy(by_outlet(fruit, fruit_articles)) > 0.8


def test_labels_that_the_text_does_not_tell_are_found_by_chance_only() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    frame = table(articles([[]] * 150, seed=1))
    read = material(book, frame, answers(book, one_each(dealt(FRUIT, 150, seed=3))))

    assert accuracy(by_outlet(read, frame)) < 1 / 3 + 0.12  # three standard deviations of a guess


def test_furniture_that_tells_the_label_within_outlets_gives_no_skill_across_them() -> None:
    book = codebook(head("side", "one-of", ("left", "right")))
    side_of = dealt(["left", "right"], 16, seed=4)  # fewer than 20 outlets: the vocabulary keeps furniture
    frame = table(articles([[]] * 128, seed=1, n_outlets=16))
    read = material(book, frame, answers(book, one_each([side_of[number % 16] for number in range(128)])))

    folds, split = deal(read, frame, "random", 4, seed=0)

    assert accuracy(by_outlet(read, frame)) < 0.6
    assert accuracy(cross_validated(read, frame, folds, split, seed=0)) > 0.9  # what a split at random would claim


def test_a_story_that_many_outlets_print_gives_no_skill_by_itself() -> None:
    book = codebook(head("side", "one-of", ("left", "right")))
    stories = articles([[]] * 40, seed=1, n_outlets=40)
    story = [number % 40 for number in range(120)]  # each runs in three outlets, under another headline
    sides_of = dealt(["left", "right"], 40, seed=5)
    frame = table(articles([[]] * 120, seed=2, n_outlets=60).with_columns(text=stories["text"].gather(story)))
    read = material(book, frame, answers(book, one_each([sides_of[number] for number in story])))

    found = by_outlet(read, frame)

    assert accuracy(found) < 0.65
    assert found.split.n_crossing is not None
    assert found.split.n_crossing > 40
    assert accuracy(by_outlet(replace(read, duplicates=NO_PAIRS), frame)) > 0.9


def test_every_article_is_scored_by_a_model_that_did_not_see_its_outlet(
    fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    found = by_outlet(fruit, fruit_articles)

    assert not np.isnan(found.scores.probability).any()
    assert found.scores.assigned.sum(axis=1).tolist() == [1] * N
    assert (found.split.n_crossing, found.split.n_left_out) == (0, 0)


def test_near_duplicates_that_cross_are_counted_and_left_out(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    alike = replace(fruit, duplicates=np.array([[0, 1]]), outlets=[str(number) for number in range(N)])

    counts = {
        (split.n_crossing, split.n_left_out)
        for _, split in (deal(alike, fruit_articles, "outlet", 2, seed) for seed in range(4))
    }

    assert counts == {(0, 0), (1, 2)}  # both in one fold, or each left out of the training of the other's


@pytest.mark.parametrize(("n_uncoded", "n_words"), [(60, 0), (20, 12)], ids=["most-uncoded", "most-coded"])
def test_features_are_learned_from_uncoded_articles_where_these_are_the_more(n_uncoded: int, n_words: int) -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    labels = [*one_each(dealt(FRUIT, 40, seed=1)), *[None] * n_uncoded]
    texts = articles([named or [] for named in labels], seed=1)

    vocabulary, _ = prepared(book, texts, answers(book, labels))

    assert sum(word.startswith("plum") for word in vocabulary.words) == n_words


def test_a_corpus_of_two_outlets_can_be_judged() -> None:
    book = codebook(head("fruit", "one-of", FRUIT))
    coded = one_each(dealt(FRUIT, 60, seed=1))
    frame = table(articles(coded, seed=1, n_outlets=2))

    assert accuracy(by_outlet(material(book, frame, answers(book, coded)), frame, n_folds=2)) > 0.5


# --- splits


def test_a_split_at_random_deals_articles(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    folds, split = deal(fruit, fruit_articles, "random", 3, seed=0)

    outlets = fruit_articles["outlet"].to_numpy()
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(N))
    assert set(outlets[folds[0].train]) & set(outlets[folds[0].test])
    assert split.name == "random-3"


def test_a_split_by_time_trains_before_a_date_and_tests_from_it_on(
    fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    (fold,), split = deal(fruit, fruit_articles, "time", 5, 0, "2012-06-05")

    assert fold.test.tolist() == list(range(28, N))
    assert fold.train.tolist() == list(range(28))
    assert split.name == "time-2012-06-05"


def test_a_split_by_time_without_a_date_tests_on_the_last_fifth(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    (fold,), split = deal(fruit, fruit_articles, "time", 5, 0)

    assert (split.name, len(fold.test)) == ("time-2016-06-05", 20)


def test_articles_without_a_date_stand_on_neither_side_of_a_split_by_time(
    fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    undated = fruit_articles.with_columns(date=pl.when(pl.col("id") == "a0").then(None).otherwise("date"))

    (fold,), _ = deal(fruit, undated, "time", 5, 0, "2012-06-05")

    assert 0 not in {*fold.train.tolist(), *fold.test.tolist()}


@pytest.mark.parametrize(
    ("split", "cut", "complaint"),
    [
        pytest.param("time", "5 June", r"a date is written 2021-03-31, or 2021; found '5 June'", id="no-date"),
        pytest.param("time", "1999", "a side is empty: 0 to train on, 96 to test on", id="nothing-before"),
        pytest.param("outlet_of_mars", None, r"column 'outlet_of_mars' .* found nothing", id="no-column"),
        pytest.param("title", None, r"should say 'train' or 'test'; found 'atitle0'", id="other-values"),
    ],
)
def test_a_split_that_cannot_be_made_says_why(
    fruit: Material, fruit_articles: pl.DataFrame, split: str, cut: str | None, complaint: str
) -> None:
    with pytest.raises(SlantwiseError, match=complaint):
        deal(fruit, fruit_articles, split, 2, 0, cut)


def test_a_split_by_time_of_articles_without_dates_says_what_it_found(
    fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    written_otherwise = fruit_articles.with_columns(date=pl.lit("June 5, 2012"))

    with pytest.raises(ArticleError, match=r"needs dates like 2021-03-31; found June 5, 2012"):
        deal(fruit, written_otherwise, "time", 2, 0)


def test_a_published_split_trains_on_what_it_calls_train(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    read = replace(fruit, duplicates=np.array([[0, 3], [1, 4]]))
    sides = ["train", "train", "valid", "test", "train", None, "test", *[None] * (N - 7)]

    (fold,), split = deal_by_column(read, fruit_articles.with_columns(side=pl.Series(sides)), "side")

    assert fold.train.tolist() == [1, 4]
    assert fold.test.tolist() == [3, 6]
    assert (split.n_crossing, split.n_left_out) == (1, 1)


def test_only_the_test_side_of_a_published_split_is_scored(fruit: Material, fruit_articles: pl.DataFrame) -> None:
    sides = pl.Series(["test" if number % 3 == 0 else "train" for number in range(N)])
    frame = fruit_articles.with_columns(side=sides)

    found = cross_validated(fruit, frame, *deal_by_column(fruit, frame, "side"), seed=0)

    assert np.flatnonzero(~np.isnan(found.scores.probability[:, 0])).tolist() == list(range(0, N, 3))
    assert accuracy(found) > 0.8


@pytest.mark.parametrize(
    ("written", "read"),
    [("2021-03-31", "2021-03-31"), ("2021-03-31T10:00:00Z", "2021-03-31"), ("31.3.2021", None), (None, None)],
)
def test_dates_are_read_as_days(written: str | None, read: str | None) -> None:
    assert dates_of(pl.DataFrame({"date": [written]}, schema={"date": pl.String})).to_list() == [read]


# --- by a model file


@pytest.fixture(scope="module")
def taught(fruit: Material, fruit_articles: pl.DataFrame) -> Model:
    """A model taught by the first 60 articles, whose scores while held out were all for plum."""
    vocabulary, read = prepared(fruit.codebook, fruit_articles, fruit.answers)
    while_held_out = Scores(np.tile(np.float32([0.1, 0.2, 0.7]), (N, 1)), np.tile([False, False, True], (N, 1)))
    first = np.arange(N) < 60
    record = Record.of(fruit_articles, first, np.zeros(N, bool), while_held_out)
    return Model("taught", fruit.codebook, vocabulary, fit(read, np.arange(60), 0), record)


def test_a_model_is_asked_about_articles_new_to_it(
    taught: Model, fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    found = of_model(taught, fruit_articles[60:], fruit.answers[60:])

    assert accuracy(found) > 0.9
    assert (found.split.name, found.notes) == ("new", ())


def test_articles_that_a_model_learned_from_are_judged_by_what_it_said_while_they_were_held_out(
    taught: Model, fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    found = of_model(taught, fruit_articles, fruit.answers)

    assert found.scores.assigned[:60].tolist() == [[False, False, True]] * 60
    np.testing.assert_allclose(found.scores.probability[:60], np.tile([0.1, 0.2, 0.7], (60, 1)), atol=1e-3)
    assert found.scores.assigned[60:, 2].mean() < 0.5
    assert found.split.description == (
        "model taught: 60 articles that it learned from, by what it said while they were held out"
        " and 36 articles new to it"
    )


def test_the_order_of_articles_does_not_matter(taught: Model, fruit: Material, fruit_articles: pl.DataFrame) -> None:
    order = np.random.default_rng(0).permutation(N)

    found, shuffled = (of_model(taught, fruit_articles[rows], fruit.answers[rows]) for rows in (np.arange(N), order))

    np.testing.assert_allclose(shuffled.scores.probability, found.scores.probability[order], atol=1e-6)


def test_an_article_that_begins_like_one_that_a_model_learned_from_is_not_judged(
    taught: Model, fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    retitled = fruit_articles.with_columns(title=pl.lit("The same story under another headline"))

    found = of_model(taught, retitled, fruit.answers)

    assert np.isnan(found.scores.probability[:60]).all()
    assert not found.scores.assigned[:60].any()
    assert not np.isnan(found.scores.probability[60:]).any()
    assert found.notes == (
        "60 articles are not judged where the model learned from them or from one that begins alike.",
    )


def test_a_model_that_does_not_say_what_it_learned_from_is_judged_with_a_warning(
    taught: Model, fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    silent = Model("silent", taught.codebook, taught.vocabulary, taught.weights)

    found = of_model(silent, fruit_articles, fruit.answers)

    assert found.split.name == "unknown"
    assert "does not say what it learned from" in found.notes[0]


def test_articles_that_nobody_coded_are_not_asked_about(
    taught: Model, fruit: Material, fruit_articles: pl.DataFrame
) -> None:
    coding = fruit.answers.copy()
    coding[::2] = UNKNOWN

    found = of_model(taught, fruit_articles, coding)

    assert np.isnan(found.scores.probability[::2]).all()
