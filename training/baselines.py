"""What needs no model: the figures that a model must beat before it is worth anything.

All of them are told more than a model is: the shares of the labels among the very articles that they are judged on, or
which outlet an article is from. A model that does not beat them has learned less than that.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import Block
from classifier.features import document, split_words
from training.questions import Judged

Bools = NDArray[np.bool_]

READ_CHARACTERS = 2000  # of an article, by the keyword rules: what is said early is what it is about
MATCHES = 2  # different terms of a label that an article must hold
TERM = r"^\p{L}{4,}$"  # a shorter word of a definition is none: of, the, and; nor is a number of another scheme
MOST_LABELS = 2  # a word in the definitions of more labels of the head tells none of them


def baselines(
    question: Judged, articles: pl.DataFrame, outlets: Sequence[str] | NDArray[np.str_], seed: int
) -> Iterator[tuple[str, str, Judged]]:
    """Yield the key, the title and the answers of each baseline.

    Parameters
    ----------
    articles
        The table that `question.rows` number: columns `title` and `text`.
    outlets
        The outlet of each article of that table.
    seed
        Decides what is drawn by the shares.
    """
    coded = question.coded
    yield "most_frequent", "always the commonest label", question.said_by(_commonest(coded, 1))
    yield "prior", "labels drawn by their shares", question.said_by(_drawn(question, seed))
    if question.block.head.kind == "many-of":
        k = max(1, round(coded.sum() / len(coded)))
        if k > 1:
            yield "k_commonest", f"always the {k} commonest labels", question.said_by(_commonest(coded, k))
    here = np.array([outlets[row] for row in question.rows], dtype=object)
    yield "outlet_majority", "commonest label of the outlet", question.said_by(_outlet_majority(coded, here))
    texts = document(articles.select("title", "text")[question.rows]).str.head(READ_CHARACTERS)
    yield "keywords", "keyword rules of the codebook", question.said_by(_keywords(question, texts))


def _commonest(coded: Bools, k: int) -> Bools:
    labels = np.argsort(-coded.sum(axis=0), kind="stable")[:k]
    return np.isin(np.arange(coded.shape[1]), labels) & np.ones((len(coded), 1), dtype=bool)


def _drawn(question: Judged, seed: int) -> Bools:
    random, shares = np.random.default_rng(seed), question.coded.mean(axis=0)
    if question.block.head.kind == "many-of":
        return np.asarray(random.random(question.coded.shape) < shares)
    return _one_hot(random.choice(len(shares), len(question.coded), p=shares / shares.sum()), len(shares))


def _outlet_majority(coded: Bools, outlets: NDArray[np.object_]) -> Bools:
    """Give each article the commonest label of its outlet's other articles, of all others where it has none."""
    _, group = np.unique(outlets.astype(str), return_inverse=True)
    sums = np.zeros((group.max() + 1, coded.shape[1]))
    np.add.at(sums, group, coded)
    others = sums[group] - coded
    # Decides where the outlet's others do not: between labels that are equally common there, and where there are none.
    elsewhere = (coded.sum(axis=0) - coded) / (2 * len(coded))
    return _one_hot((others + elsewhere).argmax(axis=1), coded.shape[1])


def _keywords(question: Judged, texts: pl.Series) -> Bools:
    """Give each label whose title, definition and other names share two words with an article's opening."""
    head = question.block.head
    hits = keyword_hits(question.block, texts)[:, question.kept]
    likeliest = (hits + question.coded.mean(axis=0) / 2).argmax(axis=1)
    if head.kind != "many-of":
        return _one_hot(likeliest, hits.shape[1])
    assigned: Bools = hits >= MATCHES
    if head.at_least_one:
        assigned |= _one_hot(likeliest, hits.shape[1])
    return assigned


def keyword_hits(block: Block, texts: pl.Series) -> NDArray[np.int64]:
    """Return how many different words of each label's title, definition and other names a text has.

    Shape (n_articles, n_labels_of_the_head).
    """
    words = split_words(texts).list.eval(_stem(pl.element())).list.unique()
    terms = _terms(block)
    shared = [words.list.set_intersection(sorted(terms[key])).list.len().to_numpy() for key in block.head.keys]
    return np.stack(shared, axis=1).astype(np.int64)


def _terms(block: Block) -> dict[str, set[str]]:
    """Return the words that the codebook has for each label and for hardly another."""
    head = block.head
    own = {target.label: target.definitions for target in head.targets}.get(block.target or "", {})
    said = {
        label.key: " ".join([label.key, label.title, label.definition, own.get(label.key, "")]) for label in head.labels
    }
    for label in head.labels:
        names = [name for names in label.aliases.values() for name in names]
        said[label.key] += " " + " ".join(names)
    frame = pl.DataFrame({"label": list(said), "word": split_words(pl.Series(list(said.values())))})
    words = frame.explode("word").with_columns(_stem(pl.col("word"))).unique()
    words = words.filter(pl.col("word").str.contains(TERM))
    telling = words.filter(pl.len().over("word") <= MOST_LABELS)
    found = {key: set(part["word"]) for (key,), part in telling.group_by("label")}
    return {key: found.get(key, set()) for key in said}


def _stem(word: pl.Expr) -> pl.Expr:
    """Take the plural off: rules of a codebook say 'borders' and 'talks'."""
    return word.str.replace("([^s])s$", "${1}")


def _one_hot(labels: NDArray[np.intp], n_labels: int) -> Bools:
    return np.asarray(labels[:, None] == np.arange(n_labels))
