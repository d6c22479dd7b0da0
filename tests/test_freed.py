"""Freed memory that is kept: what the allocators are told, and what a user has set."""

import ctypes
import os
import sys
from types import SimpleNamespace

import pytest

from classifier.freed import POLARS, keep_freed_memory

MALLOC = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")


@pytest.fixture
def told(monkeypatch):
    for name in (POLARS[0], *MALLOC):
        monkeypatch.delenv(name, raising=False)
    calls = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=lambda *call: calls.append(call)))
    return calls


def test_both_allocators_are_told(told):
    keep_freed_memory()

    assert [name for name, _ in told] == [-1, -3]  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
    assert os.environ[POLARS[0]] == POLARS[1]


@pytest.mark.parametrize("name", MALLOC)
def test_what_a_user_has_set_stays(told, monkeypatch, name):
    monkeypatch.setenv(name, "131072")
    monkeypatch.setenv(POLARS[0], "dirty_decay_ms:0")

    keep_freed_memory()

    assert not told
    assert os.environ[POLARS[0]] == "dirty_decay_ms:0"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_other_systems_and_libraries_are_left_alone(told, monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())

    keep_freed_memory()

    assert not told
