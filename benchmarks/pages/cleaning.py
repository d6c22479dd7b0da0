"""How well pages are cleaned: tokens kept, articles told apart, clean articles left alone.

python benchmarks/pages/cleaning.py [--errors N]
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from bed import Page, articles, pages

from classifier.clean import Span, clean_texts


def lines_of(text: str, spans: Sequence[Span] | None) -> list[int]:
    """Return the article that each line of a page was given to, 0 for none."""
    if spans is None:
        return [1] * (text.count("\n") + 1)
    starts = {span.start: span.article for span in spans}
    found, start = [], 0
    for line in text.split("\n"):
        found.append(starts.get(start, 0))
        start += len(line) + 1
    return found


def tokens(text: str) -> list[int]:
    return [len(line.split()) for line in text.split("\n")]


def counts(page: Page, given: list[int]) -> tuple[int, int, int]:
    """Return the tokens kept rightly, kept, and to be kept."""
    rows = list(zip(tokens(page.text), page.gold, given, strict=True))
    both = sum(size for size, gold, found in rows if gold and found)
    return both, sum(size for size, _, found in rows if found), sum(size for size, gold, _ in rows if gold)


def boundaries(page: Page, given: list[int]) -> tuple[int, int, int]:
    """Return the beginnings found rightly, found, and to be found.

    One is right if it stands below the last line of the article before, and not below the first paragraph of its own.
    """
    starts = [given.index(number) for number in sorted(set(given) - {0})]
    right, last = 0, -1
    for number in sorted(set(page.gold) - {0}):
        own = [at for at, gold in enumerate(page.gold) if gold == number]
        right += any(last < start <= own[1] for start in starts)
        last = own[-1]
    return right, len(starts), len(page.articles)


def loss(text: str, given: list[int]) -> tuple[int, int]:
    """Return the tokens of a clean article that were dropped or given to another one, and all of them."""
    sizes = tokens(text)
    return sum(size for size, found in zip(sizes, given, strict=True) if found != 1), sum(sizes)


def f1(right: float, found: float, wanted: float) -> float:
    return 2 * right / (found + wanted)


def interval(values: np.ndarray, statistic: Callable[[np.ndarray], float], seed: int = 0) -> str:
    rng = np.random.default_rng(seed)
    draws = [statistic(values[rng.integers(len(values), size=len(values))].sum(axis=0)) for _ in range(2000)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{statistic(values.sum(axis=0)):.4f} [{low:.4f}, {high:.4f}]"


def report(name: str, bed: list[Page], given: list[list[int]]) -> None:
    kept = np.array([counts(page, found) for page, found in zip(bed, given, strict=True)])
    begun = np.array([boundaries(page, found) for page, found in zip(bed, given, strict=True)])
    print(f"{name}: {len(bed)} pages, {len({page.style for page in bed})} styles")
    print(f"  token precision {interval(kept, lambda s: s[0] / s[1])}, recall {interval(kept, lambda s: s[0] / s[2])}")
    as_it_is = np.array([[gold, sum(tokens(page.text))] for (_, _, gold), page in zip(kept, bed, strict=True)])
    print(f"  without cleaning, precision {interval(as_it_is, lambda s: s[0] / s[1])}")
    print(f"  article boundaries F1 {interval(begun, lambda s: f1(*s))}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--errors", type=int, default=0, help="print so many wrong lines of the seen styles")
    options = parser.parse_args()
    seen, unseen = articles()
    for group, stock in (("seen", seen), ("unseen", unseen)):
        bed = list(pages(group, stock))
        texts = pl.Series([page.text for page in bed])
        spans = clean_texts(texts)
        given = [lines_of(page.text, spans.get(at)) for at, page in enumerate(bed)]
        report(group, bed, given)
        if group == "seen":
            for style in sorted({page.style for page in bed}):
                rows = [at for at, page in enumerate(bed) if page.style == style]
                report("  " + style, [bed[at] for at in rows], [given[at] for at in rows])
            show_errors(bed, given, spans, options.errors)
    for half, stock in (("seen", seen), ("unseen", unseen)):
        texts = pl.Series(["\n\n".join(article.paragraphs) for article in stock])
        spans = clean_texts(texts)
        lost = np.array([loss(text, lines_of(text, spans.get(at))) for at, text in enumerate(texts)])
        print(f"clean articles of the {half} half: {len(stock)}, tokens lost {interval(lost, lambda s: s[0] / s[1])}")
        if half == "seen" and options.errors:
            for at, text in enumerate(texts):
                for span in spans.get(at, []):
                    if span.article != 1:
                        print("LOST", span.reason, span.article, "|", text[span.start : span.end][:200])


def show_errors(bed: list[Page], given: list[list[int]], spans: dict[int, list[Span]], most: int) -> None:
    shown: Counter[str] = Counter()
    for at, (page, found) in enumerate(zip(bed, given, strict=True)):
        reasons = {span.start: span.reason for span in spans.get(at, [])}
        start = 0
        for line, gold, number in zip(page.text.split("\n"), page.gold, found, strict=True):
            if line.strip() and bool(gold) != bool(number) and shown[page.style] < most:
                shown[page.style] += 1
                print(
                    f"{page.style} {at}: {'LOST' if gold else 'KEPT'} {reasons.get(start, '')!r} | {line.strip()[:160]}"
                )
            start += len(line) + 1


if __name__ == "__main__":
    main()
