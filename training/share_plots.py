"""Draw shares over time, or group by group: shares -> drawings for a page (SVG) and for a paper (PNG, SVG).

A band is the 95% interval. A filled point is estimated from the group's own coded articles, a hollow one by adjusted
counting; a thin dashed line is the naive count. A line stops where a period is missing or nothing can be said of it.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, MaxNLocator

from classifier.errors import SlantwiseError
from training.plots import (
    BAD,
    CARD,
    INK,
    LINE,
    MODEL,
    MUTED,
    OTHER,
    SMALL_TEXT,
    TEXT,
    WIDTH,
    bare,
    named_rows,
    short,
    svg,
)
from training.share_inputs import PERIODS
from training.share_report import PPI, Share, Shares

PAPER = {
    INK: "#1d2126",
    MUTED: "#5b6470",
    LINE: "#d9d6cd",
    MODEL: "#1f5a8a",
    OTHER: "#a8500f",
    BAD: "#a61b1b",
    CARD: "#ffffff",
}
ON_PAGE = {colour: colour for colour in PAPER}  # the page replaces them by its own
HEIGHT = 150  # points, of a panel over time
MOST_PANELS = 48  # of one drawing
MOST_ROWS = 60
FEWEST_PLOTTED = 20  # articles of a group: a handful is a point with a bar over half the plot; tables have all groups
CROWDED = 30  # points of a line, over which they are small
ACROSS = 3
DOTS_PER_INCH = 200
CAPTION = "band, bar: 95%; filled: prediction-powered; hollow: adjusted count; dashed, tick: naive count"
MONTHS = 12

Colours = dict[str, str]


@dataclass(frozen=True)
class Panel:
    """What one panel shows: the shares of a label in the groups that differ by one column alone."""

    title: str
    column: str
    shares: tuple[Share, ...]

    @property
    def over_time(self) -> bool:
        return self.column in PERIODS

    @property
    def places(self) -> list[float]:
        """Where on a time line each share stands, in months; in years for years."""
        return [_place(share.group[self.column] or "") for share in self.shares]

    def name(self, share: Share) -> str:
        return share.label if not self.column else share.group.get(self.column) or "not known"


def panels(shares: Shares) -> list[Panel]:
    """Return the panels: one a label, and one for each value of a further column.

    The columns are run through along the first that is a period, else along the first; without any, one panel shows all
    labels.

    Raises
    ------
    SlantwiseError
        If there are more than fit a drawing, or no group is large enough.
    """
    if not shares.by:
        return [Panel("all articles", "", shares.rows)]
    along = next((name for name in shares.by if name in PERIODS), shares.by[0])
    rest = [name for name in shares.by if name != along]
    rows = [row for row in shares.rows if row.group and row.articles >= FEWEST_PLOTTED]
    rows = [row for row in rows if along not in PERIODS or row.group[along] is not None]

    def key(row: Share) -> tuple[str, ...]:
        return (row.label, *(row.group[name] or "not known" for name in rest))

    found = [
        Panel(": ".join(key), along, tuple(sorted(some, key=lambda row: row.group[along] or "")))
        for key, some in groupby(sorted(rows, key=key), key)
    ]
    if not found:
        raise SlantwiseError(
            f"no group by {' and '.join(shares.by)} has {FEWEST_PLOTTED} articles to plot (group coarser)"
        )
    if len(found) > MOST_PANELS:
        raise SlantwiseError(f"{len(found):,} panels to plot, {MOST_PANELS} fit a drawing (name labels with --label)")
    return found


def panel_svg(panel: Panel, key: str) -> str:
    """Return a panel as SVG that stands in a page; `key` as for the other plots of a page."""
    axes = (
        _timeline_axes() if panel.over_time else named_rows([short(panel.name(one)) for one in _rows(panel)], right=10)
    )
    _draw(axes, panel, ON_PAGE)
    return svg(axes, key, _described(panel))


def paper_drawing(found: Sequence[Panel], form: str) -> bytes:
    """Return all panels as one drawing, as 'png' or 'svg'; the same shares give the same bytes."""
    across = min(ACROSS, len(found))
    down = -(-len(found) // across)
    tallest = max(HEIGHT if panel.over_time else 40 + 13 * len(_rows(panel)) for panel in found)
    drawing = Drawing(figsize=(across * WIDTH / 72, down * (tallest + 26) / 72), layout="constrained")
    grid = drawing.subplots(down, across, squeeze=False)
    for axes, panel in zip(grid.flat, found, strict=False):
        if not panel.over_time:
            _name_rows(axes, panel)
        _draw(axes, panel, PAPER)
        axes.set_title(panel.title, loc="left", fontsize=TEXT + 1, color=PAPER[INK], parse_math=False)
    for axes in grid.flat[len(found) :]:
        axes.set_axis_off()
    drawing.supxlabel(CAPTION, fontsize=SMALL_TEXT if across > 1 else 5.5, color=PAPER[MUTED])
    return drawn(drawing, form)


def drawn(drawing: Drawing, form: str) -> bytes:
    """Return a drawing as a file, 'png' or 'svg'."""
    out = BytesIO()
    metadata = dict.fromkeys(("Date", "Creator")) if form == "svg" else {"Software": None}
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "slantwise"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        drawing.savefig(out, format=form, dpi=DOTS_PER_INCH, metadata=metadata)
    return out.getvalue()


def _draw(axes: Axes, panel: Panel, colours: Colours) -> None:
    (_draw_over_time if panel.over_time else _draw_rows)(axes, panel, colours)


# --- over time


def _timeline_axes() -> Axes:
    drawing = Drawing(figsize=(WIDTH / 72, HEIGHT / 72))
    return drawing.add_axes((0.12, 0.17, 0.85, 0.77))


def _draw_over_time(axes: Axes, panel: Panel, colours: Colours) -> None:
    naive = [float("nan") if one.naive is None else one.naive for one in panel.shares]
    axes.plot(panel.places, naive, color=colours[OTHER], linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    for run in _runs(panel):
        at, best = [place for place, _ in run], [share.best for _, share in run]
        low, high = ([getattr(one, end) for one in best] for end in ("low", "high"))
        axes.fill_between(at, low, high, color=colours[MODEL], alpha=0.18, linewidth=0, zorder=1)
        if len(run) == 1:  # a period alone has no band
            axes.vlines(at, low, high, color=colours[MODEL], linewidth=1.0, zorder=1)
        axes.plot(at, [one.value for one in best if one], color=colours[MODEL], linewidth=1.4, zorder=3)
        for place, share in run:
            assert share.best is not None
            _point(axes, (place, share.best.value), share, colours, 16 if len(panel.shares) <= CROWDED else 5)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.03)
    _time_axis(axes, panel)
    bare(axes, TEXT)
    axes.grid(axis="y", color=colours[LINE], linewidth=0.5)
    axes.tick_params(labelcolor=colours[MUTED])
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _runs(panel: Panel) -> Iterator[list[tuple[float, Share]]]:
    """Yield runs of periods that follow one another and that something can be said of."""
    run: list[tuple[float, Share]] = []
    for place, share in zip(panel.places, panel.shares, strict=True):
        if run and (share.best is None or place != run[-1][0] + 1):
            yield run
            run = []
        if share.best is not None:
            run.append((place, share))
    if run:
        yield run


def _place(period: str) -> float:
    """Return a period as a number that grows by 1 from one to the next.

    Examples
    --------
    >>> _place("2021-01") - _place("2020-12"), _place("2021") - _place("2020")
    (1.0, 1.0)
    """
    year, _, month = period.partition("-")
    return float(int(year) * MONTHS + int(month) - 1) if month else float(year)


def _time_axis(axes: Axes, panel: Panel) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if any("-" in (one.group[panel.column] or "") for one in panel.shares):
        axes.xaxis.set_major_formatter(FuncFormatter(_month_name))
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{place:.0f}"))


def _month_name(place: float, _: object) -> str:
    return f"{int(place) // MONTHS}-{int(place) % MONTHS + 1:02}"


# --- group by group


def _rows(panel: Panel) -> Sequence[Share]:
    """Return the shares that have room: those of the largest groups."""
    most = sorted(panel.shares, key=lambda one: -one.articles)[:MOST_ROWS]
    return [share for share in panel.shares if share in most]


def _draw_rows(axes: Axes, panel: Panel, colours: Colours) -> None:
    for place, share in enumerate(_rows(panel)):
        if share.best is not None:
            axes.hlines(place, share.best.low, share.best.high, color=colours[MODEL], linewidth=1.3, zorder=2)
            _point(axes, (share.best.value, place), share, colours, 16)
        if share.naive is not None:
            axes.vlines(share.naive, place - 0.3, place + 0.3, color=colours[OTHER], linewidth=1.4)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    bare(axes, TEXT)
    axes.grid(axis="x", color=colours[LINE], linewidth=0.5)
    axes.tick_params(labelcolor=colours[MUTED])


def _name_rows(axes: Axes, panel: Panel) -> None:
    rows = _rows(panel)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [short(panel.name(one)) for one in rows], parse_math=False)


def _point(axes: Axes, at: tuple[float, float], share: Share, colours: Colours, size: float) -> None:
    """Draw a share: filled where the group's own coded articles give it, else hollow."""
    face = colours[MODEL] if share.method == PPI else colours[CARD]
    axes.scatter(
        [at[0]], [at[1]], s=size, facecolors=face, edgecolors=colours[MODEL], linewidths=1.0, zorder=4, clip_on=False
    )


def _described(panel: Panel) -> str:
    said = [(panel.name(one), one.best.value) for one in panel.shares if one.best is not None]
    if not said:
        return f"{panel.title}: nothing can be said"
    (low, least), (high, most) = min(said, key=lambda one: one[1]), max(said, key=lambda one: one[1])
    return f"Share of {panel.title} with intervals: from {least:.3f} ({low}) to {most:.3f} ({high})"
