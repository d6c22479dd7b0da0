"""Find what lies in data/: beside the code in a checkout, inside the package once it is installed.

A wheel carries data/corpora.toml and data/codebooks as training/data/, since a top-level folder called `data` in
site-packages could be anyone's.
"""

from pathlib import Path

from classifier.errors import SlantwiseError

PACKAGE = Path(__file__).resolve().parent


class DataFileError(SlantwiseError):
    """A file that comes with slantwise is not where it should be."""


def data_file(relative: str) -> Path:
    """Return the path of a file (or folder) of data/, such as "corpora.toml".

    Raises
    ------
    DataFileError
        If it is in neither place; the message names both.
    """
    places = (*_checkout(), PACKAGE / "data")
    for place in places:
        if (place / relative).exists():
            return place / relative
    looked = " nor ".join(str(place / relative) for place in places)
    msg = f"{relative} comes with slantwise, but there is no {looked} (install slantwise again)"
    raise DataFileError(msg)


def _checkout() -> tuple[Path, ...]:
    """Return the checkout's data/, if this module lies in a checkout: site-packages has no pyproject.toml."""
    root = PACKAGE.parent
    return (root / "data",) if (root / "pyproject.toml").is_file() else ()
