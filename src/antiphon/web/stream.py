"""A track's sound over HTTP: its file in byte ranges, or MP3 where a browser cannot play that."""

import math
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import chain
from secrets import token_hex
from threading import BoundedSemaphore

import flask
from werkzeug.http import is_resource_modified, parse_date

from antiphon.audio import transcode
from antiphon.audio.errors import UndecodableError
from antiphon.library.files import MusicFile, UnreadableError, open_music, text_to_path
from antiphon.model import Track
from antiphon.store.schema import FILES, TRACKS
from antiphon.web import byte_ranges
from antiphon.web.access import Access, allow
from antiphon.web.byte_ranges import MOST_BYTES
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("stream", __name__)

# So many answers of one process may be long ones: whole files, and MP3 made on the way. Each holds
# a thread for as long as its listener takes, and the server has more threads than that.
LONG_ANSWERS = 8
_RETRY_S = 10
_long_answers = BoundedSemaphore(LONG_ANSWERS)


@blueprint.get("/stream/<track_id>")
@allow(Access.LISTENER)
def stream(track_id: str) -> flask.Response:
    """Send a track: its file, whole or in ranges, or MP3 from `?offset=` seconds on.

    Only what browsers cannot play is transcoded; for everything else `offset` means nothing.
    """
    track = site().store.get(TRACKS, track_id)
    if track is None:
        raise Problem(404, "Not found", f"There is no track {track_id[:80]!r}.")
    if transcode.needs_transcoding(track.format):
        return _transcoded(track, _offset_s())
    return _original(track)


def _original(track: Track) -> flask.Response:
    with ExitStack() as opened:
        _, file = _open(track.id)
        opened.enter_context(file)
        response = _select(file, track.format.mime or "application/octet-stream")
        if flask.request.method == "GET" and (response.content_length or 0) > MOST_BYTES:
            _take_long_answer(opened)
        response.call_on_close(opened.pop_all().close)
        return response


def _select(file: MusicFile, mime: str) -> flask.Response:
    """Answer with what the request's conditions and ranges leave of the file."""
    etag, modified = _etag(file.status), _modified(file.status)
    if flask.request.if_match and not flask.request.if_match.contains(etag):
        raise Problem(412, "Changed", "The track's file is not the one that If-Match names.")
    response = flask.Response(content_type=mime)
    response.set_etag(etag)
    response.last_modified = modified
    response.accept_ranges = "bytes"
    response.cache_control.private = True
    if is_resource_modified(flask.request.environ, f'"{etag}"', last_modified=modified):
        slices = byte_ranges.parse(_range_header(etag, modified), file.size)
        _fill(response, file, slices)
    else:
        response.status_code = 304
    return response


def _fill(
    response: flask.Response, file: MusicFile, slices: list[byte_ranges.Slice] | None
) -> None:
    """Give the response its status and body: the whole file (None), or these slices of it."""
    body: byte_ranges.Body = [byte_ranges.Slice(0, file.size)] if slices is None else slices
    if not body:
        missed = {"Content-Range": f"bytes */{file.size}"}
        raise Problem(416, "Outside of the file", f"It has {file.size} bytes.", missed)
    if slices is not None:
        response.status_code = 206
    if slices and len(slices) == 1:
        response.headers["Content-Range"] = byte_ranges.content_range(slices[0], file.size)
    elif slices:
        boundary = token_hex(16)
        body = byte_ranges.multipart(slices, file.size, response.content_type or "", boundary)
        response.content_type = f"multipart/byteranges; boundary={boundary}"
    response.response = byte_ranges.read(body, file)
    response.content_length = byte_ranges.length(body)


def _range_header(etag: str, modified: datetime) -> str | None:
    """Return the Range header, unless If-Range says that it means another state of the file."""
    condition = flask.request.headers.get("If-Range")
    holds = condition in {None, f'"{etag}"'} or parse_date(condition) == modified
    return flask.request.headers.get("Range") if holds and flask.request.method == "GET" else None


def _transcoded(track: Track, offset_s: float) -> flask.Response:
    path, file = _open(track.id)
    file.close()
    response = flask.Response(content_type=transcode.MIME)
    if flask.request.method == "GET":
        with ExitStack() as opened:
            _take_long_answer(opened)
            pieces = opened.enter_context(closing(transcode.transcode(path, offset_s=offset_s)))
            # The first piece now, while there still can be another answer.
            response.response = chain((_first(pieces),), pieces)
            response.call_on_close(opened.pop_all().close)
    response.accept_ranges = "none"
    response.cache_control.no_store = True
    response.headers["X-Content-Duration"] = f"{max(0, track.duration_ms / 1000 - offset_s):.3f}"
    return response


def _first(pieces: Iterator[bytes]) -> bytes:
    try:
        return next(pieces, b"")
    except (UndecodableError, OSError) as error:
        raise Problem(404, "Cannot be played", f"The track's file: {error}.") from error


def _take_long_answer(opened: ExitStack) -> None:
    """Take one of the places for long answers, until `opened` is closed."""
    if not _long_answers.acquire(blocking=False):
        raise Problem(
            503,
            "Too many are listening",
            f"{LONG_ANSWERS} long answers are on their way: ask for byte ranges, or again later.",
            {"Retry-After": str(_RETRY_S)},
        )
    opened.callback(_long_answers.release)


def _offset_s() -> float:
    given = flask.request.args.get("offset", "0")
    try:
        offset_s = float(given)
    except ValueError:
        offset_s = math.nan
    if not 0 <= offset_s < 1e6:
        raise Problem(
            400, "This cannot be used", f"offset is {given[:80]!r}, not seconds from 0 on."
        )
    return offset_s


def _open(track_id: str) -> tuple[str, MusicFile]:
    """Open the first of a track's files that can be; there may be copies."""
    reasons = []
    for source in site().store.find(FILES, {"track_id": track_id, "missing": False}):
        path = text_to_path(source.id)
        try:
            return path, open_music(path)
        except UnreadableError as error:
            if not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                reasons.append(str(error))
    if reasons:
        raise Problem(503, "Cannot be read just now", f"The track's file: {reasons[0]}.")
    raise Problem(404, "Gone", "The track's file is not where it was; scan to look for it.")


def _etag(status: os.stat_result) -> str:
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"


def _modified(status: os.stat_result) -> datetime:
    """Return when the file was changed, in whole seconds; HTTP knows no future and no far past."""
    return datetime.fromtimestamp(min(max(0, int(status.st_mtime)), int(time.time())), UTC)
