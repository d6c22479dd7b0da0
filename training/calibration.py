"""Turn decision values into probabilities, and probabilities into labels.

Everything here is fitted on decision values of articles that the classifier did not see (cross-fitted), because a
classifier is surer of what it was trained on.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from training.metrics import article_counts, macro_f1

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEARLY_NO_PENALTY = 1e3  # C of a fit of two numbers; it only keeps perfectly separated labels finite
PRIOR_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def platt(values: Floats, coded: Bools) -> tuple[float, float]:
    """Return slope and offset that make decision values the log-odds of a label (Platt 1999).

    Parameters
    ----------
    values, coded
        Cross-fitted decision values and the label by hand, shape (n_articles,); both answers must occur.
    """
    fit = LogisticRegression(C=NEARLY_NO_PENALTY).fit(values[:, None], coded)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])


def temperature(values: Floats, coded: Bools) -> tuple[Floats, Floats]:
    """Return slope and offset, both of shape (n_labels,), that make decision values log-probabilities up to a constant.

    One slope for all labels and an offset for each (temperature scaling, Guo et al. 2017, with its bias).

    Parameters
    ----------
    values, coded
        Cross-fitted decision values and the one label by hand, shape (n_articles, n_labels).
    """
    rows, answer = np.arange(len(values)), coded.argmax(axis=1)

    def loss(parameters: Floats) -> float:
        logits = values * np.exp(parameters[0]) + parameters[1:]
        top = logits.max(axis=1)
        log_total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return float((log_total - logits[rows, answer]).mean() + np.square(parameters).sum() / len(values))

    best: Floats = minimize(loss, np.zeros(1 + values.shape[1]), method="L-BFGS-B").x
    return np.full(values.shape[1], np.exp(best[0])), best[1:]


def many_of_threshold(probability: Floats) -> float:
    """Return the probability from which assigning a label gives the best expected F1.

    Expected under the probabilities themselves, which are calibrated: that uses every article, where the best F1 on the
    coded labels hangs on the few articles near the cut (docs/experiments.md).

    Parameters
    ----------
    probability
        Shape (n_articles,).

    Returns
    -------
    float
        Half-way between the last article that gets the label and the first that does not.

    References
    ----------
    Lipton, Elkan & Naryanaswamy (2014), "Optimal Thresholding of Classifiers to Maximize F1 Measure".
    """
    ordered = -np.sort(-probability)
    expected = 2 * np.cumsum(ordered) / (np.arange(1, len(ordered) + 1) + ordered.sum())
    last = int(expected.argmax())
    below = ordered[last + 1] if last + 1 < len(ordered) else 0.0
    return float((ordered[last] + below) / 2)


def one_of_thresholds(probability: Floats, coded: Bools, offset: Floats) -> Floats:
    """Return a threshold a label, such that choosing the largest probability / threshold gives the best macro F1.

    Sought among the labels' shares to a power of 0 (choose the likeliest), 1 (choose what is likelier than usual) or
    between, and what undoes the calibration's offsets (choose as the classifier would): few candidates, where a free
    threshold a label would fit the noise of a few dozen articles.

    Parameters
    ----------
    probability, coded
        Shape (n_articles, n_labels).
    offset
        From `temperature`, shape (n_labels,).
    """
    shares = coded.mean(axis=0)
    candidates = [*(shares**power for power in PRIOR_POWERS), np.exp(offset - offset.max())]

    def quality(threshold: Floats) -> float:
        chosen = (probability / threshold).argmax(axis=1)[:, None] == np.arange(len(shares))
        return float(macro_f1(article_counts(coded, chosen).sum(axis=0)))

    return np.asarray(max(candidates, key=quality))
