"""Say what speaks against the lines of a batch of pages: texts -> lines, before `classifier.layout` reads each page.

A line is furniture if a rule of `furniture.toml` takes it, or if other pages of the batch have it too. What costs time
is how much text rules are asked of: so lines are asked in three groups, and of those in long paragraphs, which are most
of a page, only the few rules that take such lines.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from classifier.rules import SHORT, rules, taken
from classifier.words import Ids

REPEATED = "repeated line"  # the reason where no rule takes a line, but other pages of the batch have it too
SHARED_BY = 3  # pages of a batch that have the same line
SHARED_PART = 0.01  # of a batch's pages, for a line that is a sentence: quotations and wire copy recur too
SHARED_SIZE = 600  # bytes; nothing longer is furniture because it recurs
COPY = 0.4  # of its words shared: such an article is a copy of others, not furniture
PARAGRAPH_WORDS = 12  # a line with a full stop and so many words is a paragraph
LONG_WORDS = 30  # so is one with so many words, whatever it ends with
TAIL_LINES = 6  # of an article that rules of the tail may take

_CAPITALS = r"^[^\p{Ll}]*\p{Lu}[^\p{Ll}]*$"
_STOP = r"""[.!?…]["'”’)\]*]*$"""  # noqa: RUF001  the quotation mark is meant


def lines_of(texts: pl.Series, *, together: bool = True) -> pl.DataFrame:
    """Return the lines of each text that are not blank, in order.

    Parameters
    ----------
    texts
        Pages, shape (n_pages,); one that is null has no line.
    together
        Whether a line may be furniture because other pages of the batch have it too.

    Returns
    -------
    polars.DataFrame
        The fields of `classifier.layout.Lines`; `page`, its place in `texts`; `start` and `end` in characters.
    """
    pages = pl.DataFrame({"line": texts.str.split("\n"), "length": texts.str.len_chars()}).with_row_index("page")
    before = (pl.col("length").cast(pl.Int64) + 1).cum_sum() - 1 - pl.col("length")
    lines = pages.with_columns(before=before).explode("line")
    length = pl.col("line").str.len_chars().cast(pl.Int64)
    start = (length + 1).cum_sum() - 1 - length - pl.col("before")
    text = pl.col("line").str.strip_chars().str.to_lowercase()
    frame = lines.select("page", "line", start=start, end=start + length, text=text)
    frame = frame.filter(pl.col("text") != "")
    shouted = pl.col("line").str.contains(_CAPITALS)
    lines = _ruled(frame.with_columns(shouted=shouted).drop("line"))
    if together:
        lines = _repeated(lines, len(pages))
    free, words, stop = pl.col("drops").is_null(), pl.col("words"), pl.col("stop")
    lines = lines.with_columns(
        sentence=free & ((stop & (words >= 3)) | (words >= LONG_WORDS)),
        paragraph=free & ((stop & (words >= PARAGRAPH_WORDS)) | (words >= LONG_WORDS)),
    )
    tail = np.zeros(len(lines), bool)
    tail[_tails(lines)] = True
    return lines.with_columns(pl.Series("tail", tail))


def _ruled(lines: pl.DataFrame) -> pl.DataFrame:
    """Add what the first rule that takes a line says of it, but for the rules of the tail."""
    lines = lines.with_columns(
        size=pl.col("text").str.len_bytes(),
        words=pl.col("text").str.count_matches(" ") + 1,
        stop=pl.col("text").str.tail(6).str.contains(_STOP),
    ).with_row_index("at")
    asked = [rule for rule in rules() if rule.effect != "tail"]
    once = _first_of_same(lines)
    first = np.full(len(lines), len(asked))
    places = taken(lines.filter(once == np.arange(len(lines))), asked)
    for number in reversed(range(len(asked))):
        first[places[number]] = number
    first = first[once]
    return lines.with_columns(
        pl.Series("drops", [*(rule.drops for rule in asked), None]).gather(first),
        pl.Series("effect", [*(rule.effect for rule in asked), ""]).gather(first),
    )


def _first_of_same(lines: pl.DataFrame) -> Ids:
    """Return for each line the place of the first that is the same: the menus of a site recur on each of its pages.

    Only short lines that are no sentences are compared; any other is its own first.
    """
    short = lines.filter(pl.col("size") <= SHORT, ~pl.col("stop")).select("at", first=pl.col("at").min().over("text"))
    places = np.arange(len(lines))
    places[short["at"]] = short["first"]
    return places


def _tails(lines: pl.DataFrame) -> Ids:
    """Return the places of the sentences that a rule of the tail takes, where an article may end.

    It ends with its page or with a line that is no sentence, so that most sentences need not be asked.
    """
    following = [pl.col("sentence").shift(-n, fill_value=False) for n in range(1, TAIL_LINES + 1)]
    pages = [pl.col("page").shift(-n) == pl.col("page") for n in range(1, TAIL_LINES + 1)]
    near = lines.filter("sentence", ~pl.all_horizontal(*following, *pages))
    return np.concatenate(taken(near, [rule for rule in rules() if rule.effect == "tail"]))


def _repeated(lines: pl.DataFrame, n_pages: int) -> pl.DataFrame:
    """Mark the lines that no rule takes but other pages have too."""
    if n_pages < SHARED_BY:
        return lines
    open_lines = lines.filter(pl.col("drops").is_null(), pl.col("size") <= SHARED_SIZE)
    twice = open_lines.filter(pl.col("text").is_duplicated())
    least = pl.when(pl.col("stop")).then(max(SHARED_BY, round(SHARED_PART * n_pages))).otherwise(SHARED_BY)
    shared = twice.filter(pl.col("page").n_unique().over("text") >= least)
    total = lines.group_by("page").agg(total=pl.col("words").sum())
    part = pl.col("words").sum().over("page") / pl.col("total")
    shared = shared.join(total, on="page").filter(part <= COPY)
    is_shared = pl.int_range(pl.len()).is_in(shared["at"].implode())
    return lines.with_columns(drops=pl.when(is_shared).then(pl.lit(REPEATED)).otherwise("drops"))
