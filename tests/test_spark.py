"""Scoring a Spark DataFrame: the command's rows and numbers, whatever Spark does with the table.

A real Spark in local mode; `test_spark_cluster.py` has executors of their own.
"""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import on_spark
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from classifier.model import DEFAULT_MODEL, Model
from slantwise import SlantwiseError

if on_spark.missing:
    pytest.skip(on_spark.WHY_NOT, allow_module_level=True)

import pyarrow as pa
import pyspark
from pyspark.errors import PythonException
from pyspark.sql import types

from slantwise import spark as slantwise_spark
from slantwise.spark import LOCAL, Scorer, score

EXAMPLES = on_spark.ROOT / "data" / "examples"
SCRIPTS = on_spark.ROOT / "docs" / "spark"
SHARED = "The council meets on the first Tuesday of the month"
HTML = (
    "<html><head><title>Gulls</title></head><body><article><p>"
    + "Lawmakers passed a bill on background checks for gun buyers. " * 12
    + "</p></article></body></html>"
)
LARGE = 50_000_000  # bytes of a text

pytestmark = pytest.mark.slow


def read(path):
    return (EXAMPLES / path).read_text("utf-8")


def rows():
    """Articles of each kind: plain, scraped, with lines that several share, HTML, foreign, short, without a title."""
    wire = [json.loads(line) for line in read("wire.jsonl").splitlines()]
    found = [(row["id"], row["title"], row["text"]) for row in wire]
    found += [(name, None, read(name)) for name in ("border-deal.txt", "opinion-border.txt", "opinion-talks.txt")]
    scraped = read("scraped-clinic-story.txt")
    found += [("scraped", "A clinic", scraped), ("twice", "Two", f"{scraped}\n\n{scraped}")]
    found += [(f"shared-{n}", f"No. {n}", f"{row['text']}\n{SHARED}\n{row['text']}") for n, row in enumerate(wire)]
    found += [("page", None, HTML), ("short", None, "Vaccines arrive."), ("fruit", "Obst", GERMAN)]
    return pl.DataFrame(found, schema=["id", "title", "text"], orient="row")


GERMAN = "Der Bundestag hat am Dienstag ein neues Gesetz beschlossen, das die Kontrolle von Waffen verschärft. " * 3


@pytest.fixture(scope="module")
def spark():
    with on_spark.session("local[2,4]") as session:  # a task may fail three times
        yield session


@pytest.fixture(scope="module")
def table(spark):
    return made(spark, rows())


def made(spark, frame):
    schema = types.StructType([types.StructField(name, types.StringType()) for name in frame.columns])
    return spark.createDataFrame(frame.rows(), schema)


def collected(df):
    found = pl.from_arrow(df.toArrow())
    return found.sort(pl.col("id").fill_null("~"))


def reasons(df):
    return dict(df.select("id", "reason").collect())


@pytest.fixture
def score_locally(tmp_path, command):
    """What the command writes of a frame, as it cleans pages apart, sorted by id."""

    def run(frame, *options):
        frame.write_parquet(tmp_path / "articles.parquet")
        out = tmp_path / "local.parquet"
        given = ("score", str(tmp_path / "articles.parquet"), "--pages-apart", "--out", str(out), "--format", "parquet")
        assert command(*given, *options)[0] in {0, 3}
        return pl.read_parquet(out).sort("id").with_columns(pl.lit(None, pl.String).alias("source"))

    return run


# --- the same as the command


@pytest.mark.parametrize(
    ("options", "given"),
    [
        pytest.param((), {}, id="plain"),
        pytest.param(("--evidence", "2"), {"evidence": 2}, id="evidence"),
        pytest.param(("--no-clean", "--any-language"), {"clean": False, "any_language": True}, id="as-it-is"),
    ],
)
def test_columns_and_numbers_are_those_of_the_command(table, score_locally, options, given):
    expected = score_locally(rows(), *options)

    found = collected(score(table, **given))

    assert found.columns == [*expected.columns, "reason"]
    assert_frame_equal(found.drop("reason"), expected, abs_tol=1e-6, rel_tol=0)
    assert {"twice#1", "twice#2"} <= set(found["id"]) or options


