"""MusiCNN, a pretrained net that knows what music sounds like (Pons and Serra 2019).

The authors' wheel carries two trainings of it as TensorFlow checkpoints: on the Million Song
Dataset (MSD) and on MagnaTagATune (MTT). `fetch` takes the wheel, reads both (`checkpoint`) and
writes them as one ONNX graph (`export`) into a folder; `mel` prepares the sound, `net` listens.
"""

from pathlib import Path

# A change to the graph is a new file, so that every process knows what it loads.
FILE = "musicnn-1.onnx"
# Their authors' licence, which goes along with them.
NOTICE = "musicnn-LICENSE.md"


def available(folder: str | Path) -> bool:
    """Say whether the nets are in a folder: `fetch` moves them there whole or not at all."""
    return (Path(folder) / FILE).is_file()
