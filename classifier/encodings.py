"""Decode what is not UTF-8: bytes -> text and the name of the encoding, for `classifier.formats`.

Old exports are mostly Windows-1252, and a line is too short to tell that from its relatives, so that it is preferred
wherever the bytes could be it. Of longer or stranger text the encoding is detected, once a file while it fits.
"""

from __future__ import annotations

import codecs

_SAMPLE_BYTES = 32_768  # on either side of the byte that is not UTF-8: detection takes some 0.1 s for all of it
_SHORT_BYTES = 2_000
_RARE = 8  # Western text has less than one accent or typographic mark in so many bytes
_UNLIKELY = ["mac_cyrillic", "mac_greek", "mac_iceland", "mac_latin2", "mac_turkish"]  # taken for those of Windows
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Decoder:
    """Decodes the text of one file, line by line or as a whole; `encoding` is that of the last text, None for UTF-8."""

    def __init__(self) -> None:
        self.encoding: str | None = None
        self._detected: str | None = None

    def decode(self, data: bytes, *, whole: bool = False) -> str:
        """Return the text, or raise UnicodeDecodeError, that of UTF-8, where no encoding fits."""
        self.encoding = None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            for encoding in self._candidates(data, error.start, whole=whole):
                try:
                    text = data.decode(encoding)
                except UnicodeError:
                    continue
                self.encoding = encoding
                return text
            raise

    def _candidates(self, data: bytes, at: int, *, whole: bool) -> list[str]:
        if data.startswith(_BOMS):
            return ["utf-16"] if whole else []  # by lines, it would be cut within its characters
        sample = data[max(0, at - _SAMPLE_BYTES) : at + _SAMPLE_BYTES]
        if len(sample) < _SHORT_BYTES and _is_western(sample):
            return ["cp1252"]
        if self._detected is None or not _fits(sample, self._detected):
            self._detected = _detect(sample)
        return [self._detected] if self._detected else []


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

    best = from_bytes(sample, cp_exclusion=_UNLIKELY, enable_fallback=False).best()
    if best is None:
        return None
    return "cp1252" if {"cp1252", "latin_1"} & set(best.could_be_from_charset) else best.encoding
