"""What MusiCNN hears: patches of 3 s of the logarithm of a mel spectrogram."""

import numpy as np
from numpy.typing import NDArray

from antiphon.audio import spectra
from antiphon.audio.plan import ALL

Array = NDArray[np.float32]

RATE_HZ = 16_000
BANDS = 96
# Of a patch: 2.99 s.
FRAMES = 187

_N_FFT = 512
_HOP = 256


def patches(samples: Array, count: int = ALL) -> Array:
    """Return patches, of shape (patches, FRAMES, BANDS), of a sound at RATE_HZ.

    The sound is divided into `count` equal stretches (ALL: as many as there is room for) and the
    middle of each is a patch: they are spread evenly and never overlap, so that there may be fewer
    than asked for. What is shorter than a patch is repeated until it fills one.
    """
    mel = log_mel(samples)
    room = max(1, len(mel) // FRAMES)
    number = min(count or room, room)
    centres = (np.arange(number) + 0.5) * len(mel) / number
    starts = np.maximum(0, centres - FRAMES / 2).astype(int)
    frames = starts[:, np.newaxis] + np.arange(FRAMES)
    heard: Array = np.take(mel, frames, axis=0, mode="wrap")
    return heard


def log_mel(samples: Array) -> Array:
    """Return log10(1 + 10000 · mel power), of shape (frames, BANDS), of a sound at RATE_HZ.

    The bands are Slaney's, from 0 to 8 kHz, of power spectra over 32 ms, one every 16 ms.
    """
    blocks = spectra.power_blocks(samples, _N_FFT, _HOP)
    mel = np.concatenate([spectra.mel(power, RATE_HZ, BANDS) for _, power in blocks])
    compressed: Array = np.log10(1 + 10_000 * mel)
    return compressed
