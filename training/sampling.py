"""Draw the articles that coders read next: at random, spread over strata, or those that teach a model most.

Every draw has a random part, and only that says what share of all articles has a label: what was picked for a model
or a stratum is not like the rest. To keep it random over several draws, each article has a random number for good,
from its id and the seed (permanent random numbers, Ohlsson 1995). The random part is always the lowest numbers not
coded yet; all else is picked among the upper half, where it does not get in the way.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from classifier.codebook import Codebook, blocks
from classifier.errors import ArticleError, SlantwiseError
from classifier.features import document
from classifier.model import Model
from training.baselines import READ_CHARACTERS, keyword_hits
from training.informative import candidates, choose, positives, unsure
from training.labels import Coding
from training.splits import known_outlets

RANDOM_PART = 0.25  # of a draw by strata or by a model
RESERVE = 0.5  # articles with a lower number are left to the random part
RANDOM, STRATIFIED, INFORMATIVE = "random", "stratified", "informative"
DATES = {"year": r"^(\d{4})", "month": r"^(\d{4}-\d{2})"}
NOT_COLUMNS = (RANDOM, "model", "outlet", *DATES)
NO_STRATUM = "(none)"
AT_A_TIME = 2000  # articles that a model is asked about

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Articles to code: the table's columns, `sampling` (how each was drawn) and `stratum`; and what must be known."""

    articles: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def counts(self) -> str:
        counted = self.articles["sampling"].value_counts(sort=True).iter_rows()
        return f"{len(self.articles):,} articles to code, " + ", ".join(f"{n:,} {how}" for how, n in counted)


def draw(
    articles: pl.DataFrame, coding: Coding | None, by: str, n: int, seed: int, model: Model | None = None
) -> Sample:
    """Draw n articles that are not coded yet, the random part first.

    Parameters
    ----------
    by
        'random', 'outlet', 'year', 'month', 'model', or another column of the articles.

    Raises
    ------
    SlantwiseError
        If there is nothing to draw from, or the articles lack what they should be drawn by.
    """
    number = random_numbers(articles["id"].to_list(), seed)
    done = articles["id"].is_in(list(coding.ids if coding else ())).to_numpy()
    if done.all():
        raise ArticleError(f"all {len(articles):,} articles are coded; there is none to draw")
    strata = None if by in {RANDOM, "model"} else _strata(articles, by)
    n = min(n, int((~done).sum()))
    order = np.argsort(number, kind="stable")
    n_random = n if by == RANDOM else max(1, round(n * RANDOM_PART))
    random = order[~done[order]][:n_random]
    notes = [*_not_there(articles, coding), *_passed_over(articles, coding, number, random)]
    free = ~done & (number >= RESERVE)
    free[random] = False
    if by == RANDOM:
        rest = random[:0]
    elif strata is not None:
        rest = _spread(strata, number, done, free, n - len(random))
        notes += _not_reached(strata, np.concatenate([np.flatnonzero(done), random, rest]))
    else:
        assert model is not None
        rest = _telling(articles, np.flatnonzero(free), coding, model, n - len(random))
        notes += _not_learned(model)
    if len(random) + len(rest) < n:
        notes.append(f"only {len(random) + len(rest):,} of {n:,} drawn: the rest is left to later random parts")
    how = [RANDOM] * len(random) + [INFORMATIVE if strata is None else STRATIFIED] * len(rest)
    rows = np.concatenate([random, rest])
    named = pl.Series("stratum", None if strata is None else np.array(strata, dtype=object)[rows].tolist(), pl.String)
    table = articles[rows].with_columns(pl.Series("sampling", how, pl.String))
    return Sample(table.with_columns(named if len(named) else pl.lit(None, pl.String).alias("stratum")), tuple(notes))


def random_numbers(ids: Sequence[str], seed: int) -> Numbers:
    """Return a number for each article, 0 to 1, that hangs on its id and the seed alone."""
    digests = (hashlib.sha256(f"{seed}\0{key}".encode()).digest() for key in ids)
    return np.array([int.from_bytes(digest[:6]) / 2**48 for digest in digests])


# --- strata


def _strata(articles: pl.DataFrame, by: str) -> list[str]:
    if by == "outlet":
        found = known_outlets(articles)
    elif by in DATES:
        found = articles["date"].str.extract(DATES[by]).to_list()
    elif by in articles.columns:
        found = articles[by].cast(pl.String).to_list()
    else:
        found = []
    if not any(found):
        raise ArticleError(
            f"no article has a stratum by {by!r} (draw by random, model, outlet, year, month or a column)"
        )
    return [stratum or NO_STRATUM for stratum in found]


