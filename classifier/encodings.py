"""Decode what is not UTF-8: bytes -> text and the name of the encoding, for the readers of files.

Old exports are mostly Windows-1252, and a line is too short to tell that from its relatives by statistics. What tells
them apart is which letters a language has: text is Windows-1250 if its accented letters are all those of Polish, Czech
and the like, and no western language has them all. Of longer or stranger text the encoding is detected, once a file
while it fits. A page of HTML says its own.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_SAMPLE_BYTES = 32_768  # on either side of the byte that is not UTF-8: detection takes some 0.1 s for all of it
_SHORT_BYTES = 2_000
_RARE = 8  # western text has less than one accent or typographic mark in so many bytes
_OFTEN = 3  # and Czech less than one in so many
_UNLIKELY = ["mac_cyrillic", "mac_greek", "mac_iceland", "mac_latin2", "mac_turkish"]  # taken for those of Windows
_WIDE = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7"]  # never without a mark
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK_BYTES = 1 << 16

# The letters beyond ASCII of languages written in Latin letters, by the encodings that have them.
_ALPHABETS = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíóúñü", "àèéìíîòóùú", "ãáàâçéêíóõôú", "åäöøæé", "áéíðóúýþæö", "éèëïóöü", "äöõüšž"
    ),
    "cp1250": (
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "çë"
    ),
    "cp1254": ("çğıöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž"),
}  # fmt: skip
_ALPHABETS["iso8859_2"] = _ALPHABETS["cp1250"]  # last, since most of its letters have the bytes of cp1250

_LATIN = {*_ALPHABETS, "latin_1", "cp1258", *(f"iso8859_{part}" for part in (3, 4, 9, 10, 13, 14, 15, 16))}

# Within a word no text has a sign or a control character; quotation marks and hyphens it has.
_SIGNS = r"(?:[^\x00-\x7f\w\u00ad\u00b4\u00b7\u2000-\u206f]|[\u00b2\u00b3\u00b9])"
_SIGN = re.compile(rf"(?<=[^\W\d_]){_SIGNS}(?=[^\W\d_])")
_MAY_BE_SIGN = re.compile(_SIGNS)
_ASCII = bytes(range(0x80))

# What browsers take these names for, where Python does not.
_MEANT = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "windows-949": "cp949", "tis-620": "cp874",
    "iso-8859-11": "cp874", "windows-874": "cp874", "x-gbk": "gb18030", "x-mac-cyrillic": "mac_cyrillic",
}  # fmt: skip
_SAFE = re.compile(
    r"utf_8|iso8859|iso2022|cp\d+$|koi8|gb|big5|euc_|shift|mac_|hz$|johab"
)  # some codecs are slow or run wild
_CHARSET = re.compile(
    rb"""<meta\b[^<>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)|<\?xml\b[^<>]*?\bencoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_HEAD_BYTES = 8_192  # browsers look at 1,024, but put up with later ones


class Decoder:
    """Decodes the text of one file, line by line or as a whole; `encoding` is that of the last text, None for UTF-8."""

    def __init__(self) -> None:
        self.encoding: str | None = None
        self._detected: str | None = None
        self._latin = "cp1252"  # what the last line was that told

    def decode(self, data: bytes, declared: str | None = None) -> str:
        """Return the text, or raise UnicodeDecodeError, that of UTF-8, where no encoding fits.

        What is valid UTF-8 is read so whatever is `declared`: an editor that saves a page does not change what it says.
        """
        self.encoding = None
        if declared is not None and declared.startswith("iso2022"):  # all of it ASCII
            return self._in(declared, data)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            if declared is not None and (text := _mostly(data, declared)) is not None:
                self.encoding = declared
                return text
            for encoding in self._candidates(data, error.start):
                try:
                    return self._in(encoding, data)
                except UnicodeError:
                    continue
            raise

    def _in(self, encoding: str, data: bytes) -> str:
        text = data.decode(encoding, "replace" if encoding.startswith("iso2022") else "strict")
        self.encoding = encoding
        return text

    def _candidates(self, data: bytes, at: int) -> list[str]:
        if is_utf16(data):
            return ["utf-16"]
        sample = data[max(0, at - _SAMPLE_BYTES) : at + _SAMPLE_BYTES]
        if len(sample) < _SHORT_BYTES and (latin := self._told(sample)):
            return [latin, "cp1252"]
        if len(sample) < _SHORT_BYTES and _is_western(sample):
            return [self._latin, "cp1252"]
        if self._detected is None or not _fits(sample, self._detected):
            self._detected = self._told(sample) or _detect(sample)
            if self._detected in _LATIN:
                self._detected = self._told(sample, most=1.0) or self._detected
        return [self._detected] if self._detected else []

    def _told(self, sample: bytes, most: float = 1 / _RARE) -> str | None:
        """Return the encoding that the letters of a text tell, None where they fit none.

        Of several that they fit alike it is that of the text before.
        `most` is the part of the letters that no language needs to have, as names do not.
        """
        accents = len(sample.translate(None, _ASCII))
        if accents * _OFTEN > len(sample) + 2 * _OFTEN:  # two in the shortest
            return None
        strange = {kind: _strangers(sample, kind) for kind in _ALPHABETS}
        best = min(strange, key=lambda kind: strange[kind])  # of several the first
        lead = min(strange[kind] for kind in strange if (kind == "cp1252") != (best == "cp1252")) - strange[best]
        if strange[best] > most * accents:
            return None
        if lead < (1 if best == "cp1252" else max(1, accents / _RARE)):
            return self._latin if strange[self._latin] == strange[best] else None
        self._latin = best
        return best


