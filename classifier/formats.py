"""Read one file: bytes -> rows, one reader a format.

A reader yields each row with the place where it stands, and a Reject for what cannot be a row; whether a row is an
article is for `classifier.articles` to say. Text formats are read line by line, parquet in slices and archives by
records, so that memory depends on the size of a row and not on that of the file.
"""

from __future__ import annotations

import codecs
import io
import json
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from classifier.encodings import Decoder, declared_charset, is_utf16, utf16_as_utf8
from classifier.errors import ArticleError
from classifier.packed import magic, unpacked
from classifier.rows import (
    BOM,
    CHUNK_BYTES,
    JSON_KINDS,
    MAX_ARTICLE_BYTES,
    Layout,
    Line,
    Place,
    Recoded,
    Reject,
    Row,
    Stream,
    decoded,
    lines,
    recoded,
    too_large,
)
from classifier.tables import read_csv, read_parquet, read_tsv
from classifier.warc import read_warc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from classifier.rows import Piece


def read_file(kind: str, stream: BinaryIO, place: Place, layout: Layout) -> Iterator[Piece]:
    """Yield the rows of an open file; `kind` is a key of READERS."""
    if kind in BINARY:
        yield from BINARY[kind](stream, place, layout)
    else:
        head = io.BytesIO(stream.read(len(codecs.BOM_UTF16)))
        yield from _read_text(TEXTS[kind], _Rejoined(head, stream), head.getvalue(), place, layout)


def read_stdin(stream: BinaryIO, place: Place, layout: Layout) -> Iterator[Piece]:
    """Yield the rows of standard input, unpacked if its first bytes say that it is packed."""
    head = _head(stream)
    if packing := magic(head):
        with unpacked(_Rejoined(io.BytesIO(head), stream), packing) as inner:
            yield from _read_piped(_head(inner), inner, place, layout)
    else:
        yield from _read_piped(head, stream, place, layout)


def _head(stream: Stream) -> bytes:
    """Return a stream's lines up to the first that is not blank."""
    head = bytearray()
    while len(head) <= MAX_ARTICLE_BYTES and (line := stream.readline(MAX_ARTICLE_BYTES + 1)):
        head += line
        if line.removeprefix(codecs.BOM_UTF8).strip():
            break
    return bytes(head)


def _read_piped(head: bytes, rest: Stream, place: Place, layout: Layout) -> Iterator[Piece]:
    whole = _Rejoined(io.BytesIO(head), rest)
    if head.startswith(b"PAR1"):
        yield Reject(place.source, "parquet cannot be read from a pipe, as its end comes first (give it as a file)")
    elif head.startswith(b"WARC/"):
        yield from read_warc(whole, place, layout)
    else:
        # A list of objects is no JSON Lines either, but its reader can say so.
        begin = head.replace(b"\0", b"") if is_utf16(head) else head.removeprefix(codecs.BOM_UTF8)
        is_json = begin.lstrip(codecs.BOM_UTF16_LE).lstrip().lstrip(b"[ ").startswith(b"{")
        yield from _read_text(_read_jsonl if is_json else _read_txt, whole, head, place, layout)


def _read_text(
    read: Callable[[Stream, Place, Layout], Iterator[Piece]], stream: Stream, head: bytes, place: Place, layout: Layout
) -> Iterator[Piece]:
    if not is_utf16(head):
        yield from read(stream, place, layout)
        return
    for piece in read(utf16_as_utf8(stream), place, layout):
        yield piece
        if isinstance(piece, Row):
            yield Recoded(place.source, "utf-16")


class _Rejoined(NamedTuple):
    """A stream with what was read ahead put back in front, as a pipe cannot be wound back."""

    head: io.BytesIO
    rest: Stream

    def read(self, size: int, /) -> bytes:
        data = self.head.read(size)
        return data + self.rest.read(size - len(data)) if len(data) < size else data

    def read1(self, size: int, /) -> bytes:
        return self.head.read(size) or getattr(self.rest, "read1", self.rest.read)(size)

    def readline(self, size: int, /) -> bytes:
        line = self.head.readline(size)
        return line if line.endswith(b"\n") or len(line) == size else line + self.rest.readline(size - len(line))


def _read_txt(stream: Stream, place: Place, layout: Layout) -> Iterator[Piece]:
    yield from _read_whole(stream, place, layout, is_page=False)


def _read_html(stream: Stream, place: Place, layout: Layout) -> Iterator[Piece]:
    yield from _read_whole(stream, place, layout, is_page=True)


def _read_whole(stream: Stream, place: Place, layout: Layout, *, is_page: bool) -> Iterator[Piece]:
    decoder = Decoder()
    data = stream.read(MAX_ARTICLE_BYTES + 1)
    if len(data) > MAX_ARTICLE_BYTES:
        size = len(data) + sum(map(len, iter(lambda: stream.read(CHUNK_BYTES), b"")))
        yield Reject(place.source, too_large(size))
    elif data:
        try:
            text = decoded(decoder, data, "the file", declared_charset(data) if is_page else None)
        except ArticleError as error:
            yield Reject(place.source, str(error))
        else:
            yield from recoded(place, decoder.encoding)
            yield Row(place, {layout.keys["text"]: text.removeprefix(BOM)}, is_page)


def _read_jsonl(stream: Stream, place: Place, layout: Layout) -> Iterator[Piece]:
    decoder = Decoder()
    for line in lines(stream):
        if not line.data.removeprefix(codecs.BOM_UTF8).strip() and line.size <= MAX_ARTICLE_BYTES:
            continue
        here = place.at(line.number)
        try:
            fields = _json_object(line, decoder)
            layout.check(fields)
        except ArticleError as error:
            yield Reject(here.source, str(error))
        else:
            yield from recoded(place, decoder.encoding)
            yield Row(here, fields)


def _json_object(line: Line, decoder: Decoder) -> dict[str, object]:
    if line.size > MAX_ARTICLE_BYTES:
        raise ArticleError(too_large(line.size))
    text = decoded(decoder, line.data, "the line").removeprefix(BOM)
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


TEXTS: dict[str, Callable[[Stream, Place, Layout], Iterator[Piece]]] = {
    ".txt": _read_txt,
    ".md": _read_txt,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": read_csv,
    ".tsv": read_tsv,
}
BINARY: dict[str, Callable[[BinaryIO, Place, Layout], Iterator[Piece]]] = {
    ".parquet": read_parquet,
    ".warc": read_warc,
}
READERS = [*TEXTS, *BINARY]
KNOWN = f"{', '.join(READERS[:-1])} or {READERS[-1]}"
