"""Where sentences end; each case is a rule of classifier/sentences.py or a word of sentences.toml."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features import split_words
from classifier.sentences import parts, split

PIECES = st.sampled_from(
    ["Mr.", "U.S.", "gulls", "The", "He", "12", ".", "?”", "…", " ", "  ", "\n", "\n\n", "\r\n", "“", "É", "é."]
)
TEXTS = st.lists(st.lists(PIECES).map("".join) | st.text(max_size=40), max_size=6)


def sentences(text):
    return [text[start:end] for _, start, end in split(pl.Series([text])).iter_rows()]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("He met Mr. Chao in 1993.", id="title"),
        pytest.param("Sen. Ted Cruz and Gov. Larry Hogan left.", id="office"),
        pytest.param("H.R. McMaster and George W. Bush left.", id="initials"),
        pytest.param("The U.S. Coast Guard came.", id="country"),
        pytest.param("It shut at 5 p.m. Monday.", id="hour"),
        pytest.param("She spoke on Aug. 28 in No. 10.", id="number"),
        pytest.param("Rep. Ocasio-Cortez (D-N.Y.) left.", id="party"),
        pytest.param("He was let go by News Inc. after it.", id="company"),
        pytest.param("“Why now?” he asked.", id="question-goes-on-in-lower-case"),
        pytest.param("“Why now?” Mayor A. Lee asked.", id="question-goes-on-with-a-speaker"),
        pytest.param("It fell 2.5 percent, example.com said.", id="no-blank"),
        pytest.param("She left ... and came back.", id="dots"),
        pytest.param("The ministry\nsaid no,\nGulls or not.", id="wrapped-lines"),
        pytest.param("1. Bring water.", id="number-of-an-entry"),
        pytest.param("All gulls are gone. …", id="no-word-behind"),
    ],
)
def test_one_sentence_is_left_whole(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("He left. She came.", 8, id="stop"),
        pytest.param("“He left.” “She came.”", 10, id="closing-quote"),
        pytest.param("He left the U.S. The gulls came.", 16, id="abbreviation-at-the-end"),
        pytest.param("Gulls!\nA headline", 6, id="line"),
        pytest.param("A headline\nThe text", 10, id="line-without-a-stop"),
        pytest.param("He met Mr.\n\nChao left", 10, id="blank-line"),
        pytest.param("he met them\n \ngulls left", 11, id="blank-line-before-lower-case"),
        pytest.param("Is No. the answer?", 6, id="no-number-behind"),
        pytest.param("“Why now?” Nobody knew.", 10, id="no-speaker"),
        pytest.param("They didn’t. Gulls left.", 12, id="not-an-initial"),  # noqa: RUF001
    ],
)
def test_two_sentences_are_parted(text, at):
    if "No." in text:
        text = text.replace("the", "Gulls")
    assert sentences(text) == [text[:at], text[at:].strip()]


def test_each_text_has_sentences_of_its_own():
    found = split(pl.Series(["One. Two.", None, "", "  Three."]))

    assert found.rows() == [(0, 0, 4), (0, 5, 9), (3, 2, 8)]


@given(TEXTS)
def test_every_word_is_in_one_sentence_and_whole(texts):
    found = split(pl.Series(texts, dtype=pl.String))

    for number, text in enumerate(texts):
        inside = [text[start:end] for article, start, end in found.iter_rows() if article == number]
        words = [word for sentence in inside for word in split_words(pl.Series([sentence]))[0]]
        assert words == split_words(pl.Series([text]))[0].to_list()


@given(TEXTS)
def test_sentences_stand_in_order_and_apart(texts):
    found = split(pl.Series(texts, dtype=pl.String))

    for number, text in enumerate(texts):
        rows = [(start, end) for article, start, end in found.iter_rows() if article == number]
        between = [0, *(edge for row in rows for edge in row), len(text)]
        assert between == sorted(between)
        assert all(re.fullmatch(r"\s*", text[a:b]) for a, b in zip(between[::2], between[1::2], strict=True))


@given(TEXTS)
def test_parts_hold_every_character(texts):
    found = parts(pl.Series(texts, dtype=pl.String))

    for number, text in enumerate(texts):
        assert "".join(found.filter(pl.col("article") == number)["part"]) == text
