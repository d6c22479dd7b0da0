"""Does a stance hold where it should? Swap names in articles, or quote the opposite view, and score them again.

    python benchmarks/evidence/behaviour.py [MODEL]

On articles that nobody coded and in which the model sees a topic that stances are asked about. What is swapped and
quoted stands in `behaviour.toml`. A stance is the whole article's, and a report that quotes one more view is still a
report. Printed is the part of stances that change, articles without any of the names left out.
"""

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from material import interval, uncoded

from classifier.decide import Scores
from classifier.model import Model

DATA = tomllib.loads((Path(__file__).parent / "behaviour.toml").read_text())
ARTICLES = 20_000
BEHIND = 3  # paragraphs


def swapper(pairs: Sequence[Sequence[str]], *, surnames: bool) -> Callable[[str], str]:
    """Return a function that swaps names both ways; the longest name that fits is taken."""
    of = dict(tuple(pair) for one in pairs for pair in (one, one[::-1]))
    if surnames:
        of |= {a.split()[-1]: b.split()[-1] for a, b in of.items()}
    names = sorted(of, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    return lambda text: pattern.sub(lambda found: of[found[0]], text)


def quoting(text: str, quotes: Sequence[str]) -> str:
    paragraphs = [line for line in text.split("\n") if line.strip()]
    return "\n\n".join([*paragraphs[:BEHIND], *quotes, *paragraphs[BEHIND:]])


def stances(model: Model, scores: Scores) -> dict[str, np.ndarray]:
    """Return, by target, the answer to each article, shape (n_articles,); '' where it was not asked."""
    found = {}
    for block in model.blocks:
        if block.target is not None:
            yes = scores.assigned[:, block.columns]
            keys = np.array(block.head.keys)
            found[block.target] = np.where(yes.any(axis=1), keys[yes.argmax(axis=1)], "")
    return found


def report(name: str, model: Model, frame: pl.DataFrame, changed: pl.DataFrame) -> None:
    """Print how many stances change from one frame to the other; rows are the same articles."""
    before, after = stances(model, model.score_batch(frame)), stances(model, model.answer_all(changed))
    differs = (frame["text"] != changed["text"]).to_numpy() | (frame["title"] != changed["title"]).to_numpy()
    print(f"{name}: {differs.sum():,} articles with a name")
    everything = []
    for target, was in before.items():
        asked = np.flatnonzero(differs & (was != ""))
        moved = (after[target][asked] != was[asked]).astype(float)
        everything.append((moved, asked))
        ways = Counter(f"{a}>{b}" for a, b in zip(was[asked], after[target][asked], strict=True) if a != b)
        print(f"  {target}: changed {interval(moved, asked)} of {len(asked):,}; {dict(ways.most_common(4))}")
    moved, asked = (np.concatenate(parts) for parts in zip(*everything, strict=True))
    print(f"  all: changed {interval(moved, asked)} of {len(asked):,}")


def quoted(model: Model, frame: pl.DataFrame) -> None:
    """Print how many stances of reports change where a view is quoted: the opposite one, or one in a neutral report."""
    was, news = stances(model, model.score_batch(frame)), _column(model, frame, "kind", "news")
    opposite = {"favor": "against", "against": "favor"}
    for taken in (True, False):
        everything = []
        for quote in DATA["quote"]:
            target, side = quote["target"], opposite[quote["side"]] if taken else "neutral"
            rows = np.flatnonzero(news & (was[target] == side))
            if not len(rows):
                continue
            texts = [quoting(frame["text"][int(row)], quote["text"]) for row in rows]
            after = stances(model, model.answer_all(frame[rows].with_columns(pl.Series("text", texts))))
            moved = (after[target] != side).astype(float)
            everything.append((moved, rows))
            print(f"  {target}, {side}, quoting {quote['side']}: changed {interval(moved, rows)} of {len(rows):,}")
        moved, rows = (np.concatenate(parts) for parts in zip(*everything, strict=True))
        what = "the opposite view in a report that takes a side" if taken else "a side in a neutral report"
        print(f"quoting {what}: changed {interval(moved, rows)} of {len(rows):,}")


def _column(model: Model, frame: pl.DataFrame, field: str, label: str) -> np.ndarray:
    return (model.score_frame(frame)[field] == label).to_numpy()


def main() -> None:
    model = Model.load(*sys.argv[1:])
    drawn = uncoded(ARTICLES, seed=6).drop_nulls("title")
    asked = np.zeros(len(drawn), bool)
    for answers in stances(model, model.score_batch(drawn)).values():
        asked |= answers != ""
    frame = drawn.filter(pl.Series(asked))
    print(f"{len(frame):,} of {len(drawn):,} articles have a stance")
    for name, surnames in (("outlets", False), ("politicians", True)):
        swap = swapper(DATA[name], surnames=surnames)
        swapped = (pl.Series(part, [swap(text) for text in frame[part]]) for part in ("title", "text"))
        changed = frame.with_columns(swapped)
        report(f"{name} swapped", model, frame, changed)
    quoted(model, frame)


if __name__ == "__main__":
    main()
