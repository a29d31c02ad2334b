"""A music folder, and tones to put into it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 22_050


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """Write a tone, each frequency another track; 0 Hz is silence."""

    def write_tone(path: Path, hertz: float = 440.0, seconds: float = 1.0) -> Path:
        times = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
        soundfile.write(path, 0.4 * np.sin(2 * np.pi * hertz * times), RATE_HZ)
        return path

    return write_tone
