"""Make a label file of the exports of coding tools: what coders agree on, and apart from it what they do not."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from classifier.atomic import refuse_overwriting, write_atomically
from classifier.codebook import Codebook
from classifier.errors import LabelError
from training.exports import Article, Exported, by_article, read_exports, to_row
from training.sampling import RANDOM

SHOWN = 5  # disagreements that an error names


def labels_from(
    paths: Sequence[Path], codebook: Codebook, out: Path, *, coder: str | None = None, disputes: Path | None = None
) -> Iterator[str]:
    """Read exports and write a label file; yield what must be known of it.

    Parameters
    ----------
    coder
        Whose answers alone are taken; None: everybody's.
    disputes
        Where articles go that coders answered differently, whole, a line for each coder; None: they are an error.

    Raises
    ------
    LabelError
        If a file cannot be used, or coders disagree and nobody said what to do with that.
    SlantwiseError
        If a file that would be written is there already.
    """
    for path in (out, *([disputes] if disputes else [])):
        refuse_overwriting(path, "name another; hand it in beside the exports to have both in one")
    exported = read_exports(paths, codebook)
    if coder is not None:
        exported = exported.of_coder(coder)
    articles = by_article(exported)
    disputed = [article for article in articles if article.disputed]
    if disputed and disputes is None:
        raise LabelError(_complaint(paths, disputed))
    agreed = [article for article in articles if not article.disputed]
    _write(out, [_row(article, codebook) for article in agreed])
    n_random = sum(article.drawn.get("sampling") == RANDOM for article in agreed)
    yield f"wrote {out}: {len(agreed):,} coded articles, {n_random:,} of them drawn at random"
    if exported.n_not_coded:
        yield f"{exported.n_not_coded:,} tasks were not coded, or skipped, and are left out"
    if disputes is not None:
        keys = {article.id for article in disputed}
        _write(disputes, [_row_of_one(exported, place, codebook) for place in _places(exported, keys)])
        yield f"wrote {disputes}: {len(disputed):,} articles that coders answered differently, a line for each coder"


def _places(exported: Exported, keys: set[str]) -> list[int]:
    return [place for place, one in enumerate(exported.answers) if one.id in keys]


def _row(article: Article, codebook: Codebook) -> dict[str, Any]:
    row = to_row(article.id, article.labels, codebook) | article.drawn
    return row | ({"coder": " + ".join(article.coders)} if article.coders else {})


def _row_of_one(exported: Exported, place: int, codebook: Codebook) -> dict[str, Any]:
    one = exported.answers[place]
    return to_row(one.id, one.labels, codebook) | dict(one.drawn) | {"coder": one.coder, "from": one.where}


def _complaint(paths: Sequence[Path], disputed: Sequence[Article]) -> str:
    n = len(disputed)
    are = "1 article is" if n == 1 else f"{n:,} articles are"
    named = "".join(f"\n  {article.id!r}, {article.said()}" for article in disputed[:SHOWN])
    more = f"\n  and {n - SHOWN:,} more" if n > SHOWN else ""
    out = "(--coder NAME takes one coder's answers, --disputes FILE writes these apart from the rest)"
    return f"{', '.join(map(str, paths))}: {are} coded differently {out}{named}{more}"


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with write_atomically(path) as file:
        file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
