"""How loud a track is, as broadcasters measure it: ITU-R BS.1770-4, EBU R 128.

Importing this loads no numba; the first meter does.
"""

import math
from collections.abc import Sequence
from types import ModuleType
from typing import cast

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.decode import frames_per_bin
from antiphon.audio.errors import ModelError

Samples = NDArray[np.float32]
Energies = NDArray[np.float64]

# ReplayGain 2 plays tracks at this loudness.
REPLAYGAIN_LUFS = -18.0

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE = 0.1  # -10 LU
_BINS_PER_STEP = 10
_STEPS_PER_WINDOW = 4
# BS.1770's weights in WAVE's order of channels: left, right, centre, LFE (0), back, side.
# Surround is 1.41 between 60° and 120°; with eight channels the backs lie behind that.
_SURROUND = 10 ** (1.5 / 10)
_WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (1, 1, _SURROUND, _SURROUND),
    5: (1, 1, 1, _SURROUND, _SURROUND),
    6: (1, 1, 1, 0, _SURROUND, _SURROUND),
    8: (1, 1, 1, 0, 1, 1, _SURROUND, _SURROUND),
}
_TAPS = 12


class Meter:
    """Measures sound as it passes: integrated loudness and true peak.

    Memory grows by 80 bytes for each second.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        """Measure sound of this rate and so many channels, in WAVE's order."""
        self.peak = 0.0
        self._bin = frames_per_bin(rate_hz)
        self._weights = np.asarray(_WEIGHTS.get(channels, (1.0,) * channels))
        self._filter = k_weighting(rate_hz)
        self._state = np.zeros((channels, 6))
        self._interpolation = interpolation(rate_hz)
        self._before = np.zeros((_TAPS - 1, channels), np.float32)
        self._steps: list[Energies] = []

    def add(self, block: Samples) -> Samples:
        """Take in finite samples of shape (samples, channels); return the peak of each 10 ms.

        Every block but the last is a whole number of tenths of a second.

        Raises:
            ModelError: numba has no folder to keep in what it compiles.
        """
        kernels = _kernels()
        energies, peaks = kernels.weigh(block, self._weights, self._filter, self._state, self._bin)
        whole = len(block) // (self._bin * _BINS_PER_STEP) * _BINS_PER_STEP
        self._steps.append(energies[:whole].reshape(-1, _BINS_PER_STEP).sum(axis=1))
        self.peak = max(self.peak, float(peaks.max()))
        sound = np.concatenate([self._before, block])
        self.peak = kernels.true_peak(sound, self._interpolation, self._bin, peaks, self.peak)
        self._before = sound[1 - _TAPS :].copy()
        return cast("Samples", peaks)

    def integrated_lufs(self) -> float | None:
        """Return the gated loudness; None where nothing is louder than -70 LUFS for 0.4 s.

        BS.1770-4 equations 4 to 7: windows of 0.4 s that overlap by 75 %, of which those count
        that pass both gates.
        """
        step = np.concatenate([np.empty(0), *self._steps]) / (self._bin * _BINS_PER_STEP)
        if len(step) < _STEPS_PER_WINDOW:
            return None
        windows = np.convolve(step, np.full(_STEPS_PER_WINDOW, 1 / _STEPS_PER_WINDOW), "valid")
        audible = windows[windows > _energy(_ABSOLUTE_GATE_LUFS)]
        if not audible.size:
            return None
        return _lufs(float(audible[audible > _RELATIVE_GATE * audible.mean()].mean()))


def k_weighting(rate_hz: int) -> Energies:
    """Return BS.1770's two filters at a rate: rows (b0, b1, b2, a1, a2), a0 = 1.

    The analogue prototypes behind the standard's coefficients for 48 kHz, from Brecht De Man,
    "Evaluation of implementations of the EBU R128 loudness measurement", AES 145 (2018).
    """
    k = math.tan(math.pi * min(1681.974450955533 / rate_hz, 0.49))
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (high + middle * k / q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - middle * k / q + k * k) / a0,
        2 * (k * k - 1) / a0,
        (1 - k / q + k * k) / a0,
    ]
    k, q = math.tan(math.pi * min(38.13547087602444 / rate_hz, 0.49)), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


def interpolation(rate_hz: int) -> Samples:
    """Return the filters for the moments between samples, of shape (moments, 12).

    BS.1770-4 annex 2: four times the rate, or what reaches 192 kHz; a sinc in a Hann window.
    """
    factor = next((f for f, up_to in ((4, 96_000), (2, 192_000)) if rate_hz < up_to), 1)
    moments = np.arange(1, factor)[:, np.newaxis] / factor
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - moments
    hann = 0.5 * (1 + np.cos(2 * np.pi * distance / _TAPS))
    return (np.sinc(distance) * hann).astype(np.float32)


def replaygain_db(loudness_lufs: float) -> float:
    """Return what brings a track, or an album, to ReplayGain 2's loudness."""
    return REPLAYGAIN_LUFS - loudness_lufs


def album_loudness(loudnesses: Sequence[float | None], durations: Sequence[float]) -> float | None:
    """Return the loudness of tracks in a row: the mean of their energies, weighted by duration.

    An approximation: the gates of R 128 would be set anew for the whole album, and a track much
    quieter than the others would count less. Silent tracks (None) do not count.
    """
    parts = [
        (_energy(lufs), seconds)
        for lufs, seconds in zip(loudnesses, durations, strict=True)
        if lufs is not None and seconds > 0
    ]
    if not parts:
        return None
    return _lufs(sum(e * seconds for e, seconds in parts) / sum(seconds for _, seconds in parts))


def _kernels() -> ModuleType:
    try:
        from antiphon.audio import loudness_kernels  # noqa: PLC0415 - loads numba
    except RuntimeError as error:
        raise ModelError(
            "numba can keep nowhere what it compiles: "
            "let NUMBA_CACHE_DIR be a folder that may be written to."
        ) from error
    return loudness_kernels


def _lufs(energy: float) -> float:
    return -0.691 + 10 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))
