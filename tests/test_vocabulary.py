"""Choosing the words and pairs that several outlets use."""

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from classifier.errors import LabelError
from classifier.features import Vocabulary
from training import vocabulary
from training.vocabulary import build_vocabulary, count_all, outlets_using


def texts_with(term: str, n_using: int, n_outlets: int) -> tuple[pl.Series, list[str]]:
    """Return an article for each outlet, of which the first `n_using` hold a term."""
    texts = [f"harbour {term}" if outlet < n_using else "harbour" for outlet in range(n_outlets)]
    return pl.Series(texts), [f"outlet {outlet}" for outlet in range(n_outlets)]


def pairs_of(found: Vocabulary) -> list[str]:
    return found.terms[len(found.words) :]


@pytest.mark.parametrize(
    ("n_outlets", "least"),
    [
        pytest.param(24, 2, id="two-at-least"),
        pytest.param(300, 3, id="one-in-a-hundred"),
        pytest.param(1000, 5, id="five-at-most"),
    ],
)
def test_a_word_is_kept_that_enough_outlets_use(n_outlets: int, least: int) -> None:
    enough = build_vocabulary(*texts_with("ferry", least, n_outlets))
    too_few = build_vocabulary(*texts_with("ferry", least - 1, n_outlets))

    assert enough.words == ("harbour", "ferry")
    assert too_few.words == ("harbour",)


@pytest.mark.parametrize(
    ("n_outlets", "least"),
    [
        pytest.param(24, 2, id="two-at-least"),
        pytest.param(100, 8, id="eight-in-a-hundred"),
        pytest.param(1000, 40, id="forty-at-most"),
    ],
)
def test_a_pair_is_kept_that_enough_outlets_use(n_outlets: int, least: int) -> None:
    enough = build_vocabulary(*texts_with("ferry", least, n_outlets))
    too_few = build_vocabulary(*texts_with("ferry", least - 1, n_outlets))

    assert pairs_of(enough) == ["harbour ferry"]
    assert pairs_of(too_few) == []


def test_an_outlet_s_furniture_is_left_out_however_often_it_stands_there() -> None:
    texts = ["storm townhall townhall"] * 50 + ["storm"] * 24
    outlets = ["hall"] * 50 + [f"outlet {number}" for number in range(24)]

    found = build_vocabulary(pl.Series(texts), outlets)

    assert found.words == ("storm",)


@pytest.mark.parametrize(
    ("n_outlets", "words"),
    [pytest.param(19, ("storm", "townhall"), id="few"), pytest.param(20, ("storm",), id="enough")],
)
def test_with_few_outlets_articles_are_counted_instead(n_outlets: int, words: tuple[str, ...]) -> None:
    texts = ["storm townhall"] * 2 + ["storm"] * (n_outlets - 1)
    outlets = ["hall"] * 2 + [f"outlet {number}" for number in range(n_outlets - 1)]

    found = build_vocabulary(pl.Series(texts), outlets)

    assert found.words == words


def test_words_of_most_outlets_come_first_and_ties_by_letter() -> None:
    texts = pl.Series(["Wind bay", "bay wind ARK", "bay ark", "bay owl"])

    found = build_vocabulary(texts, ["a", "b", "c", "d"])

    assert found.words == ("bay", "ark", "wind")


def test_pairs_are_neighbours_in_one_article_and_sorted_by_number() -> None:
    texts = pl.Series(["bay ark. Bay", "bay ark bay", "wind bay ark", "bay wind"])  # bay 0, ark 1, wind 2

    found = build_vocabulary(texts, ["a", "b", "c", "d"])

    assert pairs_of(found) == ["bay ark", "ark bay"]
    assert found.pairs.tolist() == [[0, 1], [1, 0]]


def test_a_pair_does_not_reach_over_an_unknown_word() -> None:
    texts = pl.Series(["bay owl wind", "bay elk wind"])

    found = build_vocabulary(texts, ["a", "b"])

    assert found.words == ("bay", "wind")
    assert pairs_of(found) == []


def test_weights_are_inverse_frequencies_with_pairs_counting_half() -> None:
    texts = pl.Series(["bay wind", "bay wind", "bay", "bay", "owl"])

    found = build_vocabulary(texts, ["a", "b", "c", "d", "e"])

    expected = [np.log(6 / 5) + 1, np.log(6 / 3) + 1, (np.log(6 / 3) + 1) / 2]  # of 5 articles: 4, 2 and 2
    assert found.terms == ["bay", "wind", "bay wind"]
    np.testing.assert_allclose(found.idf, expected, rtol=1e-6)


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    texts = pl.Series([" ".join(f"word{n}" for n in random.integers(0, 30, 8)) for _ in range(70)])
    outlets = [f"outlet {number % 23}" for number in range(70)]
    at_once = build_vocabulary(texts, outlets)

    monkeypatch.setattr(vocabulary, "BATCH", 9)
    in_batches = build_vocabulary(texts, outlets)

    assert in_batches.terms == at_once.terms
    np.testing.assert_array_equal(in_batches.idf, at_once.idf)
    assert (count_all(texts, at_once) != at_once.count(texts)).nnz == 0


@pytest.mark.parametrize(
    "texts", [["one two", "three four"], ["", ""], ["..."]], ids=["no-word-twice", "empty", "no-words"]
)
def test_too_little_text_is_refused(texts: list[str]) -> None:
    with pytest.raises(LabelError, match=rf"no word stands in two of the {len(texts)} articles; training needs more"):
        build_vocabulary(pl.Series(texts), [f"outlet {number}" for number in range(len(texts))])


def test_outlets_using_counts_an_outlet_once() -> None:
    counts = sparse.csr_matrix(np.array([[1.0, 0, 2, 0], [3, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]]))

    used_by = outlets_using(counts, ["gull", "gull", "gull", "crumb"])

    assert used_by.tolist() == [1, 0, 2, 0]
