"""Write a model's card (Mitchell et al. 2019): what it is, from which data, how good, and where it ends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classifier.model import Model
from training.report import Question, Report

LIMITS = """\
- It reads English news and opinion in the style of the articles that it was trained on; other kinds of text get
  labels too, and these mean little.
- It counts words. Irony, who said what, and what is left unsaid it does not see.
- A probability is calibrated over articles like the coded ones, of outlets that the model does not know. Where labels
  are rarer than among the coded articles, as on an ordinary news stream when coders were given a targeted sample,
  probabilities are too high and precision is lower than here: code a random sample of your own before counting labels.
- A head that is asked under a label of another (stance) is judged on articles that coders gave that label. In use it is
  asked where the model assigns the label, so that its errors add to those of the label.
- Figures are agreement with the coding that the model learned from, and share that coding's errors. Vocabulary and
  latent space were learned without labels, from articles that no coder saw where these are the more."""
LIMIT_OF_OUTLETS = """\
- `{}` was not coded by reading, but is a column of the articles. It says what a text reads like and is no verdict on
  an article, and on outlets that the model does not know it is weak: see its row below."""


def model_card(model: Model, provenance: Mapping[str, Any], reports: Sequence[Report]) -> str:
    """Return the card as Markdown; every figure is computed, and stands with its 95% interval and signature."""
    return "\n".join(_lines(model, provenance, reports)) + "\n"


def _lines(model: Model, provenance: Mapping[str, Any], reports: Sequence[Report]) -> Iterator[str]:
    codebook = model.codebook
    yield f"# Model card: {model.name}\n"
    yield f"{codebook.title or codebook.name}. Codebook {codebook.name} {codebook.version}, `{codebook.digest}`.\n"
    yield "This file is written by `slantwise train`; do not edit it.\n"
    yield f"- Vocabulary: {len(model.vocabulary.words):,} words and {len(model.vocabulary.pairs):,} word pairs"
    n_articles, n_coded, seed = (provenance[key] for key in ("articles", "coded", "seed"))
    yield f"- Trained on {n_articles:,} articles, {n_coded:,} of them coded; seed {seed}"
    yield from (f"- `{row['file']}`: {row['what']}. Licence: {row['licence']}" for row in provenance["data"])
    yield f"- Not learned, for want of coded articles: {', '.join(_not_learned(model)) or 'nothing'}\n"
    in_articles = [LIMIT_OF_OUTLETS.format(head.field) for head in codebook.heads if head.coded_in == "articles"]
    unknown = [f"- Cannot be known: {line}." for line in provenance.get("cannot_be_known", ())]
    yield "\n".join(["## Limits\n", LIMITS, *in_articles, *unknown, ""])
    for report in reports:
        yield f"## Scores: {report.split.description}\n"
        yield f"`{report.signed}`\n"
        yield f"Intervals are 95%, by bootstrap over {report.resampled}; over outlets they are wider."
        yield f"Near-duplicates of test articles left out of training: {report.split.n_left_out:,}.\n"
        yield from summary_table(report.questions)
        yield from _by_label(report.questions)


def summary_table(questions: Sequence[Question]) -> Iterator[str]:
    """Yield the lines of the table of questions, as the card and the README have it."""
    yield "| question | articles | labels judged | micro F1 or accuracy | macro F1 |\n|---|---|---|---|---|"
    for question in questions:
        judged = f"{len(question.labels)} of {len(question.labels) + len(question.left_out)}"
        figures = f"{question.figures[question.headline]} | {question.figures['macro_f1']}"
        yield f"| {question.name} | {question.n_articles:,} | {judged} | {figures} |"
    yield ""


def _by_label(questions: Sequence[Question]) -> Iterator[str]:
    yield "| question | label | F1 | coded | assigned |\n|---|---|---|---|---|"
    for question in questions:
        for label in question.labels:
            figures = f"{label.figures['f1']} | {label.n_coded:,} | {label.n_assigned:,}"
            yield f"| {question.name} | {label.key} | {figures} |"
        for key, why in question.left_out.items():
            yield f"| {question.name} | {key} | {why} | | |"
    yield ""


def _not_learned(model: Model) -> Iterator[str]:
    for block in model.blocks:
        for key, learned in zip(block.head.keys, model.weights.learned[block.columns], strict=True):
            if not learned:
                yield f"{block.target or block.head.key}: {key}"
