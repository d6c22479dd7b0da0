"""Lay out why an article got its labels: scores with evidence -> what the terminal and the page show.

An article is shown as the page that it was read from, line by line, with what was dropped as furniture in its place,
and with the sentences that speak for each label marked by the label's number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from classifier.clean import Span, clean_articles, clean_texts
from classifier.codebook import Block, Head, Label
from classifier.evidence import Evidence, Sentence
from classifier.language import mark
from classifier.model import ArticleScores, LabelScore, Model


class Marked(NamedTuple):
    """A stretch of a line: numbers of the labels that it speaks for and against, and where it ends a sentence."""

    text: str
    speaks_for: tuple[int, ...] = ()
    against: tuple[int, ...] = ()
    ends: bool = False


class Line(NamedTuple):
    """A line of a page; `dropped` is why it is no part of the article, or empty."""

    stretches: tuple[Marked, ...]
    dropped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A label that was assigned, or came close: what the coders were told, and how near the model is to it."""

    number: int  # from 1, in the order of the article's labels
    question: str
    key: str
    definition: str
    probability: float
    threshold: float
    yes: bool
    why: Evidence

    @property
    def remark(self) -> str:
        """How it came to be, where the threshold alone does not say it."""
        if self.yes:
            return "" if self.probability >= self.threshold else "the nearest, as none reaches its threshold"
        return "came close" if self.probability < self.threshold else "another was further over its threshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One article with its labels."""

    scores: ArticleScores
    title: str
    heading: Line  # the title with its marks; without stretches where the page has none of its own
    lines: Sequence[Line]
    labels: Sequence[Judged]

    @property
    def about(self) -> str:
        """Whose article this is, and what should be known of it before its labels are read."""
        scores = self.scores
        said = [scores.id if scores.id == scores.source else f"{scores.id} ({scores.source})"]
        if scores.dropped:
            said.append(f"{scores.dropped:.0%} of the page's words dropped")
        if scores.low_evidence:
            said.append("a short text, which says little")
        if not self.labels and _is_unscored(scores):
            said.append("not in the model's language, so it has no labels (--any-language gives it some)")
        elif not self.labels:
            said.append("no label is near")
        return "; ".join(said)

    @property
    def assigned(self) -> frozenset[int]:
        """Numbers of the labels that were assigned: only they are written beside sentences, or all would be full."""
        return frozenset(label.number for label in self.labels if label.yes)


def explain(
    model: Model, articles: pl.DataFrame, n: int, *, any_language: bool = False, page: int | None = None
) -> Iterator[Explanation]:
    """Yield what there is to show of each article of a batch of pages.

    Parameters
    ----------
    articles
        As `read_articles` gives them.
    n
        How many sentences are marked for each label.
    page
        The place of the one page that is explained; the others still say which lines they share with it.
    """
    spans = clean_texts(articles["text"])
    rows = clean_articles(articles.with_row_index("page"))
    rows = rows if page is None else rows.filter(pl.col("page") == page)
    rows = mark(rows, None if any_language else model.codebook.language)
    pages = articles["text"].to_list()
    seen: dict[int, int] = {}
    for scores, at in zip(model.articles(rows, evidence=n, close=True), rows["page"], strict=True):
        seen[at] = seen.get(at, 0) + 1
        labels = list(_judged(model, scores))
        in_title, in_text = _marks(labels)
        own = [span for span in spans.get(at, _lines(pages[at])) if span.article in (0, seen[at])]
        lines = [_line(pages[at], span, in_text) for span in own]
        first = next((line for line in lines if not line.dropped), None)
        title = scores.title or ("" if first is None else "".join(part.text for part in first.stretches))
        heading = Line(tuple(_stretches(scores.title or "", 0, len(scores.title or ""), in_title)))
        yield Explanation(scores=scores, title=title.strip(), heading=heading, lines=lines, labels=labels)


# --- labels


