"""Hold the splitter to sentences that were marked by hand, beside pysbd and BlingFire: how right, and how fast.

    pip install pysbd blingfire
    python benchmarks/sentences/splitting.py

`marked.jsonl` holds windows of AllSides articles by id, with the ends of their sentences in characters. The first set
was marked before the splitter's rules were written, the second after, and no rule was changed for it. Each splitter
gets the window alone. Two ends are the same where no letter or digit stands between them. Texts come from ../shared and
are never committed. With --errors the ends are printed that we miss or make up in the first set.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from blingfire import text_to_sentences_and_offsets
from pysbd import Segmenter

from classifier.sentences import split

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "shared" / "corpora" / "allsides.parquet"
RESAMPLES, TIMED = 2000, 2000

Splitter = Callable[[pl.Series], list[list[int]]]


def ours(texts: pl.Series) -> list[list[int]]:
    found = split(texts)
    ends: list[list[int]] = [[] for _ in texts]
    for article, end in found.select("article", "end").iter_rows():
        ends[article].append(end)
    return ends


def pysbd(texts: pl.Series) -> list[list[int]]:
    segmenter = Segmenter(language="en", clean=False, char_span=True)
    return [[span.end for span in segmenter.segment(text)] for text in texts]


def blingfire(texts: pl.Series) -> list[list[int]]:
    return [[end for _, end in text_to_sentences_and_offsets(text)[1]] for text in texts]


def words_before(text: str, ends: list[int]) -> set[int]:
    """Return how many letters and digits stand before each end: ends that differ in quotes or blanks become one."""
    before = np.cumsum([0, *(character.isalnum() for character in text)])
    return {int(before[min(end, len(text))]) for end in ends} - {0}


def counts(splitter: Splitter, texts: pl.Series, marked: list[list[int]]) -> np.ndarray:
    """Return right, found and marked ends of each window, shape (n_windows, 3)."""
    pairs = [
        (words_before(text, found), words_before(text, ends))
        for text, found, ends in zip(texts, splitter(texts), marked, strict=True)
    ]
    return np.array([[len(found & ends), len(found), len(ends)] for found, ends in pairs])


def figures(table: np.ndarray) -> Iterator[str]:
    drawn = np.random.default_rng(0).integers(len(table), size=(RESAMPLES, len(table)))
    for name, of in (("precision", (1,)), ("recall", (2,)), ("F1", (1, 2))):
        value = table[:, 0].sum() * len(of) / table[:, of].sum()
        sums = table[drawn].sum(axis=1)
        low, high = np.quantile(sums[:, 0] * len(of) / sums[:, of].sum(axis=1), (0.025, 0.975))
        yield f"{name} {value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    corpus = pl.read_parquet(CORPUS, columns=["id", "text"])
    windows = [json.loads(line) for line in (HERE / "marked.jsonl").read_text().splitlines()]
    text = dict(corpus.filter(pl.col("id").is_in([w["id"] for w in windows])).iter_rows())
    articles = corpus.sample(TIMED, seed=1)["text"]
    for splitter, part in ((ours, TIMED), (blingfire, TIMED), (pysbd, TIMED // 20)):
        start = time.perf_counter()
        n = sum(map(len, splitter(articles.head(part))))
        print(f"{splitter.__name__}: {n / (time.perf_counter() - start):,.0f} sentences/s")
    for name in ("first", "second"):
        own = [w for w in windows if w["set"] == name]
        texts = pl.Series([text[w["id"]][w["start"] : w["end"]] for w in own])
        marked = [[end - w["start"] for end in w["ends"]] for w in own]
        print(f"{name} set, {sum(map(len, marked))} sentences in {len(own)} windows")
        for splitter in (ours, blingfire, pysbd):
            print(f"  {splitter.__name__}: {', '.join(figures(counts(splitter, texts, marked)))}")
        if "--errors" in sys.argv and name == "first":
            print_errors(texts, marked)


def print_errors(texts: pl.Series, marked: list[list[int]]) -> None:
    for t, found, ends in zip(texts, ours(texts), marked, strict=True):
        for at in sorted(words_before(t, found) ^ words_before(t, ends)):
            end = next(e for e in sorted({*found, *ends}) if words_before(t, [e]) == {at})
            sign = "missed" if end in ends else "false "
            print(sign, repr(t[max(0, end - 40) : end]), "|", repr(t[end : end + 30]))


if __name__ == "__main__":
    main()
