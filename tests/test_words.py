"""Words found on bytes, held to the regular expression that defines them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import words as words_module
from classifier.features import split_words
from classifier.words import Table, tokenise, word_table

# Characters that change their size in lower case, change by where they stand, or count as letters and look like marks.
ODD = "aZ09 _-.'\n\tÉéßẞİıſKΣσςＡａⅣⅳⓐⒶªº²½µ«»“”’\u00a0\u00ad\u0301\u200b東京ЖжאعदǅǆȺⱥ𐐀𐐨😀𝔸"  # noqa: RUF001  they are meant
TEXT = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec="utf-8")), max_size=40)


def plain(texts):
    """Return the words of texts as the regular expression finds them, and how many each text has."""
    lists = split_words(texts)
    return lists.explode(empty_as_null=False).to_list(), lists.list.len().to_list()


def assert_found(texts):
    texts = pl.Series(texts, dtype=pl.String)
    words, lengths = plain(texts)
    vocabulary = list(dict.fromkeys(words))

    tokens = tokenise(texts, word_table(vocabulary))

    assert tokens.lengths.tolist() == lengths
    assert [vocabulary[at] if at >= 0 else None for at in tokens.ids] == words


@given(st.lists(TEXT, max_size=4))
def test_words_are_those_of_the_regular_expression(texts):
    assert_found(texts)


@pytest.mark.slow
def test_every_character_is_a_letter_or_a_mark_as_the_regular_expression_says():
    surrogates = range(0xD800, 0xE000)
    every = [chr(code) for code in range(1, 0x110000) if code not in surrogates]

    assert_found([" ".join(every[at : at + 9999]) + "Ab".join(every[at : at + 9999]) for at in range(0, 200_000, 9999)])


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15, 16, 17, 24, 25, 200])
def test_words_of_any_length_are_told_apart_to_the_last_letter(length):
    word = "abcdefgh" * 26
    like = [word[:length], word[: length - 1] + "z", word[: length + 1]]

    tokens = tokenise(pl.Series([" ".join(like), word[:length]]), word_table(like[:1]))

    assert tokens.ids.tolist() == [0, -1, -1, 0]
    assert tokens.lengths.tolist() == [3, 1]


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_table_gives_each_key_its_number_and_others_none(n, monkeypatch):
    monkeypatch.setattr(words_module, "ROOM", 1)  # so that most keys find their slot taken
    keys = np.random.default_rng(0).permutation(np.arange(1, 2 * n + 1)).astype(np.uint64)

    table = Table(keys[:n])

    assert table.numbers(keys, -1).tolist() == [*range(n), *[-1] * n]


def test_only_characters_are_asked_for_that_were_not_met_before(monkeypatch):
    text = pl.Series(["naïve Übermut — “东京”"])
    tokenise(text, word_table(["a"]))
    monkeypatch.delattr(words_module, "_learn")

    assert tokenise(text, word_table(["übermut"])).ids.tolist() == [-1, 0, -1]
