"""The server: requests -> files -> a scoring process -> answers, sent on piece by piece as they come."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from classifier.explain_page import content_policy
from classifier.web.guard import LOOPBACK, Guard
from classifier.web.job import EXPLAIN_OPTIONS, EXPLANATION, SCORE_OPTIONS, Job, QueryError, options_of
from classifier.web.pool import Pool, RefusedError
from classifier.web.received import received

MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "events": "application/x-ndjson",
    EXPLANATION: "text/html; charset=utf-8",
}
ASSETS = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/openapi.json": ("openapi.json", "application/json"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server may be asked for, and by whom."""

    max_bytes: int = 100_000_000  # of a request's body
    max_seconds: float = 300  # to receive a body, and again to answer
    hosts: Collection[str] = LOOPBACK  # names of the server in a request's Host


def application(settings: Settings, pool: Pool) -> ASGIApp:
    """Return the application over a pool that has started, which it stops at its own end."""

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        yield
        await pool.stop()

    async def model(_request: Request) -> Response:
        limits = {"max_bytes": settings.max_bytes, "max_seconds": settings.max_seconds}
        return JSONResponse({**pool.about, "limits": limits})

    routes = [
        *(Route(path, _asset(*asset), methods=["GET"]) for path, asset in ASSETS.items()),
        Route("/model", model, methods=["GET"]),
        Route("/score", Answers(pool, settings, SCORE_OPTIONS, {}), methods=["POST"]),
        Route("/explain", Answers(pool, settings, EXPLAIN_OPTIONS, {"form": EXPLANATION}), methods=["POST"]),
    ]
    app = Starlette(routes=routes, lifespan=running, exception_handlers={HTTPException: _said})
    return Guard(app, settings.hosts)


def _asset(name: str, media_type: str) -> Any:
    content = files("classifier.web").joinpath(name).read_bytes()

    async def asset(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    return asset


async def _said(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


class Answers:
    """Takes the articles of a request, and sends on what a scoring process makes of them."""

    def __init__(self, pool: Pool, settings: Settings, known: tuple[str, ...], always: dict[str, object]) -> None:
        self._pool = pool
        self._settings = settings
        self._known = known
        self._always = always

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            options = options_of(request.query_params, self._known) | self._always
        except QueryError as error:
            raise HTTPException(400, str(error)) from None
        with TemporaryDirectory(prefix="slantwise-", ignore_cleanup_errors=True) as folder:
            try:
                async with asyncio.timeout(self._settings.max_seconds):
                    names, is_json = await received(request, Path(folder), self._settings.max_bytes)
            except TimeoutError:
                raise HTTPException(408, "the body took too long to come") from None
            except ClientDisconnect:
                return
            job = Job(**{**options, "folder": folder, "names": tuple(names), "is_json": is_json})  # type: ignore[arg-type]
            await _until_gone(self._send(job, send), receive)

    async def _send(self, job: Job, send: Send) -> None:
        """Send an answer; once it has begun, what goes wrong can only be told in events, and cuts other forms off."""
        begun = False
        try:
            async with self._pool.answer(job) as pieces:
                async for piece in pieces:
                    if not begun:
                        await send({"type": "http.response.start", "status": 200, "headers": _headers(job)})
                        begun = True
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except RefusedError as error:
            if not begun:
                await _refusal(error)({"type": "http"}, _nothing, send)
                return
            if job.form != "events":
                raise
            await send(
                {"type": "http.response.body", "body": json.dumps(error.said).encode() + b"\n", "more_body": True}
            )
        await send({"type": "http.response.body", "body": b""})


def _headers(job: Job) -> list[tuple[bytes, bytes]]:
    headers = {"content-type": MEDIA_TYPES[job.form]}
    if job.form in {"csv", "jsonl"}:
        headers["content-disposition"] = f'attachment; filename="scores.{job.form}"'
    if job.form == EXPLANATION:  # the one answer that the page shows in a frame
        headers["content-security-policy"] = f"{content_policy()}; frame-ancestors 'self'"
        headers["x-frame-options"] = "SAMEORIGIN"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _refusal(error: RefusedError) -> Response:
    headers = {"retry-after": "10"} if error.http_status == 503 else None
    return JSONResponse(error.said, error.http_status, headers)


async def _nothing() -> Any:
    raise AssertionError("nothing more is received")


async def _until_gone(work: Any, receive: Receive) -> None:
    """Do some work, and leave it where the client goes away."""
    working, gone = asyncio.create_task(work), asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not working.done():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
