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

    A link is followed and kept. What is no file of its own, such as /dev/null or a pipe, is written to as it is.

    Raises
    ------
    SlantwiseError
        If it cannot be written: no such folder, no permission, no space.
    """
    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
        else:
            yield from _write_and_rename(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        way_out = "name a file in it" if target.is_dir() else "is the folder there, with space, and yours to write in?"
        raise SlantwiseError(f"{path}: cannot be written: {error.strerror} ({way_out})") from None


def refuse_overwriting(path: Path, way_out: str) -> None:
    """Keep somebody's work by hand from being written over.

    Raises
    ------
    SlantwiseError
        If the file is there already; `way_out` says what to do then.
    """
    if path.is_file():
        raise SlantwiseError(f"{path}: is there already, and may hold work that is nowhere else ({way_out})")


def _write_and_rename(target: Path) -> Iterator[BinaryIO]:
    handle, partial = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(partial).chmod(0o666 & ~_umask())
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
