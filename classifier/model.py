"""Score articles: features -> scores.

All heads are one matrix product. Calibration is folded into the weights, so that a column's value is the log-odds of
its label (many-of) or its unnormalised log-probability (one-of), and what a word adds to it can be read off exactly.
A head that is asked beside others (stance) reads their log-odds as well, through a second, small matrix.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, repeat
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import Block, Codebook, blocks, question
from classifier.decide import NEAR, Bools, Scores, Weights, ask_only_where_present, decide, side_features
from classifier.errors import ModelError, SlantwiseError
from classifier.evidence import Evidence, Findings, Reasons
from classifier.features import FEATURES, Floats, Vocabulary, document
from classifier.modelfile import ModelFile, read_model_file, write_model_file
from classifier.parallel import each, in_parts
from classifier.reading import Reading, read
from classifier.record import Record

# What a row of scores says of its article.
ABOUT = ("id", "source", "title", "extraction", "dropped", "language", "low_evidence")
DIGITS = 4  # of probabilities and shares, where they are written as text
DEFAULT_MODEL = Path(__file__).parent / "default_model" / "policy-news.slantwise"


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label's calibrated probability (None where the model could not learn the label), and whether it is assigned."""

    probability: float | None
    yes: bool


Answers = dict[str, LabelScore]
Reasoned = dict[str, Evidence]


@dataclass(frozen=True, slots=True)
class ArticleScores:
    """What the model says of one article.

    `labels` maps a head's field to its labels in reporting order; for stance it maps each target whose topic is present
    to its labels. `evidence`, where it was asked for, has the same shape, with the labels that are assigned alone.
    """

    id: str
    source: str
    title: str | None
    extraction: str | None  # how the article was taken out of an HTML page; None where there was none
    dropped: float | None  # part of the page that was left out as furniture, 0 to 1; None where it was not cleaned
    language: str | None  # None where it cannot be told, or was not looked at
    low_evidence: bool | None  # whether the text is too short to say much
    labels: dict[str, Answers | dict[str, Answers]]
    model: str
    codebook: str
    evidence: dict[str, Reasoned | dict[str, Reasoned]] | None = None

    def assigned(self, name: str, target: str | None = None) -> list[str]:
        """Return the labels assigned under a field such as 'topics', or under a target of it."""
        answers: Any = self.labels[name] if target is None else self.labels[name][target]
        return [label for label, score in answers.items() if score.yes]

    def to_row(self) -> dict[str, Any]:
        """Return the row that JSON Lines output holds."""
        answers = {name: _plain(value) for name, value in self.labels.items()}
        row: dict[str, Any] = {name: getattr(self, name) for name in ABOUT}
        row["dropped"] = None if self.dropped is None else round(self.dropped, DIGITS)
        row |= {**answers, "model": self.model, "codebook": self.codebook}
        if self.evidence is not None:
            row["evidence"] = {name: _plain(value) for name, value in self.evidence.items()}
        return row


