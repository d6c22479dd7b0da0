"""Estimate shares of labels, in all and group by group: a corpus with answers -> rows to publish.

Each row says by which method it was estimated, and shows the other methods and the naive count beside it. Where a group
has too few articles that were coded at random, the error rates of all groups together stand in for its own; where those
cannot be told either, nothing is said.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import blocks
from classifier.errors import LabelError
from training.labels import UNKNOWN, YES
from training.resampling import holm, two_proportions_p_value
from training.share_inputs import Bools, Corpus, is_estimated, label_name
from training.shares import (
    Counts,
    Estimate,
    Rates,
    adjusted_count,
    adjusted_probabilities,
    stratified,
)

LEAST = 50  # articles coded at random, under which intervals need not cover (benchmarks/shares)
FEWEST_OF_RATE = 5  # coded articles with a label, and without, that an error rate is told from
# With so many with a label, or without, the error rate is of those drawn at random: what was looked for may be harder.
ENOUGH_AT_RANDOM = 10
CANNOT = "the model does not tell the label apart, or cannot err here as it does elsewhere"
SUSPICIOUS = 0.01  # of a corrected p-value
DIGITS = 6
PPI, ADJUSTED, NOTHING = "prediction-powered", "adjusted count", "none"


@dataclass(frozen=True)
class Share:
    """The share of a group's articles that have a label.

    Parameters
    ----------
    group
        The group's value in each column that shares are given by; empty for all articles together.
    coded, coded_yes
        Articles that were coded because they were drawn at random, and those of them with the label.
    naive
        The part that the model assigns the label; None where it has not learned it.
    method, best
        How it was estimated, and the share; None where nothing can be said.
    note
        Why not by the articles of the group themselves.
    """

    group: Mapping[str, str | None]
    label: str
    articles: int
    coded: int
    coded_yes: int
    naive: float | None
    method: str
    best: Estimate | None
    adjusted: Estimate | None
    probabilistic: Estimate | None
    note: str = ""


@dataclass(frozen=True)
class Shares:
    """Shares, with what a reader must know of them and what they hang on."""

    by: tuple[str, ...]
    rows: tuple[Share, ...]
    notes: tuple[str, ...]
    signature: Mapping[str, str]
    missing: tuple[str, ...] = ()

    @property
    def signed(self) -> str:
        return "|".join(f"{key}={value}" for key, value in self.signature.items())

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """Return a row a share: its group, label and counts, then each method's value, low and high."""
        return pl.DataFrame([_flat(row, self.by) for row in self.rows], infer_schema_length=None).write_csv()


def estimate_shares(
    corpus: Corpus,
    *,
    labels: Sequence[str] = (),
    strata: str | None = None,
    least: int = LEAST,
    seed: int = 0,
) -> Shares:
    """Estimate the shares of labels in a corpus and in each group of it.

    Parameters
    ----------
    labels
        Names such as `topics.vaccines`, or of whole questions; all if there are none.
    strata
        A column of the groups within whose values articles were drawn at random, each at a rate of its own; shares are
        still given by the other columns.
    least
        Articles coded at random from which a group is estimated by its own.

    Raises
    ------
    LabelError
        If there is no such label, or nobody coded any of them.
    """
    by = [name for name in corpus.groups.columns if name != strata]
    columns = dict(_columns(corpus, labels))
    members = [({}, np.arange(len(corpus.random))), *_members(corpus.groups, by)]
    layers = _codes(corpus.groups[strata]) if strata else np.zeros(len(corpus.random), dtype=np.intp)
    rows = []
    for name, column in columns.items():
        one = _Label(corpus, name, column, layers, least, seed)
        rows += [one.share(group, rows_of) for group, rows_of in members]
    notes = [*corpus.notes, *_notes(corpus, columns, strata)]
    signature = {**corpus.signature, "least": str(least), "strata": strata or "none", "seed": str(seed)}
    return Shares(tuple(by), tuple(rows), tuple(notes), signature, corpus.missing)


