"""The test bed of cleaning: articles of AllSides wrapped in the furniture of invented sites.

A style in `styles/` is a template of a whole page. Styles in `unseen/` were written before the rules, by someone else,
and nobody who changes `classifier/furniture.toml` or `classifier/clean.py` may read them, nor errors made on them.
`articles.jsonl` names the articles by id, with the lines of each that are furniture already: judged by reading, line by
line. Texts come from ../shared and are never committed.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "shared" / "corpora" / "allsides.parquet"
PAGES_PER_STYLE = 5
BLOCKS = set(
    """address article aside blockquote body br button caption center dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html label legend li main nav ol option p pre section select summary table
    tbody td textarea tfoot th thead tr ul""".split()  # noqa: SIM905  forty quoted words are worse
)
SILENT = {"head", "iframe", "noscript", "script", "style", "template"}
AUTHORS = ("Dana Whitlock", "Priya Raman", "Tom Okafor", "Elise Marchetti", "J. R. Castellano", "Hannah Voss")
SECTIONS = ("Politics", "Nation", "World", "Health", "Immigration", "Business")


@dataclass(frozen=True)
class Article:
    """What a template gets to print."""

    id: str
    title: str
    paragraphs: list[str]
    outlet: str
    date: date
    url: str
    author: str
    section: str


@dataclass(frozen=True)
class Page:
    """A page as HTML, and as the plain text that is left of it.

    `gold` has the number of the article, from 1, that each line of the text belongs to, 0 where it is furniture.
    """

    style: str
    articles: list[Article]
    html: str
    text: str
    gold: list[int]


def articles() -> tuple[list[Article], list[Article]]:
    """Return the articles for the seen and for the unseen styles, without the lines that are furniture."""
    rows = [json.loads(line) for line in (HERE / "articles.jsonl").read_text().splitlines()]
    furniture = {row["id"]: set(row["furniture"]) for row in rows}
    table = {row["id"]: row for row in _corpus().iter_rows(named=True)}
    halves: dict[str, list[Article]] = {"seen": [], "unseen": []}
    for row in rows:
        halves[row["for"]].append(as_article(table[row["id"]], furniture[row["id"]]))
    return halves["seen"], halves["unseen"]


def as_article(row: dict[str, str], furniture: set[int] = frozenset()) -> Article:  # type: ignore[assignment]
    lines = [line.strip() for number, line in enumerate(row["text"].split("\n")) if number not in furniture]
    rng = random.Random(row["id"])
    day = date.fromisoformat(row["date"]) if row["date"] else date(2019, 5, 3)
    facts = row["outlet"] or "The Daily", day, row["url"] or "https://example.org/story"
    return Article(
        row["id"],
        row["title"].strip(),
        [line for line in lines if line],
        *facts,
        rng.choice(AUTHORS),
        rng.choice(SECTIONS),
    )


def pages(group: str, stock: Sequence[Article], per_style: int = PAGES_PER_STYLE, seed: int = 0) -> Iterator[Page]:
    """Yield pages of every style of a group ('seen' or 'unseen'), their articles dealt from `stock`."""
    rng = random.Random(seed)
    related, blurbs = teasers()
    deck: list[Article] = []
    for path in sorted((HERE / "styles" / group).glob("*.html")):
        for _ in range(per_style):
            n_articles = int(setting(path, "articles"))
            if len(deck) < n_articles:
                deck = rng.sample(list(stock), len(stock))
            chosen = [deck.pop() for _ in range(n_articles)]
            yield page(path, chosen, rng.sample(related, 40), rng.sample(blurbs, 40), rng.randrange(1 << 30))


def page(path: Path, chosen: list[Article], related: list[str], blurbs: list[str], seed: int) -> Page:
    environment = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(path.parent))
    marked = environment.get_template(path.name).render(
        articles=chosen, related=related, blurbs=blurbs, rng=random.Random(seed)
    )
    tree = html.fromstring(marked)
    text, gold = as_text(tree, setting(path, "text"))
    for element in tree.iter():
        element.attrib.pop("data-gold", None)
    return Page(path.stem, chosen, html.tostring(tree, encoding="unicode", doctype="<!doctype html>"), text, gold)


def as_text(tree: html.HtmlElement, mode: str) -> tuple[str, list[int]]:
    """Return the visible text of a page, and the article that each of its lines belongs to."""
    between = {"blank": [""], "single": [], "indented": ["", "  ", ""]}[mode]
    lines: list[str] = []
    gold: list[int] = []
    for number, (text, article, depth) in enumerate(_blocks(tree)):
        extra = between if number else []
        lines += [*extra, ("    " * min(depth, 4) if mode == "indented" else "") + text]
        gold += [*[0] * len(extra), article]
    return "\n".join(lines), gold


def _blocks(tree: html.HtmlElement) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    pieces: list[str] = []

    def flush(article: int, depth: int) -> None:
        if text := " ".join("".join(pieces).split()):
            found.append((text, article, depth))
        pieces.clear()

    def walk(element: html.HtmlElement, article: int, depth: int) -> None:
        if not isinstance(element.tag, str) or element.tag in SILENT:
            return
        own = int(element.get("data-gold", article))
        if element.tag in BLOCKS:
            flush(article, depth)
        pieces.append(element.text or "")
        for child in element:
            walk(child, own, depth + 1)
            pieces.append(child.tail or "")
        if element.tag in BLOCKS:
            flush(own, depth)

    walk(tree, 0, 0)
    flush(0, 0)
    return found


def setting(path: Path, name: str) -> str:
    head = path.read_text().partition("#}")[0].partition("{#")[2]
    settings = dict(part.split(":", 1) for part in head.split(";"))
    return {key.strip(): value.strip() for key, value in settings.items()}[name]


def _corpus() -> pl.DataFrame:
    return pl.read_parquet(CORPUS)


def teasers() -> tuple[list[str], list[str]]:
    some = _corpus().sample(3000, seed=7)
    first = some["text"].str.extract(r"^\s*(\S[^\n]{60,220}?[.!?])\s")
    return some["title"].str.strip_chars().to_list(), first.drop_nulls().to_list()
