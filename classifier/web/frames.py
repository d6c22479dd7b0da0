"""What a scoring process writes to the server: frames, each a kind, a length and so many bytes."""

import struct

HEAD = struct.Struct(">cI")
READY, DATA, REFUSED, END = (
    b"m",
    b"d",
    b"r",
    b"e",
)  # what the model is; a piece of an answer; why there is none; its end


def framed(kind: bytes, data: bytes = b"") -> bytes:
    return HEAD.pack(kind, len(data)) + data
