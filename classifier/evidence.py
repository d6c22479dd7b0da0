"""Say why a label was given: features -> scores -> evidence.

The model is linear, so its reasons are exact. What a term adds to a label's decision value is its feature times its
weight; what a sentence adds is the same, over its share of the features (`classifier.reading`). So what all terms add,
and what all sentences add, each sum up with the intercept and with what is read beside the text to the decision value.

Where a question has one answer only differences between its labels count, so values are taken from their mean over the
labels that were learned: a word that speaks for all sides alike speaks for none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from classifier.codebook import Block, Codebook, blocks, question
from classifier.decide import Bools, Weights, beside, side_names, side_weights, with_side
from classifier.features import Floats, Ids, Vocabulary

if TYPE_CHECKING:
    from scipy import sparse

    from classifier.reading import Reading

TERMS = 4  # that are named for, and against, a label
DIGITS = 5  # of what is added
JOINT = 2  # characters between two pieces of a page that was cleaned


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


# The column of a frame that holds the sentences of an article.
SENTENCES = pl.List(
    pl.Struct(
        {
            "question": pl.String,
            "label": pl.String,
            "adds": pl.Float64,
            "in": pl.String,
            "start": pl.Int64,
            "end": pl.Int64,
            "text": pl.String,
        }
    )
)


def sentence_rows(asked: Sequence[Block], evidence: Mapping[int, Evidence]) -> list[dict[str, Any]]:
    """Return the sentences of an article, label by label, as SENTENCES has them."""
    names = {
        column: (question(block), key)
        for block in asked
        for key, column in zip(block.head.keys, _columns(block), strict=True)
    }
    return [
        dict(zip(("question", "label"), names[column], strict=True)) | sentence.to_row()
        for column, why in evidence.items()
        for sentence in why.sentences
    ]


class Reasons:
    """What terms and other heads add to the labels of a model; one serves all batches."""

    def __init__(self, codebook: Codebook, vocabulary: Vocabulary, weights: Weights) -> None:
        self._codebook = codebook
        self._weights = weights
        self._named = vocabulary.terms
        self._is_side = np.array([block.target is not None for block in blocks(codebook) for _ in _columns(block)])
        self._one_answer = [block for block in blocks(codebook) if block.head.kind != "many-of"]
        self._text = self._from_mean(weights.text)
        self._by_label = np.ascontiguousarray(self._text.T)  # the same by label: a few labels are picked at a time
        self._intercept = _plain(self._from_mean(weights.intercept[None])[0])

    def of_batch(
        self, frame: pl.DataFrame, reading: "Reading", values: Floats, wanted: Bools, n: int
    ) -> list[dict[int, Evidence]]:
        """Return the evidence of each article of a batch, by column, for the labels that are wanted of it.

        Parameters
        ----------
        frame
            Columns `title` and `text`; and `pieces`, where the text was cut from a page (see `clean_articles`).
        reading
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
        side, of_value = self._beside(full), _plain(self._from_mean(full)[asked])
        of_terms = _plain((self._from_mean(values) - self._intercept)[asked])
        by_sentence = self._sentences(reading, articles, columns, n)
        by_term = self._terms(reading.features, articles, columns)
        terms = [self._named[number] for number in by_term.number.tolist()]
        sentences = _sentences(frame, reading, by_sentence)
        found: list[dict[int, Evidence]] = [{} for _ in range(len(frame))]
        for at, (article, column) in enumerate(zip(articles.tolist(), columns.tolist(), strict=True)):
            own, of = by_sentence.own(at), by_term.own(at)
            found[article][column] = Evidence(
                value=of_value[at],
                intercept=self._intercept[column],
                beside={name: part[article] for name, part in side.get(column, {}).items()},
                sentences=sentences[own],
                other_sentences=round(by_sentence.total[at] - sum(by_sentence.adds[own]), DIGITS),
                terms=dict(zip(terms[of], by_term.adds[of], strict=True)),
                other_terms=round(of_terms[at] - sum(by_term.adds[of]), DIGITS),
            )
        return found

    def _sentences(self, reading: "Reading", articles: Ids, columns: Ids, n: int) -> "_Shortlists":
        """Return the sentences that say most, by their number in the batch, for each label asked for."""
        adds = reading.shares @ self._text
        n_own = np.diff(reading.edges)[articles]
        group = np.repeat(np.arange(len(articles)), n_own)
        sentence = np.arange(len(group)) + np.repeat(reading.edges[articles] - (np.cumsum(n_own) - n_own), n_own)
        against = np.where(self._is_side[columns], n, 0)
        return _shortlists(group, sentence, adds[sentence, columns[group]], np.full(len(articles), n), against)

    def _terms(self, features: "sparse.csr_matrix", articles: Ids, columns: Ids) -> "_Shortlists":
        """Return the terms that add, and take away, most, by feature number, for each label asked for."""
        parts: list[tuple[Ids, Ids, Floats]] = [(np.empty(0, int), np.empty(0, int), np.empty(0, np.float32))]
        edges = np.searchsorted(articles, np.arange(features.shape[0] + 1))
        for article in np.unique(articles):
            own = slice(features.indptr[article], features.indptr[article + 1])
            numbers, first = features.indices[own], edges[article]
            adds = self._by_label[columns[first : edges[article + 1], None], numbers] * features.data[own]
            rows, places = np.nonzero(_extreme(adds, TERMS))
            parts.append((rows + first, numbers[places], adds[rows, places]))
        group, number, amount = (np.concatenate(some) for some in zip(*parts, strict=True))
        n = np.full(len(articles), TERMS)
        return _shortlists(group, number, amount, n, n)

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
                found[column] = {name: _plain(part[:, label]) for name, part in parts.items()}
        return found

    def _from_mean(self, values: Floats) -> Floats:
        """Return values, shape (n, n_columns), those of questions with one answer taken from their mean."""
        values = values.copy()
        for block in self._one_answer:
            values[:, block.columns] = _from_mean(values[:, block.columns], self._weights.learned[block.columns])
        return values


