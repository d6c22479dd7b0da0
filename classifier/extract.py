"""Take the articles out of an HTML page: page -> title, text and what its metadata says.

trafilatura reads the page; where it finds nothing, readability does, and else all visible text is taken, for the
cleaner to sort out. A page with several whole articles in <article> elements gives each of them.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree, html

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_WORDS = 25  # an extraction with fewer has missed the article
ARTICLE_WORDS = 80  # in paragraphs, of each <article> of a page that holds several
MAX_ELEMENTS = 40_000  # of a page that extractors are let at: they may take longer than in proportion
LONG_TAG = re.compile(r"<[^<>]{10000,}>")  # an image spelled out, or an attack: ten thousand attributes take minutes
SILENT = {"head", "iframe", "noscript", "script", "style", "template", "svg", "object"}
INLINE = set("a abbr b cite code em font i mark q s small span strong sub sup time u".split())  # noqa: SIM905  words


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """An article of a page; what is not known is None."""

    text: str
    title: str | None
    date: str | None
    outlet: str | None
    url: str | None
    extraction: str  # the method: trafilatura, readability or visible text

    @property
    def fields(self) -> dict[str, str | None]:
        names = ("title", "date", "outlet", "url", "extraction")
        return {name: getattr(self, name) for name in names}


def extract(page: str) -> list[Extracted]:
    """Return the articles of a page, none where it has no visible text."""
    sound = LONG_TAG.sub(" ", page.replace("\0", " "))
    try:
        tree = html.document_fromstring(sound.encode(errors="replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError, AssertionError):
        return []
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        return _visible(tree)
    parts = _articles_in(tree)
    if len(parts) > 1:
        return [found for part in parts for found in _one(part)]
    return _one(tree)


def _articles_in(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """Return the <article> elements that hold a whole article each, but for those within another one."""
    found = [part for part in tree.iter("article") if not any(True for _ in part.iterancestors("article"))]
    return [part for part in found if _words(part) >= ARTICLE_WORDS]


def _words(part: html.HtmlElement) -> int:
    return sum(len((paragraph.text_content() or "").split()) for paragraph in part.iter("p"))


def _one(tree: html.HtmlElement) -> list[Extracted]:
    with warnings.catch_warnings(action="ignore"):  # one of its parts misses a proxy library that nobody asked for
        import trafilatura  # noqa: PLC0415  half a second that only pages need wait for
        from trafilatura.settings import Document  # noqa: PLC0415

    document = trafilatura.bare_extraction(tree, with_metadata=True, include_comments=False)
    text = document.text if isinstance(document, Document) else None
    if isinstance(document, Document) and text and len(text.split()) >= FEWEST_WORDS:
        outlet = document.sitename or document.hostname
        known = {"title": document.title, "date": document.date, "outlet": outlet, "url": document.url}
        return [Extracted(text=text, extraction="trafilatura", **known)]
    return _readable(tree) or _visible(tree)


def _readable(tree: html.HtmlElement) -> list[Extracted]:
    from readability import Document  # noqa: PLC0415
    from readability.readability import Unparseable  # noqa: PLC0415

    try:
        document = Document(html.tostring(tree, encoding="unicode"))
        text = "\n".join(_lines(html.fromstring(document.summary())))
    except (Unparseable, etree.LxmlError, ValueError, AssertionError, KeyError, TypeError):
        return []
    if len(text.split()) < FEWEST_WORDS:
        return []
    title = document.short_title() or None
    return [Extracted(text=text, title=title, date=None, outlet=None, url=None, extraction="readability")]


def _visible(tree: html.HtmlElement) -> list[Extracted]:
    text = "\n".join(_lines(tree))
    title = tree.findtext(".//title")
    found = Extracted(text=text, title=title, date=None, outlet=None, url=None, extraction="visible text")
    return [found] if text else []


def _lines(tree: html.HtmlElement) -> Iterator[str]:
    """Yield the visible text of a tree, a line for each block; no recursion, so that depth is no matter."""
    pieces: list[str] = []
    silent = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag:
            pieces += [element.tail or ""] if event == "end" and not silent else []
            continue
        if tag not in INLINE and (line := " ".join("".join(pieces).split())):
            yield line
        if tag not in INLINE:
            pieces.clear()
        if event == "start":
            silent += tag in SILENT
            pieces += [] if silent else [element.text or ""]
        else:
            silent -= tag in SILENT
            pieces += [] if silent else [element.tail or ""]
    if line := " ".join("".join(pieces).split()):
        yield line
