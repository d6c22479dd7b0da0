"""One contestant of the speed benchmark, in a process of its own: prints the seconds of one pass over the articles.

    python benchmarks/contestant.py slantwise articles.parquet 4000

Loading the model and the articles is not counted; a few articles are scored before, so that nothing is made for the
first time while the clock runs.
"""

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import peers
import polars as pl

SCORED_BEFORE = 50
A_BATCH = 650  # articles: 4 MB of text


def slantwise() -> Callable[[pl.DataFrame], Any]:
    from classifier.model import Model

    return Model.load().score_frame


def slantwise_cleaned() -> Callable[[pl.DataFrame], Any]:
    """Score as the command does, which cleans and looks at the language."""
    from classifier.ids import Ids
    from classifier.model import Model
    from classifier.pool import score_here

    model = Model.load()
    return lambda frame: list(score_here(model, as_the_command(clean=True), batches(frame), Ids()))


def slantwise_jobs() -> Callable[[pl.DataFrame], Any]:
    return in_processes(clean=False)


def slantwise_jobs_cleaned() -> Callable[[pl.DataFrame], Any]:
    return in_processes(clean=True)


def in_processes(*, clean: bool) -> Callable[[pl.DataFrame], Any]:
    from classifier.freed import keep_freed_memory
    from classifier.ids import Ids
    from classifier.pool import Processes

    keep_freed_memory()  # as the command does, and its processes
    jobs = int(os.environ["POLARS_MAX_THREADS"])
    processes = Processes(None, jobs).__enter__()
    atexit.register(processes.__exit__)
    warm: set[int] = set()
    while len(warm) < jobs:
        warm |= set(processes._pool.map(warmed, range(jobs)))
    return lambda frame: list(processes.score(as_the_command(clean=clean), batches(frame), Ids()))


def warmed(_: int) -> int:
    """Load in a process what is loaded once, leave the next call to another process, and say which it was."""
    from classifier.pool import _models

    _models[0].score("A quay.")
    time.sleep(0.2)
    return os.getpid()


def as_the_command(*, clean: bool) -> Any:
    from classifier.batches import Preparing
    from classifier.output import Parquet
    from classifier.pool import Scoring

    return Scoring(Preparing("en" if clean else None, clean=clean), Parquet())


def batches(articles: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield batches as `read_pages` does."""
    articles = articles.with_columns(source="id", extraction=pl.lit(None, pl.String))
    for start in range(0, len(articles), A_BATCH):
        yield articles[start : start + A_BATCH].with_row_index("page")


def scikit_learn() -> Callable[[pl.DataFrame], Any]:
    import joblib

    pipeline = joblib.load(peers.PIPELINE)
    return lambda frame: pipeline.predict_proba(frame["text"].to_list())


def fasttext() -> Callable[[pl.DataFrame], Any]:
    import fasttext

    model = fasttext.load_model(str(peers.FASTTEXT))
    return lambda frame: model.predict([peers.normalised(text) for text in frame["text"].to_list()], k=peers.LABELS)


OWN = (slantwise, slantwise_cleaned, slantwise_jobs, slantwise_jobs_cleaned)
CONTESTANTS = {f.__name__: f for f in (*OWN, scikit_learn, fasttext, peers.minilm)}


def main(name: str, path: str, n_articles: int) -> None:
    articles = pl.scan_parquet(path).select("id", "title", "text").tail(n_articles).collect()
    score = CONTESTANTS[name]()
    score(articles[:SCORED_BEFORE])
    start = time.perf_counter()
    score(articles)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
