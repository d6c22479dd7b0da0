"""Work on several things at once, in threads: numpy and Polars let other threads run meanwhile."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

T = TypeVar("T")

PART_BYTES = 1 << 20  # of text; with less, threads wait for Python's lock more often, and more leaves the cache


def in_parts(texts: pl.Series, work: Callable[[pl.Series], NDArray[Any]]) -> NDArray[Any]:
    """Return what `work` makes of the texts, one row a text, on as many threads as Polars uses (POLARS_MAX_THREADS)."""
    return np.concatenate(each(work, _parts(texts)))


def each(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
    """Return what `map` would, made on as many threads as Polars uses."""
    todo = list(zip(*items, strict=True))
    if len(todo) == 1 or pl.thread_pool_size() == 1:
        return [work(*item) for item in todo]
    return list(_threads().map(work, *zip(*todo, strict=True)))


def _parts(texts: pl.Series) -> Iterator[pl.Series]:
    """Cut a batch where a part is full; an empty batch is one part."""
    ends = np.cumsum(texts.str.len_bytes().fill_null(0).cast(pl.Int64).to_numpy())
    cuts = np.flatnonzero(np.diff(ends // PART_BYTES)) + 1
    for start, end in zip([0, *cuts], [*cuts, len(texts)], strict=True):
        yield texts[int(start) : int(end)]


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="slantwise")


def ahead(items: Generator[T]) -> Iterator[T]:
    """Yield items, each drawn while the one before is worked on; an error comes where the item would have.

    Where Polars has one thread, they are drawn when they are asked for: two threads on one core cost a sixth more time.
    Else the thread that draws them is left behind at the end of the process where it waits for input that never comes.
    """
    if pl.thread_pool_size() == 1:
        yield from items
        return
    drawn: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    wanted = Semaphore(2)  # one that is worked on, and one ahead
    stopped: list[bool] = []

    def draw() -> None:
        error: BaseException | None = None
        try:
            while wanted.acquire() and not stopped:
                drawn.put((next(items), None))
        except StopIteration:
            pass
        except BaseException as raised:  # noqa: BLE001  it is raised again where the items are used
            error = raised
        items.close()
        drawn.put((None, error))

    Thread(target=draw, name="slantwise-reader", daemon=True).start()
    try:
        while (found := _next(drawn))[0] is not None:
            yield found[0]
            wanted.release()
        if found[1] is not None:
            raise found[1]
    finally:
        stopped.append(True)
        wanted.release()


def _next(drawn: SimpleQueue[T]) -> T:
    """Wait for the next item, and let Ctrl-C through meanwhile: where Polars is loaded, a lock alone does not."""
    while True:
        try:
            return drawn.get(timeout=0.1)
        except Empty:
            continue
