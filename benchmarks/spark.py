"""Measure Spark beside the command, in one run, and plan larger ones by it.

    python benchmarks/spark.py ../shared/corpora/allsides.parquet --repeat 10 --runs 3 --write

Both take turns on the same files and the same two cores: the command with `--jobs 2`, started anew each time as users
run it, and a Spark that was started once (local[2]: two tasks, each with a Python worker of one thread, beside the
JVM). What counts is the median of the ratios. Writes spark.json beside this file, and with --write the tables of
docs/scale.md.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).parent
ROOT = HERE.parent
SCALE = ROOT / "docs/scale.md"
CORES = 2
FILES = 8  # a copy of the corpus
PROFILED = 4_000  # articles
# Assumptions of the plan; all else in it is measured.
BUSY = 0.8  # part of the time that cores score: the rest is starting, stragglers and reading from far away
EXECUTOR_CORES = 4
PLANS = {100_000_000: (5, 25, 100), 1_000_000_000: (25, 100, 400)}
MARK = "<!-- {}: written by benchmarks/spark.py -->"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="the tables of docs/scale.md")
    options = parser.parse_args()
    os.sched_setaffinity(0, set(range(CORES)))
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    os.environ |= {"PYTHONPATH": path, "PYSPARK_PYTHON": sys.executable}
    with tempfile.TemporaryDirectory(prefix="slantwise-bench-") as folder:
        found = measured(options.corpus, options.repeat, options.runs, Path(folder))
    (HERE / "spark.json").write_text(json.dumps(found, indent=1) + "\n")
    tables = {
        "measured": measured_table(found),
        "profile": profile_table(found),
        "parts": parts_table(found),
        "plan": plan_table(found),
    }
    print("\n\n".join(tables.values()))
    if options.write:
        text = SCALE.read_text("utf-8")
        for name, table in tables.items():
            mark, end = MARK.format(name), "<!-- end -->"
            text = re.sub(f"{re.escape(mark)}.*?{end}", lambda _, t=f"{mark}\n{table}\n{end}": t, text, flags=re.DOTALL)
        SCALE.write_text(text, "utf-8")


def measured(corpus: Path, repeat: int, runs: int, folder: Path) -> dict[str, Any]:
    articles = copies(corpus, repeat, folder / "in")
    n = len(articles) * repeat
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, {CORES} cores, Python {platform.python_version()}",
        "rows": n,
        "text_bytes_a_row": articles["text"].str.len_bytes().mean(),
        "parquet_bytes_a_row": size_of(folder / "in") / n,
        "profile": profile(articles.head(PROFILED)),
        "start": start_of_worker(),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    core_seconds: dict[str, list[Any]] = defaultdict(list)
    start = time.perf_counter()
    spark = session()
    found["start"]["jvm"] = time.perf_counter() - start
    passes = spark_passes(spark, folder)
    found["start"]["first worker"] = timed(passes.pop("one row"))
    found["cold"] = timed(passes["scored"])
    peaks: dict[str, float] = {"command_mb": 0.0}
    for _ in range(runs):
        took, used, peak = command(folder)
        seconds["command"].append(took)
        core_seconds["command"].append(used)
        peaks["command_mb"] = max(peaks["command_mb"], peak)
        for name, run in passes.items():
            before = core_time()
            seconds[name].append(timed(run))
            core_seconds[name].append({process: used - before[process] for process, used in core_time().items()})
    found["seconds"], found["core_seconds"] = seconds, core_seconds
    found["memory"] = peaks | memory()
    found["scores_bytes_a_row"] = size_of(folder / "scored") / n
    found["ratio"] = statistics.median(
        a / b for a, b in zip(seconds["command"], seconds["scored"], strict=True)
    )  # of rows a second, Spark's to the command's
    spark.stop()
    return found


def copies(corpus: Path, repeat: int, folder: Path) -> pl.DataFrame:
    """Write the corpus so many times, each time under other ids, and return it."""
    folder.mkdir()
    articles = pl.read_parquet(corpus, columns=["id", "title", "text", "outlet", "date", "url"])
    part = -(-len(articles) // FILES)
    for number in range(repeat):
        copy = articles.with_columns(pl.format("{}-{}", pl.lit(number), "id").alias("id"))
        for at in range(FILES):
            copy.slice(at * part, part).write_parquet(folder / f"{number:03}-{at}.parquet")
    return articles


def session() -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{CORES}]").appName("bench")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    return builder.config("spark.driver.memory", "1g").config("spark.log.level", "ERROR").getOrCreate()


def spark_passes(spark: Any, folder: Path) -> dict[str, Callable[[], None]]:
    """Return what is timed: the whole, and the parts of it that are Spark's own."""
    from slantwise.spark import score

    def rows() -> Any:
        return spark.read.parquet(str(folder / "in"))

    def swallow(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            yield batch.slice(0, 0)

    def noop(df: Any) -> None:
        df.write.format("noop").mode("overwrite").save()

    texts = ["id", "title", "text", "url"]
    return {
        "one row": lambda: noop(score(rows().limit(1))),
        "scored": lambda: score(rows()).write.mode("overwrite").parquet(str(folder / "scored")),
        "read": lambda: noop(rows().select(texts)),
        "read, and sent to Python": lambda: noop(rows().select(texts).mapInArrow(swallow, rows().select(texts).schema)),
    }


def timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def command(folder: Path) -> tuple[float, float, float]:
    """Return the seconds, the core seconds and the peak memory (MB) of the command on the same files."""
    given = [
        "score",
        str(folder / "in"),
        "--pages-apart",
        "--jobs",
        str(CORES),
        "--format",
        "parquet",
        "--out",
        str(folder / "local.parquet"),
    ]
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "slantwise", *given], stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 3}:
        raise SystemExit(f"slantwise ended with {process.returncode}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def memory() -> dict[str, float]:
    """Return the peak memory (MB) of the JVM and of the largest Python worker that live."""
    peaks = {"jvm_mb": 0.0, "worker_mb": 0.0}
    for name, process in processes():
        if peak := re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text()):
            peaks[f"{name}_mb"] = max(peaks[f"{name}_mb"], int(peak[1]) / 1024)
    return peaks


