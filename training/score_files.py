"""Read scores that `slantwise score` wrote, as parquet, CSV or JSON Lines, into the arrays that they came from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from classifier.codebook import Block, question
from classifier.decide import Scores
from classifier.errors import ArticleError
from classifier.model import Model
from classifier.output import LIST_SEPARATOR

READERS = {".parquet": pl.read_parquet, ".csv": lambda path: pl.read_csv(path, infer_schema=False)}  # 007 is no number


def read_scores(path: Path, model: Model, wanted: Sequence[str]) -> tuple[pl.DataFrame, Scores]:
    """Return the rows of a file of scores (id, and which of the wanted columns it has) and the scores.

    Raises
    ------
    ArticleError
        If the file cannot be read, is of another model, lacks a question or names an article twice.
    """
    try:
        table = _flat_rows(path, model) if path.suffix in (".jsonl", ".ndjson") else READERS[path.suffix](path)
    except KeyError:
        known = ", ".join([*READERS, ".jsonl"])
        raise ArticleError(f"{path}: scores are read from {known} (write them with slantwise score --out)") from None
    except OSError as error:
        raise ArticleError(f"{path}: cannot be read: {error.strerror}") from None
    except (pl.exceptions.PolarsError, ValueError) as error:
        what = str(error).partition("\n")[0]
        raise ArticleError(f"{path}: not scores that can be read: {what} (write them again)") from None
    _check(path, table, model)
    scores = [_block_scores(table, block) for block in model.blocks]
    kept = [name for name in dict.fromkeys(("id", *wanted)) if name in table.columns]
    return (
        table.select(pl.col(kept).cast(pl.String)),
        Scores(np.concatenate([p for p, _ in scores], axis=1), np.concatenate([yes for _, yes in scores], axis=1)),
    )


def _check(path: Path, table: pl.DataFrame, model: Model) -> None:
    questions = [question(block) for block in model.blocks]
    lacking = [name for name in ("id", "model", "codebook", *questions) if name not in table.columns]
    if lacking or table.is_empty():
        found = ", ".join(table.columns[:8]) or "nothing"
        what = f"lacks {', '.join(lacking)}; found {found}" if lacking else "has no rows"
        raise ArticleError(f"{path}: {what} (expected a file that slantwise score wrote)")
    for name, ours in (("model", model.name), ("codebook", model.codebook.digest)):
        theirs = table[name].cast(pl.String).unique().sort().to_list()
        if theirs != [ours]:
            said = ", ".join(map(str, theirs[:3]))
            raise ArticleError(f"{path}: scored with {name} {said}, expected {ours} (name that model with --model)")
    if "dropped" in table.columns and not table["dropped"].is_null().all():
        found = "pages were cleaned before they were scored, and coded articles are not"
        raise ArticleError(f"{path}: {found} (score again with --no-clean)")
    repeated = table.filter(pl.col("id").is_duplicated())["id"]
    if len(repeated):
        raise ArticleError(f"{path}: article {str(repeated[0])!r} is there twice (keep one row an article)")


def _block_scores(table: pl.DataFrame, block: Block) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    name, answer = question(block), table[question(block)]
    if block.head.kind == "many-of" and answer.dtype != pl.List(pl.String):
        answer = answer.cast(pl.String).fill_null("").str.split(LIST_SEPARATOR)
    yes, probability = [], []
    for key in block.head.keys:
        said = answer.list.contains(key) if block.head.kind == "many-of" else answer.cast(pl.String) == key
        yes.append(said.fill_null(value=False).to_numpy())
        p = f"p.{name}.{key}"
        column = table[p].cast(pl.Float32) if p in table.columns else pl.Series([None] * len(table), dtype=pl.Float32)
        probability.append(column.fill_null(np.nan).to_numpy())
    return np.stack(probability, axis=1), np.stack(yes, axis=1)


def _flat_rows(path: Path, model: Model) -> pl.DataFrame:
    """Return JSON Lines as the columns that parquet has."""
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                rows.append(_flat(json.loads(line), model, f"line {number}"))
    return pl.DataFrame(rows, infer_schema_length=None)


def _flat(row: Any, model: Model, where: str) -> dict[str, Any]:
    try:
        flat = {name: value for name, value in row.items() if not isinstance(value, dict | list)}
        for block in model.blocks:
            answers = row[block.head.field] if block.target is None else row[block.head.field].get(block.target, {})
            yes = [key for key, said in answers.items() if said["yes"]]
            flat[question(block)] = LIST_SEPARATOR.join(yes) if block.head.kind == "many-of" else (yes or [None])[0]
            flat |= {f"p.{question(block)}.{key}": said["probability"] for key, said in answers.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{where} lacks {error}") from None
    return flat
