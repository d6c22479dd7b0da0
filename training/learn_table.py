"""Show what more coding would buy: a table on a terminal, and curves as drawings."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from classifier.atomic import write_atomically
from training.learn import Learned, LearningCurve
from training.plots import INK, LINE, MODEL, MUTED, TEXT, WIDTH, bare
from training.resampling import Figure
from training.share_plots import ACROSS, HEIGHT, PAPER, drawn
from training.table import console_for, plain, table_of, text_of

PLACES = 60  # along a curve


def learned_text(learned: Learned, *, width: int | None, colour: bool) -> str:
    """Return the curves as text; `width` in characters, None for a usual one."""
    console = console_for(width, colour)
    for curve in learned.curves:
        table = table_of(f"\n{plain(curve.question)}", "macro F1", "more than now")
        for point in curve.points:
            table.add_row(f"{point.coded:,} coded", f"{point.score:.3f} measured", "")
        for step in curve.steps:
            now = step.coded == curve.n_coded
            more = "" if now else _signed(step.gain)
            table.add_row(f"{step.coded:,} coded{' (now)' if now else ''}", _short(step.score), more)
        console.print(table)
        if curve.backtest is not None:
            test = curve.backtest
            said = f"{_short(test.said)} of {test.coded:,}, found {test.found:.3f}"
            console.print(f"test: a curve of up to {test.upto:,} coded would have said {said}")
        console.print(f"score = {curve.ceiling:.3f} - {curve.drop:.3f} x coded^-{curve.rate:.2f}", style="dim")
    for name, why in learned.not_fitted.items():
        console.print(f"{plain(name)} has no curve: {plain(why)}")
    console.print(
        "95% intervals, bootstrap over articles and repeats; past what was measured a guess by shape", style="dim"
    )
    console.print(plain(learned.signed), style="dim")
    return text_of(console)


def _short(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _signed(figure: Figure) -> str:
    return f"{figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"


def write_learned(learned: Learned, out: Path) -> None:
    """Write the curves as JSON, or drawn where the file ends in .png or .svg, whole or not at all."""
    form = out.suffix.removeprefix(".")
    content = learned.to_json().encode() if form == "json" else _drawing(learned, form)
    with write_atomically(out) as file:
        file.write(content)


def _drawing(learned: Learned, form: str) -> bytes:
    curves = learned.curves
    across = min(ACROSS, len(curves))
    down = -(-len(curves) // across)
    drawing = Drawing(figsize=(across * WIDTH / 72, down * (HEIGHT + 26) / 72), layout="constrained")
    grid = drawing.subplots(down, across, squeeze=False)
    for axes, curve in zip(grid.flat, curves, strict=False):
        _draw(axes, curve)
    for axes in grid.flat[len(curves) :]:
        axes.set_axis_off()
    return drawn(drawing, form)


def _draw(axes: Axes, curve: LearningCurve) -> None:
    at = np.linspace(curve.points[0].coded, curve.steps[-1].coded, PLACES)
    axes.plot(at, curve.ceiling - curve.drop * at**-curve.rate, color=PAPER[MODEL], linewidth=1.4)
    axes.scatter([p.coded for p in curve.points], [p.score for p in curve.points], s=16, color=PAPER[MODEL], zorder=3)
    ends = [(step.coded, step.score.low, step.score.high) for step in curve.steps]
    coded, low, high = zip(*ends, strict=True)
    axes.fill_between(coded, low, high, color=PAPER[MODEL], alpha=0.18, linewidth=0)
    axes.axvline(curve.n_coded, color=PAPER[MUTED], linewidth=0.8, linestyle=(0, (4, 2)))
    axes.set_title(f"{curve.question}: macro F1", loc="left", fontsize=TEXT + 1, color=PAPER[INK], parse_math=False)
    axes.set_xlabel("coded articles", fontsize=TEXT, color=PAPER[MUTED])
    bare(axes, TEXT)
    axes.grid(axis="y", color=PAPER[LINE], linewidth=0.5)
    axes.tick_params(labelcolor=PAPER[MUTED])
