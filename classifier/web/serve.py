"""Run the server until it is told to stop; what is being answered then has a while to end."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from classifier.errors import SlantwiseError
from classifier.web.app import Settings, application
from classifier.web.pool import Pool, RefusedError

SECONDS_TO_END = 10
MOST_CONNECTIONS = 100


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    SlantwiseError
        If the address cannot be had.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SlantwiseError(
            f"cannot listen on {host}:{port}: {error.strerror or error} (try another --port)"
        ) from None


def serve(settings: Settings, pool: Pool, listening: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM comes.

    Raises
    ------
    SlantwiseError
        If the model cannot be read.
    """
    logging.getLogger("uvicorn.error").addFilter(_briefly)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, pool, listening, on_ready))


async def _serve(settings: Settings, pool: Pool, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    try:
        await pool.start()
        on_ready()
        config = uvicorn.Config(
            application(settings, pool),
            http="h11",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
        await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        await pool.stop()


def _briefly(record: logging.LogRecord) -> bool:
    """Have an answer that broke off, which only an exception can bring about, logged on one line."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, RefusedError):
        record.msg, record.args, record.exc_info = "an answer broke off: %s", (error,), None
    return True
