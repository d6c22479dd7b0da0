"""Draw the plots of a report's page as SVG that stands in the page itself: figures -> SVG text.

Lines and text take the page's colours, so that one drawing serves by day, by night and in print. Drawings are narrow,
for a phone would shrink the text of a wide one beyond reading; and no place of a plot is told by colour alone.
"""

import re
import warnings
from collections.abc import Sequence
from html import escape
from io import StringIO
from itertools import groupby
from math import log10
from unicodedata import east_asian_width

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from training.report import Baseline, Bin, LabelResult, Slice
from training.resampling import Figure

# Drawn in the first, shown in the second: a variable of page.css, or what stands after it where there is no such page.
INK, MUTED, LINE, MODEL, OTHER, BAD, CARD = (f"#{number:02}{number:02}{number:02}" for number in range(1, 8))
COLOURS = {
    INK: "var(--ink, #1d2126)",
    MUTED: "var(--muted, #5b6470)",
    LINE: "var(--line, #d9d6cd)",
    MODEL: "var(--model, #1f5a8a)",
    OTHER: "var(--other, #a8500f)",
    BAD: "var(--bad, #a61b1b)",
    CARD: "var(--card, #ffffff)",
}
WIDTH, ROW, SMALL = 320, 15, 112  # points: of a plot, from row to row, and of a label's own plot
TEXT, SMALL_TEXT = 9.0, 7.5  # points
LETTER = 5.1  # points, the usual width of one
LONGEST = 24  # letters of a name; the tables have it whole
GUTTER = 38  # points right of a plot, for a word on a row
SIDES = {"above": ("^", OTHER), "below": ("v", BAD)}  # of a slice that lies apart: its mark and colour


def f1_plot(labels: Sequence[LabelResult], baselines: Sequence[Baseline], key: str) -> str:
    """Return F1 with its interval for each label, best first, and the best F1 of any baseline as a tick.

    Parameters
    ----------
    key
        Unlike that of any other drawing on the page; begins every id in it.
    """
    order = sorted(labels, key=lambda label: -_or_zero(label.figures["f1"].value))
    axes = named_rows([short(label.key) for label in order], right=GUTTER)
    _share_axis(axes, "F1")
    for place, label in enumerate(order):
        f1 = label.figures["f1"]
        whisker(axes, place, f1)
        best = best_baseline(label.key, baselines)
        if best is not None:
            axes.vlines(best, place - 0.36, place + 0.36, color=OTHER, linewidth=2)
            if best > _or_zero(f1.value):
                _word(axes, place, "below", BAD)
    defined = [
        f"{label.key} {label.figures['f1'].value:.3f}" for label in order if label.figures["f1"].value is not None
    ]
    ends = f"from {defined[0]} to {defined[-1]}" if defined else "none is defined"
    return svg(axes, key, f"F1 of {len(order)} labels with intervals, {ends}")


def best_baseline(label: str, baselines: Sequence[Baseline]) -> float | None:
    """Return the best F1 that any baseline has for a label."""
    return max((f1 for one in baselines if (f1 := one.labels.get(label)) is not None), default=None)


def share_plot(labels: Sequence[LabelResult], key: str) -> str:
    """Return the share of articles that each label was coded in and assigned to, the commonest first."""
    order = sorted(labels, key=lambda label: -_or_zero(label.figures["prevalence_coded"].value))
    axes = named_rows([short(label.key) for label in order], right=10)
    coded, assigned = (
        [_or_zero(label.figures[f"prevalence_{what}"].value) for label in order] for what in ("coded", "assigned")
    )
    places = range(len(order))
    axes.hlines(places, coded, assigned, color=MUTED, linewidth=1.2, zorder=2)
    axes.scatter(coded, places, s=34, facecolors="none", edgecolors=OTHER, linewidths=1.3, zorder=3)
    axes.scatter(assigned, places, s=13, color=MODEL, zorder=4)
    axes.set_xlim(0, max(*coded, *assigned, 0.01) * 1.06)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    plain_axis(axes, "share of articles")
    widest = max(zip(order, coded, assigned, strict=True), key=lambda row: abs(row[1] - row[2]))
    apart = f"{widest[0].key}, coded {widest[1]:.3f} and assigned {widest[2]:.3f}"
    return svg(axes, key, f"Share coded and share assigned of {len(order)} labels; furthest apart: {apart}")


