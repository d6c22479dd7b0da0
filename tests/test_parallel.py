"""Work in threads: order, errors, and how far ahead is drawn."""

import threading
import time

import numpy as np
import polars as pl
import pytest

from classifier import parallel
from classifier.parallel import ahead, in_parts


def lengths(texts):
    return texts.str.len_bytes().to_numpy()[:, None]


@pytest.mark.parametrize("texts", [[], [""], ["a", "bb", "ccc"] * 50, ["x" * 100, "", "y"]], ids=len)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_parts_are_put_together_in_order(monkeypatch, texts, size):
    monkeypatch.setattr(parallel, "PART_BYTES", size)

    found = in_parts(pl.Series(texts, dtype=pl.String), lengths)

    assert found.ravel().tolist() == [len(text) for text in texts]


def test_a_part_is_hardly_larger_than_asked(monkeypatch):
    monkeypatch.setattr(parallel, "PART_BYTES", 10)
    sizes = []

    in_parts(pl.Series(["four"] * 9), lambda part: sizes.append(part.str.len_bytes().sum()) or np.zeros((len(part), 1)))

    assert sum(sizes) == 36
    assert max(sizes) <= 12


def test_items_come_in_order():
    assert list(ahead(n for n in range(20))) == list(range(20))


def test_one_item_is_drawn_ahead_and_no_more(monkeypatch):
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 2)
    drawn = []

    def items():
        for n in range(5):
            drawn.append(n)
            yield n

    found = ahead(items())
    assert next(found) == 0
    deadline = time.monotonic() + 10
    while len(drawn) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)

    time.sleep(0.05)  # time to draw more, if it did
    assert drawn == [0, 1]
    assert list(found) == [1, 2, 3, 4]


def test_with_one_thread_no_item_is_drawn_ahead(monkeypatch):
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 1)
    drawn, before = [], threading.active_count()

    found = ahead(drawn.append(n) or n for n in range(3))

    assert next(found) == 0
    assert threading.active_count() == before
    assert drawn == [0]
    assert list(found) == [1, 2]


def test_an_error_comes_where_its_item_would_have():
    def items():
        yield 1
        raise ValueError("the second is broken")

    found = ahead(items())

    assert next(found) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(found)


def test_a_reader_that_is_no_longer_wanted_is_closed():
    closed = []

    def items():
        try:
            yield from range(100)
        finally:
            closed.append(True)

    found = ahead(items())
    next(found)
    found.close()

    deadline = time.monotonic() + 10
    while not closed and time.monotonic() < deadline:
        time.sleep(0.001)
    assert closed == [True]
