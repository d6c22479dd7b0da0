"""Turn decision values into probabilities and labels: the last part of features -> scores.

Training calls the same functions on its cross-fitted values, so that what is judged is what will be said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.codebook import Block, Codebook, Head, blocks
from classifier.features import Floats

MOST_LOG_ODDS = 5.0  # of another head's scores
NEAR = 0.5  # of a label's threshold: an article further from all labels than this is about none of them
SURE = 80.0  # log-odds beyond which float32 knows no other probability than 0 or 1

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Weights:
    """What training learned; n_columns counts the labels of all blocks.

    Parameters
    ----------
    text
        Log-odds that a feature adds to each column, shape (n_features, n_columns).
    intercept, threshold
        Shape (n_columns,). Thresholds are probabilities.
    learned
        False for a label with too few coded articles to learn from; shape (n_columns,).
    side
        Log-odds that the scores of other heads add, by the key of the head that reads them; shape (n_side, n_labels of
        all its targets).
    """

    text: Floats
    intercept: Floats
    threshold: Floats
    learned: Bools
    side: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a batch, one row an article and one column a label of a block.

    A label that the model could not learn, and a stance whose topic is absent, has probability NaN and is not assigned.
    """

    probability: Floats
    assigned: Bools


def decide(codebook: Codebook, values: Floats, weights: Weights) -> Scores:
    """Turn decision values into probabilities and labels, each stance answered as if its topic were present.

    Parameters
    ----------
    values
        Decision values from the text alone, shape (n_articles, n_columns).
    """
    full = with_side(codebook, values, weights)
    probability = np.full(values.shape, np.nan, dtype=np.float32)
    assigned = np.zeros(values.shape, dtype=bool)
    for block in blocks(codebook):
        head, columns = block.head, block.columns
        probability[:, columns] = probabilities(head, full[:, columns], weights.learned[columns])
        assigned[:, columns] = _assign(head, probability[:, columns], weights.threshold[columns])
    return Scores(probability, assigned)


def with_side(codebook: Codebook, values: Floats, weights: Weights) -> Floats:
    """Return decision values with what heads read beside the text; -inf for a label that was not learned.

    Shapes as in `decide`.
    """
    full: Floats = np.where(weights.learned, values, -np.inf)
    for block in blocks(codebook):
        if block.head.beside:
            full[:, block.columns] += beside(codebook, full, block) @ side_weights(codebook, weights, block)
    return full


def beside(codebook: Codebook, values: Floats, block: Block) -> Floats:
    """Return what a block reads beside the text, as `side_features` gives it, from the values of all columns."""
    of = {one.head.key: one.columns for one in blocks(codebook)}
    return side_features([values[:, of[key]] for key in block.head.beside], len(values))


def side_names(codebook: Codebook, head: Head) -> list[str]:
    """Return whose scores each column of `beside` holds: a head's key, or two for their product; shape (n_side,)."""
    sizes = [(key, len(codebook.head(key).labels)) for key in head.beside]
    alone = [key for key, size in sizes for _ in range(size)]
    products = [
        f"{first} and {second}"
        for i, (first, size) in enumerate(sizes)
        for second, other in sizes[i + 1 :]
        for _ in range(size * other)
    ]
    return alone + products


def side_weights(codebook: Codebook, weights: Weights, block: Block) -> Floats:
    """Return the log-odds that each score read beside the text adds, shape (n_side, n_labels)."""
    first = next(one.columns.start for one in blocks(codebook) if one.head is block.head)
    part: Floats = weights.side[block.head.key][:, block.columns.start - first : block.columns.stop - first]
    return part


def fitting_order(codebook: Codebook) -> list[Block]:
    """Return the questions, those that read other heads' scores after the others."""
    return sorted(blocks(codebook), key=lambda block: len(block.head.beside))


def side_features(log_odds: Sequence[Floats], n_articles: int) -> Floats:
    """Return what a head reads beside the text: other heads' log-odds and their products, pair by pair.

    Parameters
    ----------
    log_odds
        Decision values of each head, shape (n_articles, n_labels); -inf for a label that was not learned.

    Returns
    -------
    numpy.ndarray
        Float32 of shape (n_articles, n_side). Log-odds are taken from their mean over the labels and held within 5, so
        that 0 says 'knows nothing' and one sure score cannot drown the text.
    """
    centred = [_centred(values) for values in log_odds]
    products = [
        (first[:, :, None] * second[:, None, :]).reshape(n_articles, -1)
        for i, first in enumerate(centred)
        for second in centred[i + 1 :]
    ]
    return np.concatenate([np.zeros((n_articles, 0)), *centred, *products], axis=1).astype(np.float32)


def _centred(values: Floats) -> Floats:
    learned = np.isfinite(values)
    mean = np.where(learned, values, 0.0).sum(axis=1, keepdims=True) / np.maximum(learned.sum(axis=1, keepdims=True), 1)
    centred: Floats = np.where(learned, values - mean, 0.0)
    return np.clip(centred, -MOST_LOG_ODDS, MOST_LOG_ODDS)


def probabilities(head: Head, value: Floats, learned: Bools) -> Floats:
    """Return the probability of each label, NaN for those not learned.

    Parameters
    ----------
    value
        Log-odds (many-of) or log-probabilities up to a constant (one-of), shape (n_articles, n_labels).
    """
    if not learned.any():
        return np.full(value.shape, np.nan, dtype=np.float32)
    value = np.where(learned, value, -np.inf)
    if head.kind == "many-of":
        p = 1.0 / (1.0 + np.exp(-np.clip(value, -SURE, SURE)))
    else:
        p = np.exp(value - value.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
    return np.where(learned, p, np.nan).astype(np.float32)


def _assign(head: Head, p: Floats, threshold: Floats) -> Bools:
    """Assign every label at or over its threshold; exactly one, the furthest over it, where the head asks for one."""
    margin = np.nan_to_num(p / threshold, nan=-1.0)
    labels, learned = np.arange(p.shape[1]), ~np.isnan(p)
    if head.kind != "many-of":
        chosen: Bools = (margin.argmax(axis=1)[:, None] == labels) & learned
        return chosen
    alone = np.array([label.alone for label in head.labels])
    assigned: Bools = margin >= 1.0
    assigned[:, alone] &= ~assigned[:, ~alone].any(axis=1, keepdims=True)
    if head.at_least_one:
        far = alone.any() & (np.where(alone, -1.0, margin).max(axis=1) < NEAR)
        fallback = np.where(far, alone.argmax(), margin.argmax(axis=1))
        assigned |= (fallback[:, None] == labels) & learned & ~assigned.any(axis=1, keepdims=True)
    return assigned


def ask_only_where_present(codebook: Codebook, scores: Scores) -> None:
    """Blank, in place, the answers to a target whose label is not assigned."""
    columns = {
        (b.head.key, label): b.columns.start + i for b in blocks(codebook) for i, label in enumerate(b.head.keys)
    }
    for block in blocks(codebook):
        if block.target is not None and block.head.of is not None:
            absent = ~scores.assigned[:, columns[block.head.of, block.target]]
            scores.probability[absent, block.columns] = np.nan
            scores.assigned[absent, block.columns] = False
