"""Split articles so that the same story, or the same house style, never stands on both sides.

Wire copy runs in many outlets, and an outlet's boilerplate tells its side. Outlets are therefore dealt to folds whole;
near-duplicates cannot be, since wire copy would tie nearly all outlets into one group, so training rows that nearly
repeat a test row are left out instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from courlan import extract_domain
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

from classifier.features import split_words

SHINGLE_WORDS = 5
SHINGLED_WORDS = 200  # near-duplicates share their opening; the rest costs time and tells little more
SIMILARITY = 0.5  # Jaccard similarity of the shingles from which two articles count as near-duplicates
PERMUTATIONS = 64
SETTINGS = (SHINGLE_WORDS, SHINGLED_WORDS, SIMILARITY, PERMUTATIONS)

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers of one split. `left_out` would be trained on, but nearly repeat a test row."""

    train: Rows
    test: Rows
    left_out: Rows

    def crossing(self, duplicates: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which pairs of near-duplicates would be on both sides if nothing were left out, shape (n_pairs,)."""
        tested, repeats = (np.isin(duplicates, rows) for rows in (self.test, self.left_out))
        return np.asarray((tested & repeats[:, ::-1]).any(axis=1))


@dataclass(frozen=True, slots=True)
class Split:
    """What was kept apart. Near-duplicates: pairs that the split would have put on both sides, and what was done."""

    name: str
    description: str
    n_crossing: int | None  # None: not known, the training texts are not at hand
    n_left_out: int  # training articles left out for it, over all folds


def outlets_of(articles: pl.DataFrame) -> list[str]:
    """Return what is kept apart as an article's outlet: the article itself where its outlet is not known."""
    return [outlet or f"article {key}" for key, outlet in zip(articles["id"], known_outlets(articles), strict=True)]


def known_outlets(articles: pl.DataFrame) -> list[str | None]:
    """Return what counts as an article's outlet: the domain of its url, else the named outlet, None without either.

    The domain comes first because corpora name sections and columnists as outlets of their own ("New York Times -
    News", "New York Times - Opinion"), and one house's pages share a style whatever they are called.
    """
    columns = {
        name: articles[name] if name in articles.columns else pl.lit(None, pl.String) for name in ("url", "outlet")
    }
    frame = articles.select("id").with_columns(**columns)
    return [(url and extract_domain(url, fast=False)) or outlet for _, url, outlet in frame.iter_rows()]


def deal_groups(groups: Sequence[str], n_folds: int, seed: int) -> NDArray[np.intp]:
    """Deal groups to folds of about equal size, each group whole.

    Parameters
    ----------
    groups
        The group of each article, shape (n_articles,).

    Returns
    -------
    numpy.ndarray
        Fold of each article, 0 to n_folds - 1, shape (n_articles,). Large groups are dealt first, each to the smallest
        fold; `seed` decides between groups of one size.
    """
    names, members, sizes = np.unique(
        np.asarray(groups, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    shuffled = np.random.default_rng(seed).permutation(len(names))
    fold_of = np.zeros(len(names), dtype=np.intp)
    filled = np.zeros(n_folds, dtype=np.int64)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return fold_of[members]


def near_duplicates(texts: pl.Series) -> NDArray[np.intp]:
    """Return pairs of articles that nearly repeat each other, shape (n_pairs, 2), lower row first.

    MinHash over runs of 5 words in the first 200 (Broder 1997), datasketch's locality-sensitive hashing at Jaccard 0.5.
    Articles shorter than one run are never near-duplicates.
    """
    lists = split_words(texts).list.head(SHINGLED_WORDS)
    words = lists.explode(empty_as_null=False)
    numbers = words.to_frame("word").select(pl.col("word").rank("dense")).to_series().to_numpy().astype(np.uint64)
    lengths = lists.list.len().cast(pl.Int64).to_numpy()
    ends = np.cumsum(lengths)
    index = MinHashLSH(threshold=SIMILARITY, num_perm=PERMUTATIONS)
    pairs = []
    for row, (start, end) in enumerate(zip(ends - lengths, ends, strict=True)):
        if end - start < SHINGLE_WORDS:
            continue
        sketch = _sketch(numbers[start:end])
        pairs += [(earlier, row) for earlier in sorted(index.query(sketch))]
        index.insert(row, sketch, check_duplication=False)
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def cross_fit(groups: Sequence[str], duplicates: NDArray[np.intp], n_folds: int, seed: int) -> Iterator[Fold]:
    """Yield folds with every group on one side, and training rows that nearly repeat a test row left out."""
    fold_of = deal_groups(groups, n_folds, seed)
    for fold in range(n_folds):
        yield apart(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold), duplicates)


def apart(train: Rows, test: Rows, duplicates: NDArray[np.intp]) -> Fold:
    """Leave out of `train` what nearly repeats a row of `test`."""
    both_ways = np.concatenate([duplicates, duplicates[:, ::-1]])
    repeated = both_ways[np.isin(both_ways[:, 0], test), 1]
    repeats = np.isin(train, repeated)
    return Fold(train[~repeats], test, train[repeats])


def _sketch(numbers: NDArray[np.uint64]) -> MinHash:
    """MinHash of the runs of words; a run's hash is arithmetic on word numbers, which costs no Python call a run."""
    runs = np.lib.stride_tricks.sliding_window_view(numbers, SHINGLE_WORDS)
    factors = np.array([1_000_003**power for power in range(SHINGLE_WORDS)], dtype=object) % (2**61 - 1)
    mixed = (runs * factors.astype(np.uint64)).sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(32)
    sketch = MinHash(num_perm=PERMUTATIONS, hashfunc=int)
    sketch.update_batch((mixed & np.uint64(0xFFFFFFFF)).tolist())
    return sketch
