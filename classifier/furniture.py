"""Say what speaks against the lines of a batch of pages: texts -> lines, before `classifier.layout` reads each page.

A line is furniture if a rule of `furniture.toml` takes it, or if other pages of the batch have it too. Each rule is one
regular expression over a column of lines. What costs time is how much text it is asked of: so lines are asked in three
groups, and of those in long paragraphs, which are most of a page, only the few rules that take such lines.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

RULES = Path(__file__).parent / "furniture.toml"

REPEATED = "repeated line"  # the reason where no rule takes a line, but other pages of the batch have it too
SHARED_BY = 3  # pages of a batch that have the same line
SHARED_PART = 0.01  # of a batch's pages, for a line that is a sentence: quotations and wire copy recur too
SHARED_SIZE = 600  # bytes; nothing longer is furniture because it recurs
COPY = 0.4  # of its words shared: such an article is a copy of others, not furniture
PARAGRAPH_WORDS = 12  # a line with a full stop and so many words is a paragraph
LONG_WORDS = 30  # so is one with so many words, whatever it ends with
TAIL_LINES = 6  # of an article that rules of the tail may take
SHORT = 260  # bytes of a line that most rules can take

# Classes of ASCII characters: with those of Unicode the same rules take twenty times as long.
_ASCII = ((r"\b", r"(?-u:\b)"), (r"\w", "[a-z0-9_]"), (r"\W", "[^a-z0-9_]"), (r"\d", "[0-9]"), (r"\s", "[ \\t\u00a0]"))
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
    needs: str = ""

    @property
    def pattern(self) -> str:
        """The regular expression that a line must match, as Polars takes it."""
        return f"^(?:{_ascii(self.match)})$"

    @property
    def screen(self) -> str:
        """What is asked first, of all lines: what the rule needs, or else the pattern itself."""
        return _ascii(self.needs) or self.pattern


def _ascii(pattern: str) -> str:
    for short, characters in _ASCII:
        pattern = pattern.replace(short, characters)
    return pattern


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they are tried."""
    return tuple(Rule(**row) for row in tomllib.loads(RULES.read_text("utf-8"))["rule"])


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
    return lines.with_columns(tail=pl.col("at").is_in(_tails(lines).implode()))


def _ruled(lines: pl.DataFrame) -> pl.DataFrame:
    """Add what the first rule that takes a line says of it, but for the rules of the tail."""
    lines = lines.with_columns(
        size=pl.col("text").str.len_bytes(),
        words=pl.col("text").str.count_matches(" ") + 1,
        stop=pl.col("text").str.tail(6).str.contains(_STOP),
    ).with_row_index("at")
    size, stop = pl.col("size"), pl.col("stop")
    asked = [rule for rule in rules() if rule.effect != "tail"]
    longest = max(rule.longest for rule in asked)
    short = lines.filter(size <= SHORT, ~stop)
    once = short.unique("text")  # the menus of a site recur on each of its pages
    answers = once.select("text").hstack(_first(once, asked).drop("at"))
    found = [
        short.select("at", "text").join(answers, on="text").drop("text"),
        _first(lines.filter(size <= SHORT, stop), [rule for rule in asked if rule.sentences]),
        _first(lines.filter(size > SHORT, size <= longest), [rule for rule in asked if rule.longest > SHORT]),
    ]
    lines = lines.join(pl.concat(found), on="at", how="left", maintain_order="left")
    return lines.with_columns(pl.col("effect").fill_null(""))


def _tails(lines: pl.DataFrame) -> pl.Series:
    """Return the places of the sentences that a rule of the tail takes, where an article may end.

    It ends with its page or with a line that is no sentence, so that most sentences need not be asked.
    """
    following = [pl.col("sentence").shift(-n, fill_value=False) for n in range(1, TAIL_LINES + 1)]
    pages = [pl.col("page").shift(-n) == pl.col("page") for n in range(1, TAIL_LINES + 1)]
    near = lines.filter("sentence", ~pl.all_horizontal(*following, *pages))
    return _taken(near, [rule for rule in rules() if rule.effect == "tail"]).filter(
        pl.any_horizontal(pl.exclude("at"))
    )["at"]


def _first(lines: pl.DataFrame, asked: Sequence[Rule]) -> pl.DataFrame:
    """Return what the first rule that takes a line says of it: at, drops and effect."""
    return _taken(lines, asked).select(
        "at",
        pl.coalesce(pl.when(rule.match).then(pl.lit(rule.drops)) for rule in asked).alias("drops"),
        pl.coalesce(pl.when(rule.match).then(pl.lit(rule.effect)) for rule in asked).alias("effect"),
    )


def _taken(lines: pl.DataFrame, asked: Sequence[Rule]) -> pl.DataFrame:
    """Return which rules take which lines: at, and a column of booleans for each rule, called as its pattern.

    Lines are asked first for what a rule needs. Rules of sentences that need nothing all begin at the start of the
    line, where most lines are told from all of them at once.
    """
    at_start = [rule for rule in asked if rule.sentences and not rule.needs]
    screens = {rule.match: rule.screen for rule in asked if rule not in at_start}
    screens["at start"] = "|".join(rule.pattern for rule in at_start) or "$^"
    maybe = lines.select(pl.col("text").str.contains(screen).alias(name) for name, screen in screens.items())
    taken = [lines["at"]]
    for rule in asked:
        found = maybe["at start" if rule in at_start else rule.match].alias(rule.match)
        at = (found & lines.select(_is_asked(rule)).to_series()).arg_true()
        sure = lines["text"][at].str.contains(rule.pattern) if rule.needs or rule in at_start else True
        taken.append(pl.zeros(len(lines), pl.Boolean, eager=True).scatter(at, sure).alias(rule.match))
    return pl.DataFrame(taken)


def _is_asked(rule: Rule) -> pl.Expr:
    return (pl.col("size") <= rule.longest) & (pl.lit(rule.sentences) | ~pl.col("stop"))


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
