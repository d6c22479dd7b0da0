"""Does a label hang on the sentences that are named for it? Take them out of the article and score it again.

    python benchmarks/evidence/deletion.py

For each label assigned to 300 articles that nobody coded: how far its probability falls without the three sentences
that add most, and without three others drawn at random, and how often the label is lost. 'Of like length' draws, for
each sentence named, the nearest in length of all others.
"""

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl
from material import interval, uncoded

from classifier.evidence import Evidence
from classifier.model import Model
from classifier.sentences import split

ARTICLES, NAMED = 300, 3

Place = tuple[bool, int, int]  # whether it is the title, start, end


def sentences(article: dict[str, str]) -> list[Place]:
    found = split(pl.Series([article["title"], article["text"]]))
    return [(number == 0, start, end) for number, start, end in found.iter_rows()]


def without(article: dict[str, str], places: Sequence[Place]) -> dict[str, str]:
    texts = {"title": article["title"] or "", "text": article["text"]}
    for in_title, start, end in sorted(places, reverse=True):
        name = "title" if in_title else "text"
        texts[name] = texts[name][:start] + texts[name][end:]
    return texts


def named(article: dict[str, str], why: Evidence, rng: random.Random) -> list[Place]:  # noqa: ARG001
    return [(s.in_title, s.start, s.end) for s in why.sentences if s.adds > 0]


def at_random(article: dict[str, str], why: Evidence, rng: random.Random) -> list[Place]:
    chosen = named(article, why, rng)
    others = [place for place in sentences(article) if place not in chosen]
    return rng.sample(others, min(len(chosen), len(others)))


def of_like_length(article: dict[str, str], why: Evidence, rng: random.Random) -> list[Place]:
    chosen, found = named(article, why, rng), []
    others = [place for place in sentences(article) if place not in chosen]
    for _, start, end in chosen:
        if others:
            found.append(min(others, key=lambda place: abs(place[2] - place[1] - (end - start))))
            others.remove(found[-1])
    return found


def flat(reasons: dict) -> Iterator[Evidence]:
    for value in reasons.values():
        yield from [value] if isinstance(value, Evidence) else flat(value)


def main() -> None:
    model = Model.load()
    articles = uncoded(ARTICLES, seed=5)
    before = model.score_batch(articles)
    asked = [(row, column) for row in range(ARTICLES) for column in np.flatnonzero(before.assigned[row])]
    whys = [why for scores in model.articles(articles, evidence=NAMED) for why in flat(scores.evidence or {})]
    rows = articles.to_dicts()
    heads = np.array([block.head.field for block in model.blocks for _ in block.head.keys])
    columns, clusters = (np.array(part) for part in zip(*((c, r) for r, c in asked), strict=True))
    print(f"{ARTICLES} articles, {len(asked)} labels; mean fall of the probability, and part of the labels lost")
    ways: list[Callable[..., list[Place]]] = [named, at_random, of_like_length]
    for way in ways:
        rng = random.Random(0)
        changed = [without(rows[r], way(rows[r], why, rng)) for (r, _), why in zip(asked, whys, strict=True)]
        after = model.answer_all(pl.DataFrame(changed))
        at = np.arange(len(asked))
        fall = before.probability[clusters, columns] - after.probability[at, columns]
        lost = (~after.assigned[at, columns]).astype(float)
        print(f"without {NAMED} sentences, {way.__name__.replace('_', ' ')}:")
        for field in dict.fromkeys(heads):
            own = heads[columns] == field
            if own.any():
                where = clusters[own]
                print(f"  {field}: {interval(fall[own], where)}; lost {interval(lost[own], where)} of {own.sum()}")


if __name__ == "__main__":
    main()
