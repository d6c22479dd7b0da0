"""Processes that score, kept warm: a job goes to one that is free; one that takes too long is ended and replaced."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from classifier.errors import SlantwiseError
from classifier.web.frames import END, HEAD, READY, REFUSED
from classifier.web.job import Job

IMPORTED_FROM = Path(__file__).parents[2]
MOST_WAITING = 16  # requests, for each process


class RefusedError(SlantwiseError):
    """A job has no answer, or not all of it; `http_status` is the status to give, and `said` the body that says why."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(said["error"])
        self.http_status = status
        self.said = said


class Pool:
    """Scoring processes, `size` of them; none works on one job for more than `seconds`."""

    def __init__(self, model: Path | None, size: int, seconds: float) -> None:
        self.about: dict[str, Any] = {}  # what the model is, known once the pool has started
        self._model = model
        self._size = size
        self._seconds = seconds
        self._free: asyncio.Queue[Process] = asyncio.Queue()
        self._all: set[Process] = set()
        self._replacing: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def start(self) -> None:
        """Start the processes, and wait until each has read the model.

        Raises
        ------
        SlantwiseError
            If the model cannot be read.
        """
        for process in [await self._process() for _ in range(self._size)]:
            await self._greet(process)

    async def stop(self) -> None:
        for task in self._replacing:
            task.cancel()
        ended = [_killed(process) for process in self._all]  # all before a wait, which may be the last that is done
        await asyncio.gather(*(process.wait() for process in ended))

    @asynccontextmanager
    async def answer(self, job: Job) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give a job to a free process, and yield the pieces of its answer.

        Raises
        ------
        RefusedError
            If the job cannot be done, takes too long, or too many wait; from the pieces as well.
        """
        process = await self._free_process()
        state = _State()
        try:
            yield self._pieces(process, job, state)
        finally:
            if state.is_over:
                self._free.put_nowait(process)
            else:  # too slow, dead, or nobody waits for the rest
                task = asyncio.create_task(self._replace(process))
                self._replacing.add(task)
                task.add_done_callback(self._replacing.discard)

    async def _free_process(self) -> Process:
        if self._waiting >= MOST_WAITING * self._size:
            raise RefusedError(503, {"error": f"{self._waiting} requests wait already; try again in a while"})
        self._waiting += 1
        try:
            return await asyncio.wait_for(self._free.get(), self._seconds)
        except TimeoutError:
            raise RefusedError(503, {"error": "all processes are at work; try again in a while"}) from None
        finally:
            self._waiting -= 1

    async def _pieces(self, process: Process, job: Job, state: "_State") -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        try:
            await asyncio.wait_for(_write(process, job.to_line()), self._seconds)
            while True:
                kind, data = await asyncio.wait_for(_frame(process), max(until - loop.time(), 0))
                if kind == END:
                    state.is_over = True
                    return
                if kind == REFUSED:
                    state.is_over = True
                    raise RefusedError(422, json.loads(data))
                yield data
        except TimeoutError:
            way_out = "send fewer articles, or have the server started with more --max-seconds"
            said = {"error": f"not done within {self._seconds:g} seconds ({way_out})"}
            raise RefusedError(504, said) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            said = {"error": "the process that scored these articles ended (send fewer at a time)"}
            raise RefusedError(500, said) from None

    async def _process(self) -> Process:
        given = [] if self._model is None else [str(self._model)]
        # The same code as the server's, wherever it was started: -P keeps a folder `classifier` there from being it.
        path = os.pathsep.join(filter(None, [str(IMPORTED_FROM), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-P", "-m", "classifier.web.worker", *given]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        self._all.add(process)
        return process

    async def _greet(self, process: Process) -> None:
        try:
            kind, data = await _frame(process)
        except asyncio.IncompleteReadError:
            raise SlantwiseError("a scoring process could not be started; what it said stands above") from None
        if kind != READY:
            raise SlantwiseError(json.loads(data)["error"])
        self.about = json.loads(data)
        self._free.put_nowait(process)

    async def _replace(self, process: Process) -> None:
        await self._end(process)
        await self._greet(await self._process())

    async def _end(self, process: Process) -> None:
        self._all.discard(process)
        await _killed(process).wait()


class _State:
    """Whether a process has nothing more to say of its job."""

    is_over = False


def _killed(process: Process) -> Process:
    """Kill a process that may have ended by itself; its own `kill` would take the status that asyncio waits for."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    return process


async def _write(process: Process, line: bytes) -> None:
    assert process.stdin
    process.stdin.write(line)
    await process.stdin.drain()


async def _frame(process: Process) -> tuple[bytes, bytes]:
    assert process.stdout
    kind, size = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
    return kind, await process.stdout.readexactly(size)
