"""Answer a job: files -> bytes of the form that was asked for, piece by piece as the articles are scored.

Rows are written by the writers of the command. `events` has them with what the page needs besides: how far the reading
is, a heading, and the place of each article, by which its explanation is asked for.
"""

import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from classifier.articles import Columns, Recoded, Reject, read_articles
from classifier.batches import Preparing, ready
from classifier.codebook import question
from classifier.errors import SlantwiseError
from classifier.explain import definition, explain
from classifier.explain_page import explanation_page
from classifier.model import ArticleScores, Model
from classifier.output import Csv, Form, Jsonl
from classifier.web.job import EXPLANATION, Job

PART_ROWS = 200  # articles scored between two pieces of an answer
MOST_NOTES = 200  # rejects that an answer lists; all are counted
MARKED_SENTENCES = 3  # for each label of an explanation
HEADING_CHARACTERS = 120
JSON_NAME = "articles.jsonl"


class UnreadableError(SlantwiseError):
    """No article of a request could be read; `notes` say why."""

    def __init__(self, job: Job, notes: "Notes") -> None:
        super().__init__(f"no readable article in {', '.join(job.names[:5])} ({notes.rejected:,} rejected)")
        self.notes = notes


class Notes:
    """Counts the rows that were left out, and keeps the first of them; keeps what was not UTF-8."""

    def __init__(self) -> None:
        self.rejected = 0
        self._rejects: list[Reject] = []
        self._recoded: dict[str, str] = {}

    def __call__(self, note: Reject | Recoded) -> None:
        if isinstance(note, Recoded):
            self._recoded[note.source] = note.encoding
            return
        self.rejected += 1
        if self.rejected <= MOST_NOTES:
            self._rejects.append(note)

    def to_row(self) -> dict[str, Any]:
        rejects = [{"source": note.source, "reason": note.reason} for note in self._rejects]
        return {"rejected": self.rejected, "rejects": rejects, "recoded": self._recoded}


def answer(model: Model, job: Job, send: Callable[[bytes], None]) -> None:
    """Send an answer piece by piece. Files are read in the working folder, so that rows name them as they were sent.

    Raises
    ------
    UnreadableError
        If no article can be read.
    """
    if job.is_json:
        _unwrap(Path(job.names[0]))
    notes = Notes()
    if job.form == EXPLANATION:
        send(_explanation(model, job, notes))
        return
    on_read = _Reading(send).advance if job.form == "events" else None
    preparing = Preparing(_own(model, job), clean=job.clean)
    read = ready(job.names, preparing, on_reject=notes, columns=_columns(job), on_read=on_read)
    for piece in _ROWS[job.form](model, _some(read, job, notes), job, notes):
        send(piece)


class _Reading:
    """Sends an event of how many articles were read, now and then."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._count = 0

    def advance(self) -> None:
        self._count += 1
        if self._count % PART_ROWS == 1:
            self._send(f"{_dumped({'read': self._count})}\n".encode())


def described(model: Model) -> dict[str, Any]:
    """Return the model's questions in reporting order, with what coders were told of each label."""
    book = model.codebook
    asked = []
    for block in model.blocks:
        learned, thresholds = (
            values[block.columns].tolist() for values in (model.weights.learned, model.weights.threshold)
        )
        labels = [
            {
                "key": label.key,
                "definition": definition(block.head, block.target, label),
                "threshold": round(threshold, 4),
                "learned": taught,
            }
            for label, threshold, taught in zip(block.head.labels, thresholds, learned, strict=True)
        ]
        about = {"field": block.head.field, "target": block.target, "kind": block.head.kind}
        asked.append({"name": question(block), **about, "question": block.head.question, "labels": labels})
    codebook = {"name": book.name, "version": book.version, "digest": book.digest, "language": book.language}
    return {"model": model.name, "codebook": codebook, "questions": asked}


def _own(model: Model, job: Job) -> str | None:
    return None if job.any_language else model.codebook.language


def _columns(job: Job) -> Columns:
    return Columns(id=job.id_column, text=job.text_column, title=job.title_column)


def _some(batches: Iterator[pl.DataFrame], job: Job, notes: Notes) -> Iterator[pl.DataFrame]:
    """Pass batches on, and raise UnreadableError where there is none."""
    empty = True
    for batch in batches:
        empty = False
        yield batch
    if empty:
        raise UnreadableError(job, notes)


