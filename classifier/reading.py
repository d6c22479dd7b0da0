"""Read articles sentence by sentence: articles -> features, and what each sentence has of them.

The features are those of `classifier.features`, up to the order of adding, so asking for evidence changes no score. A
feature is dealt out to the places where its term stands, in proportion to how much each place counts; a pair of words
belongs to the sentence of its first word. The words are split and looked up once, for both.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from classifier.decide import Bools
from classifier.features import Vocabulary
from classifier.sentences import parts
from classifier.words import Ids, Tokens


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch of articles and its sentences.

    Parameters
    ----------
    features
        Weighed terms, float32 of shape (n_articles, n_features).
    shares
        What each sentence has of its article's features, float32 of shape (n_sentences, n_features).
    edges
        Sentences `edges[i]` to `edges[i + 1]` are those of article i; shape (n_articles + 1,).
    start, end, in_title
        Where each sentence stands, in characters of the text or of the title; shape (n_sentences,).
    """

    features: sparse.csr_matrix
    shares: sparse.csr_matrix
    edges: Ids
    start: Ids
    end: Ids
    in_title: Bools


def read(vocabulary: Vocabulary, frame: pl.DataFrame) -> Reading:
    """Return the features of a frame with columns `title` and `text`, and how its sentences share them."""
    # Titles and texts in turn, so that a title is never the beginning of a sentence of the text.
    both = frame.select(pl.concat_list("title", "text").alias("text")).to_series().explode(empty_as_null=False)
    found = parts(both)
    tokens = vocabulary.tokenise(found["part"])
    whole = Tokens(tokens.ids, _summed(tokens.lengths, found["article"].to_numpy() // 2, len(frame)))
    at, terms, weights = vocabulary.occurrences(whole)
    shape = (len(frame), len(vocabulary))
    counts = sparse.csr_matrix((weights, (whole.articles[at], terms)), shape=shape, dtype=np.float32)
    features = vocabulary.weigh(counts)

    inside = pl.first("article"), pl.first("start"), pl.last("end")
    sentences = found.group_by("sentence", maintain_order=True).agg(inside)
    words = np.bincount(found["sentence"].to_numpy(), tokens.lengths)
    order = np.argsort(at, kind="stable")  # quick, since words and pairs each are in order
    begins = np.searchsorted(at[order], np.concatenate([[0], np.cumsum(words)]))
    shares = sparse.csr_matrix((weights[order], terms[order], begins), shape=(len(sentences), len(vocabulary)))
    place = sentences["article"].to_numpy()
    edges = np.searchsorted(place // 2, np.arange(len(frame) + 1))
    _deal(features, counts, shares, edges)
    return Reading(features, shares, edges, sentences["start"].to_numpy(), sentences["end"].to_numpy(), place % 2 == 0)


def _summed(lengths: Ids, articles: Ids, n_articles: int) -> Ids:
    return np.bincount(articles, lengths, minlength=n_articles).astype(np.int64)


def _deal(features: sparse.csr_matrix, counts: sparse.csr_matrix, shares: sparse.csr_matrix, edges: Ids) -> None:
    """Turn what each sentence counts, in place, into its share of the article's features."""
    worth = features.data / counts.data
    a_count = np.zeros(counts.shape[1], np.float32)  # what one of a term's count is worth in the article at hand
    firsts = shares.indptr[edges]
    for article in range(len(edges) - 1):
        own = slice(counts.indptr[article], counts.indptr[article + 1])
        a_count[counts.indices[own]] = worth[own]
        inside = slice(firsts[article], firsts[article + 1])
        shares.data[inside] *= a_count[shares.indices[inside]]
