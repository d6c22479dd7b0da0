"""Write shares to files, each whole or not at all."""

from pathlib import Path

from classifier.atomic import write_atomically
from classifier.errors import SlantwiseError
from training.share_page import shares_page
from training.share_plots import panels, paper_drawing
from training.share_report import Shares


def write_shares(shares: Shares, out: Path | None) -> list[Path]:
    """Write a table, as CSV or JSON by the name of the file; return what was written."""
    if out is None:
        return []
    with write_atomically(out) as file:
        file.write((shares.to_json() if out.suffix == ".json" else shares.to_csv()).encode())
    return [out]


def write_plots(shares: Shares, folder: Path | None) -> list[Path]:
    """Write shares.png, shares.svg and shares.html into a folder; return what was written.

    Raises
    ------
    SlantwiseError
        If there are more panels than fit a drawing, or the folder cannot be made.
    """
    if folder is None:
        return []
    found = panels(shares)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SlantwiseError(f"{folder}: cannot be made: {error.strerror} (name a folder)") from None
    contents = {f"shares.{form}": paper_drawing(found, form) for form in ("png", "svg")}
    contents["shares.html"] = shares_page(shares).encode()
    for name, content in contents.items():
        with write_atomically(folder / name) as file:
            file.write(content)
    return [folder / name for name in contents]
