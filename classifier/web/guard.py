"""Stands before every request: who may ask, and what a browser may do with the answer.

A page of any other site can send requests to a server on this machine. So a request is refused whose Host is not one of
the server's names, or a browser could be led here under another name (DNS rebinding), and one that another origin
posts; and no header lets other origins read an answer.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # without a referrer a browser posts with the origin 'null'
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:/@\[\]]+)(?::\d+)?", re.IGNORECASE)


class Guard:
    """Refuses what is not for this server, and adds HEADERS to each answer that has not its own."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        named = _HOST.fullmatch(host)
        if not named or named[1].lower() not in self._hosts:
            said = f"this server is not called {host[:80]!r} (start it with --allow-host to give it further names)"
            return JSONResponse({"error": said}, 421)
        origin = headers.get("origin")
        if method != "GET" and origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return JSONResponse({"error": f"requests from pages of {origin[:80]!r} are not answered"}, 403)
        return None
