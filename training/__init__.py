"""Make and judge models: corpora, splits, pipelines, metrics. Imports classifier, never the reverse."""
