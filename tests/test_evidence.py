"""Evidence of the tiny model, worked out by hand, and sums that hold for any text; its weights stand in conftest.py."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import slantwise
from classifier.clean import clean_articles
from classifier.evidence import moved_by
from classifier.features import document
from classifier.model import Model
from classifier.reading import AT_ONCE, read
from classifier.shortlist import extremes, shortlist

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"
WORDS = ["quay", "Loaf", "we", "MUST", "gull", "Mr.", ".", "!", "\n", "\n\n", "“", "é"]
N_FEATURES = 5  # of the tiny model
TEXTS = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
ARTICLES = st.lists(st.tuples(st.none() | TEXTS, TEXTS), min_size=1, max_size=4)


def frame_of(articles):
    return pl.DataFrame(articles, schema={"title": pl.String, "text": pl.String}, orient="row")


def explained(model, *texts, n=2, **columns):
    frame = pl.DataFrame({"text": texts, **columns})
    return [scores.evidence for scores in model.articles(frame, evidence=n)]


def summed(why, part):
    if part == "terms":
        return why.intercept + sum(why.beside.values()) + sum(why.terms.values()) + why.other_terms
    return why.intercept + sum(why.beside.values()) + sum(s.adds for s in why.sentences) + why.other_sentences


def pairs(evidence, labels):
    """Yield each label's evidence with the probabilities of its question, the label's first; nested for stance."""
    for name, given_for in evidence.items():
        if name in labels and hasattr(labels[name], "probability"):
            others = [score.probability for key, score in labels.items() if key != name]
            yield given_for, [labels[name].probability, *(p for p in others if p is not None)]
        else:
            yield from pairs(given_for, labels[name])


# --- sums


@given(ARTICLES, st.integers(1, 4))
def test_all_parts_sum_up_to_the_value_that_the_probability_comes_from(tiny_model, articles, n):
    frame = frame_of(articles)

    for scores in tiny_model.articles(frame, evidence=n):
        for why, (p, *others) in pairs(scores.evidence["topics"], scores.labels["topics"]):
            assert others
            assert why.value == pytest.approx(math.log(p / (1 - p)), abs=1e-4)
        for field in ("kind", "stance"):
            for why, ps in pairs(scores.evidence[field], scores.labels[field]):
                expected = math.log(ps[0]) - np.mean(np.log(ps))
                assert why.value == pytest.approx(expected, abs=1e-4)
        for field in scores.labels:
            for why, _ in pairs(scores.evidence[field], scores.labels[field]):
                assert summed(why, "sentences") == pytest.approx(why.value, abs=1e-4)
                assert summed(why, "terms") == pytest.approx(why.value, abs=1e-4)


def test_all_parts_sum_up_for_the_model_that_ships():
    model = slantwise.load()
    texts = [path.read_text() for path in sorted(EXAMPLES.glob("*.txt"))]

    found = list(model.articles(pl.DataFrame({"text": texts}), evidence=3))

    for scores in found:
        for field in scores.labels:
            for why, ps in pairs(scores.evidence[field], scores.labels[field]):
                if model.codebook.heads[0].field == field:
                    assert why.value == pytest.approx(math.log(ps[0] / (1 - ps[0])), abs=1e-3)
                assert summed(why, "sentences") == pytest.approx(why.value, abs=1e-4)
                assert summed(why, "terms") == pytest.approx(why.value, abs=1e-4)


def dense(readings, of):
    """Return what a function gives of each reading, (articles, features, amounts), as one matrix."""
    found = np.zeros((sum(len(reading.edges) - 1 for reading in readings), N_FEATURES))
    for reading in readings:
        articles, features, amounts = of(reading)
        np.add.at(found, (articles, features), amounts)
    return found


def of_terms(reading, amounts):
    counted = reading.counted
    return (
        reading.first + np.repeat(np.arange(len(counted.starts) - 1), np.diff(counted.starts)),
        counted.features,
        amounts,
    )


@given(ARTICLES)
def test_what_a_term_counts_is_what_its_places_in_sentences_add(tiny_vocabulary, articles):
    readings = read(tiny_vocabulary, frame_of(articles))

    in_sentences = dense(
        readings, lambda r: (np.repeat(r.places[:, 0], np.diff(r.begins)), r.at, r.weights.astype(np.float64))
    )

    assert np.allclose(in_sentences, dense(readings, lambda r: of_terms(r, r.counted.counts)), atol=1e-6)


@given(ARTICLES)
def test_reading_sentence_by_sentence_gives_the_same_features(tiny_vocabulary, articles):
    frame = frame_of(articles)

    features = dense(read(tiny_vocabulary, frame), lambda r: of_terms(r, r.weighed))

    assert (features == tiny_vocabulary.features(document(frame)).toarray()).all()


def test_evidence_does_not_depend_on_the_batch(tiny_model):
    texts = ["Quay, we must. Loaf.", "", "Gulls.", "Must we? Quay quay. A loaf."] * AT_ONCE

    in_one = explained(tiny_model, *texts)

    assert in_one == [explained(tiny_model, text)[0] for text in texts[:4]] * AT_ONCE


# --- the largest and the least

VALUES = st.lists(st.lists(st.integers(-9, 9), max_size=40), min_size=1, max_size=5)


@given(VALUES, st.integers(1, 3))
def test_the_values_that_say_most_are_shortlisted_as_if_all_were_sorted(rows, n):
    edges = np.cumsum([0, *map(len, rows)])
    adds = np.array([value for row in rows for value in row], np.float32)
    every = np.full(len(rows), n)

    found = shortlist(extremes(adds, edges[:-1], edges[1:], n), np.array([sum(row) for row in rows]), every, every)

    for row, values in enumerate(rows):
        falling = sorted((value for value in values if value), reverse=True)
        best = [value for value in falling[:n] if value > 0] + [value for value in falling[-n:] if value < 0]
        assert found.adds[found.own(row)] == best
        assert found.others[row] == sum(values) - sum(best)
        assert [adds[number] for number in found.number[found.own(row)]] == best


# --- by hand


def test_a_sentence_adds_what_its_words_do(tiny_model):
    # Two words at positions 0 and 1, each of log1p(2) or near it: features of about 1/sqrt(2).
    why = explained(tiny_model, "Quay. Loaf.")[0]["topics"]["harbour"]

    first, second = math.log1p(2), math.log1p(2 / 1.005)
    feature = first / math.hypot(first, second)
    assert [(s.start, s.end, s.in_title, s.text) for s in why.sentences] == [(0, 5, False, "Quay.")]
    assert why.sentences[0].adds == pytest.approx(3 * feature, abs=1e-5)
    assert why.terms == {"quay": pytest.approx(3 * feature, abs=1e-5)}
    assert (why.intercept, why.other_sentences) == (-1.0, pytest.approx(0, abs=1e-6))


def test_a_word_that_comes_twice_adds_to_each_sentence_by_what_it_counts_there(tiny_model):
    text = "Quay. " + "Gull " * 200 + ". Quay quay."

    why = explained(tiny_model, text)[0]["topics"]["harbour"]

    first, last = why.sentences
    assert (first.text, last.text) == ("Quay.", "Quay quay.")
    assert last.adds / first.adds == pytest.approx((2 / (1 + 201 / 200) + 2 / (1 + 202 / 200)) / 2, rel=1e-5)


def test_a_pair_belongs_to_the_sentence_of_its_first_word(tiny_model):
    why = explained(tiny_model, "Gulls, we. Must.", n=3)[0]["kind"]["opinion"]

    alone = explained(tiny_model, "Gulls, we. Gulls. Must.", n=3)[0]["kind"]["opinion"]
    assert "we must" in why.terms
    assert "we must" not in alone.terms
    assert why.sentences[1].text == "Gulls, we."
    assert why.sentences[1].adds > 2 * alone.sentences[1].adds


def test_a_side_has_the_sentences_that_speak_against_it_too(tiny_model):
    text = "Quay quay quay. We must. Gulls."

    evidence = explained(tiny_model, text)[0]

    (label, why), *_ = evidence["stance"]["harbour"].items()
    speaks = {s.text: s.adds > 0 for s in why.sentences}
    assert speaks == {"We must.": label == "favor"}
    assert {s.adds > 0 for s in evidence["topics"]["harbour"].sentences} == {True}


def test_what_is_read_beside_the_text_stands_by_itself(tiny_model):
    why = explained(tiny_model, "Quay.")[0]["stance"]["harbour"]["neutral"]

    # Kind: news at 1, opinion at 0, half of each from their mean; neutral gets 0.25, favor -0.5, their mean is -1/12.
    assert why.beside == {"kind": pytest.approx(0.25 + 0.25 / 3, abs=1e-5)}
    assert why.intercept == pytest.approx(0.5 - 0.5 / 3, abs=1e-5)


def test_a_word_that_speaks_for_all_answers_alike_speaks_for_none(tiny_model, tiny_columns):
    text = tiny_model.weights.text.copy()
    text[0, [column.startswith("kind.") for column in tiny_columns]] += 5
    shifted = Model("m", tiny_model.codebook, tiny_model.vocabulary, replace(tiny_model.weights, text=text))

    why, expected = (explained(model, "Quay, we must.")[0]["kind"] for model in (shifted, tiny_model))

    assert list(why) == list(expected)
    for label, one in why.items():
        assert one.terms == pytest.approx(expected[label].terms, abs=1e-5)


# --- where it stands


def test_a_sentence_of_the_title_is_placed_in_the_title(tiny_model):
    why = explained(tiny_model, "quay again.", title=["Gulls. The quay"])[0]["topics"]["harbour"]

    assert [(s.in_title, s.start, s.end, s.text) for s in why.sentences] == [
        (True, 7, 15, "The quay"),
        (False, 0, 11, "quay again."),
    ]


def test_sentences_are_placed_in_the_page_as_it_was_read():
    page = (EXAMPLES / "scraped-clinic-story.txt").read_text()
    cleaned = clean_articles(pl.DataFrame({"text": [page]}))

    found = next(slantwise.load().articles(cleaned, evidence=3)).evidence

    assert cleaned["pieces"][0] is not None
    sentences = [s for label in found["topics"].values() for s in label.sentences]
    assert len(sentences) > 3
    assert [page[s.start : s.end] for s in sentences] == [s.text for s in sentences]


@pytest.mark.parametrize(("at", "moved"), [(0, 5), (5, 5), (8, 10), (17, 10)])
def test_a_character_is_moved_by_what_was_cut_off_before_it(at, moved):
    assert moved_by([5, 11, 18, 29], at) == moved


# --- what is given


def test_scores_are_the_same_with_evidence(tiny_model):
    frame = pl.DataFrame({"text": ["Quay, we must. Loaf.", "", "Gulls."], "title": [None, "Must", "We must"]})

    with_evidence = tiny_model.score_frame(frame, evidence=2)

    assert_frame_equal(with_evidence.drop("evidence"), tiny_model.score_frame(frame), abs_tol=1e-6)


def test_only_labels_that_are_assigned_have_evidence(tiny_model):
    scores = next(tiny_model.articles(pl.DataFrame({"text": ["Quay, we must."]}), evidence=1))

    assert list(scores.evidence) == list(scores.labels)
    assert list(scores.evidence["topics"]) == scores.assigned("topics")
    assert list(scores.evidence["stance"]["harbour"]) == scores.assigned("stance", "harbour")


def test_labels_that_come_close_have_evidence_where_it_is_asked_for(tiny_model):
    frame = pl.DataFrame({"text": ["Quay, loaf gull."]})

    scores = next(tiny_model.articles(frame, evidence=1, close=True))

    near = [key for key, score in scores.labels["kind"].items() if score.probability >= 0.25]
    assert list(scores.evidence["kind"]) == near == ["news", "opinion"]


def test_an_article_that_is_not_scored_has_no_evidence(tiny_model):
    frame = pl.DataFrame({"text": ["Quay."], "foreign": [True]})

    scores = next(tiny_model.articles(frame, evidence=1))

    assert scores.evidence == {"topics": {}, "kind": {}, "stance": {}}


def test_an_article_without_a_word_is_explained_by_the_intercept(tiny_model):
    why = explained(tiny_model, "")[0]["topics"]["other"]

    assert (why.value, why.intercept, why.sentences, why.terms) == (-0.5, -0.5, [], {})


def test_a_row_has_the_evidence_last(tiny_model):
    row = tiny_model.score("Gulls. Quay!", evidence=1).to_row()

    assert list(row)[-1] == "evidence"
    why = row["evidence"]["topics"]["harbour"]
    assert list(why) == ["value", "intercept", "sentences", "other_sentences", "terms", "other_terms"]
    assert why["sentences"] == [{"adds": 3.0, "in": "text", "start": 7, "end": 12, "text": "Quay!"}]
    assert list(row["evidence"]["stance"]["harbour"]["neutral"])[:3] == ["value", "intercept", "beside"]


def test_a_row_without_evidence_has_no_key_for_it(tiny_model):
    assert "evidence" not in tiny_model.score("Quay!").to_row()


def test_a_frame_has_the_sentences_of_all_labels_in_one_column(tiny_model):
    frame = tiny_model.score_frame(pl.DataFrame({"text": ["Gulls. Quay!"]}), evidence=1)

    found = frame.select("evidence").explode("evidence").unnest("evidence")

    assert frame.columns[-1] == "evidence"
    first = found.row(0, named=True)
    assert (first["question"], first["label"], first["text"], first["start"]) == ("topics", "harbour", "Quay!", 7)
