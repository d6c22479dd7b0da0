"""Score rows each by itself: whatever stands beside a row, and in whatever batch, its scores are the same.

For engines that cut a table as they please and do parts of it again where a machine is lost, such as Spark
(`slantwise.spark`). So nothing is taken from the other rows: a line that pages share is no furniture for that, and ids
are not compared. All else is what the command does with the rows of a parquet file, done by the same functions.
"""

from collections.abc import Mapping

import polars as pl

from classifier.articles import Recoded, Reject, read_frame
from classifier.batches import Preparing
from classifier.ids import Ids
from classifier.model import Model

FOREIGN = "the language is {}, that of the model {} (any_language=True scores it)"


class _Apart(Ids):
    """Ids of rows that know nothing of each other, so that none is taken."""

    def __contains__(self, name: str) -> bool:
        return False

    def add(self, name: str) -> bool:  # noqa: ARG002  as the base has it
        return True


def score_rows(
    model: Model,
    rows: pl.DataFrame,
    *,
    evidence: int = 0,
    clean: bool = True,
    any_language: bool = False,
    refused: Mapping[int, str] | None = None,
) -> pl.DataFrame:
    """Return the scores of the articles that rows hold, and the reason where a row has none.

    Parameters
    ----------
    model
        What scores.
    rows
        Columns of Strings: `id` and `text`, and `title` and `url` where they are known.
    evidence, clean, any_language
        As the command's options.
    refused
        Reasons of rows that were refused before, by their place; their text is null.

    Returns
    -------
    polars.DataFrame
        What `Model.score_frame` gives, with `source` null, and before it `row`, the place in `rows`, a UInt32; after it
        `reason`, a String, null where an article was scored. In the order of `rows`: a row that was refused stands
        once, with its id and its reason alone, a page with several articles as often as it has them. An article
        without an id has none; of its page's several the ids are #1, #2.
    """
    own = None if any_language else model.codebook.language
    reasons: dict[int, str] = {}

    def refuse(reject: Reject | Recoded) -> None:
        if isinstance(reject, Reject):
            reasons[int(reject.source)] = reject.reason

    numbered = rows.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("source"))
    apart = _Apart()
    pages = read_frame(numbered, on_reject=refuse, extra=["extraction"], ids=apart).with_row_index("page")
    articles = Preparing(own, clean, together=False).ready(pages, apart)
    scored = model.score_frame(articles, evidence=evidence).with_columns(
        pl.col("id").replace("", None),
        pl.lit(None, pl.String).alias("source"),
        articles["source"].cast(pl.UInt32).alias("row"),
        pl.when(articles["foreign"]).then(pl.format(FOREIGN, "language", pl.lit(own))).alias("reason"),
    )
    reasons |= refused or {}
    if reasons:
        places = pl.Series("row", list(reasons), dtype=pl.UInt32)
        others = pl.DataFrame([rows["id"][places], places, pl.Series("reason", list(reasons.values()))])
        scored = pl.concat([scored, others], how="diagonal").sort("row", maintain_order=True)
    return scored.select("row", pl.exclude("row", "reason"), "reason")
