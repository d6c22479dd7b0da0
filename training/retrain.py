"""Retrain a model from coded articles. Reads top to bottom: load, check, prepare, judge, fit, write.

Splitting, thresholds and calibration happen inside `training.recipe.fit`, once for every outer fold and once for the
model that is written, so that the reported figures are of the whole recipe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Memory

from classifier.articles import Columns, OnReject
from classifier.atomic import write_atomically
from classifier.codebook import read_codebook
from classifier.decide import Scores
from classifier.errors import QualityError, SlantwiseError
from classifier.model import Model
from classifier.record import Record
from training.card import model_card
from training.compare import Comparison, compare
from training.corpora import content_sha256, registry
from training.evaluate import Settings, evaluate
from training.inputs import Inputs, answers_for, read_inputs
from training.labels import UNKNOWN, coded_anywhere
from training.limits import limits, refuse_nothing
from training.material import prepare
from training.predictions import Predictions, cross_validated, deal, deal_by_column, of_model, sides_of
from training.recipe import fit
from training.report import Report

NAMED = 5  # coded articles that are not there


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train from, and where to."""

    name: str | None  # None: as the codebook
    codebook: Path
    labels: Path
    articles: Sequence[Path]
    out: Path
    columns: Columns
    published_splits: Sequence[str] = ()  # columns of the articles that hold 'train' and 'test'
    folds: int = 5
    seed: int = 0
    jobs: int = 2
    cache: Path | None = None
    only_if_better: bool = False  # than the model that `out` holds


def retrain(options: Options, on_reject: OnReject) -> Iterator[str]:
    """Train, judge and write a model file and, beside it, its card; yield a line of progress before each step.

    Raises
    ------
    SlantwiseError
        If the codebook, the labels or the articles cannot be used, or the model cannot be written.
    QualityError
        If it should be better than the model that it would replace, and is not: it then stands beside that one.
    """
    out = options.out
    _check_place(out)
    codebook = read_codebook(options.codebook)
    held = Model.load(out) if options.only_if_better and out.exists() else None
    inputs = read_inputs(
        codebook,
        options.labels,
        options.articles,
        options.columns,
        on_reject,
        extra=options.published_splits,
        all_heads=True,
    )
    for column in options.published_splits:
        sides_of(inputs.articles, column)  # say before the work that a split cannot be made
    yield f"{len(inputs.coding.ids):,} coded articles, codebook {codebook.name} {codebook.version} ({codebook.digest})"
    yield f"{len(inputs.articles):,} articles{_not_there(inputs)}"
    refuse_nothing(inputs)
    before = None if held is None else _held_predictions(held, options, inputs)

    yield "preparing features, latent space and near-duplicates"
    vocabulary, material = prepare(inputs.articles, inputs.answers, codebook, Memory(options.cache, verbose=0))
    unknown = list(limits(inputs, material))
    yield from (f"  cannot be known: {line}" for line in unknown)

    folds, split = deal(material, inputs.articles, "outlet", options.folds, options.seed)
    yield f"judging the recipe: {split.description}"
    predictions = cross_validated(material, inputs.articles, folds, split, options.seed, options.jobs)
    reports = [_report(part, inputs, options) for part in (predictions, *_drawn_at_random(predictions, inputs))]
    for column in options.published_splits:
        folds, split = deal_by_column(material, inputs.articles, column)
        yield f"judging the recipe: {split.description}"
        part = cross_validated(material, inputs.articles, folds, split, options.seed)
        reports.append(_report(part, inputs, options))

    yield "fitting on all articles"
    weights = fit(material, np.arange(len(inputs.articles)), options.seed)
    by_hand, in_articles = (coded_anywhere(inputs.answers, codebook, where) for where in ("labels", "articles"))
    record = Record.of(inputs.articles, by_hand, in_articles, predictions.scores)
    model = Model(options.name or codebook.name, codebook, vocabulary, weights, record)

    if before is not None:
        found = list(compare(before, predictions, "article", options.seed))
        yield from _comparison_lines(found)
        if not is_better(found):
            out = out.with_suffix(f".candidate{out.suffix}")
    digest = _write(model, out, inputs, reports, unknown, options)
    yield f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB, sha256 {digest[:12]}) and {_card_path(out)}"
    if out != options.out:
        raise QualityError(f"{options.out}: not replaced, since the new model is not better; it is {out}")


