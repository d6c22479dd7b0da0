"""Articles of AllSides for the tests of evidence: none that the shipped model learned its labels from.

Texts come from ../shared and are never committed.
"""

from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpora" / "allsides.parquet"
CODED = ROOT / "data" / "labels" / "policy-news.jsonl"
RESAMPLES = 2000


def uncoded(n: int, seed: int) -> pl.DataFrame:
    """Return n articles with columns id, title and text, drawn among those that nobody coded."""
    coded = pl.read_ndjson(CODED, schema_overrides={}, infer_schema_length=None)["id"]
    corpus = pl.read_parquet(CORPUS, columns=["id", "title", "text"])
    return corpus.filter(~pl.col("id").is_in(coded.implode())).sample(n, seed=seed, shuffle=True)


def interval(values: np.ndarray, clusters: np.ndarray) -> str:
    """Return a mean with its 95% interval, by bootstrap over clusters (articles)."""
    _, group = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.025, 0.975))
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"
