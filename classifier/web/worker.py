"""A process that scores: a job a line on standard input, the frames of its answer on standard output.

It is a process of its own so that the server can end it: an article that takes too long, or all memory, costs its
request alone. It ends when its standard input does, which is when the server is gone.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from classifier.errors import SlantwiseError
from classifier.model import Model
from classifier.web.forms import UnreadableError, answer, described
from classifier.web.frames import DATA, END, READY, REFUSED, framed
from classifier.web.job import Job


def main() -> None:
    """Score what comes until there is no more; the one argument is a model file."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C goes to all processes; the server ends this one when it is time
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever prints must not come between frames
    try:
        model = Model.load(*sys.argv[1:])
    except SlantwiseError as error:
        _send(out, REFUSED, json.dumps({"error": str(error)}).encode())
        return
    _send(out, READY, json.dumps(described(model)).encode())
    for line in sys.stdin.buffer:
        _work(model, Job.from_line(line), out)


def _work(model: Model, job: Job, out: BinaryIO) -> None:
    home = Path.cwd()
    os.chdir(job.folder)
    try:
        answer(model, job, lambda piece: _send(out, DATA, piece))
        _send(out, END)
    except SlantwiseError as error:
        notes = error.notes.to_row() if isinstance(error, UnreadableError) else {}
        _send(out, REFUSED, json.dumps({"error": str(error), **notes}).encode())
    finally:
        os.chdir(home)


def _send(out: BinaryIO, kind: bytes, data: bytes = b"") -> None:
    out.write(framed(kind, data))
    out.flush()


if __name__ == "__main__":
    main()
