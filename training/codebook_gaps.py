"""Name what a codebook still lacks, all of it at once: what keeps it from use, and what coders are not told.

It works on the tables as they stand in the file, since a codebook with a fault is no `Codebook` yet and its other gaps
are worth knowing all the same.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.codebook import Codebook, Head, Label, Target, blocks, question, read_codebook, read_table
from classifier.errors import CodebookError
from training.labels import MIN_CODED, NO, YES, Coding, read_labels

ENOUGH_CODED = 30  # under it an F1 is hardly known: its 95% interval is some .3 wide
LEFT_OUT = "what a coder might take for it and should not"

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing or wrong at a place of the codebook; with a fault it cannot be used at all."""

    where: str
    what: str
    fault: bool = False

    def __str__(self) -> str:
        return f"{'fault' if self.fault else 'gap'}  {self.where}: {self.what}"


def gaps(path: Path, labels: Path | None = None) -> list[Gap]:
    """Return every gap of a codebook, faults first, and with a label file what its articles are too few for.

    Raises
    ------
    SlantwiseError
        If the codebook or a file that it names is no TOML file, or the labels do not fit a codebook without faults.
    """
    table = read_table(path)
    heads = _tables(table, "head")
    found = [Gap(str(path), text, fault=True) for text in _faults(table, heads, str(path))]
    for head in heads:
        found += [*_of_head(head), *_overlaps(head)]
    if labels is not None and not any(gap.fault for gap in found):
        book = read_codebook(path)
        found += _too_few(book, read_labels(labels, book))
    return found


# --- faults


def _faults(table: Table, heads: list[Table], where: str) -> Iterator[str]:
    """Yield what the reader of codebooks refuses, part by part, since it stops at the first."""
    found = [complaint for head in heads for complaint in _faults_of_head(head, where)]
    yield from found or _complaint(Codebook.from_table, table, where)


def _faults_of_head(head: Table, where: str) -> list[str]:
    here = f"{where}, head {head.get('key')!r}"
    found: list[str] = []
    for number, row in enumerate(_tables(head, "label"), start=1):
        found += _complaint(Label.from_table, {"aliases": {}, **row}, f"{here}, label {number}")
    for number, row in enumerate(_tables(head, "target"), start=1):
        found += _complaint(Target.from_table, row, f"{here}, target {number}")
    return found or list(_complaint(Head.from_table, head, where))


def _complaint(build: Callable[[Table, str], object], table: Table, where: str) -> Iterator[str]:
    path = where.partition(", head ")[0]
    try:
        build(table, where)
    except CodebookError as error:
        yield re.sub(rf"^{re.escape(path)}[:,] ", "", str(error))


# --- what coders are not told


def _of_head(head: Table) -> Iterator[Gap]:
    key = str(head.get("key", "?"))
    per_label = head.get("kind") == "one-of-per-label"
    if not _said(head, "question"):
        yield Gap(key, "no question (what coders ask of the article)")
    for label in _tables(head, "label"):
        where = f"{key}.{label.get('key', '?')}"
        if not _said(label, "definition"):
            yield Gap(where, "no definition (what an article must have to get it)")
        if label.get("alone") is True or per_label:  # 'none of these' is what the others leave; of answers, see targets
            continue
        if not label.get("rules"):
            yield Gap(where, "no include rule: rules = [...] (what counts, case by case)")
        if not _said(label, "excludes"):
            yield Gap(where, f"no exclude rule: excludes ({LEFT_OUT})")
    for target in _tables(head, "target"):
        yield from _of_target(head, target, f"{key}.{target.get('label', '?')}")


def _of_target(head: Table, target: Table, where: str) -> Iterator[Gap]:
    defined = target.get("definitions")
    for label in _tables(head, "label"):
        answer = label.get("key")
        if label.get("alone") is not True and not (isinstance(defined, Mapping) and _said(defined, str(answer))):
            yield Gap(where, f"no definition of {answer!r} for this target (definitions.{answer})")


def _overlaps(head: Table) -> Iterator[Gap]:
    """Yield names and definitions that two labels of a head share; names apart from case, signs and a plural's s."""
    key = str(head.get("key", "?"))
    named: defaultdict[str, dict[str, str]] = defaultdict(dict)  # plain name -> label -> as it is written there
    defined: defaultdict[str, list[str]] = defaultdict(list)
    for label in _tables(head, "label"):
        own = str(label.get("key", "?"))
        for name in _names(label):
            named[_plain(name)].setdefault(own, name)
        defined[str(label.get("definition", "")).strip()].append(own)
    for labels in named.values():
        if len(labels) > 1:
            spelt = ", ".join(f"{name!r} of {label}" for label, name in labels.items())
            yield Gap(key, f"names that overlap: {spelt} (a coder may take one for the other)")
    for text, labels_so in defined.items():
        if text and len(labels_so) > 1:
            yield Gap(key, f"{', '.join(labels_so)} have the same definition")


def _names(label: Table) -> list[str]:
    aliases = label.get("aliases")
    others = [name for names in aliases.values() for name in names] if isinstance(aliases, Mapping) else []
    return [str(name) for name in (label.get("key"), label.get("title"), *others) if name]


def _plain(name: str) -> str:
    """Return a name without case, signs and a plural's s: 'Trade unions' and 'trade_union' are the same."""
    return re.sub(r"([^s])s$", r"\1", re.sub(r"[\W_]+", "", name.lower()))


# --- what the coded articles are too few for


def _too_few(codebook: Codebook, coding: Coding) -> Iterator[Gap]:
    for block in blocks(codebook):
        if block.head.coded_in != "labels":
            continue
        answers = coding.answers[:, block.columns]
        for label, column in zip(block.head.keys, answers.T, strict=True):
            n, n_without = int((column == YES).sum()), int((column == NO).sum())
            where = f"{question(block)}.{label}"
            if n < MIN_CODED:
                yield Gap(
                    where, f"coded in {n:,} articles; under {MIN_CODED} it is not learned (code more that have it)"
                )
            elif block.head.kind == "many-of" and n_without < MIN_CODED:
                yield Gap(where, f"only {n_without:,} articles lack it; under {MIN_CODED} it is not learned")
            elif n < ENOUGH_CODED:
                yield Gap(where, f"coded in {n:,} articles; under {ENOUGH_CODED} its F1 is hardly known")


def _tables(table: Table, key: str) -> list[Table]:
    rows = table.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _said(table: Table, key: str) -> bool:
    return isinstance(table.get(key), str) and bool(table[key].strip())