def test_another_model_is_sent_to_the_executors(table, score_locally, tiny_model_path):
    expected = score_locally(rows(), "--model", str(tiny_model_path))

    found = collected(score(table, tiny_model_path))

    assert_frame_equal(found.drop("reason"), expected, abs_tol=1e-6, rel_tol=0)
    assert_frame_equal(collected(score(table, f"{LOCAL}{tiny_model_path}")), found)


def test_a_model_trained_anew_under_the_same_name_is_sent_too(table, tmp_path, tiny_model, tiny_model_path):
    path = shutil.copy(tiny_model_path, tmp_path / "mine.slantwise")
    before = collected(score(table, path))
    Model("second", tiny_model.codebook, tiny_model.vocabulary, tiny_model.weights).write(path, {})

    after = collected(score(table, path))

    assert (set(before["model"].drop_nulls()), set(after["model"].drop_nulls())) == ({"tiny-model"}, {"second"})


# --- the same whatever Spark does


@pytest.mark.parametrize(("partitions", "batch"), [(1, 10_000), (1, 1), (7, 3)])
def test_neither_partitions_nor_batches_change_a_score(spark, table, score_locally, partitions, batch):
    expected = score_locally(rows())
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", batch)

    found = collected(score(table.repartition(partitions)))

    spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert_frame_equal(found.drop("reason"), expected, abs_tol=1e-6, rel_tol=0)


def test_parts_are_cut_by_bytes_and_do_not_change_a_score(monkeypatch, tiny_model):
    frame = rows().with_columns(pl.lit(None, pl.String).alias("url"), size=pl.col("text").str.len_bytes())
    batch = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks().to_batches()[0]
    scorer = Scorer(Held(tiny_model), (), 0, clean=True, any_language=False)
    whole = list(scorer([batch]))

    monkeypatch.setattr(slantwise_spark, "PART_BYTES", 4_000)
    parts = list(scorer([batch]))

    assert len(whole) == 1
    assert len(parts) > 4
    assert pa.Table.from_batches(parts).equals(pa.Table.from_batches(whole))


class Held:
    """Stands for a model that travels."""

    def __init__(self, model):
        self.model = model

    def load(self):
        return self.model


def test_a_worker_killed_half_way_leaves_no_trace(spark, table, tmp_path, monkeypatch):
    expected = collected(score(table))
    marker, frame = str(tmp_path / "killed"), type(table)
    plain = frame.mapInArrow

    def kill():
        os.kill(os.getpid(), signal.SIGKILL)

    def disturbed(df, work, schema):
        return plain(df, on_spark.killed_once(work, marker, kill), schema)

    monkeypatch.setattr(frame, "mapInArrow", disturbed)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 2)

    score(table.repartition(2)).write.parquet(str(tmp_path / "out"))

    spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert Path(marker).exists()
    assert_frame_equal(collected(spark.read.parquet(str(tmp_path / "out"))), expected)


# --- rows that cannot be used


def test_a_bad_row_has_its_reason_and_fails_nothing(spark, score_locally):
    text = rows()["text"][0]
    bad = pl.DataFrame(
        {"id": ["good", "null", "blank", "no-words", None], "text": [text, None, "", " \n\x1c", text]}
    ).with_columns(title=pl.lit("A title"))
    out = score(made(spark, bad), keep=["text"])

    found = collected(out)

    by_id = reasons(out)
    assert by_id.pop("good") is None
    assert by_id.pop(None) is None  # an article without an id is an article
    assert "found null" in by_id.pop("null")
    assert {reason.partition(";")[0] for reason in by_id.values()} == {"blank text"}
    assert found.columns[-2:] == ["text", "reason"]
    refused = found.filter(pl.col("reason").is_not_null())
    assert refused.drop("id", "text", "reason").null_count().sum_horizontal().item() == 3 * (len(found.columns) - 3)


