"""Find the furniture of a news page that has lost its HTML, and the articles between it: articles -> articles.

The text is never altered: what is kept and what is dropped are spans of it, each dropped one with its reason, so that
whatever is said of an article later can point into the page that was read.

Three things speak against a line: a rule of `furniture.toml` takes it; other pages of the batch have it too; or it
stands where no article is (`classifier.layout`). The rules run over the lines of a whole batch at once. Only pages with
a suspicious line are then looked at one by one; all others are kept as they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from classifier.layout import Line, fates

RULES = Path(__file__).parent / "furniture.toml"

REPEATED = "repeated line"  # the reason where no rule takes a line, but other pages of the batch have it too
MAX_LINES = 100_000  # of a page that is looked at, so that none takes over a second or two
SHARED_BY = 3  # pages of a batch that have the same line
SHARED_PART = 0.01  # of a batch's pages, for a line that is a sentence: quotations and wire copy recur too
SHARED_SIZE = 600  # bytes; nothing longer is furniture because it recurs
COPY = 0.4  # of its words shared: such an article is a copy of others, not furniture

# Classes of ASCII characters: with those of Unicode the same rules take twenty times as long.
_ASCII = ((r"\b", r"(?-u:\b)"), (r"\w", "[a-z0-9_]"), (r"\W", "[^a-z0-9_]"), (r"\d", "[0-9]"), (r"\s", "[ \\t\u00a0]"))
_SEEN = ("words", "stop", "drops", "effect", "tail", "shouted")  # the fields of a Line
_CAPITALS = r"^[^\p{Ll}]*\p{Lu}[^\p{Ll}]*$"
_STOP = r"""[.!?…]["'”’)\]*]*$"""  # noqa: RUF001  the quotation mark is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of furniture: a pattern that a whole line must match (see `furniture.toml`)."""

    drops: str
    match: str
    longest: int
    reason: str
    example: str
    leaves: str
    effect: str = ""
    sentences: bool = False

    @property
    def pattern(self) -> str:
        """The regular expression as Polars takes it."""
        pattern = self.match
        for short, characters in _ASCII:
            pattern = pattern.replace(short, characters)
        return f"^(?:{pattern})$"


class Span(NamedTuple):
    """A line of a page, by its characters: of which article it is, from 1, or 0 and why it was dropped."""

    start: int
    end: int
    article: int
    reason: str


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they are tried."""
    return tuple(Rule(**row) for row in tomllib.loads(RULES.read_text("utf-8"))["rule"])


def clean(text: str) -> list[Span]:
    r"""Return the lines of one page that are not blank, in order, each kept or dropped.

    Examples
    --------
    >>> page = "Advertisement\nThe council voted on Tuesday to close the two clinics that serve the valley."
    >>> [(page[span.start : span.end][:11], span.article, span.reason) for span in clean(page)]
    [('Advertiseme', 0, 'advertisement'), ('The council', 1, '')]
    """
    return _spans(_lines(pl.Series([text])).select(*_SEEN, "start", "end").rows())


def clean_texts(texts: pl.Series) -> dict[int, list[Span]]:
    """Return the lines of each page that has furniture, by its place in `texts`; all others are kept as they are.

    A text of more than MAX_LINES lines is no page of a site, and is kept as it is.
    """
    many = texts.str.count_matches("\n", literal=True) > MAX_LINES
    lines = _lines(texts.to_frame("text").select(pl.when(~many).then("text")).to_series())
    pages = lines.filter(pl.col("drops").is_not_null())["page"].unique()
    rows = lines.filter(pl.col("page").is_in(pages.implode())).select("page", *_SEEN, "start", "end").iter_rows()
    found = {page: _spans([row[1:] for row in own]) for page, own in groupby(rows, key=itemgetter(0))}
    return {page: spans for page, spans in found.items() if any(span.article != 1 for span in spans)}


def clean_articles(articles: pl.DataFrame) -> pl.DataFrame:
    """Return a batch of articles without their furniture; a page that holds several becomes as many rows.

    Parameters
    ----------
    articles
        A column `text`, and `id` where articles are to keep their names apart.

    Returns
    -------
    polars.DataFrame
        The same columns; `dropped`, a Float32: the part of the page's words that belongs to none of its articles, 0 to
        1; and `pieces`, a list of Int64: where in the page the pieces of the text stand, each by the characters of its
        start and end, joined in the text by a blank line; null where the text is the whole page. Articles of one page
        are called id#1, id#2. The title of a page goes with its first article alone.
    """
    pages = clean_texts(articles["text"])
    if not pages:
        whole = pl.lit(None, pl.List(pl.Int64)).alias("pieces")
        return articles.with_columns(pl.lit(0.0, pl.Float32).alias("dropped"), whole)
    texts: list[str] = []
    cut: list[list[int] | None] = []
    at: list[int] = []
    number: list[int] = []
    several: list[bool] = []
    dropped: list[float] = []
    for page, text in enumerate(articles["text"]):
        spans = pages.get(page)
        pieces = kept_pieces(spans) if spans else []
        texts += [_joined(text, own) for own in pieces] or [text]
        cut += [[end for piece in own for end in piece] for own in pieces] or [None]
        n_articles = max(len(pieces), 1)
        at += [page] * n_articles
        number += range(1, n_articles + 1)
        several += [n_articles > 1] * n_articles
        gone, words = dropped_words(text, spans) if spans else (0, 1)
        dropped += [gone / max(words, 1)] * n_articles
    rows = articles[at].with_columns(
        pl.Series("text", texts),
        pl.Series("dropped", dropped, dtype=pl.Float32),
        pl.Series("pieces", cut, dtype=pl.List(pl.Int64)),
    )
    is_one_of, is_later = pl.Series(several), pl.Series(number) > 1
    changes = []
    if "id" in rows.columns:
        numbered = pl.format("{}#{}", "id", pl.Series(number).cast(pl.String))
        changes.append(pl.when(is_one_of).then(numbered).otherwise("id").alias("id"))
    if "title" in rows.columns:
        changes.append(pl.when(is_later).then(pl.lit(None, pl.String)).otherwise("title").alias("title"))
    return rows.with_columns(changes)


def kept_pieces(spans: Sequence[Span]) -> list[list[tuple[int, int]]]:
    """Return, for each article of a page, the stretches of the page that it is made of: their start and end."""
    pieces: list[list[tuple[int, int]]] = [[] for _ in range(max(span.article for span in spans))]
    before = 0
    for span in spans:
        if span.article:
            own = pieces[span.article - 1]
            if span.article == before:
                own[-1] = (own[-1][0], span.end)
            else:
                own.append((span.start, span.end))
        before = span.article
    return pieces


def _joined(text: str, pieces: Sequence[tuple[int, int]]) -> str:
    return "\n\n".join(text[start:end] for start, end in pieces)


def dropped_words(text: str, spans: Sequence[Span]) -> tuple[int, int]:
    """Return how many words of a page are in none of its articles, and how many it has."""
    words = [len(text[span.start : span.end].split()) for span in spans]
    return sum(n for n, span in zip(words, spans, strict=True) if not span.article), sum(words)


def _spans(rows: list[tuple[Any, ...]]) -> list[Span]:
    decided = fates([Line(*row[:-2]) for row in rows])
    return [Span(row[-2], row[-1], *fate) for row, fate in zip(rows, decided, strict=True)]


# --- lines, and the rules on them


def _lines(texts: pl.Series) -> pl.DataFrame:
    """Return the lines that are not blank, with what is known of each (the fields of Line), its page, start and end."""
    pages = pl.DataFrame({"line": texts.str.split("\n"), "length": texts.str.len_chars()}).with_row_index("page")
    before = (pl.col("length").cast(pl.Int64) + 1).cum_sum() - 1 - pl.col("length")
    lines = pages.with_columns(before=before).explode("line")
    length = pl.col("line").str.len_chars().cast(pl.Int64)
    start = (length + 1).cum_sum() - 1 - length - pl.col("before")
    text = pl.col("line").str.strip_chars().str.to_lowercase()
    frame = lines.select("page", "line", start=start, end=start + length, text=text)
    frame = frame.filter(pl.col("text") != "")
    shouted = pl.col("line").str.contains(_CAPITALS)
    return _repeated(_ruled(frame.with_columns(shouted=shouted).drop("line")), len(pages))


def _ruled(lines: pl.DataFrame) -> pl.DataFrame:
    """Add what the first rule that takes a line says of it, and whether a rule of the tail does."""
    lines = lines.with_columns(
        size=pl.col("text").str.len_bytes(),
        words=pl.col("text").str.count_matches(" ", literal=True) + 1,
        stop=pl.col("text").str.tail(6).str.contains(_STOP),
    )
    drops: list[str | None] = [None] * len(lines)
    effect = [""] * len(lines)
    tail = [False] * len(lines)
    numbered = lines.select("text", "size", "stop").with_row_index("at")
    for rule in rules():
        rows = numbered.filter((pl.col("size") <= rule.longest) & (rule.sentences | ~pl.col("stop")))
        for at in rows.filter(pl.col("text").str.contains(rule.pattern))["at"]:
            if rule.effect == "tail":
                tail[at] = True
            elif drops[at] is None:
                drops[at], effect[at] = rule.drops, rule.effect
    return lines.with_columns(
        pl.Series("drops", drops, dtype=pl.String), pl.Series("effect", effect), pl.Series("tail", tail)
    )


def _repeated(lines: pl.DataFrame, n_pages: int) -> pl.DataFrame:
    """Mark the lines that no rule takes but other pages have too."""
    if n_pages < SHARED_BY:
        return lines
    open_lines = lines.with_row_index("at").filter(pl.col("drops").is_null(), pl.col("size") <= SHARED_SIZE)
    twice = open_lines.filter(pl.col("text").is_duplicated())
    least = pl.when(pl.col("stop")).then(max(SHARED_BY, round(SHARED_PART * n_pages))).otherwise(SHARED_BY)
    shared = twice.filter(pl.col("page").n_unique().over("text") >= least)
    total = lines.group_by("page").agg(total=pl.col("words").sum())
    part = pl.col("words").sum().over("page") / pl.col("total")
    shared = shared.join(total, on="page").filter(part <= COPY)
    is_shared = pl.int_range(pl.len()).is_in(shared["at"].implode())
    return lines.with_columns(drops=pl.when(is_shared).then(pl.lit(REPEATED)).otherwise("drops"))
