"""Write the golden scores of the shipped model: by the definition of its features, word by word, in float64.

python benchmarks/golden.py [CORPUS]

To be run when the model is a new one, and at no other time: `make bench` and tests/test_work.py hold the quick code to
these.
"""

import json
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from classifier.decide import ask_only_where_present, decide
from classifier.features import LEAD_WEIGHT, LEAD_WORDS, document, split_words
from classifier.model import Model

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "shared" / "corpora" / "allsides.parquet"
EXAMPLES = HERE.parent / "data" / "examples"


def values(model: Model, words: list[str], numbers: dict[str, int], pairs: dict[tuple[int, int], int]) -> np.ndarray:
    """Return an article's decision values, shape (n_columns,)."""
    ids = [numbers.get(word, -1) for word in words]
    counts: defaultdict[int, float] = defaultdict(float)
    for position, (first, second) in enumerate(zip(ids, [*ids[1:], -1], strict=True)):
        weight = LEAD_WEIGHT / (1 + position / LEAD_WORDS)
        if first >= 0:
            counts[first] += weight
        if (first, second) in pairs:
            counts[pairs[first, second]] += weight
    features = {term: math.log1p(count) * float(model.vocabulary.idf[term]) for term, count in counts.items()}
    length = math.sqrt(sum(value**2 for value in features.values())) or 1.0
    found = model.weights.intercept.astype(np.float64)
    for term, value in features.items():
        found = found + value / length * model.weights.text[term].astype(np.float64)
    return found


def probabilities(model: Model, frame: pl.DataFrame) -> np.ndarray:
    numbers = {word: number for number, word in enumerate(model.vocabulary.words)}
    pairs = {(a, b): number for number, (a, b) in enumerate(model.vocabulary.pairs.tolist(), len(numbers))}
    rows = [values(model, words, numbers, pairs) for words in split_words(document(frame)).to_list()]
    scores = decide(model.codebook, np.array(rows), model.weights)
    ask_only_where_present(model.codebook, scores)
    return scores.probability


def main(corpus: Path) -> None:
    model = Model.load()
    ids = pl.read_parquet(HERE / "golden.parquet", columns=["id"])
    texts = ids.join(pl.read_parquet(corpus, columns=["id", "title", "text"]), on="id", maintain_order="left")
    found = probabilities(model, texts).astype(np.float32)
    ids.with_columns(pl.Series("probability", found)).write_parquet(HERE / "golden.parquet")
    names = sorted(path.name for path in EXAMPLES.glob("*.txt"))
    frame = pl.DataFrame(
        {"title": [None] * len(names), "text": [(EXAMPLES / name).read_text("utf-8") for name in names]}
    )
    rows = probabilities(model, frame.with_columns(pl.col("title").cast(pl.String))).round(7).tolist()
    examples = {n: [None if math.isnan(p) else round(p, 7) for p in row] for n, row in zip(names, rows, strict=True)}
    (HERE.parent / "tests" / "golden_examples.json").write_text(json.dumps(examples) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
