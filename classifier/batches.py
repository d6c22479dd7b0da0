"""Make inputs ready to be scored: files -> articles without their furniture, in batches.

The command and the server both read through this, so that the same file gives the same rows on either way.
"""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import BinaryIO

import polars as pl

from classifier.articles import Columns, OnReject, read_articles
from classifier.clean import clean_articles
from classifier.ids import Ids
from classifier.language import mark


def ready(
    inputs: Sequence[str | Path],
    own_language: str | None,
    *,
    on_reject: OnReject,
    columns: Columns | None = None,
    clean: bool = True,
    together: bool = True,
    stdin: BinaryIO | None = None,
    on_read: Callable[[], None] | None = None,
) -> Generator[pl.DataFrame]:
    """Yield batches of articles as `Model.articles` and `Model.score_frame` score them.

    Parameters
    ----------
    inputs, columns, on_reject, stdin
        As for `read_articles`.
    own_language
        The one that is scored, an ISO 639-1 code; None: every one.
    clean
        Whether pages lose their furniture, and are split into their articles.
    together
        Whether lines that pages of a batch share are furniture; else an article's scores depend on its page alone.
    on_read
        Called for each article that is read, long before its batch is full where the articles are pages of HTML.

    Yields
    ------
    polars.DataFrame
        What `read_articles`, `clean_articles` and `mark` give, and `page`, the place of an article's page in its batch
        as it was read. At least one row.
    """
    ids = _Counted(on_read) if on_read else Ids()
    for batch in read_articles(inputs, columns, on_reject=on_reject, stdin=stdin, extra=["extraction"], ids=ids):
        yield prepared(batch, own_language, ids, clean=clean, together=together)


def prepared(
    batch: pl.DataFrame, own_language: str | None, ids: Ids, *, clean: bool = True, together: bool = True
) -> pl.DataFrame:
    """Return a batch as `ready` yields it, from one as `read_articles` yields it."""
    pages = batch.with_row_index("page")
    return mark(clean_articles(pages, ids, together=together) if clean else pages, own_language)


class _Counted(Ids):
    """Ids that tell of each article that is read: it is by them that all pass."""

    def __init__(self, on_read: Callable[[], None]) -> None:
        super().__init__()
        self._on_read = on_read

    def add(self, name: str) -> bool:
        self._on_read()
        return super().add(name)
