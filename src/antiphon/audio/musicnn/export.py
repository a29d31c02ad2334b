"""Write MusiCNN's weights as an ONNX graph that runs fast on one core.

Its front end is five convolutions over a patch, each followed by bias, ReLU and a normalisation,
and only then by the maximum over the bands. What follows a convolution is monotonic in each of
its channels, so here the maximum comes first (of the negated filter, where the normalisation
turns the order round) and the rest works on a sixtieth of the numbers. Two trainings of the net
share one graph and its convolutions; a leading axis tells them apart.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, parser

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn.checkpoint import Tensors
from antiphon.audio.musicnn.mel import BANDS, FRAMES

Array = NDArray[np.float32]
Weights = dict[str, Array]

# Of TensorFlow's batch normalisation.
_EPSILON = 1e-3
# The net's convolutions in the checkpoint's order: first of the patch, then of what those found.
_FRONT = (0, 1, 2, 3, 4)
_MIDDLE = (5, 6, 7)

_GRAPH = """
<ir_version: 8, opset_import: ["": 13]>
musicnn (float[{frames}, {bands}] mel) => (
  float[n, u] penultimate, float[n, t] tags, float[n, c] mean_pool, float[n, c] max_pool
) {{
  sound = Reshape (mel, one_image)
  {front}
  found = Concat <axis = 1> (found_0, found_1, found_2, found_3, found_4)
  upright = Mul (found, front_sign)
  moved = Add (upright, front_bias)
  positive = Relu (moved)
  scaled = Mul (positive, front_scale)
  front = Add (scaled, front_shift)
  sum_4 = Reshape (front, one_row)
  {middle}
  everything = Concat <axis = 1> (front, middle_5, middle_6, middle_7)
  max_pool = ReduceMax <axes = [2], keepdims = 0> (everything)
  mean_pool = ReduceMean <axes = [2], keepdims = 0> (everything)
  pools = Concat <axis = 1> (max_pool, mean_pool)
  weighed = Einsum <equation = "ni,nio->no"> (pools, dense)
  biased = Add (weighed, dense_bias)
  fired = Relu (biased)
  stretched = Mul (fired, dense_scale)
  penultimate = Add (stretched, dense_shift)
  votes = Einsum <equation = "ni,nio->no"> (penultimate, tags_dense)
  logits = Add (votes, tags_bias)
  tags = Sigmoid (logits)
}}
"""
_FRONT_LAYER = """
  response_{k} = Conv <pads = [{before}, 0, {after}, 0]> (sound, kernel_{k})
  greatest_{k} = ReduceMax <axes = [3], keepdims = 0> (response_{k})
  found_{k} = Reshape (greatest_{k}, each_net)
"""
_MIDDLE_LAYER = """
  response_{k} = Conv <group = {nets}, pads = [{before}, {after}]> ({sound}, kernel_{k}, bias_{k})
  positive_{k} = Relu (response_{k})
  scaled_{k} = Mul (positive_{k}, scale_{k})
  shifted_{k} = Add (scaled_{k}, shift_{k})
  sum_{k} = {sum}
  middle_{k} = Reshape (sum_{k}, each_net)
"""
# Each of the later layers adds to what the one before it found.
_SUMS = ("Identity (shifted_5)", "Add (shifted_6, sum_5)", "Add (shifted_7, sum_6)")


def graph(trainings: Sequence[Tensors]) -> onnx.ModelProto:
    """Return the graph from one patch to what each training of the net makes of it.

    In: `mel` (FRAMES, BANDS). Out: `penultimate` (trainings, 200), the last layer before the tags
    with its normalisation; `tags` (trainings, 50), probabilities; `mean_pool` and `max_pool`
    (trainings, 753), over time, of all that the convolutions found.

    Raises:
        ModelError: a checkpoint is not one of MusiCNN, or they differ in shape.
    """
    try:
        weights = _together([_weights(training) for training in trainings])
    except KeyError as error:
        raise ModelError(f"The checkpoint is not of MusiCNN: it has no {error}.") from error
    except ValueError as error:
        raise ModelError(f"The checkpoint is not of MusiCNN: {error}.") from error
    model = parser.parse_model(_text(weights, len(trainings)))
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in weights.items()
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _text(weights: Weights, nets: int) -> str:
    front = "".join(_layer_text(_FRONT_LAYER, weights, k) for k in _FRONT)
    middle = "".join(
        _layer_text(_MIDDLE_LAYER, weights, k, nets=nets, sound=f"sum_{k - 1}", sum=sum_)
        for k, sum_ in zip(_MIDDLE, _SUMS, strict=True)
    )
    return _GRAPH.format(frames=FRAMES, bands=BANDS, front=front, middle=middle)


def _layer_text(template: str, weights: Weights, k: int, **words: object) -> str:
    """Fill in a layer that gives as many frames as it gets."""
    height = weights[f"kernel_{k}"].shape[2]
    return template.format(k=k, before=(height - 1) // 2, after=height // 2, **words)


def _together(nets: Sequence[Weights]) -> Weights:
    """Put the nets' weights along a first axis; convolutions have their channels in a row."""
    weights = {
        name: np.stack([net[name] for net in nets])
        if name.startswith(("front", "dense", "tags"))
        else np.concatenate([net[name] for net in nets])
        for name in nets[0]
    }
    shapes = {
        "one_image": (1, 1, FRAMES, BANDS),
        "one_row": (1, -1, FRAMES),
        "each_net": (len(nets), -1, FRAMES),
    }
    return weights | {name: np.array(shape, np.int64) for name, shape in shapes.items()}


