"""Hold our estimates of shares to those of ppi_py and QuaPy on the same made-up articles.

    pip install ppi_python quapy; python benchmarks/shares/peers.py

ppi_py tunes its power with the spread of the predictions over all articles, ours with that over the coded ones, so it
is given our power too. QuaPy's classifier is a logistic regression on one feature; it is asked for its own error rates.
"""

import numpy as np
import quapy as qp
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from quapy.method.aggregative import ACC, PACC
from sklearn.linear_model import LogisticRegression

from training.shares import Counts, Rates, adjusted_count, adjusted_probabilities, prediction_powered

CODED, ARTICLES = 200, 5000
TRAINED = 2000


def counts_of(yes: np.ndarray, said: np.ndarray, uncoded: np.ndarray) -> Counts:
    cells = (yes & said, ~yes & said, yes & ~said, ~yes & ~said)
    return Counts(*(int(cell.sum()) for cell in cells), int(uncoded.sum()), int((~uncoded).sum()))


def beside_ppi(random: np.random.Generator) -> None:
    yes = random.random(ARTICLES) < 0.1
    said = random.random(ARTICLES) < np.where(yes, 0.7, 0.05)
    coded, f_coded, f_rest = (array.astype(float) for array in (yes[:CODED], said[:CODED], said[CODED:]))
    found = prediction_powered(counts_of(yes[:CODED], said[:CODED], said[CODED:]))
    m = len(f_rest)
    power = np.cov(coded, f_coded, bias=True)[0, 1] / f_coded.var() * m / ARTICLES
    same = ppi_mean_pointestimate(coded, f_coded, f_rest, lam=power)[0]
    tuned = ppi_mean_pointestimate(coded, f_coded, f_rest)[0]
    low, high = (float(end[0]) for end in ppi_mean_ci(coded, f_coded, f_rest, alpha=0.05))
    print(f"ppi_py: ours {found.value:.6f}; ppi_py with our power {same:.6f}, with its own {tuned:.6f}")
    print(f"  intervals: ours [{found.low:.4f}, {found.high:.4f}], ppi_py's [{low:.4f}, {high:.4f}]")


def beside_quapy(random: np.random.Generator) -> None:
    yes = random.random(TRAINED) < 0.3
    x = (np.where(yes, 1.0, -1.0) + 1.2 * random.standard_normal(TRAINED))[:, None]
    rare = random.random(ARTICLES) < 0.1
    test = (np.where(rare, 1.0, -1.0) + 1.2 * random.standard_normal(ARTICLES))[:, None]
    half = TRAINED // 2
    learner = LogisticRegression().fit(x[:half], yes[:half])
    p, p_test = learner.predict_proba(x[half:])[:, 1], learner.predict_proba(test)[:, 1]
    known, said = yes[half:], p > 0.5
    rates = Rates(int((known & said).sum()), int(known.sum()), int((~known & said).sum()), int((~known).sum()))
    ours = (
        adjusted_count(int((p_test > 0.5).sum()), ARTICLES, rates),
        adjusted_probabilities(p_test, p[known], p[~known]),
    )
    for method, found in zip((ACC, PACC), ours, strict=True):
        peer = method(learner, fit_classifier=False, val_split=None)
        peer.fit(x[half:], yes[half:].astype(int))
        print(f"{method.__name__}: ours {found.value:.6f}, QuaPy {peer.predict(test)[1]:.6f}, true {rare.mean():.4f}")


def main() -> None:
    random = np.random.default_rng(0)
    qp.environ["_R_SEED"] = 0
    for _ in range(3):
        beside_ppi(random)
        beside_quapy(random)


if __name__ == "__main__":
    main()
