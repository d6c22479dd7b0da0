"""Score articles: features -> scores.

All heads are one matrix product. Calibration is folded into the weights, so that a column's value is the log-odds of
its label (many-of) or its unnormalised log-probability (one-of), and what a word adds to it can be read off exactly.
A head that is asked beside others (stance) reads their probabilities as well, through a second, small matrix.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import Codebook, Head
from classifier.errors import ModelError, SlantwiseError
from classifier.features import FEATURES, Floats, Vocabulary, document
from classifier.modelfile import ModelFile, read_model_file, write_model_file

DEFAULT_MODEL = Path(__file__).parent / "default_model" / "policy-news.slantwise"

MOST_LOG_ODDS = 5.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one question: a head, or one target of a one-of-per-label head."""

    head: Head
    target: str | None
    columns: slice


def blocks(codebook: Codebook) -> tuple[Block, ...]:
    """Return the questions of a codebook with their columns, in reporting order; columns follow one another."""
    asked: list[tuple[Head, str | None]] = []
    for head in codebook.heads:
        asked += [(head, target.label) for target in head.targets] or [(head, None)]
    starts = np.cumsum([0, *(len(head.labels) for head, _ in asked)]).tolist()
    return tuple(
        Block(head, target, slice(start, stop))
        for (head, target), start, stop in zip(asked, starts[:-1], starts[1:], strict=True)
    )


@dataclass(frozen=True)
class Weights:
    """What training learned; n_columns counts the labels of all blocks.

    Parameters
    ----------
    text
        Log-odds that a feature adds to each column, shape (n_features, n_columns).
    intercept, threshold
        Shape (n_columns,). Thresholds are probabilities.
    learned
        False for a label with too few coded articles to learn from; shape (n_columns,).
    side
        Log-odds that the scores of other heads add, by the key of the head that reads them; shape (n_side, n_labels of
        all its targets).
    """

    text: Floats
    intercept: Floats
    threshold: Floats
    learned: Bools
    side: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a batch, one row an article and one column a label of a block.

    A label that the model could not learn, and a stance whose topic is absent, has probability NaN and is not assigned.
    """

    probability: Floats
    assigned: Bools


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label's calibrated probability (None where the model could not learn the label), and whether it is assigned."""

    probability: float | None
    yes: bool


Answers = dict[str, LabelScore]


@dataclass(frozen=True, slots=True)
class ArticleScores:
    """What the model says of one article.

    `labels` maps a head's field to its labels in reporting order; for stance it maps each target whose topic is present
    to its labels.
    """

    id: str
    source: str
    title: str | None
    labels: dict[str, Answers | dict[str, Answers]]
    model: str
    codebook: str

    def assigned(self, name: str, target: str | None = None) -> list[str]:
        """Return the labels assigned under a field such as 'topics', or under a target of it."""
        answers: Any = self.labels[name] if target is None else self.labels[name][target]
        return [label for label, score in answers.items() if score.yes]

    def to_row(self) -> dict[str, Any]:
        """Return the row that JSON Lines output holds."""
        answers = {name: _plain(value) for name, value in self.labels.items()}
        row = {"id": self.id, "source": self.source, "title": self.title}
        return {**row, **answers, "model": self.model, "codebook": self.codebook}


