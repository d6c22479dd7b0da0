"""Draw docs/coding-curve.svg of curve.json: the mean of the seeds, and from the lowest to the highest."""

import json
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from training.plots import COLOURS, LINE, MODEL, MUTED, OTHER, TEXT, WIDTH, _bare, _svg, _text

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "docs" / "coding-curve.svg"
ARMS = {"model": ("by the model", MODEL, "-", "o"), "random": ("at random", OTHER, (0, (5, 2)), "s")}


def main() -> None:
    rows = [json.loads(line) for line in (HERE / "curve.json").read_text().splitlines()]
    sizes = sorted({row["coded"] for row in rows})
    axes = Figure(figsize=(WIDTH / 72, 0.75 * WIDTH / 72)).add_axes((0.13, 0.17, 0.84, 0.8))
    for arm, style in ARMS.items():
        found = [[row["macro_f1"] for row in rows if (row["by"], row["coded"]) == (arm, size)] for size in sizes]
        draw(axes, sizes, np.array(found), *style)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_ylim(0.2, 0.9)
    _bare(axes, TEXT)
    axes.grid(color=LINE, linewidth=0.5)
    axes.set_xlabel("coded articles", color=MUTED, fontsize=TEXT)
    axes.set_ylabel("macro F1, topics", color=MUTED, fontsize=TEXT)
    svg = _svg(axes, "curve", "Macro F1 on topics by coded articles, drawn at random and by the model")
    # Alone in its file it needs a namespace, and paper under its ink where a page is dark.
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff" ', 1)
    for variable in COLOURS.values():
        svg = svg.replace(variable, variable.split(", ")[1].rstrip(")"))
    OUT.write_text(svg + "\n")


def draw(axes: Axes, sizes: list[int], found: np.ndarray, name: str, colour: str, line: object, marker: str) -> None:
    """Draw one arm, `found` of shape (n_sizes, n_seeds), and write its name beside the line."""
    mean = found.mean(axis=1)
    axes.fill_between(sizes, found.min(axis=1), found.max(axis=1), color=colour, alpha=0.15, linewidth=0)
    axes.plot(sizes, mean, color=colour, linestyle=line, linewidth=1.6, marker=marker, markersize=4)
    above = name == ARMS["model"][0]
    _text(
        axes,
        sizes[2] * (0.95 if above else 1.08),
        mean[2] + (0.04 if above else -0.06),
        name,
        colour,
        TEXT,
        "right" if above else "left",
        "center",
    )


if __name__ == "__main__":
    main()
