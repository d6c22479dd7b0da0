"""Find HTML where text is expected: a row -> its articles, one way for every format.

A row of a table, a text file or standard input may hold a whole HTML page, or the paragraphs that a publishing system
exports. A page goes through the extractors; such paragraphs are the article already, so that all of their visible text
is taken. Text that only mentions tags begins with words and is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from classifier.errors import ArticleError
from classifier.rows import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from classifier.extract import Extracted
    from classifier.rows import Layout, Row

_START = r"(?is)^[\s\x{FEFF}]*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_BLOCKS = "address|article|aside|blockquote|center|div|dl|figure|h[1-6]|header|main|ol|p|pre|section|table|ul"
_OTHERS = "a|b|br|em|font|hr|i|iframe|img|picture|script|small|span|strong|style|u|video"
PAGE = rf"{_START}<(?:!doctype\s+html\b|(?:html|head|body)(?:\s[^<>]*)?>.*</[a-z])"
# As Polars reads it: begins with a tag, ends with one, and closes a block between.
FRAGMENT = rf"{_START}<(?:{_BLOCKS}|{_OTHERS})(?:\s[^<>]*)?/?>(?:.*</(?:{_BLOCKS})\s*>\s*|.*</(?:{_BLOCKS})\s*>.*>\s*)$"
_TAG_FIRST = re.compile(r"[\s\ufeff]*<[!?a-z]", re.IGNORECASE)  # before a Series is made of a text


def is_html(texts: pl.Series) -> pl.Series:
    """Return which texts are pages or fragments of HTML, a Boolean each; null is none."""
    return (texts.str.contains(PAGE) | texts.str.contains(FRAGMENT)).fill_null(value=False)


def articles_in(row: Row, layout: Layout) -> list[Mapping[str, object]]:
    """Return the fields of a row, once for each article that its HTML holds.

    What the row itself says of title, date, outlet and url stays, but that a title goes with the first article alone.

    Raises
    ------
    ArticleError
        If the HTML has no visible text.
    """
    text = row.fields.get(layout.keys["text"])
    if not isinstance(text, str) or not (row.is_page or _TAG_FIRST.match(text)):
        return [row.fields]
    is_page = row.is_page or _matches(text, PAGE)
    if not is_page and not _matches(text, FRAGMENT):
        return [row.fields]
    from classifier.extract import extract, visible  # noqa: PLC0415  only pages need wait for it

    url = plain(row.fields.get(layout.keys["url"])) or row.place.uri
    found = extract(text, url) if is_page else visible(text)
    if not found:
        msg = "no text on the page; expected an article (save it as a browser shows it)"
        raise ArticleError(msg)
    return [_filled(row, article, layout, is_first=article is found[0]) for article in found]


def split_frame(frame: pl.DataFrame) -> Iterator[tuple[bool, pl.DataFrame]]:
    """Yield a frame in parts, in order, each with whether its texts are HTML."""
    runs = is_html(frame["text"]).rle().struct.unnest()
    start = 0
    for length, html in runs.iter_rows():
        yield html, frame.slice(start, length)
        start += length


def _matches(text: str, pattern: str) -> bool:
    return bool(pl.Series([text]).str.contains(pattern)[0])  # linear in the text, unlike the patterns of Python


def _filled(row: Row, article: Extracted, layout: Layout, *, is_first: bool) -> Mapping[str, object]:
    fields = dict(row.fields)
    for name, value in article.fields.items():
        key = layout.keys.get(name, name)
        if plain(fields.get(key)) is None or (name == "title" and not is_first):
            fields[key] = value
    return {**fields, layout.keys["text"]: article.text, "extraction": article.extraction}
