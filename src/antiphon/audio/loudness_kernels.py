"""The two loops over every sample that loudness needs; compiled once, in about 2 s."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Numbers = NDArray[np.float64]


@njit(
    "Tuple((f8[::1], f4[::1]))(f4[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1], i8)",
    cache=True,
    fastmath={"contract"},
)
def weigh(
    block: Samples, weights: Numbers, filters: Numbers, state: Numbers, size: int
) -> tuple[Numbers, Samples]:
    """Return the K-weighted energy and the largest |sample| of every `size` samples.

    `state`, of shape (channels, 6), carries the filters from block to block. Direct form 1: its
    recursion is the shortest.
    """
    samples, channels = block.shape
    bins = (samples + size - 1) // size
    energies, peaks = np.zeros(bins, np.float64), np.zeros(bins, np.float32)
    for channel in range(channels):
        x1, x2, y1, y2, z1, z2 = state[channel]
        for place in range(bins):
            energy, peak = 0.0, np.float32(0)
            for sample in range(place * size, min(samples, (place + 1) * size)):
                x = block[sample, channel]
                peak = max(peak, abs(x))
                y = filters[0, 0] * x + filters[0, 1] * x1 + filters[0, 2] * x2
                y = (y - filters[0, 4] * y2) - filters[0, 3] * y1
                z = filters[1, 0] * y + filters[1, 1] * y1 + filters[1, 2] * y2
                z = (z - filters[1, 4] * z2) - filters[1, 3] * z1
                x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
                energy += z * z
            energies[place] += weights[channel] * energy
            peaks[place] = max(peaks[place], peak)
        state[channel, :] = (x1, x2, y1, y2, z1, z2)
    return energies, peaks


@njit(
    "f8(f4[:, ::1], f4[:, ::1], i8, f4[::1], f8)",
    cache=True,
    # Blocks are finite, and a largest value does not depend on the order of its sums.
    fastmath={"contract", "nnan", "nsz", "reassoc"},
)
def true_peak(sound: Samples, filters: Samples, size: int, peaks: Samples, known: float) -> float:
    """Return the largest of `known` and of |samples| interpolated by filters of 12 taps.

    `sound` begins with the 11 samples before the block whose `peaks`, of every `size` samples,
    tell where it is worth looking: elsewhere no sum of 12 could reach the largest so far.
    """
    channels, early, reach = sound.shape[1], 11, np.float32(1)
    for moment in range(len(filters)):
        reach = max(reach, np.abs(filters[moment]).sum())
    near, between = np.empty(size + early, np.float32), np.empty(size, np.float32)
    top = np.array([known], np.float32)
    # Without their sign, floats and their bits have the same order; of whole numbers the compiler
    # looks for the largest by vectors.
    between_bits, top_bits = between.view(np.uint32), top.view(np.uint32)
    for place in range(len(peaks)):
        if place and max(peaks[place], peaks[place - 1]) * reach <= top[0]:
            continue
        start = place * size
        count = min(size, len(sound) - early - start)
        for channel in range(channels):
            for i in range(count + early):
                near[i] = sound[start + i, channel]
            for moment in range(len(filters)):
                between[:] = 0
                # Tap by tap, so that the inner loop is one that the compiler turns to vectors.
                for tap in range(12):
                    weight = filters[moment, 11 - tap]
                    for i in range(count):
                        between[i] += near[i + tap] * weight
                largest = top_bits[0]
                for i in range(count):
                    largest = max(largest, between_bits[i] & np.uint32(0x7FFFFFFF))
                top_bits[0] = largest
    return float(top[0])
