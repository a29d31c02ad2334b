"""Run MusiCNN, by onnxruntime on one thread: who wants more cores starts more processes."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import FILE

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Array = NDArray[np.float32]


class Activations(NamedTuple):
    """What the nets made of patches; each of shape (patches, nets, numbers), MSD before MTT."""

    penultimate: Array
    tags: Array
    mean_pool: Array
    max_pool: Array


def listen(patches: Array, folder: str | Path) -> Activations:
    """Run the nets of a folder, loaded once for each process, over patches.

    Raises:
        ModelError: the nets are not there, or not whole.
    """
    return run(_loaded(str(folder)), patches)


def run(session: "InferenceSession", patches: Array) -> Activations:
    """Run the nets over patches of shape (patches, mel.FRAMES, mel.BANDS).

    They go one by one: a batch takes as long for each, and memory for all at once.
    """
    heard = [session.run(Activations._fields, {"mel": patch}) for patch in patches]
    return Activations(*(np.stack(outputs) for outputs in zip(*heard, strict=True)))


def load(folder: str | Path) -> "InferenceSession":
    """Load the nets of a folder.

    Raises:
        ModelError: they are not there, or not whole.
    """
    import onnxruntime  # noqa: PLC0415 - it takes long to load, and 60 MB

    path = Path(folder) / FILE
    if not path.is_file():
        raise ModelError(f"The embedding's nets are not in {folder}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The next level re-orders memory into blocks of channels: slower, as the patch has only one.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    try:
        return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"The embedding's nets in {folder} cannot be used: {error}.") from error


_loaded = functools.cache(load)
