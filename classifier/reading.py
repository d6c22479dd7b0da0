"""Read articles sentence by sentence: articles -> features, and where in the text each of them stands.

The features are those of `classifier.features`, so asking for evidence changes no score. A feature is dealt out to the
places where its term stands, in proportion to how much each place counts; a pair of words belongs to the sentence of
its first word. The words are split and looked up once, for both.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from classifier.features import Counts, Floats, Vocabulary, lead_weights
from classifier.parallel import each
from classifier.sentences import parts
from classifier.words import Ids, Tokens

AT_ONCE = 320  # articles: what is done with their words stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Reading:
    """Articles that follow one another in a batch, and those of their sentences that have a known word.

    Parameters
    ----------
    first
        The number in the batch of the first article.
    counted
        The terms of each article.
    weighed
        The feature of each of these terms, float32 of shape (n_terms,).
    at, weights
        Each occurrence of a term, in order: its feature number, and what the place adds to the term's count; shape
        (n_occurrences,).
    begins
        Occurrences `begins[i]` to `begins[i + 1]` are those of sentence i; shape (n_sentences + 1,).
    edges
        Sentences `edges[i]` to `edges[i + 1]` are those of article i; shape (n_articles + 1,).
    places
        Where each sentence stands: its article in the batch, start and end in characters of the text or of the title,
        and whether that is the title; shape (n_sentences, 4).
    """

    first: int
    counted: Counts
    weighed: Floats
    at: Ids
    weights: Floats
    begins: Ids
    edges: Ids
    places: Ids


def read(vocabulary: Vocabulary, frame: pl.DataFrame) -> list[Reading]:
    """Return the features of a frame with columns `title` and `text`, and how its sentences share them."""
    firsts = range(0, len(frame), AT_ONCE)
    return each(lambda first: _read(vocabulary, frame[first : first + AT_ONCE], first), firsts)


def _read(vocabulary: Vocabulary, frame: pl.DataFrame, first: int) -> Reading:
    """Return the reading of some articles of a batch, from that of number `first`."""
    # Titles and texts in turn, so that a title is never the beginning of a sentence of the text.
    both = frame.select(pl.concat_list("title", "text").alias("text")).to_series().explode(empty_as_null=False)
    found, n_articles = parts(both), len(frame)
    in_part = vocabulary.tokenise(found["part"])
    owner, start, end, sentence = (found[name].to_numpy() for name in ("article", "start", "end", "sentence"))
    in_article = np.bincount(owner // 2, in_part.lengths, n_articles)
    tokens = Tokens(in_part.ids, in_article.astype(np.int64))
    numbered = vocabulary.numbered(tokens)
    counted = vocabulary.counted(numbered, tokens)

    known = np.flatnonzero(numbered.ravel() < len(vocabulary))
    begin = np.flatnonzero(np.diff(sentence, prepend=-1))  # part of each sentence
    words = np.append(0, np.cumsum(in_part.lengths))[np.append(begin, len(found))]
    begins = np.searchsorted(known, 2 * words)
    kept = np.flatnonzero(np.diff(begins))
    last = np.append(begin[1:], len(found))[kept] - 1
    begin = begin[kept]
    article, in_title = owner[begin] // 2, owner[begin] % 2 == 0
    return Reading(
        first=first,
        counted=counted,
        weighed=vocabulary.weighed(counted),
        at=numbered.ravel().take(known).astype(np.int64),
        weights=lead_weights(tokens.longest).take(tokens.positions.take(known // 2)),
        begins=np.append(begins[kept], len(known)),
        edges=np.searchsorted(article, np.arange(n_articles + 1)),
        places=np.stack([first + article, start[begin], end[last], in_title], axis=1),
    )
