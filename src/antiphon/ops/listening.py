"""Listening to one file; what Spark's executors load of Antiphon besides `compute` is loaded here.

That is `audio`, and the words for files: no store, and so no driver of a database.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.features import extract
from antiphon.library.files import explained


def listen(path: str) -> NDArray[np.float32]:
    """Extract the features of a file; what a worker process does.

    Raises:
        SoundError: its sound cannot be used.
        UnreadableError: the file is not there any more or may not be read.
    """
    try:
        return extract(path)
    except OSError:
        with explained():
            raise
