"""Files that one trains and judges from: coded articles on fruit, some of which a published split tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from made_up import articles, dealt

FRUIT = ("apple", "pear", "plum")
N_ARTICLES = 84
CODEBOOK = """
name = "fruit"
version = "1"

[[head]]
key = "fruit"
field = "fruits"
kind = "many-of"
label = [{ key = "apple", aliases = { trade = ["pome"] } }, { key = "pear" }, { key = "plum" }, { key = "cherry" }]
"""


@dataclass(frozen=True, kw_only=True)
class Files:
    """What one trains from."""

    codebook: Path
    labels: Path
    articles: Path
    out: Path

    def arguments(self, *more: object) -> list[str]:
        named = {"--codebook": self.codebook, "--labels": self.labels, "--articles": self.articles, "--out": self.out}
        options = [str(part) for option in named.items() for part in option]
        return ["train", *options, "--folds", "2", "--jobs", "1", *map(str, more)]


def write_jsonl(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def files_in(folder: Path) -> Files:
    fruit = dealt(FRUIT, N_ARTICLES, seed=1)
    texts = articles([[name] for name in fruit], seed=1).with_columns(
        part=pl.Series(["test" if number % 3 == 0 else "train" for number in range(N_ARTICLES)])
    )
    labels = [{"id": f"a{number}", "fruits": [name]} for number, name in enumerate(fruit)]
    (folder / "fruit.toml").write_text(CODEBOOK)
    return Files(
        codebook=folder / "fruit.toml",
        labels=write_jsonl(folder / "labels.jsonl", labels),
        articles=write_jsonl(folder / "articles.jsonl", texts.to_dicts()),
        out=folder / "fruit.slantwise",
    )
