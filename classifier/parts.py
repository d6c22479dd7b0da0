"""Work on a batch in parts that fit the processor's cache, several at a time: numpy lets other threads run meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

PART_BYTES = 1 << 20  # of text; a tenth of it makes numpy's calls count, ten times it leaves the cache


def in_parts(texts: pl.Series, work: Callable[[pl.Series], NDArray[Any]]) -> NDArray[Any]:
    """Return what `work` makes of the texts, one row a text, on as many threads as Polars uses (POLARS_MAX_THREADS)."""
    parts = list(_parts(texts))
    if len(parts) == 1:
        return work(texts)
    if pl.thread_pool_size() == 1:
        return np.concatenate([work(part) for part in parts])
    return np.concatenate(list(_threads().map(work, parts)))


def _parts(texts: pl.Series) -> Iterator[pl.Series]:
    """Cut a batch where a part is full; an empty batch is one part."""
    ends = np.cumsum(texts.str.len_bytes().fill_null(0).cast(pl.Int64).to_numpy())
    cuts = np.flatnonzero(np.diff(ends // PART_BYTES)) + 1
    for start, end in zip([0, *cuts], [*cuts, len(texts)], strict=True):
        yield texts[int(start) : int(end)]


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="slantwise")
