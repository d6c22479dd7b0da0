"""Keep ids apart: which were read, and what the articles of one page are called."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_MASK = (1 << 64) - 1


class Ids:
    """The ids seen so far, as sorted 64-bit hashes: some 10 bytes an id, where a set of strings takes over 100.

    They are Python's hashes, which hold in one process alone. By chance, one of ten million articles with ids of their
    own is taken for a duplicate in 1 of 370,000 runs.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._shelves = [array("Q") for _ in range(4096)]
        for name in names:
            self.add(name)

    def __contains__(self, name: str) -> bool:
        shelf, slot, digest = self._find(name)
        return slot < len(shelf) and shelf[slot] == digest

    def add(self, name: str) -> bool:
        """Take in an id; return whether it is new."""
        shelf, slot, digest = self._find(name)
        if slot < len(shelf) and shelf[slot] == digest:
            return False
        shelf.insert(slot, digest)
        return True

    def numbered(self, name: str, count: int) -> list[str]:
        """Take in and return ids for the articles of one page: name#1, name#2, leaving out those that are taken.

        >>> ids = Ids()
        >>> ids.add("x#2"), ids.numbered("x", 2)
        (True, ['x#1', 'x#3'])
        """
        names: list[str] = []
        number = 0
        while len(names) < count:
            number += 1
            if self.add(f"{name}#{number}"):
                names.append(f"{name}#{number}")
        return names

    def _find(self, name: str) -> tuple["array[int]", int, int]:
        digest = hash(name) & _MASK
        shelf = self._shelves[digest >> 52]
        return shelf, bisect_left(shelf, digest), digest
