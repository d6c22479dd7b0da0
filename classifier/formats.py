"""Read one file: bytes -> rows, one reader a format.

A reader yields each row with the place where it stands, and a Reject for what cannot be a row; whether a row is an
article is for `classifier.articles` to say. Text formats are read line by line and parquet in slices, so that memory
depends on the size of a row and not on that of the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

import polars as pl

from classifier.encodings import Decoder
from classifier.errors import ArticleError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

MAX_ARTICLE_BYTES = 10_000_000  # of a row as it stands in its file, with the line end
_CHUNK_BYTES = 1 << 20
_PARQUET_ROWS = 3_000  # a slice; with 2,000 reading takes a third longer, with 4,000 40 MB more

_BOM = "\ufeff"
_OPTIONAL = ("outlet", "date", "url")
_RESERVED = ("id", "source", "title", "text")
_MARKS = {",": "commas", "\t": "tabs"}
HAS_WORDS = r"[^\s\x1c-\x1f]"  # what str.strip leaves: Rust counts four control characters as no space
JSON_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}
_PLAIN_TYPES = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Date, pl.Datetime, pl.Time, pl.Null)


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
    """Where a file or a row stands, and what an article without an id of its own is called."""

    source: str
    name: str

    def at(self, line: int) -> Place:
        return Place(f"{self.source}:{line}", f"{self.name}:{line}")


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


class _Stream(Protocol):
    """What the readers of text formats ask of a file."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


if TYPE_CHECKING:
    Row = tuple[Place, Mapping[str, object]]
    Piece = Reject | Recoded | Row | pl.DataFrame


def read_stdin(stream: BinaryIO, place: Place, layout: Layout) -> Iterator[Piece]:
    head = bytearray()
    while len(head) <= MAX_ARTICLE_BYTES and (line := stream.readline(MAX_ARTICLE_BYTES + 1)):
        head += line
        if line.removeprefix(codecs.BOM_UTF8).strip():
            break
    # A list of objects is no JSON Lines either, but its reader can say so.
    is_json = head.removeprefix(codecs.BOM_UTF8).lstrip().lstrip(b"[ ").startswith(b"{")
    read = _read_jsonl if is_json else _read_txt
    yield from read(_Rejoined(io.BytesIO(head), stream), place, layout)


class _Rejoined(NamedTuple):
    """A stream with the lines that were read ahead put back in front, as a pipe cannot be wound back."""

    head: io.BytesIO
    rest: BinaryIO

    def read(self, size: int, /) -> bytes:
        data = self.head.read(size)
        return data + self.rest.read(size - len(data))

    def readline(self, size: int, /) -> bytes:
        return self.head.readline(size) or self.rest.readline(size)


