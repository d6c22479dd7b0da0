"""Turn texts into features: articles -> features -> scores.

One function, used by training and by scoring alike, so that the two cannot drift apart. The work is done by numpy over
a whole batch. Feature numbers come from the model's own vocabulary and never from a library's hash, which may change
between versions.

A word counts the more the nearer it stands to the start of its article, because news says first what it is about and
coders judge an article by its title and lead: the word at position p (0-based) adds 2 / (1 + p / 200). Measured in
docs/experiments.md against equal weights, other slopes, and cutting the article off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.words import WORD, Ids, Table, Tokens, tokenise, word_table

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["FEATURES", "WORD", "Floats", "Ids", "Vocabulary", "document", "split_words"]

LEAD_WEIGHT, LEAD_WORDS = 2.0, 200.0
# Stands in the model file, so that a model is never read with features that it was not made for.
FEATURES = {"word": WORD, "weight": [LEAD_WEIGHT, LEAD_WORDS], "count": "log1p", "length": "l2"}

SORTED_BITS = 3  # 8 articles are sorted at once; more take longer than so many calls
ROWS_AT_ONCE = 4  # articles whose weights are gathered at once: they stay in the processor's cache

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Counts:
    """The weighted counts of a batch: article i has the terms `features[starts[i] : starts[i + 1]]`, rising."""

    features: Ids
    counts: Floats
    starts: Ids


@dataclass(frozen=True)
class Vocabulary:
    """The words and word pairs that carry weight; feature numbers are words first, then pairs, in this order.

    Parameters
    ----------
    words
        Lower-cased words, without repeats.
    pairs
        Word numbers of neighbouring words, shape (n_pairs, 2), sorted by first and then by second.
    idf
        What a term's count is multiplied by, shape (n_features,).
    """

    words: tuple[str, ...]
    pairs: NDArray[np.int32]
    idf: Floats

    def __len__(self) -> int:
        return len(self.words) + len(self.pairs)

    @cached_property
    def terms(self) -> list[str]:
        """What each feature reads like, shape (n_features,)."""
        return [*self.words, *(f"{self.words[first]} {self.words[second]}" for first, second in self.pairs.tolist())]

    @property
    def _bits(self) -> int:
        """The bits of a feature number, and of that of an unknown word."""
        return len(self).bit_length()

    @cached_property
    def _words(self) -> Table:
        return word_table(self.words)

    @cached_property
    def _pairs(self) -> Table:
        first, second = self.pairs.astype(np.int64).T
        return Table(self._pair_keys(first, second))

    def _pair_keys(self, first: Ids, second: Ids) -> NDArray[np.uint64]:
        """Return a number over 0 for each pair of words; one with an unknown word (-1) has that of no known pair."""
        return ((first + 1) * (len(self.words) + 1) + second + 2).view(np.uint64)

    def tokenise(self, texts: pl.Series) -> Tokens:
        """Return the words of each text as numbers of this vocabulary."""
        return tokenise(texts, self._words)

    def numbered(self, tokens: Tokens) -> NDArray[np.unsignedinteger[Any]]:
        """Return the feature numbers of each word, and of the pair that begins at it; n_features for one unknown.

        Shape (n_words, 2), of a type that has room for a position beside the number.
        """
        small = self._bits + tokens.longest.bit_length() <= 32
        found = np.empty((len(tokens.ids), 2), np.uint32 if small else np.uint64)
        found[:, 0] = np.where(tokens.ids < 0, len(self), tokens.ids)
        found[:, 1] = len(self)
        if len(self.pairs):
            keys = self._pair_keys(tokens.ids[:-1], tokens.ids[1:])
            found[:-1, 1] = self._pairs.numbers(keys, len(self.pairs)) + len(self.words)
            ends = np.cumsum(tokens.lengths)
            found[ends[ends > 0] - 1, 1] = len(self)  # a pair ends with its article
        return found

    def features(self, texts: pl.Series) -> sparse.csr_matrix:
        """Return the weighed terms of each text, float32 of shape (n_articles, n_features)."""
        return self.weigh(self.count(texts))

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return log(1 + count) times idf, each article scaled to length 1; shape as `counts`.

        An article without a known word stays all zero.
        """
        from scipy import sparse

        data = self.weighed(Counts(counts.indices, counts.data, counts.indptr))
        return sparse.csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)

    def count(self, texts: pl.Series) -> sparse.csr_matrix:
        """Return the weighted counts of words and pairs, float32 of shape (n_articles, n_features)."""
        from scipy import sparse

        counted = self._counted(texts)
        parts = counted.counts, counted.features.astype(np.int32), counted.starts.astype(np.int32)
        return sparse.csr_matrix(parts, shape=(len(texts), len(self)))

    def values(self, texts: pl.Series, weights: Floats) -> Floats:
        """Return the features of each text times a matrix, without a sparse matrix between.

        Parameters
        ----------
        weights
            Shape (n_features, n_columns), float32.

        Returns
        -------
        numpy.ndarray
            Float32 of shape (n_articles, n_columns).
        """
        return self.product(self._counted(texts), weights)

    def product(self, counted: Counts, weights: Floats) -> Floats:
        """Return the features of each article times a matrix; shapes as for `values`."""
        data = self._damped(counted)
        product = _product(data.astype(np.float32), counted, weights)
        product /= _lengths(data, counted.starts)[:, None]
        return product

    def weighed(self, counted: Counts) -> Floats:
        """Return what the model reads of each term, the numbers of `weigh`; shape (n_terms,)."""
        data = self._damped(counted)
        data /= np.repeat(_lengths(data, counted.starts), np.diff(counted.starts))
        return data.astype(np.float32)

    def _damped(self, counted: Counts) -> Floats:
        return _damped(counted.counts) * self.idf.take(counted.features, mode="clip")

    def _counted(self, texts: pl.Series) -> Counts:
        tokens = self.tokenise(texts)
        return self.counted(self.numbered(tokens), tokens)

    def counted(self, numbered: NDArray[np.unsignedinteger[Any]], tokens: Tokens) -> Counts:
        """Count words and pairs: sort them article by article, then sum the weights of those that are the same.

        A term is sorted as one number, its feature before its position: half the time of sorting two arrays. Bits that
        are left in front of them tell a few articles apart, which are then sorted by one call: threads that call often
        wait for each other.

        Parameters
        ----------
        numbered
            What `numbered` gave for the tokens.
        """
        bits, dtype = tokens.longest.bit_length(), numbered.dtype
        above = bits + self._bits
        at_once = 1 << min(8 * dtype.itemsize - above, SORTED_BITS)
        ends = np.cumsum(tokens.lengths)
        fronts = np.arange(len(ends)) % at_once << above
        places = np.arange(len(tokens.ids)) + np.repeat(fronts - (ends - tokens.lengths), tokens.lengths)
        terms = numbered << dtype.type(bits)
        terms |= places.astype(dtype)[:, None]
        flat = terms.ravel()
        for start, end in pairwise([0, *(2 * ends[at_once - 1 :: at_once]).tolist(), len(flat)]):
            flat[start:end].sort()
        return self._summed(flat, 2 * ends, bits, lead_weights(tokens.longest))

    def _summed(self, terms: NDArray[Any], ends: Ids, bits: int, weights: Floats) -> Counts:
        features = terms >> terms.dtype.type(bits)
        first = np.ones(len(terms), bool)
        np.not_equal(features[1:], features[:-1], out=first[1:])
        first[ends[ends < len(terms)]] = True  # where an article begins
        at = np.flatnonzero(first)
        total = np.zeros(len(terms) + 1)
        np.cumsum(weights.take(terms & terms.dtype.type((1 << bits) - 1), mode="clip"), out=total[1:])
        counts = np.diff(total.take(np.append(at, len(terms)))).astype(np.float32)
        features = features.take(at).astype(np.int64) & ((1 << self._bits) - 1)
        known = features < len(self)  # what the vocabulary lacks was counted as one more feature
        starts = np.append(0, np.cumsum(known))[np.append(0, np.searchsorted(at, ends))]
        return Counts(features[known], counts[known], starts)


