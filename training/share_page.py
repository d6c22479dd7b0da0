"""Write shares as one page of HTML, with a plot and a table a label: the tables hold every figure."""

from itertools import groupby

from classifier.markup import Html, tag, together
from training.markup import listed, number, row, table
from training.page import document
from training.share_plots import FEWEST_PLOTTED, Panel, panel_svg, panels
from training.share_report import Share, Shares
from training.shares import Estimate

LEGEND = (
    "Band or bar: 95% interval. Filled point: the group's own articles that were coded at random (prediction-powered "
    "inference). Hollow point: adjusted count, by the error rates of all groups. Dashed line or tick: naive count. "
    f"Groups of under {FEWEST_PLOTTED} articles are in the tables alone."
)
COLUMNS = ["articles", "coded", "share", "by", "adjusted count", "probabilistic", "naive"]


def shares_page(shares: Shares) -> str:
    """Return the page; the same shares give the same bytes."""
    found = panels(shares)
    notes = tag("div", tag("h2", "Notes"), listed(shares.notes), class_="notes")
    opening = tag("header", tag("p", "Shares of labels", class_="kicker"), tag("h1", _title(shares)), notes)
    plots = tag(
        "section", tag("h2", "Plots"), tag("p", LEGEND), tag("div", *_figures(found), class_="panels"), class_="part"
    )
    tables = [_table(label, list(rows)) for label, rows in groupby(shares.rows, lambda one: one.label)]
    signed = tag("p", shares.signed, class_="signed")
    return document(_title(shares), tag("body", opening, tag("main", plots, *tables, signed)))


def _title(shares: Shares) -> str:
    return f"Shares by {' and '.join(shares.by)}" if shares.by else "Shares of all articles"


def _figures(found: list[Panel]) -> list[Html]:
    return [
        tag("figure", tag("figcaption", panel.title), Html(panel_svg(panel, f"share{place}")))
        for place, panel in enumerate(found)
    ]


def _table(label: str, rows: list[Share]) -> Html:
    return table(f"Shares of {label}", ["group", *COLUMNS], [_row(one) for one in rows])


def _row(one: Share) -> Html:
    cells = [f"{one.articles:,}", f"{one.coded_yes:,} of {one.coded:,}", _figure(one.best)]
    method = together(one.method, tag("small", one.note, class_="why")) if one.note else one.method
    cells += [method, _figure(one.adjusted), _figure(one.probabilistic)]
    return row(group_name(one), [*cells, "\N{EM DASH}" if one.naive is None else number(one.naive)])


def group_name(one: Share) -> str:
    """Return what a row's group is called."""
    return ", ".join(value or "not known" for value in one.group.values()) or "all articles"


def _figure(found: Estimate | None) -> Html:
    if found is None:
        return tag("span", "\N{EM DASH}", class_="none")
    return together(tag("b", number(found.value)), " ", tag("small", f"[{number(found.low)}, {number(found.high)}]"))
