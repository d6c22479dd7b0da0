"""The least that scores one article with a scikit-learn pipeline: what a cold start is held against."""

import sys

import joblib

pipeline = joblib.load(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:  # noqa: PTH123  pathlib would be one more import
    print(pipeline.predict_proba([file.read()])[0])
