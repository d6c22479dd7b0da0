"""Find the words of texts and number them: the first half of articles -> features.

A word is what `WORD` matches in lower-cased text. Regular expressions take 150 microseconds an article for it, and
looking the words up 60; here both are done on the bytes of a whole batch with numpy, in 40, which also lets other
threads run. A test holds this to the regular expression.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

WORD = r"[\p{L}\p{N}]+"  # applied to lower-cased text

CODE_POINTS = 0x110000
UNSEEN, IN_WORD, BETWEEN, CAPITAL, ODD = range(5)  # what is known of a character
WINDOW = 8  # bytes of a word that one 64-bit number holds
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: spreads neighbouring numbers far apart
ROOM = 4  # slots of a table for each of its keys, at least

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int64]
Keys = NDArray[np.uint64]

# Filled as characters are met, by any thread: what is known of each; the lower case of capitals, which is set first.
_KNOWN: Bytes = np.full(CODE_POINTS, UNSEEN, dtype=np.uint8)
_LOWER: Ids = np.zeros(CODE_POINTS, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a batch of articles, one after the other.

    `ids` are word numbers, -1 for a word that the vocabulary lacks; article i has `lengths[i]` of them.
    """

    ids: Ids
    lengths: Ids

    @property
    def longest(self) -> int:
        """The words of the longest article."""
        return int(self.lengths.max(initial=0))

    @property
    def positions(self) -> Ids:
        """Position of each word within its article, from 0; shape (n_words,)."""
        ends = np.cumsum(self.lengths)
        return np.arange(len(self.ids)) - np.repeat(ends - self.lengths, self.lengths)

    @property
    def articles(self) -> Ids:
        """Number of the article that each word stands in; shape (n_words,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


class Table:
    """Says which number each of many keys has: open addressing, for a whole array of keys at once.

    Parameters
    ----------
    keys
        Numbers other than 0, without repeats; the key at i has number i. Those that come first are found first.
    """

    def __init__(self, keys: Keys) -> None:
        bits = max(4, (ROOM * len(keys)).bit_length())
        self._shift = np.uint64(64 - bits)
        self._keys = np.zeros((1 << bits) + len(keys), np.uint64)  # so that the last slots can overflow
        self._numbers = np.zeros(len(self._keys), np.int32)
        waiting = np.arange(len(keys))[::-1]
        slots = self._slots(keys[waiting])
        while len(waiting):
            free = self._keys[slots] == 0
            self._numbers[slots[free]] = waiting[free]  # of several for one slot the last stays: the lowest number
            self._keys[slots[free]] = keys[waiting[free]]
            left = self._keys[slots] != keys[waiting]
            waiting, slots = waiting[left], slots[left] + 1

    def numbers(self, keys: Keys, absent: int) -> Ids:
        """Return the number of each key, `absent` where it has none; shape as `keys`."""
        slots = self._slots(keys)
        there = self._keys.take(slots, mode="clip")
        same = there == keys
        numbers = self._numbers.take(slots, mode="clip").astype(np.int64)
        found: Ids = (numbers - absent) * same + absent  # np.where takes three times as long where nobody can guess
        waiting = np.flatnonzero(~same & (there != 0))
        slots = slots[waiting]
        while len(waiting):
            slots = slots + 1
            there = self._keys[slots]
            same = there == keys[waiting]
            found[waiting[same]] = self._numbers[slots[same]]
            on = ~same & (there != 0)
            waiting, slots = waiting[on], slots[on]
        return found

    def _slots(self, keys: Keys) -> Ids:
        slots: Ids = ((keys * SPREAD) >> self._shift).view(np.int64)
        return slots


def word_table(words: Sequence[str]) -> Table:
    """Return the numbers of a vocabulary's words by their keys."""
    encoded = [word.encode() for word in words]
    lengths = np.array([len(word) for word in encoded], np.int64)
    ends = np.cumsum(lengths + 1) + 1  # every word with a blank before it
    return Table(_keys(_padded(b"\0".join(encoded)), ends - lengths - 1, lengths))


def tokenise(texts: pl.Series, table: Table) -> Tokens:
    """Return the words of each text by their numbers in a table of `word_table`."""
    lowered, ends = _lowered(texts)
    edges = np.flatnonzero((lowered[1:] != 0) != (lowered[:-1] != 0))
    starts, lengths = edges[::2] + 1, edges[1::2] - edges[::2]
    words_before = np.searchsorted(starts, ends)
    return Tokens(table.numbers(_keys(lowered, starts, lengths), -1), np.diff(words_before, prepend=0))


# --- bytes


