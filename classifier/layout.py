"""Read the lines of one page in order: where each article begins and ends, and what between them is not one.

An article is paragraphs that follow each other, below a headline. What stands before the first and after the last of
them, or below a heading such as "You may like", is furniture even where no rule takes it: menus, teasers, the readers'
comments. Where nothing speaks against a line between two paragraphs, it is kept: a subheading, a list, a short answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

OUTSIDE = "outside the article"
LINKS = "list of links"
AUTHOR = "author"
SIGNS = {"byline", "date"}
SHARE = "share line"
SHARE_LINES = 3  # below a headline say as much as a byline does

PARAGRAPH_WORDS = 12  # a line with a full stop and so many words is a paragraph
LONG_WORDS = 30  # so is one with so many words, whatever it ends with
HEADLINE_WORDS = range(3, 31)
HEADLINE_REACH = 14  # lines above the first paragraph
SHOUTED_WORDS = 5  # a line in capitals between two paragraphs is a subheading if it is shorter, else a link
LIST_LINES = 8  # more short lines than this in a row are a list of links
ARTICLE_WORDS = 45  # a further article on a page has as many, in two paragraphs
REVIVAL_WORDS = 150  # an article that had seemed over goes on with as many; no reader's comment does
TAIL_LINES = 6  # of an article that rules of the tail may take
BOXES = {"subscription", "legal line", "comments"}  # a sentence between two of these is theirs

Fate = tuple[int, str]  # the article, from 1; or 0, and why the line is dropped


class Line(NamedTuple):
    """What is known of a line by itself; `drops` is None where neither a rule nor other pages speak against it."""

    words: int
    stop: bool  # ends like a sentence
    drops: str | None
    effect: str
    tail: bool
    shouted: bool  # in capitals

    @property
    def is_sentence(self) -> bool:
        return self.drops is None and ((self.stop and self.words >= 3) or self.words >= LONG_WORDS)

    @property
    def is_paragraph(self) -> bool:
        return self.drops is None and ((self.stop and self.words >= PARAGRAPH_WORDS) or self.words >= LONG_WORDS)


def fates(lines: Sequence[Line]) -> list[Fate]:
    """Say of each line which article it is of, or why it is none's."""
    page = _Page(lines)
    page.read()
    return page.fates


