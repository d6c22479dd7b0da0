"""Read news articles: the first step of input -> articles -> features -> scores -> report.

Text is kept as it came, so that what was scored can always be traced to what was read. A row that cannot be
used goes to the caller as a Reject and reading goes on: one broken line must not end a run over a million
articles.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from classifier.errors import ArticleError
from classifier.formats import KNOWN, READERS, read_file, read_stdin
from classifier.ids import Ids
from classifier.packed import PackedError, opened, suffixes
from classifier.pages import articles_in, split_frame
from classifier.rows import (
    JSON_KINDS,
    MAX_ARTICLE_BYTES,
    Columns,
    Layout,
    OnReject,
    Place,
    Recoded,
    Reject,
    Row,
    plain,
    too_large,
)
from classifier.tables import HAS_WORDS, known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from classifier.rows import Piece

    _Article = dict[str, str | None]

MOST_BYTES = 4  # of a character in UTF-8

__all__ = ["MAX_ARTICLE_BYTES", "Columns", "OnReject", "Recoded", "Reject", "read_articles", "read_frame"]


def read_articles(
    inputs: Sequence[str | Path],
    columns: Columns | None = None,
    *,
    on_reject: OnReject,
    batch_bytes: int = 8_000_000,
    stdin: BinaryIO | None = None,
    extra: Sequence[str] = (),
    ids: Ids | None = None,
) -> Iterator[pl.DataFrame]:
    """Read articles from files, folders and standard input, in batches.

    Parameters
    ----------
    inputs
        Files (.txt, .md, .html, .htm, .jsonl, .ndjson, .csv, .tsv, .parquet, .warc; also packed, as .gz or .zst),
        folders of them, or '-' for standard input, which is read as JSON lines if it begins with '{', as an archive if
        it begins with 'WARC/', and as one article otherwise; it may be packed. What does not exist and holds *, ? or [
        is a pattern. A text that is HTML is read as a page, which may give several articles.
    columns
        What the columns of the input are called.
    on_reject
        Called with a Reject for each row or file that is left out, and with a Recoded for each row that was read but
        is not UTF-8, in reading order, while the batches are drawn.
    batch_bytes
        About as much text as a batch may hold, in bytes: it is passed by one article at most.
    stdin
        Read in place of the process's standard input.
    extra
        Further columns to carry along under their own names.
    ids
        Those that are taken, which grow while the batches are drawn; an article with one of them is a duplicate.

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
    articles = _screened(pieces, layout, on_reject, Ids() if ids is None else ids)
    return _batches(_packed(articles, layout, batch_bytes), batch_bytes)


def read_frame(rows: pl.DataFrame, *, on_reject: OnReject, extra: Sequence[str] = (), ids: Ids) -> pl.DataFrame:
    """Read articles from a table in memory, as those of a parquet file are read.

    Parameters
    ----------
    rows
        Columns of Strings, named as in a batch of `read_articles`: id, source and text, the others where known. What
        has no id is called "".
    on_reject, extra, ids
        As for `read_articles`.

    Returns
    -------
    polars.DataFrame
        What a batch of `read_articles` holds, perhaps without a row.
    """
    layout = Layout.of(Columns(), extra)
    lacking = [pl.lit(None, pl.String).alias(column) for column in layout.columns if column not in rows.columns]
    named = known(rows).with_columns(pl.col("id").fill_null(""), *lacking)
    pieces = iter([named.select(layout.columns)])
    articles = _screened(pieces, layout, on_reject, ids)
    return pl.concat(_packed(articles, layout, MAX_ARTICLE_BYTES), rechunk=True)


# --- from inputs to files


def _pieces(inputs: Sequence[str | Path], layout: Layout, stdin: BinaryIO | None) -> Iterator[Piece]:
    for given in inputs:
        if str(given) == "-":
            place = Place("stdin", "stdin")
            stream = stdin or _stdin()
            if stream is None:
                yield Reject("stdin", "standard input is closed (give files, or pipe articles in)")
            else:
                yield from _guarded(read_stdin(stream, place, layout), place)
            continue
        for file in _files(given):
            if isinstance(file, Reject):
                yield file
            else:
                path, place = file
                yield from _guarded(_read_file(path, place, layout), place)


def _stdin() -> BinaryIO | None:
    """Return standard input through a handle of our own, None if it is closed.

    Python locks its own handle while it reads, and cannot end while a thread waits there for input.
    """
    if sys.stdin is None:
        return None
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError):  # of something that stands for it
        return sys.stdin.buffer


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
            yield Reject(
                source,
                f"expected a {KNOWN} file, also as .gz or .zst; found {found} (convert it, or rename it if it is text)",
            )


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
        yield Reject(
            _shown(folder),
            f"expected {KNOWN} files, also as .gz or .zst; found {found} (check the path, or convert the files)",
        )


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
        yield from read_file(kind, stream, place, layout)


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
    pieces: Iterator[Piece], layout: Layout, on_reject: OnReject, ids: Ids
) -> Iterator[_Article | pl.DataFrame]:
    for piece in pieces:
        if isinstance(piece, (Reject, Recoded)):
            on_reject(piece)
        elif isinstance(piece, Row):
            yield from _screened_row(piece, ids, layout, on_reject)
        else:
            for is_html, part in split_frame(piece):
                if is_html:
                    for row in _rows(part, layout):
                        yield from _screened_row(row, ids, layout, on_reject)
                else:
                    yield _screened_frame(part, ids, layout, on_reject)


