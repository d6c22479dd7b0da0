"""Choose the articles whose coding would teach a model most: uncertain, unlike one another, rare labels first.

Each choice serves one label, and labels take turns the oftener the fewer coded articles they have. For the label the
article is taken that the model is least sure of, less so the more it is like one already chosen. Of a label that
the model has not learned it is not unsure but ignorant; there the words of the codebook stand in for it.

Uncertainty sampling: Lewis & Gale (1994); that its choices must differ from one another: Brinker (2003).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.codebook import Codebook, blocks
from classifier.decide import Weights
from training.labels import YES, Coded

CANDIDATES = 300  # a label, whose features are compared

Floats = NDArray[np.float64]


def unsure(codebook: Codebook, probability: NDArray[np.floating], weights: Weights, hits: NDArray[np.int64]) -> Floats:
    """Return how much each article could teach of each label, 0 to 1: 1 where the probability is at its threshold.

    To count in favour of a rare label what the model is already sure of taught it no more (docs/experiments.md).

    Parameters
    ----------
    probability
        Shape (n_articles, n_columns); NaN for labels that the model has not learned.
    hits
        Words of a label that an article has, same shape, from `training.baselines.keyword_hits`.

    Returns
    -------
    numpy.ndarray
        Shape (n_articles, n_columns). A target's answers count as much as its label is likely to be asked about; what
        is coded in the articles is nothing to code and counts 0.
    """
    threshold = np.clip(weights.threshold.astype(np.float64), 1e-6, 1 - 1e-6)
    p = np.nan_to_num(probability.astype(np.float64), nan=0.0)
    by_model = np.minimum(p / threshold, (1 - p) / (1 - threshold))
    by_words = hits / (1.0 + hits)
    found = np.where(weights.learned & ~np.isnan(probability), by_model, by_words)
    at = {(block.head.key, block.target): block.columns for block in blocks(codebook)}
    for block in blocks(codebook):
        if block.head.coded_in == "articles":
            found[:, block.columns] = 0.0
        elif block.head.of is not None and block.target is not None:
            asked = at[block.head.of, None].start + codebook.head(block.head.of).keys.index(block.target)
            found[:, block.columns] *= np.where(weights.learned[asked], p[:, asked], by_words[:, asked])[:, None]
    return np.asarray(found)


def choose(unsure: Floats, features: sparse.csr_matrix, coded: NDArray[np.int64], n: int) -> list[int]:
    """Return the rows of up to n articles, the most telling first.

    Parameters
    ----------
    unsure
        From `unsure`, shape (n_articles, n_columns); columns that are nothing to code are 0 throughout.
    features
        Of length 1 each, shape (n_articles, n_features): what their likeness is told by.
    coded
        How many coded articles have each label, shape (n_columns,).
    """
    left, closest = unsure.copy(), np.zeros(len(unsure))
    # Served in proportion to 1 / (coded + 1), and not until all labels have as many: one that is nowhere to be found
    # would take every choice.
    step = np.where(unsure.any(axis=0), coded + 1.0, np.inf)
    turn = step.copy()
    chosen: list[int] = []
    while len(chosen) < n and np.isfinite(turn).any():
        label = int(turn.argmin())
        worth = left[:, label] * (1 - closest)
        best = int(worth.argmax())
        if worth[best] <= 0:
            turn[label] = np.inf
            continue
        chosen.append(best)
        turn[label] += step[label]
        left[best] = 0.0
        closest = np.maximum(closest, (features @ features[best].T).toarray()[:, 0])
    return chosen


def candidates(unsure: Floats) -> NDArray[np.intp]:
    """Return the rows that may be chosen: the likeliest of each label, so that not all features need be at hand."""
    most = min(CANDIDATES, len(unsure))
    return np.unique(np.argpartition(-unsure, most - 1, axis=0)[:most])


def positives(answers: Coded) -> NDArray[np.int64]:
    """Return how many articles have each label, shape (n_columns,)."""
    return np.asarray((answers == YES).sum(axis=0), dtype=np.int64)
