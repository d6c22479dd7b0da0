"""Time the bootstrap of a report beside a plain loop over scikit-learn, same articles and figures, in one run.

    python benchmarks/bootstrap.py

Both give precision, recall, F1, average precision and Brier score of every label, and micro and macro F1, for each
resample of 2,000 articles with 40 labels. The loop is timed over a few resamples and its time a resample multiplied.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support

from classifier.codebook import Codebook, blocks
from training.questions import Judged, label_measures_of, measure, measures_of
from training.resampling import RESAMPLES

ARTICLES, LABELS = 2000, 40
LOOPED = 20  # resamples of the loop
RUNS = 5


def question() -> Judged:
    random = np.random.default_rng(0)
    coded = random.random((ARTICLES, LABELS)) < random.uniform(0.02, 0.3, LABELS)
    probability = np.clip(0.5 * coded + random.random(coded.shape) * 0.6, 0, 1)
    head = {"key": "topic", "kind": "many-of", "label": [{"key": f"label{i}"} for i in range(LABELS)]}
    block = blocks(Codebook.from_table({"name": "b", "version": "1", "head": [head]}))[0]
    rows = np.arange(ARTICLES)
    return Judged(block, np.ones(LABELS, bool), {}, rows, coded, probability > 0.5, probability)


def ours(one: Judged) -> None:
    measured = measure(one, (*measures_of(one), *label_measures_of(one)), one.rows, 0)
    for m in label_measures_of(one):
        measured.figures(m)


def loop(one: Judged) -> None:
    assert one.probability is not None
    random = np.random.default_rng(0)
    for _ in range(LOOPED):
        drawn = random.integers(ARTICLES, size=ARTICLES)
        coded, assigned, probability = one.coded[drawn], one.assigned[drawn], one.probability[drawn]
        precision_recall_fscore_support(coded, assigned, zero_division=0)
        for average in ("micro", "macro"):
            f1_score(coded, assigned, average=average, zero_division=0)
        average_precision_score(coded, probability, average=None)
        np.square(probability - coded).mean(axis=0)


def seconds(work: Callable[[Judged], None], one: Judged) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work(one)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    one = question()
    own, peer = seconds(ours, one), seconds(loop, one) * RESAMPLES / LOOPED
    print(f"{RESAMPLES:,} resamples of {ARTICLES:,} articles, {LABELS} labels, median of {RUNS} runs")
    print(
        f"slantwise {own:.2f} s; loop over scikit-learn {peer:.0f} s (from {LOOPED} resamples); ratio {peer / own:.0f}"
    )


if __name__ == "__main__":
    main()