class Model:
    """A trained coder: a codebook, a vocabulary and weights, and a record of what it learned from if it has one."""

    def __init__(
        self, name: str, codebook: Codebook, vocabulary: Vocabulary, weights: Weights, record: Record | None = None
    ) -> None:
        self.name = name
        self.codebook = codebook
        self.vocabulary = vocabulary
        self.weights = weights
        self.record = record
        self.blocks = blocks(codebook)
        _check_shapes(self)

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """Read a model file; without a path, the model that ships with slantwise.

        Raises
        ------
        ModelError
            If the file is not a whole model of a format that this version reads.
        """
        path = DEFAULT_MODEL if path is None else Path(path)
        manifest, arrays = read_model_file(path)
        try:
            if manifest["features"] != FEATURES:
                msg = f"made for features {manifest['features']}, this version has {FEATURES}; train it again"
                raise ModelError(msg)
            codebook = Codebook.from_table(manifest["codebook"])
            parts = _vocabulary(arrays), _weights(arrays), Record.from_arrays(arrays)
            return cls(manifest["name"], codebook, *parts)
        except KeyError as error:
            raise ModelError(f"{path}: the model lacks {error}; train it again") from None
        except (SlantwiseError, UnicodeDecodeError) as error:
            raise ModelError(f"{path}: {error}") from None

    @cached_property
    def reasons(self) -> Reasons:
        """What terms and other heads add to each label."""
        return Reasons(self.codebook, self.weights)

    def score(self, text: str, *, title: str | None = None, evidence: int = 0) -> ArticleScores:
        """Return the scores of one article, with the sentences that speak most for each label if any are asked for."""
        frame = pl.DataFrame({"id": ["text"], "source": ["text"], "title": [title], "text": [text]})
        return next(self.articles(frame.cast({"title": pl.String}), evidence=evidence))

    def score_frame(self, frame: pl.DataFrame, *, evidence: int = 0) -> pl.DataFrame:
        """Return the scores of a frame of articles, with a column for each answer and each probability.

        Parameters
        ----------
        frame
            A column `text`, and `id`, `source`, `title`, `extraction`, `dropped`, `language` and `low_evidence` where
            known. Rows that are true in a column `foreign` are not scored: their answers are null. Sentences are placed
            by `pieces`, where a page was cleaned.
        evidence
            How many sentences are named for each label that is assigned.

        Returns
        -------
        polars.DataFrame
            One row an article: what is known of it, in the order above; for each many-of head a list column of the
            labels assigned, for every other question a string column; then a Float32 column `p.QUESTION.LABEL` for each
            label. With evidence a last column of that name: a list of sentences, each with its question and label.
        """
        frame = with_defaults(frame)
        scores, findings = self.reasoned(frame, evidence)
        columns = [frame[name] for name in ABOUT]
        answers = [_answers(block, scores.assigned[:, block.columns]) for block in self.blocks]
        columns += pl.DataFrame(answers).select(pl.when(~frame["foreign"]).then(pl.all())).get_columns()
        for block in self.blocks:
            for label, column in zip(block.head.keys, scores.probability[:, block.columns].T, strict=True):
                series = pl.Series(f"p.{question(block)}.{label}", np.ascontiguousarray(column), nan_to_null=True)
                columns.append(series)
        table = pl.DataFrame(columns).with_columns(model=pl.lit(self.name), codebook=pl.lit(self.codebook.digest))
        return table if findings is None else table.with_columns(findings.sentence_column(self.blocks, len(frame)))

    def articles(self, frame: pl.DataFrame, *, evidence: int = 0, close: bool = False) -> Iterator[ArticleScores]:
        """Yield the scores of each article of a frame (columns and `evidence` as for `score_frame`).

        With `close` there is evidence too for labels that are not assigned but reach half of their threshold.
        """
        frame = with_defaults(frame)
        scores, findings = self.reasoned(frame, evidence, close=close)
        found = findings.by_article(self.vocabulary.terms, len(frame)) if findings else repeat({}, len(frame))
        rows = frame.select(ABOUT).iter_rows()
        probabilities, assigned = scores.probability.tolist(), scores.assigned.tolist()
        for row, ps, yes, why in zip(rows, probabilities, assigned, found, strict=True):
            labels: dict[str, Any] = {}
            reasons: dict[str, Any] = {}
            for block in self.blocks:
                columns = range(block.columns.start, block.columns.stop)
                answers = _answers_of(block, ps[block.columns], yes[block.columns])
                own = {key: why[column] for key, column in zip(block.head.keys, columns, strict=True) if column in why}
                if block.target is None:
                    labels[block.head.field], reasons[block.head.field] = answers, own
                    continue
                targets, reasoned = labels.setdefault(block.head.field, {}), reasons.setdefault(block.head.field, {})
                if any(yes[block.columns]):
                    targets[block.target], reasoned[block.target] = answers, own
            about = dict(zip(ABOUT, row, strict=True))
            yield ArticleScores(
                **about,
                labels=labels,
                model=self.name,
                codebook=self.codebook.digest,
                evidence=reasons if evidence else None,
            )

    def reasoned(self, frame: pl.DataFrame, n: int, *, close: bool = False) -> tuple[Scores, Findings | None]:
        """Return the scores of a frame as `with_defaults` returns it, and their evidence; none where n is 0."""
        if not n:
            return self.score_batch(frame), None
        readings = read(self.vocabulary, frame)
        values = self.values_of(readings)
        scores = self.score_batch(frame, values)
        wanted = scores.assigned | (close & (scores.probability >= NEAR * self.weights.threshold))
        return scores, self.reasons.of_batch(frame, readings, values, wanted, n)

    def score_batch(self, frame: pl.DataFrame, values: Floats | None = None) -> Scores:
        """Return the scores of a frame with columns `title` and `text`; `values` as for `decide`, where known."""
        scores = self.answer_all(frame, values)
        ask_only_where_present(self.codebook, scores)
        if "foreign" in frame.columns and frame["foreign"].any():
            foreign = frame["foreign"].to_numpy()
            scores.probability[foreign], scores.assigned[foreign] = np.nan, False
        return scores

    def answer_all(self, frame: pl.DataFrame, values: Floats | None = None) -> Scores:
        """Return the scores of a frame, each target of a stance answered as if its label were present."""
        if values is None:
            values = in_parts(document(frame), lambda texts: self.vocabulary.values(texts, self.weights.text))
            values = values + self.weights.intercept
        return decide(self.codebook, values, self.weights)

    def values_of(self, readings: Sequence[Reading]) -> Floats:
        """Return the decision values of a batch from the text alone, as in `decide`."""
        none = np.empty((0, len(self.weights.intercept)), np.float32)
        products = each(lambda reading: self.vocabulary.product(reading.counted, self.weights.text), readings)
        return np.concatenate([none, *products]) + self.weights.intercept

    def write(self, path: str | Path, provenance: Mapping[str, Any]) -> str:
        """Write the model file whole or not at all, and return its SHA-256; `provenance` is kept in its manifest."""
        arrays: dict[str, NDArray[Any]] = {
            "words": np.frombuffer("\n".join(self.vocabulary.words).encode(), dtype=np.uint8),
            "pairs": self.vocabulary.pairs,
            "idf": self.vocabulary.idf,
            "text": self.weights.text.astype(np.float16),
            "intercept": self.weights.intercept,
            "threshold": self.weights.threshold,
            "learned": self.weights.learned,
            **{f"side.{key}": array for key, array in self.weights.side.items()},
            **(self.record.to_arrays() if self.record else {}),
        }
        manifest = {"name": self.name, "features": FEATURES, "codebook": self.codebook.to_table(), **provenance}
        return write_model_file(path, ModelFile(manifest, arrays))


