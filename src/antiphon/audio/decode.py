"""Decode any music file once, block by block, at its own rate.

libsndfile reads first because it is the faster; FFmpeg reads what libsndfile cannot, or cannot
read to its end.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from antiphon.audio import ffmpeg
from antiphon.audio.errors import UndecodableError

Samples = NDArray[np.float32]
Result = TypeVar("Result")

# What a broken file must still yield to be worth anything.
SALVAGED_S = 0.5

# Five seconds: each block costs a seek, so that short ones add up.
_BINS_PER_BLOCK = 500
# Float files may pass 1.0 a little; anything louder than this (+18 dB) is not sound.
_LOUDEST = 8.0
# What may follow the last frame of an MP3: tags, mostly short.
_TRAILER_BYTES = 16 * 1024
_DECODER_ERRORS = (soundfile.SoundFileError, UndecodableError)


class Sound:
    """An open file that can be heard once, and how much of it was.

    `duration_s` is what the file says, 0 where it does not say; `frames` and `broken_by` ("": by
    nothing) are known when the blocks have been read.
    """

    def __init__(
        self, rate_hz: int, channels: int, duration_s: float, blocks: Iterator[Samples]
    ) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self.duration_s = duration_s
        self.frames = 0
        self.broken_by = ""
        self._blocks = blocks

    def blocks(self) -> Iterator[Samples]:
        """Yield finite blocks of shape (samples, channels), each but the last of the same length.

        NaN and infinities become silence. The length is `frames_per_block(rate_hz)` samples. A
        block is whole until the next one is asked for, which may be written over it.
        """
        try:
            for block in self._blocks:
                self.frames += len(block)
                yield _finite(block)
        except _DECODER_ERRORS as error:
            self.broken_by = _reason(error)

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self.frames / self.rate_hz

    @property
    def is_worth_something(self) -> bool:
        """Whether enough was heard of a file that may be broken."""
        half = self.duration_s / 2 or SALVAGED_S
        return self.frames > 0 and self.seconds >= min(SALVAGED_S, half)


def frames_per_bin(rate_hz: int) -> int:
    """Return how many samples are measured together: a hundredth of a second of them."""
    return max(1, rate_hz // 100)


def frames_per_block(rate_hz: int) -> int:
    """Return how many samples make a block."""
    return _BINS_PER_BLOCK * frames_per_bin(rate_hz)


def decode(path: str | os.PathLike[str], listen: Callable[[Sound], Result]) -> Result:
    """Decode a file and return what `listen` makes of its sound, which it reads to the end.

    A file that breaks off is read by the other decoder too, and the longer sound counts if it is
    0.5 s or more, or half of what the file says it has. Memory is that of a few blocks.

    Raises:
        UndecodableError: nothing usable can be decoded.
        OSError: the file is not there or may not be read.
    """
    attempts, reasons = list[tuple[Sound, Result]](), list[str]()
    with Path(path).open("rb") as file:
        for open_sound in _DECODERS:
            file.seek(0)
            try:
                with open_sound(file) as sound:
                    result = listen(sound)
            except _DECODER_ERRORS as error:
                reasons.append(_reason(error))
                continue
            if sound.frames and not (sound.broken_by or reasons):
                return result
            attempts.append((sound, result))
            reasons.append(sound.broken_by or f"{sound.seconds:.2f} s of sound")
    for sound, result in sorted(attempts, key=lambda attempt: attempt[0].seconds, reverse=True):
        if sound.is_worth_something:
            return result
    raise UndecodableError(f"it cannot be decoded (libsndfile: {reasons[0]}; FFmpeg: {reasons[1]})")


@contextmanager
def _libsndfile(file: BinaryIO) -> Iterator[Sound]:
    with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
        rate_hz = sound.samplerate
        if not 0 < rate_hz <= ffmpeg.HIGHEST_HZ:
            raise UndecodableError("its rate cannot be true")
        if sound.channels > 2 and sound.format == "OGG":
            raise UndecodableError("Vorbis has an order of channels of its own")
        blocks = _libsndfile_blocks(sound, file.fileno())
        yield Sound(rate_hz, sound.channels, sound.frames / rate_hz, blocks)


def _libsndfile_blocks(sound: soundfile.SoundFile, fd: int) -> Iterator[Samples]:
    buffer = np.empty((frames_per_block(sound.samplerate), sound.channels), np.float32)
    while len(block := sound.read(out=buffer)):
        yield block
    # Of an MP3 without a header it reads as many samples as it guesses at first, and no more.
    left = os.fstat(fd).st_size - os.lseek(fd, 0, os.SEEK_CUR)
    if sound.format == "MP3" and left > _TRAILER_BYTES:
        raise UndecodableError("it may go on after its end")


@contextmanager
def _ffmpeg(file: BinaryIO) -> Iterator[Sound]:
    with ffmpeg.open_source(file) as source:
        yield Sound(source.rate_hz, source.channels, source.duration_s, _ffmpeg_blocks(source))


def _ffmpeg_blocks(source: ffmpeg.Source) -> Iterator[Samples]:
    """Gather the codec's short pieces, of shape (channels, samples), to whole blocks."""
    frames = frames_per_block(source.rate_hz)
    block, filled = np.empty((frames, source.channels), np.float32), 0
    for piece in ffmpeg.blocks(source):
        left = piece.T
        while len(left):
            part, left = left[: frames - filled], left[frames - filled :]
            block[filled : filled + len(part)] = part
            filled += len(part)
            if filled == frames:
                yield block
                block, filled = np.empty_like(block), 0
    if filled:
        yield block[:filled]


_DECODERS: tuple[Callable[[BinaryIO], AbstractContextManager[Sound]], ...] = (_libsndfile, _ffmpeg)


def _finite(block: Samples) -> Samples:
    # A NaN fails every comparison, so sound takes this way out at the cost of two reductions.
    if block.max() <= _LOUDEST and block.min() >= -_LOUDEST:
        return block
    finite = np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(finite, -_LOUDEST, _LOUDEST, out=finite)


def _reason(error: Exception) -> str:
    # libsndfile's own words, without the file's number that soundfile puts before them.
    return str(getattr(error, "error_string", error))
