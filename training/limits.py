"""Say what coded articles are too few, or drawn too one-sidedly, to know: before a model is trusted, not after."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from classifier.codebook import Block, blocks
from classifier.errors import LabelError
from training.inputs import Inputs
from training.labels import MIN_CODED, UNKNOWN, YES, Coded, coded_anywhere
from training.material import FEWEST_OUTLETS, Material
from training.questions import question_name
from training.recipe import learnable, least_labels
from training.splits import known_outlets

WEAK = 30  # articles with a label, under which its threshold and F1 hang on a handful
FEW = 400  # articles coded for a question: from here on a share is known to five points
FEW_RANDOM = 100  # articles drawn at random, under which the share of a label is known to ten points at best


def limits(inputs: Inputs, material: Material) -> Iterator[str]:
    """Yield a sentence for each thing that a model made of these articles cannot know, nor its figures say."""
    for block in blocks(inputs.codebook):
        if block.head.coded_in == "labels":
            yield from _of_question(block, inputs)
    by_hand = coded_anywhere(inputs.answers, inputs.codebook, "labels")
    if not by_hand.any():
        return
    if material.apart == "articles":
        outlets = f"under {FEWEST_OUTLETS} outlets are known among the coded articles"
        yield f"{outlets}: figures may be those of an outlet's habits, and say nothing of outlets that are new"
    n_unknown = sum(outlet is None for outlet in known_outlets(inputs.articles.filter(pl.Series(by_hand))))
    if n_unknown:
        of_outlet = f"the outlet of {n_unknown:,} coded articles (no column 'outlet' or 'url' says it)"
        yield f"{of_outlet}: an outlet may be on both sides of a split, and figures be kind for it"
    if by_hand.all():
        yield "all articles are coded: words that no coder saw are not known (uncoded articles beside them help)"
    n_random = int(inputs.articles["id"].is_in(list(inputs.coding.random)).sum())
    if n_random < FEW_RANDOM:
        drawn = f"{n_random:,} articles are" if n_random else "no article is"
        yield f"{drawn} marked as drawn at random: how often labels occur among all articles is not known from here"


def refuse_nothing(inputs: Inputs) -> None:
    """Hold coded articles to teaching something at least.

    Raises
    ------
    LabelError
        If no question has labels enough that could be learned; the message has the counts.
    """
    asked = [(block, inputs.answers[:, block.columns]) for block in blocks(inputs.codebook)]
    if any(learnable(block.head, answers).sum() >= least_labels(block.head) for block, answers in asked):
        return
    counts = "; ".join(f"{question_name(block)}: {_counts(block, answers)}" for block, answers in asked)
    msg = f"nothing can be learned: a label needs {MIN_CODED} coded articles that have it, and {MIN_CODED} that do not"
    raise LabelError(f"{msg} (of many labels) or have another (of one); found {counts} (code more)")


def _counts(block: Block, answers: Coded) -> str:
    return ", ".join(f"{key} {n:,}" for key, n in zip(block.head.keys, (answers == YES).sum(axis=0), strict=True))


def _of_question(block: Block, inputs: Inputs) -> Iterator[str]:
    answers, name = inputs.answers[:, block.columns], question_name(block)
    n = int((answers != UNKNOWN).all(axis=1).sum())
    if n < FEW:
        within = f": a figure may be {100 * _margin(n):.0f} points off what it would be on many more" if n else ""
        yield f"{name}: {n:,} articles are coded{within}"
    counts = dict(zip(block.head.keys, (answers == YES).sum(axis=0).tolist(), strict=True))
    absent = [f"{key} ({count})" for key, count in counts.items() if count < MIN_CODED]
    weak = [f"{key} ({count})" for key, count in counts.items() if MIN_CODED <= count < WEAK]
    if absent:
        yield f"{name}: not learned, with under {MIN_CODED} articles: {', '.join(absent)}"
    if weak:
        yield f"{name}: threshold, probability and F1 are rough, with under {WEAK} articles: {', '.join(weak)}"


def _margin(n: int) -> float:
    """Return half the 95% interval of a share of .5 among n articles, the widest that there is."""
    return float(min(0.98 / np.sqrt(n), 0.5))
