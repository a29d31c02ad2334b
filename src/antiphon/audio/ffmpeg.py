"""The sound of any file that FFmpeg can read, as blocks of samples from a chosen moment on."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from antiphon.audio.errors import UndecodableError

LOG = logging.getLogger(__name__)

# FFmpeg follows the addresses inside playlist-like files; a music file has no business elsewhere.
_NO_PROTOCOLS = {"protocol_whitelist": "none"}
# No recording has more samples a second; where a file says so, it is broken.
HIGHEST_HZ = 1_536_000
# After a seek, codecs with overlapping windows (AAC, MP3, Opus) need a run-up to sound right.
_RUN_UP_S = 0.1


@dataclass(frozen=True)
class Source:
    """An open file's first audio stream; `duration_s` is 0 where the file does not say."""

    container: InputContainer
    stream: AudioStream
    rate_hz: int
    channels: int
    layout: str
    duration_s: float


@contextmanager
def open_source(file: BinaryIO) -> Iterator[Source]:
    """Open the first audio stream of a seekable binary file; the file stays the caller's.

    Raises:
        UndecodableError: there is no audio in it; also inside the `with`, where FFmpeg gives up.
    """
    if not os.fstat(file.fileno()).st_size:
        raise UndecodableError("it is empty")
    try:
        with av.open(
            file, "r", container_options=_NO_PROTOCOLS, metadata_errors="replace"
        ) as container:
            yield _source(container)
    except (av.FFmpegError, OSError) as error:
        raise UndecodableError(error.strerror or "unknown format") from error


def blocks(source: Source, offset_s: float = 0.0) -> Iterator[NDArray[np.float32]]:
    """Decode from `offset_s` on, to the sample where the format keeps exact timestamps.

    Yields planar float32 blocks of shape (channels, samples), constant in memory. Packets that
    cannot be decoded are left out (logged once), and a broken end is an end.

    Raises:
        UndecodableError: FFmpeg gives up on what it decoded.
    """
    convert = _converter(source)
    for frame in _frames(source, offset_s):
        skip = _samples_before(source, frame, offset_s)
        frame.pts = None
        for block in convert(frame):
            if skip < block.shape[1]:
                yield block[:, max(skip, 0) :]


def _source(container: InputContainer) -> Source:
    # Where FFmpeg does not know the codec, PyAV gives a stream without a context.
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]  # type: ignore[redundant-expr]
    if not known:
        raise UndecodableError("there is no audio in it that FFmpeg knows")
    context = known[0].codec_context
    if not 0 < context.sample_rate <= HIGHEST_HZ or not context.layout.nb_channels:
        raise UndecodableError("its rate or its channels cannot be true")
    context.thread_count = 1
    duration_s = container.duration / av.time_base if container.duration else 0.0
    return Source(
        container,
        known[0],
        context.sample_rate,
        context.layout.nb_channels,
        context.layout.name,
        duration_s,
    )


def _converter(source: Source) -> Callable[[av.AudioFrame], Iterator[NDArray[np.float32]]]:
    """Return a function that brings frames to planar float32, at the rate and layout of the source.

    Frames may change on the way, as where two files were joined; FFmpeg's resampler may not.
    """
    wanted = ("fltp", source.layout, source.rate_hz)
    kind, resampler = wanted, av.AudioResampler(*wanted)

    def convert(frame: av.AudioFrame) -> Iterator[NDArray[np.float32]]:
        nonlocal kind, resampler
        if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = av.AudioResampler(*wanted)
        if kind == wanted:
            yield np.asarray(frame.to_ndarray(), np.float32)
            return
        try:
            for converted in resampler.resample(frame):
                yield np.asarray(converted.to_ndarray(), np.float32)
        except av.FFmpegError as error:
            raise UndecodableError(error.strerror or "its frames change in kind") from error

    return convert


def _frames(source: Source, offset_s: float) -> Iterator[av.AudioFrame]:
    broken = 0
    try:
        if offset_s > 0:
            source.container.seek(int(max(0.0, offset_s - _RUN_UP_S) * av.time_base))
        for packet in source.container.demux(source.stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                broken += 1
    except (av.FFmpegError, OSError) as error:
        LOG.warning("%s breaks off: %s", source.container.name, error)
    if broken:
        LOG.warning("%s: %d packets could not be decoded", source.container.name, broken)


def _samples_before(source: Source, frame: av.AudioFrame, offset_s: float) -> int:
    """Return how many samples of the frame lie before the offset; all of them may."""
    if offset_s <= 0 or frame.pts is None or frame.time_base is None:
        return 0
    start = source.stream.start_time or 0
    at_s = float((frame.pts - start) * frame.time_base)
    return round((offset_s - at_s) * source.rate_hz)
