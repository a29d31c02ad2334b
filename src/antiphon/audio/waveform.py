"""The outline of a track: what the player draws, and how much silence there is at both ends."""

import numpy as np
from numpy.typing import NDArray

Peaks = NDArray[np.float32]

# How many peaks the player gets.
BINS = 800
# -60 dBFS: below it a listener hears nothing of it.
SILENT = 1e-3

_MOST = 8192


class Outline:
    """Gathers the peaks of short, even stretches; the memory is the same for any duration."""

    def __init__(self) -> None:
        self._peaks: Peaks = np.zeros(_MOST, np.float32)
        self._stretches_per_peak = 1
        self._stretches = 0
        self._first_loud = self._last_loud = -1

    def add(self, peaks: Peaks) -> None:
        """Take in the largest |sample| of each of the next stretches."""
        loud = np.flatnonzero(peaks >= SILENT)
        if loud.size:
            self._last_loud = self._stretches + int(loud[-1])
            if self._first_loud < 0:
                self._first_loud = self._stretches + int(loud[0])
        end = self._stretches + len(peaks)
        while end > _MOST * self._stretches_per_peak:
            self._halve()
        np.maximum.at(
            self._peaks, np.arange(self._stretches, end) // self._stretches_per_peak, peaks
        )
        self._stretches = end

    @property
    def silent_at_start(self) -> int:
        """How many stretches from the start on hold nothing of -60 dBFS or more; perhaps all."""
        return self._stretches if self._first_loud < 0 else self._first_loud

    @property
    def silent_at_end(self) -> int:
        """How many stretches up to the end hold nothing of -60 dBFS or more; perhaps all."""
        return self._stretches - 1 - self._last_loud

    def waveform(self) -> bytes:
        """Return 800 peaks over the whole track as bytes, in proportion: 255 is its loudest.

        Linear, as the ear follows the eye: a logarithm would draw quiet and loud alike. Shorter
        tracks than 8 s repeat some peaks. All is 0 where the track is digital zero.
        """
        used = -(-self._stretches // self._stretches_per_peak)
        loudest = self._peaks.max()
        if not used or not loudest:
            return bytes(BINS)
        peaks = np.maximum.reduceat(self._peaks[:used], np.arange(BINS) * used // BINS)
        return bytes(np.rint(peaks * (255 / loudest)).astype(np.uint8))

    def _halve(self) -> None:
        halves = self._peaks.reshape(-1, 2).max(axis=1)
        self._peaks = np.concatenate([halves, np.zeros_like(halves)])
        self._stretches_per_peak *= 2
