"""Read what coders did, from the exports of coding tools: Label Studio, doccano, Prodigy, CSV, JSON Lines.

Which tool a file is from is told by what is in it. Whatever the form, an answer becomes question -> labels, and
articles are brought together by their id. Coders who answer one question differently are a disagreement: it is named,
and never settled here.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifier.codebook import Block, Codebook, question
from classifier.errors import LabelError
from training.exchange import BETWEEN, asked
from training.labels import check_row

Row = Mapping[str, Any]
Named = dict[str, tuple[str, ...]]  # question -> label keys, sorted
CODER_KEYS = ("coder", "annotator", "username", "_annotator_id", "_session_id")
NONE = "-"  # in a cell: looked at, and no label fits


@dataclass(frozen=True, slots=True)
class Answered:
    """What one coder said of one article."""

    where: str
    id: str
    coder: str
    labels: Named
    drawn: Mapping[str, str]  # sampling, stratum


@dataclass(frozen=True)
class Exported:
    """What stands in exports, and how many tasks in them nobody answered (or answered by skipping)."""

    answers: tuple[Answered, ...]
    n_not_coded: int

    def of_coder(self, coder: str) -> "Exported":
        """Return the answers of one coder alone.

        Raises
        ------
        LabelError
            If there is none of that name.
        """
        kept = tuple(one for one in self.answers if one.coder == coder)
        if not kept:
            known = ", ".join(sorted({one.coder for one in self.answers}))
            raise LabelError(f"no article is coded by {coder!r}; coders are {known or 'not named'}")
        return Exported(kept, self.n_not_coded)


@dataclass
class Article:
    """An article as all its coders have it: one answer a question, and the answers to those that they disagree on."""

    id: str
    labels: Named = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    coders: list[str] = field(default_factory=list)
    disputed: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)  # question -> coder, labels

    def said(self) -> str:
        """Return who said what, where they disagree."""
        return "; ".join(f"{name}: {', '.join(map(_has, answers))}" for name, answers in self.disputed.items())


def read_exports(paths: Sequence[Path], codebook: Codebook) -> Exported:
    """Read the exports of one or more coders.

    Raises
    ------
    LabelError
        With its place, if a file is of no known form, a task has no article's id, or a label is not in the codebook.
    """
    found: list[Answered] = []
    n_tasks = 0
    for path in paths:
        for where, row, named in _tasks(path, codebook):
            n_tasks += 1
            labels = {} if named is None else _labels(named, codebook, where)
            if not labels:
                continue
            key = _id(row, where)
            check_row(to_row(key, labels, codebook), codebook, f"{where} (article {key!r})")
            drawn = {mark: str(row[mark]) for mark in ("sampling", "stratum") if row.get(mark)}
            found.append(Answered(where, key, _coder(row, path), labels, drawn))
    if not found:
        files = ", ".join(map(str, paths))
        raise LabelError(f"{files}: no coded article in {n_tasks:,} tasks (was it exported before anyone coded?)")
    return Exported(tuple(found), n_tasks - len(found))


def by_article(exported: Exported) -> list[Article]:
    """Bring the answers to each article together, in the order in which articles first occur."""
    articles: dict[str, Article] = {}
    said: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    for one in exported.answers:
        article = articles.setdefault(one.id, Article(one.id))
        article.drawn |= one.drawn
        article.coders += [one.coder] * (bool(one.coder) and one.coder not in article.coders)
        for name, labels in one.labels.items():
            said.setdefault((one.id, name), []).append((one.coder or one.where, labels))
    for (key, name), answers in said.items():
        if len({labels for _, labels in answers}) == 1:
            articles[key].labels[name] = answers[0][1]
        else:
            articles[key].disputed[name] = answers
    return list(articles.values())


def to_row(key: str, labels: Named, codebook: Codebook) -> dict[str, Any]:
    """Return an article's answers as a row of a label file."""
    row: dict[str, Any] = {"id": key}
    for block in asked(codebook):
        said = labels.get(question(block))
        if said is None:
            continue
        if block.head.kind == "many-of":
            row[block.head.field] = list(said)
        elif block.target is None:
            row[block.head.field] = said[0]
        else:
            row.setdefault(block.head.field, {})[block.target] = said[0]
    return row


# --- forms: each yields a task's place, its row, and its answers by question, None where nobody answered

Task = tuple[str, Row, dict[str, list[str]] | None]


