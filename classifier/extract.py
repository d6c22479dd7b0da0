"""Take the articles out of an HTML page: page -> title, text and what its metadata says.

trafilatura reads the page, or readability where it finds nothing. Where that misses much of what the page has in
paragraphs, all visible text is taken instead, for the cleaner to sort out. A page with several whole articles in
<article> elements gives each of them.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree, html

from classifier.furniture import LONG_WORDS, PARAGRAPH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Known = dict[str, str | None]

FEWEST_WORDS = 25  # an extraction with fewer has missed the article
MOST = 0.6  # of the words of the page's paragraphs, that an extraction has unless it missed some
VISIBLE = "visible text"
STOPS = frozenset(".!?…\"'”’)")  # noqa: RUF001  the quotation mark is meant
COMMENT = re.compile("comment|repl(y|ies)", re.IGNORECASE)
DATE = re.compile(r"(19|20)\d\d-[01]\d-[0-3]\d")
ARTICLE_WORDS = 80  # in paragraphs, of each <article> of a page that holds several
MAX_ELEMENTS = 40_000  # of a page that extractors are let at: they may take longer than in proportion
MAX_TEXT = 2_000_000  # characters; no article has so many, and extractors would take seconds
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


def extract(page: str, url: str | None = None) -> list[Extracted]:
    """Return the articles of a page, none where it has no visible text.

    `url` is where the page was found, for pages that do not say so themselves.
    """
    tree = _tree(page)
    if tree is None:
        return []
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        return _made("\n".join(visible_lines(tree)), VISIBLE, {"title": tree.findtext(".//title"), "url": url})
    with warnings.catch_warnings(action="ignore"):  # one of its parts misses a proxy library that nobody asked for
        import trafilatura  # noqa: F401, PLC0415  half a second that only pages need wait for
    known = _metadata(tree, url)
    parts = _articles_in(tree)
    if len(parts) > 1:
        return [found for part in parts for found in _made(*_text(part), known | _own_metadata(part))]
    return _made(*_text(tree), known)


def visible(page: str) -> list[Extracted]:
    """Return all visible text of a page as one article, none where it has no visible text."""
    tree = _tree(page)
    return [] if tree is None else _made("\n".join(visible_lines(tree)), VISIBLE, {})


def _tree(page: str) -> html.HtmlElement | None:
    sound = LONG_TAG.sub(" ", page.replace("\0", " "))
    try:
        return html.document_fromstring(sound.encode(errors="replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def _made(text: str, method: str, known: Known) -> list[Extracted]:
    fields = {name: known.get(name) for name in ("title", "date", "outlet", "url")}
    return [Extracted(text=text, extraction=method, **fields)] if text else []


def _articles_in(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """Return the <article> elements that hold a whole article each, but for those within another and for comments."""
    found = [part for part in tree.iter("article") if not any(True for _ in part.iterancestors("article"))]
    return [part for part in found if _words(part) >= ARTICLE_WORDS and not _is_comment(part)]


def _words(part: html.HtmlElement) -> int:
    return sum(len((paragraph.text_content() or "").split()) for paragraph in part.iter("p"))


def _is_comment(part: html.HtmlElement) -> bool:
    names = (element.get(key, "") for element in (part, *part.iterancestors()) for key in ("id", "class"))
    return any(COMMENT.search(name) for name in names)


def _metadata(tree: html.HtmlElement, url: str | None) -> Known:
    from trafilatura.metadata import extract_metadata  # noqa: PLC0415

    found = extract_metadata(tree, url)
    outlet = found.sitename or found.hostname
    return {"title": found.title, "date": found.date, "outlet": outlet, "url": found.url or url}


def _own_metadata(part: html.HtmlElement) -> Known:
    """Return the title and date of one article among several, where it says so; else the page's date holds."""
    headings = (" ".join(heading.text_content().split()) for heading in part.iter("h1", "h2", "h3"))
    dates = (time.get("datetime", "")[:10] for time in part.iter("time"))
    dated = next((date for date in dates if DATE.fullmatch(date)), None)
    return {"title": next(filter(None, headings), None)} | ({"date": dated} if dated else {})


# --- from a page, or one article of it, to text


def _text(tree: html.HtmlElement) -> tuple[str, str]:
    """Return the text of the best method and its name."""
    from trafilatura import bare_extraction  # noqa: PLC0415
    from trafilatura.settings import Document  # noqa: PLC0415

    lines = list(visible_lines(tree))
    if sum(map(len, lines)) > MAX_TEXT:
        return "\n".join(lines), VISIBLE
    document = bare_extraction(tree, include_comments=False)
    text = document.text if isinstance(document, Document) else None
    method = "trafilatura"
    if not text:  # where it finds a part it has asked a readability of its own already
        text, method = _readable(html.tostring(tree, encoding="unicode")), "readability"
    return (text, method) if _is_whole(text, lines) else ("\n".join(lines), VISIBLE)


def _is_whole(text: str, lines: Sequence[str]) -> bool:
    """Return whether an extraction has most of what the page has in paragraphs.

    Where the markup is bad, an extractor may take a box for the article.
    """
    sizes = [len(line.split()) for line in lines]
    paragraphs = sum(size for size, line in zip(sizes, lines, strict=True) if size >= LONG_WORDS or _stops(size, line))
    return len(text.split()) >= max(FEWEST_WORDS, MOST * paragraphs)


def _stops(size: int, line: str) -> bool:
    return size >= PARAGRAPH_WORDS and line[-1] in STOPS


def _readable(markup: str) -> str:
    from readability import Document  # noqa: PLC0415
    from readability.readability import Unparseable  # noqa: PLC0415

    try:
        return "\n".join(visible_lines(html.fromstring(Document(markup).summary())))
    except (Unparseable, etree.LxmlError, ValueError, AssertionError):  # its own errors, and lxml's for an empty page
        return ""


def visible_lines(tree: html.HtmlElement) -> Iterator[str]:
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
