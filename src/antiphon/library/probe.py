"""What a music file says of itself: its tag fields, its format, its length, as raw as they come.

tinytag reads the common formats; PyAV reads the others, and those that tinytag gives up on. PyAV is
imported when the first such file comes, since it costs 60 MB and a third of a second.
"""

import io
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tinytag import ParseError, TinyTag, UnsupportedFormatError

from antiphon.library.containers import Payload
from antiphon.library.files import MusicFile, UnreadableError, split_suffix
from antiphon.model import AudioFormat

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_TINYTAG_SUFFIXES = {
    *(".mp3", ".flac", ".ogg", ".oga", ".opus", ".spx"),
    *(".m4a", ".m4b", ".wav", ".aif", ".aiff", ".aifc", ".wma"),
}
_PYAV_FORMATS = "mp3,flac,ogg,mov,wav,w64,aiff,asf,aac,ape,wv,mpc,mpc8,tta"
_PATIENCE_S = 10.0
_SEPARATORS = re.compile(r"[\W_]+")
_LONGEST_MS = 7 * 24 * 3600 * 1000
# Sound below 500 bit/s is no sound: even silence in FLAC takes more.
_LEAST_BITS_PER_S = 500
_OGG_TAIL = 1 << 17

# tinytag's media type with its `codecs` -> our codec and the type that a browser is told.
_FORMATS = {
    "audio/mpeg": ("mp3", "audio/mpeg"),
    "audio/flac": ("flac", "audio/flac"),
    'audio/ogg; codecs="vorbis"': ("vorbis", "audio/ogg"),
    'audio/ogg; codecs="opus"': ("opus", "audio/ogg"),
    'audio/ogg; codecs="flac"': ("flac", "audio/ogg"),
    'audio/ogg; codecs="speex"': ("speex", "audio/ogg"),
    'audio/mp4; codecs="alac"': ("alac", "audio/mp4"),
    'audio/mp4; codecs="mp4a.69"': ("mp3", "audio/mp4"),
    'audio/mp4; codecs="mp4a.6B"': ("mp3", "audio/mp4"),
    'audio/wav; codecs="1"': ("pcm", "audio/wav"),
    'audio/wav; codecs="3"': ("pcm", "audio/wav"),
    **{f'audio/mp4; codecs="mp4a.40.{kind}"': ("aac", "audio/mp4") for kind in (2, 5, 29, 42)},
    **{
        f'audio/aiff; codecs="{kind}"': ("pcm", "audio/aiff")
        for kind in ("NONE", "twos", "sowt", "raw ", "in24", "in32", "fl32", "FL32", "fl64")
    },
    **{
        f'application/vnd.ms-asf; codecs="{kind:X}"': ("wma", "audio/x-ms-wma")
        for kind in range(0x160, 0x164)
    },
}
_LOSSLESS = {"flac", "alac", "pcm", "ape", "wavpack", "tta"}
_PYAV_CODECS = {"mpc7": "musepack", "mpc8": "musepack"}
_PYAV_TYPES = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "w64": "audio/wav",
    "aiff": "audio/aiff",
    "asf": "audio/x-ms-wma",
    "ape": "audio/x-ape",
    "wv": "audio/x-wavpack",
    "tta": "audio/x-tta",
    "mpc": "audio/x-musepack",
    "mpc8": "audio/x-musepack",
}

Fields = dict[str, list[str]]


class Probe(NamedTuple):
    """A file's tag fields by lower-case name without separators, and what its sound is like."""

    fields: Fields
    format: AudioFormat
    duration_ms: int
    has_picture: bool


def probe(file: MusicFile, path: str, payload: Payload) -> Probe:
    """Read what an open file says of itself.

    Raises:
        UnreadableError: no reader finds audio in it.
    """
    if split_suffix(path)[1] not in _TINYTAG_SUFFIXES:
        return _by_pyav(path, file.size, payload)
    try:
        found = _by_tinytag(file, path, payload)
    except (ParseError, UnsupportedFormatError):
        return _by_pyav(path, file.size, payload)
    if found.format.codec and _is_credible(found, payload):
        return found
    second = _by_pyav(path, file.size, payload)
    return second._replace(fields=found.fields or second.fields)


def _by_tinytag(file: MusicFile, path: str, payload: Payload) -> Probe:
    view = _ends_of_ogg(file, payload) if payload.container == "ogg" else file
    tag = TinyTag.get(path, view, image=True)
    codec, mime = _FORMATS.get(tag.mime_type or "", ("", ""))
    duration_ms = _milliseconds(tag.duration)
    return Probe(
        _tinytag_fields(tag),
        AudioFormat(
            codec=codec if tag.samplerate else "",
            mime=mime,
            bitrate_kbps=_bitrate_kbps(payload.size, duration_ms),
            sample_rate_hz=tag.samplerate or 0,
            channels=tag.channels or 0,
            bit_depth=(tag.bitdepth or 0) if codec in _LOSSLESS else 0,
            size=file.size,
        ),
        duration_ms,
        tag.images.any is not None,
    )


