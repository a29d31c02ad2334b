"""MusiCNN in plain NumPy, layer after layer as its authors wrote it; and weights at random."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]

BANDS = 96
# The front end's layers: frames and bands that a filter spans, and how many filters there are.
FRONT = ((7, 38, 4), (7, 67, 4), (128, 1, 2), (64, 1, 2), (32, 1, 2))
MIDDLE, DENSE, TAGS = 3, 5, 6


def forward(mel: Array, tensors: Tensors) -> dict[str, Array]:
    """What one training makes of one patch, of shape (frames, bands)."""
    sound = _normalised(mel[..., np.newaxis], tensors, 0)[..., 0]
    front = np.concatenate([_front(sound, tensors, k) for k in range(5)], axis=1)
    first = _middle(front, tensors, 5)
    second = _middle(first, tensors, 6) + first
    third = _middle(second, tensors, 7) + second
    found = np.concatenate([front, first, second, third], axis=1)
    pools = np.stack([found.max(axis=0), found.mean(axis=0)], axis=1)
    flat = _normalised(pools.ravel(), tensors, 9)
    dense = np.maximum(0, flat @ tensors["dense/kernel"] + tensors["dense/bias"])
    penultimate = _normalised(dense, tensors, 10)
    logits = penultimate @ tensors["dense_1/kernel"] + tensors["dense_1/bias"]
    return {
        "penultimate": penultimate,
        "tags": 1 / (1 + np.exp(-logits)),
        "mean_pool": pools[:, 1],
        "max_pool": pools[:, 0],
    }


def random_weights(seed: int) -> dict[str, Array]:
    """A small net; some normalisations turn the order of what they scale round."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}

    def put(name: str, *shape: int, scale: float = 1.0, middle: float = 0.0) -> None:
        tensors[name] = (middle + scale * rng.standard_normal(shape)).astype(np.float32)

    def normalisation(k: int, size: int) -> None:
        for name in ("gamma", "beta", "moving_mean"):
            put(f"{_named('batch_normalization', k)}/{name}", size)
        put(f"{_named('batch_normalization', k)}/moving_variance", size, scale=0.1, middle=1.0)

    def convolution(k: int, height: int, width: int, filters: int) -> None:
        put(
            f"{_named('conv2d', k)}/kernel",
            height,
            width,
            1,
            filters,
            scale=(height * width) ** -0.5,
        )
        put(f"{_named('conv2d', k)}/bias", filters)
        normalisation(k + 1, filters)

    normalisation(0, 1)
    for k, (height, width, filters) in enumerate(FRONT):
        convolution(k, height, width, filters)
    channels = sum(filters for _, _, filters in FRONT)
    for k, width in ((5, channels), (6, MIDDLE), (7, MIDDLE)):
        convolution(k, 7, width, MIDDLE)
    pools = 2 * (channels + 3 * MIDDLE)
    normalisation(9, pools)
    put("dense/kernel", pools, DENSE, scale=pools**-0.5)
    put("dense/bias", DENSE)
    normalisation(10, DENSE)
    put("dense_1/kernel", DENSE, TAGS, scale=DENSE**-0.5)
    put("dense_1/bias", TAGS)
    return tensors


def _named(kind: str, k: int) -> str:
    return f"{kind}_{k}" if k else kind


def _normalised(values: Array, tensors: Tensors, k: int) -> Array:
    gamma, beta, mean, variance = (
        tensors[f"{_named('batch_normalization', k)}/{name}"]
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    return gamma * (values - mean) / np.sqrt(variance + 1e-3) + beta


def _convolved(values: Array, tensors: Tensors, k: int) -> Array:
    """Of shape (frames, bands left, filters): as many frames as before, rectified, normalised."""
    kernel = tensors[f"{_named('conv2d', k)}/kernel"][:, :, 0]
    height, width, _ = kernel.shape
    padded = np.pad(values, [((height - 1) // 2, height // 2), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width))
    found = np.tensordot(windows, kernel, 2) + tensors[f"{_named('conv2d', k)}/bias"]
    return _normalised(np.maximum(0, found), tensors, k + 1)


def _front(sound: Array, tensors: Tensors, k: int) -> Array:
    return _convolved(sound, tensors, k).max(axis=1)


def _middle(found: Array, tensors: Tensors, k: int) -> Array:
    return _convolved(found, tensors, k)[:, 0]
