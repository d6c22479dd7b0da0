"""Score articles as files of them arrive, with Structured Streaming.

    spark-submit streaming.py --input incoming --output scores --checkpoint checkpoint --format json

Files that are moved into the input folder are scored once, whatever is stopped and started in between: the checkpoint
says which were read, and the output's own log which files count. Readers that know that log, as Spark does, see every
article once.
"""

import argparse

from pyspark.sql import SparkSession

from slantwise.spark import score

parser = argparse.ArgumentParser(description="Score articles as files of them arrive.")
parser.add_argument("--input", required=True, help="the folder into which files are moved when they are whole")
parser.add_argument("--output", required=True, help="a folder, parquet")
parser.add_argument("--checkpoint", required=True, help="a folder of this stream alone, as safe as the output")
parser.add_argument("--format", choices=["json", "parquet"], default="json", help="json: one object a line")
parser.add_argument("--schema", default="id STRING, title STRING, text STRING, url STRING", help="columns of the files")
parser.add_argument("--model", help="a model file; local:/path for one on every executor (default: the one that ships)")
parser.add_argument("--keep", default="", metavar="A,B", help="further columns to stand beside the scores")
parser.add_argument("--files", type=int, default=100, help="of a micro-batch, at most")
parser.add_argument("--every", default="1 minute", help="time between micro-batches: one costs seconds, however small")
parser.add_argument("--once", action="store_true", help="score what is there, and end")
options = parser.parse_args()

spark = SparkSession.builder.appName("slantwise-stream").getOrCreate()
incoming = (
    spark.readStream.format(options.format)
    .schema(options.schema)
    .option("maxFilesPerTrigger", options.files)
    .load(options.input)
)
scores = score(incoming, options.model, keep=[name for name in options.keep.split(",") if name])
stream = scores.writeStream.format("parquet").option("checkpointLocation", options.checkpoint)
stream = stream.trigger(availableNow=True) if options.once else stream.trigger(processingTime=options.every)
stream.start(options.output).awaitTermination()