def _ends_of_ogg(file: MusicFile, payload: Payload) -> io.BytesIO:
    """Return the headers of an Ogg file and its last pages, between which nothing is to be learnt.

    tinytag would step through every page to reach the position in the last.
    """
    start, end = payload.extents[0]
    rest = max(start, end - _OGG_TAIL)
    tail = os.pread(file.fileno(), end - rest, rest)
    head = os.pread(file.fileno(), start, 0)
    return io.BytesIO(head + tail[max(0, tail.find(b"OggS")) :])


def _tinytag_fields(tag: TinyTag) -> Fields:
    fields: Fields = {}
    for name in ("title", "artist", "album", "albumartist", "genre", "year", "track", "disc"):
        if value := getattr(tag, name):
            fields[name] = [str(value)]
    for name, values in tag.other.items():
        fields.setdefault(_plain(name), []).extend(values)
    return fields


@lru_cache(1024)
def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name[:100].lower())


def _is_credible(found: Probe, payload: Payload) -> bool:
    """Say whether the length fits the bytes: a WAV from a pipe announces hours."""
    form, seconds = found.format, found.duration_ms / 1000
    least_bits = form.sample_rate_hz * form.channels * form.bit_depth
    if form.codec != "pcm":
        least_bits = 2 * _LEAST_BITS_PER_S
    return 0 < seconds * least_bits < 16 * payload.size + least_bits


def _milliseconds(seconds: float | None) -> int:
    if not seconds or not math.isfinite(seconds):
        return 0
    milliseconds = round(seconds * 1000)
    return milliseconds if 0 < milliseconds < _LONGEST_MS else 0


def _bitrate_kbps(size: int, duration_ms: int) -> int:
    return round(size * 8 / duration_ms) if duration_ms else 0


@contextmanager
def open_pyav(path: str) -> Iterator["InputContainer"]:
    """Open a music file with PyAV.

    Raises:
        UnreadableError: FFmpeg knows no such format, or only a broken one.
    """
    import av  # noqa: PLC0415 - heavy, and most libraries never need it

    # Only these formats and nothing but this file: a playlist in disguise could name any address.
    options = {"format_whitelist": _PYAV_FORMATS, "protocol_whitelist": "file"}
    try:
        with av.open(
            f"file:{path}", "r", options=options, metadata_errors="replace", timeout=_PATIENCE_S
        ) as container:
            yield container
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableError("no audio was found in it") from error


def _by_pyav(path: str, size: int, payload: Payload) -> Probe:
    with open_pyav(path) as container:
        return _pyav_probe(container, size, payload)


def _pyav_probe(container: "InputContainer", size: int, payload: Payload) -> Probe:
    stream = _first_sound(container)
    duration_ms = _pyav_duration_ms(container, stream)
    name = stream.codec_context.codec.canonical_name
    codec = _PYAV_CODECS.get(name, name)
    codec = next((family for family in ("pcm", "wma") if codec.startswith(family)), codec)
    form = AudioFormat(
        codec=codec,
        mime=_PYAV_TYPES.get(container.format.name, "audio/mp4"),
        bitrate_kbps=_bitrate_kbps(payload.size, duration_ms),
        sample_rate_hz=stream.sample_rate or 0,
        channels=stream.channels or 0,
        bit_depth=stream.codec_context.format.bits if codec in _LOSSLESS else 0,
        size=size,
    )
    fields: Fields = {}
    for key, value in [*container.metadata.items(), *stream.metadata.items()]:
        values = fields.setdefault(_plain(key), [])
        if value not in values:
            values.append(value)
    return Probe(fields, form, duration_ms, bool(container.streams.video))


def _first_sound(container: "InputContainer") -> "AudioStream":
    for stream in container.streams.audio:
        # Something is missing where FFmpeg has no decoder, or damage hides the sound.
        if getattr(stream.codec_context, "format", None) is not None and stream.sample_rate:
            return stream
    raise UnreadableError("no audio was found in it that can be decoded")


def _pyav_duration_ms(container: "InputContainer", stream: "AudioStream") -> int:
    if stream.duration and stream.time_base:
        return _milliseconds(float(stream.duration * stream.time_base))
    return _milliseconds((container.duration or 0) / 1_000_000)
