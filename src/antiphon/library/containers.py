"""Where the sound lies in a music file, found by walking over its container."""

from collections.abc import Callable, Iterator
from struct import unpack_from
from typing import NamedTuple

from antiphon.library.files import UnreadableError

# The most boxes, chunks, blocks or pages walked over; a sound file has far fewer before its audio.
_MOST_STEPS = 10_000
# Padding behind an ID3v2 tag is skipped over at most so many bytes.
_MOST_PADDING = 1 << 16
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_MP4_STARTS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_OGG_HEADER = 27

Extent = tuple[int, int]
Read = Callable[[int, int], bytes]
Walk = Callable[[Read, int, int], Iterator[Extent]]


class Payload(NamedTuple):
    """Where a file's sound is: byte ranges (first, behind the last) in a kind of container."""

    container: str
    extents: list[Extent]

    @property
    def size(self) -> int:
        """The number of bytes in all ranges."""
        return sum(end - start for start, end in self.extents)


def find_payload(read: Read, size: int) -> Payload:
    """Find the sound in a file of `size` bytes that `read(offset, count)` reads from.

    Raises:
        UnreadableError: there is none, or the file ends before its sound does.
    """
    start = _behind_id3(read)
    container, walk = _recognise(read(start, 16))
    extents = [(first, end) for first, end in walk(read, start, size) if end > first]
    if not extents:
        raise UnreadableError("no audio was found in it")
    if extents[-1][1] > size:
        raise _cut_short(extents[-1][1], size)
    return Payload(container, extents)


def _cut_short(announced: int, size: int) -> UnreadableError:
    return UnreadableError(
        f"the file is cut short: it should have {announced:,} bytes, it has {size:,}"
    )


def _recognise(magic: bytes) -> tuple[str, Walk]:
    """Return the kind of a container by its first 16 bytes, and the walk to its sound."""
    if magic == _ASF_HEADER:
        return "asf", _walk_asf
    if magic[4:8] in _MP4_STARTS:
        return "mp4", _walk_mp4
    return _WALKS.get(magic[:4], ("stream", _walk_stream))


def _walk_stream(read: Read, start: int, size: int) -> Iterator[Extent]:
    """MP3, AAC, Monkey's Audio, WavPack and the like: all that is between tags and padding."""
    head = read(start, _MOST_PADDING)
    if sound := head.lstrip(b"\0"):
        yield start + len(head) - len(sound), _before_trailing_tags(read, size)


def _walk_flac(read: Read, start: int, size: int) -> Iterator[Extent]:
    """See RFC 9639, section 8: metadata blocks, the last of them marked."""
    place, last = start + 4, False
    for _ in range(_MOST_STEPS):
        header = read(place, 4)
        if last or len(header) < 4:
            break
        place += 4 + int.from_bytes(header[1:], "big")
        last = header[0] >= 0x80
    if place > size:
        raise _cut_short(place, size)
    yield place, _before_trailing_tags(read, size)


def _walk_ogg(read: Read, start: int, size: int) -> Iterator[Extent]:
    """See RFC 3533: pages of headers have no position in the sound, or position 0."""
    place = start
    for _ in range(_MOST_STEPS):
        header = read(place, _OGG_HEADER + 255)
        if len(header) < _OGG_HEADER or not header.startswith(b"OggS"):
            return
        if unpack_from("<q", header, 6)[0] > 0:
            yield place, _before_trailing_tags(read, size)
            return
        behind = _OGG_HEADER + header[26]
        place += behind + sum(header[_OGG_HEADER:behind])


def _walk_wav(read: Read, start: int, size: int) -> Iterator[Extent]:
    """See EBU Tech 3306: a size of 4 GiB stands in `ds64`, or means "to the end" in a stream."""
    long_size = 0
    for kind, body, length in _chunks(read, start, size, "<I"):
        if kind == b"ds64":
            long_size = int.from_bytes(read(body + 8, 8), "little")
        elif kind == b"data":
            announced = long_size if long_size and length == 0xFFFFFFFF else length
            streamed = not long_size and length >= 0x7FFF0000 and body + length > size
            yield body, size if streamed else body + announced
            return


