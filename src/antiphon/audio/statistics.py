"""The seven numbers to which the Free Music Archive reduces a curve."""

import numpy as np

from antiphon.audio.spectra import Matrix

STATISTICS = ("kurtosis", "max", "mean", "median", "min", "skew", "std")

# A standard deviation below this part of the mean is rounding: the curve is constant.
_ROUNDING = 1e-6


def seven(curves: Matrix) -> Matrix:
    """Return STATISTICS of each column of (frames, rows) over its frames; (statistics, rows).

    Numpy's and scipy.stats' (biased skewness, excess kurtosis), but that skewness and kurtosis of
    a constant curve, which scipy calls NaN, are 0.
    """
    ascending = np.sort(curves.T, axis=1)
    frames = ascending.shape[1]
    median = (ascending[:, (frames - 1) // 2] + ascending[:, frames // 2]) / 2
    mean = ascending.mean(axis=1, dtype=np.float64)
    deviations = ascending - mean[:, np.newaxis]
    squares = deviations * deviations
    variance = squares.mean(axis=1)
    std = np.sqrt(variance)
    constant = std <= _ROUNDING * np.abs(mean)
    unit = np.where(constant, 1, variance)
    skew = np.where(constant, 0, (squares * deviations).mean(axis=1) / unit**1.5)
    kurtosis = np.where(constant, 0, (squares * squares).mean(axis=1) / unit**2 - 3)
    found = (kurtosis, ascending[:, -1], mean, median, ascending[:, 0], skew, std)
    return np.array(found, np.float32)
