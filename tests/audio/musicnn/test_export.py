"""The graph computes what MusiCNN's authors wrote, for both trainings at once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.audio.musicnn import plain

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import FILE, export, fetch
from antiphon.audio.musicnn.mel import BANDS, FRAMES
from antiphon.audio.musicnn.net import load, run


def a_patch(seed: int) -> plain.Array:
    return np.random.default_rng(seed).uniform(0, 6, (FRAMES, BANDS)).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_every_output_of_every_training_is_that_of_the_plain_net(tmp_path: Path, seed: int) -> None:
    trainings = [plain.random_weights(seed), plain.random_weights(seed + 100)]
    onnx.save(export.graph(trainings), tmp_path / FILE)
    _compare(tmp_path, trainings, a_patch(seed))


@pytest.mark.slow
def test_so_it_is_with_the_real_weights(wheel: Path, models: Path) -> None:
    _compare(models, fetch.trainings(wheel), a_patch(4))


def test_random_weights_put_the_sign_of_the_normalisation_to_the_test() -> None:
    gammas = [plain.random_weights(0)[f"batch_normalization_{k}/gamma"] for k in range(1, 6)]
    assert min(gamma.min() for gamma in gammas) < 0 < max(gamma.max() for gamma in gammas)


def test_a_checkpoint_of_something_else_is_refused() -> None:
    weights = plain.random_weights(0)
    del weights["conv2d_3/kernel"]
    with pytest.raises(ModelError, match="has no 'conv2d_3/kernel'"):
        export.graph([weights])


def test_trainings_of_different_shape_are_refused() -> None:
    other = plain.random_weights(1)
    other["dense/bias"] = other["dense/bias"][:-1]
    with pytest.raises(ModelError, match="not of MusiCNN"):
        export.graph([plain.random_weights(0), other])


def _compare(folder: Path, trainings: Sequence[plain.Tensors], patch: plain.Array) -> None:
    heard = run(load(folder), patch[np.newaxis])
    for net, training in enumerate(trainings):
        for name, expected in plain.forward(patch, training).items():
            np.testing.assert_allclose(
                getattr(heard, name)[0, net], expected, rtol=1e-4, atol=1e-4, err_msg=name
            )
