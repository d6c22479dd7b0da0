"""Read news articles: the first step of input -> articles -> features -> scores -> report.

Text is kept as it came, so that what was scored can always be traced to what was read. A row that cannot be
used goes to the caller as a Reject and reading goes on: one broken line must not end a run over a million
articles.
"""

from __future__ import annotations

import glob
import json
import math
import os
import stat
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from classifier.errors import ArticleError
from classifier.formats import (
    HAS_WORDS,
    JSON_KINDS,
    KNOWN,
    MAX_ARTICLE_BYTES,
    READERS,
    Columns,
    Layout,
    Place,
    Recoded,
    Reject,
    read_stdin,
    too_large,
)
from classifier.packed import PackedError, opened, suffixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from classifier.formats import Piece

    _Article = dict[str, str | None]

__all__ = ["MAX_ARTICLE_BYTES", "Columns", "Reject", "read_articles"]


def read_articles(
    inputs: Sequence[str | Path],
    columns: Columns | None = None,
    *,
    on_reject: Callable[[Reject], None],
    batch_bytes: int = 8_000_000,
    stdin: BinaryIO | None = None,
    extra: Sequence[str] = (),
    on_encoding: Callable[[str, str], None] = lambda _source, _encoding: None,
) -> Iterator[pl.DataFrame]:
    """Read articles from files, folders and standard input, in batches.

    Parameters
    ----------
    inputs
        Files (.txt, .md, .html, .htm, .jsonl, .ndjson, .csv, .tsv, .parquet; also packed, as .gz or .zst), folders of
        them, or '-' for standard input, which is read as JSON lines if it begins with '{' and as one article
        otherwise. What does not exist and holds *, ? or [ is a pattern.
    columns
        What the columns of the input are called.
    on_reject
        Called with each row or file that is left out, in reading order, while the batches are drawn.
    batch_bytes
        About as much text as a batch may hold, in bytes: it is passed by one article at most.
    stdin
        Read in place of the process's standard input.
    extra
        Further columns to carry along under their own names.
    on_encoding
        Called with the file and the encoding for each row that was not UTF-8.

    Yields
    ------
    polars.DataFrame
        One row an article: id, source (`file:line`), title, text, outlet, date, url and the extra columns, in that
        order, all of type String. Id, source and text are never null, the rest are where they are not known. An id
        occurs once in all the batches.

    Raises
    ------
    ArticleError
        If an extra column has the name of one that every batch has. Bad content never raises.
    """
    layout = Layout.of(columns or Columns(), extra)
    given = [inputs] if isinstance(inputs, (str, Path)) else inputs
    pieces = _pieces(given, layout, stdin)
    return _batches(_packed(_screened(pieces, layout, on_reject, on_encoding), layout, batch_bytes), batch_bytes)


# --- from inputs to files


def _pieces(inputs: Sequence[str | Path], layout: Layout, stdin: BinaryIO | None) -> Iterator[Piece]:
    for given in inputs:
        if str(given) == "-":
            place = Place("stdin", "stdin")
            stream = sys.stdin.buffer if stdin is None else stdin
            yield from _guarded(read_stdin(stream, place, layout), place)
            continue
        for file in _files(given):
            if isinstance(file, Reject):
                yield file
            else:
                path, place = file
                yield from _guarded(_read_file(path, place, layout), place)


def _files(given: str | Path) -> Iterator[tuple[Path, Place] | Reject]:
    pattern = os.fspath(given)
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        yield from _files_at(given)
        return
    try:
        found = sorted(glob.glob(pattern))  # noqa: PTH207  that of Path takes hidden files too
    except ValueError as error:  # a null byte in the name of a folder
        yield Reject(_shown(given), _unreadable(error))
        return
    for path in found:
        yield from _files_at(path)
    if "**" in pattern:  # glob would follow links round in rings
        yield Reject(_shown(given), "'**' is read as '*' (give the folder itself, which is read with all below it)")
    elif not found:
        yield Reject(_shown(given), "no file or folder matches (check the pattern; hidden files are left out)")