class _Page:
    """The state of reading a page from top to bottom."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.sentence = [line.is_sentence for line in lines]
        self.paragraph = [line.is_paragraph for line in lines]
        self.fates: list[Fate] = [(0, line.drops or OUTSIDE) for line in lines]
        self.article = 0
        self.kept: list[int] = []  # lines of the article that is being read

    def read(self) -> None:
        at, closed = 0, True
        over = False  # since a heading that ends an article, so that paragraphs alone do not go on with it
        while at < len(self.lines):
            if closed:
                at, closed, over = self._seek(at, over=over)
            else:
                at, closed, over = self._follow(at)
        self._trim()
        if self.article == 0:  # nothing but short lines: a headline, a list
            self.fates = [(0, line.drops) if line.drops else (1, "") for line in self.lines]
            if not any(article for article, _ in self.fates):
                self.fates = [(1, "")] * len(self.lines)

    # --- between articles

    def _seek(self, at: int, *, over: bool) -> tuple[int, bool, bool]:
        """Find the next paragraphs that follow each other, and begin or go on with an article there."""
        for first in range(at, len(self.lines)):
            if not over and self.lines[first].effect == "ends" and self.article:
                over = True
            if not self._is_solid(first):
                continue
            headline, signed = self._headline(first, at)
            if self.article == 0 or (headline is not None and signed and self._is_long(first)):
                self._begin(headline)
            elif not self._is_long(first, REVIVAL_WORDS if over else ARTICLE_WORDS):
                continue
            return first, False, False
        return len(self.lines), True, over

    def _is_solid(self, at: int) -> bool:
        """Return whether a paragraph has another one after it, at most some plain furniture apart."""
        if not self.paragraph[at]:
            return False
        for line, sentence in zip(self.lines[at + 1 : at + 6], self.sentence[at + 1 : at + 6], strict=True):
            if sentence:
                return True
            if line.drops is None or line.effect in {"closes", "ends"}:
                break
        return self.lines[at].words >= 2 * LONG_WORDS

    def _is_long(self, at: int, least: int = ARTICLE_WORDS) -> bool:
        """Return whether the paragraphs from here on make an article: no list of teasers, each with its headline."""
        words = others = 0
        for line, sentence in zip(self.lines[at : at + 24], self.sentence[at : at + 24], strict=True):
            others = 0 if sentence else others + (line.drops is None)
            words += line.words if sentence else 0
            if line.effect in {"closes", "ends"} or others > 1:
                break
            if line.drops is None and not sentence:
                words -= 2 * PARAGRAPH_WORDS
        return words >= least

    def _headline(self, first: int, floor: int) -> tuple[int | None, bool]:
        """Return the headline above a first paragraph, and whether a byline or date stands below it."""
        floor = max(floor, first - HEADLINE_REACH)
        above = range(first - 1, floor - 1, -1)
        under = [at for at in above if self.lines[at].drops in SIGNS and self.lines[at].effect == "begins"]
        share = [at for at in above if self.lines[at].drops == SHARE and self.lines[at].effect == "begins"]
        highest = [*reversed(under), *(share[-1:] if len(share) >= SHARE_LINES else [])]
        for sign in highest:  # of those that have a headline above them
            for stops in (False, True):  # few headlines end like a sentence, but standfirsts do
                for at in range(sign - 1, floor - 1, -1):
                    if self._may_be_headline(at, stops=stops):
                        return at, not self._are_teasers(at, first)
        candidates = [at for at in above if self._may_be_headline(at)]
        return (candidates[-1] if candidates else None), False

    def _are_teasers(self, at: int, first: int) -> bool:
        """Return whether headlines and dates take turns between two lines."""
        marks = [self.lines[row].drops in SIGNS for row in range(at, first) if self._mark(row)]
        return sum(now and not before for before, now in pairwise(marks)) > 1

    def _mark(self, at: int) -> bool:
        line = self.lines[at]
        return line.drops in SIGNS or (self._may_be_headline(at) and line.words > 5)

    def _may_be_headline(self, at: int, *, stops: bool = False) -> bool:
        line = self.lines[at]
        return line.drops is None and line.words in HEADLINE_WORDS and line.stop <= stops

    def _begin(self, headline: int | None) -> None:
        self._trim()
        self.article += 1
        self.kept = []
        if headline is not None:
            self._keep(headline)

    def _keep(self, at: int) -> None:
        self.fates[at] = (self.article, "")
        self.kept.append(at)

    # --- within an article

    def _follow(self, at: int) -> tuple[int, bool, bool]:
        """Read one sentence, or the lines up to the next one; return where to go on, and whether the article closed."""
        if self.sentence[at]:
            if self._is_boxed(at):
                self.fates[at] = (0, self.lines[at - 1].drops or OUTSIDE)
            else:
                self._keep(at)
            return at + 1, False, False
        end = at
        while end < len(self.lines) and not self.sentence[end]:
            if self.lines[end].effect in {"closes", "ends"}:
                return end + 1, True, self.lines[end].effect == "ends"
            end += 1
        if self._begins_another(at, end):
            return at, True, False
        self._between(at, end)
        return end, False, False

    def _begins_another(self, at: int, end: int) -> bool:
        """Return whether the short lines of a run hold the headline and byline of a further article."""
        if end == len(self.lines) or end - at < 3 or not self._is_solid(end):
            return False
        headline, signed = self._headline(end, at)
        return headline is not None and signed and self._is_long(end)

    def _between(self, at: int, end: int) -> None:
        """Decide on short lines between two paragraphs, or after the last one."""
        short = [row for row in range(at, end) if self.lines[row].drops is None]
        if any(self.lines[row].shouted and self.lines[row].words >= SHOUTED_WORDS for row in short):
            self.fates[at:end] = [(0, self.lines[row].drops or LINKS) for row in range(at, end)]
            return
        plain = len(short) == end - at
        if end == len(self.lines):
            keep = short if plain and len(short) == 1 else []
        elif plain:
            keep = short if len(short) <= LIST_LINES else []
        else:
            keep = short[-1:] if short and short[-1] == end - 1 and len(short) == 1 else []
        for row in short:
            self.fates[row] = (0, LINKS)
        for row in keep:
            self._keep(row)

    def _is_boxed(self, at: int) -> bool:
        """Return whether a sentence stands between two lines of the same kind of box."""
        if at == 0 or at + 1 == len(self.lines) or self.lines[at].words > LONG_WORDS:
            return False
        return self.lines[at - 1].drops in BOXES and self.lines[at + 1].drops in BOXES

    def _trim(self) -> None:
        """Drop what stands below the last paragraph of the article: the author's life, short lines."""
        low = len(self.kept) - TAIL_LINES
        while len(self.kept) > max(low, 3):
            at = self.kept[-1]
            line = self.lines[at]
            if not line.tail:
                break
            self.fates[at] = (0, AUTHOR)
            self.kept.pop()
