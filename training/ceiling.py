"""How far two coders agree, and how far the model agrees with each of them: what a model can be asked for at most."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training import metrics
from training.agreement import agreement, cohen_kappa, krippendorff_alpha, label_tables
from training.labels import UNKNOWN, YES, Coded
from training.questions import NEITHER, Judged
from training.report import Agreement, Ceiling
from training.resampling import Figure, draws, figure

Floats = NDArray[np.float64]
Counts = dict[str, Floats]  # by pair of coders, shape (n_resamples, 4, n_labels)

PAIRS = {"": (0, 1), "_model_first": (0, 2), "_model_second": (1, 2)}
ONE_ANSWER = "both give one and the same answer throughout"


def ceiling(question: Judged, second: Coded, groups: NDArray[np.intp], seed: int) -> Ceiling | None:
    """Compare coders on the articles that both coded; None where there are none.

    Where one answer is asked these are articles whose first coder gave one that is judged; whatever else the second
    coder gave is a disagreement.

    Parameters
    ----------
    second
        What the second coder said, a row for each article of the table that `question.rows` number.
    groups
        What the bootstrap draws as one, shape (n_articles,).
    """
    columns = second[question.rows, question.block.columns]
    both = (columns != UNKNOWN).all(axis=1)
    if question.block.head.kind != "many-of":
        both &= (columns == YES).any(axis=1)
    if not both.any():
        return None
    here = question.among(both)
    coders = (here.coded, columns[both][:, question.kept] == YES, here.assigned)
    pairs = {name: (coders[one], coders[other]) for name, (one, other) in PAIRS.items()}
    per_article = {name: metrics.article_counts(*pair) for name, pair in pairs.items()}
    many = question.block.head.kind == "many-of"
    tables = np.zeros((len(here.rows), 1, 1)) if many else _tables(*pairs[""])
    n = len(here.rows)
    once = _figures({name: counts.sum(axis=0)[None] for name, counts in per_article.items()}, tables.sum(axis=0)[None])
    parts = [
        _figures({name: _sum(times, counts) for name, counts in per_article.items()}, _sum(times, tables))
        for times in draws(groups[both], seed)
    ]
    again = {key: np.concatenate([part[key] for part in parts]) if parts else once[key][:0] for key in once}
    overall = dict(_overall(once, again, many))
    n_coded = [coder.sum(axis=0) for coder in coders[:2]]
    return Ceiling(
        n,
        Agreement(question.name, (n, n), overall),
        tuple(
            Agreement(
                key,
                (int(n_coded[0][label]), int(n_coded[1][label])),
                {name: _one(once[name][0, label], again[name][:, label], name) for name in _OF_LABEL},
            )
            for label, key in enumerate(question.keys)
        ),
    )


_OF_LABEL = ("percent", "kappa", "alpha", *(f"f1{pair}" for pair in PAIRS))


def _tables(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Floats:
    """Return each article's cell in the table of the first coder's answers by the second's, (n, n_answers, n_answers).

    The last answer stands for all that are not judged: there coders disagree too.
    """
    one, other = (np.column_stack([answers, ~answers.any(axis=1)]) for answers in (first, second))
    return (one[:, :, None] & other[:, None, :]).astype(np.float64)


def _sum(times: NDArray[np.float32], per_article: Floats) -> Floats:
    flat = times.T @ per_article.reshape(len(per_article), -1)
    return flat.reshape(-1, *per_article.shape[1:]).astype(np.float64)


def _figures(counts: Counts, tables: Floats) -> dict[str, Floats]:
    """Return all figures of some resamples: of labels (n_resamples, n_labels), of the whole (n_resamples,)."""
    of_labels = label_tables(counts[""])
    by_pair = {f"f1{pair}": metrics.f1(sums) for pair, sums in counts.items()}
    by_pair |= {f"micro_f1{pair}": metrics.micro_f1(sums) for pair, sums in counts.items()}
    by_pair |= {f"macro_f1{pair}": metrics.macro_f1(sums) for pair, sums in counts.items()}
    return {
        "percent": agreement(of_labels),
        "kappa": cohen_kappa(of_labels),
        "alpha": krippendorff_alpha(of_labels + of_labels.swapaxes(-1, -2)),
        "whole_percent": agreement(tables),
        "whole_kappa": cohen_kappa(tables),
        "whole_alpha": krippendorff_alpha(tables + tables.swapaxes(-1, -2)),
        **by_pair,
    }


def _overall(once: dict[str, Floats], again: dict[str, Floats], many: bool) -> Iterator[tuple[str, Figure]]:
    """Yield a question's figures: where answers are several, agreement is the mean of its labels'."""
    for key in ("percent", "kappa", "alpha"):
        if many:
            value, resampled = (metrics.mean_of_defined(part[key]) for part in (once, again))
        else:
            value, resampled = once[f"whole_{key}"], again[f"whole_{key}"]
        yield key, _one(value[0], resampled, key)
    for mean in ("micro_f1", "macro_f1"):
        for pair in PAIRS:
            yield f"{mean}{pair}", _one(once[f"{mean}{pair}"][0], again[f"{mean}{pair}"], mean)


def _one(value: float, resampled: Floats, key: str) -> Figure:
    return figure(float(value), resampled, NEITHER if "f1" in key else ONE_ANSWER)