def _weights(tensors: Tensors) -> Weights:
    front = [_front(tensors, k) for k in _FRONT]
    weights = {f"kernel_{k}": kernel for k, (kernel, _) in zip(_FRONT, front, strict=True)}
    for name in front[0][1]:
        weights[f"front_{name}"] = np.concatenate([values[name] for _, values in front])
    for k in _MIDDLE:
        scale, shift = _normalisation(tensors, k + 1)
        weights[f"kernel_{k}"] = _layer(tensors, "conv2d", k, "kernel")[:, :, 0].T
        weights[f"bias_{k}"] = _layer(tensors, "conv2d", k, "bias")
        weights[f"scale_{k}"], weights[f"shift_{k}"] = scale[:, None], shift[:, None]
    return weights | _dense(tensors)


def _front(tensors: Tensors, k: int) -> tuple[Array, Weights]:
    """Return a layer's kernel (channels, 1, height, width) and what follows the maximum.

    The patch comes as it is, not normalised to a·x + b: the kernel is multiplied by a, and b
    times the kernel's sum is a bias. Beyond the patch's ends the net sees zeros where the
    normalised patch would be, so that sum leaves out, for each frame, what lies outside.
    """
    (a,), (b,) = _normalisation(tensors, 0)
    scale, shift = _normalisation(tensors, k + 1)
    sign = np.where(scale < 0, -1, 1).astype(np.float32)
    kernel = _layer(tensors, "conv2d", k, "kernel")[:, :, 0]
    bias = _layer(tensors, "conv2d", k, "bias")[:, None] + b * _sums_inside(kernel)
    after = {
        "sign": sign[:, None],
        "bias": bias.astype(np.float32),
        "scale": scale[:, None],
        "shift": shift[:, None],
    }
    return (sign * a * kernel).transpose(2, 0, 1)[:, None], after


def _sums_inside(kernel: Array) -> NDArray[np.float64]:
    """Return each filter's sum over what of it lies in the patch, of shape (channels, FRAMES)."""
    rows = kernel.sum(axis=1).T
    whole = np.stack([np.convolve(np.ones(FRAMES), row[::-1]) for row in rows])
    outside = len(kernel) // 2
    return whole[:, outside : outside + FRAMES]


def _dense(tensors: Tensors) -> Weights:
    """Return the last two layers, the first with the normalisation of its input in it.

    The checkpoint has the two pools of each channel side by side, the graph one after the other.
    """
    scale, shift = _normalisation(tensors, 9)
    kernel = _layer(tensors, "dense", 0, "kernel")
    bias = _layer(tensors, "dense", 0, "bias") + shift @ kernel
    scaled = (scale[:, None] * kernel).reshape(-1, 2, kernel.shape[1])
    after_scale, after_shift = _normalisation(tensors, 10)
    return {
        "dense": np.concatenate([scaled[:, 0], scaled[:, 1]]),
        "dense_bias": bias,
        "dense_scale": after_scale,
        "dense_shift": after_shift,
        "tags_dense": _layer(tensors, "dense", 1, "kernel"),
        "tags_bias": _layer(tensors, "dense", 1, "bias"),
    }


def _normalisation(tensors: Tensors, k: int) -> tuple[Array, Array]:
    """Return a batch normalisation as the scale and the shift that it is once trained."""
    gamma, beta, mean, variance = (
        _layer(tensors, "batch_normalization", k, name)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + np.float32(_EPSILON))
    return scale, beta - mean * scale


def _layer(tensors: Tensors, kind: str, k: int, name: str) -> Array:
    return tensors[f"{kind}_{k}/{name}" if k else f"{kind}/{name}"]
