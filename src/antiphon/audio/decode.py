"""Decode any music file to one float32 channel at a chosen rate.

libsndfile reads first because it is the faster; FFmpeg reads what libsndfile cannot, or cannot
read to its end.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from antiphon.audio import ffmpeg
from antiphon.audio.errors import UndecodableError

Samples = NDArray[np.float32]

RATE_HZ = 22_050
# What a broken file must still yield to be worth anything.
SALVAGED_S = 0.5

_BLOCK_FRAMES = 1 << 16
# Float files may pass 1.0 a little; anything louder than this (+18 dB) is not sound.
_LOUDEST = 8.0
_DECODER_ERRORS = (soundfile.SoundFileError, UndecodableError)


@dataclass(frozen=True)
class _Sound:
    """An open file; `blocks(offset_s)` yields shape (samples, channels) at the file's own rate."""

    rate_hz: int
    duration_s: float
    blocks: Callable[[float], Iterator[Samples]]


def decode(
    path: str | os.PathLike[str],
    *,
    rate_hz: int = RATE_HZ,
    offset_s: float = 0.0,
    seconds: float | None = None,
) -> Samples:
    """Decode a file from `offset_s` on, at most `seconds` of it, as shape (samples,).

    Channels are averaged; NaN and infinities become silence. The file is read in blocks: memory
    is twice the result. Of a broken file, what can be decoded is returned if it is 0.5 s or more.

    Raises:
        UndecodableError: nothing usable can be decoded there.
        OSError: the file is not there or may not be read.
    """
    longest, reasons = np.empty(0, np.float32), list[str]()
    with Path(path).open("rb") as file:
        for open_sound in _DECODERS:
            samples, reason = _read(open_sound, file, rate_hz, offset_s, seconds)
            if samples.size and not (reason or reasons):
                return samples
            longest = max(longest, samples, key=len)
            reasons.append(reason or f"{samples.size / rate_hz:.2f} s of sound")
    if longest.size < SALVAGED_S * rate_hz:
        raise UndecodableError(
            f"it cannot be decoded from {offset_s:g} s on"
            f" (libsndfile: {reasons[0]}; FFmpeg: {reasons[1]})"
        )
    return longest


def decode_middle(
    path: str | os.PathLike[str], *, seconds: float, rate_hz: int = RATE_HZ
) -> Samples:
    """Decode `seconds` from the middle of a file, as shape (samples,); all of a shorter one.

    Where there is less than the file says, its beginning stands for the middle.

    Raises:
        UndecodableError: nothing usable can be decoded.
        OSError: the file is not there or may not be read.
    """
    offset_s = max(0.0, (_duration_s(path) - seconds) / 2)
    if offset_s > 0:
        with suppress(UndecodableError):
            samples = decode(path, rate_hz=rate_hz, offset_s=offset_s, seconds=seconds)
            if samples.size >= 0.9 * seconds * rate_hz:
                return samples
    return decode(path, rate_hz=rate_hz, seconds=seconds)


def _duration_s(path: str | os.PathLike[str]) -> float:
    """Return how long a file says it is, 0 where it does not say."""
    with Path(path).open("rb") as file:
        for open_sound in _DECODERS:
            file.seek(0)
            try:
                with open_sound(file) as sound:
                    return sound.duration_s
            except _DECODER_ERRORS:
                continue
    return 0.0


def _read(
    open_sound: Callable[[BinaryIO], AbstractContextManager[_Sound]],
    file: BinaryIO,
    rate_hz: int,
    offset_s: float,
    seconds: float | None,
) -> tuple[Samples, str]:
    """Return what one decoder gets out of the file, and why it is not more ("": it is all)."""
    file.seek(0)
    chunks, reason = [np.empty(0, np.float32)], ""
    try:
        with open_sound(file) as sound:
            blocks: Iterator[Samples] = map(_mono, sound.blocks(offset_s))
            if seconds is not None:
                blocks = _first(round(seconds * sound.rate_hz), blocks)
            chunks.extend(_resampled(blocks, sound.rate_hz, rate_hz))
    except _DECODER_ERRORS as error:
        # libsndfile's own words, without the file's number that soundfile puts before them.
        reason = getattr(error, "error_string", str(error))
    return np.concatenate(chunks), reason


@contextmanager
def _libsndfile(file: BinaryIO) -> Iterator[_Sound]:
    with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
        duration_s = sound.frames / sound.samplerate
        yield _Sound(sound.samplerate, duration_s, partial(_libsndfile_blocks, sound))


def _libsndfile_blocks(sound: soundfile.SoundFile, offset_s: float) -> Iterator[Samples]:
    sound.seek(min(round(offset_s * sound.samplerate), sound.frames))
    while len(block := sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


@contextmanager
def _ffmpeg(file: BinaryIO) -> Iterator[_Sound]:
    with ffmpeg.open_source(file) as source:
        yield _Sound(source.rate_hz, source.duration_s, partial(_ffmpeg_blocks, source))


def _ffmpeg_blocks(source: ffmpeg.Source, offset_s: float) -> Iterator[Samples]:
    return (block.T for block in ffmpeg.blocks(source, offset_s))


_DECODERS: tuple[Callable[[BinaryIO], AbstractContextManager[_Sound]], ...] = (_libsndfile, _ffmpeg)


def _mono(block: Samples) -> Samples:
    finite = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
    mean: Samples = np.clip(finite, -_LOUDEST, _LOUDEST).mean(axis=1)
    return mean


def _first(count: int, blocks: Iterator[Samples]) -> Iterator[Samples]:
    for block in blocks:
        yield block[:count]
        count -= len(block)
        if count <= 0:
            return


def _resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    if from_hz == to_hz:
        yield from blocks
        return
    resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