def reliability_plot(bins: Sequence[Bin], key: str) -> str:
    """Return the share coded by mean probability, over a strip of how many decisions each bin holds."""
    drawing = Drawing(figsize=(WIDTH / 72, WIDTH / 72))
    axes, strip = drawing.add_axes((0.12, 0.32, 0.86, 0.66)), drawing.add_axes((0.12, 0.11, 0.86, 0.14))
    _diagonal(axes)
    axes.plot([one.probability for one in bins], [one.coded for one in bins], color=MODEL, linewidth=1.2)
    axes.scatter([one.probability for one in bins], [one.coded for one in bins], s=18, color=MODEL, zorder=3)
    _ticks(axes, (0, 0.25, 0.5, 0.75, 1))
    axes.set_ylabel("share coded", color=MUTED, fontsize=TEXT)
    for one in bins:
        height = log10(one.n + 1)
        strip.bar(one.low, height, one.high - one.low, align="edge", color=LINE, edgecolor=MUTED, linewidth=0.5)
        _text(strip, (one.low + one.high) / 2, height, f"{one.n:,}", MUTED, SMALL_TEXT - 1, "center", "bottom")
    strip.set_xlim(-0.01, 1.01)
    strip.set_axis_off()
    _text(strip, 0.5, 0, "mean probability, and decisions by probability (log)", MUTED, TEXT, "center", "top", -0.35)
    return svg(axes, key, f"Reliability curve: {_worst_bin(bins)}")


def small_reliability_plot(bins: Sequence[Bin], key: str, label: str) -> str:
    """Return the same for one label, to stand beside others: the size of a point goes with its decisions."""
    drawing = Drawing(figsize=(SMALL / 72, SMALL / 72))
    axes = drawing.add_axes((0.14, 0.14, 0.8, 0.8))
    _diagonal(axes)
    most = max(one.n for one in bins)
    sizes = [4 + 60 * (one.n / most) ** 0.5 for one in bins]
    at = [one.probability for one in bins], [one.coded for one in bins]
    axes.plot(*at, color=MODEL, linewidth=0.8)
    axes.scatter(*at, s=sizes, color=MODEL, alpha=0.75, linewidths=0, clip_on=False, zorder=3)
    _ticks(axes, (0, 1), SMALL_TEXT)
    return svg(axes, key, f"Reliability curve of {label}: {_worst_bin(bins)}")


def slices_plot(slices: Sequence[Slice], whole: Figure, measure: tuple[str, str], key: str) -> str:
    """Return one measure, by key and title, of each slice with its interval; a line stands where the whole has it."""
    rows: list[Slice | str] = []
    for column, group in groupby(slices, key=lambda one: one.column):
        rows += [column, *group]
    names = [short(row) if isinstance(row, str) else f"{short(row.value, 19)} ({row.n:,})" for row in rows]
    axes = named_rows(names, right=GUTTER, headings=[isinstance(row, str) for row in rows])
    for place, row in enumerate(rows):
        if not isinstance(row, str):
            whisker(axes, place, row.figures[measure[0]], *SIDES.get(row.lies, ("o", MODEL)))
            _word(axes, place, row.lies, SIDES.get(row.lies, ("", INK))[1])
    if whole.value is not None:
        axes.axvline(whole.value, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    span(axes, [whole, *(one.figures[measure[0]] for one in slices)])
    plain_axis(axes, measure[1])
    apart = [f"{one.value} {one.lies}" for one in slices if one.lies]
    return svg(axes, key, f"{measure[1]} of {len(slices)} slices; apart from the whole: {', '.join(apart) or 'none'}")


# --- parts of a plot


def named_rows(names: Sequence[str], right: int, headings: Sequence[bool] = ()) -> Axes:
    """Return axes with a row for each name, the first on top."""
    left, bottom, height = max(40.0, max(map(_wide, names)) * LETTER + 10), 30, len(names) * ROW
    whole = height + bottom + 4
    drawing = Drawing(figsize=(WIDTH / 72, whole / 72))
    axes = drawing.add_axes((left / WIDTH, bottom / whole, (WIDTH - left - right) / WIDTH, height / whole))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    for place, name in enumerate(names):
        if any(headings) and headings[place]:
            _beside(axes, 0, place, name, MUTED, "right", "bold", -6)
        else:
            axes.axhline(place, color=LINE, linewidth=0.5, zorder=0)
            _beside(axes, 0, place, name, INK, "right", "normal", -6)
    return axes


def whisker(axes: Axes, place: int, figure: Figure, marker: str = "o", colour: str = MODEL) -> None:
    if figure.value is None:
        _text(axes, axes.get_xlim()[0], place, " undefined", MUTED, SMALL_TEXT, "left", "center")
        return
    if figure.low is not None and figure.high is not None:
        axes.hlines(place, figure.low, figure.high, color=colour, linewidth=1.3, zorder=2)
    axes.scatter([figure.value], [place], s=26 if marker != "o" else 18, marker=marker, color=colour, zorder=3)


def _word(axes: Axes, place: int, word: str, colour: str) -> None:
    """Write a word right of a row."""
    if word:
        _beside(axes, 1, place, word, colour, "left", "bold", 5)


def _beside(axes: Axes, edge: int, place: int, text: str, colour: str, side: str, weight: str, gap: int) -> None:
    """Write left (edge 0) or right (edge 1) of a row, so many points away."""
    axes.annotate(
        text,
        (edge, place),
        (gap, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha=side,
        va="center_baseline",
        color=colour,
        fontsize=TEXT,
        fontweight=weight,
        parse_math=False,  # a name may hold dollar signs
        annotation_clip=False,
    )


def _text(
    axes: Axes, x: float, y: float, text: str, colour: str, size: float, side: str, line: str, down: float = 0.0
) -> None:
    """Write at a place of the axes, `down` by a share of their height."""
    y += down * (axes.get_ylim()[1] - axes.get_ylim()[0])
    axes.text(x, y, text, color=colour, fontsize=size, ha=side, va=line, parse_math=False)


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.02, 1.02)


def _ticks(axes: Axes, places: Sequence[float], size: float = TEXT) -> None:
    """Mark the same places on both sides of a reliability curve."""
    names = [f"{place:g}" for place in places]
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    bare(axes, size)
    axes.grid(color=LINE, linewidth=0.5)


def _share_axis(axes: Axes, title: str) -> None:
    axes.set_xlim(0, 1.02)
    axes.set_xticks((0, 0.25, 0.5, 0.75, 1), ("0", "0.25", "0.5", "0.75", "1"))
    plain_axis(axes, title)


def span(axes: Axes, figures: Sequence[Figure]) -> None:
    """Make room for all values and intervals, and no more: slices lie close together."""
    values = [end for one in figures for end in (one.low, one.value, one.high) if end is not None] or [0.0, 1.0]
    low, high = min(values), max(values)
    room = max(0.05 * (high - low), 0.01)
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(4))


