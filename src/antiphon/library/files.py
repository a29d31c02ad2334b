"""One music file, opened so that nothing about it can stop a scan: not a pipe, not a maze."""

import errno
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager

# A damaged file can lead a parser through millions of empty chunks; a sound one needs a few hundred
# reads, and a long MP3 without a length in its header some thousands.
_MOST_READS = 50_000

_REASONS = {
    errno.EACCES: "permission to read it was denied",
    errno.EPERM: "permission to read it was denied",
    errno.ENOENT: "it vanished before it was read",
    errno.ESTALE: "it vanished before it was read",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.EISDIR: "it is a folder, not a file",
}
_RAW_TO_TEXT = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_TEXT_TO_RAW = {text: raw for raw, text in _RAW_TO_TEXT.items()}
_TAKEN = re.compile("[\uf780-\uf7ff]")


class UnreadableError(Exception):
    """A file cannot be used; the message says why in plain words, without naming the file."""


class MusicFile(io.BufferedReader):
    """A file of `size` bytes that gives up on a reader who gets lost in it.

    Raises UnreadableError from `read` after 50,000 calls.
    """

    def __init__(self, descriptor: int, status: os.stat_result) -> None:
        super().__init__(io.FileIO(descriptor))
        self.status = status
        self.size = status.st_size
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes, never asking for memory beyond the size of the file."""
        self._reads += 1
        if self._reads > _MOST_READS:
            raise UnreadableError("no audio was found in it: its inner structure leads nowhere")
        return super().read(self.size if size is None or size > self.size else size)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the operating system complains about into an UnreadableError in plain words."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0)
        raise UnreadableError(reason or f"it could not be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in a path
        raise UnreadableError(f"it could not be read: {error}") from error


def open_music(path: str | bytes) -> MusicFile:
    """Open a regular file for reading; the caller closes it.

    Raises:
        UnreadableError: it cannot be opened, is empty, or is no regular file.
    """
    with explained():
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return MusicFile(descriptor, status)
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise UnreadableError("the file is empty")
    raise UnreadableError("it is not a regular file")


def split_suffix(path: str) -> tuple[str, str]:
    """Return a path without its suffix, and the suffix in lower case with its dot, or ""."""
    stem, _, suffix = path.rpartition(".")
    if not stem or stem.endswith("/") or "/" in suffix:
        return path, ""
    return stem, f".{suffix.lower()}"


def path_to_text(path: str) -> str:
    """Return a path as text that JSON and SQLite take, for names that are not UTF-8 too.

    A byte that is not UTF-8 is U+DC80…U+DCFF in a Python path and becomes U+F780…U+F7FF. A path
    that truly has such a character is written as its three bytes, so that the way back is unique.
    """
    if path.isascii():
        return path
    spelled = _TAKEN.sub(lambda hit: hit[0].encode().decode("ascii", "surrogateescape"), path)
    return spelled.translate(_RAW_TO_TEXT)


def text_to_path(text: str) -> str:
    """Return the path that `path_to_text` made this text of."""
    if text.isascii():
        return text
    raw = text.translate(_TEXT_TO_RAW).encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")
