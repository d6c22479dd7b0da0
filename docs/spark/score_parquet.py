"""Score parquet files of articles on a cluster.

    spark-submit score_parquet.py --input hdfs:///news/2024 --output hdfs:///scores/2024 --keep outlet,date

Nothing is shuffled unless asked for: a task reads its part of the files, scores it and writes one file. With `--tasks`
the articles are dealt out anew before scoring: worth moving all texts only where the files are few and large in one
piece (one row group), or very unequal. With `--rebalance` the scores, a small part of the bytes, are put together into
files of about spark.sql.adaptive.advisoryPartitionSizeInBytes. `docs/scale.md` says when.
"""

import argparse
import sys

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from slantwise import SlantwiseError
from slantwise.spark import score

parser = argparse.ArgumentParser(description="Score parquet files of articles.")
parser.add_argument("--input", required=True, action="append", help="a file or folder; may be given again")
parser.add_argument("--output", required=True, help="a folder, which must not exist unless --overwrite is given")
parser.add_argument("--model", help="a model file; local:/path for one on every executor (default: the one that ships)")
parser.add_argument("--text-column", default="text")
parser.add_argument("--id-column", default="id")
parser.add_argument("--title-column")
parser.add_argument("--keep", default="", metavar="A,B", help="further columns to stand beside the scores")
parser.add_argument("--evidence", type=int, default=0, metavar="N", help="sentences that speak most for each label")
parser.add_argument("--no-clean", action="store_true", help="score pages as they are")
parser.add_argument("--any-language", action="store_true", help="score articles in other languages too")
parser.add_argument("--tasks", type=int, metavar="N", help="deal the articles out to so many tasks first")
parser.add_argument("--rebalance", action="store_true", help="put the scores together into files of a usual size")
parser.add_argument("--overwrite", action="store_true", help="replace what --output holds")
options = parser.parse_args()

spark = SparkSession.builder.appName("slantwise").getOrCreate()
articles = spark.read.parquet(*options.input)
if options.tasks:
    articles = articles.repartition(options.tasks)
try:
    scores = score(
        articles,
        options.model,
        text=options.text_column,
        id=options.id_column,
        title=options.title_column,
        evidence=options.evidence,
        clean=not options.no_clean,
        any_language=options.any_language,
        keep=[name for name in options.keep.split(",") if name],
    )
    if options.rebalance:
        scores = scores.hint("rebalance")
    scores.write.mode("overwrite" if options.overwrite else "errorifexists").parquet(options.output)
except (SlantwiseError, AnalysisException) as error:
    sys.exit(f"error: {error}")

written = spark.read.parquet(options.output)
without = written.filter("reason is not null").count()
print(f"{written.count() - without:,} articles scored, {without:,} rows without scores (column 'reason' says why)")