def _read_txt(stream: _Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    decoder = Decoder()
    data = stream.read(MAX_ARTICLE_BYTES + 1)
    if len(data) > MAX_ARTICLE_BYTES:
        size = len(data) + sum(map(len, iter(lambda: stream.read(_CHUNK_BYTES), b"")))
        yield Reject(place.source, too_large(size))
    elif data:
        try:
            text = _decoded(decoder, data, "the file", whole=True).removeprefix(_BOM)
        except ArticleError as error:
            yield Reject(place.source, str(error))
        else:
            yield from _recoded(place, decoder.encoding)
            yield place, {layout.keys["text"]: text}


def _read_html(stream: _Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    from classifier.extract import extract  # noqa: PLC0415  only pages need wait for it

    for piece in _read_txt(stream, place, layout):
        if isinstance(piece, (Reject, Recoded)):
            yield piece
            continue
        found = extract(str(piece[1][layout.keys["text"]]))
        if not found:
            yield Reject(place.source, "no text on the page; expected an article (save it as a browser shows it)")
        for number, article in enumerate(found, 1):
            name = place.name if len(found) == 1 else f"{place.name}#{number}"
            fields = {"text": article.text, **article.fields}
            yield Place(place.source, name), {layout.keys.get(key, key): value for key, value in fields.items()}


class _Line(NamedTuple):
    """A physical line; of one that is too large, `data` is only the beginning."""

    number: int
    data: bytes
    size: int  # bytes, with the line end
    quotes: int


def _lines(stream: _Stream) -> Iterator[_Line]:
    """Yield the lines of a file, holding no more than MAX_ARTICLE_BYTES of one."""
    for number in count(1):
        data = part = stream.readline(MAX_ARTICLE_BYTES + 1)
        if not data:
            return
        size, quotes = len(data), data.count(b'"')
        while size > MAX_ARTICLE_BYTES and part and not part.endswith(b"\n"):
            part = stream.readline(_CHUNK_BYTES)
            size += len(part)
            quotes += part.count(b'"')
        yield _Line(number, data, size, quotes)


def _read_jsonl(stream: _Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    decoder = Decoder()
    for line in _lines(stream):
        if not line.data.removeprefix(codecs.BOM_UTF8).strip() and line.size <= MAX_ARTICLE_BYTES:
            continue
        here = place.at(line.number)
        try:
            fields = _json_object(line, decoder)
            layout.check(fields)
        except ArticleError as error:
            yield Reject(here.source, str(error))
        else:
            yield from _recoded(place, decoder.encoding)
            yield here, fields


def _json_object(line: _Line, decoder: Decoder) -> dict[str, object]:
    if line.size > MAX_ARTICLE_BYTES:
        raise ArticleError(too_large(line.size))
    text = _decoded(decoder, line.data, "the line").removeprefix(_BOM)
    text = text.rstrip("\r\n")  # else an error at the end has column 1
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"not JSON: {error.msg} at column {error.colno} (write one JSON object a line)"
        raise ArticleError(msg) from error
    except (ValueError, RecursionError) as error:  # a number of over 4,300 digits; brackets a thousand deep
        msg = f"not JSON that can be read: {error} (write one flat JSON object a line)"
        raise ArticleError(msg) from error
    if not isinstance(value, dict):
        msg = f"expected a JSON object, found {JSON_KINDS[type(value)]} (write one JSON object a line)"
        raise ArticleError(msg)
    return value


def _read_csv(stream: _Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    yield from _read_separated(stream, place, layout, ",")


def _read_tsv(stream: _Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    yield from _read_separated(stream, place, layout, "\t")


def _read_separated(stream: _Stream, place: Place, layout: Layout, mark: str) -> Iterator[Reject | Recoded | Row]:
    rows = _csv_rows(stream, place, mark)
    match next(rows, None):
        case Reject(source, reason):
            yield Reject(source, f"{reason}; this is the header, so nothing of the file was read")
        case (_, header):
            yield from _csv_fields(rows, header, place, layout, mark)


def _csv_fields(
    rows: Iterator[Reject | Recoded | tuple[Place, list[str]]],
    header: list[str],
    place: Place,
    layout: Layout,
    mark: str,
) -> Iterator[Reject | Recoded | Row]:
    try:
        layout.check(header)
    except ArticleError as error:
        yield Reject(place.source, f"{error}{_other_mark(header, mark)}")
        return
    for row in rows:
        if isinstance(row, (Reject, Recoded)):
            yield row
        elif len(row[1]) != len(header):
            reason = f"expected {len(header)} fields as in the header, found {len(row[1])}"
            yield Reject(row[0].source, f"{reason} (put fields that hold {_MARKS[mark]} or line ends in double quotes)")
        else:
            yield row[0], dict(zip(header, row[1], strict=True))


def _other_mark(header: list[str], mark: str) -> str:
    """Say so where the header is one field because the fields stand between other marks."""
    way_out = {"\t": "name the file .tsv", ",": "name the file .csv", ";": "save it as CSV with commas"}
    for found, advice in way_out.items():
        if len(header) == 1 and found in header[0]:
            return f"; fields should stand between {_MARKS[mark]}, found {found!r} ({advice})"
    return ""


def _csv_rows(stream: _Stream, place: Place, mark: str) -> Iterator[Reject | Recoded | tuple[Place, list[str]]]:
    # The limit is the process's own; the default of 131,072 characters is less than a long report has.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ARTICLE_BYTES))
    feed = _CsvFeed(stream)
    reader = csv.reader(feed, delimiter=mark, strict=True)
    while not feed.ended:
        feed.start_row()
        try:
            cells = next(reader, [])
        except (csv.Error, ArticleError) as error:
            yield Reject(place.at(feed.first).source, feed.fault(error))
        else:
            if cells:
                yield place.at(feed.first), cells
                yield from _recoded(place, feed.encoding)


class _CsvFeed:
    """The lines of a file for csv.reader, which knows where a row ends but not where it began nor its size."""

    def __init__(self, stream: _Stream) -> None:
        self._lines = _lines(stream)
        self._decoder = Decoder()
        self.last = 0
        self.ended = False
        self.start_row()

    def start_row(self) -> None:
        self.first = self.last + 1
        self.size = 0
        self.quotes = 0
        self.encoding: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._take()
        if line is None:
            raise StopIteration
        if self.size > MAX_ARTICLE_BYTES:
            raise ArticleError(too_large(self.size))
        text = _decoded(self._decoder, line.data, f"line {line.number}")
        self.encoding = self._decoder.encoding or self.encoding
        return text.removeprefix(_BOM) if line.number == 1 else text

    def fault(self, error: Exception) -> str:
        """Say what is wrong with the row, and move on to the next one."""
        if isinstance(error, ArticleError):
            while self.quotes % 2 and self._take():  # within quotes, so the row goes on
                pass
            return too_large(self.size) if self.size > MAX_ARTICLE_BYTES else str(error)
        if self.ended:
            lines = f"lines {self.first} to {self.last} were not read"
            return f"a quote that opens in this row is never closed; {lines} (close it, or double quotes inside text)"
        return f"not CSV: {error} (double the quotes inside a field that is in quotes)"

    def _take(self) -> _Line | None:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            return None
        self.last = line.number
        self.size += line.size
        self.quotes += line.quotes
        return line


def _read_parquet(stream: BinaryIO, place: Place, layout: Layout) -> Iterator[Reject | pl.DataFrame]:
    if not os.fstat(stream.fileno()).st_size:
        return
    try:
        rows = pl.scan_parquet(stream)
        articles = rows.select(_parquet_columns(rows.collect_schema(), layout))
        for start in count(0, _PARQUET_ROWS):
            frame = articles.slice(start, _PARQUET_ROWS).collect(engine="in-memory")
            if frame.is_empty():
                return
            yield _parquet_articles(frame, start, place).select(layout.columns)
    except ArticleError as error:
        yield Reject(place.source, str(error))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:  # Polars panics on some damaged files
        what = str(error).partition("\n")[0]
        yield Reject(place.source, f"not a parquet file that can be read: {what} (make or copy the file again)")


def _parquet_columns(types: Mapping[str, pl.DataType], layout: Layout) -> list[pl.Expr]:
    layout.check(list(types))
    text = types[layout.keys["text"]]
    if text not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        msg = f"expected a column of strings, found {layout.keys['text']!r} of type {text} (convert the column)"
        raise ArticleError(msg)
    return [_as_text(key, types.get(key)).alias(column) for column, key in layout.keys.items()]


def _as_text(key: str, kind: pl.DataType | None) -> pl.Expr:
    if kind is None or not (kind.is_numeric() or kind in _PLAIN_TYPES):
        return pl.lit(None, pl.String)
    column = pl.col(key).fill_nan(None) if kind.is_float() else pl.col(key)
    return column.cast(pl.String, strict=False)


def _parquet_articles(frame: pl.DataFrame, start: int, place: Place) -> pl.DataFrame:
    """Add the source, name the rows without an id, and make blank values null: what _article does for one row."""
    row = pl.int_range(start + 1, start + 1 + pl.len())
    known = [
        pl.when(pl.col(column).str.contains(HAS_WORDS)).then(pl.col(column)).alias(column)
        for column in frame.columns
        if column != "text"
    ]
    return frame.with_columns(known).with_columns(
        pl.col("id").fill_null(pl.format("{}:{}", pl.lit(place.name), row)),
        pl.format("{}:{}", pl.lit(place.source), row).alias("source"),
    )


READERS: dict[str, Callable[[BinaryIO, Place, Layout], Iterator[Piece]]] = {
    ".txt": _read_txt,
    ".md": _read_txt,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".parquet": _read_parquet,
}
KNOWN = f"{', '.join(list(READERS)[:-1])} or {list(READERS)[-1]}"


def _recoded(place: Place, encoding: str | None) -> Iterator[Recoded]:
    if encoding:
        yield Recoded(place.source, encoding)


def _decoded(decoder: Decoder, data: bytes, where: str, *, whole: bool = False) -> str:
    try:
        return decoder.decode(data, whole=whole)
    except UnicodeDecodeError as error:
        source = "UTF-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "WINDOWS-1252"
        found = f"byte 0x{data[error.start]:02x} at offset {error.start} of {where}"
        msg = f"expected UTF-8, found {found} (convert the file, e.g. with iconv -f {source} -t UTF-8)"
        raise ArticleError(msg) from error


def too_large(size: int) -> str:
    return f"{size:,} bytes; an article may have {MAX_ARTICLE_BYTES:,} (split the file into its articles)"


def _listed(names: Collection[str], most: int = 8) -> str:
    shown = ", ".join(repr(name[:40]) for name in list(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "nothing"
