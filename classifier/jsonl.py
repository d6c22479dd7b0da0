"""Lay out a batch of scores as JSON Lines, each the row of `ArticleScores.to_row`.

Making an object for every label and encoding it takes as long as scoring, and with evidence twice as long. Here a batch
is made of templates, one for each set of stances asked, and the few texts that its labels' scores can have; evidence is
put together from the texts of its sentences and terms. A test holds both to the same lines.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, repeat
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import polars as pl

from classifier.codebook import Block
from classifier.decide import Scores
from classifier.evidence import Findings
from classifier.model import ABOUT, DIGITS, Model, with_defaults

HOLE = "\0"  # in a template; no name holds it
LABELS = {HOLE: 0}  # the hole for the evidence of a block's labels

PLAIN_FROM = 1e-4  # smaller numbers have an exponent in JSON

_encoded = json.JSONEncoder(ensure_ascii=False).encode


def json_lines(model: Model, articles: pl.DataFrame, *, evidence: int = 0) -> Iterator[str]:
    """Yield a line of JSON, with its end, for each article of a frame (columns and `evidence` as in `score_frame`)."""
    articles = with_defaults(articles)
    scores, findings = model.reasoned(articles, evidence)
    there = [scores.assigned[:, b.columns].any(axis=1) | (b.target is None) for b in model.blocks]
    layouts: dict[tuple[bool, ...], tuple[str, list[int]]] = {}
    about = zip(*(_column(articles[name]) for name in ABOUT), strict=True)
    reasons = _reasons(model, findings, len(articles)) if findings else repeat([], len(articles))
    for known, asked, cells, why in zip(about, zip(*there, strict=True), _cells(scores), reasons, strict=True):
        if asked not in layouts:
            layouts[asked] = _layout(model, asked, with_evidence=findings is not None)
        template, columns = layouts[asked]
        yield template % (*known, *[cells[column] for column in columns], *compress(why, asked))


def _column(values: pl.Series) -> list[str]:
    """Return the values of a column as JSON."""
    rounded = values.to_list()
    if values.dtype.is_float():
        rounded = [None if value is None else round(value, DIGITS) for value in rounded]
    texts = {value: _encoded(value) for value in set(rounded)}  # mostly null, or the same for many
    return [texts[value] for value in rounded]


def _cells(scores: Scores) -> Iterator[list[str]]:
    """Yield for each article what is said of each label: few texts, since probabilities are rounded."""
    rounded = np.rint(scores.probability.astype(np.float64) * 10**DIGITS)  # exact, so rounded as Python rounds
    codes = np.where(np.isnan(rounded), -1, rounded).astype(np.int64) * 2 + scores.assigned
    found, which = np.unique(codes, return_inverse=True)
    texts = np.array([_cell(*divmod(code, 2)) for code in found.tolist()], dtype=object)
    yield from texts[which.reshape(codes.shape)].tolist()


def _cell(rounded: int, yes: int) -> str:
    probability = "null" if rounded < 0 else repr(rounded / 10**DIGITS)
    return f'{{"probability": {probability}, "yes": {"true" if yes else "false"}}}'


def _layout(model: Model, asked: tuple[bool, ...], *, with_evidence: bool) -> tuple[str, list[int]]:
    """Return a template for what is known of an article, its cells and its evidence, and the columns of those cells.

    `asked` says for each block whether it is laid out. Evidence has one hole for all labels of a block.
    """
    own = [block for block, is_asked in zip(model.blocks, asked, strict=True) if is_asked]
    fields = dict.fromkeys(ABOUT, HOLE) | _nested(model, own, [dict.fromkeys(block.head.keys, HOLE) for block in own])
    fields |= {"model": model.name, "codebook": model.codebook.digest}
    if with_evidence:
        fields["evidence"] = _nested(model, own, repeat(LABELS, len(own)))
    text = _encoded(fields).replace("%", "%%").replace(_encoded(LABELS), "{%s}").replace(_encoded(HOLE), "%s")
    return text + "\n", [column for block in own for column in range(block.columns.start, block.columns.stop)]


def _nested(model: Model, own: Sequence[Block], values: Iterable[Any]) -> dict[str, Any]:
    """Return the value of each of some blocks by field, and under a field with targets by target."""
    fields: dict[str, Any] = {block.head.field: {} for block in model.blocks}
    for block, value in zip(own, values, strict=True):
        if block.target is None:
            fields[block.head.field] = value
        else:
            fields[block.head.field][block.target] = value
    return fields


# --- evidence


def _reasons(model: Model, findings: Findings, n_articles: int) -> list[list[str]]:
    """Return for each article the evidence of each block: its labels, with commas between."""
    labels = [(number, f"{_encoded(key)}: ") for number, block in enumerate(model.blocks) for key in block.head.keys]
    found: list[list[str]] = [[""] * len(model.blocks) for _ in range(n_articles)]
    for article, column, why in zip(findings.articles, findings.columns, _whys(model, findings), strict=True):
        block, label = labels[column]
        before = found[article][block]
        found[article][block] = f"{before}, {label}{why}" if before else label + why
    return found


def _whys(model: Model, findings: Findings) -> Iterator[str]:
    """Yield the row of each `Evidence`."""
    places = [
        f'"in": "{"title" if in_title else "text"}", "start": {start}, "end": {end}, "text": {encode_basestring(text)}'
        for start, end, in_title, text in findings.places
    ]
    names = {number: encode_basestring(model.vocabulary.terms[number]) for number in set(findings.terms.number)}
    sentences, terms = findings.sentences, findings.terms
    numbered = zip(_numbers(sentences.adds), sentences.number, strict=True)
    sentence_texts = [f'{{"adds": {adds}, {places[number]}}}' for adds, number in numbered]
    term_texts = [f"{names[number]}: {adds}" for number, adds in zip(terms.number, _numbers(terms.adds), strict=True)]
    beside = [f'"beside": {_encoded(parts)}, ' if parts else "" for parts in findings.beside]
    sums = map(_numbers, (findings.values, findings.intercepts, sentences.others, terms.others))
    for entry, (parts, value, intercept, other_sentences, other_terms) in enumerate(zip(beside, *sums, strict=True)):
        yield (
            f'{{"value": {value}, "intercept": {intercept}, {parts}'
            f'"sentences": [{", ".join(sentence_texts[sentences.own(entry)])}], "other_sentences": {other_sentences}, '
            f'"terms": {{{", ".join(term_texts[terms.own(entry)])}}}, "other_terms": {other_terms}}}'
        )


def _numbers(values: Sequence[float]) -> list[str]:
    """Return numbers as JSON: Polars takes a quarter of Python's time, but writes those with an exponent otherwise."""
    texts: list[str] = pl.Series(values, dtype=pl.Float64).cast(pl.String).to_list()
    for at in np.flatnonzero(np.abs(values) < PLAIN_FROM).tolist():
        texts[at] = _encoded(values[at])
    return texts