def _is_unscored(scores: ArticleScores) -> bool:
    answers = [answer for labels in scores.labels.values() for answer in labels.values()]
    return all(answer.probability is None for answer in answers if isinstance(answer, LabelScore))


def _judged(model: Model, scores: ArticleScores) -> Iterator[Judged]:
    """Yield the labels that have evidence, question by question, those assigned first and the likeliest first."""
    number = 0
    for block in model.blocks:
        answers, reasons = _of_block(scores, block)
        thresholds = model.weights.threshold[block.columns].tolist()
        own = [
            (label, answers[label.key], threshold, reasons[label.key])
            for label, threshold in zip(block.head.labels, thresholds, strict=True)
            if label.key in reasons
        ]
        for label, score, threshold, why in sorted(own, key=lambda one: (not one[1].yes, -(one[1].probability or 0))):
            number += 1
            yield Judged(
                number=number,
                question=block.head.field if block.target is None else f"{block.head.field} on {block.target}",
                key=label.key,
                definition=definition(block.head, block.target, label),
                probability=score.probability or 0.0,
                threshold=threshold,
                yes=score.yes,
                why=why,
            )


def _of_block(scores: ArticleScores, block: Block) -> tuple[Mapping[str, LabelScore], Mapping[str, Evidence]]:
    answers: Any = scores.labels[block.head.field]
    reasons: Any = (scores.evidence or {})[block.head.field]
    return (
        (answers, reasons) if block.target is None else (answers.get(block.target, {}), reasons.get(block.target, {}))
    )


def definition(head: Head, target: str | None, label: Label) -> str:
    """Return what a label means, for its target if it is a side: the text that coders used, on one line."""
    texts = [label.definition]
    for asked in head.targets:
        if asked.label == target:
            texts = [f"Towards {asked.target}:", asked.definitions.get(label.key) or label.definition]
    return " ".join(" ".join(texts).split())


# --- lines


def _lines(text: str) -> list[Span]:
    """Return the lines of a page that was kept as it is."""
    found, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            found.append(Span(start, start + len(line), 1, "", len(line.split())))
        start += len(line) + 1
    return found


class _Place(NamedTuple):
    """A sentence in a text, with numbers of labels."""

    start: int
    end: int
    speaks_for: tuple[int, ...]
    against: tuple[int, ...]


def _marks(labels: Sequence[Judged]) -> tuple[list[_Place], list[_Place]]:
    """Return the sentences of the title, and of the text, in order."""
    found: dict[tuple[bool, int, int], tuple[list[int], list[int]]] = {}
    for label in labels:
        for sentence in label.why.sentences:
            speaks_for, against = found.setdefault(_place(sentence), ([], []))
            (speaks_for if sentence.adds > 0 else against).append(label.number)
    places = [
        (in_title, _Place(start, end, tuple(speaks_for), tuple(against)))
        for (in_title, start, end), (speaks_for, against) in sorted(found.items())
    ]
    return [place for in_title, place in places if in_title], [place for in_title, place in places if not in_title]


def _place(sentence: Sentence) -> tuple[bool, int, int]:
    return sentence.in_title, sentence.start, sentence.end


def _line(page: str, span: Span, places: Sequence[_Place]) -> Line:
    if not span.article:
        return Line((Marked(page[span.start : span.end].strip()),), span.reason)
    return Line(tuple(_stretches(page, span.start, span.end, places)))


def _stretches(text: str, start: int, end: int, places: Sequence[_Place]) -> Iterator[Marked]:
    """Yield a line cut where marked sentences begin and end."""
    for place in places:
        if place.end <= start or place.start >= end:
            continue
        if place.start > start:
            yield Marked(text[start : place.start])
        stop = min(place.end, end)
        yield Marked(text[max(start, place.start) : stop], place.speaks_for, place.against, place.end <= end)
        start = stop
    if start < end:
        yield Marked(text[start:end])
