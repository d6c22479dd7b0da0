"""Read what shares are estimated from: a corpus with a model's answers, and what coders said of some of it.

A corpus is scored batch by batch, or its scores are read from a file that `slantwise score` wrote. Texts are kept of
coded articles alone: those that the model learned from get what it said while they were held out, for an error that it
was taught to avoid is no error that it makes elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.articles import Columns, OnReject, read_articles
from classifier.codebook import Block, Codebook, blocks, question
from classifier.decide import Scores, ask_only_where_present
from classifier.errors import ArticleError, LabelError
from classifier.language import mark
from classifier.model import Model
from training.inputs import ALWAYS, digest_of
from training.labels import NO, UNKNOWN, YES, Coded, Coding, align, read_labels
from training.predictions import known_articles
from training.score_files import read_scores

PERIODS = {"year": 4, "month": 7}  # letters of a date, made of the column date
NAMED = 5  # ids that a note names

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Corpus:
    """Articles that shares are taken of, with a model's answers and those of coders.

    Parameters
    ----------
    groups
        The columns that shares are given by, one row an article; null where it is not known.
    scores
        A row an article, a column a label. What was not asked (a stance whose topic is absent) is not assigned, and its
        probability is NaN.
    answers
        What coders said, same shape: 1 yes, 0 no, -1 not coded. A stance whose topic is absent is coded no.
    random
        Which articles were coded because they were drawn at random, shape (n_articles,).
    notes
        What a reader must know: articles left out, coded articles that are not in the corpus.
    signature
        What figures hang on.
    """

    codebook: Codebook
    groups: pl.DataFrame
    scores: Scores
    answers: Coded
    random: Bools
    notes: tuple[str, ...]
    signature: dict[str, str]
    missing: tuple[str, ...] = ()  # ids of coded articles that are not in the corpus


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where a corpus is read from.

    Parameters
    ----------
    scores
        A file that `slantwise score` wrote with the same model; None: the articles are scored here.
    articles
        Files or folders. With `scores`, they give columns that it lacks, and the texts of coded articles.
    coded_are_new
        Whether the model is said to have learned from none of the coded articles; else their texts are asked for.
    by
        Columns that shares are given by; 'month' and 'year' are made of the date.
    """

    labels: Path
    articles: Sequence[str | Path]
    by: Sequence[str]
    columns: Columns = field(default_factory=Columns)
    scores: Path | None = None
    coded_are_new: bool = False


def read_corpus(model: Model, sources: Sources, on_reject: OnReject) -> Corpus:
    """Return a corpus with its answers.

    Raises
    ------
    SlantwiseError
        If no coded article is in the corpus, a column is in no file, scores are of another model, or it cannot be told
        whether the model learned from the coded articles.
    """
    coding = read_labels(sources.labels, model.codebook)
    _refuse_untold(model, sources)
    table, texts, scores = _read(model, sources, set(coding.ids), on_reject)
    groups = _grouped(table, sources.by)
    row_of = {key: row for row, key in enumerate(table["id"])}
    missing = tuple(key for key in coding.ids if key not in row_of)
    if len(missing) == len(coding.ids):
        found = f"coded is {missing[0]!r}, the corpus has {table['id'][0]!r}"
        raise LabelError(f"{sources.labels}: no coded article is in the corpus: {found} (do the ids match?)")
    answers = _answers(model.codebook, coding, row_of)
    unanswered = _unanswered(model.codebook, answers)
    held_out = _hold_out(model, texts, scores, answers, row_of)
    scored = np.asarray(~np.isnan(scores.probability).all(axis=1))
    random = np.zeros(len(table), dtype=bool)
    random[[row_of[key] for key in coding.random if key in row_of]] = True
    notes = [*_missing_note(missing), *unanswered, *held_out, *_unscored_note(scored)]
    return Corpus(
        codebook=model.codebook,
        groups=groups.filter(scored) if groups.width else groups,
        scores=Scores(scores.probability[scored], scores.assigned[scored]),
        answers=answers[scored],
        random=random[scored],
        notes=tuple(notes),
        signature={"model": model.name, "codebook": model.codebook.digest, "labels": digest_of(sources.labels)},
        missing=missing,
    )


