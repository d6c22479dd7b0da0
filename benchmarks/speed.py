"""Measure speed, start and memory beside the peers, in one run: `make bench`.

    python benchmarks/speed.py ../shared/corpora/allsides.parquet [SECTION...]

Contestants take turns, each pass in a process of its own, so that a busy minute of the machine touches all of them;
what counts is the median of the ratios. Writes results.json beside this file, or the sections of it that are named.
"""

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import peers
import polars as pl

HERE = Path(__file__).parent
ROOT = HERE.parent
RUNS = int(os.environ.get("SLANTWISE_BENCH_RUNS", "5"))
ARTICLES = 4_000
MINILM_ARTICLES = 16
EXAMPLE = ROOT / "data/examples/border-deal.txt"
SLANTWISE = [sys.executable, "-m", "slantwise"]
CLOSE = 1e-5  # what golden probabilities may differ by
PEERS = ("scikit_learn", "fasttext", "minilm")


def environment(cores: int) -> dict[str, str]:
    threads = {"POLARS_MAX_THREADS": str(cores), "OMP_NUM_THREADS": str(cores), "OPENBLAS_NUM_THREADS": str(cores)}
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # modules are compiled once, as where slantwise was installed
    return {**os.environ, **threads, **compiled, "PYTHONPATH": str(ROOT)}


def on_cores(cores: int) -> list[str]:
    return ["taskset", "-c", ",".join(map(str, range(cores)))]


def run(command: list[str], cores: int) -> tuple[float, str]:
    """Return the seconds of a whole process and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(
        on_cores(cores) + command, env=environment(cores), capture_output=True, text=True, cwd=ROOT, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def rate(name: str, corpus: Path, n_articles: int, cores: int = 1) -> float:
    """Return the articles a second of one pass in memory."""
    command = [sys.executable, str(HERE / "contestant.py"), name, str(corpus), str(n_articles)]
    return n_articles / float(run(command, cores)[1])


def median_ratio(first: list[float], second: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(first, second, strict=True))


def summary(values: list[float]) -> dict[str, Any]:
    return {"median": statistics.median(values), "runs": values}


def in_memory(corpus: Path) -> dict[str, Any]:
    """One core, 4,000 articles, beside the peers; two cores, by threads and by processes; with cleaning."""
    found: dict[str, list[float]] = {}
    passes = [("slantwise", ARTICLES, 1), ("scikit_learn", ARTICLES, 1), ("fasttext", ARTICLES, 1)]
    passes += [("slantwise", ARTICLES, 2), ("slantwise_jobs", ARTICLES, 2)]
    passes += [("slantwise_cleaned", ARTICLES, 1), ("slantwise_jobs_cleaned", ARTICLES, 2)]
    passes += [("minilm", MINILM_ARTICLES, 1)] * (peers.minilm_missing() is None)
    for _ in range(RUNS):
        for name, n, cores in passes:
            label = f"{name}, {n:,} articles, {cores} core{'s' * (cores > 1)}"
            found.setdefault(label, []).append(rate(name, corpus, n, cores))
    own, *_ = found.values()
    table = {label: {**summary(rates), "slantwise_over": median_ratio(own, rates)} for label, rates in found.items()}
    return table if peers.minilm_missing() is None else {**table, "minilm": peers.minilm_missing()}


def through_files(corpus: Path, n_all: int, folder: Path) -> dict[str, Any]:
    """The command from file to file, beside the same articles in memory; what a cold start takes is told apart."""
    jsonl = folder / "articles.jsonl"
    if not jsonl.exists():
        pl.read_parquet(corpus, columns=["id", "title", "text"]).write_ndjson(jsonl)
    kinds = {"parquet": (corpus, folder / "out.parquet"), "jsonl": (jsonl, folder / "out.jsonl")}
    found: dict[str, list[float]] = {}
    for cores, in_memory in [(1, "slantwise")] * RUNS + [(2, "slantwise_jobs")]:
        memory = rate(in_memory, corpus, n_all, cores)
        of = f"{cores} core{'s' * (cores > 1)}"
        found.setdefault(f"in memory, {of}, articles a second", []).append(memory)
        options = ["--no-clean", "--jobs", str(cores)]
        start, _ = run([*SLANTWISE, "score", *options, str(EXAMPLE)], cores)
        for kind, (source, out) in kinds.items():
            seconds, _ = run([*SLANTWISE, "score", *options, str(source), "--out", str(out)], cores)
            found.setdefault(f"{kind}, {of}, whole process", []).append(n_all / seconds / memory)
            found.setdefault(f"{kind}, {of}, without its start", []).append(n_all / (seconds - start) / memory)
    for jobs in (1, 2):
        seconds, _ = run(
            [*SLANTWISE, "score", "--jobs", str(jobs), str(corpus), "--out", str(folder / "out.parquet")], 2
        )
        found[f"parquet, 2 cores, --jobs {jobs}, cleaned, articles a second"] = [n_all / seconds]
    return {label: summary(values) for label, values in found.items()}


def cold() -> dict[str, Any]:
    ours, peer, helped = [], [], []
    for _ in range(2 * RUNS):
        ours.append(run([*SLANTWISE, "score", str(EXAMPLE)], 2)[0])
        peer.append(run([sys.executable, str(HERE / "cold_pipeline.py"), str(peers.PIPELINE), str(EXAMPLE)], 2)[0])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run([*SLANTWISE, "--help"], 2)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        helped.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {
        "score one article, s": summary(ours),
        "scikit-learn script, s": summary(peer),
        "ratio": median_ratio(ours, peer),
        "--help, s of CPU": summary(helped),
    }


def memory(corpus: Path, folder: Path) -> dict[str, Any]:
    """Peak memory of the command over the corpus once and ten times, MB; ids are the rows' own, so none repeats."""
    plain = folder / "plain.parquet"
    if not plain.exists():
        pl.read_parquet(corpus, columns=["title", "text"]).write_parquet(plain)
    once, ten_times = (peak([str(plain)] * times, folder, 1) for times in (1, 10))
    with_jobs = peak([str(plain)], folder, 2)
    return {"once": once, "ten times": ten_times, "growth": ten_times / once, "all of --jobs 2, once": with_jobs}


