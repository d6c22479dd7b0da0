"""Say why a label was given: features -> scores -> evidence.

The model is linear, so its reasons are exact. What a term adds to a label's decision value is its feature times its
weight; what a sentence adds is the same, over its share of the features (`classifier.reading`). So what all terms add,
and what all sentences add, each sum up with the intercept and with what is read beside the text to the decision value.

Where a question has one answer only differences between its labels count, so values are taken from their mean over the
labels that were learned: a word that speaks for all sides alike speaks for none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from classifier.codebook import Block, Codebook, blocks, question
from classifier.decide import Bools, Weights, beside, side_names, side_weights, with_side
from classifier.features import Floats, Ids
from classifier.reading import Reading
from classifier.shortlist import NO_VALUES, Shortlist, Values, extremes, joined, rounded, shortlist

TERMS = 4  # that are named for, and against, a label
JOINT = 2  # characters between two pieces of a page that was cleaned
_NO_PLACE = np.empty((0, 4), np.int64)


class Sentence(NamedTuple):
    """A sentence and what it adds to a label's decision value, in log-odds; less than 0 where it speaks against it.

    `start` and `end` count the characters of the text as it was read, before it was cleaned; those of a sentence that
    is `in_title` count the title's.
    """

    start: int
    end: int
    in_title: bool
    text: str
    adds: float

    def to_row(self) -> dict[str, Any]:
        """Return the object that JSON Lines output holds."""
        place = "title" if self.in_title else "text"
        return {"adds": self.adds, "in": place, "start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a label of an article, in log-odds.

    `intercept`, `beside`, `sentences` and `other_sentences` sum up to `value`; so do `intercept`, `beside`, `terms` and
    `other_terms`. The sigmoid of the value is the label's probability where a question has any number of answers; where
    it has one, the softmax over its labels is.

    Parameters
    ----------
    value
        The decision value.
    intercept
        What it is without a word.
    beside
        What the scores of other heads add, by head; empty for a head that reads the text alone.
    sentences
        Those that speak most for the label, strongest first, and, where it is a side that is taken towards a target,
        those that speak most against it, strongest last.
    other_sentences
        What all other sentences add.
    terms
        The words and pairs that add most, and those that take most away, from the first to the last.
    other_terms
        What all other terms add.
    """

    value: float
    intercept: float
    beside: Mapping[str, float]
    sentences: Sequence[Sentence]
    other_sentences: float
    terms: Mapping[str, float]
    other_terms: float

    def to_row(self) -> dict[str, Any]:
        """Return the object that JSON Lines output holds."""
        return {
            "value": self.value,
            "intercept": self.intercept,
            **({"beside": self.beside} if self.beside else {}),
            "sentences": [sentence.to_row() for sentence in self.sentences],
            "other_sentences": self.other_sentences,
            "terms": self.terms,
            "other_terms": self.other_terms,
        }


# A sentence in the column of a frame that holds those of an article.
SENTENCE = ("question", "label", "adds", "in", "start", "end", "text")


@dataclass(frozen=True, slots=True)
class Findings:
    """The evidence of a batch: one entry for each label asked for of an article, by article and then by column.

    Objects, lines of JSON and the columns of a frame are made of it.

    Parameters
    ----------
    articles, columns
        What each entry is about.
    values, intercepts, beside
        As in `Evidence`.
    sentences
        By number in `places`.
    places
        Where a sentence begins and ends, whether that is in the title, and its text: `Sentence` but for the last.
    terms
        By feature number.
    """

    articles: list[int]
    columns: list[int]
    values: list[float]
    intercepts: list[float]
    beside: list[dict[str, float]]
    sentences: Shortlist
    places: list[tuple[int, int, bool, str]]
    terms: Shortlist

    def by_article(self, named: Sequence[str], n_articles: int) -> list[dict[int, Evidence]]:
        """Return the evidence of each article, by column; `named` says what each feature reads like."""
        found: list[dict[int, Evidence]] = [{} for _ in range(n_articles)]
        for entry, (article, column) in enumerate(zip(self.articles, self.columns, strict=True)):
            sentences, terms = self.sentences.own(entry), self.terms.own(entry)
            chosen = zip(self.sentences.number[sentences], self.sentences.adds[sentences], strict=True)
            numbered = zip(self.terms.number[terms], self.terms.adds[terms], strict=True)
            found[article][column] = Evidence(
                value=self.values[entry],
                intercept=self.intercepts[entry],
                beside=self.beside[entry],
                sentences=[Sentence(*self.places[number], adds) for number, adds in chosen],
                other_sentences=self.sentences.others[entry],
                terms={named[number]: adds for number, adds in numbered},
                other_terms=self.terms.others[entry],
            )
        return found

    def sentence_column(self, asked: Sequence[Block], n_articles: int) -> pl.Series:
        """Return the sentences of each article, label by label: a list of structs, shape (n_articles,)."""
        names = [(question(block), key) for block in asked for key in block.head.keys]
        entry = np.repeat(np.arange(len(self.columns)), np.diff(self.sentences.edges))
        places = pl.DataFrame(
            self.places, {"start": pl.Int64, "end": pl.Int64, "in_title": pl.Boolean, "text": pl.String}, orient="row"
        )
        labels = pl.DataFrame(names, {"question": pl.String, "label": pl.String}, orient="row")
        rows = pl.concat(
            [labels[np.array(self.columns, int)[entry]], places[self.sentences.number]], how="horizontal"
        ).with_columns(
            pl.Series("adds", self.sentences.adds, pl.Float64),
            pl.Series("article", np.array(self.articles, int)[entry]),
            pl.when("in_title").then(pl.lit("title")).otherwise(pl.lit("text")).alias("in"),
        )
        own = rows.group_by("article").agg(pl.struct(*SENTENCE).alias("evidence"))
        every = pl.DataFrame({"article": np.arange(n_articles)}).join(own, "article", "left", maintain_order="left")
        return every["evidence"].fill_null([])


