"""Show labels in doubt: on a terminal, question by question, and as JSON Lines."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console

from classifier.atomic import write_atomically
from classifier.output import CONTROL
from training.audit import Doubt
from training.table import console_for, plain, text_of


def audit_text(found: Sequence[Doubt], notes: Sequence[str], *, width: int | None, colour: bool) -> str:
    """Return the labels in doubt as text; `width` in characters, None for a usual one."""
    console = console_for(width, colour)
    for question, some in groupby(found, lambda one: one.question):
        console.print(f"\n[bold]{plain(question)}[/]")
        for one in some:
            _print(console, one)
    for note in notes:
        console.print(f"[red]note:[/] {plain(note)}")
    console.print("*: likely wrong by confident learning; p: held out, of the label that would change", style="dim")
    return text_of(console)


def _print(console: Console, one: Doubt) -> None:
    mark = "*" if one.likely else " "
    coded = ", ".join(one.coded) or "none"
    console.print(
        f"{one.rank:>4}{mark} [cyan]{plain(one.change)}[/] p {one.probability:.2f}  {plain(one.id.translate(CONTROL))}"
    )
    console.print(f"      coded {plain(coded)}; {plain(one.title.translate(CONTROL))}")
    for sentence in one.sentences:
        quoted = " ".join(sentence.text.split()).translate(CONTROL)
        console.print(f"      {sentence.adds:+.2f} {plain(quoted)}", style="dim")


def write_doubts(found: Sequence[Doubt], out: Path) -> None:
    """Write the labels in doubt as JSON Lines, all or nothing."""
    with write_atomically(out) as file:
        file.write("".join(json.dumps(one.to_row(), ensure_ascii=False) + "\n" for one in found).encode())