def _walk_aiff(read: Read, start: int, size: int) -> Iterator[Extent]:
    for kind, body, length in _chunks(read, start, size, ">I"):
        if kind == b"SSND":
            yield body, body + length


def _chunks(read: Read, start: int, size: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    place = start + 12
    for _ in range(_MOST_STEPS):
        header = read(place, 8)
        if len(header) < 8 or place >= size:
            return
        length = unpack_from(order, header, 4)[0]
        yield header[:4], place + 8, length
        place += 8 + length + length % 2


def _walk_asf(read: Read, start: int, size: int) -> Iterator[Extent]:
    """Advanced Systems Format: the data object, without the 50 bytes of its own header."""
    place = start
    for _ in range(_MOST_STEPS):
        header = read(place, 24)
        if len(header) < 24:
            return
        length = unpack_from("<Q", header, 16)[0]
        if header.startswith(_ASF_DATA):
            yield place + 50, place + length if length else size
        if length < 24:
            return
        place += length


def _walk_mp4(read: Read, start: int, size: int) -> Iterator[Extent]:
    """See ISO/IEC 14496-12, section 4.2: boxes of 32 or 64 bits, or to the end of the file."""
    place = start
    for _ in range(_MOST_STEPS):
        header = read(place, 16)
        if len(header) < 8:
            return
        length, body = unpack_from(">I", header)[0], 8
        if length == 1 and len(header) == 16:
            length, body = unpack_from(">Q", header, 8)[0], 16
        elif length == 0:
            length = size - place
        if header[4:8] == b"mdat":
            yield place + body, place + length
        if length < body:
            return
        place += length


def _behind_id3(read: Read) -> int:
    """Return where the ID3v2 tags at the start of a file end; there may be several."""
    place = 0
    for _ in range(_MOST_STEPS):
        header = read(place, 10)
        if len(header) < 10 or not header.startswith(b"ID3"):
            break
        footer = 10 if header[5] & 0x10 else 0
        place += 10 + _id3_size(header[6:]) + footer
    return place


def _id3_size(four: bytes) -> int:
    """Seven bits count in each byte; a high bit shows a writer who did not know that."""
    if max(four) > 0x7F:
        return int.from_bytes(four, "big")
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _before_trailing_tags(read: Read, size: int) -> int:
    """Return where the sound ends: before ID3v1, APE, Lyrics3 and ID3v2 tags in any order."""
    end = size
    for _ in range(8):
        tail = read(max(0, end - 227), min(227, end))
        length = _trailing_tag(tail, read, end)
        if not 0 < length <= end:
            break
        end -= length
    return end


def _trailing_tag(tail: bytes, read: Read, end: int) -> int:
    """Return the length of the tag that a file's first `end` bytes end with, or 0."""
    if tail[-128:-125] == b"TAG":
        return 355 if end >= 355 and read(end - 355, 4) == b"TAG+" else 128
    if tail[-32:-24] == b"APETAGEX":
        has_header = tail[-9] & 0x80
        return int.from_bytes(tail[-20:-16], "little") + (32 if has_header else 0)
    if tail.endswith(b"LYRICS200") and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail.endswith(b"LYRICSEND"):
        text = read(max(0, end - 5109), min(5109, end))
        return len(text) - text.rfind(b"LYRICSBEGIN") if b"LYRICSBEGIN" in text else 0
    if tail[-10:-7] == b"3DI":
        return 20 + _id3_size(tail[-4:])
    return 0


_WALKS: dict[bytes, tuple[str, Walk]] = {
    b"fLaC": ("flac", _walk_flac),
    b"OggS": ("ogg", _walk_ogg),
    b"RIFF": ("wav", _walk_wav),
    b"RF64": ("wav", _walk_wav),
    b"BW64": ("wav", _walk_wav),
    b"FORM": ("aiff", _walk_aiff),
}