class Reasons:
    """What terms and other heads add to the labels of a model; one serves all batches."""

    def __init__(self, codebook: Codebook, weights: Weights) -> None:
        self._codebook = codebook
        self._weights = weights
        self._is_side = np.array([block.target is not None for block in blocks(codebook) for _ in _columns(block)])
        self._one_answer = [block for block in blocks(codebook) if block.head.kind != "many-of"]
        self._by_label = np.ascontiguousarray(self._from_mean(weights.text).T)  # a few labels are picked at a time
        self._intercept = rounded(self._from_mean(weights.intercept[None])[0])

    def of_batch(
        self, frame: pl.DataFrame, readings: Sequence[Reading], values: Floats, wanted: Bools, n: int
    ) -> Findings:
        """Return the evidence of a batch for the labels that are wanted of each article.

        Parameters
        ----------
        frame
            Columns `title` and `text`; and `pieces`, where the text was cut from a page (see `clean_articles`).
        readings
            What `read` returned for the frame.
        values
            Decision values from the text alone, as in `decide`, shape (n_articles, n_columns).
        wanted
            Shape (n_articles, n_columns).
        n
            How many sentences are named for each label, and against it where it is a side.
        """
        articles, columns = asked = np.nonzero(wanted)
        full = with_side(self._codebook, values, self._weights)
        side = self._beside(full)
        of_text = rounded(self._from_mean(values) - self._intercept)[asked]
        terms, sentences = self._extremes(readings, articles, columns, n)
        against = np.where(self._is_side[columns], n, 0)
        named = shortlist(sentences, of_text, np.full(len(articles), n), against)
        chosen, which = np.unique(np.array(named.number, np.int64), return_inverse=True)
        every = np.full(len(articles), TERMS)
        at = list(zip(articles.tolist(), columns.tolist(), strict=True))
        return Findings(
            articles=articles.tolist(),
            columns=columns.tolist(),
            values=rounded(self._from_mean(full)[asked]).tolist(),
            intercepts=self._intercept[columns].tolist(),
            beside=[{name: part[row] for name, part in side.get(column, {}).items()} for row, column in at],
            sentences=named._replace(number=which.tolist()),
            places=_places(frame, np.concatenate([_NO_PLACE, *(r.places for r in readings)])[chosen]),
            terms=shortlist(terms, of_text, every, every),
        )

    def _extremes(self, readings: Sequence[Reading], articles: Ids, columns: Ids, n: int) -> "tuple[Values, Values]":
        """Return of each label asked for the terms, and the sentences, that may be among those that say most."""
        terms, sentences = [NO_VALUES], [NO_VALUES]
        n_sentences = 0
        cuts = np.searchsorted(articles, [reading.first for reading in readings]).tolist()
        for reading, (first, last) in zip(readings, pairwise([*cuts, len(articles)]), strict=True):
            own = articles[first:last] - reading.first
            by_term, by_sentence = self._adds(reading, own, columns[first:last])
            question, term, adds = extremes(by_term, *_ends(reading.counted.starts, own), TERMS)
            terms.append(Values(question + first, reading.counted.features[term], adds))
            question, sentence, adds = extremes(by_sentence, *_ends(reading.edges, own), n)
            sentences.append(Values(question + first, sentence + n_sentences, adds))
            n_sentences += len(reading.places)
        return joined(terms), joined(sentences)

    def _adds(self, reading: Reading, articles: Ids, columns: Ids) -> tuple[Floats, Floats]:
        """Return what each term, and each sentence, adds to some labels, one label after the other."""
        by_term, by_sentence = [NO_VALUES.adds], [NO_VALUES.adds]
        counted, n_features = reading.counted, self._by_label.shape[1]
        starts, edges = counted.starts.tolist(), reading.edges.tolist()
        row = (columns * n_features)[:, None]
        place = np.empty(n_features, np.int64)  # of each feature among those of the article at hand
        cuts = np.append(np.flatnonzero(np.diff(articles, prepend=-1)), len(articles)).tolist()
        for first, last in pairwise(cuts):
            article = int(articles[first])
            own = slice(starts[article], starts[article + 1])
            features = counted.features[own]
            if not len(features):
                continue
            adds = self._by_label.take(row[first:last] + features, mode="clip")
            adds *= reading.weighed[own]
            by_term.append(adds.ravel())
            begins = reading.begins[edges[article] : edges[article + 1] + 1]
            inside = slice(begins[0], begins[-1])
            place[features] = np.arange(len(features))
            occurrences = place.take(reading.at[inside], mode="clip")
            dealt = adds.take(occurrences, axis=1, mode="clip")
            dealt *= reading.weights[inside] / counted.counts[own].take(occurrences, mode="clip")
            by_sentence.append(np.add.reduceat(dealt, begins[:-1] - begins[0], axis=1).ravel())
        return np.concatenate(by_term), np.concatenate(by_sentence)

    def _beside(self, full: Floats) -> dict[int, dict[str, list[float]]]:
        """Return by column, and by head, what is added beside the text; each of shape (n_articles,)."""
        found: dict[int, dict[str, list[float]]] = {}
        for block in self._one_answer:
            if not block.head.beside:
                continue
            read = beside(self._codebook, full, block)
            learned = self._weights.learned[block.columns]
            adds = _from_mean(side_weights(self._codebook, self._weights, block), learned)
            of = np.array(side_names(self._codebook, block.head))
            parts = {name: read[:, of == name] @ adds[of == name] for name in dict.fromkeys(of.tolist())}
            for label, column in enumerate(_columns(block)):
                found[column] = {name: rounded(part[:, label]).tolist() for name, part in parts.items()}
        return found

    def _from_mean(self, values: Floats) -> Floats:
        """Return values, shape (n, n_columns), those of questions with one answer taken from their mean."""
        values = values.copy()
        for block in self._one_answer:
            values[:, block.columns] = _from_mean(values[:, block.columns], self._weights.learned[block.columns])
        return values


