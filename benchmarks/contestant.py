"""One contestant of the speed benchmark, in a process of its own: prints the seconds of one pass over the articles.

    python benchmarks/contestant.py slantwise articles.parquet 4000

Loading the model and the articles is not counted; a few articles are scored before, so that nothing is made for the
first time while the clock runs.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import peers
import polars as pl

SCORED_BEFORE = 50


def slantwise() -> Callable[[pl.DataFrame], Any]:
    from classifier.model import Model

    return Model.load().score_frame


def slantwise_cleaned() -> Callable[[pl.DataFrame], Any]:
    """Score as the command does, which cleans and looks at the language in batches of 8 MB."""
    from classifier.clean import clean_articles
    from classifier.language import mark
    from classifier.model import Model

    model = Model.load()
    at_once = 1300
    return lambda frame: [
        model.score_frame(mark(clean_articles(frame[at : at + at_once]), "en")) for at in range(0, len(frame), at_once)
    ]


def scikit_learn() -> Callable[[pl.DataFrame], Any]:
    import joblib

    pipeline = joblib.load(peers.PIPELINE)
    return lambda frame: pipeline.predict_proba(frame["text"].to_list())


def fasttext() -> Callable[[pl.DataFrame], Any]:
    import fasttext

    model = fasttext.load_model(str(peers.FASTTEXT))
    return lambda frame: model.predict([peers.normalised(text) for text in frame["text"].to_list()], k=peers.LABELS)


CONTESTANTS = {f.__name__: f for f in (slantwise, slantwise_cleaned, scikit_learn, fasttext, peers.minilm)}


def main(name: str, path: str, n_articles: int) -> None:
    articles = pl.read_parquet(path, columns=["id", "title", "text"])[-n_articles:]
    score = CONTESTANTS[name]()
    score(articles[:SCORED_BEFORE])
    start = time.perf_counter()
    score(articles)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
