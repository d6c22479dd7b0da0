"""Show how far a long run is: on stderr, and only where a person sees it and it disturbs no other output there."""

import sys
import time
from types import TracebackType
from typing import Self

SECONDS_BETWEEN = 0.2


class Progress:
    """Counts articles; shows the count and the speed where `shown`."""

    def __init__(self, noun: str, *, shown: bool) -> None:
        self.count = 0
        self._noun = noun
        self._shown = shown
        self._start = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self.count:
            sys.stderr.write("\r\x1b[K")  # leave the line empty

    def advance(self, count: int) -> None:
        self.count += count
        now = time.monotonic()
        if self._shown and now - self._last >= SECONDS_BETWEEN:
            self._last = now
            sys.stderr.write(f"\r\x1b[K{self.count:,} {self._noun}, {self.count / (now - self._start):,.0f} a second")
            sys.stderr.flush()
