"""Rank coded labels by how likely they are wrong: what coders said against what a model said that had not seen it.

The methods are cleanlab's: a label's quality is the probability that the model gives to what was coded, and confident
learning says how many of a label's are likely wrong. Probabilities are held-out ones: a model that has learned from a
wrong label repeats it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class as label_quality
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from classifier.errors import LabelError
from classifier.evidence import Sentence
from classifier.model import Model
from classifier.reading import read
from training.predictions import Predictions
from training.questions import Judged, judged, question_name

FEWEST = 20  # coded articles of a question, under which the model's own errors drown the coders'
DIGITS = 4
SENTENCES = 2  # of each article

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """A question's articles by how likely their labels are wrong, shape (n_articles,) each, in the question's order.

    Parameters
    ----------
    quality
        0 to 1; the lowest first are to be read.
    label
        Which label is most in doubt: of one answer, the one that the model would give instead.
    likely
        Whether confident learning takes a label of the article for wrong.
    """

    quality: Floats
    label: NDArray[np.intp]
    likely: Bools

    @property
    def order(self) -> NDArray[np.intp]:
        return np.argsort(self.quality, kind="stable")


@dataclass(frozen=True)
class Doubt:
    """A label that is likely wrong, with what there is to judge it by.

    Parameters
    ----------
    rank
        Among the articles of its question, from 1.
    coded
        The labels that were coded.
    change
        What the model would have: '+vaccines', '-vaccines', or 'opinion, not news'.
    probability
        That the model gives to the label in `change`, held out.
    likely
        Whether confident learning takes it for wrong.
    sentences
        Those that speak most for the label in `change`, by the model as it is: it has learned from what was coded, so
        that of a label that is missing there may be none.
    """

    question: str
    rank: int
    id: str
    coded: tuple[str, ...]
    change: str
    probability: float
    quality: float
    likely: bool
    title: str = ""
    sentences: tuple[Sentence, ...] = ()

    def to_row(self) -> dict[str, Any]:
        """Return the object that JSON Lines output holds."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"coded": list(self.coded), "sentences": [one.to_row() for one in self.sentences]}


def rank_labels(question: Judged) -> Ranking:
    """Return how likely each article's labels are wrong.

    Of several labels the worst one counts. cleanlab's own mean, which looks at the next worst too, finds articles that
    were coded badly as a whole; of single slips it found half as many here (benchmarks/README.md).

    References
    ----------
    Northcutt, Jiang & Chuang (2021), "Confident learning", JAIR 70; Thyagarajan et al. (2022), "Identifying incorrect
    annotations in multi-label classification data", for questions with several answers.
    """
    assert question.probability is not None
    p, coded = question.probability, question.coded
    if question.block.head.kind == "many-of":
        labels = [np.flatnonzero(row).tolist() for row in coded]
        likely = np.asarray(np.asarray(find_multilabel_issues_per_class(labels, p, n_jobs=1)).any(axis=1))
        quality = label_quality(labels, p)
        return Ranking(quality.min(axis=1), quality.argmin(axis=1), likely)
    p = p / p.sum(axis=1, keepdims=True)
    given = coded.argmax(axis=1)
    other = np.where(coded, -1.0, p).argmax(axis=1)
    return Ranking(get_label_quality_scores(given, p), other, np.asarray(find_label_issues(given, p, n_jobs=1)))


def doubts(model: Model, predictions: Predictions, top: int) -> tuple[list[Doubt], dict[str, str]]:
    """Return the labels most in doubt, `top` of each question, and why other questions cannot be audited.

    Raises
    ------
    LabelError
        If no question can be audited.
    """
    found: list[Doubt] = []
    passed_over: dict[str, str] = {}
    for one in judged(predictions.codebook, predictions.answers, predictions.scores):
        if not isinstance(one, Judged):
            passed_over[question_name(one[0])] = one[1]
        elif one.block.head.coded_in == "articles":
            passed_over[one.name] = "coded in the articles, not by coders"
        elif len(one.rows) < FEWEST or (one.coded.sum(axis=0) > 0).sum() < 1:
            passed_over[one.name] = f"{len(one.rows):,} coded articles with held-out scores, {FEWEST} are needed"
        else:
            found += _of_question(model, predictions, one, top)
    if not found:
        raise LabelError(f"no label can be audited: {'; '.join(f'{key}: {why}' for key, why in passed_over.items())}")
    return found, passed_over


def _of_question(model: Model, predictions: Predictions, question: Judged, top: int) -> Iterator[Doubt]:
    assert question.probability is not None
    ranking = rank_labels(question)
    keys = np.array(question.keys)
    order = ranking.order[:top]
    reasons = _sentences(model, predictions, question, order, ranking.label[order])
    for rank, (at, sentences) in enumerate(zip(order, reasons, strict=True), start=1):
        row, label = int(question.rows[at]), int(ranking.label[at])
        coded = tuple(keys[question.coded[at]].tolist())
        yield Doubt(
            question=question.name,
            rank=rank,
            id=predictions.articles["id"][row],
            coded=coded,
            change=_change(question, keys[label], coded),
            probability=round(float(question.probability[at, label]), DIGITS),
            quality=round(float(ranking.quality[at]), DIGITS),
            likely=bool(ranking.likely[at]),
            title=predictions.articles["title"][row] or "",
            sentences=sentences,
        )


def _change(question: Judged, label: str, coded: Sequence[str]) -> str:
    if question.block.head.kind != "many-of":
        return f"{label}, not {coded[0]}"
    return f"-{label}" if label in coded else f"+{label}"


def _sentences(
    model: Model, predictions: Predictions, question: Judged, order: NDArray[np.intp], labels: NDArray[np.intp]
) -> list[tuple[Sentence, ...]]:
    """Return the sentences of some articles that speak most for a label each."""
    rows = question.rows[order]
    articles = predictions.articles[rows.tolist()]
    readings = read(model.vocabulary, articles)
    values = model.values_of(readings)
    columns = np.flatnonzero(question.kept)[labels] + question.block.columns.start
    wanted = np.zeros(values.shape, dtype=bool)
    wanted[np.arange(len(rows)), columns] = True
    findings = model.reasons.of_batch(articles, readings, values, wanted, SENTENCES)
    found = findings.by_article(model.vocabulary.terms, len(rows))
    return [
        tuple(why[int(column)].sentences) if int(column) in why else ()
        for why, column in zip(found, columns, strict=True)
    ]
