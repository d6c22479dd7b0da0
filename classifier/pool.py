"""Score batches of pages: here, or in several processes.

Threads of one process wait for one another wherever Python itself is at work, and cleaning pages and laying out rows
are that for most of their time. Processes do not; but each takes a second to start and holds a model of its own, so
they are for many articles.
"""

import os
import signal
from collections import deque
from collections.abc import Collection, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, Self

import polars as pl

from classifier.batches import Preparing
from classifier.errors import SlantwiseError
from classifier.freed import keep_freed_memory
from classifier.ids import Ids
from classifier.model import Model
from classifier.output import Form
from classifier.parallel import ahead

# Of each process, as there is one a core; numpy and Polars read them while they are loaded.
ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
AHEAD = 2  # batches that wait to be scored, so that no process has to wait for one


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch as `Form.rows` lays it out, how many articles it has, and how many of them were not scored."""

    rows: Any
    articles: int
    foreign: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """What is done to every batch of `read_pages`."""

    preparing: Preparing
    form: Form[Any]

    def scored(self, model: Model, articles: pl.DataFrame) -> Scored:
        """Score a batch that is ready."""
        return Scored(self.form.rows(model, articles), len(articles), int(articles["foreign"].sum()))


def score_here(model: Model, scoring: Scoring, pages: Generator[pl.DataFrame], ids: Ids) -> Iterator[Scored]:
    """Yield the batches one after the other; the next one is read and cleaned meanwhile."""
    for articles in ahead(scoring.preparing.ready(batch, ids) for batch in pages):
        yield scoring.scored(model, articles)


class Processes:
    """Processes that score with a model file (None: the model that ships), `jobs` of them, until the block ends."""

    def __init__(self, model: Path | None, jobs: int) -> None:
        self._jobs = jobs
        self._pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_start, initargs=(model,))

    def __enter__(self) -> Self:
        before = dict(os.environ)
        os.environ.update(ONE_THREAD)
        try:
            for _ in range(self._jobs):
                self._pool.submit(os.getpid)  # so that all of them are started now
        finally:
            os.environ.clear()
            os.environ.update(before)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def score(self, scoring: Scoring, pages: Iterator[pl.DataFrame], ids: Ids) -> Iterator[Scored]:
        """Yield the batches in the order in which they are read.

        Raises
        ------
        SlantwiseError
            If a process ends before its work is done.
        """
        waiting: deque[tuple[pl.DataFrame, Future[tuple[Scored, list[str]]]]] = deque()
        try:
            for batch in pages:
                waiting.append((batch, self._pool.submit(_score, scoring, batch, [])))
                if len(waiting) == self._jobs + AHEAD:
                    yield self._done(scoring, *waiting.popleft(), ids)
            while waiting:
                yield self._done(scoring, *waiting.popleft(), ids)
        except BrokenProcessPool:
            way_out = "is there memory for all --jobs? each takes some 250 MB"
            raise SlantwiseError(f"a process that scores articles ended before its work was done ({way_out})") from None

    def _done(
        self, scoring: Scoring, batch: pl.DataFrame, future: Future[tuple[Scored, list[str]]], ids: Ids
    ) -> Scored:
        """Return a batch that was scored; once more, where it called an article what another one is called."""
        scored, names = future.result()
        taken: list[str] = []
        while more := [name for name in names if name in ids]:
            taken += more
            scored, names = self._pool.submit(_score, scoring, batch, taken).result()
        for name in names:
            ids.add(name)
        return scored


# --- in one of the processes

_models: list[Model] = []


def _start(path: Path | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the first of them ends the others
    Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()
    _models.append(Model.load(path))


def _end_with_parent() -> None:
    """End where the first process was killed, which could not say so."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _score(scoring: Scoring, pages: pl.DataFrame, taken: Collection[str]) -> tuple[Scored, list[str]]:
    """Return a batch that was scored, and what the articles of pages that hold several are called: nothing `taken`."""
    articles = scoring.preparing.ready(pages, Ids([*pages["id"], *taken]))
    names = articles.filter(articles["page"].is_duplicated())["id"].to_list()
    return scoring.scored(_models[0], articles), names
