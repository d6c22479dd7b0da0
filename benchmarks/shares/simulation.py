"""Simulate shares whose truth is known: how often 95% intervals cover it, and how far estimates are off.

    python benchmarks/shares/simulation.py [--runs 2000]

Articles are made up: a score for each, higher where the label is, and the label assigned over a threshold. Some are
coded at random. `same`: errors are the same everywhere. `drift`: over twelve months the classifier misses more and more
of a label, and finds it more and more where it is not: once all months are estimated, once the last month alone.
There the error rates of all months, which adjusted counting uses, are not its own.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from training.shares import (
    Counts,
    Estimate,
    Rates,
    adjusted_count,
    adjusted_probabilities,
    naive,
    prediction_powered,
)

PREVALENCES = (0.02, 0.1, 0.5)
CODED = (50, 100, 200, 500)
ARTICLES = 5000
MONTHS = 12
THRESHOLD = 0.4
SPREAD = 1.3  # of log-odds around their mean
FALLS, RISES = 1.5, 1.0  # in log-odds from the first month to the last: of articles with the label, and without
METHODS = ("prediction-powered", "its normal interval", "adjusted count", "probabilistic", "naive")


Arrays = tuple[np.ndarray, np.ndarray]


def articles(random: np.random.Generator, n: int, share: float, months: tuple[int, int], drift: bool) -> Arrays:
    """Return which articles of some months have the label, and its probability, shape (n,) each."""
    yes = random.random(n) < share
    later = drift * random.integers(*months, size=n) / (MONTHS - 1)
    centre = np.where(yes, 1.5 - FALLS * later, -2.5 + RISES * later)
    return yes, 1 / (1 + np.exp(-(centre + SPREAD * random.standard_normal(n))))


def normal_interval(counts: Counts) -> tuple[float, float]:
    """Return the interval of PPI++ as published: its estimate and 1.96 standard errors."""
    n, m = counts.coded, counts.articles - counts.coded
    value, said = prediction_powered(counts).value, np.array([1, 1, 0, 0])
    cells = np.array([counts.hits, counts.false, counts.missed, counts.rejected])
    coded = np.repeat(np.array([1, 0, 1, 0]), cells)
    said = np.repeat(said, cells)
    spread = said.var()
    power = 0.0 if spread == 0 else ((coded * said).mean() - coded.mean() * said.mean()) / spread * m / (n + m)
    part = counts.yes / m
    error = ((coded - power * said).var() / n + power**2 * part * (1 - part) / m) ** 0.5
    return value - 1.96 * error, value + 1.96 * error


def run(
    random: np.random.Generator, share: float, n: int, where: str
) -> Iterator[tuple[str, float, float, float] | None]:
    """Yield method, estimate and interval of one made-up corpus; that of the naive count is the binomial one."""
    every, last = (0, MONTHS), (MONTHS - 1, MONTHS)
    yes, p = articles(random, ARTICLES, share, last if where == "last month" else every, where != "same")
    known, p_known = (yes[:n], p[:n]) if where != "last month" else articles(random, n, share, every, drift=True)
    said, drawn = p > THRESHOLD, np.arange(ARTICLES) < n
    cells = (yes & said, ~yes & said, yes & ~said, ~yes & ~said)
    counts = Counts(
        *(int((cell & drawn).sum()) for cell in cells), int((said & ~drawn).sum()), int((~said & ~drawn).sum())
    )
    found = prediction_powered(counts)
    yield METHODS[0], found.value, found.low, found.high
    yield METHODS[1], found.value, *normal_interval(counts)
    hits, false = int((known & (p_known > THRESHOLD)).sum()), int((~known & (p_known > THRESHOLD)).sum())
    rates = Rates(hits, int(known.sum()), false, int((~known).sum()))
    yield _named(METHODS[2], adjusted_count(int(said.sum()), ARTICLES, rates))
    yield _named(METHODS[3], adjusted_probabilities(p, p_known[known], p_known[~known]))
    count = naive(counts)
    error = 1.96 * (count * (1 - count) / ARTICLES) ** 0.5
    yield METHODS[4], count, count - error, count + error


def _named(name: str, found: Estimate | None) -> tuple[str, float, float, float] | None:
    return None if found is None else (name, found.value, found.low, found.high)


def simulate(share: float, n: int, where: str, runs: int, seed: int) -> dict[str, tuple[float, float, float, int]]:
    """Return for each method its bias, coverage and mean width, and in how many runs it said anything."""
    random = np.random.default_rng(seed)
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in METHODS}
    for _ in range(runs):
        for said in run(random, share, n, where):
            if said is not None:
                rows[said[0]].append(said[1:])
    summary = {}
    for name, found in rows.items():
        value, low, high = np.array(found).reshape(-1, 3).T
        covered = (low <= share) & (share <= high)
        summary[name] = (
            float(value.mean() - share) if len(value) else np.nan,
            float(covered.mean()) if len(value) else np.nan,
            float((high - low).mean()) if len(value) else np.nan,
            len(value),
        )
    return summary


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(
        f"{ARTICLES:,} articles, {options.runs:,} runs: bias, coverage, mean width; % of runs with an answer if not all"
    )
    print(f"{'':<22}" + "".join(f"{name:<25}" for name in METHODS))
    for where in ("same", "all months", "last month"):
        for share in PREVALENCES:
            for n in CODED:
                found = simulate(share, n, where, options.runs, options.seed)
                print(
                    f"{where:<11}{share:<5}{n:<6}" + "".join(_cell(found[name], options.runs) for name in METHODS),
                    flush=True,
                )


def _cell(found: tuple[float, float, float, int], runs: int) -> str:
    bias, covered, width, said = found
    answered = "" if said == runs else f" {100 * said / runs:.0f}%"
    return f"{f'{bias:+.4f} {covered:.3f} {width:.3f}{answered}':<25}" if said else f"{'never':<25}"


if __name__ == "__main__":
    main()
