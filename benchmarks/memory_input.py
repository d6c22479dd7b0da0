"""How much memory reading takes: a file beside one twenty times as large, each in a process of its own.

What counts is the ratio. Articles have 6,000 characters; the large file repeats them under new ids, each text with its
number, so that nothing can be kept in place of reading it.
"""

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

CHARACTERS = 6_000
SENTENCE = "The council of a town that does not exist voted on Tuesday to close two of its three clinics. "
READ = """
import resource, sys
from classifier.articles import read_articles
articles = sum(len(batch) for batch in read_articles([sys.argv[1]], on_reject=print))
print(articles, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def text(number: int) -> str:
    return f"Article {number}. {SENTENCE * (CHARACTERS // len(SENTENCE) + 1)}"[:CHARACTERS]


def write_jsonl(path: Path, articles: int) -> None:
    with path.open("w") as file:
        for number in range(articles):
            file.write(json.dumps({"id": f"a{number}", "outlet": "The Ledger", "text": text(number)}) + "\n")


def write_parquet(path: Path, articles: int) -> None:
    """Write row groups of 10,000 articles, uncompressed, so that the file is as large as what it holds."""
    row = pl.int_range(articles, eager=True).to_frame("row").lazy()
    tail = pl.lit(text(0)[12:])
    columns = {"id": pl.format("a{}", "row"), "outlet": pl.lit("The Ledger"), "text": pl.format("{} {}", "row", tail)}
    row.select(**columns).sink_parquet(path, compression="uncompressed", row_group_size=10_000)


def write_one_group(path: Path, articles: int) -> None:
    numbers = pl.int_range(articles, eager=True)
    texts = pl.select(pl.format("{} {}", numbers, pl.lit(text(0)[12:]))).to_series()
    frame = pl.DataFrame({"id": numbers.cast(pl.String), "text": texts})
    frame.write_parquet(path, compression="uncompressed", row_group_size=articles)


WRITERS = {"jsonl": write_jsonl, "parquet": write_parquet, "parquet, one row group": write_one_group}


def peak(path: Path) -> tuple[int, float]:
    """Return how many articles a file gives, and the most memory that reading them took, in MB."""
    printed = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, check=True, text=True).stdout
    articles, kilobytes = map(int, printed.split())
    return articles, kilobytes / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=100, help="size of the smaller file")
    options.add_argument("--times", type=int, default=20, help="size of the larger one, in smaller ones")
    options.add_argument("--runs", type=int, default=1, help="of which the median is printed")
    options.add_argument("--formats", nargs="+", choices=WRITERS, default=["jsonl", "parquet"])
    asked = options.parse_args()
    for form in asked.formats:
        peaks = []
        for megabytes in (asked.megabytes, asked.megabytes * asked.times):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"articles.{form.partition(',')[0]}"
                # The peak of a process counts from that of the one that starts it, so that this one stays small.
                writer = multiprocessing.get_context("spawn").Process(
                    target=WRITERS[form], args=(path, megabytes * 1_000_000 // CHARACTERS)
                )
                writer.start()
                writer.join()
                size = path.stat().st_size / 1e6
                runs = [peak(path) for _ in range(asked.runs)]
                articles, most = runs[0][0], statistics.median(megabytes for _, megabytes in runs)
            peaks.append(most)
            print(f"{form}, {size:,.0f} MB, {articles:,} articles: {most:,.0f} MB of memory", flush=True)
        print(f"{form}: ratio {peaks[1] / peaks[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
