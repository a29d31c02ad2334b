"""The words of a song in a file beside it: `song.lrc` or `song.txt`."""

import os
import re
from collections.abc import Iterable

from antiphon.library.files import split_suffix
from antiphon.library.names import clean

_LONGEST = 100_000
_TIMED = re.compile(r"^\s*(?:\[[0-9]{1,3}:[0-9]{2}(?:[.:][0-9]{1,3})?\])", re.MULTILINE)


def beside(path: str) -> str:
    """Return the text of the lyrics file beside a music file, "" where there is none."""
    stem = split_suffix(path)[0]
    candidates = (f"{stem}.lrc", f"{stem}.txt")
    return next((text for candidate in candidates if (text := _read(candidate))), "")


def is_synced(text: str) -> bool:
    """Say whether a text has times before its lines, as LRC has: `[mm:ss.xx] …`."""
    return len(_TIMED.findall(text)) >= 2


def best(texts: Iterable[str]) -> str:
    """Return the first synced text, else the first that is not empty, else ""."""
    filled = [text for text in texts if text]
    return next((text for text in filled if is_synced(text)), filled[0] if filled else "")


def tidy(text: str) -> str:
    """Return lyrics without control characters, cut to 100,000 characters."""
    return clean(text, _LONGEST, lines=True)


def _read(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    try:
        return tidy(_decoded(os.read(descriptor, 4 * _LONGEST)))
    except OSError:  # a folder of that name, for one
        return ""
    finally:
        os.close(descriptor)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
