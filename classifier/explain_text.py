"""Show on a terminal why an article got its labels: explanation -> text.

Nothing is told by colour alone: sentences carry the numbers of their labels, bars have their threshold drawn in.
"""

import io
from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from classifier.explain import Explanation, Judged, Line
from classifier.output import CONTROL

BAR = 24  # characters


def explanation_text(explanation: Explanation, *, width: int | None = None, colour: bool = False) -> str:
    """Return an article, its labels with bars, definitions and strongest terms, and its text with marked sentences."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False
    )
    with console.capture() as printed:
        console.print(Text(_plain(explanation.title), style="bold"))
        console.print(Text(_plain(explanation.about), "dim"))
        for question, labels in groupby(explanation.labels, key=lambda label: label.question):
            console.print()
            console.print(Text(question, style="cyan"))
            for label in labels:
                for part, indent in _label(label):
                    console.print(Padding(part, (0, 0, 0, indent)))
        console.print()
        console.print(Text("text, with the numbers of labels that a sentence speaks for, with a minus against", "cyan"))
        for line in (explanation.heading, *explanation.lines):
            if line.stretches:
                above = 0 if line.dropped else 1
                console.print(Padding(_line(line, explanation.assigned), (above, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in printed.get().split("\n")) + "\n"


def _label(label: Judged) -> Iterator[tuple[Text, int]]:
    """Yield the lines of a label, each with its indent."""
    style = "bold" if label.yes else "dim"
    remark = f" ({label.remark})" if label.remark else ""
    head = Text(f"{label.number:>3} ", style).append(f"{label.key:<22} ", style)
    head.append(bar(label.probability, label.threshold), "green" if label.yes else "dim")
    yield head.append(f" {label.probability:.2f}, threshold {label.threshold:.2f}{remark}", style), 0
    if label.yes:
        yield Text(label.definition, style="dim"), 4
        terms = ", ".join(f"{term} {adds:+.2f}" for term, adds in label.why.terms.items())
        beside = "".join(f"{head} {adds:+.2f} beside the text; " for head, adds in label.why.beside.items())
        if beside or terms:
            yield Text(f"{beside}{terms}"), 4


def bar(probability: float, threshold: float) -> str:
    """Return a bar of a probability, with its threshold drawn in.

    Examples
    --------
    >>> bar(0.75, 0.5)
    '████████████│█████······'
    """
    filled, at = round(probability * BAR), min(round(threshold * BAR), BAR - 1)
    return "".join("│" if place == at else "█" if place < filled else "·" for place in range(BAR))


def _line(line: Line, shown: frozenset[int]) -> Text:
    if line.dropped:
        return Text(f"\N{MULTIPLICATION SIGN} {_plain(line.stretches[0].text)}  ({line.dropped})", style="dim")
    text = Text()
    for part in line.stretches:
        speaks_for, against = (shown.intersection(numbers) for numbers in (part.speaks_for, part.against))
        text.append(_plain(part.text), "bold underline" if speaks_for else "italic underline" if against else "")
        if (speaks_for or against) and part.ends:
            numbers = [*map(str, sorted(speaks_for)), *(f"-{number}" for number in sorted(against))]
            text.append(f" [{' '.join(numbers)}]", style="magenta")
    return text


def _plain(text: str) -> str:
    return text.translate(CONTROL)
