"""Print shares on a terminal: share and interval first, what it replaces beside it."""

from collections.abc import Iterator
from itertools import groupby

from rich.table import Table

from training.share_page import group_name
from training.share_report import ADJUSTED, NOTHING, PPI, Share, Shares
from training.table import console_for, plain, table_of, text_of

COLUMNS = ("articles", "coded", "share", "by", "adjusted", "prob. adj.", "naive")
BRIEF = {PPI: "ppi", ADJUSTED: "adjusted", NOTHING: ""}


def shares_text(shares: Shares, *, width: int | None, colour: bool) -> str:
    """Return the shares as a table a label; `width` in characters, None for a usual one."""
    console = console_for(width, colour)
    for table in _tables(shares):
        console.print(table)
    for note in shares.notes:
        console.print(f"[red]note:[/] {plain(note)}")
    for why in dict.fromkeys(f"{row.label}, {group_name(row)}: {row.note}" for row in shares.rows if row.best is None):
        console.print(f"nothing is said of {plain(why)}")
    console.print("coded: at random, with the label of all; ppi: prediction-powered; 95% intervals", style="dim")
    console.print(plain(shares.signed), style="dim")
    return text_of(console)


def _tables(shares: Shares) -> Iterator[Table]:
    if not shares.by:
        table = table_of("label", *COLUMNS)
        for row in shares.rows:
            table.add_row(plain(row.label), *_cells(row))
        yield table
        return
    for label, rows in groupby(shares.rows, lambda row: row.label):
        table = table_of(f"\n{plain(label)}", *COLUMNS)
        for row in rows:
            table.add_row(plain(group_name(row)), *_cells(row))
        yield table


def _cells(row: Share) -> list[str]:
    others = [found.value if found else None for found in (row.adjusted, row.probabilistic)]
    found = "" if row.best is None else f"{row.best.value:.3f} [{row.best.low:.3f}, {row.best.high:.3f}]"
    cells = [f"{row.articles:,}", f"{row.coded_yes:,} of {row.coded:,}", found, BRIEF[row.method]]
    return [*cells, *("" if value is None else f"{value:.3f}" for value in (*others, row.naive))]
