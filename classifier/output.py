"""Write scores: the last step of input -> articles -> features -> scores -> report."""

import io
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

import polars as pl
import typer

from classifier.clean import Span, dropped_words
from classifier.codebook import question
from classifier.evidence import Sentence
from classifier.jsonl import json_lines
from classifier.model import DIGITS, ArticleScores, Model

if TYPE_CHECKING:
    from rich.console import Console

WAITING_BYTES = 16_000_000  # of scores that wait in memory, some 40,000 articles
ROWS_A_GROUP = 10_000  # of a parquet file: larger ones take memory to join
LIST_SEPARATOR = ";"  # between the labels of a many-of head in CSV, which has no lists
KEY_WIDTH = 24
CONTROL = dict.fromkeys((*range(32), *range(127, 160)))  # a page must not steer the terminal


Rows = TypeVar("Rows", bytes, pl.DataFrame)
Rows_contra = TypeVar("Rows_contra", bytes, pl.DataFrame, contravariant=True)


class Form(Protocol[Rows]):
    """How scores are written. Rows are laid out batch by batch, in any process, and put together by one `File`.

    The forms' `evidence` is how many sentences are named for each label.
    """

    def rows(self, model: Model, articles: pl.DataFrame) -> Rows: ...
    def file(self, out: IO[bytes]) -> "File[Rows]": ...


class File(Protocol[Rows_contra]):
    """Takes the rows of batches in their order; what it cannot write as it goes, it writes in `close`."""

    def add(self, rows: Rows_contra) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Jsonl:
    """One JSON object a line, as `ArticleScores.to_row` gives it."""

    evidence: int = 0

    def rows(self, model: Model, articles: pl.DataFrame) -> bytes:
        return "".join(json_lines(model, articles, evidence=self.evidence)).encode()

    def file(self, out: IO[bytes]) -> "TextFile":
        return TextFile(out)


@dataclass(frozen=True)
class Csv:
    """A header and one row an article, as `Model.score_frame` gives it; lists are joined by ';', evidence is JSON."""

    evidence: int = 0

    def rows(self, model: Model, articles: pl.DataFrame) -> bytes:
        frame = model.score_frame(articles, evidence=self.evidence)
        if self.evidence:
            sentences = [json.dumps(row, ensure_ascii=False) for row in frame["evidence"].to_list()]
            frame = frame.with_columns(pl.Series("evidence", sentences, dtype=pl.String))
        frame = frame.with_columns(pl.col(pl.List(pl.String)).list.join(LIST_SEPARATOR))
        return frame.write_csv(float_precision=DIGITS).encode()

    def file(self, out: IO[bytes]) -> "TextFile":
        return TextFile(out, header=True)


class TextFile:
    """A file that is written as it comes; where rows have a header, that of the first batch stands alone."""

    def __init__(self, out: IO[bytes], *, header: bool = False) -> None:
        self._out = out
        self._header = header
        self._begun = False

    def add(self, rows: bytes) -> None:
        self._out.write(rows.partition(b"\n")[2] if self._header and self._begun else rows)
        self._begun = True

    def close(self) -> None:
        self._out.flush()


@dataclass(frozen=True)
class Parquet:
    """One parquet file of the rows that `Model.score_frame` gives."""

    evidence: int = 0

    def rows(self, model: Model, articles: pl.DataFrame) -> pl.DataFrame:
        return model.score_frame(articles, evidence=self.evidence)

    def file(self, out: IO[bytes]) -> "ParquetFile":
        return ParquetFile(out)