def core_time() -> dict[str, float]:
    """Return the core seconds so far of the JVM and of all Python workers together, those that ended too."""
    used = {"jvm": 0.0, "worker": 0.0}
    for name, process in processes():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks = sum(map(int, fields[11:15] if name == "worker" else fields[11:13]))  # with those of children that ended
        used[name] += ticks / os.sysconf("SC_CLK_TCK")
    return used


def processes() -> Iterator[tuple[str, int]]:
    """Yield the processes of Spark, each as "jvm" or "worker"."""
    for process in descendants(os.getpid()):
        with suppress(OSError):
            line = Path(f"/proc/{process}/cmdline").read_bytes()
            if b"java" in line or b"pyspark" in line:
                yield "jvm" if b"java" in line else "worker", process


def descendants(process: int) -> list[int]:
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            children[int(stat.read_text().rpartition(")")[2].split()[1])].append(int(stat.parent.name))
    found = [process]
    for one in found:
        found += children[one]
    return found[1:]


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.parquet"))


def start_of_worker() -> dict[str, float]:
    """Return seconds that a new Python worker needs before its first row, and for its first odd one."""
    steps = {
        "import": "import classifier.rows_alone",
        "model": "import slantwise; model = slantwise.load()",
        "first text": "import polars as pl; model.score_frame(pl.DataFrame({'text': ['a']}))",
        "first foreign text": "from classifier.language import _identifier; _identifier()",
        "first page of HTML": "import classifier.extract, trafilatura",
    }
    code = "import time\n" + "".join(
        f"t = time.perf_counter()\n{do}\nprint(time.perf_counter() - t)\n" for do in steps.values()
    )
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return dict(zip(steps, map(float, done.stdout.split()), strict=True))


def profile(articles: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Return what `spark_worker.py` finds, on one thread, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.parquet")
        articles.select("id", "title", "text", "url").write_parquet(path)
        environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, str(HERE / "spark_worker.py"), str(path)],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(done.stdout)


# --- tables