def _tasks(path: Path, codebook: Codebook) -> Iterator[Task]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not UTF-8: {error.reason} (export it again, or save it as UTF-8)") from None
    if path.suffix.lower() in {".csv", ".tsv"}:
        rows = csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        return _of_sheet(path, rows, codebook)
    if text.lstrip().startswith("["):
        return _of_label_studio(path, _json(text, str(path)), codebook)
    lines = ((f"{path}:{n}", line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    return _of_lines(((where, _json(line, where)) for where, line in lines), codebook)


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise LabelError(f"{where}: not JSON: {error}") from None


def _of_label_studio(path: Path, tasks: list[Any], codebook: Codebook) -> Iterator[Task]:
    for number, task in enumerate(tasks, start=1):
        if not isinstance(task, dict):
            raise LabelError(f"{path}: task {number}: expected an object, found {json.dumps(task)[:60]}")
        where = f"{path}: task {task.get('id', number)}"
        if "annotations" not in task:  # its form JSON-MIN
            yield where, _without_number(task), _of_columns(task, codebook)
            continue
        done = [one for one in task["annotations"] if not one.get("was_cancelled")]
        for one in done:
            by = one.get("completed_by", "")
            row = {**task.get("data", {}), "coder": by.get("email", by.get("id")) if isinstance(by, dict) else by}
            named: dict[str, list[str]] = {}
            for result in one.get("result", ()):
                if result.get("type") == "choices":
                    named.setdefault(result["from_name"], []).extend(result["value"]["choices"])
            yield where, row, _with_none(named, codebook)
        if not done:
            yield where, task.get("data", {}), None


def _of_lines(lines: Iterator[tuple[str, Any]], codebook: Codebook) -> Iterator[Task]:
    for where, row in lines:
        if not isinstance(row, dict):
            raise LabelError(f"{where}: expected a JSON object, found {json.dumps(row)[:60]}")
        if "accept" in row or "answer" in row:  # Prodigy
            taken = row.get("answer", "accept") == "accept"
            yield (
                where,
                row,
                _with_none(_by_question(row.get("accept", ()), codebook, where), codebook) if taken else None,
            )
        elif isinstance(row.get("label"), list):  # doccano; it does not tell 'none' from 'not looked at'
            named = _by_question(row["label"], codebook, where)
            yield where, _without_number(row), _with_none(named, codebook) if named else None
        else:
            yield where, row, _of_columns(row, codebook)


def _of_sheet(path: Path, rows: "csv.DictReader[str]", codebook: Codebook) -> Iterator[Task]:
    known = {question(block) for block in asked(codebook)}
    found = set(rows.fieldnames or ())
    if not found & (known | {"label"}):
        expected = ", ".join(map(repr, sorted(known)))
        raise LabelError(f"{path}: no column of a question; expected {expected}, found {', '.join(sorted(found))}")
    for row in rows:
        where = f"{path}:{rows.line_num}"
        if not found & known:  # doccano's sheet
            named = _by_question([name for name in (row["label"] or "").split("#") if name], codebook, where)
            yield where, _without_number(row), _with_none(named, codebook) if named else None
        else:
            yield where, _without_number(row) if "annotation_id" in found else row, _of_columns(row, codebook)


def _of_columns(row: Row, codebook: Codebook) -> dict[str, list[str]]:
    """Return the answers that stand in keys of their own; what is left out, or an empty cell, was not coded."""
    named = {}
    for block in asked(codebook):
        value = row.get(question(block))
        if value is None and block.target is not None:
            of_all = row.get(block.head.field)
            value = of_all.get(block.target) if isinstance(of_all, dict) else None
        if value is not None and value != "":
            named[question(block)] = _names(value)
    return named


def _names(value: Any) -> list[str]:
    """Return the labels in a value: a list, Label Studio's {"choices": [...]}, or a cell, in which - says none."""
    if isinstance(value, str) and value.lstrip().startswith('{"choices"'):
        value = json.loads(value)
    if isinstance(value, dict):
        value = value.get("choices", [json.dumps(value)[:60]])
    if isinstance(value, list):
        return value
    return [name.strip() for name in str(value).split(";") if name.strip() not in {"", NONE}]


def _with_none(named: dict[str, list[str]], codebook: Codebook) -> dict[str, list[str]]:
    """Add 'none' for questions that may be answered so: a tool shows them all, and leaves out what was not ticked."""
    none: dict[str, list[str]] = {
        question(block): [] for block in asked(codebook) if block.head.kind == "many-of" and not block.head.at_least_one
    }
    return none | named


def _by_question(names: Sequence[str], codebook: Codebook, where: str) -> dict[str, list[str]]:
    """Part labels of one list, 'topics:housing', by their question; one may stand alone where only one has it."""
    found: dict[str, list[str]] = {}
    questions = {question(block): block for block in asked(codebook)}
    for name in names:
        of, between, label = str(name).partition(BETWEEN)
        if not between or of not in questions:
            having = [key for key, block in questions.items() if _key(block, str(name))]
            if len(having) != 1:
                told = f"stands in {', '.join(having)}" if having else "is in no question of the codebook"
                raise LabelError(f"{where}: label {name!r} {told} (write it as question{BETWEEN}label)")
            of, label = having[0], str(name)
        found.setdefault(of, []).append(label)
    return found


def _without_number(row: Row) -> Row:
    """Leave out a tool's own number of a task, which it calls id: it is no article's."""
    return {key: value for key, value in row.items() if key != "id"}


# --- parts


def _labels(named: Mapping[str, Sequence[str]], codebook: Codebook, where: str) -> Named:
    """Return each question's label keys; a question with one answer that has none was not answered."""
    questions = {question(block): block for block in asked(codebook)}
    labels: Named = {}
    for name, said in named.items():
        block = questions.get(name)
        if block is None:
            raise LabelError(f"{where}: no question {name!r}; the codebook has {', '.join(map(repr, questions))}")
        if block.head.kind != "many-of" and len(said) > 1:
            raise LabelError(f"{where}: {name!r} has one answer; found {', '.join(map(repr, said))}")
        if said or block.head.kind == "many-of":
            labels[name] = tuple(sorted({_key(block, label) or str(label) for label in said}))
    return labels


def _key(block: Block, name: str) -> str | None:
    """Return the key of the label that has such a key, alias or title; None if none has, or several."""
    meant = block.head.keys_of_name.get(name) or [label.key for label in block.head.labels if label.title == name]
    return meant[0] if len(meant) == 1 else None


def _id(row: Row, where: str) -> str:
    meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
    for value in (row.get("article_id"), row.get("id"), meta.get("id")):
        if isinstance(value, str | int) and value != "":
            return str(value)
    raise LabelError(
        f"{where}: no article's id; expected 'article_id' (or 'id'), found {', '.join(map(repr, row))[:200]}"
    )


def _has(answer: tuple[str, tuple[str, ...]]) -> str:
    coder, labels = answer
    return f"{coder} has {' + '.join(labels) or 'none'}"


def _coder(row: Row, path: Path) -> str:
    return next((str(row[key]) for key in CODER_KEYS if row.get(key) not in {None, ""}), path.stem)
