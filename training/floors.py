"""Hold figures to floors: those asked for on the command line, and those pinned in a file that only ever rise.

The file names the data that its floors are of. A floor is lowered, or pinned anew for other data, only on purpose.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.atomic import write_atomically
from classifier.errors import QualityError, SlantwiseError
from training.report import Report

# Machines sum in other orders, which moves an article or two over a threshold: of 2,000 articles less than this.
TOLERANCE = 0.002
OF_DATA = ("codebook", "articles", "coding", "split", "seed")  # parts of the signature that floors hang on


def parse_floor(text: str) -> tuple[str, float]:
    """Read 'topic.macro_f1=0.8'.

    Raises
    ------
    SlantwiseError
        If it is not a figure's name and a number.
    """
    name, equals, number = text.partition("=")
    try:
        if equals and name and math.isfinite(float(number)):
            return name.strip(), float(number)
    except ValueError:
        pass
    raise SlantwiseError(f"--fail-under {text!r}: expected a figure and a number, such as topic.macro_f1=0.8")


def check(report: Report, floors: Sequence[tuple[str, float]], tolerance: float = 0.0) -> None:
    """Hold a report to floors.

    Raises
    ------
    QualityError
        If a figure is under its floor, or not defined; all of them are named.
    SlantwiseError
        If the report has no such figure.
    """
    under = []
    for name, floor in floors:
        figure = report.figure(name)
        if figure.value is None or figure.value < floor - tolerance:
            under.append(f"{name} is {figure}, under {floor:g}")
    if under:
        raise QualityError("; ".join(under))


def check_file(report: Report, path: Path) -> None:
    """Hold a report to the floors of a file.

    Raises
    ------
    SlantwiseError
        If the file's floors are of other data.
    QualityError
        If a figure is under its floor by more than the tolerance.
    """
    pinned = _read(path)
    _same_data(report, pinned, path)
    check(report, list(pinned["floors"].items()), TOLERANCE)


def update(report: Report, path: Path, *, allow_regression: bool) -> str:
    """Raise the floors of a file to a report's figures, and say what was done; without a file, pin every question's.

    A floor that the report is under stays, and is an error, unless `allow_regression`.
    """
    if path.exists():
        pinned = _read(path)
        if not allow_regression:
            _same_data(report, pinned, path)
            check(report, list(pinned["floors"].items()), TOLERANCE)
        old: dict[str, float] = pinned["floors"]
    else:
        old = {}
    named = dict(report.figures())
    gone = [name for name in old if name not in named]  # of another codebook, since the same data has them
    old = {name: floor for name, floor in old.items() if name in named}
    for question in report.questions:
        if not any(name.startswith(f"{question.name}.") for name in old):
            old |= {f"{question.name}.{key}": 0.0 for key in (question.headline, "macro_f1")}
    new = {}
    for name, floor in old.items():
        value = named[name].value
        now = floor if value is None else round(value, 4)
        new[name] = now if allow_regression else max(floor, now)
    table = {"of": {key: report.signature[key] for key in OF_DATA}, "floors": new}
    with write_atomically(path) as file:
        file.write((json.dumps(table, indent=1) + "\n").encode())
    raised = sum(new[name] > old[name] for name in new)
    lowered = sum(new[name] < old[name] for name in new)
    dropped = f"; dropped {', '.join(gone)}" if gone else ""
    return f"{path}: {raised} floors raised, {lowered} lowered, {len(new) - raised - lowered} as they were{dropped}"


def _read(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SlantwiseError(f"{path}: cannot be read: {error.strerror} (pin floors with --update)") from None
    except ValueError as error:
        raise SlantwiseError(f"{path}: not JSON: {error}") from None
    of, floors = (table.get(key) if isinstance(table, dict) else None for key in ("of", "floors"))
    numbers = list(floors.values()) if isinstance(of, dict) and isinstance(floors, dict) else [None]
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in numbers):
        raise SlantwiseError(f"{path}: expected 'of' and 'floors', a number each; found {str(table)[:60]}")
    return table


def _same_data(report: Report, pinned: dict[str, Any], path: Path) -> None:
    of = pinned["of"]
    differing = [key for key in OF_DATA if of.get(key) != report.signature[key]]
    if differing:
        said = "; ".join(f"{key} {of.get(key)}, here {report.signature[key]}" for key in differing)
        raise SlantwiseError(f"{path}: its floors are of other data: {said} (pin anew: --update --allow-regression)")
