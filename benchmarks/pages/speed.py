"""How fast plain text is cleaned on one core, beside putting it in lower case, which is one pass over it.

python benchmarks/pages/speed.py
"""

import os
import statistics
import time
from collections.abc import Callable

os.environ["POLARS_MAX_THREADS"] = "1"  # before Polars is loaded

import polars as pl
from bed import CORPUS, articles, pages

from classifier.clean import clean_articles

RUNS = 5
N_ARTICLES = 4000


def seconds(function: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    corpus = pl.read_parquet(CORPUS, columns=["text"]).head(N_ARTICLES)
    bed = pl.DataFrame({"text": [page.text for page in pages("seen", articles()[0], per_style=60)]})
    for name, frame in ((f"{len(corpus):,} articles of AllSides", corpus), (f"{len(bed):,} pages of 7 sites", bed)):
        size = frame["text"].str.len_bytes().sum() / 1e6
        ours, one_pass = seconds(lambda: clean_articles(frame)), seconds(frame["text"].str.to_lowercase)  # noqa: B023
        print(f"{name}, {size:.1f} MB, one core, median of {RUNS}:")
        print(f"  {size / ours:.0f} MB/s; lower case alone {size / one_pass:.0f} MB/s, ratio {ours / one_pass:.1f}")


if __name__ == "__main__":
    main()
