"""What an evaluation found, as plain values: the schema of report.json, which the pages and tables are made from.

Only numbers, labels, ids and outlets stand here, never a text, so that a report may be shared where the articles may
not.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from classifier.errors import SlantwiseError
from training.compare import Comparison
from training.resampling import Figure
from training.splits import Split

SCHEMA = 1  # of report.json; raised whenever a key changes its meaning or goes away


@dataclass(frozen=True)
class Case:
    """An article to read: `probability` is that of the label under which it stands."""

    id: str
    outlet: str
    coded: tuple[str, ...]
    assigned: tuple[str, ...]
    probability: float


@dataclass(frozen=True)
class Bin:
    """Decisions of a probability over `low` and up to `high`: how many, their mean probability, the share coded."""

    low: float
    high: float
    n: int
    probability: float
    coded: float


@dataclass(frozen=True)
class LabelResult:
    """One label: `n_coded` and `n_assigned` articles, figures by the key of their measure, and articles to read."""

    key: str
    n_coded: int
    n_assigned: int
    figures: dict[str, Figure]
    bins: tuple[Bin, ...]
    confident_errors: tuple[Case, ...]
    least_certain: tuple[Case, ...]


@dataclass(frozen=True)
class Baseline:
    """What needs no model, on the same rows. `above` names measures and labels at which it does better than the model.

    `labels` maps labels to F1, None where that is undefined.
    """

    key: str
    title: str
    figures: dict[str, Figure]
    labels: dict[str, float | None]
    above: tuple[str, ...]
    above_labels: tuple[str, ...]


@dataclass(frozen=True)
class Confusion:
    """Of a question with one answer: `counts[i][j]` articles coded `labels[i]` and assigned `labels[j]`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Agreement:
    """A label (or a question, all its answers together) between two coders, and of the model with each of them.

    `n_coded` is how many articles the first and the second coder gave it. Figures by key: percent, kappa, alpha; of a
    label f1, f1_model_first, f1_model_second, and of a question the same of micro_f1 and macro_f1.
    """

    key: str
    n_coded: tuple[int, int]
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Ceiling:
    """How far two coders agree on `n_articles` that both coded; a model can hardly agree with them further."""

    n_articles: int
    overall: Agreement
    labels: tuple[Agreement, ...]


@dataclass(frozen=True)
class Slice:
    """Some of a question's articles, with the columns of the whole.

    `lies` is 'above' or 'below' where the headline measure is clear of the whole's: `p` corrected by Holm over all
    slices of the question is under .05. None and '' where it cannot be told.
    """

    column: str
    value: str
    n: int
    figures: dict[str, Figure]
    p: float | None
    lies: str


@dataclass(frozen=True)
class Drift:
    """Articles since a date, by a model of earlier ones only (first) and by the cross-validation (second)."""

    since: str
    comparison: Comparison


@dataclass(frozen=True)
class Question:
    """One question. `figures` by the key of their measure; `headline` is the measure that slices are compared by."""

    name: str
    kind: str
    question: str
    headline: str
    measures: dict[str, str]  # key -> title, in the order of columns
    label_measures: dict[str, str]
    n_articles: int
    n_outlets: int
    left_out: dict[str, str]  # label -> why it is not judged
    figures: dict[str, Figure]
    labels: tuple[LabelResult, ...]
    bins: tuple[Bin, ...]
    confusion: Confusion | None
    baselines: tuple[Baseline, ...]
    slices: tuple[Slice, ...]
    unlisted_slices: dict[str, int]  # column -> how many of its values have too few articles, or are beyond the largest
    ceiling: Ceiling | None = None
    drift: Drift | None = None


@dataclass(frozen=True)
class Report:
    """An evaluation. `signature` names what every figure in it hangs on."""

    title: str
    signature: dict[str, str]
    split: Split
    resampled: str  # what intervals draw: articles or outlets
    resamples: int
    level: float
    data: dict[str, int]
    questions: tuple[Question, ...]
    not_judged: dict[str, str]  # question -> why
    notes: tuple[str, ...]
    methods: str  # a paragraph for a paper
    schema: int = SCHEMA

    @property
    def signed(self) -> str:
        """The signature in one line."""
        return "|".join(f"{key}={value}" for key, value in self.signature.items())

    def to_json(self) -> str:
        """Return report.json; None stands for what is undefined, and is always beside a reason."""
        table = asdict(self)
        table = {"schema": table.pop("schema"), **table}
        return json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield every figure of a question or label with its name: `topic.macro_f1`, `topic.vaccines.f1`."""
        for question in self.questions:
            for key, figure in question.figures.items():
                yield f"{question.name}.{key}", figure
            for label in question.labels:
                for key, figure in label.figures.items():
                    yield f"{question.name}.{label.key}.{key}", figure

    def figure(self, name: str) -> Figure:
        """Return the figure of that name.

        Raises
        ------
        SlantwiseError
            If there is none; the message names some that there are.
        """
        named = dict(self.figures())
        if name not in named:
            question = name.partition(".")[0]
            near = [key for key in named if key.startswith(question)] or list(named)
            why = "".join(f"; {key} is not judged: {why}" for key, why in self.not_judged.items() if key in name)
            raise SlantwiseError(f"the report has no figure {name!r}; it has {', '.join(near[:8])} ...{why}")
        return named[name]