def _spread(
    strata: Sequence[str], number: Numbers, done: NDArray[np.bool_], free: NDArray[np.bool_], n: int
) -> NDArray[np.intp]:
    """Return rows of up to n articles, the strata with the fewest coded first, at random within each."""
    table = pl.DataFrame({"stratum": strata, "number": number, "done": done, "free": free}).with_row_index("row")
    table = table.with_columns(coded=pl.col("done").sum().over("stratum")).filter("free")
    turn = pl.col("number").rank("ordinal").over("stratum") + pl.col("coded")
    return table.sort(turn, "number")["row"].head(n).to_numpy().astype(np.intp)


def _not_reached(strata: Sequence[str], coded: NDArray[np.intp]) -> list[str]:
    missing = sorted(set(strata) - {strata[row] for row in coded})
    if not missing:
        return []
    return [
        f"{len(missing):,} strata have no article here nor coded, so nothing will be known of them: {_some(missing)}"
    ]


# --- what teaches a model most


def _telling(
    articles: pl.DataFrame, rows: NDArray[np.intp], coding: Coding | None, model: Model, n: int
) -> NDArray[np.intp]:
    texts = articles.select("title", "text")
    found = [_unsure(model, texts[rows[start : start + AT_A_TIME]]) for start in range(0, len(rows), AT_A_TIME)]
    if not found:
        return rows
    telling = np.concatenate(found)
    some = candidates(telling)
    features = model.vocabulary.features(document(texts[rows[some]]))
    n_columns = model.blocks[-1].columns.stop
    coded = positives(coding.answers) if coding else np.zeros(n_columns, dtype=np.int64)
    return rows[some[choose(telling[some], features, coded, n)]]


def _unsure(model: Model, texts: pl.DataFrame) -> Numbers:
    openings, learned = document(texts).str.head(READ_CHARACTERS), model.weights.learned
    hits = np.zeros((len(texts), len(learned)), dtype=np.int64)
    for block in blocks(model.codebook):
        if not learned[block.columns].all():  # else the model says more than words do
            hits[:, block.columns] = keyword_hits(block, openings)
    return unsure(model.codebook, model.answer_all(texts).probability, model.weights, hits)


def _not_learned(model: Model) -> list[str]:
    keys = [
        f"{block.target or block.head.key}: {key}"
        for block in model.blocks
        for key, learned in zip(block.head.keys, model.weights.learned[block.columns], strict=True)
        if not learned
    ]
    return [f"not learned yet, so sought by the codebook's words: {_some(keys)}"] if keys else []


def check_same(codebook: Codebook, model: Model) -> None:
    """Refuse a model whose questions are not those that the articles are coded for.

    Raises
    ------
    SlantwiseError
        If their labels differ; other wording is no matter here.
    """
    ours, theirs = (
        [(b.head.field, b.target, b.head.keys) for b in blocks(book)] for book in (codebook, model.codebook)
    )
    if ours != theirs:
        msg = f"model {model.name} has other questions or labels than codebook {codebook.name} {codebook.version}"
        raise SlantwiseError(f"{msg} (slantwise codebook diff shows how two differ; train one with this codebook)")


def _not_there(articles: pl.DataFrame, coding: Coding | None) -> list[str]:
    missing = sorted(set(coding.ids if coding else ()) - set(articles["id"]))
    return [f"{len(missing):,} coded articles are not among the articles: {_some(missing)}"] if missing else []


def _passed_over(articles: pl.DataFrame, coding: Coding | None, number: Numbers, random: NDArray[np.intp]) -> list[str]:
    """Name coded articles that the random part would have drawn, and that are not marked as random."""
    if coding is None or not len(random):
        return []
    low = articles["id"].filter(pl.Series(number <= number[random].max()))
    passed = [key for key in low if key in set(coding.ids) - coding.random]
    if not passed:
        return []
    were = "1 article" if len(passed) == 1 else f"{len(passed):,} articles"
    msg = f"{were} that the random part would have drawn are coded already and not marked so: {_some(passed)}"
    return [f'{msg}; add "sampling": "random" to them in the label file, or shares lean away from them']


def _some(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
