"""Make what training reads of the articles: texts and labels -> vocabulary, features, latent space, near-duplicates.

All of this is learned without labels and, where more articles are uncoded than coded, from the uncoded ones alone: then
nothing of an article that was coded by hand has shaped the features that it is judged by. (Heads coded in the articles,
such as leaning, are judged on articles whose texts, though not whose labels, had a part in it.) It is the slow part and
depends on texts only, so joblib keeps it on disk.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from joblib import Memory
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from classifier import __version__
from classifier.codebook import Codebook
from classifier.features import FEATURES, Floats, Vocabulary, document
from training.labels import Coded, coded_anywhere
from training.splits import SETTINGS as SHINGLES
from training.splits import near_duplicates, outlets_of
from training.vocabulary import SETTINGS as VOCABULARY
from training.vocabulary import build_vocabulary, count_all, outlets_using

FEWEST_OUTLETS = 5  # to hold one of five folds apart by outlet
DIMENSIONS = 300  # of the latent space; fewer where there are few articles
ARTICLES_A_DIMENSION = 4
LATENT_LENGTH = 0.5**0.5  # mean length of an article's latent vector, beside terms of length 1
WIDESPREAD = (0.04, 20)  # a term that this share of outlets use, or so many outlets, tells little of any one of them
SVD_ARTICLES = 15_000  # more make it slower, not better
SVD_SEED = 0


@dataclass(frozen=True)
class Material:
    """What training reads of the articles, made once for all fits.

    Parameters
    ----------
    features
        Weighed terms, shape (n_articles, n_features).
    answers
        Shape (n_articles, n_columns): 1 yes, 0 no, -1 not coded.
    latent
        Directions of the latent space, scaled, shape (n_features, n_dimensions).
    widespread
        Terms that many outlets use, shape (n_features,).
    ignored
        Terms that a head must not learn from, by its key, shape (n_features,); a head that ignores none is absent.
    outlets
        Outlet of each article; the article itself where there are too few outlets to keep apart.
    apart
        What is kept apart: "outlets" or "articles".
    duplicates
        Pairs of near-duplicate articles, shape (n_pairs, 2).
    """

    codebook: Codebook
    features: sparse.csr_matrix
    answers: Coded
    latent: Floats
    widespread: NDArray[np.bool_]
    ignored: Mapping[str, NDArray[np.bool_]]
    outlets: Sequence[str]
    apart: str
    duplicates: NDArray[np.intp]


def prepare(articles: pl.DataFrame, answers: Coded, codebook: Codebook, cache: Memory) -> tuple[Vocabulary, Material]:
    """Return the vocabulary, and what training reads of the articles.

    Parameters
    ----------
    articles
        Columns `id`, `title`, `text`, and `outlet` and `url` where known.
    answers
        Shape (n_articles, n_columns), from `training.labels.align`.
    """
    texts, outlets = document(articles), outlets_of(articles)
    by_hand = coded_anywhere(answers, codebook, "labels")
    judged = np.flatnonzero(by_hand) if by_hand.any() else np.arange(len(outlets))
    apart = "outlets" if len({outlets[row] for row in judged}) >= FEWEST_OUTLETS else "articles"
    if apart == "articles":
        outlets = articles["id"].to_list()
    background = np.flatnonzero(~by_hand) if by_hand.mean() < 0.5 else np.arange(len(outlets))
    # joblib knows a result by its arguments: texts are large, so their digest stands for them, and what the code under
    # it was set to must be said.
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    here = (DIMENSIONS, ARTICLES_A_DIMENSION, LATENT_LENGTH, WIDESPREAD, SVD_ARTICLES, SVD_SEED)
    settings = f"{__version__} {FEATURES} {VOCABULARY} {here}"
    from_texts = cache.cache(_from_texts, ignore=["texts"])
    vocabulary, features, latent, widespread = from_texts(texts, digest, outlets, background, settings)
    duplicates = cache.cache(_near_duplicates, ignore=["texts"])(texts, digest, str(SHINGLES))
    ignored = {head.key: terms_with(vocabulary, head.ignore) for head in codebook.heads if head.ignore}
    return vocabulary, Material(codebook, features, answers, latent, widespread, ignored, outlets, apart, duplicates)


def terms_with(vocabulary: Vocabulary, some: Iterable[str]) -> NDArray[np.bool_]:
    """Return which features are one of some words and pairs, or a pair that holds one of the words; (n_features,)."""
    wanted = set(some)
    return np.array([term in wanted or not wanted.isdisjoint(term.split(" ")) for term in vocabulary.terms], dtype=bool)


def _from_texts(
    texts: pl.Series,
    digest: str,  # noqa: ARG001 - read by joblib
    outlets: Sequence[str],
    background: NDArray[np.intp],
    settings: str,  # noqa: ARG001 - the same
) -> tuple[Vocabulary, sparse.csr_matrix, Floats, NDArray[np.bool_]]:
    known = [outlets[row] for row in background]
    vocabulary = build_vocabulary(texts.gather(background), known)
    features = vocabulary.weigh(count_all(texts, vocabulary))
    used_by = outlets_using(features[background], known)
    share, most = WIDESPREAD
    widespread = used_by >= min(most, share * len(set(known)))
    return vocabulary, features, _latent_space(features[background]), widespread


def _latent_space(features: sparse.csr_matrix) -> Floats:
    """Return the directions in which articles differ most (Deerwester et al. 1990), (n_features, n_dimensions)."""
    step = -(-features.shape[0] // SVD_ARTICLES)
    some = features[::step]
    dimensions = max(1, min(DIMENSIONS, some.shape[0] // ARTICLES_A_DIMENSION, some.shape[1] - 1))
    _, _, directions = randomized_svd(some, dimensions, n_iter=2, random_state=SVD_SEED)
    length = float(np.sqrt(np.square(some @ directions.T).sum(axis=1).mean()))
    return np.asarray(directions.T * (LATENT_LENGTH / max(length, 1e-9)), dtype=np.float32)


def _near_duplicates(
    texts: pl.Series,
    digest: str,  # noqa: ARG001 - the same
    settings: str,  # noqa: ARG001 - the same
) -> NDArray[np.intp]:
    return near_duplicates(texts)