def with_defaults(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with all columns that a row of scores is made of; raise ModelError where it has no text."""
    if "text" not in frame.columns:
        raise ModelError(f"the frame lacks a column 'text'; it has {', '.join(map(repr, frame.columns))}")
    number = pl.int_range(pl.len()).cast(pl.String)
    defaults = [number.alias("id"), number.alias("source"), pl.lit(None, pl.String).alias("title")]
    types = {"extraction": pl.String, "dropped": pl.Float32, "language": pl.String, "low_evidence": pl.Boolean}
    defaults += [pl.lit(None, kind).alias(name) for name, kind in types.items()]
    defaults.append(pl.lit(value=False).alias("foreign"))
    return frame.with_columns(value for value in defaults if value.meta.output_name() not in frame.columns)


def _answers(block: Block, assigned: Bools) -> pl.Series:
    """Return a block's answers as a column: lists for many-of, else a string, null where nothing was asked."""
    keys = block.head.keys
    if (
        block.head.kind == "many-of"
    ):  # Polars takes 80 microseconds to make a column's value of a list, and 1 to split one
        joined = ["\0".join(compress(keys, row)) for row in assigned.tolist()]
        return pl.Series(question(block), joined, dtype=pl.String).str.extract_all(r"[^\x00]+")
    chosen = np.where(assigned.any(axis=1), assigned.argmax(axis=1), len(keys))
    return pl.Series(question(block), [*keys, None], dtype=pl.String).gather(chosen)


def _answers_of(block: Block, probabilities: list[float], assigned: list[bool]) -> Answers:
    rows = zip(block.head.keys, probabilities, assigned, strict=True)
    return {key: LabelScore(None if p != p else p, yes) for key, p, yes in rows}  # noqa: PLR0124 - NaN is not itself


def _plain(answers: Any) -> Any:
    if isinstance(answers, Evidence):
        return answers.to_row()
    if isinstance(answers, LabelScore):
        p = answers.probability
        return {"probability": None if p is None else round(p, DIGITS), "yes": answers.yes}
    return {key: _plain(value) for key, value in answers.items()}


def _vocabulary(arrays: Mapping[str, NDArray[Any]]) -> Vocabulary:
    return Vocabulary(tuple(arrays["words"].tobytes().decode().split("\n")), arrays["pairs"], arrays["idf"])


def _weights(arrays: Mapping[str, NDArray[Any]]) -> Weights:
    return Weights(
        text=arrays["text"].astype(np.float32),
        intercept=arrays["intercept"],
        threshold=arrays["threshold"],
        learned=arrays["learned"],
        side={name.removeprefix("side."): array for name, array in arrays.items() if name.startswith("side.")},
    )


def _check_shapes(model: Model) -> None:
    """Refuse arrays that do not fit the codebook and vocabulary."""
    weights, columns, features = model.weights, model.blocks[-1].columns.stop, len(model.vocabulary)
    found = {
        "pairs": (model.vocabulary.pairs.shape, (len(model.vocabulary.pairs), 2)),
        "idf": (model.vocabulary.idf.shape, (features,)),
        "text": (weights.text.shape, (features, columns)),
        **{name: (getattr(weights, name).shape, (columns,)) for name in ("intercept", "threshold", "learned")},
    }
    for head in model.codebook.heads:
        if head.beside:
            sizes = [len(model.codebook.head(key).labels) for key in head.beside]
            n_side = side_features([np.zeros((1, size), np.float32) for size in sizes], 1).shape[1]
            side = weights.side.get(head.key, np.empty(0, np.float32))
            found[f"side.{head.key}"] = (side.shape, (n_side, len(head.labels) * len(head.targets or (None,))))
    if record := model.record:
        per_column = (len(record.coded), columns)
        found |= {f"record.{name}": (getattr(record, name).shape, per_column) for name in ("probability", "assigned")}
    for name, (shape, expected) in found.items():
        if shape != expected:
            raise ModelError(f"{name} should have shape {expected}, found {shape}; train the model again")
    words, pairs = model.vocabulary.words, model.vocabulary.pairs.astype(np.int64)
    rising = np.diff(pairs[:, 0] * len(words) + pairs[:, 1]) > 0
    if len(set(words)) < len(words) or not ((pairs >= 0) & (pairs < len(words))).all() or not rising.all():
        raise ModelError("words should differ, and pairs be numbers of words in rising order; train the model again")
