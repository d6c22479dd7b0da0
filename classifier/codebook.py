"""The codebook: which questions are put to an article, and which answers count.

Labels are data, so nothing in this project names one: a codebook with other heads and labels trains, scores and
evaluates by the same code. It travels inside the model file, and its digest stands beside every score, so that a
score can always be traced to the definitions that it was coded by.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from classifier.errors import CodebookError

KINDS = ("many-of", "one-of", "one-of-per-label")
CODED_IN = ("labels", "articles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One answer to a head's question, with the definition that coders used."""

    key: str
    title: str = ""
    definition: str = ""
    excludes: str = ""
    rules: tuple[str, ...] = ()
    alone: bool = False  # dropped where any other label of its head is assigned, as 'other' is
    aliases: Mapping[str, tuple[str, ...]]  # scheme -> its names there, as {"cap": ("9",)}

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str) -> Self:
        _check_keys(cls, table, where)
        aliases = {scheme: tuple(names) for scheme, names in table.get("aliases", {}).items()}
        return cls(**{**table, "rules": tuple(table.get("rules", ())), "aliases": aliases})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a stance is for or against, under one label of the head that it hangs on."""

    label: str
    target: str
    definitions: Mapping[str, str]  # answer -> what it means for this target
    rules: tuple[str, ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str) -> Self:
        _check_keys(cls, table, where)
        return cls(**{"definitions": {}, **table, "rules": tuple(table.get("rules", ()))})


@dataclass(frozen=True, kw_only=True)
class Head:
    """One coding task.

    `kind` says how many labels an article gets: any number (many-of), exactly one (one-of), or exactly one for each
    target, asked only where the target's label of the head `of` is marked (one-of-per-label).
    """

    key: str
    field: str  # its name in label files and in scores
    kind: str
    labels: tuple[Label, ...]
    question: str = ""
    instructions: str = ""
    at_least_one: bool = False  # many-of: an article that no label fits gets the nearest one
    coded_in: str = "labels"  # or "articles": a column of the article table, such as the side of its outlet
    of: str | None = None
    beside: tuple[str, ...] = ()  # one-of heads whose scores are read beside the text
    targets: tuple[Target, ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str) -> Self:
        """Build a head from its TOML table; `label` and `target` are lists of tables."""
        known = ({field.name for field in fields(cls)} - {"labels", "targets"}) | {"label", "target"}
        _refuse_unknown(table, known, where)
        where = f"{where}, head {_required(table, 'key', where)!r}"
        plain = {key: value for key, value in table.items() if key not in {"label", "target", "beside"}}
        return cls(
            **{"field": table["key"], "kind": "", **plain},
            labels=tuple(Label.from_table({"aliases": {}, **row}, where) for row in table.get("label", ())),
            targets=tuple(Target.from_table(row, where) for row in table.get("target", ())),
            beside=tuple(table.get("beside", ())),
        )

    def __post_init__(self) -> None:
        where = f"head {self.key!r}"
        _one_of(self.kind, KINDS, f"{where}: kind")
        _one_of(self.coded_in, CODED_IN, f"{where}: coded_in")
        _refuse_repeats(self.keys, f"{where}: label")
        if len(self.labels) < (1 if self.kind == "many-of" else 2):
            msg = f"{where}: too few labels for {self.kind}; found {len(self.labels)} (add [[head.label]] tables)"
            raise CodebookError(msg)
        if (self.kind == "one-of-per-label") != bool(self.of and self.targets):
            msg = f"{where}: 'of' and [[head.target]] belong to kind 'one-of-per-label' alone; found {self.kind!r}"
            raise CodebookError(msg)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Label keys in reporting order."""
        return tuple(label.key for label in self.labels)

    @cached_property
    def alias_to_key(self) -> dict[str, str]:
        """Every key and every alias of a label, to its key."""
        return {
            name: label.key
            for label in self.labels
            for name in (label.key, *(name for names in label.aliases.values() for name in names))
        }


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """A named, versioned set of heads.

    Raises
    ------
    CodebookError
        If a key is unknown, missing or given twice, or a head refers to one that does not exist.
    """

    name: str
    version: str
    heads: tuple[Head, ...]
    title: str = ""
    language: str = "en"
    licence: str = ""
    instructions: str = ""

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str = "codebook") -> Self:
        """Build a codebook from parsed TOML (or from the model file's JSON, which has the same shape)."""
        known = ({field.name for field in fields(cls)} - {"heads"}) | {"head"}
        _refuse_unknown(table, known, where)
        for key in ("name", "version", "head"):
            _required(table, key, where)
        plain = {key: value for key, value in table.items() if key != "head"}
        try:
            return cls(**plain, heads=tuple(Head.from_table(head, where) for head in table["head"]))
        except CodebookError as error:
            raise CodebookError(str(error) if where in str(error) else f"{where}: {error}") from None

    def __post_init__(self) -> None:
        _refuse_repeats([head.key for head in self.heads], "head")
        _refuse_repeats([head.field for head in self.heads], "field")
        for head in self.heads:
            _check_references(head, self)

    def head(self, key: str) -> Head:
        """Return the head of that key."""
        for head in self.heads:
            if head.key == key:
                return head
        msg = f"codebook {self.name!r} has no head {key!r}; it has {_listed(head.key for head in self.heads)}"
        raise CodebookError(msg)

    def to_table(self) -> dict[str, Any]:
        """Return the table that `from_table` reads, with every key written out."""
        table = asdict(self)
        table["head"] = table.pop("heads")
        for head in table["head"]:
            head["label"], head["target"] = head.pop("labels"), head.pop("targets")
            if head["of"] is None:
                del head["of"]
        return table

    @cached_property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of the whole codebook, definitions included."""
        text = json.dumps(self.to_table(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_codebook(path: str | Path) -> Codebook:
    """Read a codebook from a TOML file.

    Raises
    ------
    CodebookError
        If the file cannot be read, is not TOML, or does not describe a codebook.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CodebookError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CodebookError(f"{path}: not TOML in UTF-8: {error}") from None
    return Codebook.from_table(table, str(path))


