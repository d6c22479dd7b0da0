"""Features, each worked out by hand or by plain Python."""

import math
import re
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features import Vocabulary, document

WORDS = ("quay", "loaf", "we", "must", "été")
PAIRS = ((0, 0), (2, 3), (3, 2))  # sorted, as a vocabulary asks for
IDF = (1.0, 2.0, 0.5, 1.5, 3.0, 0.7, 1.1, 0.9)
TEXTS = st.lists(
    st.lists(st.sampled_from(["quay", "Loaf", "we", "MUST", "été", "gull", ".", "\n"])).map(" ".join), max_size=8
)


def vocabulary(words=WORDS, pairs=(), idf=None):
    idf = np.ones(len(words) + len(pairs)) if idf is None else idf
    return Vocabulary(tuple(words), np.array(pairs, np.int32).reshape(-1, 2), np.array(idf, np.float32))


def counts(words, *texts):
    return words.count(pl.Series(texts, dtype=pl.String)).toarray()


def features(words, *texts):
    return words.features(pl.Series(texts, dtype=pl.String)).toarray()


# --- counts


@pytest.mark.parametrize(
    ("position", "weight"),
    [
        pytest.param(0, 2.0, id="first"),
        pytest.param(50, 1.6, id="51st"),
        pytest.param(200, 1.0, id="201st"),
        pytest.param(1800, 0.2, id="1801st"),
    ],
)
def test_a_word_counts_by_its_position(position, weight):
    text = "gull " * position + "quay"

    row = counts(vocabulary(), text)[0]

    assert row.tolist() == pytest.approx([weight, 0, 0, 0, 0])


def test_a_word_that_comes_twice_counts_twice():
    row = counts(vocabulary(), "quay quay")[0]

    assert row[0] == pytest.approx(2.0 + 2.0 / 1.005)


def test_positions_start_anew_with_each_article():
    rows = counts(vocabulary(), "gull gull gull quay", "quay", "", "gull quay")

    assert rows[:, 0].tolist() == pytest.approx([2.0 / 1.015, 2.0, 0.0, 2.0 / 1.005])


def test_a_pair_counts_by_the_position_of_its_first_word():
    row = counts(vocabulary(pairs=PAIRS), "gull we must")[0]

    assert row[len(WORDS) :].tolist() == pytest.approx([0, 2.0 / 1.005, 0])


@pytest.mark.parametrize(
    ("texts", "n_pairs"),
    [
        pytest.param(["we must"], [1], id="neighbours"),
        pytest.param(["We, must!"], [1], id="punctuation-and-case"),
        pytest.param(["must we"], [0], id="other-order"),
        pytest.param(["we gull must"], [0], id="unknown-word-between"),
        pytest.param(["we", "must"], [0, 0], id="two-articles"),
        pytest.param(["we", "", "must"], [0, 0, 0], id="empty-article-between"),
        pytest.param(["", "we must", ""], [0, 1, 0], id="empty-articles-around"),
        pytest.param(["we must", "we", "must we must"], [1, 0, 1], id="several-articles"),
        pytest.param(["we"], [0], id="single-word"),
    ],
)
def test_a_pair_is_two_known_words_beside_each_other_in_one_article(texts, n_pairs):
    pairs = counts(vocabulary(pairs=[(2, 3)]), *texts)[:, -1]

    assert np.round(pairs / 2.0).tolist() == n_pairs


def test_a_pair_overlaps_the_next():
    row = counts(vocabulary(pairs=[(0, 0)]), "quay quay quay")[0]

    assert row[-1] == pytest.approx(2.0 + 2.0 / 1.005)


def test_a_term_is_counted_in_articles_of_any_length():
    long = "gull " * 70_000 + "quay"  # its words and positions need more than 32 bits

    rows = Vocabulary(("quay", *(f"w{i}" for i in range(40_000))), np.empty((0, 2), np.int32), np.ones(40_001)).count(
        pl.Series([long, "quay"])
    )

    assert rows[:, 0].toarray().ravel().tolist() == pytest.approx([2.0 / 351, 2.0])


# --- weighing


def test_a_count_is_damped_and_multiplied_by_its_idf_and_the_row_has_length_1():
    raw = [math.log1p(2.0) * 1.0, math.log1p(2.0 / 1.005) * 2.0]

    row = features(vocabulary(["quay", "loaf"], idf=[1.0, 2.0]), "quay loaf")[0]

    assert row.tolist() == pytest.approx([value / math.hypot(*raw) for value in raw], abs=1e-6)
    assert row.tolist() == pytest.approx([0.4483, 0.8939], abs=1e-4)


def test_an_article_of_one_known_word_has_a_feature_of_1():
    row = features(vocabulary(idf=IDF[:5]), "Gulls over the loaf")[0]

    assert row.tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("blank", ["", "gull", " \n.,;", "—"], ids=["empty", "unknown", "punctuation", "dash"])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_an_article_without_a_known_word_is_a_row_of_zeros(blank, place):
    texts = ["quay loaf", "quay loaf"]
    texts.insert(place, blank)

    rows = features(vocabulary(), *texts)

    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([float(row != place) for row in range(3)])