class Model:
    """A trained coder: a codebook, a vocabulary and weights."""

    def __init__(self, name: str, codebook: Codebook, vocabulary: Vocabulary, weights: Weights) -> None:
        self.name = name
        self.codebook = codebook
        self.vocabulary = vocabulary
        self.weights = weights
        _check_shapes(self)
        self.blocks = blocks(codebook)

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
            return cls(manifest["name"], codebook, _vocabulary(arrays), _weights(arrays))
        except KeyError as error:
            raise ModelError(f"{path}: the model lacks {error}; train it again") from None
        except SlantwiseError as error:
            raise ModelError(f"{path}: {error}") from None

    def score(self, text: str, *, title: str | None = None) -> ArticleScores:
        """Return the scores of one article."""
        frame = pl.DataFrame({"id": ["text"], "source": ["text"], "title": [title], "text": [text]})
        return next(self.articles(frame))

    def score_frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the scores of a frame of articles, with a column for each answer and each probability.

        Parameters
        ----------
        frame
            A column `text`, and `id`, `source` and `title` where known.

        Returns
        -------
        polars.DataFrame
            One row an article: `id`, `source`, `title`; for each many-of head a list column of the labels assigned, for
            every other question a string column; then a Float32 column `p.QUESTION.LABEL` for each label.
        """
        frame = _with_defaults(frame)
        scores = self.score_batch(frame)
        columns = [frame["id"], frame["source"], frame["title"]]
        columns += [_answers(block, scores.assigned[:, block.columns]) for block in self.blocks]
        for block in self.blocks:
            for label, column in zip(block.head.keys, scores.probability[:, block.columns].T, strict=True):
                series = pl.Series(f"p.{question(block)}.{label}", np.ascontiguousarray(column), nan_to_null=True)
                columns.append(series)
        frame = pl.DataFrame(columns)
        return frame.with_columns(model=pl.lit(self.name), codebook=pl.lit(self.codebook.digest))

    def articles(self, frame: pl.DataFrame) -> Iterator[ArticleScores]:
        """Yield the scores of each article of a frame (columns as for `score_frame`)."""
        frame = _with_defaults(frame)
        scores = self.score_batch(frame)
        rows = zip(frame["id"], frame["source"], frame["title"], strict=True)
        probabilities, assigned = scores.probability.tolist(), scores.assigned.tolist()
        for (key, source, title), ps, yes in zip(rows, probabilities, assigned, strict=True):
            labels: dict[str, Any] = {}
            for block in self.blocks:
                answers = _answers_of(block, ps[block.columns], yes[block.columns])
                if block.target is None:
                    labels[block.head.field] = answers
                elif any(yes[block.columns]):
                    labels.setdefault(block.head.field, {})[block.target] = answers
                else:
                    labels.setdefault(block.head.field, {})
            yield ArticleScores(key, source, title, labels, self.name, self.codebook.digest)

    def score_batch(self, frame: pl.DataFrame) -> Scores:
        """Return the scores of a frame with columns `title` and `text`, as arrays."""
        features = self.vocabulary.features(document(frame))
        scores = decide(self.codebook, features @ self.weights.text + self.weights.intercept, self.weights)
        _ask_only_where_present(self.codebook, scores)
        return scores

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
        }
        manifest = {"name": self.name, "features": FEATURES, "codebook": self.codebook.to_table(), **provenance}
        return write_model_file(path, ModelFile(manifest, arrays))


def decide(codebook: Codebook, values: Floats, weights: Weights) -> Scores:
    """Turn decision values into probabilities and labels, each stance answered as if its topic were present.

    Parameters
    ----------
    values
        Decision values from the text alone, shape (n_articles, n_columns).
    """
    probability = np.full(values.shape, np.nan, dtype=np.float32)
    assigned = np.zeros(values.shape, dtype=bool)
    log_odds: dict[str, Floats] = {}
    for block in fitting_order(codebook):
        head, columns = block.head, block.columns
        value = np.where(weights.learned[columns], values[:, columns], -np.inf)
        if head.beside:
            side = side_features([log_odds[key] for key in head.beside], len(values))
            first = next(b.columns.start for b in blocks(codebook) if b.head is head)
            value = value + side @ weights.side[head.key][:, columns.start - first : columns.stop - first]
        log_odds[head.key] = value
        probability[:, columns] = probabilities(head, value, weights.learned[columns])
        assigned[:, columns] = _assign(head, probability[:, columns], weights.threshold[columns])
    return Scores(probability, assigned)


def fitting_order(codebook: Codebook) -> list[Block]:
    """Return the questions, those that read other heads' scores after the others."""
    return sorted(blocks(codebook), key=lambda block: len(block.head.beside))


def side_features(log_odds: Sequence[Floats], n_articles: int) -> Floats:
    """Return what a head reads beside the text: other heads' log-odds and their products, pair by pair.

    Parameters
    ----------
    log_odds
        Decision values of each head, shape (n_articles, n_labels); -inf for a label that was not learned.

    Returns
    -------
    numpy.ndarray
        Float32 of shape (n_articles, n_side). Log-odds are taken from their mean over the labels and held within 5, so
        that 0 says 'knows nothing' and one sure score cannot drown the text.
    """
    centred = [_centred(values) for values in log_odds]
    products = [
        (first[:, :, None] * second[:, None, :]).reshape(n_articles, -1)
        for i, first in enumerate(centred)
        for second in centred[i + 1 :]
    ]
    return np.concatenate([np.zeros((n_articles, 0)), *centred, *products], axis=1).astype(np.float32)