def _check_references(head: Head, codebook: Codebook) -> None:
    """Hold what a head says of other heads to what those are."""
    where = f"head {head.key!r}"
    for key in head.beside:
        if codebook.head(key).kind != "one-of":
            msg = f"{where}: beside = {key!r}, but only the scores of a one-of head can be read beside the text"
            raise CodebookError(msg)
    if head.of is None:
        return
    if codebook.head(head.of).kind != "many-of":
        raise CodebookError(f"{where}: of = {head.of!r}, but that head is not many-of")
    for target in head.targets:
        _one_of(target.label, codebook.head(head.of).keys, f"{where}: target label")
        for answer in target.definitions:
            _one_of(answer, head.keys, f"{where}, target {target.label!r}: definition of")


def _check_keys(cls: type, table: Mapping[str, Any], where: str) -> None:
    _refuse_unknown(table, {field.name for field in fields(cls)}, where)
    _required(table, "key" if cls is Label else "label", where)


def _required(table: Mapping[str, Any], key: str, where: str) -> Any:
    if not table.get(key):
        raise CodebookError(f"{where}: missing {key!r}; found {_listed(table)}")
    return table[key]


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise CodebookError(f"{where}: unknown key {key!r}; known are {_listed(sorted(known))}")


def _refuse_repeats(keys: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise CodebookError(f"{what} {key!r} is given twice; each needs a key of its own")
        seen.add(key)


def _one_of(value: str, allowed: Iterable[str], what: str) -> None:
    if value not in allowed:
        raise CodebookError(f"{what} must be one of {_listed(allowed)}; found {value!r}")


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(repr(key) for key in keys)
