"""Covers over HTTP: made as small as they are shown, once, and kept on disk."""

import io
import logging
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import flask
from PIL import Image, ImageOps, UnidentifiedImageError
from werkzeug.http import is_resource_modified

from antiphon.library.artwork import picture_bytes
from antiphon.library.files import UnreadableError, text_to_path
from antiphon.model import Picture
from antiphon.store.schema import PICTURES
from antiphon.web.access import Access, allow
from antiphon.web.problems import Problem
from antiphon.web.site import site

LOG = logging.getLogger(__name__)

SIZES = (96, 320, 640, 1200)
MIME = "image/webp"

_QUALITY = 82
# Not everything that Pillow knows: EPS, for one, is a program that Ghostscript would run.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# A picture of 64 megapixels takes 256 MB in memory; covers have a tenth of that.
_MOST_PIXELS = 64_000_000
# Requests for the same cover share a lock, so that one makes it and the others find it made.
_LOCKS = tuple(threading.Lock() for _ in range(16))

blueprint = flask.Blueprint("artwork", __name__)


class BrokenPictureError(Exception):
    """A picture cannot be shown; the message says why."""


@blueprint.get("/art/<art_id>")
@allow(Access.LISTENER)
def art(art_id: str) -> flask.Response:
    """Send a cover as WebP of at most `?size=` pixels either way."""
    size = _size(flask.request.args.get("size", "320"))
    picture = site().store.get(PICTURES, art_id)
    if picture is None:
        raise Problem(404, "Not found", f"There is no picture {art_id[:80]!r}.")
    response = flask.Response(content_type=MIME)
    response.set_etag(f"{picture.id}-{size}")
    # A changed picture has another id, so this one never changes.
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    if not is_resource_modified(flask.request.environ, response.headers["ETag"]):
        response.status_code = 304
        return response
    try:
        response.data = _cover(site().settings.data / "covers", picture, size)
    except BrokenPictureError as error:
        raise Problem(404, "Broken picture", f"It cannot be shown: {error}.") from error
    return response


def resize(picture: bytes, size: int) -> bytes:
    """Return a picture as WebP that fits into a square of `size` pixels, upright, never enlarged.

    Raises:
        BrokenPictureError: it is no picture, broken, or too large to be opened safely.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise BrokenPictureError(f"{image.width} × {image.height} pixels are too many")
            image.thumbnail((size, size))
            return _webp(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BrokenPictureError("it is no picture, or much too large") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # what Pillow's parsers raise
        raise BrokenPictureError(str(error) or "its data are damaged") from error


def _webp(image: Image.Image) -> bytes:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode not in {"RGB", "RGBA"}:
        # The colour profile describes the channels that the picture had before.
        image.info.pop("icc_profile", None)
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, "WEBP", quality=_QUALITY)
    return buffer.getvalue()


def _size(given: str) -> int:
    if given not in map(str, SIZES):
        known = ", ".join(map(str, SIZES))
        raise Problem(400, "This cannot be used", f"size is {given[:80]!r}, not one of {known}.")
    return int(given)


def _cover(folder: Path, picture: Picture, size: int) -> bytes:
    """Return the cover that is kept on disk, or make and keep it."""
    path = folder / picture.id.removeprefix("im-")[:2] / f"{picture.id}-{size}.webp"
    with _LOCKS[hash(path) % len(_LOCKS)]:
        with suppress(OSError):
            return path.read_bytes()
        cover = resize(_original(picture), size)
        try:
            _keep(path, cover)
        except OSError as error:
            _warn_once(str(folder), error.strerror or type(error).__name__)
        return cover


def _original(picture: Picture) -> bytes:
    try:
        return picture_bytes(text_to_path(picture.path), picture.embedded)
    except UnreadableError as error:
        raise BrokenPictureError(str(error)) from error


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).replace(path)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise


@cache
def _warn_once(folder: str, reason: str) -> None:
    LOG.warning("Covers cannot be kept in %s and are made anew each time: %s", folder, reason)
