"""The tutorial is true: its commands are run in a folder of their own, and each line that it shows must come out."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROGRAMS = {"slantwise": [sys.executable, "-m", "slantwise"], "python": [sys.executable]}
ELIDED = "…"  # alone on a line: lines left out; within one: a part that depends on versions, or is long


def steps() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the tutorial with the lines that it shows."""
    text = (DOCS / "tutorial.md").read_text("utf-8")
    for block in re.findall(r"^```\n\$ (.*?)^```$", text, re.MULTILINE | re.DOTALL):
        command, *shown = block.splitlines()
        yield command, [line.strip() for line in shown if line.strip() not in {"", ELIDED}]


def missing(shown: list[str], printed: str) -> list[str]:
    """Return the shown lines that do not come out, in their order."""
    lines = iter(printed.splitlines())
    return [line for line in shown if not any(_pattern(line).fullmatch(other.strip()) for other in lines)]


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split(ELIDED))))


@pytest.mark.slow
def test_each_command_of_the_tutorial_prints_what_is_shown(tmp_path):
    for path in (DOCS / "tutorial").iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "PYTHONUTF8": "1"}
    commands = list(steps())

    for command, shown in commands:
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [*PROGRAMS[program], *arguments],
            cwd=tmp_path, env=environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        assert missing(shown, done.stdout) == [], f"{command}\n{done.stdout}"

    assert len(commands) == 12
    assert (tmp_path / "plots" / "shares.svg").stat().st_size > 0


@pytest.mark.parametrize(("shown", "lost"), [
    pytest.param(["one 1", "three 3"], [], id="in-order"),
    pytest.param(["one …"], [], id="elided"),
    pytest.param(["two 3"], ["two 3"], id="another-number"),
    pytest.param(["three 3", "one 1"], ["one 1"], id="out-of-order"),
])  # fmt: skip
def test_a_line_that_does_not_come_out_is_missed(shown, lost):
    assert missing(shown, "one 1\ntwo 2\n  three 3\n") == lost
