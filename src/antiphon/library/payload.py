"""What makes a track that track: an id made from the sound in its file, not from name or tags.

The length of the sound and three windows of 64 KiB (head, middle, tail) are hashed. Retagging,
moving and renaming leave these bytes as they are.
"""

import os
import re
from hashlib import blake2b

from antiphon.library.containers import Extent, Payload, Read, find_payload
from antiphon.library.files import MusicFile, explained

_WINDOW = 1 << 16
_OGG_HEADER = 27
# Retagging renumbers the pages of an Ogg file: serial, number and checksum are no sound.
_OGG_NUMBERS = re.compile(rb"(OggS.{10}).{0,12}", re.DOTALL)


def identify(file: MusicFile) -> tuple[str, Payload]:
    """Return the id of the track in an open file, and where in the file its sound is.

    Raises:
        UnreadableError: the file cannot be read, is cut short or has no audio.
    """
    with explained():
        read = _reader(file)
        payload = find_payload(read, file.size)
        digest = blake2b(payload.size.to_bytes(8, "big"), digest_size=12)
        for offset, count in _windows(payload.size):
            digest.update(_sound(read, payload, offset, count))
    return f"tr-{digest.hexdigest()}", payload


def _reader(file: MusicFile) -> Read:
    descriptor = file.fileno()
    head = os.pread(descriptor, _WINDOW, 0)

    def read(offset: int, count: int) -> bytes:
        if offset + count <= len(head):
            return head[offset : offset + count]
        return os.pread(descriptor, count, offset) if offset < file.size else b""

    return read


def _windows(size: int) -> list[tuple[int, int]]:
    if size <= 3 * _WINDOW:
        return [(0, size)]
    return [(0, _WINDOW), ((size - _WINDOW) // 2, _WINDOW), (size - _WINDOW, _WINDOW)]


def _sound(read: Read, payload: Payload, offset: int, count: int) -> bytes:
    """Read `count` bytes of sound; `offset` counts through all ranges as if they were one."""
    if payload.container != "ogg":
        return _take(read, payload.extents, offset, count)
    # Read a page header further on both sides, so that one across the edge is recognised too.
    start = max(0, offset - _OGG_HEADER)
    pages = _take(read, payload.extents, start, offset - start + count + _OGG_HEADER)
    blank = _OGG_NUMBERS.sub(lambda page: page[1] + bytes(len(page[0]) - len(page[1])), pages)
    return blank[offset - start :][:count]


def _take(read: Read, extents: list[Extent], offset: int, count: int) -> bytes:
    parts = []
    for start, end in extents:
        length = end - start
        if offset < length and count > 0:
            part = read(start + offset, min(count, length - offset))
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        offset = max(0, offset - length)
    return b"".join(parts)
