"""Read what training and judging start from: codebook, coded articles and their texts, and what to call all that."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from classifier import __version__
from classifier.articles import Columns, OnReject, read_articles
from classifier.codebook import Codebook, blocks, question
from classifier.errors import ArticleError
from training.corpora import content_sha256
from training.labels import UNKNOWN, Coded, Coding, align, read_labels
from training.splits import outlets_of

ALWAYS = ("id", "source", "title", "text", "outlet", "date", "url")  # columns that articles have without asking


@dataclass(frozen=True)
class Inputs:
    """Coded articles: what was read, and the answers for each row of the articles, shape (n_articles, n_columns)."""

    codebook: Codebook
    coding: Coding
    articles: pl.DataFrame
    answers: Coded
    signature: dict[str, str]  # what figures of these hang on

    @property
    def n_without_article(self) -> int:
        return len(set(self.coding.ids) - set(self.articles["id"]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of them."""
        missing = self.n_without_article
        return (f"{missing:,} coded articles are not among the articles and are passed over.",) if missing else ()


def read_inputs(
    codebook: Codebook,
    labels: Path,
    articles: Sequence[Path],
    columns: Columns,
    on_reject: OnReject,
    *,
    extra: Sequence[str] = (),
    all_heads: bool = False,
) -> Inputs:
    """Read coded articles.

    Parameters
    ----------
    extra
        Further columns of the articles to keep.
    all_heads
        Every head that is coded in the articles must be there; else its articles count as not coded.

    Raises
    ------
    SlantwiseError
        If labels or articles cannot be used together.
    """
    coding = read_labels(labels, codebook)
    in_articles = [head.field for head in codebook.heads if head.coded_in == "articles"]
    table = read_articles_table(articles, columns, on_reject, (*in_articles, *extra))
    if all_heads:
        table = table.drop(name for name in in_articles if table[name].is_null().all())  # was in no file
    answers = align(coding, table, codebook)
    return Inputs(codebook, coding, table, answers, signature_of(codebook, table, answers, digest_of(labels)))


def signature_of(codebook: Codebook, articles: pl.DataFrame, answers: Coded, labels: str) -> dict[str, str]:
    """Return what figures hang on; `coding` is of answers and outlets as they were used."""
    coding = hashlib.sha256(answers.tobytes() + "\0".join(outlets_of(articles)).encode()).hexdigest()
    return {
        "codebook": codebook.digest,
        "articles": content_sha256(articles)[:12],
        "labels": labels,
        "coding": coding[:12],
        "slantwise": __version__,
    }


def digest_of(path: Path) -> str:
    """Return the first 12 hex digits of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def answers_for(codebook: Codebook, inputs: Inputs) -> Coded:
    """Return the answers in the columns of another codebook: of questions that have the same labels there.

    Questions that differ count as not coded, shape (n_articles, n_columns of that codebook).
    """
    ours = {(question(block), block.head.keys): block.columns for block in blocks(inputs.codebook)}
    parts = []
    for block in blocks(codebook):
        columns = ours.get((question(block), block.head.keys))
        unknown = np.full((len(inputs.answers), len(block.head.keys)), UNKNOWN, dtype=np.int8)
        parts.append(unknown if columns is None else inputs.answers[:, columns])
    return np.concatenate(parts, axis=1)


def read_articles_table(
    articles: Sequence[Path], columns: Columns, on_reject: OnReject, extra: Sequence[str]
) -> pl.DataFrame:
    """Return all articles as one table, with further columns; a column that no file has is null."""
    kept = tuple(name for name in dict.fromkeys(extra) if name not in ALWAYS)
    batches = list(read_articles(articles, columns, on_reject=on_reject, extra=kept))
    if not batches:
        raise ArticleError(f"no readable article in {', '.join(map(str, articles))}")
    return pl.concat(batches)
