r"""Split articles into sentences, a whole batch at a time: articles -> sentences -> evidence.

Evidence may cost little beside scoring, and splitters that walk through a text in Python manage a few dozen articles a
second. So two steps in Polars: texts are cut wherever a sentence could end, and the cuts that end none are taken back,
by what stands before and behind each. The abbreviations and words that decide are data (`sentences.toml`).

A blank line always ends a sentence. A single line end does, as in lists and headlines, unless the next line goes on in
lower case or this one ends with a comma, as where an editor has wrapped the lines.
"""

import tomllib
from functools import lru_cache
from pathlib import Path

import polars as pl

RULES = Path(__file__).parent / "sentences.toml"
# Up to a stop with its closing quotes and the blanks behind it, else to the end of the line; every character is in one.
_PART = r"""[^\n]*?[.!?…]["'”’)\]»]*\s+|[^\n]*\n\s*|[^\n]+"""  # noqa: RUF001  the quotation marks are meant
_BEFORE = r"""(?:^|[\s(\["“‘/–—-])"""  # noqa: RUF001  what an abbreviation may stand behind
_QUOTED = r"""[?!]["”’]$"""  # noqa: RUF001  what a quotation may end with
_TAIL, _HEAD = 16, 60  # characters before and behind a cut that are looked at


def split(texts: pl.Series) -> pl.DataFrame:
    r"""Return the sentences of each text.

    Parameters
    ----------
    texts
        Shape (n_articles,); null is a text without a sentence.

    Returns
    -------
    polars.DataFrame
        One row a sentence, in order: `article`, its number in `texts`, `start` and `end`, in characters. Whitespace
        around a sentence belongs to none; every word belongs to one.

    Examples
    --------
    >>> text = "“Why now?” Mayor A. Lee asked. The U.S. waited.\n\nIt did"
    >>> [text[start:end] for _, start, end in split(pl.Series([text])).iter_rows()]
    ['“Why now?” Mayor A. Lee asked.', 'The U.S. waited.', 'It did']
    """
    inside = pl.first("article"), pl.first("start"), pl.last("end")
    found = parts(texts).group_by("sentence", maintain_order=True).agg(inside).drop("sentence")
    return found.filter(pl.col("start") < pl.col("end"))


def parts(texts: pl.Series) -> pl.DataFrame:
    """Return what sentences are put together from, in order, so that their words need not be joined to be counted.

    Returns
    -------
    polars.DataFrame
        `article`, `sentence` (its number in the batch, from 0), `start`, `end` and `part`, the text with the whitespace
        behind it. Parts of one sentence follow one another.
    """
    cut = pl.DataFrame({"part": texts.str.extract_all(_PART)}).with_row_index("article").explode("part").drop_nulls()
    trimmed = pl.col("part").str.strip_chars_end()
    cut = cut.with_columns(
        length=pl.col("part").str.len_chars().cast(pl.Int64),
        leading=pl.col("part").str.len_chars() - pl.col("part").str.strip_chars_start().str.len_chars(),
        inside=trimmed.str.len_chars(),
        tail=trimmed.str.tail(_TAIL),
        head=pl.col("part").str.head(_HEAD).shift(-1, fill_value=""),
    )
    cut = cut.with_columns(begins=pl.col("length").cum_sum() - pl.col("length"))
    cut = cut.with_columns(begins=pl.col("begins") - pl.col("begins").first().over("article"))
    start = pl.col("begins") + pl.min_horizontal("leading", "inside")
    end = pl.col("begins") + pl.col("inside")
    ends = (pl.col("article") != pl.col("article").shift(-1)) | ~_goes_on(_is_exception(cut))
    return cut.select(
        "article", "part", start=start, end=end, sentence=ends.shift(1, fill_value=False).cast(pl.Int64).cum_sum()
    )


def _goes_on(exception: pl.Series) -> pl.Expr:
    """Say of each part whether the next one belongs to its sentence."""
    part, tail, head = pl.col("part"), pl.col("tail"), pl.col("head")
    lower = head.str.contains(r"^\p{Ll}")
    goes_on = lower | ~head.str.contains(r"[\p{L}\p{N}]") | exception
    stopped = tail.str.contains(r"""[.!?…]["'”’)\]»]*$""")  # noqa: RUF001
    blank_line = part.str.contains(r"\n\s*\n\s*$")
    return (tail != "") & ~blank_line & pl.when(stopped).then(goes_on).otherwise(lower | tail.str.ends_with(","))


def _is_exception(cut: pl.DataFrame) -> pl.Series:
    """Say of each part whether its stop ends no sentence, by what stands on both sides; few ends could be such."""
    tail, head, heads = pl.col("tail"), pl.col("head"), pl.col("head") + pl.col("following")
    entry = r"^\d{1,3}\.$"  # the number of an entry in a list
    may_be = cut["tail"].str.contains(f"{_abbreviation()}|{_number()}|{_QUOTED}|{entry}")
    of_few = (
        (tail.str.contains(_abbreviation()) & ~head.str.contains(_starter()))
        | (tail.str.contains(_number()) & head.str.contains(r"^\d"))
        | (tail.str.contains(_QUOTED) & heads.str.contains(_speaker()))
        | tail.str.contains(entry)
    )
    few = cut.select("tail", "head", following=pl.col("head").shift(-1, fill_value="")).filter(may_be)
    return may_be.scatter(may_be.arg_true(), few.select(of_few).to_series())


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    """Return each list of the data as one pattern."""
    lists = tomllib.loads(RULES.read_text("utf-8"))
    return {name: "|".join(word.replace(".", r"\.") for word in words) for name, words in lists.items()}


def _abbreviation() -> str:
    return rf"{_BEFORE}(?:{_words()['abbreviations']}|(?:\p{{L}}\.)*\p{{L}})\.[)\]]?$"


def _number() -> str:
    return rf"{_BEFORE}(?:{_words()['before_numbers']})\.$"


def _starter() -> str:
    return rf"""^["“‘'(]*(?:{_words()["starters"]})(?:[\s,]|$)"""  # noqa: RUF001


def _speaker() -> str:
    return rf"^(?:\p{{Lu}}[\p{{L}}.’'-]+\s){{1,3}}(?:{_words()['speech']})\b"  # noqa: RUF001
