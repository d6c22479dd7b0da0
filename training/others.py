"""The benchmarks of others, from local files: their articles and labels as questions of ours, judged as ever.

A model is asked what it would say of them as it is, through the names that the codebook gives its labels in other
schemes; only AllSides' published splits are trained on, since that is what they are for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from joblib import Memory

from classifier.articles import Columns, OnReject
from classifier.codebook import Codebook, Head, blocks
from classifier.decide import Scores
from classifier.errors import ArticleError, SlantwiseError
from classifier.model import Model
from training.evaluate import Settings, evaluate, refuse_empty
from training.inputs import ALWAYS, read_articles_table, signature_of
from training.labels import NO, UNKNOWN, YES, Coded, Coding, align
from training.material import prepare
from training.predictions import Predictions, cross_validated, deal, of_model
from training.report import Report
from training.splits import Split

ALLSIDES = {"allsides-random": "published_random_split", "allsides-media": "published_media_split"}
# A frame's name in the shared task's gold files has a comma in it, where frames are separated by commas.
COMMA_IN_NAME = ("Legality,Constitutionality", "Legality_Constitutionality")
NOBODY = Coding((), np.empty((0, 0), np.int8))

Say = Callable[[str], None]


def benchmark(
    name: str,
    model: Model,
    path: Path,
    *,
    seed: int,
    cluster: str,
    jobs: int,
    cache: Path | None,
    on_reject: OnReject,
    say: Say,
) -> Report:
    """Return the report on one of `BENCHMARKS`.

    Parameters
    ----------
    path
        Where the benchmark lies: a table as `slantwise corpora` makes it, or for semeval2023 the shared task's folder.

    Raises
    ------
    SlantwiseError
        If it is not known, or the files are not what it needs.
    """
    if name not in BENCHMARKS:
        raise SlantwiseError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    say(f"reading {path}")
    if name in ALLSIDES:
        predictions = _allsides(ALLSIDES[name], model.codebook, path, seed, jobs, cache, on_reject)
        said = f"the recipe for leaning on {name}"
    else:
        predictions = BENCHMARKS[name](model, path, on_reject)
        said = f"{model.name} on {name}"
    signature = signature_of(predictions.codebook, predictions.articles, predictions.answers, name) | {"model": said}
    report = evaluate(predictions, NOBODY, said, signature, Settings(seed=seed, cluster=cluster))
    refuse_empty(report)
    return report


# --- SemEval-2023 Task 3


def _semeval(model: Model, path: Path, on_reject: OnReject) -> Predictions:
    """Frames (subtask 2) and kind (subtask 1) of the English articles; satire is no kind of ours and is not judged."""
    if path.is_dir():
        articles, frames, genres = _task_folder(path)
    else:
        articles = _table(path, ("frames", "genre"), on_reject)
        frames, genres = (dict(articles.select("id", name).iter_rows()) for name in ("frames", "genre"))
    answers = np.full((len(articles), model.blocks[-1].columns.stop), UNKNOWN, dtype=np.int8)
    for row, key in enumerate(articles["id"]):
        for block in model.blocks:
            names = frames.get(key) if block.head.kind == "many-of" else _some(genres.get(key))
            marks = _by_alias(block.head, "semeval", names)
            if marks is not None and block.target is None:
                answers[row, block.columns] = marks
    return _asked(model, articles, answers, f"{model.name} as it is, on English articles of SemEval-2023 Task 3")


def _some(name: str | None) -> list[str] | None:
    return None if name is None else [name]


def _by_alias(head: Head, scheme: str, names: Sequence[str] | None) -> Coded | None:
    """Return the answers that names in another scheme stand for, None where the head has none of them."""
    known = {name: i for i, label in enumerate(head.labels) for name in label.aliases.get(scheme, ())}
    if not known or names is None or not all(name in known for name in names):
        return None
    marks = np.full(len(head.labels), NO, dtype=np.int8)
    marks[[known[name] for name in names]] = YES
    return marks


def _task_folder(path: Path) -> tuple[pl.DataFrame, dict[str, list[str]], dict[str, str]]:
    """Read the shared task's layout: PART-articles-subtask-N/articleID.txt and PART-labels-subtask-N.txt."""
    root = next(
        (place for place in (path, path / "en", path / "data" / "en") if any(place.glob("*-labels-subtask-?.txt"))),
        None,
    )
    if root is None:
        msg = (
            f"{path}: expected train-articles-subtask-2/ and train-labels-subtask-2.txt, as the shared task gives them"
        )
        raise ArticleError(f"{msg}; found {', '.join(sorted(p.name for p in path.iterdir())[:5]) or 'nothing'}")
    texts = {
        file.stem.removeprefix("article"): file.read_text(encoding="utf-8")
        for file in sorted(root.glob("*-articles-subtask-[12]/article*.txt"))
    }
    frames = {key: names.replace(*COMMA_IN_NAME).split(",") for key, names in _gold(root, "2") if names}
    genres = dict(_gold(root, "1"))
    rows = []
    for key, text in texts.items():
        title, _, body = text.partition("\n")
        rows.append({"id": key, "title": title.strip(), "text": body.strip() or title})
    if not rows:
        raise ArticleError(
            f"{root}: labels without articles; expected files like train-articles-subtask-2/article111.txt"
        )
    return _with_columns(pl.DataFrame(rows)), frames, genres


