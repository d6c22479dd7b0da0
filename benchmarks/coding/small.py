"""What 60 coded articles teach: macro F1 of three labels beside what needs no model, on ten draws of articles.

A three-label codebook is made of three topics of ours, and its corpus of the coded articles that have one of them at
least. For each seed 60 of these are drawn, and a model is made from them alone, without any other text; it is judged on
the others, near-duplicates of the 60 left out, beside every baseline that `slantwise evaluate` has. Those are told the
shares of the labels among the very articles that they are judged on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Memory

from classifier.articles import Columns
from classifier.codebook import Codebook, read_codebook
from classifier.model import Model
from training.baselines import baselines
from training.inputs import read_inputs
from training.labels import NO, YES, Coded
from training.material import prepare
from training.metrics import article_counts, macro_f1
from training.questions import Judged, judged
from training.recipe import fit
from training.splits import apart, near_duplicates, outlets_of

CORPORA = Path("../shared/corpora")
DATA = Path(__file__).parents[2] / "data"
CODED = 60
TOPICS = ("border_enforcement", "vaccines", "diplomacy")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--labels", nargs=3, default=TOPICS, metavar="TOPIC")
    options.add_argument("--kind", default="many-of", help="many-of, or one-of: articles with exactly one of them")
    options.add_argument("--coded", type=int, default=CODED)
    given = options.parse_args()
    book, articles, answers = corpus(given.labels, given.kind)
    duplicates = near_duplicates(articles["title"].fill_null("") + "\n" + articles["text"])
    print(f"{given.kind} {', '.join(given.labels)}; {given.coded} of {len(articles):,} articles coded")
    better = []
    for seed in range(given.seeds):
        rows = np.random.default_rng(seed).permutation(len(articles))
        fold = apart(rows[given.coded :], rows[: given.coded], duplicates)  # what repeats the 60 is not judged
        scores = judge(book, articles, answers, fold.test, fold.train, seed)
        others = max(value for name, value in scores.items() if name != "model")
        better.append(scores["model"] > others)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()), flush=True)
    print(f"the model beats every baseline on {sum(better)} of {len(better)} seeds")


def corpus(labels: Sequence[str], kind: str) -> tuple[Codebook, pl.DataFrame, Coded]:
    """Return a codebook of three topics, the articles that have one of them, and their answers."""
    book = read_codebook(DATA / "codebooks" / "policy-news.toml")
    table = book.to_table()
    topic = next(head for head in table["head"] if head["key"] == "topic")
    three = [label for label in topic["label"] if label["key"] in labels]
    head = {**topic, "label": three, "kind": kind, "at_least_one": kind == "many-of"}
    own = Codebook.from_table({"name": "three", "version": "1", "head": [head]})
    files = [CORPORA / "allsides.parquet", CORPORA / "allsides2021.parquet"]
    columns = Columns(id=None, text="text", title=None)
    inputs = read_inputs(book, DATA / "labels" / "policy-news.jsonl", files, columns, lambda _: None, all_heads=True)
    places = [book.head("topic").keys.index(key) for key in own.heads[0].keys]
    marks = inputs.answers[:, places]
    n = (marks == YES).sum(axis=1)
    rows = np.flatnonzero(n == 1 if kind == "one-of" else n >= 1)
    return own, inputs.articles[rows], np.where(marks[rows] == YES, YES, NO).astype(np.int8)


def judge(
    book: Codebook, articles: pl.DataFrame, answers: Coded, coded: np.ndarray, others: np.ndarray, seed: int
) -> dict[str, float]:
    """Return the macro F1 of a model of the coded articles alone, and of each baseline, on the others."""
    coded = np.sort(coded)
    vocabulary, material = prepare(articles[coded], answers[coded], book, Memory(None, verbose=0))
    model = Model("three", book, vocabulary, fit(material, np.arange(len(coded)), seed))
    said = model.answer_all(articles[others].select("title", "text"))
    (question,) = judged(book, answers[others], said, every_label=True)
    assert isinstance(question, Judged)
    outlets = outlets_of(articles[others])
    rows = {"model": question} | {name: one for name, _, one in baselines(question, articles[others], outlets, seed)}
    return {name: float(macro_f1(article_counts(one.coded, one.assigned).sum(axis=0))) for name, one in rows.items()}


if __name__ == "__main__":
    main()
