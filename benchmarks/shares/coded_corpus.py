"""Estimate shares in a corpus that is coded to the end from some of its articles, and see how often truth is covered.

    python benchmarks/shares/coded_corpus.py --labels data/labels/policy-news.jsonl \
        --articles ../shared/corpora/allsides.parquet --articles ../shared/corpora/allsides2021.parquet

The corpus are all coded articles, with what the shipped model said of each while it was held out. In each run some are
drawn at random as coded; the others are counted. Errors are real ones here, not drawn alike for all articles.
"""

import argparse
from pathlib import Path

import numpy as np

from classifier.articles import Columns
from classifier.model import Model
from training.inputs import read_inputs
from training.predictions import of_model
from training.questions import Judged, judged
from training.shares import Counts, naive, prediction_powered

CODED = (50, 100, 200)


def counts_of(yes: np.ndarray, said: np.ndarray, drawn: np.ndarray) -> Counts:
    cells = (yes & said, ~yes & said, yes & ~said, ~yes & ~said)
    hits, false, missed, rejected = (int((cell & drawn).sum()) for cell in cells)
    return Counts(hits, false, missed, rejected, int((said & ~drawn).sum()), int((~said & ~drawn).sum()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--articles", type=Path, action="append", required=True)
    parser.add_argument("--runs", type=int, default=300)
    options = parser.parse_args()
    model = Model.load()
    inputs = read_inputs(model.codebook, options.labels, options.articles, Columns(), print)
    predictions = of_model(model, inputs.articles, inputs.answers)
    for one in judged(predictions.codebook, predictions.answers, predictions.scores):
        if not isinstance(one, Judged) or one.block.head.coded_in == "articles" or one.block.target:
            continue
        for n in CODED:
            random = np.random.default_rng(0)
            covered, widths, errors, counted = [], [], [], []
            for _ in range(options.runs):
                drawn = np.zeros(len(one.rows), dtype=bool)
                drawn[random.choice(len(drawn), n, replace=False)] = True
                for yes, said in zip(one.coded.T, one.assigned.T, strict=True):
                    counts = counts_of(yes, said, drawn)
                    found, truth = prediction_powered(counts), yes.mean()
                    covered.append(found.low <= truth <= found.high)
                    widths.append(found.high - found.low)
                    errors.append(abs(found.value - truth))
                    counted.append(abs(naive(counts) - truth))
            print(
                f"{one.name}, {len(one.keys)} labels, {n} of {len(one.rows):,} coded: covered {np.mean(covered):.3f}, "
                f"width {np.mean(widths):.3f}, error {np.mean(errors):.4f}, of the naive count {np.mean(counted):.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
