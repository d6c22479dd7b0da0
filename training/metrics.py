"""Metrics of coded against assigned labels, each a function of sums over articles.

What can be summed is kept for each article (`training.resampling` draws the articles again), so that a figure, its
interval, a slice of it and its difference from another coder's come out of the same function. All functions take any
leading shape: `(4, n_labels)` gives one figure a label, `(n_resamples, 4, n_labels)` as many of each.

What is not defined (the precision of a label that nobody was given) is NaN here, is left out of means, and is said in
words where it is reported.
"""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

HITS, FALSE, MISSED, REJECTED = range(4)
BINS = 10  # of predicted probability, of equal width


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where whole is 0; shapes as numpy broadcasts them."""
    part, whole = np.broadcast_arrays(part, whole)
    ratio: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio


def mean_of_defined(values: Floats) -> Floats:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(values)
    return share(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


# --- of labels: counts


def article_counts(coded: Bools, assigned: Bools) -> Floats:
    """Return each article's true positives, false positives, false negatives and true negatives.

    Parameters
    ----------
    coded, assigned
        Labels by hand and by the model, shape (n_articles, n_labels), in the same order.

    Returns
    -------
    numpy.ndarray
        Shape (n_articles, 4, n_labels), in the order of `HITS`, `FALSE`, `MISSED`, `REJECTED`.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if coded.shape != assigned.shape:
        msg = f"coded has shape {coded.shape} and assigned {assigned.shape}; they must be the same articles and labels"
        raise ValueError(msg)
    parts = [coded & assigned, ~coded & assigned, coded & ~assigned, ~coded & ~assigned]
    return np.stack(parts, axis=1).astype(np.float64)


def precision(counts: Floats) -> Floats:
    """Return the share of a label's assignments that coders made too.

    Parameters
    ----------
    counts
        Shape (..., 4, n_labels), sums of `article_counts`; the functions below take the same.

    Returns
    -------
    numpy.ndarray
        Shape (..., n_labels), 0 to 1; NaN for a label that was assigned to no article.
    """
    hits = counts[..., HITS, :]
    return share(hits, hits + counts[..., FALSE, :])


def recall(counts: Floats) -> Floats:
    """Return the share of a label's coded articles that were assigned it, (..., n_labels); NaN for none coded."""
    hits = counts[..., HITS, :]
    return share(hits, hits + counts[..., MISSED, :])


def f1(counts: Floats) -> Floats:
    """Return the harmonic mean of precision and recall (van Rijsbergen 1979, ch. 7), shape (..., n_labels).

    0 to 1; NaN for a label that was neither coded nor assigned, as scikit-learn has it with `zero_division=nan`.
    """
    twice = 2 * counts[..., HITS, :]
    return share(twice, twice + counts[..., FALSE, :] + counts[..., MISSED, :])


def micro_f1(counts: Floats) -> Floats:
    """Return the F1 of all labels' counts taken together, shape (...); of one answer an article, its accuracy."""
    taken_together: Floats = f1(counts.sum(axis=-1, keepdims=True))
    return taken_together[..., 0]


def macro_f1(counts: Floats) -> Floats:
    """Return the mean of the labels' F1 (Yang 1999), undefined ones left out, shape (...)."""
    return mean_of_defined(f1(counts))


def prevalence_coded(counts: Floats) -> Floats:
    """Return the share of articles that coders gave a label, shape (..., n_labels)."""
    return share(counts[..., HITS, :] + counts[..., MISSED, :], counts.sum(axis=-2))


def prevalence_assigned(counts: Floats) -> Floats:
    """Return the share of articles that were assigned a label, shape (..., n_labels)."""
    return share(counts[..., HITS, :] + counts[..., FALSE, :], counts.sum(axis=-2))


# --- of articles: how alike two sets of labels are


def article_f1(coded: Bools, assigned: Bools) -> Floats:
    """Return the F1 of each article's set of labels, shape (n_articles,); its mean is 'samples F1' (Godbole 2004).

    0 to 1; 1 for an article without a label on either side, on which both agree. `coded` and `assigned` have shape
    (n_articles, n_labels), here and below.
    """
    either = coded.sum(axis=1) + assigned.sum(axis=1)
    return np.where(either > 0, 2 * (coded & assigned).sum(axis=1) / np.maximum(either, 1), 1.0)


def article_jaccard(coded: Bools, assigned: Bools) -> Floats:
    """Return the shared among all labels of each article (Jaccard 1912), shape (n_articles,), 0 to 1; 1 for none."""
    union = (coded | assigned).sum(axis=1)
    return np.where(union > 0, (coded & assigned).sum(axis=1) / np.maximum(union, 1), 1.0)


