"""Read tables: CSV and TSV by rows, parquet in slices; `classifier.formats` says which file is which."""

from __future__ import annotations

import csv
import os
from itertools import count
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from classifier.encodings import Decoder
from classifier.errors import ArticleError
from classifier.rows import (
    BOM,
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARQUET_ROWS = 3_000  # a slice; with 2,000 reading takes a third longer, with 4,000 40 MB more
_MARKS = {",": "commas", "\t": "tabs"}
HAS_WORDS = r"[^\s\x1c-\x1f]"  # what str.strip leaves: Rust counts four control characters as no space
_PLAIN_TYPES = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Date, pl.Datetime, pl.Time, pl.Null)


def read_csv(stream: Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    yield from _read_separated(stream, place, layout, ",")


def read_tsv(stream: Stream, place: Place, layout: Layout) -> Iterator[Reject | Recoded | Row]:
    yield from _read_separated(stream, place, layout, "\t")


def _read_separated(stream: Stream, place: Place, layout: Layout, mark: str) -> Iterator[Reject | Recoded | Row]:
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
            yield Row(row[0], dict(zip(header, row[1], strict=True)))


def _other_mark(header: list[str], mark: str) -> str:
    """Say so where the header is one field because the fields stand between other marks."""
    way_out = {"\t": "name the file .tsv", ",": "name the file .csv", ";": "save it as CSV with commas"}
    for found, advice in way_out.items():
        if len(header) == 1 and found in header[0]:
            return f"; fields should stand between {_MARKS[mark]}, found {found!r} ({advice})"
    return ""


def _csv_rows(stream: Stream, place: Place, mark: str) -> Iterator[Reject | Recoded | tuple[Place, list[str]]]:
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
                yield from recoded(place, feed.encoding)


class _CsvFeed:
    """The lines of a file for csv.reader, which knows where a row ends but not where it began nor its size."""

    def __init__(self, stream: Stream) -> None:
        self._lines = lines(stream, count_quotes=True)
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
        text = decoded(self._decoder, line.data, f"line {line.number}")
        self.encoding = self._decoder.encoding or self.encoding
        return text.removeprefix(BOM) if line.number == 1 else text

    def fault(self, error: Exception) -> str:
        """Say what is wrong with the row, and move on to the next one."""
        if isinstance(error, ArticleError):
            while self.quotes % 2 and self._take():  # within quotes, so the row goes on
                pass
            return too_large(self.size) if self.size > MAX_ARTICLE_BYTES else str(error)
        if self.ended:
            lost = f"lines {self.first} to {self.last} were not read"
            return f"a quote that opens in this row is never closed; {lost} (close it, or double quotes inside text)"
        return f"not CSV: {error} (double the quotes inside a field that is in quotes)"

    def _take(self) -> Line | None:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            return None
        self.last = line.number
        self.size += line.size
        self.quotes += line.quotes
        return line


def read_parquet(stream: BinaryIO, place: Place, layout: Layout) -> Iterator[Reject | pl.DataFrame]:
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


def known(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of Strings with null for what is blank, but in the column `text`."""
    columns = [pl.col(column) for column in frame.columns if column != "text"]
    return frame.with_columns(pl.when(column.str.contains(HAS_WORDS)).then(column) for column in columns)


def _parquet_articles(frame: pl.DataFrame, start: int, place: Place) -> pl.DataFrame:
    """Add the source, name the rows without an id, and make blank values null: what _article does for one row."""
    row = pl.int_range(start + 1, start + 1 + pl.len())
    return known(frame).with_columns(
        pl.col("id").fill_null(pl.format("{}:{}", pl.lit(place.name), row)),
        pl.format("{}:{}", pl.lit(place.source), row).alias("source"),
    )