def _ends(edges: Ids, own: Ids) -> tuple[Ids, Ids]:
    return edges[own], edges[own + 1]


def _places(frame: pl.DataFrame, places: Ids) -> list[tuple[int, int, bool, str]]:
    """Return where some sentences stand in the page as it was read, and their texts; `places` as in `Reading`."""
    texts, titles = frame["text"].to_list(), frame["title"].to_list()
    pieces = frame["pieces"].to_list() if "pieces" in frame.columns else [None] * len(frame)
    found = []
    for article, start, end, in_title in places.tolist():
        if in_title:
            found.append((start, end, True, titles[article][start:end]))
        else:
            moved = moved_by(pieces[article], start)
            found.append((start + moved, end + moved, False, texts[article][start:end]))
    return found


def moved_by(pieces: Sequence[int] | None, at: int) -> int:
    r"""Return how many characters further on in the page a character of an article stands.

    Parameters
    ----------
    pieces
        Start and end of each piece of the page that the article was put together from, with a blank line in between;
        None where it is the page itself.
    at
        A character of the article.

    Examples
    --------
    >>> page = "Menu\nGulls.\nShare\nMore gulls."
    >>> [page[at + moved_by([5, 11, 18, 29], at)] for at in (0, 8)]
    ['G', 'M']
    """
    before = 0
    for start, end in zip(pieces[::2], pieces[1::2], strict=True) if pieces else ():
        if at < before + end - start:
            return start - before
        before += end - start + JOINT
    return 0


def _from_mean(values: Floats, learned: Bools) -> Floats:
    """Return values less their mean over the labels learned, shape (n, n_labels); 0 for all others."""
    if not learned.any():
        return np.zeros_like(values)
    mean = values[:, learned].mean(axis=1, keepdims=True)
    return np.where(learned, values - mean, 0).astype(values.dtype)


def _columns(block: Block) -> range:
    return range(block.columns.start, block.columns.stop)
