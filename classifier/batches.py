"""Make inputs ready to be scored: files -> articles without their furniture, in batches.

The command and the server both read through this, so that the same file gives the same rows on either way.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from classifier.articles import Columns, OnReject, read_articles
from classifier.clean import clean_articles
from classifier.ids import Ids
from classifier.language import mark


@dataclass(frozen=True, slots=True)
class Preparing:
    """What is done to pages before they are scored.

    Parameters
    ----------
    own_language
        The one that is scored, an ISO 639-1 code; None: every one.
    clean
        Whether pages lose their furniture, and are split into their articles.
    together
        Whether lines that pages of a batch share are furniture; else an article's scores depend on its page alone.
    """

    own_language: str | None = None
    clean: bool = True
    together: bool = True

    def ready(self, pages: pl.DataFrame, ids: Ids) -> pl.DataFrame:
        """Return what `Model.articles` and `Model.score_frame` score of a batch of pages.

        Parameters
        ----------
        pages
            A batch of `read_pages`.
        ids
            Those of all articles read so far, which grow where a page holds several articles.

        Returns
        -------
        polars.DataFrame
            The columns of `pages`, and those of `clean_articles` and `mark`.
        """
        articles = clean_articles(pages, ids, together=self.together) if self.clean else pages
        return mark(articles, self.own_language)


def read_pages(
    inputs: Sequence[str | Path],
    ids: Ids,
    *,
    on_reject: OnReject,
    columns: Columns | None = None,
    stdin: BinaryIO | None = None,
) -> Generator[pl.DataFrame]:
    """Yield batches as `read_articles` does, with one more column: `page`, the place of a page in its batch."""
    for batch in read_articles(inputs, columns, on_reject=on_reject, stdin=stdin, extra=["extraction"], ids=ids):
        yield batch.with_row_index("page")


def ready(
    inputs: Sequence[str | Path],
    preparing: Preparing,
    *,
    on_reject: OnReject,
    columns: Columns | None = None,
    on_read: Callable[[], None] | None = None,
) -> Generator[pl.DataFrame]:
    """Yield batches of articles that are ready to be scored, none of them empty.

    `on_read` is called for each article that is read, long before its batch is full where the articles are pages of
    HTML.
    """
    ids = _Counted(on_read) if on_read else Ids()
    for pages in read_pages(inputs, ids, on_reject=on_reject, columns=columns):
        yield preparing.ready(pages, ids)


class _Counted(Ids):
    """Ids that tell of each article that is read: it is by them that all pass."""

    def __init__(self, on_read: Callable[[], None]) -> None:
        super().__init__()
        self._on_read = on_read

    def add(self, name: str) -> bool:
        self._on_read()
        return super().add(name)
