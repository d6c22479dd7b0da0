"""What furniture does to topics: macro F1 of held-out articles as they are, wrapped in pages, and cleaned again.

python benchmarks/pages/topics.py [--cache .cache]

Outlets are kept apart in five folds. Every coded article is wrapped once, in one of all 14 styles. A page that holds
several articles is one text where it is not cleaned; where it is, each article has the labels of the row that holds
most of its words.
"""

import argparse
import random
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
from bed import CORPUS, HERE, Page, as_article, page, setting, teasers
from cleaning import interval, lines_of, tokens
from joblib import Memory

from classifier.articles import Columns
from classifier.clean import clean_articles, clean_texts
from classifier.codebook import blocks, read_codebook
from classifier.decide import decide
from training.inputs import read_inputs
from training.material import prepare
from training.metrics import article_counts, macro_f1
from training.predictions import deal
from training.recipe import fit

DATA = HERE.parents[1] / "data"


def wrapped(rows: list[dict[str, str]], seed: int = 0) -> list[tuple[Page, list[int]]]:
    """Return pages that hold every article once, and the places of their articles in `rows`."""
    rng = random.Random(seed)
    related, blurbs = teasers()
    styles = sorted((HERE / "styles").glob("*/*.html"))
    order = rng.sample(range(len(rows)), len(rows))
    found = []
    while order:
        style = rng.choice([path for path in styles if int(setting(path, "articles")) <= len(order)])
        own = [order.pop() for _ in range(int(setting(style, "articles")))]
        chosen = [as_article(rows[at]) for at in own]
        made = page(style, chosen, rng.sample(related, 40), rng.sample(blurbs, 40), rng.randrange(1 << 30))
        found.append((made, own))
    return found


def cleaned(bed: list[tuple[Page, list[int]]], n_articles: int) -> list[str]:
    """Return the text of each article as cleaning gives it, "" for one that it dropped."""
    texts = pl.Series([made.text for made, _ in bed])
    spans = clean_texts(texts)
    rows = clean_articles(pl.DataFrame({"page": pl.arange(len(bed), eager=True), "text": texts}))
    kept = dict(rows.group_by("page").agg("text").iter_rows())
    found = [""] * n_articles
    for at, (made, own) in enumerate(bed):
        given = lines_of(made.text, spans.get(at))
        for number, article in enumerate(own, 1):
            shared: Counter[int] = Counter()
            for words, gold, row in zip(tokens(made.text), made.gold, given, strict=True):
                shared[row] += words * (gold == number and row > 0)
            row, words = shared.most_common(1)[0]
            found[article] = kept[at][row - 1] if words else ""
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=None)
    options = parser.parse_args()
    codebook = read_codebook(DATA / "codebooks" / "policy-news.toml")
    labels, articles = DATA / "labels" / "policy-news.jsonl", [CORPUS, CORPUS.with_name("allsides2021.parquet")]
    inputs = read_inputs(codebook, labels, articles, Columns(), on_reject=print)
    vocabulary, material = prepare(inputs.articles, inputs.answers, codebook, Memory(options.cache, verbose=0))
    topic = next(block for block in blocks(codebook) if block.head.key == "topic")
    coded = np.flatnonzero((inputs.answers[:, topic.columns] >= 0).all(axis=1))
    rows = inputs.articles[coded].to_dicts()

    bed = wrapped(rows)
    as_they_are = ["\n".join([article.title, *article.paragraphs]) for article in map(as_article, rows)]
    pages = [""] * len(rows)
    for made, own in bed:
        for at in own:
            pages[at] = made.text
    versions = {"articles": as_they_are, "pages": pages, "pages, cleaned": cleaned(bed, len(rows))}

    assigned = {name: np.zeros((len(rows), len(topic.head.labels)), bool) for name in versions}
    for fold in deal(material, inputs.articles, "outlet", 5, 0)[0]:
        weights = fit(material, fold.train, 0)
        own = np.flatnonzero(np.isin(coded, fold.test))
        for name, texts in versions.items():
            features = vocabulary.features(pl.Series([texts[at] for at in own]))
            scores = decide(codebook, features @ weights.text + weights.intercept, weights)
            assigned[name][own] = scores.assigned[:, topic.columns]

    truth = inputs.answers[coded][:, topic.columns] == 1
    print(f"{len(rows):,} coded articles on {len(bed):,} pages of 14 sites, topics, outlets apart in 5 folds")
    for name, given in assigned.items():
        print(f"  {name}: macro F1 {interval(article_counts(truth, given), lambda s: float(macro_f1(s)))}")


if __name__ == "__main__":
    main()
