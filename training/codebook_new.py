"""Write a codebook to fill in: the first step of a question of one's own."""

import re
from pathlib import Path

from classifier.atomic import refuse_overwriting, write_atomically
from classifier.errors import CodebookError
from training.datafiles import data_file

NAME = r"[A-Za-z0-9][\w-]*"
PLACE_OF_NAME = "@NAME@"


def write_template(name: str, out: Path | None = None) -> Path:
    """Write the commented template under a name, to `out` or NAME.toml, and return where it is.

    Raises
    ------
    SlantwiseError
        If the name is none, or a file is there already.
    """
    if not re.fullmatch(NAME, name):
        raise CodebookError(
            f"a codebook's name has letters, digits, - and _; found {name!r} (it becomes a file's name)"
        )
    out = out or Path(f"{name}.toml")
    refuse_overwriting(out, "name another, or --out FILE")
    text = data_file("codebooks/template.toml").read_text(encoding="utf-8")
    with write_atomically(out) as file:
        file.write(text.replace(PLACE_OF_NAME, name).encode())
    return out