def plain_axis(axes: Axes, title: str) -> None:
    bare(axes, TEXT)
    axes.grid(axis="x", color=LINE, linewidth=0.5)
    axes.set_xlabel(title, color=MUTED, fontsize=TEXT, parse_math=False)


def bare(axes: Axes, size: float) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=size, labelcolor=MUTED, pad=3)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


# --- words of a plot


def _or_zero(value: float | None) -> float:
    return 0.0 if value is None else value


def _wide(name: str) -> int:
    """Return how many letters wide a name is: a Chinese one takes the room of two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)


def short(name: str, longest: int = LONGEST) -> str:
    """Return a name on one line that has room beside a plot.

    Examples
    --------
    >>> short("a very long name of a label")
    'a very long name of a l\N{HORIZONTAL ELLIPSIS}'
    """
    name = " ".join(name.split())
    if _wide(name) <= longest:
        return name
    while _wide(name) >= longest:
        name = name[:-1]
    return name + "\N{HORIZONTAL ELLIPSIS}"


def _worst_bin(bins: Sequence[Bin]) -> str:
    worst = max(bins, key=lambda one: abs(one.probability - one.coded))
    said = f"mean probability {worst.probability:.2f}, share coded {worst.coded:.2f}, {worst.n:,} decisions"
    return f"furthest from the diagonal is a bin of {said}"


# --- the text of a drawing


def svg(axes: Axes, key: str, described: str) -> str:
    """Return the drawing that axes stand in, fit to stand in a page: no prolog, own ids, the page's colours."""
    drawing = axes.get_figure()
    assert isinstance(drawing, Drawing)
    drawing.patch.set_visible(False)
    written = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}), warnings.catch_warnings():
        # The reader's fonts show the text; that the font it is measured by lacks a letter does not matter.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        drawing.savefig(written, format="svg", metadata=nothing)
    text = written.getvalue()
    width, height = (72 * inches for inches in drawing.get_size_inches())
    inside = text[text.index(">", text.index("<svg")) + 1 :].strip()
    opening = f'<svg role="img" aria-label="{escape(described)}" viewBox="0 0 {width:g} {height:g}" '
    return opening + f'width="{width * 1.4:.0f}" height="{height * 1.4:.0f}">' + _in_page(inside, key)


def _in_page(svg: str, key: str) -> str:
    """Give ids that are used the key of the drawing, drop the others, and put the page's colours in."""
    svg = re.sub(r"<defs>\s*<style.*?</defs>", "", svg, count=1, flags=re.DOTALL)  # it would hold for the whole page
    used = set(re.findall(r'<[^>]*(?:href="|url\()#([\w-]+)', svg))

    def own(element: re.Match[str]) -> str:
        text = re.sub(r' id="([\w-]+)"', lambda found: found[0] if found[1] in used else "", element[0])
        text = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{key}-", text.replace("xlink:href", "href"))
        for drawn, shown in COLOURS.items():
            text = text.replace(drawn, shown)
        return text

    elements = re.sub(r"<[^>]+>", own, svg)  # and not the names between them
    return re.sub(r">\s+<", "><", elements)
