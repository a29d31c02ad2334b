"""The feature sets `fma518/1` and `fma518/2`: the columns of the Free Music Archive.

`features.py` of the archive (Defferrard, Benzi, Vandergheynst and Bresson, "FMA: a dataset for
music analysis", ISMIR 2017) reduces eleven groups of curves to seven statistics each. These are
its columns, under its names, in the order of its `features.csv`, computed at the file's own rate
as librosa 0.11 computes them; in 2017 it scaled `rmse`, for one, otherwise. All are equal to 1e-3,
but chroma and tonnetz where sound has no pitch (a click) or none below B7 (a whistle): there they
tell of rounding, in librosa and here.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from antiphon.audio import spectra
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features.port import FeatureSet
from antiphon.audio.plan import Plan
from antiphon.audio.statistics import STATISTICS, seven

N_FFT, HOP_LENGTH = 2048, 512
# The archive's script does not tell librosa the rate of some spectra, which then takes this one.
ASSUMED_HZ = 22_050

GROUPS = {
    "chroma_cens": 12,
    "chroma_cqt": 12,
    "chroma_stft": 12,
    "mfcc": 20,
    "rmse": 1,
    "spectral_bandwidth": 1,
    "spectral_centroid": 1,
    "spectral_contrast": 7,
    "spectral_rolloff": 1,
    "tonnetz": 6,
    "zcr": 1,
}
COLUMNS = tuple(
    f"{group}_{statistic}_{row:02d}"
    for group, rows in GROUPS.items()
    for statistic in STATISTICS
    for row in range(1, rows + 1)
)


def _extract(excerpt: Excerpt, _: Plan, *, spectral_hz: int | None) -> NDArray[np.float32]:
    """Compute COLUMNS, the spectral group and chroma_stft as if the rate were `spectral_hz`.

    Defined where librosa raises or gives NaN: skewness and kurtosis of a constant curve are 0; so
    is the contrast of bands above half the rate; a rate too low for the seven octaves of the
    constant-Q transform is doubled first. Memory is 33 MB a minute of 44.1 kHz.
    """
    curves = _curves(excerpt, spectral_hz or excerpt.rate_hz)
    return np.concatenate([seven(curves[group]).ravel() for group in GROUPS])


def _curves(excerpt: Excerpt, spectral_hz: int) -> dict[str, spectra.Matrix]:
    """Return each group's curves, (frames, rows), from one spectrogram and one constant-Q."""
    from antiphon.audio import chroma, cqt, shape, tuning  # noqa: PLC0415 - they take seconds

    power = spectra.power_spectrogram(excerpt.samples, N_FFT, HOP_LENGTH, np.float64)
    shaped = shape.shape(power, spectral_hz)
    tuned = tuning.estimate(power, excerpt.rate_hz, of_magnitude=True)
    classes = cqt.pitch_classes(excerpt.samples, excerpt.rate_hz, tuned)
    cens = chroma.energy_normalised(classes)
    return {
        "chroma_cens": cens,
        "chroma_cqt": chroma.normalised(classes, np.inf),
        "chroma_stft": chroma.from_spectrum(
            power, spectral_hz, tuning.estimate(power, spectral_hz)
        ),
        "mfcc": spectra.mfcc(spectra.mel(power, excerpt.rate_hz), GROUPS["mfcc"]),
        "rmse": shaped.rms,
        "spectral_bandwidth": shaped.bandwidth_hz,
        "spectral_centroid": shaped.centroid_hz,
        "spectral_contrast": shaped.contrast_db,
        "spectral_rolloff": shaped.rolloff_hz,
        "tonnetz": chroma.tonal_centroids(cens),
        "zcr": shape.zero_crossing_rate(excerpt.samples),
    }


FMA518_1 = FeatureSet("fma518/1", COLUMNS, partial(_extract, spectral_hz=ASSUMED_HZ))
FMA518_2 = FeatureSet("fma518/2", COLUMNS, partial(_extract, spectral_hz=None))
