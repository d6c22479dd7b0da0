"""What reading deals in: a row and the place where it stands, what was left out, and what the columns are called.

The readers in `classifier.formats` and its neighbours make these; `classifier.articles` makes articles of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Protocol

from classifier.encodings import Decoder
from classifier.errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import polars as pl

MAX_ARTICLE_BYTES = 10_000_000  # of a row as it stands in its file, with the line end
CHUNK_BYTES = 1 << 20

BOM = "\ufeff"
_OPTIONAL = ("outlet", "date", "url")
_RESERVED = ("id", "source", "title", "text")
JSON_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of the columns (CSV, TSV, parquet) or keys (JSON) in the input.

    None means the usual name, 'id' or 'title', where the input has it; a name that is given must be there.
    """

    id: str | None = None
    text: str = "text"
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or file that was left out: where it stands (`file:line` or the file), and why with the way out."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recoded:
    """Told beside a row that was not UTF-8: the file that it stands in, and the encoding that it was read as."""

    source: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file or a row stands, and what an article without an id of its own is called.

    That is `uri`, the address that a page was had from, where it is known and no article before is called so, and else
    `name`.
    """

    source: str
    name: str
    uri: str | None = None

    def at(self, line: int, uri: str | None = None) -> Place:
        return Place(f"{self.source}:{line}", f"{self.name}:{line}", uri)


@dataclass(frozen=True, slots=True)
class Row:
    """A row by the keys of its file; `is_page` where its text is HTML because its format says so."""

    place: Place
    fields: Mapping[str, object]
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Which key of the input fills which column of a batch, and the columns whose key must be there."""

    keys: dict[str, str]
    required: tuple[str, ...]

    @classmethod
    def of(cls, columns: Columns, extra: Sequence[str]) -> Layout:
        if taken := sorted(set(extra) & set(_RESERVED)):
            msg = f"extra column {taken[0]!r}: every batch has a column of that name already (rename it in the input)"
            raise ArticleError(msg)
        named = {"id": columns.id, "title": columns.title, "text": columns.text}
        keys = {column: name or column for column, name in named.items()}
        required = tuple(column for column, name in named.items() if name is not None)
        return cls(keys | {name: name for name in (*_OPTIONAL, *extra)}, required)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*_RESERVED, *self.keys]))

    def check(self, found: Collection[str]) -> None:
        """Raise ArticleError where a row or header lacks a key that must be there."""
        for column in self.required:
            if self.keys[column] not in found:
                msg = f"missing {self.keys[column]!r}; found {_listed(found)} (name the column with --{column}-column)"
                raise ArticleError(msg)


class Stream(Protocol):
    """What the readers of text formats ask of a file."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


OnReject = Callable[[Reject | Recoded], None]
if TYPE_CHECKING:
    Piece = Reject | Recoded | Row | pl.DataFrame


class Line(NamedTuple):
    """A physical line; of one that is too large, `data` is only the beginning."""

    number: int
    data: bytes
    size: int  # bytes, with the line end
    quotes: int  # 0 where they are not counted


def lines(stream: Stream, *, count_quotes: bool = False) -> Iterator[Line]:
    """Yield the lines of a file, holding no more than MAX_ARTICLE_BYTES of one."""
    for number in count(1):
        data = part = stream.readline(MAX_ARTICLE_BYTES + 1)
        if not data:
            return
        size, quotes = len(data), data.count(b'"') if count_quotes else 0
        while size > MAX_ARTICLE_BYTES and part and not part.endswith(b"\n"):
            part = stream.readline(CHUNK_BYTES)
            size += len(part)
            quotes += part.count(b'"') if count_quotes else 0
        yield Line(number, data, size, quotes)


def recoded(place: Place, encoding: str | None) -> Iterator[Recoded]:
    if encoding:
        yield Recoded(place.source, encoding)


def decoded(decoder: Decoder, data: bytes, where: str, declared: str | None = None) -> str:
    """Return the text, or raise ArticleError where no encoding fits."""
    try:
        return decoder.decode(data, declared)
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02x} at offset {error.start} of {where}"
        way_out = "convert the file, e.g. with iconv -f WINDOWS-1252 -t UTF-8"
        msg = f"expected UTF-8, found {found} ({way_out})"
        raise ArticleError(msg) from error


def plain(value: object) -> str | None:
    """Return the text of an id, a title and the like; a blank one, a list or an object counts as unknown."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, float) and math.isnan(value):  # how pandas spells what is missing
        return None
    return json.dumps(value) if isinstance(value, (int, float)) else None


def too_large(size: int) -> str:
    return f"{size:,} bytes; an article may have {MAX_ARTICLE_BYTES:,} (split the file into its articles)"


def _listed(names: Collection[str], most: int = 8) -> str:
    shown = ", ".join(repr(name[:40]) for name in list(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "nothing"