def _centred(values: Floats) -> Floats:
    learned = np.isfinite(values)
    mean = np.where(learned, values, 0.0).sum(axis=1, keepdims=True) / np.maximum(learned.sum(axis=1, keepdims=True), 1)
    centred: Floats = np.where(learned, values - mean, 0.0)
    return np.clip(centred, -MOST_LOG_ODDS, MOST_LOG_ODDS)


def question(block: Block) -> str:
    """Return the name of a block's column in frames: a field such as 'topics', or 'stance.vaccines'."""
    return block.head.field if block.target is None else f"{block.head.field}.{block.target}"


def probabilities(head: Head, value: Floats, learned: Bools) -> Floats:
    """Return the probability of each label, NaN for those not learned.

    Parameters
    ----------
    value
        Log-odds (many-of) or log-probabilities up to a constant (one-of), shape (n_articles, n_labels).
    """
    if not learned.any():
        return np.full(value.shape, np.nan, dtype=np.float32)
    value = np.where(learned, value, -np.inf)
    if head.kind == "many-of":
        p = 1.0 / (1.0 + np.exp(-value))
    else:
        p = np.exp(value - value.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
    return np.where(learned, p, np.nan).astype(np.float32)


def _assign(head: Head, p: Floats, threshold: Floats) -> Bools:
    """Assign every label at or over its threshold; exactly one, the furthest over it, where the head asks for one."""
    margin = np.nan_to_num(p / threshold, nan=-1.0)
    nearest = margin.argmax(axis=1)[:, None] == np.arange(p.shape[1])
    if head.kind != "many-of":
        assigned: Bools = nearest & ~np.isnan(p)
        return assigned
    assigned = margin >= 1.0
    if head.at_least_one:
        assigned |= nearest & ~assigned.any(axis=1, keepdims=True)
    alone = np.array([label.alone for label in head.labels])
    assigned[:, alone] &= ~assigned[:, ~alone].any(axis=1, keepdims=True)
    return assigned


def _ask_only_where_present(codebook: Codebook, scores: Scores) -> None:
    """Blank, in place, the answers to a target whose label is not assigned."""
    columns = {
        (b.head.key, label): b.columns.start + i for b in blocks(codebook) for i, label in enumerate(b.head.keys)
    }
    for block in blocks(codebook):
        if block.target is not None and block.head.of is not None:
            absent = ~scores.assigned[:, columns[block.head.of, block.target]]
            scores.probability[absent, block.columns] = np.nan
            scores.assigned[absent, block.columns] = False


def _with_defaults(frame: pl.DataFrame) -> pl.DataFrame:
    if "text" not in frame.columns:
        raise ModelError(f"the frame lacks a column 'text'; it has {', '.join(map(repr, frame.columns))}")
    number = pl.int_range(pl.len()).cast(pl.String)
    defaults = [number.alias("id"), number.alias("source"), pl.lit(None, pl.String).alias("title")]
    return frame.with_columns(value for value in defaults if value.meta.output_name() not in frame.columns)


def _answers(block: Block, assigned: Bools) -> pl.Series:
    """Return a block's answers as a column: lists for many-of, else a string, null where nothing was asked."""
    keys = np.array(block.head.keys, dtype=object)
    if block.head.kind == "many-of":
        return pl.Series(question(block), [keys[row].tolist() for row in assigned], dtype=pl.List(pl.String))
    answers = [key if row.any() else None for row, key in zip(assigned, keys[assigned.argmax(axis=1)], strict=True)]
    return pl.Series(question(block), answers, dtype=pl.String)


def _answers_of(block: Block, probabilities: list[float], assigned: list[bool]) -> Answers:
    rows = zip(block.head.keys, probabilities, assigned, strict=True)
    return {key: LabelScore(None if p != p else p, yes) for key, p, yes in rows}  # noqa: PLR0124 - NaN is not itself


def _plain(answers: Any) -> Any:
    if isinstance(answers, LabelScore):
        p = answers.probability
        return {"probability": None if p is None else round(p, 4), "yes": answers.yes}
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
    for name, (shape, expected) in found.items():
        if shape != expected:
            raise ModelError(f"{name} should have shape {expected}, found {shape}; train the model again")
