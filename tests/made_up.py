"""Made-up coded articles: words that only a label's articles use, words that only an outlet uses, and common filler."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from joblib import Memory
from threadpoolctl import threadpool_limits

from classifier.codebook import Block, Codebook, blocks
from classifier.features import Vocabulary
from classifier.model import Model
from training.labels import NO, UNKNOWN, YES, Coded
from training.material import Material, prepare
from training.recipe import fit

threadpool_limits(1)  # work as small as this gains nothing from threads, which wait for one another on a busy machine

LENGTH = 40  # words of an article
OWN_WORDS = 8  # of them a label's
FURNITURE = 4  # of them the outlet's


def words_of(name: str, n: int = 12) -> list[str]:
    return [f"{name}{number}" for number in range(n)]


FILLER = words_of("filler", 200)


def articles(
    labels: Sequence[Sequence[str]], *, seed: int, n_outlets: int = 24, outlets_a_house: int = 1, prefix: str = "a"
) -> pl.DataFrame:
    """Return an article for each list of labels, with words of these labels; outlets take turns.

    Outlets of one house share their furniture. Articles made with another prefix are of other outlets.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number, named in enumerate(labels):
        outlet = number % n_outlets
        furniture = words_of(f"{prefix}house{outlet // outlets_a_house}said", FURNITURE)
        row = {"id": f"{prefix}{number}", "title": f"{prefix}title{number}", "text": _text(named, furniture, random)}
        rows.append(row | {"outlet": f"{prefix} outlet {outlet}"})
    return pl.DataFrame(rows)


def _text(labels: Sequence[str], furniture: Sequence[str], random: np.random.Generator) -> str:
    own = [random.choice(words_of(label), OWN_WORDS) for label in labels]
    filler = random.choice(FILLER, LENGTH - FURNITURE - OWN_WORDS * len(own))
    return " ".join(random.permutation(np.concatenate([*own, furniture, filler])).tolist())


def dealt(labels: Sequence[str], n_articles: int, *, seed: int) -> list[str]:
    """Return a label for each article, all about equally often, in an order that outlets do not follow."""
    return np.random.default_rng(seed).permutation(np.resize(np.asarray(labels), n_articles)).tolist()


def codebook(*heads: dict[str, Any]) -> Codebook:
    return Codebook.from_table({"name": "made-up", "version": "1", "head": list(heads)})


def head(key: str, kind: str, labels: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "label": [{"key": label} for label in labels], **more}


def coded(block: Block, labels: Sequence[Sequence[str] | None]) -> Coded:
    """Return a block's answers, shape (n_articles, n_labels); None for an article that nobody coded."""
    answers = np.full((len(labels), len(block.head.keys)), UNKNOWN, dtype=np.int8)
    for row, named in enumerate(labels):
        if named is not None:
            answers[row] = [YES if key in named else NO for key in block.head.keys]
    return answers


def answers(book: Codebook, *labels: Sequence[Sequence[str] | None]) -> Coded:
    """Return the answers to all blocks of a codebook, given each block's labels."""
    parts = [coded(block, named) for block, named in zip(blocks(book), labels, strict=True)]
    return np.concatenate(parts, axis=1)


def prepared(book: Codebook, frame: pl.DataFrame, coding: Coded) -> tuple[Vocabulary, Material]:
    return prepare(frame, coding, book, Memory(None, verbose=0))


def material(book: Codebook, frame: pl.DataFrame, coding: Coded) -> Material:
    return prepared(book, frame, coding)[1]


def trained(book: Codebook, frame: pl.DataFrame, coding: Coded, *, seed: int = 0) -> Model:
    vocabulary, read = prepared(book, frame, coding)
    return Model("made-up", book, vocabulary, fit(read, np.arange(len(frame)), seed))
