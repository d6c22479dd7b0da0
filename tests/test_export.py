"""A model as a scikit-learn pipeline."""

import joblib
import numpy as np
import polars as pl
from typer.testing import CliRunner

from slantwise.command import app
from training.export import ArticleFeatures, pipeline

TEXTS = ["We must have a larger quay.", "A loaf, a quay, a loaf.", "Nothing known here.", ""]


def test_the_pipeline_and_the_model_say_the_same(tiny_model):
    scores = tiny_model.score_batch(pl.DataFrame({"title": [None] * len(TEXTS), "text": TEXTS}))

    coder = pipeline(tiny_model)

    assert np.isnan(scores.probability).any()
    assert np.allclose(coder.predict_proba(TEXTS), scores.probability, atol=1e-6, equal_nan=True)
    assert (coder.predict(TEXTS) == scores.assigned).all()


def test_a_column_of_the_pipeline_has_its_question_and_label_for_a_name(tiny_model):
    names = pipeline(tiny_model)["labels"].column_names()

    assert names[:4] == ["topics.harbour", "topics.bread", "topics.other", "kind.news"]
    assert names[-1] == "stance.bread.neutral"


def test_an_exported_file_scores_once_it_is_read_again(tiny_model, tmp_path):
    tiny_model.write(tmp_path / "tiny.slantwise", {})
    out = tmp_path / "pipeline.joblib"

    ended = CliRunner().invoke(app, ["export", "--model", str(tmp_path / "tiny.slantwise"), "--to", str(out)])

    assert ended.exit_code == 0
    assert "runs code" in ended.stderr
    assert joblib.load(out).predict(["A quay."])[0, 0]


def test_features_learn_a_vocabulary_where_none_is_given():
    texts = ["red apples and pears", "red plums and pears", "green apples"]

    features = ArticleFeatures().fit(texts).transform(texts)

    assert features.shape[0] == 3
    assert np.allclose(np.asarray(features.multiply(features).sum(axis=1)).ravel(), 1.0)
