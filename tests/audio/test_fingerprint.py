"""The same recording is recognised by its fingerprint, another one is not."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.audio.fingerprint import alike, distance, fingerprint
from antiphon.audio.hearing import hear
from antiphon.audio.plan import Plan
from antiphon.audio.transcode import transcode
from sounds import Sound, write


def embeddings(count: int) -> NDArray[np.float32]:
    """Vectors as the embedding gives them: 400 numbers around 0, alike in part."""
    random = np.random.default_rng(8)
    common = random.standard_normal(400)
    return (common + random.standard_normal((count, 400))).astype(np.float32)


def heard_again(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what another encoding makes of it: a little noise everywhere, a little quieter."""
    noise = 0.03 * vector.std() * np.random.default_rng(9).standard_normal(len(vector))
    return (0.97 * vector + noise).astype(np.float32)


def song(seed: int, seconds: float = 12) -> Sound:
    """Chords and a drum of their own tempo, key and timbre."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * 44_100)) / 44_100
    beat_s = 60 / random.uniform(70, 170)
    beat, within = np.divmod(times, beat_s)
    tonic, overtones = random.uniform(80, 200), random.integers(2, 12)
    chords = np.array([random.choice([0, 2, 4, 5, 7, 9, 11], 3, replace=False) for _ in range(4)])
    sound = np.exp(-within * random.uniform(5, 60)) * random.standard_normal(len(times)) * 0.3
    for semitone in chords[(beat // 4).astype(int) % 4].T:
        phase = np.cumsum(tonic * 2 ** (semitone / 12)) / 44_100
        for overtone in range(1, overtones):
            sound += np.sin(2 * np.pi * overtone * phase) / overtone
    return np.repeat((0.1 * sound)[:, np.newaxis], 2, axis=1).astype(np.float32)


def test_another_encoding_is_alike() -> None:
    for vector in embeddings(200):
        first, second = fingerprint(vector, 201.3), fingerprint(heard_again(vector), 201.35)
        assert distance(first, second) <= 4
        assert alike(first, second)


def test_other_tracks_of_the_same_duration_are_not_alike() -> None:
    prints = [fingerprint(vector, 180) for vector in embeddings(200)]
    pairs = [(a, b) for place, a in enumerate(prints) for b in prints[:place]]
    assert not any(alike(a, b) for a, b in pairs)
    assert np.mean([distance(a, b) for a, b in pairs]) > 15


def test_another_edit_of_the_same_sound_is_not_alike() -> None:
    vector = embeddings(1)[0]
    assert alike(fingerprint(vector, 180), fingerprint(vector, 181))
    assert not alike(fingerprint(vector, 180), fingerprint(vector, 190))


def test_a_fingerprint_stays_the_same_from_release_to_release() -> None:
    vector = np.arange(400, dtype=np.float32) % 7 - 3
    assert fingerprint(vector, 61.25) == "1734e3dbeec281c1:61.2"


def test_without_an_embedding_there_is_no_fingerprint_and_no_likeness() -> None:
    nothing = fingerprint(None, 180)
    assert nothing == ""
    assert not alike(nothing, nothing)
    assert distance(nothing, fingerprint(embeddings(1)[0], 180)) == 64


@pytest.mark.slow
def test_real_encodings_of_songs_are_told_from_other_songs(tmp_path: Path, models: Path) -> None:
    plan = Plan(sets=("musicnn/1",), models=str(models))

    others: list[str] = []
    for seed in range(5):
        lossless, mp3 = write(tmp_path / "a.flac", song(seed)), tmp_path / "a.mp3"
        mp3.write_bytes(b"".join(transcode(lossless, bitrate_kbps=128)))
        wma = write(tmp_path / "a.wma", song(seed))
        original, *again = (hear(path, plan).fingerprint for path in (lossless, mp3, wma))
        assert all(alike(original, each) for each in again)
        assert not any(alike(original, other) for other in others)
        others.append(original)
