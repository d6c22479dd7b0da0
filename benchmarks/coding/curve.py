"""Macro F1 on topics against the number of coded articles, drawn at random and drawn to teach the model most.

The coded articles of AllSides stand for a corpus: for each seed a fifth of the outlets is put aside to judge on, and
from the others articles are "coded" in rounds, as `slantwise sample --by model` would have them: three quarters chosen
by the model of the round before, a quarter at random. The first round is random in both arms. A label that is not
learned yet counts with F1 0.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Memory

from classifier.articles import Columns
from classifier.codebook import blocks, read_codebook
from classifier.decide import decide
from classifier.features import document
from training.baselines import READ_CHARACTERS, keyword_hits
from training.informative import candidates, choose, positives, unsure
from training.inputs import read_inputs
from training.labels import YES, coded_anywhere
from training.material import Material, prepare
from training.metrics import article_counts, macro_f1
from training.recipe import fit
from training.sampling import RANDOM_PART
from training.splits import cross_fit

CORPORA = Path("../shared/corpora")
DATA = Path(__file__).parents[2] / "data"
SIZES = (50, 100, 200, 400, 800, 1600)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, default=Path(".cache"))
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--head", default="topic")
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "curve.json")
    given = options.parse_args()
    material, hits = coded_material(given.cache, given.head)
    rows = []
    for seed in range(given.seeds):
        for way in ("random", "model"):
            for size, score in zip(SIZES, learn(material, hits, way, seed), strict=False):
                rows.append({"seed": seed, "by": way, "coded": size, "macro_f1": round(score, 4)})
    given.out.write_text("\n".join(map(json.dumps, rows)) + "\n")
    for way in ("random", "model"):
        for size in SIZES:
            found = [row["macro_f1"] for row in rows if row["by"] == way and row["coded"] == size]
            print(f"{way}, {size:,} coded: macro F1 {np.mean(found):.3f} ({min(found):.3f} to {max(found):.3f})")


def coded_material(cache: Path, key: str) -> tuple[Material, np.ndarray]:
    """Return what training reads of the coded articles, one head alone, and the words of its labels that they have."""
    book = read_codebook(DATA / "codebooks" / "policy-news.toml")
    files = [CORPORA / "allsides.parquet", CORPORA / "allsides2021.parquet"]
    columns = Columns(id=None, text="text", title=None)
    labels = DATA / "labels" / "policy-news.jsonl"
    inputs = read_inputs(book, labels, files, columns, lambda _: None, all_heads=True)
    _, whole = prepare(inputs.articles, inputs.answers, book, Memory(cache, verbose=0))
    one = replace(book, heads=(book.head(key),))
    (asked,) = (block for block in blocks(book) if block.head.key == key)
    rows = np.flatnonzero(coded_anywhere(inputs.answers, book, "labels"))
    place = np.full(len(inputs.answers), -1)
    place[rows] = np.arange(len(rows))
    pairs = place[whole.duplicates]
    material = replace(
        whole,
        codebook=one,
        features=whole.features[rows],
        answers=whole.answers[rows, asked.columns],
        outlets=[whole.outlets[row] for row in rows],
        duplicates=pairs[(pairs >= 0).all(axis=1)],
    )
    texts = document(inputs.articles.select("title", "text")[rows]).str.head(READ_CHARACTERS)
    return material, keyword_hits(blocks(one)[0], texts)


def learn(material: Material, hits: np.ndarray, way: str, seed: int) -> list[float]:
    """Return the macro F1 after each round."""
    fold = next(cross_fit(material.outlets, material.duplicates, 5, seed))
    pool = fold.train
    order = np.random.default_rng(seed).permutation(pool)
    coded = order[: SIZES[0]]
    scores = []
    for size in SIZES:
        if size > len(pool):
            break
        while len(coded) < size:  # the model is fitted anew after at most as many again as are coded
            coded = more(material, hits, coded, order, min(size, 2 * len(coded)), way, seed)
        weights = fit(material, np.sort(coded), seed)
        said = decide(material.codebook, values(material, fold.test, weights), weights).assigned
        marks = material.answers[fold.test] == YES
        scores.append(float(macro_f1(article_counts(marks, said).sum(axis=0))))
        print(f"seed {seed}, {way}, {size} coded: {scores[-1]:.3f}", flush=True)
    return scores


def more(material, hits, coded, order, size, way, seed):
    free = order[~np.isin(order, coded)]
    n = size - len(coded)
    if way == "random":
        return np.concatenate([coded, free[:n]])
    n_random = round(n * RANDOM_PART)
    coded, free = np.concatenate([coded, free[:n_random]]), free[n_random:]
    weights = fit(material, np.sort(coded), seed)
    said = decide(material.codebook, values(material, free, weights), weights).probability
    telling = unsure(material.codebook, said, weights, hits[free])
    some = candidates(telling)
    chosen = choose(telling[some], material.features[free[some]], positives(material.answers[coded]), n - n_random)
    return np.concatenate([coded, free[some[chosen]]])


def values(material, rows, weights):
    return material.features[rows] @ weights.text + weights.intercept


if __name__ == "__main__":
    main()
