"""What a request asks for: its options, checked, as the server hands them to a scoring process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from classifier.errors import SlantwiseError

FORMS = ("json", "jsonl", "csv", "events")
EXPLANATION = "explanation"
MOST_EVIDENCE = 20  # sentences for each label
NUMBERS = {
    "evidence": MOST_EVIDENCE,
    "batch": 1 << 31,
    "page": 1 << 31,
    "article": 1 << 31,
}  # the most that each may be
SWITCHES = {"true": True, "false": False}


class QueryError(SlantwiseError):
    """A parameter of a request's address is unknown, or has a value that it cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Files to be read in a folder, and the form of the answer.

    `batch`, `page` and `article` are the place of the article that an explanation is for: the batch that it is read in,
    its page's place there, and its own on that page, each from 0.
    """

    folder: str = ""
    names: tuple[str, ...] = ()
    is_json: bool = False  # the one file is a JSON document of articles
    form: str = "json"
    evidence: int = 0
    clean: bool = True
    any_language: bool = False
    id_column: str | None = None
    text_column: str = "text"
    title_column: str | None = None
    batch: int = 0
    page: int = 0
    article: int = 0

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        options = json.loads(line)
        return cls(**{**options, "names": tuple(options["names"])})


SCORE_OPTIONS = ("format", "evidence", "clean", "any_language", "id_column", "text_column", "title_column")
EXPLAIN_OPTIONS = (*SCORE_OPTIONS[1:2], *SCORE_OPTIONS[3:], "batch", "page", "article")


def options_of(query: Mapping[str, str], known: tuple[str, ...]) -> dict[str, object]:
    """Return the fields of a Job that the parameters of an address say.

    Raises
    ------
    QueryError
        If a parameter is not known, or its value is none that it can have.
    """
    found: dict[str, object] = {}
    for name, value in query.items():
        if name not in known:
            raise QueryError(f"unknown parameter {name!r}; expected {', '.join(known)}")
        found["form" if name == "format" else name] = _value(name, value)
    return found


def _value(name: str, value: str) -> object:
    if name == "format":
        if value not in FORMS:
            raise QueryError(f"format: expected {', '.join(FORMS)}; found {value!r}")
        return value
    if name in NUMBERS:
        if not (value.isascii() and value.isdigit() and len(value) < 12 and int(value) <= NUMBERS[name]):
            raise QueryError(f"{name}: expected a whole number, 0 to {NUMBERS[name]}; found {value!r}")
        return int(value)
    if name in {field.name for field in fields(Job) if field.type is bool}:
        if value not in SWITCHES:
            raise QueryError(f"{name}: expected true or false; found {value!r}")
        return SWITCHES[value]
    return value or None if name != "text_column" else value or "text"
