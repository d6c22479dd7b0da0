"""A process of `classifier.pool`: batches of pages in, rows of scores out.

Polars reads how many threads it may have when it is loaded, so nothing here may load it before `start` has said so.
"""

import os
import signal
from collections.abc import Collection
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from classifier.model import Model
    from classifier.pool import Scored, Scoring

_models: "list[Model]" = []


def start(path: Path | None) -> None:
    """Load the model; one thread, as there is a process for each core."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the first of them ends the others
    Thread(target=_end_with_parent, daemon=True).start()
    from classifier.model import Model

    _models.append(Model.load(path))


def _end_with_parent() -> None:
    """End where the first process was killed, which could not say so."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def score(scoring: "Scoring", pages: "pl.DataFrame", taken: Collection[str]) -> "tuple[Scored, list[str]]":
    """Return a batch that was scored, and what the articles of pages that hold several are called: nothing `taken`."""
    from classifier.ids import Ids

    articles = scoring.preparing.ready(pages, Ids([*pages["id"], *taken]))
    names = articles.filter(articles["page"].is_duplicated())["id"].to_list()
    return scoring.scored(_models[0], articles), names
