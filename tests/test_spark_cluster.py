"""Scoring on executors of their own: a cluster of two, which Spark starts on this machine."""

import os
import signal
from pathlib import Path

import on_spark
import polars as pl
import pytest
from polars.testing import assert_frame_equal

if on_spark.missing:
    pytest.skip(on_spark.WHY_NOT, allow_module_level=True)

from slantwise.spark import score

pytestmark = pytest.mark.slow

TEXTS = ["We must have a quay.", "A loaf and a quay.", None, "We must, we must have a loaf.", ""]


@pytest.fixture(scope="module")
def cluster():
    """Two executors of one core, whose tasks are small enough that each has several."""
    settings = {
        "spark.executorEnv.PYTHONPATH": on_spark.environment()["PYTHONPATH"],
        "spark.sql.execution.arrow.maxRecordsPerBatch": "5",  # so that a task has some seven batches
        "spark.scheduler.minRegisteredResourcesRatio": "1",  # both are there before the first task is given out
        "spark.scheduler.barrier.maxConcurrentTasksCheck.interval": "1s",
    }
    with on_spark.session("local-cluster[2,1,1024]", **settings) as session:
        yield session


@pytest.fixture(scope="module")
def articles(cluster):
    return cluster.createDataFrame([(f"a{n}", TEXTS[n % len(TEXTS)]) for n in range(200)], "id string, text string")


def executor_killer():
    """Return what kills the executor of the worker that calls it; by value, as workers do not have this module."""

    def parent(process):
        return int(Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[1])

    def kill():
        executor = parent(os.getppid())  # a worker is the child of a daemon, which is the child of its executor
        if b"CoarseGrainedExecutorBackend" not in Path(f"/proc/{executor}/cmdline").read_bytes():
            raise AssertionError(f"{executor} is no executor")
        os.kill(executor, signal.SIGKILL)

    return kill


def test_each_executor_has_the_model_that_was_sent_and_reads_it_once(cluster, articles, tiny_model_path):
    from slantwise.spark import _loaded, _shipped  # noqa: PLC0415

    shipped = _shipped(articles, tiny_model_path)

    def where(_):
        names = {shipped.load().name for _ in range(3)}
        yield os.getppid(), names, _loaded.cache_info().misses

    # Tasks of a barrier run at the same time, so that neither executor takes both.
    found = cluster.sparkContext.parallelize(range(2), 2).barrier().mapPartitions(where).collect()

    assert len({daemon for daemon, *_ in found}) == 2
    assert [(names, misses) for _, names, misses in found] == [({"tiny-model"}, 1)] * 2


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finding the executor of a worker needs /proc")
def test_an_executor_killed_half_way_leaves_no_trace(cluster, articles, tmp_path, tiny_model_path, monkeypatch):
    undisturbed, disturbed, marker = (str(tmp_path / name) for name in ("undisturbed", "disturbed", "marker"))
    score(articles.repartition(6), tiny_model_path).write.parquet(undisturbed)
    frame, plain = type(articles), type(articles).mapInArrow
    kill = executor_killer()

    def while_killed(df, work, schema):
        return plain(df, on_spark.killed_once(work, marker, kill), schema)

    monkeypatch.setattr(frame, "mapInArrow", while_killed)

    score(articles.repartition(6), tiny_model_path).write.parquet(disturbed)

    assert Path(marker).exists()
    found, expected = (pl.read_parquet(f"{path}/*.parquet").sort("id") for path in (disturbed, undisturbed))
    assert_frame_equal(found, expected)
    assert len(found) == 200
    assert found["reason"].null_count() == 120
