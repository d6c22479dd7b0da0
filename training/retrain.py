"""Retrain a model from coded articles. Reads top to bottom: load, check, prepare, evaluate, fit, write.

Splitting, thresholds and calibration happen inside `training.recipe.fit`, once for every outer fold and once for the
model that is written, so that the reported figures are of the whole recipe.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Memory
from numpy.typing import NDArray

from classifier import __version__
from classifier.articles import Columns, Reject, read_articles
from classifier.atomic import write_atomically
from classifier.codebook import Codebook, read_codebook
from classifier.decide import Scores
from classifier.errors import ArticleError, SlantwiseError
from classifier.model import Model
from training.card import model_card
from training.corpora import content_sha256, registry
from training.evaluate import Evaluation, by_outlet, predict, published, results
from training.labels import align, read_labels
from training.material import Material, prepare
from training.recipe import fit


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


def retrain(options: Options, on_reject: Callable[[Reject], None]) -> Iterator[str]:
    """Train, evaluate and write a model file and, beside it, its card; yield a line of progress before each step.

    Raises
    ------
    SlantwiseError
        If the codebook, the labels or the articles cannot be used, or the model cannot be written.
    """
    card = _card_path(options.out)
    codebook = read_codebook(options.codebook)
    coding = read_labels(options.labels, codebook)
    yield f"{len(coding.ids):,} coded articles, codebook {codebook.name} {codebook.version} ({codebook.digest})"

    articles = _load(options, codebook, on_reject)
    answers = align(coding, articles, codebook)
    missing = len(set(coding.ids) - set(articles["id"]))
    yield f"{len(articles):,} articles" + (f"; {missing:,} coded ones are not among them" if missing else "")

    yield "preparing features, latent space and near-duplicates"
    vocabulary, material = prepare(articles, answers, codebook, Memory(options.cache, verbose=0))

    yield f"judging the recipe: {options.folds} folds, {material.apart} apart"
    signature = _signature(options, material, articles)
    random = articles["id"].is_in(list(coding.random)).to_numpy()
    evaluations = list(_by_outlet(material, options, random, signature))
    for split in options.published_splits:
        yield f"judging the recipe: {split}"
        evaluations.append(_published(material, articles, split, options, signature))

    yield "fitting on all articles"
    weights = fit(material, np.arange(len(articles)), options.seed)
    model = Model(options.name or codebook.name, codebook, vocabulary, weights)

    provenance = {
        "data": _sources(options, articles),
        "articles": len(articles),
        "coded": len(coding.ids) - missing,
        "seed": options.seed,
        "evaluations": [evaluation.to_table() for evaluation in evaluations],
    }
    digest = model.write(options.out, provenance)
    with write_atomically(card) as file:
        file.write(model_card(model, provenance, evaluations).encode())
    yield f"wrote {options.out} ({options.out.stat().st_size / 1e6:.1f} MB, sha256 {digest[:12]}) and {card}"


def _card_path(out: Path) -> Path:
    """Return where the card goes; say before the work, not after it, that a file cannot be written."""
    if not out.parent.is_dir():
        raise SlantwiseError(f"{out}: there is no folder {out.parent} (make it first)")
    card = out.with_suffix(".md")
    if card == out:
        raise SlantwiseError(f"{out}: that is the name of the model's card (end the model's in .slantwise)")
    return card


def _load(options: Options, codebook: Codebook, on_reject: Callable[[Reject], None]) -> pl.DataFrame:
    in_articles = [head.field for head in codebook.heads if head.coded_in == "articles"]
    extra = tuple(dict.fromkeys([*in_articles, *options.published_splits]))
    batches = list(read_articles(options.articles, options.columns, on_reject=on_reject, extra=extra))
    if not batches:
        raise ArticleError(f"no readable article in {', '.join(map(str, options.articles))}")
    articles = pl.concat(batches)
    articles = articles.drop(name for name in in_articles if articles[name].is_null().all())  # was in no file
    for split in options.published_splits:
        sides = articles[split].unique().drop_nulls().sort()
        if not {"train", "test"} <= set(sides):
            found = ", ".join(map(repr, sides[:5])) or "nothing"
            raise ArticleError(f"column {split!r} of the articles should say 'train' or 'test'; found {found}")
    return articles


def _by_outlet(material: Material, options: Options, random: NDArray[np.bool_], signature: str) -> Iterator[Evaluation]:
    """Judge all coded articles, and by themselves those drawn at random: a targeted sample flatters rare labels."""
    scores, purged = by_outlet(material, options.folds, options.seed, options.jobs)
    name, split = f"{material.apart} apart, {options.folds} folds", f"split={material.apart}-{options.folds}"
    found = tuple(results(material, scores, np.arange(len(random)), options.seed))
    yield Evaluation(name, f"{signature}|{split}", found, purged)
    rows = np.flatnonzero(random)
    if 0 < len(rows) < len(random):
        part = Scores(scores.probability[rows], scores.assigned[rows])
        found = tuple(results(material, part, rows, options.seed))
        yield Evaluation(f"{name}, articles drawn at random only", f"{signature}|{split}|rows=random", found, purged)


def _published(material: Material, articles: pl.DataFrame, split: str, options: Options, signature: str) -> Evaluation:
    fold = published(material, articles[split].to_list())
    scores = predict(material, fold, options.seed)
    found = tuple(results(material, scores, fold.test, options.seed))
    return Evaluation(split, f"{signature}|split={split}", found, fold.purged)


def _signature(options: Options, material: Material, articles: pl.DataFrame) -> str:
    """Name what the figures hang on; `coding` is the digest of answers and outlets as they were used."""
    labels = hashlib.sha256(options.labels.read_bytes()).hexdigest()[:12]
    coding = hashlib.sha256(material.answers.tobytes() + "\0".join(material.outlets).encode()).hexdigest()[:12]
    digests = f"codebook={material.codebook.digest}|articles={content_sha256(articles)[:12]}|labels={labels}"
    return f"{digests}|coding={coding}|seed={options.seed}|slantwise={__version__}"


def _sources(options: Options, articles: pl.DataFrame) -> list[dict[str, str]]:
    """Say of each input file what it is and under which licence, where its content is that of a registered corpus."""
    known = {corpus.sha256: corpus for corpus in registry().values()}
    rows = [{"file": options.labels.name, "what": "coded articles", "licence": "see their datasheet"}]
    for path in options.articles:
        corpus = known.get(content_sha256(articles.filter(pl.col("source").str.starts_with(f"{path}:"))))
        what, licence = (corpus.title, corpus.licence) if corpus else ("articles", "not stated")
        rows.append({"file": path.name, "what": what, "licence": licence})
    return rows
