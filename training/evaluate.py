"""Judge predictions: predictions -> report. Every question, label, baseline, slice and coder by the same measures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.codebook import Block
from classifier.errors import LabelError
from training import metrics
from training.baselines import baselines
from training.ceiling import ceiling
from training.compare import Comparison, compare
from training.labels import UNKNOWN, Coded, Coding
from training.methods import methods_paragraph
from training.predictions import Predictions
from training.questions import Judged, Measured, judged, label_measures_of, measure, measures_of, question_name
from training.report import Baseline, Bin, Case, Ceiling, Confusion, Drift, LabelResult, Question, Report
from training.resampling import LEVEL, RESAMPLES, drawn_as_one
from training.slices import slice_columns, slices
from training.splits import known_outlets

CASES = 10  # articles to read of each kind and label


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How predictions are judged, and what a report holds beside the figures of questions and labels.

    Parameters
    ----------
    cluster
        What the bootstrap draws: 'article' or 'outlet'.
    second
        A second coder's answers, a row an article.
    slice_by
        Columns of the articles to slice by, beside outlet, year, length and the codebook's own.
    since, later
        A date, and predictions by a model of earlier articles only.
    brief
        Figures of questions and labels only, as a model card has them.
    """

    seed: int
    cluster: str = "article"
    second: Coded | None = None
    slice_by: Sequence[str] = ()
    since: str = ""
    later: Predictions | None = None
    brief: bool = False


def evaluate(
    predictions: Predictions, coding: Coding, title: str, signature: Mapping[str, str], settings: Settings
) -> Report:
    """Return the report on predictions.

    Parameters
    ----------
    coding
        As read from the label file: names coded articles that are not in the table, and those drawn at random.
    signature
        What the figures hang on.
    """
    judge = _Judge(predictions, coding, settings)
    found = list(judged(predictions.codebook, predictions.answers, predictions.scores))
    questions = tuple(judge.question(one) for one in found if isinstance(one, Judged))
    here = int(predictions.articles["id"].is_in(list(coding.ids)).sum())
    split = predictions.split
    notes = (*predictions.notes, *_unjudged(predictions, found))
    signature = {**signature, "split": split.name, "seed": str(settings.seed), "resampled": settings.cluster}
    return Report(
        title=title,
        signature=signature,
        split=split,
        resampled=f"{settings.cluster}s",
        resamples=RESAMPLES,
        level=LEVEL,
        data={
            "articles": len(predictions.articles),
            "coded": len(coding.ids),
            "without_article": len(coding.ids) - here,
        },
        questions=questions,
        not_judged={question_name(one[0]): one[1] for one in found if not isinstance(one, Judged)},
        notes=notes,
        methods=methods_paragraph(title, split, settings.cluster, questions),
    )


def refuse_empty(report: Report) -> None:
    """Hold a report to having something in it.

    Raises
    ------
    LabelError
        If no question can be judged; the message says why.
    """
    if not report.questions:
        why = "; ".join(f"{question}: {why}" for question, why in report.not_judged.items())
        way_out = " (judge the recipe instead: --cross-validate)" if report.notes else ""
        raise LabelError(f"nothing can be judged: {why}{way_out}")


def _unjudged(predictions: Predictions, found: Sequence[Judged | tuple[Block, str]]) -> Iterator[str]:
    """Say of each question how many coded articles are not judged, since figures are of the others only."""
    for one in found:
        if isinstance(one, Judged):
            n_coded = int((predictions.answers[:, one.block.columns] != UNKNOWN).all(axis=1).sum())
            if len(one.rows) < n_coded:
                rest = f"{n_coded - len(one.rows):,} of {n_coded:,} coded articles"
                yield f"{one.name}: {rest} are not judged (not scored, or coded with an answer that is not)."