def _not_there(inputs: Inputs) -> str:
    missing = sorted(set(inputs.coding.ids) - set(inputs.articles["id"]))
    if not missing:
        return ""
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else "")
    return f"; {len(missing):,} coded ones are not among them, and not used: {named}"


def is_better(found: Sequence[Comparison]) -> bool:
    """Return whether macro F1 rose in the mean of the questions, and in none of them clearly fell."""
    moved = [one.measures["macro_f1"].difference for one in found]
    known = [by for by in moved if by.value is not None]
    mean = sum(by.value or 0.0 for by in known)
    return mean > 0 and not any(by.high is not None and by.high < 0 for by in known)


def _comparison_lines(found: Sequence[Comparison]) -> Iterator[str]:
    for one in found:
        macro = one.measures["macro_f1"]
        by, p = macro.difference, macro.p
        sure = "" if p is None else f" (p {p:.3f})"
        yield f"  {one.name}: macro F1 {macro.first} before, {macro.second} now: {by}{sure}"


def _held_predictions(held: Model, options: Options, inputs: Inputs) -> Predictions:
    """Return what the model that would be replaced says of the same articles."""
    if held.record is None:
        msg = f"{options.out}: does not say what it learned from, so nothing can be compared with it fairly"
        raise SlantwiseError(f"{msg} (train once without --replace-only-if-better)")
    answers = answers_for(held.codebook, inputs)
    if (answers == UNKNOWN).all():
        msg = f"{options.out}: has no question in common with the codebook, labels and all"
        raise SlantwiseError(f"{msg} (train without --replace-only-if-better)")
    return of_model(held, inputs.articles, answers)


def _drawn_at_random(predictions: Predictions, inputs: Inputs) -> Iterator[Predictions]:
    """Yield the predictions of articles drawn at random, where not all are: a targeted sample flatters rare labels."""
    random = predictions.articles["id"].is_in(list(inputs.coding.random)).to_numpy()
    if 0 < random.sum() < len(random):
        scores = Scores(
            np.where(random[:, None], predictions.scores.probability, np.float32(np.nan)),
            predictions.scores.assigned & random[:, None],
        )
        split = predictions.split
        said = f"{split.description}, articles drawn at random only"
        yield replace(predictions, scores=scores, split=replace(split, name=f"{split.name}|random", description=said))


def _report(predictions: Predictions, inputs: Inputs, options: Options) -> Report:
    name = options.name or inputs.codebook.name
    settings = Settings(seed=options.seed, brief=True)
    return evaluate(predictions, inputs.coding, name, {**inputs.signature, "model": name}, settings)


def _write(
    model: Model, out: Path, inputs: Inputs, reports: Sequence[Report], unknown: Sequence[str], options: Options
) -> str:
    provenance = {
        "data": _sources(options, inputs.articles),
        "articles": len(inputs.articles),
        "coded": len(inputs.coding.ids) - inputs.n_without_article,
        "seed": options.seed,
        "cannot_be_known": list(unknown),
        "evaluations": [_shortened(report) for report in reports],
    }
    digest = model.write(out, provenance)
    with write_atomically(_card_path(out)) as file:
        file.write(model_card(model, provenance, reports).encode())
    return digest


def _shortened(report: Report) -> dict[str, object]:
    """Return what a model file keeps of a report: its figures of whole questions."""
    figures = {f"{q.name}.{key}": [f.value, f.low, f.high] for q in report.questions for key, f in q.figures.items()}
    return {"split": report.split.description, "signature": report.signed, "figures": figures}


def _card_path(out: Path) -> Path:
    return out.with_suffix(".md")


def _check_place(out: Path) -> None:
    """Say before the work, not after it, that a file cannot be written."""
    if not out.parent.is_dir():
        raise SlantwiseError(f"{out}: there is no folder {out.parent} (make it first)")
    if _card_path(out) == out:
        raise SlantwiseError(f"{out}: that is the name of the model's card (end the model's in .slantwise)")


def _sources(options: Options, articles: pl.DataFrame) -> list[dict[str, str]]:
    """Say of each input file what it is and under which licence, where its content is that of a registered corpus."""
    known = {corpus.sha256: corpus for corpus in registry().values()}
    rows = [{"file": options.labels.name, "what": "coded articles", "licence": "see their datasheet"}]
    for path in options.articles:
        corpus = known.get(content_sha256(articles.filter(pl.col("source").str.starts_with(f"{path}:"))))
        what, licence = (corpus.title, corpus.licence) if corpus else ("articles", "not stated")
        rows.append({"file": path.name, "what": what, "licence": licence})
    return rows