def lead_weights(n_words: int) -> Floats:
    """Return the weight of each position; shape (n_words,)."""
    weights: Floats = (LEAD_WEIGHT / (1.0 + np.arange(n_words, dtype=np.float32) / LEAD_WORDS)).astype(np.float32)
    return weights


def _damped(counts: Floats) -> Floats:
    """Return log(1 + count); numpy's log1p takes six times as long, and counts are never near 0."""
    return np.log(1 + counts)


def _lengths(data: Floats, starts: Ids) -> Floats:
    """Return the Euclidean length of each article's terms, 1 for one without; shape (n_articles,)."""
    total = np.append(0.0, np.cumsum(np.square(data), dtype=np.float64))
    squares = np.diff(total[starts])
    lengths: Floats = np.sqrt(np.where(np.diff(starts) > 0, squares, 1.0)).astype(np.float32)
    return lengths


def _product(data: Floats, counted: Counts, weights: Floats) -> Floats:
    """Return the sum of weight rows for each article; scipy takes as long, and a tenth of a second to load."""
    starts = counted.starts.tolist()
    product = np.zeros((len(starts) - 1, weights.shape[1]), np.float32)
    for first in range(0, len(product), ROWS_AT_ONCE):
        own = starts[first : first + ROWS_AT_ONCE + 1]
        rows = weights.take(counted.features[own[0] : own[-1]], axis=0, mode="clip")
        for at, (start, end) in enumerate(pairwise(own), first):
            np.dot(data[start:end], rows[start - own[0] : end - own[0]], out=product[at])
    return product


def split_words(texts: pl.Series) -> pl.Series:
    """Return the lower-cased words of each text, a list column of shape (n_articles,)."""
    return texts.str.to_lowercase().str.extract_all(WORD)


def document(frame: pl.DataFrame) -> pl.Series:
    """Return what is scored of each article, its title (where known) above its text; shape (n_articles,)."""
    return frame.select(pl.concat_str("title", "text", separator="\n", ignore_nulls=True)).to_series()