def _gold(root: Path, subtask: str) -> Iterator[tuple[str, str]]:
    for file in sorted(root.glob(f"*-labels-subtask-{subtask}.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, names = line.strip().partition("\t")
            if key:
                yield key.strip(), names.strip()


# --- Comparative Agendas


def _capnyt(model: Model, path: Path, on_reject: OnReject) -> Predictions:
    """One major topic an article, through the codebook's crosswalk: topics that share a code count as one answer."""
    block = next((b for b in model.blocks if any("cap" in label.aliases for label in b.head.labels)), None)
    if block is None:
        raise SlantwiseError(
            f"codebook {model.codebook.name} names no label by the Comparative Agendas Project (aliases.cap)"
        )
    groups = _groups(block.head)
    table = _table(path, ("cap_major_topic",), on_reject)
    scores = model.score_batch(table)
    codebook = _one_of("cap", [name for name, _ in groups])
    member = np.array([[key in keys for key in block.head.keys] for _, keys in groups])
    values = np.nan_to_num(scores.probability[:, block.columns].astype(np.float64), nan=0.0)
    best = np.stack([values[:, keys].max(axis=1) for keys in member], axis=1)
    probability = best / np.maximum(best.sum(axis=1, keepdims=True), 1e-9)
    assigned = probability.argmax(axis=1)[:, None] == np.arange(len(groups))
    codes = [
        {code for label in block.head.labels if label.key in keys for code in label.aliases.get("cap", ())}
        for _, keys in groups
    ]
    answers = np.array(
        [[YES if str(code) in known else NO for known in codes] for code in table["cap_major_topic"]], np.int8
    )
    answers[~(answers == YES).any(axis=1)] = UNKNOWN
    said = f"{model.name} as it is, on titles alone; of topics the likeliest is its one answer"
    split = Split("new", said, None, 0)
    return Predictions(codebook, table, answers, Scores(probability.astype(np.float32), assigned), split)


def _groups(head: Head) -> list[tuple[str, set[str]]]:
    """Return labels in groups that no code of the other scheme lies across, with a name for each group."""
    groups: list[tuple[set[str], set[str]]] = []
    for label in head.labels:
        codes, keys = set(label.aliases.get("cap", ())), {label.key}
        if not codes:
            continue
        for group in [g for g in groups if g[0] & codes]:
            codes, keys = codes | group[0], keys | group[1]
            groups.remove(group)
        groups.append((codes, keys))
    order = head.keys.index
    return [
        ("+".join(sorted(keys, key=order)), keys) for _, keys in sorted(groups, key=lambda g: min(map(order, g[1])))
    ]


def _one_of(key: str, labels: Sequence[str]) -> Codebook:
    head = {"key": key, "kind": "one-of", "label": [{"key": label} for label in labels]}
    return Codebook.from_table({"name": key, "version": "1", "head": [head]})


# --- AllSides


def _allsides(
    split: str, codebook: Codebook, path: Path, seed: int, jobs: int, cache: Path | None, on_reject: OnReject
) -> Predictions:
    """Train on the published train part, judge on its test part: the leaning of the outlet from the text."""
    leaning = [head for head in codebook.heads if head.coded_in == "articles"]
    if not leaning:
        raise SlantwiseError(f"codebook {codebook.name} has no head that is coded in the articles, such as leaning")
    alone = Codebook(name=codebook.name, version=codebook.version, heads=tuple(leaning))
    articles = _table(path, (split, *(head.field for head in leaning)), on_reject)
    answers = np.full((len(articles), blocks(alone)[-1].columns.stop), UNKNOWN, dtype=np.int8)
    answers = align(Coding(tuple(articles["id"]), answers), articles, alone)
    _, material = prepare(articles, answers, alone, Memory(cache, verbose=0))
    folds, described = deal(material, articles, split, 1, seed)
    return cross_validated(material, articles, folds, described, seed, jobs)


# --- common


def _table(path: Path, columns: Sequence[str], on_reject: OnReject) -> pl.DataFrame:
    """Read a corpus table with the columns that a benchmark needs; titles stand for texts where there are none."""
    if not path.exists():
        raise ArticleError(f"{path}: no such file or folder (check the path)")
    if path.suffix != ".parquet" or not path.is_file():
        raise ArticleError(f"{path}: expected a parquet file, as `slantwise corpora fetch` makes it")
    found = pl.read_parquet_schema(path)
    if missing := [name for name in columns if name not in found]:
        raise ArticleError(f"{path}: the benchmark needs columns {', '.join(columns)}; missing {', '.join(missing)}")
    if "text" not in found:
        return _with_columns(pl.read_parquet(path).rename({"title": "text"}))
    if any(isinstance(found[name], pl.List) for name in columns):
        return _with_columns(pl.read_parquet(path))
    return read_articles_table([path], Columns(), on_reject, columns)


def _with_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with all that every table of articles has, as text."""
    missing = {name: pl.lit(None, pl.String) for name in ALWAYS if name not in frame.columns}
    return frame.with_columns(pl.col(name).cast(pl.String) for name in ALWAYS if name in frame.columns).with_columns(
        **missing
    )


def _asked(model: Model, articles: pl.DataFrame, answers: Coded, said: str) -> Predictions:
    predictions = of_model(model, articles, answers)
    split = Split(predictions.split.name, said, None, predictions.split.n_left_out)
    return Predictions(model.codebook, articles, answers, predictions.scores, split, predictions.notes)


BENCHMARKS: Mapping[str, Any] = {"semeval2023": _semeval, "capnyt": _capnyt, **dict.fromkeys(ALLSIDES)}