class ParquetFile:
    """A parquet file, which cannot be written row by row: rows wait in memory, and where there are many in files."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._frames: list[pl.DataFrame] = []
        self._size = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._files: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        self._frames.append(rows)
        self._size += int(rows.estimated_size())
        if self._size > WAITING_BYTES:
            self._folder = self._folder or TemporaryDirectory(prefix="slantwise-")
            self._files.append(Path(self._folder.name, f"{len(self._files):09}.parquet"))
            pl.concat(self._frames).write_parquet(self._files[-1], row_group_size=ROWS_A_GROUP)
            self._frames, self._size = [], 0

    def close(self) -> None:
        waiting = [pl.concat(self._frames).lazy()] if self._frames else []
        rows = pl.concat([pl.scan_parquet(self._files), *waiting]) if self._files else waiting[0]
        rows.sink_parquet(self._out, row_group_size=ROWS_A_GROUP)
        self._out.flush()
        if self._folder:
            self._folder.cleanup()


@dataclass(frozen=True)
class Table:
    """Something to read: for each article its title and, question by question, the labels assigned."""

    evidence: int = 0
    width: int | None = None
    colour: bool = False

    def rows(self, model: Model, articles: pl.DataFrame) -> bytes:
        from rich.console import Console

        console = Console(
            file=io.StringIO(),
            width=self.width,
            force_terminal=self.colour,
            no_color=not self.colour,
            highlight=False,
            emoji=False,
        )
        with console.capture() as printed:
            for scores, text in zip(model.articles(articles, evidence=self.evidence), articles["text"], strict=True):
                _print(console, scores, text)
        lines = (line.rstrip() for line in printed.get().split("\n"))
        return "\n".join(lines).encode()

    def file(self, out: IO[bytes]) -> "TextFile":
        return TextFile(out)


def _print(console: "Console", scores: ArticleScores, text: str) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    title = scores.title or next((line.strip() for line in text.splitlines() if line.strip()), "")
    console.print(Text(title.translate(CONTROL), style="bold"), no_wrap=True, overflow="ellipsis")
    place = scores.source if scores.id == scores.source else f"{scores.id}  ({scores.source})"
    console.print(Text(place.translate(CONTROL), style="dim"), no_wrap=True, overflow="ellipsis")
    table = Grid.grid(padding=(0, 2, 0, 0))
    for name, answer in _lines(scores):
        table.add_row(Text(f"  {name}", style="cyan"), Text(answer))
    console.print(table)
    for name, sentences in _sentences(scores):
        console.print(Text(f"  {name}", style="cyan"))
        table = Grid.grid(padding=(0, 2, 0, 0))
        for sentence in sentences:
            quoted = " ".join(sentence.text.split()).translate(CONTROL)
            table.add_row(Text(f"    {sentence.adds:+.2f}", style="dim"), Text(quoted))
        console.print(table)
    console.print()


def _lines(scores: ArticleScores) -> Iterator[tuple[str, str]]:
    """Yield a question and its answer for each line of an article's paragraph."""
    for field, answers in scores.labels.items():
        for target, labels in _questions(answers):
            given = [(label, s.probability or 0.0) for label, s in labels.items() if s.yes]
            given.sort(key=lambda item: -item[1])
            answer = ", ".join(f"{label} {p:.2f}" for label, p in given)
            yield (f"{field} on {target}" if target else field), answer or "none"


def _sentences(scores: ArticleScores) -> Iterator[tuple[str, Sequence[Sentence]]]:
    """Yield each label assigned with the sentences that speak for it, or against it."""
    for answers in (scores.evidence or {}).values():
        for target, labels in _questions(answers):
            for label, why in labels.items():
                if why.sentences:
                    yield f"why {label}" if target is None else f"why {label} on {target}", why.sentences


def _questions(answers: dict[str, Any]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Yield the answers of a field, or of each target of it."""
    if any(isinstance(value, dict) for value in answers.values()):
        yield from answers.items()
    elif answers:
        yield None, answers


def cleaning_text(source: str, text: str, spans: Sequence[Span] | None, *, colour: bool = False) -> str:
    """Return the lines of a page, each with its article or with the reason why it is dropped (None: all is kept)."""
    if spans is None:
        lines = [f"{source}: kept as it is"]
    else:
        gone, words = dropped_words(spans)
        n_articles = max(span.article for span in spans)
        found = f"{n_articles} article{'s' * (n_articles > 1)}"
        lines = [f"{source}: {found}, {gone:,} of {words:,} words dropped"]
        for span in spans:
            mark = f"article {span.article}" if span.article else f"- {span.reason}"
            line = text[span.start : span.end].strip().translate(CONTROL)
            style = {"fg": "green"} if span.article else {"fg": "red", "dim": True}
            lines.append(typer.style(f"{mark:<{KEY_WIDTH}}{line}", **style) if colour else f"{mark:<{KEY_WIDTH}}{line}")
    return "\n".join(lines) + "\n\n"


def label_lines(model: Model, width: int = 100) -> Iterator[str]:
    """Yield the model's questions and labels in reporting order, each label with the definition that coders used."""
    yield f"{model.name}: codebook {model.codebook.name} {model.codebook.version}, digest {model.codebook.digest}"
    for block in model.blocks:
        head, target = block.head, block.target
        yield ""
        yield f"{question(block)} ({head.kind}): {head.question}".rstrip(": ")
        definitions: Mapping[str, str] = {}
        for asked in head.targets:
            if asked.label == target:
                definitions = asked.definitions
                yield from _hanging("  towards", asked.target, width)
        for label, learned in zip(head.labels, model.weights.learned[block.columns], strict=True):
            text = definitions.get(label.key) or label.definition
            text = text if learned else f"[not learned: too few coded articles] {text}"
            yield from _hanging(f"  {label.key}", text, width)


def _hanging(key: str, text: str, width: int) -> Iterator[str]:
    """Yield a key with its text beside it, or below it where the key is long."""
    lines = textwrap.wrap(" ".join(text.split()), width - KEY_WIDTH) or [""]
    if len(key) > KEY_WIDTH - 2:
        yield key
        key = ""
    yield f"{key:<{KEY_WIDTH}}{lines[0]}".rstrip()
    yield from (" " * KEY_WIDTH + line for line in lines[1:])