def measured_table(found: dict[str, Any]) -> str:
    n, seconds, memory_ = found["rows"], found["seconds"], found["memory"]
    spark, command_ = (n / statistics.median(seconds[name]) for name in ("scored", "command"))
    rows = [
        ("the command with `--jobs 2`, started anew each time", f"{command_:,.0f} articles/s"),
        (f"Spark local[{CORES}], warm", f"{spark:,.0f} articles/s"),
        ("Spark to the command, median of the ratios", f"{found['ratio']:.2f}"),
        (
            f"Spark, first pass in a new session (without {found['start']['jvm']:.1f} s for the JVM)",
            f"{n / found['cold']:,.0f} articles/s",
        ),
        ("peak memory of a Python worker", f"{memory_['worker_mb']:,.0f} MB"),
        ("peak memory of the JVM (driver and executor in one, heap of 1 GB)", f"{memory_['jvm_mb']:,.0f} MB"),
        ("peak memory of the command's largest process", f"{memory_['command_mb']:,.0f} MB"),
        ("text an article", f"{found['text_bytes_a_row']:,.0f} bytes"),
        ("the same, title and the like in parquet", f"{found['parquet_bytes_a_row']:,.0f} bytes"),
        ("scores an article in parquet", f"{found['scores_bytes_a_row']:,.0f} bytes"),
    ]
    return "\n".join(
        [f"| {n:,} articles, {found['machine']} | measured |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]
    )


def profile_table(found: dict[str, Any]) -> str:
    """Return the core time of a row, of which the parts of a worker come from `spark_worker.py`."""

    def micros(name: str, process: str) -> float:
        return statistics.median(used[process] for used in found["core_seconds"][name]) / found["rows"] * 1e6

    sent, scored = "read, and sent to Python", "scored"
    parts = {
        "JVM: read parquet": micros("read", "jvm"),
        "JVM: rows to Arrow, and send them": micros(sent, "jvm") - micros("read", "jvm"),
        "worker: receive them": micros(sent, "worker"),
        **{f"worker: {name}": took for name, took in found["profile"]["micros"].items()},
    }
    own = sum(took for name, took in parts.items() if name.startswith("worker"))
    parts["worker: what it takes more than alone on its core"] = micros(scored, "worker") - own
    parts["JVM: take the scores, and write them as parquet"] = micros(scored, "jvm") - micros(sent, "jvm")
    total = micros(scored, "jvm") + micros(scored, "worker")
    lines = [f"| {name} | {took:,.0f} | {took / total:.0%} |" for name, took in parts.items()]
    starts = [f"| once: {name} | {took:.2f} s | |" for name, took in found["start"].items()]
    head = ["| where the core time of an article goes | µs | part |", "|---|---|---|"]
    whole = statistics.median(found["core_seconds"]["command"]) / found["rows"] * 1e6
    return "\n".join([*head, *lines, f"| all | {total:,.0f} | |", f"| the command | {whole:,.0f} | |", *starts])


def parts_table(found: dict[str, Any]) -> str:
    rates = found["profile"]["rates"]
    sizes = " | ".join(f"{int(size) / 1e6:g} MB" for size in rates)
    return "\n".join(
        [
            f"| text of a part | {sizes} |",
            "|---" * (len(rates) + 1) + "|",
            f"| articles a core second | {' | '.join(f'{rate:,.0f}' for rate in rates.values())} |",
        ]
    )


def plan_table(found: dict[str, Any]) -> str:
    """Return the plan: hours = articles / (rate of a core x cores x BUSY)."""
    rate = found["rows"] / statistics.median(found["seconds"]["scored"]) / CORES
    worker = found["memory"]["worker_mb"]
    lines = [
        f"| articles | executors of {EXECUTOR_CORES} cores | hours | core hours | Python memory | input | output |",
        "|---|---|---|---|---|---|---|",
    ]
    for articles, executors in PLANS.items():
        for count in executors:
            hours = articles / (rate * count * EXECUTOR_CORES * BUSY) / 3600
            read, written = (articles * found[f"{what}_bytes_a_row"] / 1e9 for what in ("parquet", "scores"))
            lines.append(
                f"| {articles:,} | {count} | {hours:.2f} | {hours * count * EXECUTOR_CORES:,.0f} "
                f"| {EXECUTOR_CORES * worker / 1000:.1f} GB | {read:,.0f} GB | {written:,.0f} GB |"
            )
    said = (
        f"Rate of a core: {rate:,.0f} articles/s (measured); part of the time that cores score: {BUSY:.0%} (assumed)."
    )
    return "\n".join([said, "", *lines])


if __name__ == "__main__":
    main()