def peak(files: list[str], folder: Path, jobs: int) -> float:
    """Return the most memory that the command and its processes have together; pages they share count in each."""
    copies = folder / "copies"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for number, file in enumerate(files):
        os.link(file, copies / f"{number}.parquet")
    command = [
        *SLANTWISE,
        "score",
        "--no-clean",
        "--jobs",
        str(jobs),
        str(copies),
        "--out",
        str(folder / "out.parquet"),
    ]
    most = 0
    with subprocess.Popen([*on_cores(2), *command], env=environment(2), cwd=ROOT) as process:
        while process.poll() is None:
            most = max(most, sum(map(resident, family(process.pid))))
            time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return most / 1024


def family(process: int) -> list[int]:
    """Return a process and those that it started."""
    children = Path(f"/proc/{process}/task/{process}/children")
    try:
        return [process, *(one for child in children.read_text().split() for one in family(int(child)))]
    except OSError:  # it has ended
        return []


def resident(process: int) -> int:
    """Return the memory of a process, KB."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def evidence(corpus: Path, folder: Path) -> dict[str, Any]:
    """What `--evidence` adds to scoring; skipped by a version that does not have it."""
    if "--evidence" not in run([*SLANTWISE, "score", "--help"], 2)[1]:
        return {"skipped": "this version of `slantwise score` has no --evidence"}
    some = folder / "some.parquet"
    pl.read_parquet(corpus, columns=["id", "title", "text"])[:ARTICLES].write_parquet(some)
    command = [*SLANTWISE, "score", str(some), "--out", str(folder / "out.jsonl")]
    found: dict[str, Any] = {}
    for cores in (1, 2):
        turns = [[run([*command, "--evidence", n], cores)[0] for n in ("3", "0")] for _ in range(RUNS)]
        found[f"ratio, {cores} core{'s' * (cores > 1)}"] = median_ratio(
            *(list(runs) for runs in zip(*turns, strict=True))
        )
    return found


def golden(corpus: Path) -> dict[str, Any]:
    """The largest difference from golden.parquet, in batches of several sizes and on one and two threads."""
    differences = {}
    for cores in (1, 2):
        for at_once in (1, 7, 200):
            command = [sys.executable, str(HERE / "speed.py"), "golden", str(corpus), str(at_once)]
            differences[f"batches of {at_once}, {cores} threads"] = float(run(command, cores)[1])
    return {"largest difference": max(differences.values()), "allowed": CLOSE, **differences}


def golden_difference(corpus: Path, at_once: int) -> float:
    from classifier.model import Model

    expected = pl.read_parquet(HERE / "golden.parquet")
    texts = pl.read_parquet(corpus, columns=["id", "title", "text"])
    texts = expected.select("id").join(texts, on="id", how="left", maintain_order="left")
    model = Model.load()
    parts = [model.score_batch(texts[at : at + at_once]).probability for at in range(0, len(texts), at_once)]
    found, wanted = np.concatenate(parts), expected["probability"].to_numpy()
    if not (np.isnan(found) == np.isnan(wanted)).all():
        return float("inf")
    return float(np.nanmax(np.abs(found - wanted)))


def machine() -> dict[str, Any]:
    cpu = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    load = os.getloadavg()[0]
    return {"cpu": cpu[0], "cores": os.cpu_count(), "load before": load, "python": platform.python_version()}


def main(corpus: Path, asked: list[str]) -> None:
    if not corpus.exists():
        raise SystemExit(f"{corpus}: no such file; the benchmark needs the AllSides corpus (make bench CORPORA=FOLDER)")
    folder = peers.CACHE
    results = HERE / "results.json"
    found: dict[str, Any] = json.loads(results.read_text()) if asked else {}
    found["machine"] = machine()
    peers.fit_all(pl.read_parquet(corpus, columns=["text"], n_rows=peers.FITTED_ON))
    n_all = pl.scan_parquet(corpus).select(pl.len()).collect().item()
    found["peers"] = peers.described()
    for name, work in {
        "golden": lambda: golden(corpus),
        "in memory, articles a second": lambda: in_memory(corpus),
        "cold start": cold,
        "through files, as a share of in memory": lambda: through_files(corpus, n_all, folder),
        "memory, MB": lambda: memory(corpus, folder),
        "evidence": lambda: evidence(corpus, folder),
    }.items():
        if asked and name not in asked:
            continue
        start = time.perf_counter()
        found[name] = work()
        print(f"\n{name} ({time.perf_counter() - start:.0f} s)")
        for label, value in found[name].items():
            shown = value.get("median") if isinstance(value, dict) else value
            over = (
                f"   slantwise x{value['slantwise_over']:.2f}"
                if isinstance(value, dict) and "slantwise_over" in value
                else ""
            )
            print(f"  {label:<55} {shown if isinstance(shown, str) else f'{shown:,.4g}'}{over}", flush=True)
    results.write_text(json.dumps(found, indent=1) + "\n")
    if found["golden"]["largest difference"] > CLOSE:
        raise SystemExit(
            f"scores differ from golden.parquet by {found['golden']['largest difference']:.2g}, over {CLOSE}"
        )


if __name__ == "__main__":
    if sys.argv[1] == "golden":
        print(golden_difference(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        main(Path(sys.argv[1]).resolve(), sys.argv[2:])
