"""Options that several commands have, and the values that they may take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_FOLDS = 5


class Format(StrEnum):
    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class Cluster(StrEnum):
    article = "article"
    outlet = "outlet"


class TaskFormat(StrEnum):
    jsonl = "jsonl"
    csv = "csv"
    label_studio = "label-studio"
    doccano = "doccano"
    prodigy = "prodigy"


ModelOption = Annotated[Path | None, typer.Option("--model", help="A model file.", show_default="the model that ships")]
IdOption = Annotated[str | None, typer.Option("--id-column", help="Column or key of the article's id.")]
TextOption = Annotated[str, typer.Option("--text-column", help="Column or key of the text.")]
TitleOption = Annotated[str | None, typer.Option("--title-column", help="Column or key of the title.")]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Folds fitted at a time.")]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Folder that keeps features between runs.", show_default="none")
]
ClusterOption = Annotated[Cluster, typer.Option("--cluster", help="What intervals draw again.")]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", help="Where rows that cannot be used go, as JSON Lines.", show_default="stderr"),
]
