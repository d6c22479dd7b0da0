"""A server to ask: the command itself, started as a person would, on a port that is free."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).parents[1]
BOUNDARY = "a-line-that-no-file-has"


class Answer(NamedTuple):
    """What a server said: its status, its headers by lower-case name, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]


class Server:
    """A server that runs: what it is called, its process, and ways to ask it."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.process = process
        self.host = urlsplit(url).netloc

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, body: bytes, kind: str, path: str = "/score", **query: object) -> Answer:
        return self.ask("POST", f"{path}?{urlencode(query)}", body, {"content-type": kind})

    def send(self, files: Sequence[tuple[str, bytes]], path: str = "/score", **query: object) -> Answer:
        return self.post(form_of(files), f"multipart/form-data; boundary={BOUNDARY}", path, **query)


def form_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@contextmanager
def running(*arguments: object, **environment: str) -> Iterator[Server]:
    """Run `slantwise serve`, and hold it to ending without a word once it is told to."""
    command = [sys.executable, "-W", "error", "-m", "slantwise", "serve", "--port", "0", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT)
    assert process.stderr
    try:
        said = process.stderr.readline()
        assert said.startswith("slantwise at http://"), said
        yield Server(said.split()[2], process)
    finally:
        process.terminate()
        _, rest = process.communicate(timeout=60)
    assert all("an answer broke off: not done within" in line for line in rest.splitlines()), rest
