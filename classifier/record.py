"""What a model keeps of the articles that it learned from: digests of them, never a word, and how it did without them.

Whoever judges a model on articles that it learned from is fooled. With the record a model file tells such articles from
new ones, and has for each coded one the scores that it was given while it was held out of training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.decide import Bools, Scores
from classifier.features import Floats, document, split_words

OPENING = 60  # words; articles that share them are taken for the same story

Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class Record:
    """Digests of articles that a model learned from, and scores of those that coders saw.

    Parameters
    ----------
    coded
        Digests of the articles that coders saw, sorted, shape (n_coded,).
    probability, assigned
        Their scores from folds that they had no part in, shape (n_coded, n_columns); each target of a stance is
        answered as if its label were present.
    openings
        Digests of their openings, sorted.
    openings_in_articles
        The same of the articles that taught heads coded in the articles, such as leaning.
    """

    coded: Digests
    probability: Floats
    assigned: Bools
    openings: Digests
    openings_in_articles: Digests

    @classmethod
    def of(cls, articles: pl.DataFrame, by_hand: Bools, in_articles: Bools, scores: Scores) -> Self:
        """Record which of some articles coders saw, and which taught a head that is coded in the articles.

        `scores` has a row for each article.
        """
        digests, openings = whole_digests(articles.filter(by_hand)), opening_digests(articles)
        coded, first = np.unique(digests, return_index=True)
        rows = np.flatnonzero(by_hand)[first]
        return cls(
            coded,
            scores.probability[rows].astype(np.float16),
            scores.assigned[rows],
            np.unique(openings[by_hand]),
            np.unique(openings[in_articles]),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self | None:
        """Return the record of a model file's arrays, None if it has none."""
        if "record.coded" not in arrays:
            return None
        parts = {name: arrays[f"record.{name}"] for name in cls.__dataclass_fields__}
        return cls(**{**parts, "probability": parts["probability"].astype(np.float32)})

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of a model file."""
        parts = {f"record.{name}": getattr(self, name) for name in self.__dataclass_fields__}
        return {**parts, "record.probability": self.probability.astype(np.float16)}


def whole_digests(articles: pl.DataFrame) -> Digests:
    """Return a digest of each article's words, title included, shape (n_articles,)."""
    return _digests(split_words(document(articles)))


def opening_digests(articles: pl.DataFrame) -> Digests:
    """Return a digest of the first 60 words of each article's text, shape (n_articles,): papers change the title."""
    return _digests(split_words(articles["text"]).list.head(OPENING))


def _digests(words: pl.Series) -> Digests:
    texts = words.list.join(" ")
    return np.array(
        [int.from_bytes(blake2b(t.encode(), digest_size=8).digest(), "big") for t in texts], dtype=np.uint64
    )
