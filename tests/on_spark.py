"""A real Spark for tests, or the reason why there is none."""

import os
import shutil
import sys
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]

missing = [
    *(["Java (apt install default-jre-headless)"] if not (shutil.which("java") or os.environ.get("JAVA_HOME")) else []),
    *(["pyspark (pip install '.[spark]')"] if not find_spec("pyspark") else []),
]
WHY_NOT = f"Spark needs {' and '.join(missing)}"

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "OFF",
}


def environment():
    """What a process needs that starts a Spark: its workers run this Python and this slantwise."""
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
    return os.environ | {"PYTHONPATH": path, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}


@contextmanager
def session(master, **more):
    from pyspark.sql import SparkSession  # noqa: PLC0415  not everyone has it

    before = dict(os.environ)
    os.environ.update(environment())
    with warnings.catch_warnings():
        # Of Spark itself: it checks for pandas 3 without using it, and leaves sockets to the garbage collector.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        warnings.filterwarnings("ignore", category=ResourceWarning)
        builder = SparkSession.builder.master(master).appName("tests")
        for name, value in (SETTINGS | more).items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        try:
            yield spark
        finally:
            spark.stop()
            os.environ.clear()
            os.environ.update(before)


def killed_once(work, marker, kill):
    """Work that kills after its third batch, unless that was done before."""

    def run(batches):
        for number, scored in enumerate(work(batches)):
            yield scored
            if number < 2:
                continue
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            kill()

    return run
