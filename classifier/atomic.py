"""Write a file whole or not at all.

It is written beside its target and renamed when it is complete, so a killed run leaves what was there before.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from classifier.errors import SlantwiseError


@contextmanager
def write_atomically(path: str | Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the name `path` when the block ends without an error.

    Raises
    ------
    SlantwiseError
        If the folder does not exist or cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise SlantwiseError(f"{path}: cannot be written: Is a directory (name a file in it)")
    try:
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise SlantwiseError(f"{path}: cannot be written: {error.strerror} (does the folder exist?)") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(partial).chmod(0o666 & ~_umask())
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