def article_exact(coded: Bools, assigned: Bools) -> Floats:
    """Return 1 where an article's labels are all as coded, else 0, shape (n_articles,); its mean: subset accuracy."""
    return np.asarray((coded == assigned).all(axis=1), dtype=np.float64)


def confusion(coded: Bools, assigned: Bools) -> NDArray[np.int64]:
    """Return how often each label was coded (rows) and each was assigned (columns), shape (n_labels, n_labels).

    For questions with one answer; an article without an answer on one side counts nowhere.
    """
    counts: NDArray[np.int64] = coded.astype(np.int64).T @ assigned.astype(np.int64)
    return counts


# --- of probabilities


def average_precision(coded: Bools, probability: Floats, times: NDArray[np.floating]) -> Floats:
    """Return the area under each label's precision-recall steps: the mean over recalls of the precision reached there.

    Parameters
    ----------
    coded, probability
        Shape (n_articles, n_labels). Only the order of probabilities counts; articles of equal ones come in together.
    times
        How often each article counts, shape (n_articles, n_resamples).

    Returns
    -------
    numpy.ndarray
        Shape (n_resamples, n_labels), 0 to 1; NaN where no article counts that is coded with the label.

    References
    ----------
    Manning, Raghavan & Schütze (2008), ch. 8.4, without interpolation, as scikit-learn's `average_precision_score`.
    """
    columns = [_average_precision(*column, times) for column in zip(coded.T, probability.T, strict=True)]
    return np.stack(columns, axis=1) if columns else np.empty((times.shape[1], 0))


def _average_precision(coded: Bools, probability: Floats, times: NDArray[np.floating]) -> Floats:
    """One label's. Only at thresholds where a coded article comes in does recall move, so only these are summed up."""
    if not coded.any():
        return np.full(times.shape[1], np.nan)
    order = np.argsort(-probability, kind="stable")
    tied = np.cumsum(np.diff(probability[order], prepend=probability[order[0]]) != 0)
    found_at, first = np.unique(tied[coded[order]], return_index=True)
    last = np.searchsorted(tied, found_at, side="right")
    ranked = times[order[: last[-1]]]
    so_far = np.cumsum(np.add.reduceat(ranked, np.concatenate([[0], last[:-1]]), axis=0), axis=0)
    hits = np.add.reduceat(times[order[coded[order]]], first, axis=0)
    hits_so_far = np.cumsum(hits, axis=0)
    reached = np.divide(hits_so_far, so_far, out=np.zeros_like(so_far), where=so_far > 0)
    return share((hits * reached).sum(axis=0).astype(np.float64), hits_so_far[-1].astype(np.float64))


def article_brier(coded: Bools, probability: Floats) -> Floats:
    """Return the squared distance of each probability from what was coded (Brier 1950), (n_articles, n_labels), 0 to 1.

    For questions with one answer too it is that of each label by itself, so that all kinds of question compare.
    """
    return np.asarray(np.square(probability - coded))


def article_bins(coded: Bools, probability: Floats) -> Floats:
    """Return in which bin of probability each article lies, with what probability, and whether it is coded.

    Returns
    -------
    numpy.ndarray
        Shape (n_articles, 3, BINS, n_labels): 1 in the article's bin, its probability there, and 1 there if coded. Bins
        have equal width and hold their upper edge, as in Guo et al. (2017); the first holds 0 too.
    """
    place = np.clip(np.ceil(probability * BINS).astype(int) - 1, 0, BINS - 1)
    here = (place[:, None, :] == np.arange(BINS)[:, None]).astype(np.float64)
    return np.stack([here, here * probability[:, None, :], here * coded[:, None, :]], axis=1)


def calibration_error(bins: Floats) -> Floats:
    """Return the expected calibration error: how far mean probability and share coded are apart, over bins.

    Parameters
    ----------
    bins
        Shape (..., 3, BINS, n_labels), sums of `article_bins`.

    Returns
    -------
    numpy.ndarray
        Shape (..., n_labels), 0 to 1, each bin weighed by its articles; NaN without articles. With few articles it is
        biased upward, since every bin's share is uncertain.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015); Guo, Pleiss, Sun & Weinberger (2017), "On Calibration of Modern Neural
    Networks".
    """
    articles, probability, coded = (bins[..., part, :, :] for part in range(3))
    return share(np.abs(probability - coded).sum(axis=-2), articles.sum(axis=-2))


# --- which side


def sides_f1(counts: Floats, sides: Bools) -> Floats:
    """Return the mean F1 of the labels that take a side, leaving out that of 'neither', shape (...).

    Parameters
    ----------
    counts
        Shape (..., 4, n_labels).
    sides
        Which labels take a side, shape (n_labels,).

    References
    ----------
    Mohammad et al. (2016), "SemEval-2016 Task 6: Detecting Stance in Tweets": the mean of favor and against.
    """
    return macro_f1(counts[..., sides])