def _files_at(given: str | Path) -> Iterator[tuple[Path, Place] | Reject]:
    path, source = Path(given), _shown(given)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        yield Reject(source, "no such file or folder (check the path)")
    except (OSError, ValueError) as error:
        yield Reject(source, _unreadable(error))
    else:
        if is_folder:
            yield from _files_in(path)
        elif suffixes(path)[0] in READERS:
            yield path, Place(source, _shown(path.name))
        else:
            found = repr("".join(suffixes(path))) if path.suffix else "a name without a suffix"
            yield Reject(source, f"expected a {KNOWN} file, found {found} (convert it, or rename it if it is text)")


def _files_in(folder: Path) -> Iterator[tuple[Path, Place] | Reject]:
    """Yield the articles' files in a folder, and a Reject where there is nothing to yield."""
    others: Counter[str] = Counter()
    empty = True
    for path in _walk(folder, os.path.realpath(folder)):
        if isinstance(path, Reject):
            yield path
        elif suffixes(path)[0] in READERS:
            yield path, Place(_shown(path), _shown(path.relative_to(folder).as_posix()))
        else:
            others["".join(suffixes(path)) or "no suffix"] += 1
            continue
        empty = False
    if empty:
        found = f"{others.total()} others ({', '.join(sorted(others))})" if others else "none"
        yield Reject(_shown(folder), f"expected {KNOWN} files; found {found} (check the path, or convert the files)")


def _walk(folder: Path, root: str) -> Iterator[Path | Reject]:
    """Yield the files under a folder in the order of their names, leaving out what is hidden.

    Links to folders are not followed, so that no ring of links can hold the walk.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Reject(_shown(folder), _unreadable(error))
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        elif entry.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            target = _shown(os.path.realpath(path))
            yield Reject(_shown(path), f"a link that leads out of the folder is not followed (give {target!r} itself)")
        elif not os.path.isdir(path):  # noqa: PTH112  Path.is_dir and DirEntry.is_dir raise on some broken links
            yield path


def _read_file(path: Path, place: Place, layout: Layout) -> Iterator[Piece]:
    kind, _ = suffixes(path)
    with opened(path, seekable=kind == ".parquet") as stream:
        yield from READERS[kind](stream, place, layout)


def _guarded(pieces: Iterator[Piece], place: Place) -> Iterator[Piece]:
    """Pass on what a reader yields, and say so where that is nothing or the reading fails."""
    empty = True
    try:
        for piece in pieces:
            empty = empty and isinstance(piece, Recoded)  # which a header can be
            yield piece
    except OSError as error:
        yield Reject(place.source, _unreadable(error))
    except PackedError as error:
        yield Reject(place.source, str(error))
    else:
        if empty:
            yield Reject(place.source, "empty; expected at least one article (leave it out)")


# --- from rows to batches


def _screened(
    pieces: Iterator[Piece],
    layout: Layout,
    on_reject: Callable[[Reject], None],
    on_encoding: Callable[[str, str], None],
) -> Iterator[_Article | pl.DataFrame]:
    ids = _Ids()
    for piece in pieces:
        if isinstance(piece, Reject):
            on_reject(piece)
        elif isinstance(piece, Recoded):
            on_encoding(piece.source, piece.encoding)
        elif isinstance(piece, pl.DataFrame):
            yield _screened_frame(piece, ids, layout, on_reject)
        else:
            try:
                yield _article(*piece, layout, ids)
            except ArticleError as error:
                on_reject(Reject(piece[0].source, str(error)))


def _article(place: Place, fields: Mapping[str, object], layout: Layout, ids: _Ids) -> _Article:
    """Return one row of a batch, or raise ArticleError."""
    text = _checked_text(fields[layout.keys["text"]], layout)
    row = {column: _plain(fields.get(key)) for column, key in layout.keys.items()}
    for column, value in row.items():
        _check_characters(value or "", layout.keys[column])
    name = row["id"] or place.name
    if not ids.add(name):
        raise ArticleError(_duplicate(name))
    return row | {"id": name, "source": place.source, "text": text}


def _screened_frame(
    frame: pl.DataFrame, ids: _Ids, layout: Layout, on_reject: Callable[[Reject], None]
) -> pl.DataFrame:
    """Return the rows of a frame that can be used; only the others are looked at one by one."""
    text = frame["text"]
    sound = text.str.contains(HAS_WORDS) & (text.str.len_bytes() <= MAX_ARTICLE_BYTES)
    kept = pl.Series([bool(ok) and ids.add(name) for ok, name in zip(sound, frame["id"], strict=True)])
    for source, name, value in frame.filter(~kept).select("source", "id", "text").iter_rows():
        try:
            _checked_text(value, layout)
        except ArticleError as error:
            on_reject(Reject(source, str(error)))
        else:
            on_reject(Reject(source, _duplicate(name)))
    return frame if kept.all() else frame.filter(kept)


def _checked_text(text: object, layout: Layout) -> str:
    if not isinstance(text, str):
        msg = f"expected a string in {layout.keys['text']!r}, found {JSON_KINDS[type(text)]} (leave the row out)"
        raise ArticleError(msg)
    if not text.strip():
        msg = "blank text; expected the words of an article (leave it out)"
        raise ArticleError(msg)
    if (size := len(text.encode(errors="surrogatepass"))) > MAX_ARTICLE_BYTES:
        raise ArticleError(too_large(size))
    return text


def _check_characters(value: str, key: str) -> None:
    """Raise ArticleError for half a surrogate pair: JSON can spell it, but it is no character and has no UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        way_out = "write both halves, or the character itself"
        msg = f"expected Unicode text in {key!r}, found {half!r}, half a character ({way_out})"
        raise ArticleError(msg) from error