def _refuse_untold(model: Model, sources: Sources) -> None:
    if sources.scores and not sources.articles and not sources.coded_are_new and model.record is not None:
        raise LabelError(
            f"{sources.scores}: scores do not tell which coded articles the model learned from, and on those it errs "
            "less than elsewhere (give the texts of the coded articles with --articles, or say --coded-are-new)"
        )


# --- articles and scores


def _read(
    model: Model, sources: Sources, coded: set[str], on_reject: OnReject
) -> tuple[pl.DataFrame, pl.DataFrame, Scores]:
    """Return the articles (id and columns to group by), texts of coded ones, and scores, a row an article."""
    wanted = [name for name in ("date", *sources.by) if name not in PERIODS]
    extra = [name for name in dict.fromkeys(wanted) if name not in ALWAYS]
    kept, texts, probability, assigned = [], [], [], []
    batches = read_articles(sources.articles, sources.columns, on_reject=on_reject, extra=extra)
    for batch in batches if sources.articles else ():
        kept.append(batch.select(list(dict.fromkeys(("id", *wanted)))))
        texts.append(batch.filter(pl.col("id").is_in(list(coded))).select("id", "title", "text"))
        if sources.scores is None:
            part = model.score_batch(mark(batch, model.codebook.language))
            probability.append(part.probability)
            assigned.append(part.assigned)
    if sources.articles and not kept:
        raise ArticleError(f"no readable article in {', '.join(map(str, sources.articles))}")
    nothing = pl.DataFrame(schema=dict.fromkeys(("id", "title", "text"), pl.String))
    of_coded = pl.concat([nothing, *texts])
    if sources.scores is None:
        return pl.concat(kept), of_coded, Scores(np.concatenate(probability), np.concatenate(assigned))
    table, scores = read_scores(sources.scores, model, wanted)
    return _with_columns(table, kept), of_coded, scores