def is_utf16(data: bytes) -> bool:
    """Return whether data begin with the byte order mark of UTF-16."""
    return data.startswith(_BOMS)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def utf16_as_utf8(stream: _Readable) -> BinaryIO:
    """Return a stream of UTF-16, with its mark, as one of UTF-8; what is no character becomes U+FFFD."""
    return io.BufferedReader(_Recoding(stream))


class _Recoding(io.RawIOBase):
    def __init__(self, stream: _Readable) -> None:
        self._parts = _recoded(stream)
        self._part = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._part = self._part or memoryview(next(filter(None, self._parts), b""))
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size


def _recoded(stream: _Readable) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    read = getattr(stream, "read1", stream.read)  # which keeps what came before an error
    while data := read(_CHUNK_BYTES):
        yield decoder.decode(data).encode()
    yield decoder.decode(b"", final=True).encode()


def declared_charset(page: bytes, header: str | None = None) -> str | None:
    """Return the encoding that a page of HTML says it has, None where it says none or one that is not known.

    `header` is what the server said, which goes before what stands in the page.

    >>> declared_charset(b'<meta charset="ISO-8859-2">'), declared_charset(b"<p>"), declared_charset(b"", "x-sjis")
    ('iso8859_2', None, 'cp932')
    """
    said = _CHARSET.search(page[:_HEAD_BYTES])
    inside = (said[1] or said[2]).decode("ascii", "replace") if said else None
    return next((known for name in (header, inside) if name and (known := _known(name))), None)


def _known(name: str) -> str | None:
    name = name.strip().lower()
    try:
        known = codecs.lookup(_MEANT.get(name, name)).name.replace("-", "_")
    except (LookupError, ValueError):
        return None
    known = _MEANT.get(known.replace("_", "-"), known).replace("iso8859_1_", "iso8859_1")
    return known if _SAFE.match(known) else None


def _mostly(data: bytes, encoding: str) -> str | None:
    """Return text that may hold some bytes that are wrong, as browsers do, None where there are many."""
    text = data.decode(encoding, "replace")
    return text if text.count("\ufffd") * 100 <= len(text) else None


def _strangers(sample: bytes, encoding: str) -> int:
    """Return how many letters, and signs within words, the language that fits best does not have."""
    try:
        high = sample.translate(None, _ASCII).decode(encoding).lower()
    except UnicodeError:
        return len(sample)
    letters = [letter for letter in high if letter.isalpha() or letter < "\xa0"]
    strange = min(sum(letter not in own for letter in letters) for own in _ALPHABETS[encoding])
    return strange + (len(_SIGN.findall(sample.decode(encoding))) if _MAY_BE_SIGN.search(high) else 0)


def _is_western(sample: bytes) -> bool:
    rare = sum(byte >= 0x80 for byte in sample) * _RARE <= len(sample) + 2 * _RARE  # two in the shortest
    return rare and not any(byte < 0x20 and byte not in b"\0\t\n\r\f" for byte in sample) and _fits(sample, "cp1252")


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeError:
        return False
    return True


def _detect(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415  only those who have such files need wait for it

    best = from_bytes(sample, cp_exclusion=[*_UNLIKELY, *_WIDE], enable_fallback=False).best()
    if best is None:
        return None
    return "cp1252" if {"cp1252", "latin_1"} & set(best.could_be_from_charset) else best.encoding
