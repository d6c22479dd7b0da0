"""Open a file that may be packed: path -> stream of bytes, before `classifier.formats` makes rows of them.

A stream is unpacked while it is read, so that memory does not depend on its size. What a damaged file held before
the damage is passed on first. A file that grows out of proportion is a zip bomb or of no use as news: reading it ends,
whether or not the reader still wants its bytes.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zlib
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol, cast

from classifier.errors import SlantwiseError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

MAX_EXPANSION = 200  # bytes out for a byte in; text packs 3 to 20 times, zeros a thousand times and more
FREE_BYTES = 100_000_000  # that may come out before the expansion counts
_CHUNK_BYTES = 1 << 16
_ZSTD_BYTES = 512  # fed at once: 4 bytes can become 128 KB, so that a step gives 16 MB at most


class PackedError(SlantwiseError):
    """A packed file that cannot be read further: no ArticleError, after which a reader goes on with the next row."""


def suffixes(path: Path) -> tuple[str, str]:
    """Return what tells the format of a file, and what tells how it is packed.

    >>> from pathlib import Path
    >>> suffixes(Path("march.v2.JSONL.gz")), suffixes(Path("march.txt")), suffixes(Path("README"))
    (('.jsonl', '.gz'), ('.txt', ''), ('', ''))
    """
    suffix = path.suffix.lower()
    if suffix not in _UNPACKERS:
        return suffix, ""
    return path.with_suffix("").suffix.lower(), suffix


@contextmanager
def opened(path: Path, *, seekable: bool) -> Iterator[BinaryIO]:
    """Open a file, unpacked if its name says that it is packed; what must be seekable goes through a temporary file.

    Raises
    ------
    PackedError
        While the stream is read, or at once where it must be seekable: if the file is damaged, cut short, or
        expands beyond FREE_BYTES and MAX_EXPANSION.
    """
    packing = suffixes(path)[1]
    with path.open("rb", _CHUNK_BYTES) as file:
        if not packing:
            yield file
            return
        with unpacked(file, packing) as stream:
            if not seekable:
                yield stream
                return
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(stream, copy)
                copy.seek(0)
                yield cast("BinaryIO", copy)


@contextmanager
def unpacked(packed: Readable, packing: str) -> Iterator[BinaryIO]:
    """Unpack a stream, such as a pipe, while it is read; `packing` is .gz or .zst. Raises what `opened` does."""
    file = _Counted(packed)
    with (
        closing(_UNPACKERS[packing](cast("IO[bytes]", file))) as parts,
        io.BufferedReader(_Unpacked(file, parts)) as stream,
    ):
        yield stream


def magic(head: bytes) -> str:
    """Return how a stream that begins so is packed: .gz, .zst or, if it is not, nothing.

    >>> magic(bytes.fromhex("1f8b08")), magic(b"{}")
    ('.gz', '')
    """
    return next((packing for packing, begin in _MAGIC.items() if head.startswith(begin)), "")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Counted:
    """A stream that knows how much was read of it, as a pipe does not."""

    def __init__(self, stream: Readable) -> None:
        self.size = 0
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        return data


class _Unpacked(io.RawIOBase):
    """The parts that an unpacker yields as one stream that keeps to the limit."""

    def __init__(self, file: _Counted, parts: Iterator[bytes]) -> None:
        self._file = file
        self._parts = parts
        self._part = memoryview(b"")
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        if not self._part:
            self._part = memoryview(self._next())
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size

    def _next(self) -> bytes:
        try:
            part = next(filter(None, self._parts), b"")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            msg = f"damaged or cut short after {self._size:,} unpacked bytes: {error} (make or copy the file again)"
            raise PackedError(msg) from error
        self._size += len(part)
        if self._size > max(FREE_BYTES, MAX_EXPANSION * self._file.size):
            limit = f"over {FREE_BYTES:,} bytes, and over {MAX_EXPANSION} times what was read"
            msg = f"unpacks to {limit}; reading of it ended here (if it is no zip bomb, unpack it and give the file)"
            raise PackedError(msg)
        return part


def _gunzipped(file: IO[bytes]) -> Generator[bytes]:
    with gzip.GzipFile(fileobj=file) as stream:
        while part := stream.read1(_CHUNK_BYTES):
            yield part


def _unzstd(file: IO[bytes]) -> Generator[bytes]:
    # Its stream_reader takes a file that was cut short for one that ended.
    import zstandard  # noqa: PLC0415  only those who have such files need wait for it

    frame = None
    while data := file.read(_ZSTD_BYTES):
        while data:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            try:
                yield frame.decompress(data)
            except zstandard.ZstdError as error:
                raise EOFError(str(error)) from error
            data = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame:
        msg = "the last frame has no end"
        raise EOFError(msg)


_UNPACKERS: dict[str, Callable[[IO[bytes]], Generator[bytes]]] = {".gz": _gunzipped, ".zst": _unzstd}
_MAGIC = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
