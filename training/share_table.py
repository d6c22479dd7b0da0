"""Print shares on a terminal: share and interval first, what it replaces beside it."""

from training.share_page import group_name
from training.share_report import Share, Shares
from training.shares import Estimate
from training.table import console_for, plain, table_of, text_of


def shares_text(shares: Shares, *, width: int | None, colour: bool) -> str:
    """Return the shares as a table; `width` in characters, None for a usual one."""
    console = console_for(width, colour)
    columns = ("group", "articles", "coded", "share", "by", "adjusted", "probabilistic", "naive")
    table = table_of("label", *columns)
    last = ""
    for row in shares.rows:
        table.add_row(plain(row.label) if row.label != last else "", *_cells(row))
        last = row.label
    console.print(table)
    for note in shares.notes:
        console.print(f"[red]note:[/] {plain(note)}")
    for why in dict.fromkeys(row.note for row in shares.rows if row.note and row.best is None):
        console.print(f"nothing is said: {plain(why)}")
    console.print(f"95% intervals. {plain(shares.signed)}", style="dim")
    return text_of(console)


def _cells(row: Share) -> list[str]:
    group = plain(group_name(row))
    cells = [group, f"{row.articles:,}", f"{row.coded_yes:,}/{row.coded:,}", _short(row.best), row.method]
    return [*cells, _short(row.adjusted), _short(row.probabilistic), "" if row.naive is None else f"{row.naive:.3f}"]


def _short(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