def _unwrap(path: Path) -> None:
    """Make JSON Lines of a JSON document: of an article, a list of them, or {"articles": [...]}."""
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SlantwiseError(f"the body is not JSON: {error}") from error
    if isinstance(value, dict):
        value = value.get("articles", [value])
    if not isinstance(value, list):
        raise SlantwiseError('expected {"text": "..."}, or {"articles": [{"text": "..."}, ...]}')
    lines = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in value)
    path.write_bytes(lines.encode("utf-8", "surrogatepass"))  # half a pair is for the reader to reject


# --- the forms


def _jsonl(model: Model, batches: Iterator[pl.DataFrame], job: Job, _notes: Notes) -> Iterator[bytes]:
    return _written(Jsonl(job.evidence), model, batches)


def _csv(model: Model, batches: Iterator[pl.DataFrame], job: Job, _notes: Notes) -> Iterator[bytes]:
    return _written(Csv(job.evidence), model, batches)


def _written(form: Form[bytes], model: Model, batches: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    out = io.BytesIO()
    file = form.file(out)
    for batch in batches:
        for part in batch.iter_slices(PART_ROWS):
            file.add(form.rows(model, part))
            yield out.getvalue()
            out.seek(0)
            out.truncate()


def _json(model: Model, batches: Iterator[pl.DataFrame], job: Job, notes: Notes) -> Iterator[bytes]:
    before = '{"rows": ['
    foreign = 0
    for batch in batches:
        foreign += int(batch["foreign"].sum())
        for part in batch.iter_slices(PART_ROWS):
            rows = [_dumped(scores.to_row()) for scores in model.articles(part, evidence=job.evidence)]
            yield (before + ",\n".join(rows)).encode()
            before = ",\n"
    yield f"], {_dumped({'foreign': foreign, **notes.to_row()})[1:]}\n".encode()


def _events(model: Model, batches: Iterator[pl.DataFrame], job: Job, notes: Notes) -> Iterator[bytes]:
    size = sum(Path(name).stat().st_size for name in job.names)
    read = articles = foreign = 0
    for number, batch in enumerate(batches):
        foreign += int(batch["foreign"].sum())
        placed = batch.with_columns(article=pl.int_range(pl.len()).over("page"))
        for part in placed.iter_slices(PART_ROWS):
            events = list(_rows(model, part, number, job.evidence))
            articles += len(part)
            read += int(part["text"].str.len_bytes().cast(pl.Int64).sum())
            events.append({"articles": articles, "share": round(min(read / max(size, 1), 1), 4)})
            yield "".join(f"{_dumped(event)}\n" for event in events).encode()
    yield f"{_dumped({'done': {'articles': articles, 'foreign': foreign, **notes.to_row()}})}\n".encode()


def _rows(model: Model, part: pl.DataFrame, batch: int, evidence: int) -> Iterator[dict[str, Any]]:
    places = part.select("page", "article", "text").iter_rows()
    for scores, (page, article, text) in zip(model.articles(part, evidence=evidence), places, strict=True):
        yield {"row": scores.to_row(), "heading": _heading(scores, text), "at": [batch, page, article]}


def _heading(scores: ArticleScores, text: str) -> str:
    line = (scores.title or text.strip().partition("\n")[0]).strip()
    return line if len(line) <= HEADING_CHARACTERS else f"{line[:HEADING_CHARACTERS]}…"


_ROWS = {"json": _json, "jsonl": _jsonl, "csv": _csv, "events": _events}


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- one article


def _explanation(model: Model, job: Job, notes: Notes) -> bytes:
    batches = read_articles(job.names, _columns(job), on_reject=notes, extra=["extraction"])
    batch = next(islice(batches, job.batch, None), None)
    if batch is None or job.page >= len(batch):
        raise UnreadableError(job, notes)
    n = job.evidence or MARKED_SENTENCES
    found = explain(model, batch, n, any_language=job.any_language, page=job.page)
    shown = list(islice(found, job.article, job.article + 1))
    if not shown:
        raise UnreadableError(job, notes)
    return explanation_page(model, shown).encode()