@pytest.mark.parametrize("texts", [[], [""], ["gull", ""]], ids=["no-articles", "one-empty", "none-known"])
def test_a_batch_without_a_known_word_has_a_row_for_each_article(texts):
    rows = vocabulary(pairs=PAIRS).features(pl.Series(texts, dtype=pl.String))

    assert rows.shape == (len(texts), len(WORDS) + len(PAIRS))
    assert rows.nnz == 0


def test_a_vocabulary_without_pairs_has_features_of_words_alone():
    rows = features(vocabulary(), "we must", "quay")

    assert rows.shape == (2, len(WORDS))


def test_values_are_features_times_weights():
    words = vocabulary(pairs=PAIRS, idf=IDF)
    texts = pl.Series(["quay loaf we must", "", "gull", "must we été quay quay", "we", "Loaf"])
    weights = np.random.default_rng(0).normal(size=(len(words), 3)).astype(np.float32)

    assert words.values(texts, weights) == pytest.approx(words.features(texts) @ weights, abs=1e-6)


def test_features_are_of_32_bits():
    rows = vocabulary(idf=IDF[:5]).features(pl.Series(["quay loaf"]))

    assert rows.dtype == np.float32


# --- words


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("L'ÉTÉ.", "été", id="accents"),
        pytest.param("ЛЮДИ!", "люди", id="cyrillic"),
        pytest.param("「東京」", "東京", id="han"),
        pytest.param("(2024)", "2024", id="digits"),
        pytest.param("covid-19", "19", id="hyphen"),
        pytest.param("don't", "t", id="apostrophe"),
        pytest.param("quay_side", "side", id="underscore"),
    ],
)
def test_a_word_is_a_run_of_letters_and_digits_of_any_script(text, word):
    row = counts(vocabulary([word]), text)[0]

    assert row[0] > 0


@pytest.mark.parametrize("text", ["quays", "aquay", "quay2"], ids=["suffix", "prefix", "digit"])
def test_a_part_of_a_word_is_not_the_word(text):
    row = counts(vocabulary(), text)[0]

    assert row.tolist() == [0] * len(WORDS)


def test_terms_read_like_the_words_and_pairs_they_stand_for():
    words = vocabulary(pairs=PAIRS)

    assert words.terms == [*WORDS, "quay quay", "we must", "must we"]
    assert len(words) == len(words.terms)


# --- documents


def test_the_words_of_a_title_come_first():
    frame = pl.DataFrame({"title": ["Gulls today"], "text": ["Quay"]})

    row = vocabulary().count(document(frame)).toarray()[0]

    assert row[0] == pytest.approx(2.0 / 1.01)


def test_an_article_without_a_title_is_its_text():
    frame = pl.DataFrame({"title": [None, "T"], "text": ["Quay", "Quay"]})

    assert document(frame).to_list() == ["Quay", "T\nQuay"]


def test_a_pair_spans_title_and_text():
    frame = pl.DataFrame({"title": ["we"], "text": ["must"]})

    row = vocabulary(pairs=[(2, 3)]).count(document(frame)).toarray()[0]

    assert row[-1] == pytest.approx(2.0)


# --- properties


def plain_features(text):
    """Return the features of a text by the definition, one word at a time."""
    found = re.findall(r"\w+", text.lower())
    total = Counter()
    for position, word in enumerate(found):
        weight = 2.0 / (1 + position / 200)
        after = found[position + 1] if position + 1 < len(found) else None
        pair = (WORDS.index(word), WORDS.index(after)) if word in WORDS and after in WORDS else None
        if word in WORDS:
            total[WORDS.index(word)] += weight
        if pair in PAIRS:
            total[len(WORDS) + PAIRS.index(pair)] += weight
    row = [math.log1p(total[feature]) * idf for feature, idf in enumerate(IDF)]
    length = math.hypot(*row)
    return [value / (length or 1.0) for value in row]


@pytest.mark.slow
@given(TEXTS)
def test_features_are_those_of_plain_python(texts):
    words = vocabulary(pairs=PAIRS, idf=IDF)

    rows = features(words, *texts)

    assert rows.shape == (len(texts), len(IDF))
    for row, text in zip(rows, texts, strict=True):
        assert row.tolist() == pytest.approx(plain_features(text), abs=1e-6)


@pytest.mark.slow
@given(TEXTS, st.integers(1, 5))
def test_features_do_not_depend_on_the_batch(texts, size):
    words = vocabulary(pairs=PAIRS, idf=IDF)
    parts = [features(words, *texts[start : start + size]) for start in range(0, len(texts), size)]

    together = features(words, *texts)

    assert np.abs(together - np.concatenate([np.zeros((0, len(IDF))), *parts])).max(initial=0) <= 1e-6
