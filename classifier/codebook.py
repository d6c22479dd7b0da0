"""The codebook: which questions are put to an article, and which answers count.

Labels are data, so nothing in this project names one: a codebook with other heads and labels trains, scores and
evaluates by the same code. It travels inside the model file, and its digest stands beside every score, so that a
score can always be traced to the definitions that it was coded by. Terms that a head must not learn from may stand in
a file beside the codebook; once read they are part of it, so that a model says by itself what it could not learn from,
and the recipe can be repeated from it.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Self

from classifier.errors import CodebookError

KINDS = ("many-of", "one-of", "one-of-per-label")
CODED_IN = ("labels", "articles")
# What every row of scores has.
TAKEN_FIELDS = (
    *("id", "source", "title", "extraction", "dropped", "language", "low_evidence"),
    *("model", "codebook", "evidence"),
)

# What a key's value must be, by table. Keys that are not here are refused: a slip of the pen must not be a default.
CODEBOOK_KEYS = dict.fromkeys(("name", "version", "title", "language", "licence", "instructions"), "text")
CODEBOOK_KEYS["head"] = "tables"
HEAD_KEYS = dict.fromkeys(("key", "field", "kind", "question", "instructions", "coded_in", "of"), "text")
HEAD_KEYS |= {"at_least_one": "true or false", "beside": "texts", "ignore": "texts"}
HEAD_KEYS |= {"label": "tables", "target": "tables"}
LABEL_KEYS = dict.fromkeys(("key", "title", "definition", "excludes"), "text")
LABEL_KEYS |= {"rules": "texts", "alone": "true or false", "aliases": "a table of texts"}
TARGET_KEYS = {"label": "text", "target": "text", "definitions": "a table with a text each", "rules": "texts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One answer to a head's question, with the definition that coders used."""

    key: str
    title: str = ""
    definition: str = ""
    excludes: str = ""
    rules: tuple[str, ...] = ()
    # 'None of these'. Many-of: dropped where another label is assigned, taken where none comes near. One answer: it
    # takes no side, so reports give the F1 of the others by themselves.
    alone: bool = False
    aliases: Mapping[str, tuple[str, ...]]  # scheme -> its names there, as {"cap": ("9",)}

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str) -> Self:
        _check_keys(table, LABEL_KEYS, ("key",), where)
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
        _check_keys(table, TARGET_KEYS, ("label", "target"), where)
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
    at_least_one: bool = False  # many-of: an article that no label fits gets the nearest one, or the one that is alone
    coded_in: str = "labels"  # or "articles": a column of the article table, such as the side of its outlet
    of: str | None = None
    beside: tuple[str, ...] = ()  # one-of heads whose scores are read beside the text
    ignore: tuple[str, ...] = ()  # words and pairs of words that have no weight, in lower case, as "mike pence"
    targets: tuple[Target, ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str) -> Self:
        """Build a head from its TOML table; `label` and `target` are lists of tables."""
        _check_keys(table, HEAD_KEYS, ("key",), where)
        where = f"{where}, head {table['key']!r}"
        plain = {key: value for key, value in table.items() if key not in {"label", "target", "beside", "ignore"}}
        return cls(
            **{"field": table["key"], "kind": "", **plain},
            labels=tuple(Label.from_table({"aliases": {}, **row}, where) for row in table.get("label", ())),
            targets=tuple(Target.from_table(row, where) for row in table.get("target", ())),
            beside=tuple(table.get("beside", ())),
            ignore=tuple(table.get("ignore", ())),
        )

    def __post_init__(self) -> None:
        where = f"head {self.key!r}"
        _one_of(self.kind, KINDS, f"{where}: kind")
        _one_of(self.coded_in, CODED_IN, f"{where}: coded_in")
        _refuse_repeats(self.keys, f"{where}: label")
        if len(self.labels) < (1 if self.kind == "many-of" else 2):
            msg = f"{where}: too few labels for {self.kind}; found {len(self.labels)} (add [[head.label]] tables)"
            raise CodebookError(msg)
        if self.beside and (self.kind == "many-of" or self.coded_in == "articles"):
            found = f"{self.kind!r}, coded in {self.coded_in}"
            raise CodebookError(f"{where}: beside is for heads with one answer that are coded in labels; found {found}")
        if self.kind == "one-of-per-label" and self.coded_in == "articles":
            raise CodebookError(f"{where}: a column of the articles cannot answer for each target; code it in labels")
        _refuse_repeats([target.label for target in self.targets], f"{where}: target")
        _refuse_repeats(self.ignore, f"{where}: ignore")
        for term in self.ignore:
            _check_term(term, f"{where}: ignore")
        if self.field in TAKEN_FIELDS:
            raise CodebookError(
                f"{where}: field {self.field!r} is taken, since every row of scores has it (name another)"
            )
        per_label = self.kind == "one-of-per-label"
        if bool(self.of) != per_label or bool(self.targets) != per_label:
            msg = f"{where}: 'of' and [[head.target]] belong to kind 'one-of-per-label' alone; found {self.kind!r}"
            raise CodebookError(msg)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Label keys in reporting order."""
        return tuple(label.key for label in self.labels)

    @cached_property
    def keys_of_name(self) -> dict[str, tuple[str, ...]]:
        """What a name in a label file may mean: a key means itself, an alias every label that has it."""
        meant: dict[str, tuple[str, ...]] = {}
        for label in self.labels:
            for name in {name for names in label.aliases.values() for name in names}:
                meant[name] = (*meant.get(name, ()), label.key)
        return meant | {key: (key,) for key in self.keys}


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
        _check_keys(table, CODEBOOK_KEYS, ("name", "version", "head"), where)
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
            for key in (
                "of",
                "ignore",
            ):  # a codebook that says nothing of them keeps the digest that it had before them
                if not head[key]:
                    del head[key]
        return table

    @cached_property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of the whole codebook, definitions included."""
        text = json.dumps(self.to_table(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_codebook(path: str | Path) -> Codebook:
    """Read a codebook from a TOML file.

    A head's `ignore` is a list of terms, or the name of a TOML file of such lists, relative to the codebook's folder.

    Raises
    ------
    CodebookError
        If a file cannot be read, is not TOML, or does not describe a codebook.
    """
    return Codebook.from_table(read_table(Path(path)), str(path))


def read_table(path: Path) -> dict[str, Any]:
    """Return what a codebook's file says, with the terms of the files that it names; raise CodebookError."""
    table = _read_toml(path)
    heads = table.get("head", [])
    for head in heads if _is("tables", heads) else ():
        if isinstance(head.get("ignore"), str):
            head["ignore"] = _read_terms(path.parent / head["ignore"])
    return table


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CodebookError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CodebookError(f"{path}: not TOML in UTF-8: {error}") from None


def _read_terms(path: Path) -> list[str]:
    """Return the terms of all groups of a file, sorted, each once: groups are there for readers, and may overlap."""
    groups = _read_toml(path)
    for name, terms in groups.items():
        if not _is("texts", terms):
            raise CodebookError(f"{path}: {name} should be texts, found {terms!r}")
        for term in terms:
            _check_term(term, f"{path}: {name}")
    return sorted({term for terms in groups.values() for term in terms})


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one question: a head, or one target of a one-of-per-label head."""

    head: Head
    target: str | None
    columns: slice


def blocks(codebook: Codebook) -> tuple[Block, ...]:
    """Return the questions of a codebook with their columns, in reporting order; columns follow one another."""
    asked: list[tuple[Head, str | None]] = []
    for head in codebook.heads:
        asked += [(head, target.label) for target in head.targets] or [(head, None)]
    edges = accumulate((len(head.labels) for head, _ in asked), initial=0)
    return tuple(
        Block(head, target, slice(*columns)) for (head, target), columns in zip(asked, pairwise(edges), strict=True)
    )


def question(block: Block) -> str:
    """Return the name of a block's column in frames: a field such as 'topics', or 'stance.vaccines'."""
    return block.head.field if block.target is None else f"{block.head.field}.{block.target}"


def _check_references(head: Head, codebook: Codebook) -> None:
    """Hold what a head says of other heads to what those are."""
    where = f"head {head.key!r}"
    for key in head.beside:
        if codebook.head(key).kind != "one-of" or codebook.head(key).beside:
            msg = f"{where}: beside = {key!r}, but only a one-of head that has no 'beside' itself can be read so"
            raise CodebookError(msg)
    if head.of is None:
        return
    if codebook.head(head.of).kind != "many-of":
        raise CodebookError(f"{where}: of = {head.of!r}, but that head is not many-of")
    for target in head.targets:
        _one_of(target.label, codebook.head(head.of).keys, f"{where}: target label")
        for answer in target.definitions:
            _one_of(answer, head.keys, f"{where}, target {target.label!r}: definition of")


def _check_term(term: str, where: str) -> None:
    """Refuse what no feature reads like: features are words of letters and digits in lower case, and pairs of them."""
    words = term.split(" ")
    if term != term.lower() or len(words) > 2 or not all(word.isalnum() for word in words):
        found = f"expected one or two words in lower case, found {term!r}"
        raise CodebookError(f"{where}: {found} (as 'trump', 'mike pence'; 'o rourke' for O'Rourke)")


def _check_keys(table: Any, known: Mapping[str, str], required: Iterable[str], where: str) -> None:
    """Refuse a table with a key that is unknown, missing or of another type."""
    if not isinstance(table, Mapping):
        raise CodebookError(f"{where}: expected a table, found {table!r}")
    where = f"{where}, {table['key']!r}" if isinstance(table.get("key"), str) else where
    for key, value in table.items():
        if key not in known:
            raise CodebookError(f"{where}: unknown key {key!r}; known are {_listed(sorted(known))}")
        if not _is(known[key], value):
            raise CodebookError(f"{where}: {key} should be {known[key]}, found {value!r}")
    for key in required:
        if not table.get(key):
            found = "it empty" if key in table else _listed(table)
            raise CodebookError(f"{where}: missing {key!r}; found {found}")


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "texts":
            return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        case "tables":
            return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)
        case "a table of texts":
            return isinstance(value, Mapping) and all(_is("texts", item) for item in value.values())
        case _:
            return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())


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
