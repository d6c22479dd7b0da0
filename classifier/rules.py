"""Ask lines which rules of `furniture.toml` take them: each rule is one regular expression over a column of lines.

Polars keeps 32 compiled expressions for each thread. The rules have more, and compiling them all for every batch takes
some 30 ms. So rules are shared out to threads of their own, each with few enough to keep.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from classifier.words import Ids

RULES = Path(__file__).parent / "furniture.toml"

SHORT = 260  # bytes of a line that most rules can take
SHARES = 2  # of the rules: the fewest whose expressions Polars keeps

Ends = tuple[int, int, int]  # of short sentences, of other short lines, of all, in lines that are sorted so

# Classes of ASCII characters: with those of Unicode the same rules take twenty times as long.
_ASCII = ((r"\b", r"(?-u:\b)"), (r"\w", "[a-z0-9_]"), (r"\W", "[^a-z0-9_]"), (r"\d", "[0-9]"), (r"\s", "[ \\t\u00a0]"))


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
    def at_start(self) -> bool:
        """Whether most lines are told by how they begin: so are all rules of sentences that need nothing."""
        return self.sentences and not self.needs

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


def taken(lines: pl.DataFrame, asked: Sequence[Rule]) -> list[Ids]:
    """Return for each rule the places, as in the column `at`, of the lines that it takes.

    Parameters
    ----------
    lines
        Columns at, text (in lower case), size (its bytes) and stop (whether it ends like a sentence).
    asked
        Some of `rules()`.
    """
    short, stop = pl.col("size") <= SHORT, pl.col("stop")
    longest = max(rule.longest for rule in asked)
    kinds = [lines.filter(short, stop), lines.filter(short, ~stop), lines.filter(~short, pl.col("size") <= longest)]
    # So sorted, the lines that a rule may take stand together, and it is asked once: each time costs as much as
    # a hundred lines, since Polars begins with an empty cache of the expression's states.
    lines = pl.concat(kinds)
    sentences, others, long = map(len, kinds)
    ends = sentences, sentences + others, sentences + others + long
    waiting = [share.ask(lines, asked, ends) for share in _shares()]
    places = {rule.match: found for future in waiting for rule, found in future.result()}
    at = lines["at"].to_numpy()
    return [at[places[rule.match]] for rule in asked]


class _Share:
    """Some of the rules, with the thread that asks them."""

    def __init__(self, own: Sequence[Rule]) -> None:
        self._rules = own
        self._begins = "|".join(rule.pattern for rule in own if rule.at_start)
        self._thread = ThreadPoolExecutor(1, "slantwise-rules")

    def ask(self, lines: pl.DataFrame, asked: Sequence[Rule], ends: Ends) -> Future[list[tuple[Rule, Ids]]]:
        """Begin to find the places of the lines that each rule takes, of those that are asked and its own."""
        own = [rule for rule in asked if rule in self._rules]
        return self._thread.submit(lambda: list(self._taken(lines, own, ends)))

    def _taken(self, lines: pl.DataFrame, asked: Sequence[Rule], ends: Ends) -> Iterator[tuple[Rule, Ids]]:
        """All but `_seq` would leave this thread for those of Polars."""
        lines = lines.with_columns_seq(begins=pl.col("text").str.contains(self._begins))
        for (start, end), rules_ in _by_span(asked, ends).items():
            part = lines[start:end]
            for rule, maybe in zip(rules_, part.select_seq(map(_may_take, rules_)), strict=True):
                at = np.flatnonzero(maybe.to_numpy())
                if len(at) and (rule.needs or rule.at_start):
                    at = at[part["text"].gather(at).str.contains(rule.pattern).to_numpy()]
                yield rule, start + at


def _by_span(asked: Sequence[Rule], ends: Ends) -> dict[tuple[int, int], list[Rule]]:
    """Return rules by where the lines that they may take begin and end."""
    sentences, short, all_ = ends
    found: dict[tuple[int, int], list[Rule]] = {}
    for rule in asked:
        span = 0 if rule.sentences else sentences, all_ if rule.longest > SHORT else short
        found.setdefault(span, []).append(rule)
    return found


def _may_take(rule: Rule) -> pl.Expr:
    screened = pl.col("begins") if rule.at_start else pl.col("text").str.contains(rule.screen)
    is_asked = (pl.col("size") <= rule.longest) & (pl.lit(rule.sentences) | ~pl.col("stop"))
    return (screened & is_asked).alias(rule.match)


@lru_cache(maxsize=1)
def _shares() -> list[_Share]:
    return [_Share(rules()[first::SHARES]) for first in range(SHARES)]
