"""Write articles to code in the forms that coding tools import: Label Studio, doccano, Prodigy, CSV, JSON Lines.

Each form carries the article's id as `article_id`, for the tools keep an `id` of their own, and how it was drawn.
Outlet and address are left out: coders should judge the text, and the tools show what they are given. Where a tool
knows only one list of labels, a label is called by its question too, `topics:housing`; `training.exports` reads all
that back.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from classifier.atomic import refuse_overwriting, write_atomically
from classifier.codebook import Block, Codebook, Label, blocks, question

BETWEEN = ":"  # question and label
COLOURS = ("#1f5a8a", "#a8500f", "#2e7d5b", "#7a4a9e", "#a61b1b", "#5b6470")  # of doccano's labels, by question
HOTKEYS = "1234567890abcdefghijklmnopqrstuvwxyz"
Task = Mapping[str, Any]


def write_tasks(articles: pl.DataFrame, codebook: Codebook, form: str, out: Path) -> list[Path]:
    """Write articles to code, and beside them what the tool must be set up with; return the files written.

    Parameters
    ----------
    articles
        Columns id, title, text, sampling and stratum.
    form
        A key of `FORMS`.

    Raises
    ------
    SlantwiseError
        If one of the files is there already.
    """
    tasks = [
        {key: value for key, value in row.items() if value is not None}
        for row in articles.select("id", "title", "text", "sampling", "stratum").iter_rows(named=True)
    ]
    body, beside = FORMS[form]
    files = {out: body(tasks, codebook)}
    if beside is not None:
        suffix, setup = beside
        files[out.with_name(f"{out.stem}{suffix}")] = setup(codebook)
    for path in files:
        refuse_overwriting(path, "a sheet there may be half coded; name another")
    for path, text in files.items():
        with write_atomically(path) as file:
            file.write(text.encode())
    return list(files)


def asked(codebook: Codebook) -> Iterator[Block]:
    """Yield the questions that coders answer."""
    return (block for block in blocks(codebook) if block.head.coded_in == "labels")


# --- forms


def _label_studio(tasks: Sequence[Task], codebook: Codebook) -> str:  # noqa: ARG001 - its config has the labels
    data = [{"data": {**_marks(task), "title": task.get("title", ""), "text": task["text"]}} for task in tasks]
    return json.dumps(data, ensure_ascii=False, indent=1)


def _label_studio_config(codebook: Codebook) -> str:
    """Return the labeling interface: a Choices tag a question; stance shows where its label is ticked."""
    view = ET.Element("View")
    ET.SubElement(view, "Header", value="$title")
    ET.SubElement(view, "Text", name="text", value="$text")
    for block in asked(codebook):
        head, part = block.head, view
        if head.of is not None and block.target is not None:
            part = ET.SubElement(view, "View", visibleWhen="choice-selected")
            part.set("whenTagName", codebook.head(head.of).field)
            part.set("whenChoiceValue", block.target)
        ET.SubElement(part, "Header", value=_wording(block))
        choices = ET.SubElement(part, "Choices", name=question(block), toName="text")
        choices.set("choice", "multiple" if head.kind == "many-of" else "single")
        if head.kind == "one-of" or head.at_least_one:
            choices.set("required", "true")
        for label in head.labels:
            ET.SubElement(choices, "Choice", value=label.key, html=_described(label))  # exported is the value
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _doccano(tasks: Sequence[Task], codebook: Codebook) -> str:  # noqa: ARG001 - its label file has the labels
    return _lines({"text": _whole(task), "label": [], **_marks(task)} for task in tasks)


def _doccano_labels(codebook: Codebook) -> str:
    rows: list[dict[str, str]] = []
    for place, block in enumerate(asked(codebook)):
        for label in block.head.labels:
            row = {"text": f"{question(block)}{BETWEEN}{label.key}", "text_color": "#ffffff"}
            row["background_color"] = COLOURS[place % len(COLOURS)]
            if len(rows) < len(HOTKEYS):
                row["suffix_key"] = HOTKEYS[len(rows)]
            rows.append(row)
    return json.dumps(rows, ensure_ascii=False, indent=1)


def _prodigy(tasks: Sequence[Task], codebook: Codebook) -> str:
    """Return tasks of the interface `choice`, with the options of all questions in one list."""
    questions = list(asked(codebook))
    options = [
        {"id": f"{question(block)}{BETWEEN}{label.key}", "text": f"{question(block)}: {_title(label)}"}
        for block in questions
        for label in block.head.labels
    ]
    one = len(questions) == 1 and questions[0].head.kind == "one-of"
    style = {"choice_style": "single" if one else "multiple"}
    return _lines(
        {"text": _whole(task), "options": options, "config": style, **_marks(task), "meta": {"id": task["id"]}}
        for task in tasks
    )


def _csv(tasks: Sequence[Task], codebook: Codebook) -> str:
    """Return a sheet with a column a question; several labels go into a cell with ; between them."""
    file = io.StringIO()
    fields = ["id", "title", "text", "sampling", "stratum", "coder", *(question(block) for block in asked(codebook))]
    writer = csv.DictWriter(file, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(tasks)
    return "\ufeff" + file.getvalue()  # by which Excel knows UTF-8


def _jsonl(tasks: Sequence[Task], codebook: Codebook) -> str:  # noqa: ARG001 - coders write the fields in
    return _lines(tasks)


# What is written, and what is written beside it: the end of that file's name, and what is in it.
Body = Callable[[Sequence[Task], Codebook], str]
FORMS: dict[str, tuple[Body, tuple[str, Callable[[Codebook], str]] | None]] = {
    "label-studio": (_label_studio, ("-config.xml", _label_studio_config)),
    "doccano": (_doccano, ("-labels.json", _doccano_labels)),
    "prodigy": (_prodigy, None),
    "csv": (_csv, None),
    "jsonl": (_jsonl, None),
}


# --- parts


def _marks(task: Task) -> dict[str, Any]:
    return {"article_id": task["id"], **{key: task[key] for key in ("sampling", "stratum") if key in task}}


def _whole(task: Task) -> str:
    return f"{task['title']}\n\n{task['text']}" if task.get("title") else str(task["text"])


def _wording(block: Block) -> str:
    targets = {target.label: target.target for target in block.head.targets}
    text = block.head.question or question(block)
    return text if block.target is None else f"{text} ({block.target}: {targets[block.target]})"


def _described(label: Label) -> str:
    return f"<b>{escape(_title(label))}</b> {escape(label.definition)}".strip()


def _title(label: Label) -> str:
    return label.title or label.key


def _lines(rows: "Iterator[Task] | Sequence[Task]") -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
