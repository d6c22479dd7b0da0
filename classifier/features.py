"""Turn texts into features: articles -> features -> scores.

One function, used by training and by scoring alike, so that the two cannot drift apart. The work is done by Polars'
string expressions over a whole batch: they run in Rust and release the GIL. Feature numbers come from the model's own
vocabulary and never from a library's hash, which may change between versions.

A word counts the more the nearer it stands to the start of its article, because news says first what it is about and
coders judge an article by its title and lead: the word at position p (0-based) adds 2 / (1 + p / 200). Measured in
docs/experiments.md against equal weights, other slopes, and cutting the article off.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

WORD = r"[\p{L}\p{N}]+"  # applied to lower-cased text
LEAD_WEIGHT, LEAD_WORDS = 2.0, 200.0
# Stands in the model file, so that a model is never read with features that it was not made for.
FEATURES = {"word": WORD, "weight": [LEAD_WEIGHT, LEAD_WORDS], "count": "log1p", "length": "l2"}

FILTER_SLOTS = 1 << 22  # a power of two; 4 MB, under 1% of them taken

Ids = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a batch of articles, one after the other.

    `ids` are word numbers, -1 for a word that the vocabulary lacks; article i has `lengths[i]` of them.
    """

    ids: Ids
    lengths: Ids

    @property
    def positions(self) -> Ids:
        """Position of each word within its article, from 0; shape (n_words,)."""
        ends = np.cumsum(self.lengths)
        return np.arange(len(self.ids)) - np.repeat(ends - self.lengths, self.lengths)

    @property
    def articles(self) -> Ids:
        """Number of the article that each word stands in; shape (n_words,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


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
        return [*self.words, *(f"{self.words[first]} {self.words[second]}" for first, second in self.pairs)]

    @cached_property
    def _word_type(self) -> pl.Enum:
        return pl.Enum(self.words)

    @cached_property
    def _pair_codes(self) -> Ids:
        return self.pairs[:, 0].astype(np.int64) * len(self.words) + self.pairs[:, 1]

    @cached_property
    def _pair_filter(self) -> NDArray[np.bool_]:
        """A table that says of most neighbouring words at one glance that they are no pair of this vocabulary."""
        table = np.zeros(FILTER_SLOTS, dtype=bool)
        table[_filter_slot(self._pair_codes)] = True
        return table

    def tokenise(self, texts: pl.Series) -> Tokens:
        """Return the words of each text as numbers of this vocabulary."""
        words = split_words(texts)
        ids = words.explode(empty_as_null=False).cast(self._word_type, strict=False).to_physical()
        return Tokens(ids.cast(pl.Int64).fill_null(-1).to_numpy(), words.list.len().cast(pl.Int64).to_numpy())

    def pair_features(self, tokens: Tokens) -> tuple[Ids, Ids]:
        """Return where in the batch a pair starts, and its feature number; both of shape (n_pairs_found,)."""
        first, second = tokens.ids[:-1], tokens.ids[1:]
        codes = first * len(self.words) + second
        maybe = self._pair_filter[_filter_slot(codes)] & (first >= 0) & (second >= 0)
        ends = np.cumsum(tokens.lengths)
        maybe[ends[(ends > 0) & (ends <= len(maybe))] - 1] = False  # a pair ends with its article
        starts = np.flatnonzero(maybe)
        places = np.searchsorted(self._pair_codes, codes[starts])
        found = self._pair_codes[np.minimum(places, len(self._pair_codes) - 1)] == codes[starts]
        return starts[found], places[found] + len(self.words)

    def features(self, texts: pl.Series) -> sparse.csr_matrix:
        """Return the weighed terms of each text, float32 of shape (n_articles, n_features)."""
        return self.weigh(self.count(texts))

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return log(1 + count) times idf, each article scaled to length 1; shape as `counts`.

        An article without a known word stays all zero.
        """
        data = np.log1p(counts.data) * self.idf[counts.indices]
        n_terms = np.diff(counts.indptr)
        squares = np.add.reduceat(np.append(data * data, np.float32(0)), counts.indptr[:-1])
        lengths = np.sqrt(np.where(n_terms > 0, squares, 1.0))  # reduceat gives an empty article its neighbour's square
        data /= np.repeat(lengths, n_terms)
        return sparse.csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)

    def count(self, texts: pl.Series) -> sparse.csr_matrix:
        """Return the weighted counts of words and pairs, float32 of shape (n_articles, n_features)."""
        tokens = self.tokenise(texts)
        at, features, weights = self.occurrences(tokens)
        shape = (len(texts), len(self))
        return sparse.csr_matrix((weights, (tokens.articles[at], features)), shape=shape, dtype=np.float32)

    def occurrences(self, tokens: Tokens) -> tuple[Ids, Ids, Floats]:
        """Return each word and pair that is found: where in the batch it starts, its feature number, its weight."""
        weights = LEAD_WEIGHT / (1.0 + tokens.positions.astype(np.float32) / LEAD_WORDS)
        known = np.flatnonzero(tokens.ids >= 0)
        starts, pairs = self.pair_features(tokens) if len(self.pairs) else (known[:0], known[:0])
        at = np.concatenate([known, starts])
        return at, np.concatenate([tokens.ids[known], pairs]), weights[at]


def split_words(texts: pl.Series) -> pl.Series:
    """Return the lower-cased words of each text, a list column of shape (n_articles,)."""
    return texts.str.to_lowercase().str.extract_all(WORD)


def document(frame: pl.DataFrame) -> pl.Series:
    """Return what is scored of each article, its title (where known) above its text; shape (n_articles,)."""
    return frame.select(pl.concat_str("title", "text", separator="\n", ignore_nulls=True)).to_series()


def _filter_slot(codes: Ids) -> Ids:
    return (codes ^ (codes >> 17)) & (FILTER_SLOTS - 1)
