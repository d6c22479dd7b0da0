"""Take the articles of a request to files in a folder, by the name or the media type that they come with."""

import asyncio
import re
import shutil
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from classifier.web.forms import JSON_NAME

MOST_FILES = 2_000
MOST_NAME, MOST_SUFFIX = 150, 40  # bytes of a file's name
NAMES = {  # of the one file that a body is, by its media type
    "application/json": JSON_NAME,
    "application/x-ndjson": JSON_NAME,
    "text/plain": "article.txt",
    "text/html": "article.html",
    "text/csv": "articles.csv",
    "text/tab-separated-values": "articles.tsv",
}
FORM = "multipart/form-data"
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


async def received(request: Request, folder: Path, most_bytes: int) -> tuple[list[str], bool]:
    """Write a request's articles to files; return their names, and whether the one file is a JSON document.

    Raises
    ------
    HTTPException
        If the body is too large (413), of a type that is not read (415), or no form with files (400).
    """
    if int(request.headers.get("content-length") or 0) > most_bytes:
        raise _too_large(most_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM and kind not in NAMES:
        raise HTTPException(415, f"expected a body of {', '.join([FORM, *NAMES])}; found {kind or 'no type'!r}")
    limited = Request(request.scope, _limited(request.receive, most_bytes))
    if kind == FORM:
        return await _files(limited, folder), False
    with (folder / NAMES[kind]).open("wb") as file:
        async for chunk in limited.stream():
            file.write(chunk)
    return [NAMES[kind]], kind == "application/json"


async def _files(request: Request, folder: Path) -> list[str]:
    names: list[str] = []
    async with request.form(max_files=MOST_FILES, max_fields=0) as form:
        for _, file in form.multi_items():
            assert isinstance(file, UploadFile)
            names.append(free_name(file.filename or "", names))
            with (folder / names[-1]).open("wb") as out:
                await asyncio.to_thread(shutil.copyfileobj, file.file, out)
    if not names:
        raise HTTPException(400, "the form holds no file; expected at least one")
    return names


def free_name(name: str, taken: list[str]) -> str:
    """Return a file's name without folders and without what no file can be called, and past those that are taken.

    Examples
    --------
    >>> free_name("../news/a.txt", ["a.txt"]), free_name("-", [])
    ('a (2).txt', 'unnamed')
    """
    own = _UNFIT.sub("", re.split(r"[/\\]", name)[-1]).strip()
    stem, dot, suffix = own.partition(".")
    stem = stem.encode()[:MOST_NAME].decode(errors="ignore")
    own = f"{stem}{dot}{suffix.encode()[-MOST_SUFFIX:].decode(errors='ignore')}"
    own = "unnamed" if own.strip(".") in {"", "-"} else own
    stem, dot, suffix = own.partition(".")
    number = 1
    while own in taken:
        number += 1
        own = f"{stem} ({number}){dot}{suffix}"
    return own


def _limited(receive: Receive, most_bytes: int) -> Receive:
    """Return what raises where a body turns out to be too large, whatever its head said."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most_bytes:
            raise _too_large(most_bytes)
        return message

    return counted


def _too_large(most_bytes: int) -> HTTPException:
    way_out = "send the articles in parts, use the command, or have the server started with more --max-mb"
    return HTTPException(413, f"the body has more than {most_bytes:,} bytes ({way_out})")
