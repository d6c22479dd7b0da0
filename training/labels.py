"""Read coded articles: which labels a coder gave to which article.

A label file holds one JSON object a line: the article's `id` and, for each head's field, its labels: a list (many-of),
a string (one-of) or an object from target to answer (one-of-per-label). A field that is left out was not coded, which
is not the same as an empty list. `"sampling": "random"` marks an article that was drawn at random, not because somebody
looked for a label. Other keys are notes and are passed over.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import Block, Codebook, Head, blocks
from classifier.errors import LabelError

YES, NO, UNKNOWN = 1, 0, -1
MIN_CODED = 5  # articles with a label, under which it is not learned

Coded = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Coding:
    """What coders said of articles.

    `answers` has shape (n_articles, n_columns) with the columns of the codebook's blocks: 1 yes, 0 no, -1 not coded.
    `random` are the ids of articles that were drawn at random, as their key "sampling" says.
    """

    ids: tuple[str, ...]
    answers: Coded
    random: frozenset[str] = frozenset()


def read_labels(path: str | Path, codebook: Codebook) -> Coding:
    """Read a label file.

    Raises
    ------
    LabelError
        With file and line, if a line is not JSON, lacks an id, repeats one, or has a label that the codebook lacks.
    """
    first_line: dict[str, int] = {}
    random: set[str] = set()
    rows = []
    for number, row in _json_lines(path):
        where = f"{path}:{number}"
        key = _id(row, where)
        if key in first_line:
            raise LabelError(f"{where}: article {key!r} is coded twice, first on line {first_line[key]} (keep one)")
        first_line[key] = number
        if row.get("sampling") == "random":
            random.add(key)
        rows.append(_answers(row, codebook, where))
    if not rows:
        raise LabelError(f"{path}: no coded articles; expected one JSON object a line")
    return Coding(tuple(first_line), np.stack(rows), frozenset(random))


def check_row(row: Mapping[str, Any], codebook: Codebook, where: str) -> None:
    """Refuse a coded article that a label file could not hold.

    Raises
    ------
    LabelError
        If a label or target is not in the codebook.
    """
    _answers(row, codebook, where)


def align(coding: Coding, articles: pl.DataFrame, codebook: Codebook) -> Coded:
    """Return the answers for each row of `articles`, -1 where nobody coded it; shape (n_articles, n_columns).

    Heads that are coded in the article table are read from its columns.

    Raises
    ------
    LabelError
        If no coded article is among `articles`, or the table lacks the column of a head coded there.
    """
    row_of = {key: row for row, key in enumerate(articles["id"])}
    here = [(row_of[key], i) for i, key in enumerate(coding.ids) if key in row_of]
    if not here:
        found = f"coded are {_some(coding.ids)}, articles {_some(articles['id'])}"
        raise LabelError(f"no coded article is among the {len(articles):,} articles: {found} (do the ids match?)")
    answers = np.full((len(articles), coding.answers.shape[1]), UNKNOWN, dtype=np.int8)
    rows, coded = map(list, zip(*here, strict=True))
    answers[rows] = coding.answers[coded]
    for block in blocks(codebook):
        if block.head.coded_in == "articles":
            answers[:, block.columns] = _from_column(articles, block.head)
    return answers


def coded_anywhere(answers: Coded, codebook: Codebook, coded_in: str) -> NDArray[np.bool_]:
    """Return which articles have an answer to a head that is coded in 'labels' or in 'articles', (n_articles,)."""
    found = np.zeros(len(answers), dtype=bool)
    for block in blocks(codebook):
        if block.head.coded_in == coded_in:
            found |= (answers[:, block.columns] != UNKNOWN).any(axis=1)
    return found


def _from_column(articles: pl.DataFrame, head: Head) -> Coded:
    if head.field not in articles.columns:
        where = f"head {head.key!r} is coded in the articles, which lack a column {head.field!r}"
        raise LabelError(f"{where}; found {_some(articles.columns, 20)} (add it, or take the head out of the codebook)")
    answers = np.full((len(articles), len(head.labels)), UNKNOWN, dtype=np.int8)
    for row, value in enumerate(articles[head.field]):
        if value is not None:
            answers[row] = _marks(head, [value], f"article {articles['id'][row]!r}")
    return answers


def _answers(row: Mapping[str, Any], codebook: Codebook, where: str) -> Coded:
    parts = []
    for block in blocks(codebook):
        coded = block.head.coded_in == "labels" and row.get(block.head.field) is not None
        labels = _labels_of(block, row[block.head.field], where) if coded else None
        unknown = np.full(len(block.head.labels), UNKNOWN, dtype=np.int8)
        parts.append(unknown if labels is None else _marks(block.head, labels, where))
    return np.concatenate(parts)


def _labels_of(block: Block, value: Any, where: str) -> Sequence[str] | None:
    """Return a block's labels in a label file's value, None where the question was not asked."""
    head = block.head
    expected = {"many-of": list, "one-of": str, "one-of-per-label": dict}[head.kind]
    if not isinstance(value, expected):
        shape = {"many-of": "a list of labels", "one-of": "one label", "one-of-per-label": "an object target: label"}
        raise LabelError(f"{where}: {head.field!r} should be {shape[head.kind]}, found {json.dumps(value)[:60]}")
    if head.kind == "many-of":
        return list(value)
    if head.kind == "one-of":
        return [value]
    known = [target.label for target in head.targets]
    for target in value:
        if target not in known:
            raise LabelError(f"{where}: {head.field!r} has no target {target!r}; the codebook has {_some(known, 20)}")
    answer = value.get(block.target)
    return None if answer is None else [answer]


def _marks(head: Head, labels: Iterable[Any], where: str) -> Coded:
    marks = np.full(len(head.labels), NO, dtype=np.int8)
    for label in labels:
        meant = head.keys_of_name.get(label, ()) if isinstance(label, str) else ()
        if not meant:
            known = _some(head.keys, 40)
            raise LabelError(f"{where}: {head.field!r} has no label {label!r}; the codebook has {known}")
        if len(meant) > 1:
            raise LabelError(f"{where}: {head.field!r}: {label!r} may mean {_some(meant)} (write the label's key)")
        marks[head.keys.index(meant[0])] = YES
    return marks


def _id(row: Mapping[str, Any], where: str) -> str:
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int) or row["id"] == "":
        raise LabelError(f"{where}: missing 'id'; found {_some(row)} (each line names its article)")
    return str(row["id"])


def _json_lines(path: str | Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        data = Path(path).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LabelError(f"{path}:{line}: not UTF-8: {error.reason} (save it as UTF-8)") from None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if line_text.strip():
            yield number, _json_object(line_text, f"{path}:{number}")


def _json_object(line: str, where: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise LabelError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise LabelError(f"{where}: expected a JSON object, found {line.strip()[:60]}")
    return row


def _some(keys: Iterable[str], most: int = 5) -> str:
    keys = list(keys)
    return ", ".join(map(repr, keys[:most])) + (f" and {len(keys) - most:,} more" if len(keys) > most else "")