def _plain(value: object) -> str | None:
    """Return the text of an id, a title and the like; a blank one, a list or an object counts as unknown."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float) and math.isnan(value):  # how pandas spells what is missing
        return None
    return json.dumps(value) if isinstance(value, (int, float)) else None


class _Ids:
    """The ids seen so far, as sorted 64-bit digests: some 10 bytes an id, where a set of strings takes over 100.

    By chance, one of ten million articles with ids of their own is taken for a duplicate in 1 of 370,000 runs.
    """

    def __init__(self) -> None:
        self._shelves = [array("Q") for _ in range(4096)]

    def add(self, name: str) -> bool:
        """Take in an id; return whether it is new."""
        digest = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
        shelf = self._shelves[digest >> 52]
        slot = bisect_left(shelf, digest)
        if slot < len(shelf) and shelf[slot] == digest:
            return False
        shelf.insert(slot, digest)
        return True


def _packed(pieces: Iterator[_Article | pl.DataFrame], layout: Layout, batch_bytes: int) -> Iterator[pl.DataFrame]:
    """Gather single rows into frames, across files: a folder may hold a hundred thousand of one article each."""
    rows: list[_Article] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, pl.DataFrame):
            yield _frame(rows, layout)
            yield piece
            rows, size = [], 0
            continue
        rows.append(piece)
        size += len(piece["text"] or "")
        if size >= batch_bytes:
            yield _frame(rows, layout)
            rows, size = [], 0
    yield _frame(rows, layout)


def _frame(rows: list[_Article], layout: Layout) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series([row[name] for row in rows], dtype=pl.String) for name in layout.columns})


def _batches(frames: Iterator[pl.DataFrame], batch_bytes: int) -> Iterator[pl.DataFrame]:
    """Cut and join frames, so that two batches in a row hold more than `batch_bytes` and one hardly more."""
    held: list[pl.DataFrame] = []
    size = 0
    for frame in frames:
        for part in _parts(frame, batch_bytes):
            part_size = int(part["text"].str.len_bytes().cast(pl.Int64).sum())
            if held and size + part_size > batch_bytes:
                yield pl.concat(held, rechunk=True)
                held, size = [], 0
            held.append(part)
            size += part_size
    if held:
        yield pl.concat(held, rechunk=True)


def _parts(frame: pl.DataFrame, batch_bytes: int) -> Iterator[pl.DataFrame]:
    ends = frame["text"].str.len_bytes().cast(pl.Int64).cum_sum()
    start = 0
    for length in ((ends - 1) // batch_bytes).rle().struct.field("len"):
        yield frame.slice(start, length)
        start += length


# --- words for messages


def _duplicate(name: str) -> str:
    way_out = "name another column with --id-column, or give the one folder that holds files of the same name"
    return f"duplicate id {name[:80]!r}; an article with it came before (ids must be unique: {way_out})"


def _unreadable(error: OSError | ValueError) -> str:
    what = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read: {what} (check the path and its permissions)"


def _shown(path: str | Path) -> str:
    """Return a path as text that can be stored: names on disk need not be UTF-8."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode("utf-8")
