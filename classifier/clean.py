"""Find the furniture of a news page that has lost its HTML, and the articles between it: articles -> articles.

The text is never altered: what is kept and what is dropped are spans of it, each dropped one with its reason, so that
whatever is said of an article later can point into the page that was read.

Two things speak against a line: what it is by itself (`classifier.furniture`, over a whole batch at once), or that it
stands where no article is (`classifier.layout`). Only pages with a line of the first kind are looked at one by one; all
others are kept as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import polars as pl

from classifier.furniture import lines_of
from classifier.ids import Ids
from classifier.layout import Lines, fates

MAX_LINES = 100_000  # of a page that is looked at, so that none takes over a second or two


class Span(NamedTuple):
    """A line of a page, by its characters: of which article it is, from 1, or 0 and why it was dropped."""

    start: int
    end: int
    article: int
    reason: str
    words: int


def clean(text: str) -> list[Span]:
    r"""Return the lines of one page that are not blank, in order, each kept or dropped.

    Examples
    --------
    >>> page = "Advertisement\nThe council voted on Tuesday to close the two clinics that serve the valley."
    >>> [(page[span.start : span.end][:11], span.article, span.reason) for span in clean(page)]
    [('Advertiseme', 0, 'advertisement'), ('The council', 1, '')]
    """
    return [Span(*row) for row in _read(lines_of(pl.Series([text]))).select(Span._fields).iter_rows()]


def clean_texts(texts: pl.Series) -> dict[int, list[Span]]:
    """Return the lines of each page that has furniture, by its place in `texts`; all others are kept as they are.

    A text of more than MAX_LINES lines is no page of a site, and is kept as it is.
    """
    rows = _lines_with_furniture(texts).select("page", *Span._fields).iter_rows()
    return {page: [Span(*row[1:]) for row in own] for page, own in groupby(rows, key=itemgetter(0))}


def clean_articles(articles: pl.DataFrame, ids: Ids | None = None, *, together: bool = True) -> pl.DataFrame:
    """Return a batch of articles without their furniture; a page that holds several becomes as many rows.

    Parameters
    ----------
    articles
        A column `text`, and `id` where articles are to keep their names apart.
    ids
        Those of all articles read so far, which grow; None: those of this batch.
    together
        Whether lines that pages of the batch share are furniture; else each page is cleaned as if it stood alone.

    Returns
    -------
    polars.DataFrame
        The same columns; `dropped`, a Float32: the part of the page's words that belongs to none of its articles, 0 to
        1; and `pieces`, a list of Int64: where in the page the pieces of the text stand, each by the characters of its
        start and end, joined in the text by a blank line; null where the text is the whole page. Articles of one page
        are called id#1, id#2, past numbers that are taken. The title of a page goes with its first article alone.
    """
    found = _articles_of(_lines_with_furniture(articles["text"], together=together), articles["text"])
    every = pl.DataFrame({"page": pl.arange(len(articles), dtype=pl.UInt32, eager=True)})
    every = every.join(found, on="page", how="left", maintain_order="left_right")
    rows = articles[every["page"]]
    changes = [every["kept"].fill_null(rows["text"]).alias("text"), every["dropped"].fill_null(0.0), every["pieces"]]
    several = (
        every.with_row_index("row").group_by("page").agg(pl.col("row").first(), pl.len()).filter(pl.col("len") > 1)
    )
    if "id" in rows.columns and len(several):
        names, taken = rows["id"].to_list(), Ids(articles["id"]) if ids is None else ids
        for row, count in several.sort("row").select("row", "len").iter_rows():
            names[row : row + count] = taken.numbered(names[row], count)
        changes.append(pl.Series("id", names, dtype=pl.String))
    if "title" in rows.columns:
        changes.append(rows.select(title=pl.when(every["number"].fill_null(1) == 1).then("title")).to_series())
    return rows.with_columns(changes)


def dropped_words(spans: Sequence[Span]) -> tuple[int, int]:
    """Return how many words of a page are in none of its articles, and how many it has."""
    return sum(span.words for span in spans if not span.article), sum(span.words for span in spans)


# --- from lines to articles


def _lines_with_furniture(texts: pl.Series, *, together: bool = True) -> pl.DataFrame:
    """Return the lines of the pages that have lines to drop, with the article or the reason of each."""
    many = texts.str.count_matches("\n", literal=True) > MAX_LINES
    bounded = texts.to_frame("text").select(pl.when(~many).then("text")).to_series()
    lines = lines_of(bounded, together=together)
    suspicious = lines.filter(pl.col("drops").is_not_null())["page"].unique()
    read = _read(lines.filter(pl.col("page").is_in(suspicious.implode())))
    return read.filter((pl.col("article") != 1).any().over("page"))


def _read(lines: pl.DataFrame) -> pl.DataFrame:
    columns = [lines[name].to_list() for name in Lines._fields]
    articles: list[int] = []
    reasons: list[str] = []
    for size in lines["page"].rle().struct.field("len"):
        start = len(articles)
        own_articles, own_reasons = fates(Lines(*(column[start : start + size] for column in columns)))
        articles += own_articles
        reasons += own_reasons
    return lines.select(
        "page",
        "start",
        "end",
        pl.Series("article", articles, dtype=pl.UInt32),
        pl.Series("reason", reasons, dtype=pl.String),
        "words",
    )


def _articles_of(lines: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
    """Return the articles of pages: page, number, kept (the text), pieces and dropped, as `clean_articles` has them."""
    run = pl.struct("page", "article").rle_id().alias("run")
    stretches = lines.group_by("page", "article", run, maintain_order=True).agg(
        pl.col("start").first(), pl.col("end").last()
    )
    found = (
        stretches.filter(pl.col("article") > 0)
        .group_by(page="page", number="article")
        .agg("start", "end")
        .sort("page", "number")
    )
    stood = [list(zip(*row, strict=True)) for row in found.select("start", "end").iter_rows()]
    kept = [_joined(texts[page], pieces) for page, pieces in zip(found["page"], stood, strict=True)]
    ends = [[end for piece in pieces for end in piece] for pieces in stood]
    gone = (pl.col("words").filter(pl.col("article") == 0).sum() / pl.col("words").sum()).cast(pl.Float32)
    dropped = lines.group_by("page").agg(dropped=gone)
    columns = [pl.Series("kept", kept, dtype=pl.String), pl.Series("pieces", ends, dtype=pl.List(pl.Int64))]
    return found.select("page", "number", *columns).join(dropped, on="page", maintain_order="left")


def _joined(text: str, pieces: Sequence[tuple[int, int]]) -> str:
    return "\n\n".join(text[start:end] for start, end in pieces)
