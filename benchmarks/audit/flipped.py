"""Flip 5% of labels, train on them, and count how many are among the labels that the audit would have read first.

    python benchmarks/audit/flipped.py --labels data/labels/policy-news.jsonl \
        --articles ../shared/corpora/allsides.parquet --articles ../shared/corpora/allsides2021.parquet

Of 5% of a question's articles one label is flipped: where several may be given, one that is coded is taken away or one
that is not is added, by turns; where one is given, it is replaced by another, drawn at random. Held-out probabilities
are those of the training recipe on the flipped labels, folds with outlets apart. Labels that were wrong before the
flipping count as right.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Memory

from classifier.articles import Columns
from classifier.codebook import blocks
from classifier.model import Model
from training.audit import rank_labels
from training.inputs import read_inputs
from training.labels import NO, UNKNOWN, YES, Coded
from training.material import prepare
from training.predictions import cross_validated, deal
from training.questions import Judged, judged

FLIPPED = 0.05
TOP = (0.05, 0.1, 0.2)


def flip(answers: Coded, book, random: np.random.Generator) -> tuple[Coded, dict[str, np.ndarray]]:
    """Return flipped answers, and which rows were flipped for each head."""
    flipped, rows_of = answers.copy(), {}
    for block in blocks(book):
        head, columns = block.head, block.columns
        if head.coded_in == "articles" or head.kind == "one-of-per-label":
            flipped[:, columns] = UNKNOWN  # and neither trained nor asked
            continue
        asked = np.flatnonzero((answers[:, columns] != UNKNOWN).all(axis=1))
        rows = random.choice(asked, round(FLIPPED * len(asked)), replace=False)
        for turn, row in enumerate(rows):
            marks = flipped[row, columns]
            if head.kind == "one-of":
                other = random.choice(np.flatnonzero(marks == NO))
                marks[:] = NO
                marks[other] = YES
            else:
                side = np.flatnonzero(marks == (YES if turn % 2 else NO))
                marks[random.choice(side)] ^= 1
        rows_of[head.key] = rows
    return flipped, rows_of


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--articles", type=Path, action="append", required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    book = Model.load().codebook
    inputs = read_inputs(book, options.labels, options.articles, Columns(), print)
    _, material = prepare(inputs.articles, inputs.answers, book, Memory(options.cache, verbose=0))
    folds, split = deal(material, inputs.articles, "outlet", options.folds, 0)
    found: dict[str, list[list[float]]] = {}
    for seed in range(options.repeats):
        answers, rows_of = flip(inputs.answers, book, np.random.default_rng(seed))
        some = replace(material, answers=answers)
        predictions = cross_validated(some, inputs.articles, folds, split, 0, options.jobs)
        for one in judged(book, answers, predictions.scores):
            if isinstance(one, Judged) and one.name in rows_of:
                ranked = one.rows[rank_labels(one).order]
                is_flipped = np.isin(ranked, rows_of[one.name])
                row = [float(is_flipped[: round(part * len(ranked))].sum() / is_flipped.sum()) for part in TOP]
                found.setdefault(one.name, []).append([len(ranked), int(is_flipped.sum()), *row])
    for name, rows in found.items():
        n, flips, *parts = np.mean(rows, axis=0)
        said = ", ".join(f"{share:.2f} in the first {part:.0%}" for part, share in zip(TOP, parts, strict=True))
        print(f"{name}: {flips:.0f} of {n:.0f} articles flipped; found {said}")


if __name__ == "__main__":
    main()
