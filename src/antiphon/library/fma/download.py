"""A large file from a web server: carried on where it broke off, however often.

What has arrived of FILE is in FILE.part, and which version of it the server has in FILE.version.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from antiphon.library.fma.errors import ArchiveError
from antiphon.library.fma.licences import web_address

BLOCK = 1 << 20
# After so many failures in a row without a byte, somebody has to look.
TRIES = 6
BACKOFF_S = 1.0
_TIMEOUT = urllib3.Timeout(connect=20, read=60)
_WORTH_ANOTHER_TRY = (429, 500, 502, 503, 504)

# Told before the first byte is written how many are still to come, and how many there are in all.
OnSize = Callable[[int, int], None]
# Called with how many bytes are here, of how many.
OnBytes = Callable[[int, int], None]


def download(
    url: str, file: Path, on_size: OnSize, on_bytes: OnBytes, *, backoff_s: float = BACKOFF_S
) -> None:
    """Fetch what is not here yet of a file, which then has its name.

    Raises:
        ArchiveError: the server does not give it.
        OSError: it cannot be written.
    """
    if not web_address(url):
        raise ArchiveError(f"{url!r} is no address of a web server: it begins with https://.")
    part = file.with_name(f"{file.name}.part")
    retries = urllib3.Retry(TRIES, status_forcelist=_WORTH_ANOTHER_TRY, backoff_factor=backoff_s)
    left = retries
    with urllib3.PoolManager(timeout=_TIMEOUT, retries=retries) as http:
        while True:
            before = _size(part)
            try:
                _go_on(http, url, part, on_size, on_bytes)
            except MaxRetryError as error:
                raise _given_up(url, error.reason or error) from error
            except HTTPError as error:  # the connection broke
                left = _one_less(retries if _size(part) > before else left, url, error)
                left.sleep()
            else:
                _version_of(part).unlink(missing_ok=True)
                part.replace(file)
                return


def _one_less(retries: urllib3.Retry, url: str, error: HTTPError) -> urllib3.Retry:
    try:
        return retries.increment("GET", url, error=error)
    except HTTPError:
        raise _given_up(url, error) from error


def _given_up(url: str, reason: Exception) -> ArchiveError:
    return ArchiveError(
        f"{url} cannot be fetched: {reason}. What has arrived is kept: the same command goes on "
        "from there."
    )


def _go_on(
    http: urllib3.PoolManager, url: str, part: Path, on_size: OnSize, on_bytes: OnBytes
) -> None:
    """Ask for what is not here, which is all of it if the server has another version by now."""
    have, version = _size(part), _version_of(part)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if version.is_file() and (known := version.read_text()):
            headers["If-Range"] = known
    response = http.request("GET", url, headers=headers, preload_content=False)
    try:
        if response.status == 416:  # there is nothing behind what has arrived
            return
        start = _start(response)
        if response.status not in (200, 206) or start > have:
            raise ArchiveError(f"{url} cannot be fetched: the server says {response.status}.")
        _take(response, part, start, on_size, on_bytes)
    finally:
        response.close()


def _take(
    response: urllib3.BaseHTTPResponse, part: Path, start: int, on_size: OnSize, on_bytes: OnBytes
) -> None:
    total = start + int(response.headers.get("Content-Length", 0))
    on_size(total - _size(part), total)
    with part.open("r+b" if start else "wb") as file:
        file.truncate(start)
        file.seek(start)
        # Not before the bytes of another version are gone: it may be killed in between.
        _version_of(part).write_text(_validator(response))
        for block in response.stream(BLOCK, decode_content=False):
            file.write(block)
            on_bytes(file.tell(), total)


def _start(response: urllib3.BaseHTTPResponse) -> int:
    """Return where an answer begins: a part of it as `Content-Range: bytes 5-9/10` says."""
    if response.status != 206:
        return 0
    text = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(text) if text.isdecimal() else 0


def _validator(response: urllib3.BaseHTTPResponse) -> str:
    """Return what names the server's version of the file; a weak tag says nothing about bytes."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _version_of(part: Path) -> Path:
    return part.with_suffix(".version")


def _size(part: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return part.stat().st_size
    return 0
