"""Write scores: the last step of input -> articles -> features -> scores -> report."""

import io
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Protocol

import polars as pl
import typer

from classifier.clean import Span, dropped_words
from classifier.codebook import question
from classifier.evidence import Sentence
from classifier.model import ArticleScores, Model

LIST_SEPARATOR = ";"  # between the labels of a many-of head in CSV, which has no lists
DIGITS = 4
KEY_WIDTH = 24
CONTROL = dict.fromkeys((*range(32), *range(127, 160)))  # a page must not steer the terminal


class Writer(Protocol):
    """Takes scored articles batch by batch; what it cannot write as it goes, it writes in `close`."""

    def write(self, model: Model, articles: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


class JsonlWriter:
    """One JSON object a line, as `ArticleScores.to_row` gives it."""

    def __init__(self, out: IO[bytes], *, evidence: int = 0) -> None:
        self._out = out
        self._evidence = evidence

    def write(self, model: Model, articles: pl.DataFrame) -> None:
        scored = model.articles(articles, evidence=self._evidence)
        lines = [json.dumps(scores.to_row(), ensure_ascii=False) + "\n" for scores in scored]
        self._out.write("".join(lines).encode())

    def close(self) -> None:
        self._out.flush()


class CsvWriter:
    """A header and one row an article, as `Model.score_frame` gives it; lists are joined by ';', evidence is JSON."""

    def __init__(self, out: IO[bytes], *, evidence: int = 0) -> None:
        self._out = out
        self._evidence = evidence
        self._header = True

    def write(self, model: Model, articles: pl.DataFrame) -> None:
        frame = model.score_frame(articles, evidence=self._evidence)
        if self._evidence:
            sentences = [json.dumps(row, ensure_ascii=False) for row in frame["evidence"].to_list()]
            frame = frame.with_columns(pl.Series("evidence", sentences, dtype=pl.String))
        frame = frame.with_columns(pl.col(pl.List(pl.String)).list.join(LIST_SEPARATOR))
        text = frame.write_csv(include_header=self._header, float_precision=DIGITS)
        self._out.write(text.encode())
        self._header = False

    def close(self) -> None:
        self._out.flush()


class ParquetWriter:
    """One parquet file of the rows that `Model.score_frame` gives; scores are small, so they wait in memory."""

    def __init__(self, out: IO[bytes], *, evidence: int = 0) -> None:
        self._out = out
        self._evidence = evidence
        self._frames: list[pl.DataFrame] = []

    def write(self, model: Model, articles: pl.DataFrame) -> None:
        self._frames.append(model.score_frame(articles, evidence=self._evidence))

    def close(self) -> None:
        pl.concat(self._frames).write_parquet(self._out)
        self._out.flush()


class TableWriter:
    """Something to read: for each article its title and, question by question, the labels assigned."""

    def __init__(self, out: IO[bytes], *, width: int | None = None, colour: bool = False, evidence: int = 0) -> None:
        from rich.console import Console

        self._out = out
        self._evidence = evidence
        self._console = Console(
            file=io.StringIO(), width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False
        )

    def write(self, model: Model, articles: pl.DataFrame) -> None:
        with self._console.capture() as printed:
            for scores, text in zip(model.articles(articles, evidence=self._evidence), articles["text"], strict=True):
                self._print(scores, text)
        lines = (line.rstrip() for line in printed.get().split("\n"))
        self._out.write("\n".join(lines).encode())

    def close(self) -> None:
        self._out.flush()

    def _print(self, scores: ArticleScores, text: str) -> None:
        from rich.table import Table
        from rich.text import Text

        title = scores.title or next((line.strip() for line in text.splitlines() if line.strip()), "")
        self._console.print(Text(title.translate(CONTROL), style="bold"), no_wrap=True, overflow="ellipsis")
        place = scores.source if scores.id == scores.source else f"{scores.id}  ({scores.source})"
        self._console.print(Text(place.translate(CONTROL), style="dim"), no_wrap=True, overflow="ellipsis")
        table = Table.grid(padding=(0, 2, 0, 0))
        for name, answer in _lines(scores):
            table.add_row(Text(f"  {name}", style="cyan"), Text(answer))
        self._console.print(table)
        for name, sentences in _sentences(scores):
            self._console.print(Text(f"  {name}", style="cyan"))
            table = Table.grid(padding=(0, 2, 0, 0))
            for sentence in sentences:
                quoted = " ".join(sentence.text.split()).translate(CONTROL)
                table.add_row(Text(f"    {sentence.adds:+.2f}", style="dim"), Text(quoted))
            self._console.print(table)
        self._console.print()


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
