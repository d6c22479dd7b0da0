"""The same pages as HTML: our extraction and cleaning beside trafilatura alone, in words and in seconds.

python benchmarks/pages/html_pages.py
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl
import trafilatura
from bed import Page, articles, pages
from cleaning import interval

from classifier.clean import clean_articles
from classifier.extract import extract

RUNS = 5
PAGES_TIMED = 20  # of each style


def ours(bed: list[Page]) -> list[list[str]]:
    """Return the articles of each page."""
    found = [[article.text for article in extract(page.html)] for page in bed]
    at = [number for number, texts in enumerate(found) for _ in texts]
    frame = pl.DataFrame({"page": at, "text": [text for texts in found for text in texts]})
    texts: list[list[str]] = [[] for _ in bed]
    for number, text in clean_articles(frame).select("page", "text").iter_rows():
        texts[number].append(text)
    return texts


def trafilatura_alone(bed: list[Page]) -> list[list[str]]:
    documents = (trafilatura.bare_extraction(page.html, with_metadata=True, include_comments=False) for page in bed)
    return [[document.text] if document else [] for document in documents]


def seconds(function: Callable[[list[Page]], object], bed: list[Page]) -> float:
    start = time.perf_counter()
    function(bed)
    return time.perf_counter() - start


def main() -> None:
    stocks = dict(zip(("seen", "unseen"), articles(), strict=True))
    for group, stock in stocks.items():
        bed = list(pages(group, stock))
        for name, function in (("slantwise", ours), ("trafilatura alone", trafilatura_alone)):
            rows = []
            for page, texts in zip(bed, function(bed), strict=True):
                wanted = Counter(" ".join(" ".join([a.title, *a.paragraphs]) for a in page.articles).split())
                found = Counter(" ".join(texts).split())
                both = (wanted & found).total()
                rows.append([both, found.total(), wanted.total(), len(texts) == len(page.articles)])
            counts = np.array(rows, dtype=float)
            print(f"{group}, {name}: word precision {interval(counts, lambda s: s[0] / s[1])},")
            recall = interval(counts, lambda s: s[0] / s[2])
            print(f"  recall {recall}; right number of articles {counts[:, 3].mean():.2f}")
        many = list(pages(group, stock, per_style=PAGES_TIMED))  # read in one batch, as `score` does
        ratios = [seconds(ours, many) / seconds(trafilatura_alone, many) for _ in range(RUNS)]
        print(f"  time of slantwise over trafilatura alone, median of {RUNS}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