def test_reasons_are_those_of_the_command(spark, command, tmp_path):
    bad = pl.DataFrame({"id": ["a", "b", "c"], "text": ["fine words", None, "  "]})
    bad.write_parquet(tmp_path / "bad.parquet")
    told = tmp_path / "told.jsonl"
    command("score", str(tmp_path / "bad.parquet"), "--rejects", str(told))

    found = reasons(score(made(spark, bad)))

    assert [found["b"], found["c"]] == [json.loads(line)["reason"] for line in told.read_text("utf-8").splitlines()]


def test_texts_of_50_mb_are_refused_though_an_arrow_batch_could_not_hold_them(spark):
    some = spark.range(60).selectExpr(
        "cast(id as string) id", f"if(id < 45, repeat('word ', {LARGE // 5}), 'Vaccines arrive.') text"
    )

    spark.conf.set("spark.sql.execution.arrow.maxBytesPerBatch", 2**31 - 1)  # the most that it may be

    found = reasons(score(some.coalesce(1)))

    spark.conf.unset("spark.sql.execution.arrow.maxBytesPerBatch")
    assert found["44"] == f"{LARGE:,} bytes; an article may have 10,000,000 (split the file into its articles)"
    assert sum(reason is None for reason in found.values()) == 15


def test_bytes_that_are_no_text_are_refused_alone(spark):
    mixed = spark.sql(
        "select 'bad' id, cast(unhex('6162ff63') as string) text union all select 'good', 'Vaccines arrive.' "
        "union all select cast(unhex('ff') as string), 'Vaccines arrive.'"
    ).coalesce(1)

    found = reasons(score(mixed))

    assert "byte 0xff at offset 2" in found["bad"]
    assert found["good"] is None
    assert found[None] is None


def test_an_article_in_another_language_says_so(table):
    found = score(table).filter("id = 'fruit'").collect()[0]

    assert (found["language"], found["topics"]) == ("de", None)
    assert "the language is de" in found["reason"]


# --- what is given


def test_kept_columns_stand_beside_the_scores_of_each_article_of_their_row(spark):
    text = read("scraped-clinic-story.txt")
    some = spark.createDataFrame(
        [(1, f"{text}\n\n{text}", {"x": [1, None]}), (2, None, None)],
        "`key.of` int, s string, `m m` map<string, array<int>>",
    )

    found = score(some, id="key.of", text="s", keep=["key.of", "m m"])

    assert found.columns[-3:] == ["key.of", "m m", "reason"]
    assert [(row["id"], row["key.of"], row["m m"]) for row in found.collect()] == [
        ("1#1", 1, {"x": [1, None]}),
        ("1#2", 1, {"x": [1, None]}),
        ("2", 2, None),
    ]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        pytest.param(
            {"text": "body"}, r"missing 'body'; found 'id', 'n', 'text' \(name the column with text=", id="text"
        ),
        pytest.param({"id": "key"}, r"missing 'key'; found 'id', 'n', 'text' \(name the column with id=", id="id"),
        pytest.param({"title": "head"}, r"missing 'head'.*title=", id="title"),
        pytest.param({"keep": ["outlet"]}, r"missing 'outlet'; found 'id', 'n', 'text'.*keep=", id="keep"),
        pytest.param({"keep": ["id"]}, r"keep='id': the scores have a column of that name", id="taken"),
        pytest.param({"text": "n"}, r"expected a column of strings, found 'n' of type array<bigint>", id="type"),
        pytest.param({"id": "n"}, r"expected a column of ids, found 'n' of type array<bigint>", id="id-type"),
        pytest.param({"model": "no.slantwise"}, r"no.slantwise: cannot be read", id="model"),
    ],
)
def test_what_is_asked_wrongly_is_named_before_anything_runs(spark, given, complaint):
    some = spark.range(1).selectExpr("cast(id as string) id", "array(id) n", "'a' text")

    with pytest.raises(SlantwiseError, match=complaint):
        score(some, **given)


def test_a_model_that_differs_on_an_executor_is_named(spark, table, tmp_path, tiny_model_path):
    path = shutil.copy(tiny_model_path, tmp_path / "mine.slantwise")
    out = score(table, f"{LOCAL}{path}")
    path.write_bytes(DEFAULT_MODEL.read_bytes())

    with pytest.raises(PythonException, match=r"mine.slantwise on .*: expected sha256 \w{12} as on the driver, found"):
        out.collect()
    path.unlink()
    with pytest.raises(PythonException, match=r"mine.slantwise on .*found no file .*copy the driver's file there"):
        out.collect()


