"""Time `slantwise score` with and without evidence, reading, cleaning and writing included, in one run.

    python benchmarks/evidence/cost.py

Both score the same articles of ../shared, turn by turn; what counts is the median of the ratios of processor time.
"""

import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

import slantwise
from classifier.batches import Preparing, ready
from classifier.model import Model
from classifier.output import Jsonl

CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "allsides.parquet"
ARTICLES, RUNS, SENTENCES = 4000, 5, 3


def seconds(model: Model, path: Path, evidence: int) -> float:
    start = time.process_time()
    form = Jsonl(evidence)
    for batch in ready([str(path)], Preparing(model.codebook.language), on_reject=print):
        form.rows(model, batch)
    return time.process_time() - start


def main() -> None:
    model = slantwise.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.parquet"
        corpus = pl.read_parquet(CORPUS, columns=["id", "title", "text"])
        corpus.sample(ARTICLES, seed=1).write_parquet(path)
        seconds(model, path, SENTENCES)  # loads what is loaded once
        times = [(seconds(model, path, 0), seconds(model, path, SENTENCES)) for _ in range(RUNS)]
    alone, more = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    print(f"{ARTICLES:,} articles, median of {RUNS} runs: {alone:.2f} s of processor time, {more:.2f} s with evidence")
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
