"""Byte ranges: which slices of a file a request asks for, and the body that carries them.

RFC 9110, section 14. Werkzeug parses the header; a header that is malformed, in another unit or
asks for too many ranges is ignored, as the RFC allows, and the whole file is the answer.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from werkzeug.http import parse_range_header

# At most so much is sent for one range, so that a player's long stream becomes short requests that
# never hold a thread for the length of a song (DESIGN.md, section 6).
MOST_BYTES = 512 * 1024
MOST_RANGES = 16

_CHUNK_BYTES = 256 * 1024


class Slice(NamedTuple):
    """The bytes of a file from `start` up to and without `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.stop - self.start


Body = Sequence[Slice | bytes]


def parse(header: str | None, size: int) -> list[Slice] | None:
    """Return the slices of a file that a Range header asks for, each cut to MOST_BYTES.

    None stands for the whole file; an empty list for ranges that lie outside of it.
    """
    parsed = parse_range_header(header)
    if parsed is None or parsed.units != "bytes" or len(parsed.ranges) > MOST_RANGES:
        return None
    slices = (_slice(start, stop, size) for start, stop in parsed.ranges)
    return [slice for slice in slices if slice.length > 0]


def content_range(slice: Slice, size: int) -> str:
    """Return the Content-Range of a slice of a file of so many bytes."""
    return f"bytes {slice.start}-{slice.stop - 1}/{size}"


def multipart(slices: Sequence[Slice], size: int, mime: str, boundary: str) -> Body:
    """Return the body of type multipart/byteranges that carries several slices."""
    body: list[Slice | bytes] = []
    for slice in slices:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: {mime}\r\n"
            f"Content-Range: {content_range(slice, size)}\r\n\r\n"
        )
        body += [head.encode("latin-1"), slice]
    return [*body, f"\r\n--{boundary}--\r\n".encode("latin-1")]


def length(body: Body) -> int:
    """Return the number of bytes of a body."""
    return sum(part.length if isinstance(part, Slice) else len(part) for part in body)


def read(body: Body, file: BinaryIO) -> Iterator[bytes]:
    """Yield a body in pieces of at most 256 KiB; a file that shrank meanwhile ends it early."""
    for part in body:
        if isinstance(part, Slice):
            yield from _read_slice(part, file)
        else:
            yield part


def _slice(start: int, stop: int | None, size: int) -> Slice:
    start = max(0, size + start) if start < 0 else min(start, size)
    stop = size if stop is None else min(stop, size)
    return Slice(start, min(stop, start + MOST_BYTES))


def _read_slice(slice: Slice, file: BinaryIO) -> Iterator[bytes]:
    file.seek(slice.start)
    missing = slice.length
    while missing and (piece := file.read(min(missing, _CHUNK_BYTES))):
        missing -= len(piece)
        yield piece