def _columns(corpus: Corpus, labels: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the name and column of each label that is asked for and that somebody coded."""
    asked, known, coded = set(labels), set(), 0
    for block in blocks(corpus.codebook):
        for place, key in enumerate(block.head.keys):
            name = label_name(block, key)
            names = {name, name.removesuffix(f".{key}"), block.head.field}
            known |= names
            if not is_estimated(block) or (asked and not asked & names):
                continue
            column = block.columns.start + place
            if (corpus.answers[:, column] != UNKNOWN).any():
                coded += 1
                yield name, column
    if unknown := sorted(asked - known):
        raise LabelError(f"the codebook has no label {unknown[0]!r}; it has {', '.join(sorted(known)[:40])}")
    if not coded:
        raise LabelError("no article of the corpus is coded for these labels, so errors cannot be told (code some)")


def _members(groups: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[dict[str, str | None], NDArray[np.intp]]]:
    """Yield each group in the order of its values, with the rows that are in it."""
    if not by:
        return
    numbered = groups.select(by).with_row_index("__row")
    for key, rows in sorted(numbered.group_by(by), key=lambda item: tuple((v is None, v or "") for v in item[0])):
        yield dict(zip(by, map(_text, key), strict=True)), rows["__row"].to_numpy().astype(np.intp)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _codes(column: pl.Series) -> NDArray[np.intp]:
    return column.fill_null("").rank("dense").to_numpy().astype(np.intp)


class _Label:
    """One label's shares; holds its error rates, which are of all groups together."""

    def __init__(self, corpus: Corpus, name: str, column: int, layers: NDArray[np.intp], least: int, seed: int) -> None:
        self.name, self.layers, self.least, self.seed = name, layers, least, seed
        answers, probability = corpus.answers[:, column], corpus.scores.probability[:, column]
        self.yes, self.coded = answers == YES, answers != UNKNOWN
        self.drawn = self.coded & corpus.random
        self.assigned = corpus.scores.assigned[:, column]
        self.learned = not np.isnan(probability).all()
        self.probability = np.nan_to_num(probability.astype(np.float64), nan=0.0)
        self.positive, n_positive = self._rated(self.yes)
        self.negative, n_negative = self._rated(~self.yes)
        self.why_not = _why_no_rates(n_positive, n_negative, learned=self.learned)

    def _rated(self, side: Bools) -> tuple[Bools, int]:
        """Return the articles with the label, or without, that an error rate is of: drawn at random if enough are."""
        drawn = self.drawn & side
        rated = drawn if drawn.sum() >= ENOUGH_AT_RANDOM else self.coded & side
        return rated, int(rated.sum())

    def share(self, group: Mapping[str, str | None], rows: NDArray[np.intp]) -> Share:
        drawn = self.drawn[rows]
        adjusted, probabilistic = self._adjusted(rows)
        method, best, note = self._best(rows, adjusted)
        return Share(
            group,
            self.name,
            len(rows),
            int(drawn.sum()),
            int((self.yes[rows] & drawn).sum()),
            float(self.assigned[rows].mean()) if self.learned else None,
            method,
            best,
            adjusted,
            probabilistic,
            note,
        )

    def _best(self, rows: NDArray[np.intp], adjusted: Estimate | None) -> tuple[str, Estimate | None, str]:
        """Return the method that fits a group, its estimate, and why it is not the group's own articles."""
        n_drawn = int(self.drawn[rows].sum())
        strata = [self._counts(rows[self.layers[rows] == layer]) for layer in np.unique(self.layers[rows])]
        empty = sum(not counts.coded for counts in strata)
        if n_drawn >= self.least and not empty:
            return PPI, stratified(strata, self.seed), ""
        why = f"{n_drawn:,} articles coded at random, {self.least:,} are needed"
        if empty and n_drawn >= self.least:
            why = f"{empty:,} of {len(strata):,} strata have no article coded at random"
        if adjusted is not None:
            return ADJUSTED, adjusted, f"{why}: error rates of all groups together"
        return NOTHING, None, f"{why}; {self.why_not or CANNOT}"

    def _counts(self, rows: NDArray[np.intp]) -> Counts:
        drawn, yes, said = self.drawn[rows], self.yes[rows], self.assigned[rows]
        return Counts(
            hits=int((drawn & yes & said).sum()),
            false=int((drawn & ~yes & said).sum()),
            missed=int((drawn & yes & ~said).sum()),
            rejected=int((drawn & ~yes & ~said).sum()),
            yes=int((~drawn & said).sum()),
            no=int((~drawn & ~said).sum()),
        )

    def _adjusted(self, rows: NDArray[np.intp]) -> tuple[Estimate | None, Estimate | None]:
        if self.why_not:
            return None, None
        said = self.assigned
        hits, false = int((said & self.positive).sum()), int((said & self.negative).sum())
        rates = Rates(hits, int(self.positive.sum()), false, int(self.negative.sum()))
        return (
            adjusted_count(int(said[rows].sum()), len(rows), rates, self.seed),
            adjusted_probabilities(
                self.probability[rows], self.probability[self.positive], self.probability[self.negative], self.seed
            ),
        )


def _why_no_rates(n_positive: int, n_negative: int, *, learned: bool) -> str:
    if not learned:
        return "the model has not learned the label"
    if min(n_positive, n_negative) < FEWEST_OF_RATE:
        found = f"found {n_positive:,} and {n_negative:,}"
        return f"error rates need {FEWEST_OF_RATE} coded articles with the label and as many without; {found}"
    return ""


def _notes(corpus: Corpus, columns: Mapping[str, int], strata: str | None) -> Iterator[str]:
    if not corpus.random.any():
        yield 'No coded article says "sampling": "random", so none stands for the corpus: shares are adjusted counts.'
        return
    yield (
        f"Prediction-powered shares hold if the {int(corpus.random.sum()):,} coded at random are a random part of "
        f"{'each ' + strata if strata else 'the corpus'}; adjusted counts if the model errs alike in all groups."
    )
    if strata is None:
        yield from _unlike(corpus, columns)


def _unlike(corpus: Corpus, columns: Mapping[str, int]) -> Iterator[str]:
    """Say so where the model answers differently on the articles coded at random, as it would not on a random part."""
    names, p_values = list(columns), []
    for column in columns.values():
        said, drawn = corpus.scores.assigned[:, column], corpus.random & (corpus.answers[:, column] != UNKNOWN)
        p_values.append(
            two_proportions_p_value(
                int(said[drawn].sum()), int(drawn.sum()), int(said[~drawn].sum()), int((~drawn).sum())
            )
        )
    unlike = [name for name, p in zip(names, holm(p_values), strict=True) if p < SUSPICIOUS]
    if unlike:
        yield (
            f"The model gives {', '.join(unlike)} to articles coded at random at another rate than to the rest: either "
            "they are no random part (were they drawn at different rates? name the column with --strata), or it "
            "answers otherwise where it was held out; do not trust these shares."
        )


# --- rows of a table


def _flat(row: Share, by: Sequence[str]) -> dict[str, Any]:
    flat: dict[str, Any] = {name: row.group.get(name) for name in by}
    flat |= {"label": row.label, "articles": row.articles, "coded": row.coded, "coded_yes": row.coded_yes}
    flat |= {"method": row.method, **_ends("share", row.best), "naive": row.naive}
    return {
        **flat,
        **_ends("adjusted", row.adjusted),
        **_ends("probabilistic", row.probabilistic),
        "all": not row.group,
        "note": row.note,
    }


def _ends(name: str, found: Estimate | None) -> dict[str, float | None]:
    ends = (None, None, None) if found is None else (found.value, found.low, found.high)
    names = (name, f"{name}_low", f"{name}_high")
    return {key: None if end is None else round(end, DIGITS) for key, end in zip(names, ends, strict=True)}
