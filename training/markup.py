"""Write HTML: the tables and figures that the page of a report is put together from."""

from collections.abc import Sequence

from classifier.markup import Html, breakable, tag, together
from training.resampling import Figure


def listed(items: Sequence[str]) -> Html:
    """Return a bulleted list."""
    return tag("ul", *(tag("li", item) for item in items))


# --- tables


def row_name(name: str) -> Html:
    """Return the cell that a row is named by."""
    return tag("th", breakable(name), scope="row")


def row(name: str, cells: Sequence[str], **attributes: object) -> Html:
    """Return a row of a table; see `table`."""
    return Html(tag("tr", row_name(name), *(tag("td", cell) for cell in cells), **attributes) + "\n")


def table(caption: str, columns: Sequence[str], *bodies: Sequence[str], words: bool = False) -> Html:
    """Return a table that scrolls by itself where the page is too narrow for it.

    Parameters
    ----------
    columns
        Their titles; the first column holds the names of the rows and stays in sight.
    bodies
        Rows, as `row` makes them, in groups that belong together.
    words
        The last column holds words, not numbers.
    """
    head = tag("thead", tag("tr", *(tag("th", column, scope="col") for column in columns)))
    inside = (tag("tbody", *rows) for rows in bodies)
    whole = tag("table", tag("caption", tag("span", caption)), head, *inside)
    kind = "scroll words" if words else "scroll"
    return tag("div", whole, class_=kind, role="region", aria_label=caption, tabindex=0)


def heading_row(text: str, n_columns: int) -> Html:
    """Return a row that names the rows beneath it."""
    cell = tag("th", tag("span", text), colspan=n_columns, scope="rowgroup")
    return Html(tag("tr", cell, class_="group") + "\n")


# --- figures


def number(value: float, signed: bool = False) -> str:
    """Return a figure in three digits, with a minus that is as wide as a plus.

    Examples
    --------
    >>> number(0.75), number(0.75, signed=True), number(-0.0001)
    ('0.750', '+0.750', '0.000')
    """
    return (f"{value:+z.3f}" if signed else f"{value:z.3f}").replace("-", "\N{MINUS SIGN}")


def figure(figure: Figure | None, signed: bool = False) -> Html:
    """Return a figure over its interval; what is not defined says so, and why."""
    if figure is None:
        return tag("span", "not measured", class_="none")
    why = f": {figure.undefined}" if figure.undefined else ""
    if figure.value is None:
        return together(tag("span", "undefined", class_="none"), tag("small", why.removeprefix(": "), class_="why"))
    value = tag("b", number(figure.value, signed))
    if figure.low is None or figure.high is None:
        return together(value, tag("small", f"no interval{why}", class_="why"))
    return together(value, " ", tag("small", f"[{number(figure.low, signed)}, {number(figure.high, signed)}]"))


def p_value(p: float | None) -> str:
    """Return a p-value, or that there is none."""
    if p is None:
        return "cannot be told"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
