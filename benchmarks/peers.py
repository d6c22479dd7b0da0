"""The peers of the speed benchmark: a scikit-learn pipeline and fastText, with as many labels as our model has columns.

They are fitted once and kept in .cache/bench. Labels are drawn at random: only speed is compared, and it does not
depend on what the weights say, but on how many terms and labels there are.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CACHE = Path(os.environ.get("SLANTWISE_BENCH_CACHE", ".cache/bench"))
FITTED_ON = 3_000  # articles
LABELS = 44  # columns of the shipped model, stances included
SHARE = 0.1  # of articles that have a label
PIPELINE, FASTTEXT = CACHE / "pipeline.joblib", CACHE / "fasttext.bin"


def fit_all(articles: pl.DataFrame) -> None:
    """Fit what is not in the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    texts = articles["text"].to_list()
    labels = np.random.default_rng(0).random((len(texts), LABELS)) < SHARE
    if not PIPELINE.exists():
        fit_pipeline(texts, labels)
    if not FASTTEXT.exists():
        fit_fasttext(texts, labels)


def fit_pipeline(texts: list[str], labels: Any) -> None:
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    pipeline = make_pipeline(words, OneVsRestClassifier(LogisticRegression(solver="liblinear", tol=0.1)))
    pipeline.fit(texts, labels)
    joblib.dump(pipeline, PIPELINE)


def normalised(text: str) -> str:
    """Return a text as fastText's tutorial prepares it: it splits at spaces only, and reads one line an article."""
    return re.sub(r"([.!?,'\"/()“”‘’:;])", r" \1 ", text.lower()).replace("\n", " ")


def fit_fasttext(texts: list[str], labels: Any) -> None:
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, row in zip(texts, labels, strict=True):
            names = " ".join(f"__label__{at}" for at in np.flatnonzero(row))
            file.write(f"{names or '__label__none'} {normalised(text)}\n")
        file.flush()
        model = fasttext.train_supervised(
            file.name, loss="ova", wordNgrams=2, dim=50, epoch=2, minCount=2, thread=2, verbose=0
        )
    model.save_model(str(FASTTEXT))


if __name__ == "__main__":
    fit_all(pl.read_parquet(sys.argv[1], columns=["text"], n_rows=FITTED_ON))