def _with_columns(table: pl.DataFrame, kept: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return a table of scores with the columns that it lacks from the articles of the same ids."""
    if not kept:
        return table
    articles = pl.concat(kept)
    lacking = [name for name in articles.columns if name not in table.columns or table[name].is_null().all()]
    return table.drop(set(lacking) & set(table.columns)).join(
        articles.select("id", *lacking), on="id", how="left", maintain_order="left"
    )


def _grouped(table: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return the columns that shares are given by."""
    columns = []
    for name in by:
        source = "date" if name in PERIODS else name
        if source not in table.columns or table[source].is_null().all():
            found = ", ".join(repr(one) for one in table.columns if not table[one].is_null().all())
            raise ArticleError(f"the corpus has nothing in a column {source!r} to group by; it has {found}")
        column = table[source].cast(pl.String)
        if name in PERIODS:
            column = column.str.extract(r"^(\d{4}-\d{2})").str.head(PERIODS[name])
            if column.is_null().all():
                raise ArticleError(f"a {name} needs dates like 2021-03-31; found {table['date'].drop_nulls()[0]!r}")
        columns.append(column.alias(name))
    return pl.DataFrame(columns)


# --- coders


def _answers(codebook: Codebook, coding: Coding, row_of: dict[str, int]) -> Coded:
    """Return coders' answers for each row; heads that are coded in the articles count as not coded."""
    here = [key for key in coding.ids if key in row_of]
    fields = [head.field for head in codebook.heads if head.coded_in == "articles"]
    columns = {"id": here} | {name: [None] * len(here) for name in fields}
    answers = align(coding, pl.DataFrame(columns), codebook)
    _answer_where_absent(codebook, answers)
    full = np.full((len(row_of), answers.shape[1]), UNKNOWN, dtype=np.int8)
    full[[row_of[key] for key in here]] = answers
    return full


def _answer_where_absent(codebook: Codebook, answers: Coded) -> None:
    """Code, in place, a target whose label is coded no as none of its answers: its share is of all articles.

    Not where the target was put to nobody: then only articles without it would count as coded.
    """
    column_of = _columns_of(codebook)
    for block in blocks(codebook):
        if block.target is not None and block.head.of is not None:
            present = answers[:, column_of[block.head.of, block.target]]
            if (answers[present == YES, block.columns] != UNKNOWN).any() or not (present == YES).any():
                answers[present == NO, block.columns] = NO
            answers[present == UNKNOWN, block.columns] = UNKNOWN


def _unanswered(codebook: Codebook, answers: Coded) -> list[str]:
    """Say which targets lack answers where they were to be asked: those articles count as not coded, the others do."""
    column_of = _columns_of(codebook)
    notes = []
    for block in blocks(codebook):
        if block.target is not None and block.head.of is not None:
            present = answers[:, column_of[block.head.of, block.target]] == YES
            lacking = present & (answers[:, block.columns] == UNKNOWN).any(axis=1)
            if lacking.any() and not lacking[present].all():
                rest = f"{int(lacking.sum()):,} of {int(present.sum()):,} articles coded {block.target}"
                notes.append(f"{question(block)}: {rest} have no answer, so its shares are too low (code them).")
    return notes


def _columns_of(codebook: Codebook) -> dict[tuple[str, str], int]:
    return {(b.head.key, label): b.columns.start + i for b in blocks(codebook) for i, label in enumerate(b.head.keys)}


def _hold_out(model: Model, texts: pl.DataFrame, scores: Scores, answers: Coded, row_of: dict[str, int]) -> list[str]:
    """Put, in place, held-out scores to coded articles that the model learned from; return notes.

    Articles that it learned from and has no such scores of count as not coded.
    """
    notes = []
    if model.record is None:
        notes.append(
            "The model file does not say what it learned from; if that were coded articles, errors look too few."
        )
    rows = np.array([row_of[key] for key in texts["id"]], dtype=np.intp)
    if not len(rows) or model.record is None:
        return notes
    asked = np.stack([(answers[rows, b.columns] != UNKNOWN).any(axis=1) for b in model.blocks], axis=1)
    known, found = known_articles(model, texts.select("title", "text"), asked)
    at, of_record = rows[found[:, 0]], found[:, 1]
    held_out = Scores(model.record.probability[of_record].copy(), model.record.assigned[of_record].copy())
    ask_only_where_present(model.codebook, held_out)
    scores.probability[at], scores.assigned[at] = held_out.probability, held_out.assigned
    for block, of_block in zip(model.blocks, known.T, strict=True):
        answers[np.ix_(rows[of_block], range(block.columns.start, block.columns.stop))] = UNKNOWN
    if len(found):
        notes.append(
            f"{len(found):,} coded articles that the model learned from stand by what it said while they were held out."
        )
    if n_known := int((known & asked).any(axis=1).sum()):
        notes.append(f"{n_known:,} coded articles begin like one that the model learned from and count as not coded.")
    return notes


def _missing_note(missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    some = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else "")
    return [f"{len(missing):,} coded articles are not in the corpus and are passed over: {some}."]


def _unscored_note(scored: Bools) -> list[str]:
    n_unscored = int((~scored).sum())
    said = "articles have no scores (another language) and are in no share."
    return [f"{n_unscored:,} {said}"] if n_unscored else []


def is_estimated(block: Block) -> bool:
    """Return whether shares are estimated for a question: not where the articles say the answer themselves."""
    return block.head.coded_in == "labels"


def label_name(block: Block, key: str) -> str:
    """Return what a label is called beside those of other questions: `topics.vaccines`, `stance.vaccines.favor`."""
    return f"{question(block)}.{key}"
