"""What commands share: lines on stderr, output on stdout, rows that are refused, and how they end."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from classifier.errors import SlantwiseError

if TYPE_CHECKING:
    from classifier.articles import Recoded, Reject

SOME_REJECTED = 3  # exit status; 1 and 4 are those of errors, 2 that of bad usage


class Rejects:
    """Writes rejected rows down and counts them, and the rows that were not UTF-8."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.count = 0
        self._file = file
        self._recoded: Counter[tuple[str, str]] = Counter()

    def __call__(self, reject: "Reject | Recoded") -> None:
        from classifier.articles import Recoded

        if isinstance(reject, Recoded):
            self._recoded[reject.encoding, reject.source] += 1
            return
        self.count += 1
        if self._file is None:
            typer.echo(f"rejected: {reject.source}: {reject.reason}", err=True)
        else:
            row = {"source": reject.source, "reason": reject.reason}
            self._file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())

    def say_recoded(self) -> None:
        for (encoding, source), rows in self._recoded.items():
            say(f"read as {encoding} rather than UTF-8: {source} ({counted(rows, 'row')})")


@contextmanager
def rejecting(path: Path | None) -> Iterator[Rejects]:
    from classifier.atomic import write_atomically

    if path is None:
        yield Rejects(None)
    else:
        failure = None
        with write_atomically(path) as file:
            try:
                yield Rejects(file)
            except SlantwiseError as error:  # the file says why nothing could be read, so it is kept
                failure = error
        if failure:
            raise failure


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """Open the output: a file that appears when it is whole, or stdout, whose reader may leave when it has enough."""
    from classifier.atomic import write_atomically

    if path is not None:
        with write_atomically(path) as file:
            yield file
        return
    try:
        yield sys.stdout.buffer
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def say(line: str) -> None:
    typer.echo(line, err=True)


def show(text: str) -> None:
    with opened(None) as file:
        file.write(text.encode())
        file.flush()


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def refuse_usage(complaints: dict[str, object]) -> None:
    """End as bad usage where one of the complaints is true."""
    for complaint, wrong in complaints.items():
        if wrong:
            raise typer.BadParameter(complaint)


def say_rejected(refuse: Rejects) -> None:
    """Say what was not UTF-8, and end with the status that says so where articles were rejected."""
    refuse.say_recoded()
    if refuse.count:
        say(f"{counted(refuse.count, 'article')} rejected")
        raise typer.Exit(SOME_REJECTED)


def colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def width() -> int | None:
    """Return the terminal's width, None where the output is none."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise SlantwiseError(f"this command needs {error.name}: pip install 'slantwise[{extra}]'") from None
