"""Read web archives (WARC): the HTML pages among their records, one at a time.

The date of a crawl is not that of an article, so that WARC-Date is not used: an article's date is what its page says.
A record's number counts all records of the file, from 1, as they stand in it.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from classifier.encodings import Decoder, declared_charset
from classifier.errors import ArticleError
from classifier.rows import BOM, MAX_ARTICLE_BYTES, Reject, Row, decoded, recoded, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.packed import Readable
    from classifier.rows import Layout, Piece, Place

_Part = Literal["none", "content", "transfer", "all"]

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body|!--)", re.IGNORECASE)
# What fastwarc undoes of the packing for sending; crawlers often undo one part themselves and leave its header.
_PARTS: tuple[_Part, ...] = ("all", "content", "transfer")


def read_warc(stream: Readable, place: Place, layout: Layout) -> Iterator[Piece]:
    """Yield the pages that a server sent with success; other records are passed over.

    What stands before damage is read. A page is called by the address that it was had from.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: PLC0415  only archives need it
    except ModuleNotFoundError:
        yield Reject(place.source, "archives are read with fastwarc, which is missing (pip install 'slantwise[warc]')")
        return
    number = 0
    tape = _Tape(stream)
    try:
        records = ArchiveIterator(cast("BinaryIO", tape), parse_http=False, stream_detect=False)
        for number, record in enumerate(records, 1):
            size = record.content_length
            block = record.reader.read(MAX_ARTICLE_BYTES + 1)
            is_whole = record.headers.get("Content-Length") is not None
            if not is_whole or len(block) + record.reader.consume() < size:
                tape.check()
                yield Reject(place.at(number).source, f"{_DAMAGED} in this record; {_WAY_OUT}")
                return
            if record.record_type == WarcRecordType.response and record.is_http:
                yield from _page(block, size, place.at(number, record.headers.get("WARC-Target-URI")), layout)
    except OSError as error:
        tape.check()
        yield Reject(place.at(number + 1).source, f"{_DAMAGED} here ({error}); {_WAY_OUT}")
    tape.check()


class _Tape:
    """A stream as fastwarc wants it: one that knows where it is, though it cannot be wound, and that never raises.

    fastwarc ends the process's thread with a panic where a stream raises, so that its error waits to be asked for.
    """

    def __init__(self, stream: Readable) -> None:
        self._read = getattr(stream, "read1", stream.read)  # which keeps what came before an error
        self._at = 0
        self._error: Exception | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            data = b"" if self._error else self._read(size)
        except Exception as error:  # noqa: BLE001  raised again by check
            self._error = error
            return b""
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at

    def check(self) -> None:
        """Raise what reading raised."""
        if self._error:
            raise self._error


_PACKED = b"\x1f\x8b"
_DAMAGED = "damaged or cut short"
_WAY_OUT = "nothing was read from here on (make or copy the file again)"


def _page(block: bytes, size: int, place: Place, layout: Layout) -> Iterator[Piece]:
    response = _response(block, "none")
    if response is None or not 200 <= (response.http_headers.status_code or 0) < 300:
        return
    kind = (response.http_content_type or "").strip().lower()
    raw = response.reader.read(MAX_ARTICLE_BYTES + 1)
    if kind and kind not in _HTML_TYPES:
        return
    body = raw if size > MAX_ARTICLE_BYTES else _body(block, raw)
    if not kind and not _HTML_BEGIN.match(body):
        return
    if fault := _fault(body, size):
        yield Reject(place.source, fault)
        return
    decoder = Decoder()
    try:
        text = decoded(decoder, body, "the page", declared_charset(body, response.http_charset))
    except ArticleError as error:
        yield Reject(place.source, str(error))
    else:
        yield from recoded(place, decoder.encoding)
        yield Row(place, {layout.keys["text"]: text.removeprefix(BOM)}, is_page=True)


def _fault(body: bytes, size: int) -> str:
    if size > MAX_ARTICLE_BYTES:
        return too_large(size)
    if len(body) > MAX_ARTICLE_BYTES:
        return (
            f"over {MAX_ARTICLE_BYTES:,} bytes when unpacked, which is the most that an article may have (leave it out)"
        )
    if body.startswith(_PACKED):
        return (
            "the page is packed and cannot be unpacked; expected gzip, deflate, br or zstd that is whole (leave it out)"
        )
    return ""


def _body(block: bytes, raw: bytes) -> bytes:
    """Return a response's body as it was before it was packed for sending, no more than a byte over the limit."""
    for part in _PARTS:
        response = _response(block, part)
        if response is not None:
            try:
                body = bytes(response.reader.read(MAX_ARTICLE_BYTES + 1))
            except OSError:
                continue
            if part == "all" or _is_markup(body):
                return body
    return raw if _is_markup(raw) else _PACKED


def _is_markup(body: bytes) -> bool:
    return body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<"


def _response(block: bytes, part: _Part) -> Any:
    """Return a record of a response, None if it is not one or not packed as it says."""
    from fastwarc.warc import WarcRecord  # noqa: PLC0415

    record = WarcRecord()
    record.set_bytes_content(block)
    record.is_http = True
    try:
        record.parse_http(auto_decode=part)
    except OSError:
        return None
    return record
