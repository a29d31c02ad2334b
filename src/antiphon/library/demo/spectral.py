"""What is easiest in the spectrum: convolution, filters, the loudness that the ear hears."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from antiphon.library.demo.instruments import RATE, Samples

_BLOCK = 1 << 16


def convolved(sound: Samples, response: Samples) -> Samples:
    """Convolve (channels or 1, n) with (channels, m) by overlap-add, cut to n samples."""
    m, n = response.shape[1], sound.shape[1]
    size = 1 << int(np.ceil(np.log2(max(_BLOCK, 2 * m))))
    step = size - m + 1
    out = np.zeros((max(len(sound), len(response)), n + size), dtype=np.float32)
    spectrum = np.fft.rfft(response, size)
    for start in range(0, n, step):
        piece = np.fft.rfft(sound[:, start : start + step], size)
        out[:, start : start + size] += np.fft.irfft(piece * spectrum, size)
    return out[:, :n]


@lru_cache(maxsize=32)
def lowpass(cutoff_hz: float) -> Samples:
    """Return the impulse response (1, 129) of a gentle low-pass: a windowed sinc."""
    places = np.arange(-64, 65)
    response = np.sinc(2 * cutoff_hz / RATE * places) * np.hanning(129)
    return np.asarray(response[None] / response.sum(), dtype=np.float32)


def banded(sound: Samples, low_hz: float, high_hz: float) -> Samples:
    """Keep what lies between two frequencies, falling off by 12 dB an octave outside."""
    hz = np.maximum(np.fft.rfftfreq(sound.shape[1], 1 / RATE), 1.0)
    gain = 1 / ((1 + (low_hz / hz) ** 2) * (1 + (hz / high_hz) ** 2))
    spectrum = np.fft.rfft(sound) * gain.astype(np.float32)
    return np.asarray(np.fft.irfft(spectrum, sound.shape[1]), dtype=np.float32)


def loudness(sound: Samples) -> float:
    """Return the K-weighted loudness in LUFS (ITU-R BS.1770-5, without its gating)."""
    size = 2048
    whole = sound[:, : sound.shape[1] // size * size].reshape(-1, size)
    power = (np.abs(np.fft.rfft(whole)) ** 2).sum(axis=0) * _k_weighting(size)
    # Parseval: a one-sided spectrum holds half of the energy, times the size.
    energy = 2 * float(power.sum()) / size
    return -0.691 + 10 * float(np.log10(max(energy / sound.shape[1], 1e-12)))


@lru_cache(maxsize=4)
def _k_weighting(size: int) -> npt.NDArray[np.float64]:
    """Return the power gain of BS.1770's two filters, from their analogue parameters."""
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    k, q, gain = np.tan(np.pi * 1681.974 / RATE), 0.7071752, 10 ** (3.99984 / 20)
    root = gain**0.4996667
    shelf = (gain + root * k / q + k * k) + 2 * (k * k - gain) * z
    shelf = shelf + (gain - root * k / q + k * k) * z**2
    response = shelf / _poles(k, q, z)
    k, q = np.tan(np.pi * 38.13547 / RATE), 0.5003270
    high = (1 - 2 * z + z**2) * (1 + k / q + k * k)  # unity at the top, as BS.1770 has it
    return np.asarray(np.abs(response * high / _poles(k, q, z)) ** 2)


def _poles(k: float, q: float, z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    return (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2
