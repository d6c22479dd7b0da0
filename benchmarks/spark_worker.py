"""What a Python worker does with a row, step by step on one thread: prints microseconds as JSON (see spark.py).

And how many articles it scores in a second where parts are of another size.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import polars as pl

import slantwise
import slantwise.spark as worker
from classifier import batches, rows_alone
from classifier.model import Model

spent: dict[str, float] = {}
inside: list[str] = []


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which adds its own time, without that of timed functions that it calls, to `spent`."""

    def run(*given: Any, **named: Any) -> Any:
        start = time.process_time()
        inside.append(name)
        try:
            return function(*given, **named)
        finally:
            inside.pop()
            took = time.process_time() - start
            spent[name] = spent.get(name, 0.0) + took
            if inside:
                spent[inside[-1]] = spent.get(inside[-1], 0.0) - took

    return run


class Held:
    """Stands for a model that travels."""

    def load(self) -> Model:
        return model


model = slantwise.load()
frame = pl.read_parquet(sys.argv[1]).with_columns(size=pl.col("text").str.len_bytes().cast(pl.Int32))
batch = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks().to_batches()[0]
work = worker.Scorer(Held(), (), 0, clean=True, any_language=False)  # type: ignore[arg-type]
list(work([batch]))  # warms up

rows_alone.read_frame = timed("look for bad rows and HTML", rows_alone.read_frame)
batches.clean_articles = timed("clean", batches.clean_articles)
batches.mark = timed("language", batches.mark)
Model.score_frame = timed("score", Model.score_frame)
worker._read_texts = timed("Arrow to Polars, check UTF-8", worker._read_texts)
worker._as_spark_takes = timed("Polars to Arrow", worker._as_spark_takes)
timed("the rest of a worker", lambda: list(work([batch])))()
micros = {name: took / len(frame) * 1e6 for name, took in spent.items()}  # before anything else adds to it
rates = {}
for worker.PART_BYTES in (250_000, 1_000_000, 4_000_000, 8_000_000, 16_000_000):
    start = time.process_time()
    list(work([batch]))
    rates[worker.PART_BYTES] = len(frame) / (time.process_time() - start)
print(json.dumps({"micros": micros, "rates": rates}))