def _screened_row(row: Row, ids: Ids, layout: Layout, on_reject: OnReject) -> list[_Article]:
    try:
        return _articles(row, ids, layout)
    except ArticleError as error:
        on_reject(Reject(row.place.source, str(error)))
        return []


def _articles(row: Row, ids: Ids, layout: Layout) -> list[_Article]:
    """Return the rows of a batch that one row of the input gives, several where it is a page that holds several.

    Raises
    ------
    ArticleError
        If the row cannot be used.
    """
    text = layout.keys["text"]
    _check_text(row.fields[text], layout)
    pages = articles_in(row, layout)
    for fields in pages:
        if fields is not row.fields:
            _check_text(fields[text], layout)
    found = [_columns(fields, layout) for fields in pages]
    place = row.place
    is_free = place.uri is not None and place.uri not in ids
    name = found[0]["id"] or (place.uri if is_free else None) or place.name
    if not ids.add(name):
        raise ArticleError(_duplicate(name))
    names = [name] if len(found) == 1 else ids.numbered(name, len(found))
    return [article | {"id": own, "source": place.source} for article, own in zip(found, names, strict=True)]


def _columns(fields: Mapping[str, object], layout: Layout) -> _Article:
    article: _Article = dict.fromkeys(layout.keys)
    for column, key in layout.keys.items():
        if key in fields and (value := plain(fields[key])) is not None:
            article[column] = value
            if not value.isascii():
                _check_characters(value, key)
    return article


def _rows(frame: pl.DataFrame, layout: Layout) -> Iterator[Row]:
    for values in frame.iter_rows(named=True):
        yield Row(Place(values["source"], values["id"]), {key: values[column] for column, key in layout.keys.items()})


def _screened_frame(frame: pl.DataFrame, ids: Ids, layout: Layout, on_reject: OnReject) -> pl.DataFrame:
    """Return the rows of a frame that can be used; only the others are looked at one by one."""
    text = frame["text"]
    sound = text.str.contains(HAS_WORDS) & (text.str.len_bytes() <= MAX_ARTICLE_BYTES)
    kept = pl.Series(
        [bool(ok) and ids.add(name) for ok, name in zip(sound.to_list(), frame["id"].to_list(), strict=True)]
    )
    for source, name, value in frame.filter(~kept).select("source", "id", "text").iter_rows():
        try:
            _check_text(value, layout)
        except ArticleError as error:
            on_reject(Reject(source, str(error)))
        else:
            on_reject(Reject(source, _duplicate(name)))
    return frame if kept.all() else frame.filter(kept)


def _check_text(text: object, layout: Layout) -> None:
    if not isinstance(text, str):
        msg = f"expected a string in {layout.keys['text']!r}, found {JSON_KINDS[type(text)]} (leave the row out)"
        raise ArticleError(msg)
    if not text or text.isspace():
        msg = "blank text; expected the words of an article (leave it out)"
        raise ArticleError(msg)
    if len(text) * MOST_BYTES > MAX_ARTICLE_BYTES:
        size = len(text.encode(errors="surrogatepass"))
        if size > MAX_ARTICLE_BYTES:
            raise ArticleError(too_large(size))


def _check_characters(value: str, key: str) -> None:
    """Raise ArticleError for half a surrogate pair: JSON can spell it, but it is no character and has no UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        way_out = "write both halves, or the character itself"
        msg = f"expected Unicode text in {key!r}, found {half!r}, half a character ({way_out})"
        raise ArticleError(msg) from error


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