def _sentences(frame: pl.DataFrame, reading: "Reading", chosen: "_Shortlists") -> list[Sentence]:
    """Return the sentences that were chosen, each with its place in the page as it was read."""
    texts, titles = frame["text"].to_list(), frame["title"].to_list()
    pieces = frame["pieces"].to_list() if "pieces" in frame.columns else [None] * len(frame)
    articles = np.searchsorted(reading.edges, chosen.number, side="right") - 1
    of_all = (articles, *(places[chosen.number] for places in (reading.start, reading.end, reading.in_title)))
    found = []
    for article, start, end, in_title, adds in zip(*(places.tolist() for places in of_all), chosen.adds, strict=True):
        if in_title:
            found.append(Sentence(start, end, True, titles[article][start:end], adds))
        else:
            moved = moved_by(pieces[article], start)
            found.append(Sentence(start + moved, end + moved, False, texts[article][start:end], adds))
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


class _Shortlists(NamedTuple):
    """The largest values of each group, from the largest, then its least values, the last of them the least.

    Those of group i stand from `edges[i]` to `edges[i + 1]`; `total` is the sum of all its values, named or not.
    """

    edges: list[int]
    number: Ids
    adds: list[float]
    total: list[float]

    def own(self, group: int) -> slice:
        return slice(self.edges[group], self.edges[group + 1])


def _shortlists(group: Ids, number: Ids, adds: Floats, best: Ids, worst: Ids) -> _Shortlists:
    """Return the `best[i]` largest values over 0 of group i, and its `worst[i]` least under 0.

    Groups count from 0; group, number and adds have one entry a value.
    """
    total = np.bincount(group, adds, minlength=len(best)).tolist()
    may = np.flatnonzero((adds > 0) | ((adds < 0) & (worst[group] > 0)))
    order = may[np.lexsort((-adds[may], group[may]))]
    group, number, adds = group[order], number[order], adds[order]
    edges = np.searchsorted(group, np.arange(len(best) + 1))
    at = np.arange(len(group))
    keep = ((at - edges[group] < best[group]) & (adds > 0)) | ((edges[group + 1] - at <= worst[group]) & (adds < 0))
    left = np.searchsorted(group[keep], np.arange(len(best) + 1))
    return _Shortlists(left.tolist(), number[keep], _plain(adds[keep]), total)


def _extreme(adds: Floats, n: int) -> Bools:
    """Say of each value whether it may be among the n largest or the n least of its row; shape (n_rows, n_values)."""
    width = adds.shape[1]
    if width <= 2 * n:
        return np.ones(adds.shape, bool)
    least, most = (np.partition(adds, place, axis=1)[:, place, None] for place in (n - 1, width - n))
    extreme: Bools = (adds <= least) | (adds >= most)
    return extreme


def _from_mean(values: Floats, learned: Bools) -> Floats:
    """Return values less their mean over the labels learned, shape (n, n_labels); 0 for all others."""
    if not learned.any():
        return np.zeros_like(values)
    mean = values[:, learned].mean(axis=1, keepdims=True)
    return np.where(learned, values - mean, 0).astype(values.dtype)


def _columns(block: Block) -> range:
    return range(block.columns.start, block.columns.stop)


def _plain(adds: Floats) -> list[float]:
    """Return rounded numbers, shape (n,)."""
    plain: list[float] = adds.astype(np.float64).round(DIGITS).tolist()
    return plain
