"""How an excerpt sounds from frame to frame: the curves of which `summary/1` keeps statistics.

One float32 spectrogram at 22.05 kHz is walked through in spans that fit in the processor's cache;
each span leaves its rows of every curve and is forgotten. The curves are librosa's of the same
names (its defaults, hop 1024, `tuning=0`) to 1e-3; librosa itself is not loaded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from antiphon.audio.excerpt import Excerpt, Samples
from antiphon.audio.spectra import Matrix, decibels, mel, power_blocks

RATE_HZ = 22_050
N_FFT = 2048
HOP = 1024
FRAMES_HZ = RATE_HZ / HOP
MELS = 128
BANDS = 8
_BINS_HZ = np.linspace(0, RATE_HZ / 2, 1 + N_FFT // 2, dtype=np.float32)
_SPAN = 256
_FAINTEST = np.float32(1e-10)
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Curves:
    """What is heard in each frame, FRAMES_HZ of them a second: the first axis.

    `mel_db` (frames, 128) is the mel spectrogram's power in dB; `rise_db` (frames, 8) by how much
    each eighth of it is louder than before; `chroma` (frames, 12) begins with C; `valley_db` and
    `contrast_db`, how far the peaks are above the valleys (frames, 7), begin below 200 Hz and go
    on by octaves; `shape` (frames, 5) holds the spectral centroid, bandwidth and rolloff in Hz, the
    flatness and the rate of zero crossings; `onset` and `rms` are (frames,).
    """

    mel_db: Matrix
    rise_db: Matrix
    onset: Matrix
    chroma: Matrix
    valley_db: Matrix
    contrast_db: Matrix
    shape: Matrix
    rms: Matrix


def curves(excerpt: Excerpt) -> Curves:
    """Follow an excerpt of any length."""
    # It loads numba, which takes a second.
    from antiphon.audio import shape  # noqa: PLC0415 - processes that only import us never need it

    samples = excerpt.at(RATE_HZ)
    octaves = shape.contrast_bands(_BINS_HZ)
    spans = [
        (
            mel(power, RATE_HZ, MELS),
            _chroma(power),
            _flatness(power),
            *shape.of_block(power, _BINS_HZ, octaves),
        )
        for power in _spans(samples)
    ]
    energy, chroma, flatness, single, valleys, peaks = map(np.concatenate, zip(*spans, strict=True))
    mel_db = decibels(energy)
    rise_db = _rise(mel_db)
    valley_db = decibels(valleys)
    crossings = shape.zero_crossing_rate(samples, N_FFT, HOP)
    return Curves(
        mel_db=mel_db,
        rise_db=rise_db,
        onset=_onset_strength(rise_db),
        chroma=chroma,
        valley_db=valley_db,
        contrast_db=decibels(peaks) - valley_db,
        shape=np.column_stack([single[:, 1:], flatness, crossings]),
        rms=_rms(samples),
    )


def _spans(samples: Samples) -> Iterator[Matrix]:
    """Yield the power spectrogram so many frames at a time, in a buffer that is used again."""
    span = np.empty((_SPAN, _BINS_HZ.size), np.float32)
    filled = 0
    for _, block in power_blocks(samples, N_FFT, HOP):
        if filled + len(block) > _SPAN:
            yield span[:filled]
            filled = 0
        span[filled : filled + len(block)] = block
        filled += len(block)
    yield span[:filled]


def _rise(mel_db: Matrix) -> Matrix:
    rise = np.maximum(np.diff(mel_db, axis=0, prepend=mel_db[:1]), 0)
    bands: Matrix = rise.reshape(len(rise), BANDS, -1).mean(axis=2)
    return bands


def _onset_strength(rise_db: Matrix) -> Matrix:
    """Return the mean rise, later by half a window: as in librosa it peaks where a sound begins."""
    delay = N_FFT // (2 * HOP)
    return np.pad(rise_db.mean(axis=1), (delay, 0))[: len(rise_db)]


def _chroma(power: Matrix) -> Matrix:
    energy = power @ _chroma_filters()
    loudest = energy.max(axis=1, keepdims=True)
    loudest[loudest < _TINY] = 1
    chroma: Matrix = energy / loudest
    return chroma


def _flatness(power: Matrix) -> Matrix:
    """Return the geometric by the arithmetic mean; both as products, which are quicker."""
    share = np.full(_BINS_HZ.size, 1 / _BINS_HZ.size, np.float32)
    heard = np.maximum(power, _FAINTEST)
    mean = heard @ share
    np.log2(heard, out=heard)
    return np.asarray(np.exp2(heard @ share) / mean, np.float32)


def _rms(samples: Samples) -> Matrix:
    padded = np.pad(samples, N_FFT // 2)
    hops = padded[: len(padded) // HOP * HOP].reshape(-1, HOP)
    energy = sliding_window_view(np.einsum("ij,ij->i", hops, hops), N_FFT // HOP).sum(axis=1)
    rms: Matrix = np.sqrt(energy / np.float32(N_FFT))
    return rms


@lru_cache(maxsize=1)
def _chroma_filters() -> Matrix:
    """Return each bin's share in the twelve pitch classes from C, of shape (bins, 12).

    Ellis's chroma (librosa.filters.chroma): a bump about each bin's pitch, as wide as a bin and no
    narrower than a semitone, all of equal energy, weighted by a bell of two octaves about 880 Hz.
    """
    pitch = 12 * np.log2(np.arange(1, N_FFT) * RATE_HZ / N_FFT / 27.5)
    pitch = np.insert(pitch, 0, pitch[0] - 18)
    width = np.append(np.maximum(np.diff(pitch), 1), 1)
    away = np.remainder(pitch[:, np.newaxis] - np.arange(12) + 6, 12) - 6
    bumps = np.exp(-0.5 * (2 * away / width[:, np.newaxis]) ** 2)
    bumps /= np.linalg.norm(bumps, axis=1, keepdims=True)
    bumps *= np.exp(-0.5 * ((pitch / 12 - 5) / 2) ** 2)[:, np.newaxis]
    return np.ascontiguousarray(np.roll(bumps[: _BINS_HZ.size], -3, axis=1), dtype=np.float32)
