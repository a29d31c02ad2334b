"""Sound that a browser cannot play, turned into MP3 while it is listened to."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from antiphon.audio import ffmpeg
from antiphon.model import AudioFormat

MIME = "audio/mpeg"

_PLAYABLE_CODECS = {"mp3", "flac", "vorbis", "opus", "aac"}
# MPEG-1 Layer III; lower rates would need another bit rate and delay twice as long.
_RATES_HZ = (48_000, 44_100, 32_000)
_CHUNK_BYTES = 16 * 1024
# LAME's encoder delay (576) and a decoder's (529): so much silence comes before the sound.
_DELAY_SAMPLES = 1105


def needs_transcoding(format: AudioFormat) -> bool:
    """Tell whether browsers at large cannot play this; an unknown codec counts as unplayable."""
    playable_pcm = format.codec == "pcm" and format.mime == "audio/wav"
    return not (format.codec in _PLAYABLE_CODECS or playable_pcm)


def transcode(
    path: str | os.PathLike[str], *, offset_s: float = 0.0, bitrate_kbps: int = 192
) -> Generator[bytes, None, None]:
    """Yield the track from `offset_s` on as MP3 of constant bit rate, in pieces of 16 KiB.

    More than two channels become two. Memory is constant, and the file is closed with the
    iterator. What cannot be decoded on the way is left out and logged; a broken end is an end.

    Raises:
        UndecodableError: there is no sound in the file (before anything is yielded).
        OSError: the file is not there or may not be read.
    """
    with Path(path).open("rb") as file, ffmpeg.open_source(file) as source:
        yield from _chunks(_mp3(source, offset_s, bitrate_kbps))


def _mp3(source: ffmpeg.Source, offset_s: float, bitrate_kbps: int) -> Iterator[bytes]:
    """Encode to bare MPEG audio frames, which need no container to be a stream."""
    encoder = _encoder(source, bitrate_kbps)
    resampler = av.AudioResampler(
        encoder.format, encoder.layout, encoder.sample_rate, frame_size=encoder.frame_size
    )
    if offset_s > 0:
        # Leave out as much sound as there will be silence, so that the listener's clock is right.
        offset_s += _DELAY_SAMPLES / encoder.sample_rate
    for block in ffmpeg.blocks(source, offset_s):
        for frame in resampler.resample(_frame(block, source)):
            yield from map(bytes, encoder.encode(frame))
    for frame in resampler.resample(None):
        yield from map(bytes, encoder.encode(frame))
    yield from map(bytes, encoder.encode(None))


def _encoder(source: ffmpeg.Source, bitrate_kbps: int) -> AudioCodecContext:
    encoder = AudioCodecContext.create("libmp3lame", "w")
    encoder.sample_rate = _rate_hz(source.rate_hz)
    encoder.layout = "mono" if source.channels == 1 else "stereo"
    # Whole numbers: LAME aborts the process when it meets a NaN.
    encoder.format = "s16p"
    encoder.bit_rate = bitrate_kbps * 1000
    encoder.open()
    return encoder


def _rate_hz(rate_hz: int) -> int:
    """Choose the rate of the MP3: one that is a simple fraction of the source's, else the best."""
    simple = (hz for hz in _RATES_HZ if rate_hz % hz == 0 or hz % rate_hz == 0)
    return next(simple, _RATES_HZ[0])


def _frame(block: NDArray[np.float32], source: ffmpeg.Source) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(block), format="fltp", layout=source.layout
    )
    frame.sample_rate = source.rate_hz
    return frame


def _chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