def _lowered(texts: pl.Series) -> tuple[Bytes, Ids]:
    """Return the texts as one run of bytes, in lower case, zeros between words, and where in it each text ends."""
    padded = _padded(_joined(texts))
    at, code = _characters(padded)
    kinds = _kinds(code)
    if (kinds == ODD).any():
        texts = texts.str.to_lowercase()
        padded = _padded(_joined(texts))
        at, code = _characters(padded)
        kinds = _kinds(code)
    lowered = _lower_ascii().take(padded, mode="clip")
    capital = kinds == CAPITAL
    small = _LOWER.take(code[capital])
    kinds[capital] = _kinds(small)
    _overwrite(lowered, at[capital], small)
    _blank(lowered, at[kinds == BETWEEN])
    return lowered, np.cumsum(texts.str.len_bytes().cast(pl.Int64).to_numpy() + 1)


def _joined(texts: pl.Series) -> bytes:
    joined: bytes = texts.str.join("\n").cast(pl.Binary).item() if len(texts) else b""
    return joined


def _padded(joined: bytes) -> Bytes:
    """Return bytes with a blank before them and so many behind that a window may begin anywhere."""
    return np.frombuffer(b"\0" + joined + bytes(2 * WINDOW), np.uint8)


# --- characters


@lru_cache(maxsize=1)
def _lower_ascii() -> Bytes:
    """Return for each byte what it becomes: lower case, 0 between words, itself where it is no ASCII character."""
    table = np.arange(256, dtype=np.uint8)
    for byte in range(128):
        table[byte] = ord(chr(byte).lower()) if chr(byte).isalnum() else 0
    return table


def _characters(padded: Bytes) -> tuple[Ids, Ids]:
    """Return where the characters beyond ASCII begin, and their code points."""
    at = np.flatnonzero(padded >= 0xC0)
    size = _sizes(padded[at])
    code = padded[at].astype(np.int64) & (0x7F >> size)
    for further in range(1, 4):
        code = np.where(further < size, (code << 6) | (padded[at + further] & 0x3F), code)
    return at, code


def _sizes(lead: Bytes) -> Ids:
    return 2 + (lead >= 0xE0).astype(np.int64) + (lead >= 0xF0)


def _overwrite(padded: Bytes, at: Ids, code: Ids) -> None:
    """Put, in place, other characters of the same size in bytes; their lead bytes stay if they can."""
    size = _sizes(padded[at])
    padded[at] = ((0xF00 >> size) & 0xFF) | (code >> (6 * (size - 1)))
    for further in range(1, 4):
        some = further < size
        padded[at[some] + further] = 0x80 | ((code[some] >> (6 * (size[some] - 1 - further))) & 0x3F)


def _blank(padded: Bytes, at: Ids) -> None:
    """Overwrite, in place, the characters that begin at these places with zeros."""
    size = _sizes(padded[at])
    for further in range(4):
        padded[at[further < size] + further] = 0


def _kinds(code: Ids) -> Bytes:
    """Return what each character is: part of a word, between words, a capital, or odd.

    A capital becomes one other character of the same size. Odd is one that becomes something else, or becomes it only
    in some places (the Greek sigma at the end of a word).
    """
    kinds = _KNOWN.take(code, mode="clip")
    if (kinds == UNSEEN).any():
        _learn(np.unique(code[kinds == UNSEEN]))
        kinds = _KNOWN.take(code, mode="clip")
    return kinds


def _learn(code: Ids) -> None:
    character = pl.Series([chr(c) for c in code.tolist()], dtype=pl.String)
    lower = character.str.to_lowercase()
    in_word = np.where(character.str.contains(WORD), IN_WORD, BETWEEN)
    simple = (lower.str.len_chars() == 1) & (lower.str.len_bytes() == character.str.len_bytes()) & (character != "Σ")
    _LOWER[code] = [ord(c[0]) for c in lower]
    _KNOWN[code] = np.where(lower == character, in_word, np.where(simple, CAPITAL, ODD))


# --- keys


def _keys(padded: Bytes, starts: Ids, lengths: Ids) -> Keys:
    """Return a number for each word, its bytes if it has up to 8.

    Longer words are hashed: one that a vocabulary of 100,000 lacks is taken for one of its words once in 10**14.
    """
    windows = np.ndarray((len(padded) - WINDOW + 1,), "<u8", padded.data, 0, (1,))  # one beginning at every byte
    keys: Keys = windows[starts] & _masks().take(lengths, mode="clip")
    long = np.flatnonzero(lengths > WINDOW)
    done = WINDOW
    while len(long):
        left = lengths[long] - done
        keys[long] = keys[long] * SPREAD + (windows[starts[long] + done] & _masks().take(left, mode="clip"))
        done += WINDOW
        long = long[left > WINDOW]
    return keys


@lru_cache(maxsize=1)
def _masks() -> Keys:
    """Return masks that keep the first 0 to 8 bytes of a window."""
    return np.array([(1 << (8 * size)) - 1 for size in range(WINDOW + 1)], np.uint64)
