"""Hand a model to scikit-learn: the same features and the same decisions as steps of a Pipeline.

For people who build on scikit-learn. The file that joblib writes runs code when it is loaded, so it must come from
somebody you trust; slantwise itself never reads one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from classifier.atomic import write_atomically
from classifier.codebook import Codebook, blocks, question
from classifier.decide import Scores, Weights, ask_only_where_present, decide
from classifier.features import Vocabulary
from classifier.model import Model
from training.vocabulary import build_vocabulary, count_all


class ArticleFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to weighed terms; `fit` learns the vocabulary where none is given.

    Parameters
    ----------
    vocabulary
        The vocabulary to use, such as a model's.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = vocabulary

    def fit(self, texts: Sequence[str], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the vocabulary from texts, counting each as an outlet of its own."""
        outlets = [str(row) for row in range(len(texts))]
        self.vocabulary_ = self.vocabulary or build_vocabulary(pl.Series(texts, dtype=pl.String), outlets)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return float32 features, shape (n_articles, n_features)."""
        return self.vocabulary_.weigh(count_all(pl.Series(texts, dtype=pl.String), self.vocabulary_))


class LabelScorer(BaseEstimator):  # type: ignore[misc]
    """Features to probabilities and labels of every question; it is fitted already."""

    def __init__(self, codebook: Codebook, weights: Weights) -> None:
        self.codebook = codebook
        self.weights = weights

    def fit(self, features: sparse.csr_matrix, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Return self: weights come from `slantwise train`."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, features: sparse.csr_matrix) -> NDArray[Any]:
        """Return probabilities, shape (n_articles, n_columns); NaN where a stance is not asked."""
        return self._scores(features).probability

    def predict(self, features: sparse.csr_matrix) -> NDArray[np.bool_]:
        """Return which labels are assigned, shape (n_articles, n_columns)."""
        return self._scores(features).assigned

    def _scores(self, features: sparse.csr_matrix) -> Scores:
        scores = decide(self.codebook, features @ self.weights.text + self.weights.intercept, self.weights)
        ask_only_where_present(self.codebook, scores)
        return scores

    def column_names(self) -> list[str]:
        """Return 'topics.vaccines' and the like, shape (n_columns,)."""
        return [f"{question(block)}.{key}" for block in blocks(self.codebook) for key in block.head.keys]


def pipeline(model: Model) -> Pipeline:
    """Return the model as a fitted scikit-learn pipeline: texts (title above text) in, probabilities or labels out."""
    features = ArticleFeatures(model.vocabulary).fit([])
    return Pipeline([("features", features), ("labels", LabelScorer(model.codebook, model.weights))])


def export(model: Model, path: Path) -> None:
    """Write the pipeline with joblib, whole or not at all."""
    with write_atomically(path) as file:
        joblib.dump(pipeline(model), file, compress=3)