def test_spark_connect_is_told_how_to_have_a_model_of_its_own(tiny_model_path):
    class Remote:
        sparkSession = object()  # without a sparkContext  # noqa: N815

    with pytest.raises(SlantwiseError, match=rf"Spark Connect has no SparkContext.*local:{tiny_model_path}"):
        score(Remote(), tiny_model_path)


# --- what a worker does


def test_a_worker_loads_the_model_once_on_one_thread_and_never_pandas(spark, table):
    score(table.repartition(8)).write.format("noop").mode("overwrite").save()
    score(table.repartition(8)).write.format("noop").mode("overwrite").save()

    def look(batches):
        from slantwise.spark import _loaded  # noqa: PLC0415  that of the worker

        for batch in batches:
            loads = _loaded.cache_info()
            said = [loads.misses, loads.hits, pl.thread_pool_size(), int("pandas" in sys.modules), os.getpid()]
            yield pa.RecordBatch.from_pydict({"said": [said] * min(1, batch.num_rows)})

    with slantwise_spark.without_pandas_warning():
        workers = {
            row["said"][4]: row["said"] for row in spark.range(20).mapInArrow(look, "said array<long>").collect()
        }

    assert len(workers) <= 2
    assert all(misses <= 4 and hits >= 1 for misses, hits, *_ in workers.values())
    assert {(threads, pandas) for _, _, threads, pandas, _ in workers.values()} == {(1, 0)}


# --- the scripts


def run_script(name, monkeypatch, *options):
    monkeypatch.setattr("sys.argv", [name, *map(str, options)])
    runpy.run_path(str(SCRIPTS / name), run_name="__main__")


def test_the_script_for_spark_submit_reads_and_writes_parquet(tmp_path, score_locally):
    expected = score_locally(rows())
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    settings = [part for name, value in on_spark.SETTINGS.items() for part in ("--conf", f"{name}={value}")]
    given = ["--input", tmp_path / "articles.parquet", "--output", tmp_path / "out", "--tasks", "2"]

    ended = subprocess.run(
        [submit, "--master", "local[2]", *settings, SCRIPTS / "score_parquet.py", *given],
        env=on_spark.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr[-3000:]
    assert f"{len(expected) - 1} articles scored, 1 rows without scores" in ended.stdout
    assert_frame_equal(pl.read_parquet(tmp_path / "out/*.parquet").sort("id").drop("reason"), expected, abs_tol=1e-6)


def test_the_script_replaces_an_output_only_if_told(spark, tmp_path, monkeypatch, capsys):
    rows().write_parquet(tmp_path / "articles.parquet")
    given = ("--input", tmp_path / "articles.parquet", "--output", tmp_path / "out", "--keep", "text", "--rebalance")
    run_script("score_parquet.py", monkeypatch, *given)

    with pytest.raises(SystemExit, match="already exists"):
        run_script("score_parquet.py", monkeypatch, *given)

    run_script("score_parquet.py", monkeypatch, *given, "--overwrite")
    assert capsys.readouterr().out.count("articles scored") == 2
    assert "text" in spark.read.parquet(str(tmp_path / "out")).columns


def test_a_stream_scores_each_file_once(spark, tmp_path, monkeypatch, score_locally):
    expected = score_locally(rows())
    folders = [tmp_path / name for name in ("incoming", "scores", "checkpoint")]
    folders[0].mkdir()
    given = [
        part
        for name, folder in zip(("--input", "--output", "--checkpoint"), folders, strict=True)
        for part in (name, folder)
    ]

    for number, half in enumerate((rows()[:6], rows()[6:])):
        half.write_ndjson(folders[0] / f"{number}.json")
        run_script("streaming.py", monkeypatch, *given, "--once")

    found = collected(spark.read.parquet(str(folders[1])))
    assert_frame_equal(found.drop("reason"), expected, abs_tol=1e-6, rel_tol=0)
