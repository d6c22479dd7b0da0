"""Choose the vocabulary: the words and pairs that several outlets use, and how much each counts.

A term that few outlets use is mostly their own furniture ("townhall", "getty images"), and a model that learns it has
learned who published the article.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from classifier.errors import LabelError
from classifier.features import Floats, Vocabulary, split_words

BATCH = 2000  # articles at a time, to stay small in memory
WORD_OUTLETS = (0.01, 5)  # a word is kept that this share of all outlets use, or so many outlets
PAIR_OUTLETS = (0.08, 40)
FEW_OUTLETS = 20  # with fewer, outlets tell nothing and articles are counted instead
PAIR_WEIGHT = 0.5  # pairs repeat what their words say; counted in full they drown rare words
SETTINGS = (WORD_OUTLETS, PAIR_OUTLETS, FEW_OUTLETS, PAIR_WEIGHT)


def build_vocabulary(texts: pl.Series, outlets: Sequence[str]) -> Vocabulary:
    """Return the words and pairs that enough outlets use, each with its weight.

    Parameters
    ----------
    texts
        Shape (n_articles,).
    outlets
        The outlet of each article, in the same order.
    """
    user = np.unique(np.asarray(outlets, dtype=str), return_inverse=True)[1]
    if user.max() + 1 < FEW_OUTLETS:
        user = np.arange(len(texts))
    words = _spread(
        [_word_uses(part, user[start : start + BATCH]) for start, part in _batches(texts)], WORD_OUTLETS, user
    )
    if not len(words):
        raise LabelError(f"no word stands in two of the {len(texts):,} articles; training needs more text than that")
    only_words = Vocabulary(tuple(words), np.empty((0, 2), np.int32), np.ones(len(words), np.float32))
    uses = [_pair_uses(only_words, part, user[start : start + BATCH]) for start, part in _batches(texts)]
    codes = _spread(uses, PAIR_OUTLETS, user).sort().to_numpy()
    pairs = np.stack([codes // len(words), codes % len(words)], axis=1).astype(np.int32)
    unweighted = Vocabulary(only_words.words, pairs, np.ones(len(words) + len(pairs), np.float32))
    return replace(unweighted, idf=_inverse_frequencies(count_all(texts, unweighted), len(words)))


def count_all(texts: pl.Series, vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Return the counts of all texts, taken in batches; shape (n_articles, n_features)."""
    return sparse.csr_matrix(sparse.vstack([vocabulary.count(part) for _, part in _batches(texts)]))


def outlets_using(counts: sparse.csr_matrix, outlets: Sequence[str]) -> NDArray[np.int64]:
    """Return how many outlets use each term, shape (n_features,)."""
    outlet = np.unique(np.asarray(outlets, dtype=str), return_inverse=True)[1]
    rows = np.repeat(outlet, np.diff(counts.indptr))
    used = sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, counts.indices)), shape=(outlet.max() + 1, counts.shape[1])
    )
    return np.bincount(used.indices, minlength=counts.shape[1]).astype(np.int64)


def _batches(texts: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    for start in range(0, len(texts), BATCH):
        yield start, texts.slice(start, BATCH)


def _word_uses(texts: pl.Series, user: NDArray[np.intp]) -> pl.DataFrame:
    lists = split_words(texts)
    users = np.repeat(user, lists.list.len().to_numpy())
    return pl.DataFrame({"user": users, "term": lists.explode(empty_as_null=False)}).unique()


def _pair_uses(words: Vocabulary, texts: pl.Series, user: NDArray[np.intp]) -> pl.DataFrame:
    tokens = words.tokenise(texts)
    first, second, articles = tokens.ids[:-1], tokens.ids[1:], tokens.articles
    whole = (first >= 0) & (second >= 0) & (articles[:-1] == articles[1:])
    codes = first[whole] * len(words.words) + second[whole]
    return pl.DataFrame({"user": user[articles[:-1][whole]], "term": codes}).unique()


def _spread(uses: list[pl.DataFrame], limit: tuple[float, int], user: NDArray[np.intp]) -> pl.Series:
    """Return the terms that enough users have, those of most users first."""
    share, most = limit
    least = max(2, min(most, round(share * (int(user.max()) + 1))))
    spread = pl.concat(uses).unique().group_by("term").len().filter(pl.col("len") >= least)
    return spread.sort(pl.col("len").cast(pl.Int64).neg(), "term")["term"]


def _inverse_frequencies(counts: sparse.csr_matrix, n_words: int) -> Floats:
    """Return log((1 + n) / (1 + articles with the term)) + 1, halved for pairs."""
    articles = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + articles)) + 1
    idf[n_words:] *= PAIR_WEIGHT
    return np.asarray(idf, dtype=np.float32)