class _Judge:
    """Judges one question after the other; holds what they share."""

    def __init__(self, predictions: Predictions, coding: Coding, settings: Settings) -> None:
        self.predictions, self.settings = predictions, settings
        self.outlets = known_outlets(predictions.articles)
        rows = range(len(self.outlets))
        self.apart = np.array([name or f"article {row}" for name, row in zip(self.outlets, rows, strict=True)])
        self.columns = {} if settings.brief else slice_columns(predictions, self.outlets, settings.slice_by, coding)
        self.drifted = {one.name: one for one in self._drifted()}

    def question(self, question: Judged) -> Question:
        seed, brief, head = self.settings.seed, self.settings.brief, question.block.head
        groups = self.groups(question)
        whole, of_label = measures_of(question), label_measures_of(question)
        measured = measure(question, (*whole, *of_label), groups, seed)
        listed, unlisted = ((), {}) if brief else slices(question, measured, self.columns, groups, seed)
        return Question(
            name=question.name,
            kind=head.kind,
            question=_wording(question.block),
            headline=whole[0].key,
            measures={m.key: m.title for m in whole},
            label_measures={m.key: m.title for m in of_label},
            n_articles=len(question.rows),
            n_outlets=len(np.unique(self.apart[question.rows])),
            left_out=question.left_out,
            figures={m.key: measured.figure(m) for m in whole},
            labels=tuple(self.labels(question, measured)),
            bins=_bins(question, list(range(len(question.keys)))),
            confusion=None if head.kind == "many-of" else _confusion(question),
            baselines=() if brief else tuple(self.baselines(question, measured)),
            slices=listed,
            unlisted_slices=unlisted,
            ceiling=self.ceiling(question),
            drift=self.drift(question),
        )

    def groups(self, question: Judged) -> NDArray[np.intp]:
        """Return what the bootstrap draws as one."""
        return drawn_as_one(self.settings.cluster, self.apart[question.rows])

    def labels(self, question: Judged, measured: Measured) -> Iterator[LabelResult]:
        of_label = label_measures_of(question)
        figures = [measured.figures(m) for m in of_label]
        for label, key in enumerate(question.keys):
            wrong, unsure = ((), ()) if self.settings.brief else self.cases(question, label)
            yield LabelResult(
                key=key,
                n_coded=int(question.coded[:, label].sum()),
                n_assigned=int(question.assigned[:, label].sum()),
                figures={m.key: values[label] for m, values in zip(of_label, figures, strict=True)},
                bins=_bins(question, [label]),
                confident_errors=wrong,
                least_certain=unsure,
            )

    def cases(self, question: Judged, label: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
        """Return the surest wrong and the least certain articles of a label."""
        assert question.probability is not None
        p, coded = question.probability[:, label], question.coded[:, label]
        surest = np.argsort(-np.abs(p - coded), kind="stable")
        wrong = surest[(question.assigned[:, label] != coded)[surest]][:CASES]
        unsure = np.argsort(np.abs(p - 0.5), kind="stable")[:CASES]
        return tuple(self.case(question, i, label) for i in wrong), tuple(self.case(question, i, label) for i in unsure)

    def case(self, question: Judged, article: int, label: int) -> Case:
        assert question.probability is not None
        keys, row = np.array(question.keys), int(question.rows[article])
        return Case(
            id=self.predictions.articles["id"][row],
            outlet=self.outlets[row] or "",
            coded=tuple(keys[question.coded[article]].tolist()),
            assigned=tuple(keys[question.assigned[article]].tolist()),
            probability=round(float(question.probability[article, label]), 4),
        )

    def baselines(self, question: Judged, measured: Measured) -> Iterator[Baseline]:
        groups = self.groups(question)
        for key, title, said in baselines(question, self.predictions.articles, self.apart, self.settings.seed):
            whole = measures_of(said)
            f1 = next(m for m in label_measures_of(said) if m.key == "f1")
            theirs = measure(said, (*whole, f1), groups, self.settings.seed)
            of_labels = theirs.value[f1][0]
            yield Baseline(
                key=key,
                title=title,
                figures={m.key: theirs.figure(m) for m in whole},
                labels={k: None if np.isnan(v) else float(v) for k, v in zip(question.keys, of_labels, strict=True)},
                above=tuple(m.key for m in whole if theirs.value[m][0] > measured.value[m][0]),
                above_labels=tuple(np.array(question.keys)[of_labels > np.nan_to_num(measured.value[f1][0])].tolist()),
            )

    def ceiling(self, question: Judged) -> Ceiling | None:
        """Compare the coders, where the question was put to coders at all."""
        if self.settings.second is None or question.block.head.coded_in == "articles":
            return None
        return ceiling(question, self.settings.second, self.groups(question), self.settings.seed)

    def _drifted(self) -> Iterator[Comparison]:
        """Yield questions as earlier articles alone teach them, compared with the predictions."""
        if self.settings.later is not None:
            yield from compare(self.settings.later, self.predictions, self.settings.cluster, self.settings.seed)

    def drift(self, question: Judged) -> Drift | None:
        found = self.drifted.get(question.name)
        return None if found is None else Drift(self.settings.since, found)


def _wording(block: Block) -> str:
    """Return the question, with the target that it is put for."""
    target = next((target.target for target in block.head.targets if target.label == block.target), None)
    return f"{block.head.question} ({target})" if target else block.head.question


def _bins(question: Judged, labels: list[int]) -> tuple[Bin, ...]:
    """Return the reliability of some labels' probabilities, all their decisions together; empty bins are left out."""
    assert question.probability is not None
    sums = metrics.article_bins(question.coded[:, labels], question.probability[:, labels]).sum(axis=(0, 3))
    edges = np.linspace(0, 1, metrics.BINS + 1)
    return tuple(
        Bin(round(float(low), 3), round(float(high), 3), int(n), float(p / n), float(coded / n))
        for low, high, n, p, coded in zip(edges[:-1], edges[1:], *sums, strict=True)
        if n
    )


def _confusion(question: Judged) -> Confusion:
    counts = metrics.confusion(question.coded, question.assigned)
    return Confusion(tuple(question.keys), tuple(tuple(int(n) for n in row) for row in counts))
