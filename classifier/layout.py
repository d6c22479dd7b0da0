"""Read the lines of one page in order: where each article begins and ends, and what between them is not one.

An article is paragraphs that follow each other, below a headline. What stands before the first and after the last of
them, or below a heading such as "You may like", is furniture even where no rule takes it: menus, teasers, the readers'
comments. Where nothing speaks against a line between two paragraphs, it is kept: a subheading, a list, a short answer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from classifier.furniture import LONG_WORDS, PARAGRAPH_WORDS, TAIL_LINES

OUTSIDE = "outside the article"
LINKS = "list of links"
AUTHOR = "author"
SIGNS = {"byline", "date"}
SHARE = "share line"
SHARE_LINES = 3  # below a headline say as much as a byline does

HEADLINE_WORDS = range(3, 31)
HEADLINE_REACH = 14  # lines above the first paragraph
SHOUTED_WORDS = 5  # a line in capitals between two paragraphs is a subheading if it is shorter, else a link
LIST_LINES = 8  # more short lines than this in a row are a list of links
ARTICLE_WORDS = 45  # a further article on a page has as many, in two paragraphs
REVIVAL_WORDS = 150  # an article that had seemed over goes on with as many; no reader's comment does
CLOSING = {"closes", "ends"}
BOXES = {"subscription", "legal line", "comments"}  # a sentence between two of these is theirs


class Lines(NamedTuple):
    """The lines of a page, column by column, each of shape (n_lines,): what is known of a line by itself."""

    words: list[int]
    stop: list[bool]  # ends like a sentence
    drops: list[str | None]  # what it is; None where neither a rule nor other pages speak against it
    effect: list[str]
    tail: list[bool]
    shouted: list[bool]  # in capitals
    sentence: list[bool]  # nothing speaks against it, and it has a full stop or many words
    paragraph: list[bool]  # a sentence of some length


def fates(lines: Lines) -> tuple[list[int], list[str]]:
    """Return of each line the number of its article, from 1, or 0; and why it is dropped, "" where it is kept."""
    page = _Page(lines)
    page.read()
    return page.articles, page.reasons


class _Page:
    """The state of reading a page from top to bottom."""

    def __init__(self, lines: Lines) -> None:
        self.words, self.stop, self.drops, self.effect, self.tail, self.shouted, self.sentence, self.paragraph = lines
        self.size = len(self.words)
        self.articles = [0] * self.size
        self.reasons = [drops or OUTSIDE for drops in self.drops]
        self.article = 0
        self.kept: list[int] = []  # lines of the article that is being read

    def read(self) -> None:
        at, closed = 0, True
        over = False  # since a heading that ends an article, so that paragraphs alone do not go on with it
        while at < self.size:
            if closed:
                at, closed, over = self._seek(at, over=over)
            else:
                at, closed, over = self._follow(at)
        self._trim()
        if not any(self.articles):  # nothing but short lines: a headline, a list
            free = [row for row in range(self.size) if self.drops[row] is None]
            for row in free or range(self.size):
                self._set(row, 1, "")

    def _set(self, at: int, article: int, reason: str) -> None:
        self.articles[at], self.reasons[at] = article, reason

    # --- between articles

    def _seek(self, at: int, *, over: bool) -> tuple[int, bool, bool]:
        """Find the next paragraphs that follow each other, and begin or go on with an article there."""
        for first in range(at, self.size):
            if not over and self.effect[first] == "ends" and self.article:
                over = True
            if not self._is_solid(first):
                continue
            headline, signed = self._headline(first, at)
            if self.article == 0 or (headline is not None and signed and self._is_long(first)):
                self._begin(headline)
            elif not self._is_long(first, REVIVAL_WORDS if over else ARTICLE_WORDS):
                continue
            return first, False, False
        return self.size, True, over

    def _is_solid(self, at: int) -> bool:
        """Return whether a paragraph has another one after it, at most some plain furniture apart."""
        if not self.paragraph[at]:
            return False
        for row in range(at + 1, min(at + 6, self.size)):
            if self.sentence[row]:
                return True
            if self.drops[row] is None or self.effect[row] in CLOSING:
                break
        return self.words[at] >= 2 * LONG_WORDS

    def _is_long(self, at: int, least: int = ARTICLE_WORDS) -> bool:
        """Return whether the paragraphs from here on make an article: no list of teasers, each with its headline."""
        words = others = 0
        for row in range(at, min(at + 24, self.size)):
            if self.sentence[row]:
                others, words = 0, words + self.words[row]
                continue
            others += self.drops[row] is None
            if self.effect[row] in CLOSING or others > 1:
                break
            if self.drops[row] is None:
                words -= 2 * PARAGRAPH_WORDS
        return words >= least

    def _headline(self, first: int, floor: int) -> tuple[int | None, bool]:
        """Return the headline above a first paragraph, and whether a byline or date stands below it."""
        floor = max(floor, first - HEADLINE_REACH)
        above = range(first - 1, floor - 1, -1)
        under = [at for at in above if self.drops[at] in SIGNS and self.effect[at] == "begins"]
        share = [at for at in above if self.drops[at] == SHARE and self.effect[at] == "begins"]
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
        marks = [self.drops[row] in SIGNS for row in range(at, first) if self._mark(row)]
        return sum(now and not before for before, now in pairwise(marks)) > 1

    def _mark(self, at: int) -> bool:
        return self.drops[at] in SIGNS or (self._may_be_headline(at) and self.words[at] > 5)

    def _may_be_headline(self, at: int, *, stops: bool = False) -> bool:
        return self.drops[at] is None and self.words[at] in HEADLINE_WORDS and self.stop[at] <= stops

    def _begin(self, headline: int | None) -> None:
        self._trim()
        if self.kept or not self.article:  # else all of the article before was a box's
            self.article += 1
        self.kept = []
        if headline is not None:
            self._keep(headline, headline + 1)

    def _keep(self, start: int, end: int) -> None:
        self.articles[start:end] = [self.article] * (end - start)
        self.reasons[start:end] = [""] * (end - start)
        self.kept += range(start, end)

    # --- within an article

    def _follow(self, at: int) -> tuple[int, bool, bool]:
        """Read sentences, or the lines up to the next one; return where to go on, and whether the article closed."""
        if self.sentence[at]:
            end = self._run(at, of_sentences=True)
            if end == at + 1 and self._is_boxed(at):
                self._set(at, 0, self.drops[at - 1] or OUTSIDE)
            else:
                self._keep(at, end)
            return end, False, False
        end = self._run(at, of_sentences=False)
        for row in range(at, end):
            if self.effect[row] in CLOSING:
                return row + 1, True, self.effect[row] == "ends"
        if self._begins_another(at, end):
            return at, True, False
        self._between(at, end)
        return end, False, False

    def _run(self, at: int, *, of_sentences: bool) -> int:
        """Return where a run of sentences, or of other lines, ends."""
        try:
            return self.sentence.index(not of_sentences, at)
        except ValueError:
            return self.size

    def _begins_another(self, at: int, end: int) -> bool:
        """Return whether the short lines of a run hold the headline and byline of a further article."""
        if end == self.size or end - at < 3 or not self._is_solid(end):
            return False
        headline, signed = self._headline(end, at)
        return headline is not None and signed and self._is_long(end)

    def _between(self, at: int, end: int) -> None:
        """Decide on short lines between two paragraphs, or after the last one."""
        short = [row for row in range(at, end) if self.drops[row] is None]
        if any(self.shouted[row] and self.words[row] >= SHOUTED_WORDS for row in short):
            keep = []
        elif len(short) < end - at:  # beside furniture, all but a subheading right above the paragraph is suspicious
            keep = short if short == [end - 1] and end < self.size else []
        else:
            keep = short if len(short) <= (LIST_LINES if end < self.size else 1) else []
        for row in short:
            self._set(row, 0, LINKS)
        for row in keep:
            self._keep(row, row + 1)

    def _is_boxed(self, at: int) -> bool:
        """Return whether a sentence stands between two lines of the same kind of box."""
        if at == 0 or at + 1 == self.size or self.words[at] > LONG_WORDS:
            return False
        return self.drops[at - 1] in BOXES and self.drops[at + 1] in BOXES

    def _trim(self) -> None:
        """Drop what stands below the last paragraph of the article: the author's life, short lines."""
        low = len(self.kept) - TAIL_LINES
        while len(self.kept) > max(low, 3) and self.tail[self.kept[-1]]:
            self._set(self.kept.pop(), 0, AUTHOR)
