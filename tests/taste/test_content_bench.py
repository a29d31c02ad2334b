"""What bench/content.py measures: chance is chance, and what is no number earns nothing."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests import benches

bench = benches.loaded("content")
ALBUMS = np.repeat([f"album {n}" for n in range(12)], 15)


def near_by_album(strength: float) -> np.ndarray:
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(12, 30))
    rows = strength * np.repeat(centres, 15, axis=0) + chance.normal(size=(180, 30))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_albums_that_lie_apart_are_found_and_all_of_them() -> None:
    assert bench.precision_at(near_by_album(9.0), ALBUMS, 5).mean() == 1.0
    assert 0.2 < bench.precision_at(near_by_album(0.5), ALBUMS, 5).mean() < 0.9


def test_shuffled_labels_give_chance() -> None:
    """By chance, 14 of the 179 others are of the same album."""
    near = near_by_album(9.0)
    chance = np.random.default_rng(1)
    found = [bench.precision_at(near, chance.permutation(ALBUMS), 5).mean() for _ in range(40)]
    assert np.mean(found) == pytest.approx(14 / 179, abs=0.01)


def test_features_that_say_nothing_give_chance_though_albums_lie_together() -> None:
    """All are equally near: the order of the files must not stand for nearness."""
    same = np.ones((180, 180), np.float32)
    assert bench.precision_at(same, ALBUMS, 5).mean() == pytest.approx(14 / 179, abs=0.03)
    assert bench.found_first(same).mean() == 0.0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_cannot_fake_a_score(wrong: float) -> None:
    near = near_by_album(0.0)
    near[3] = wrong
    with pytest.raises(ValueError, match="no finite nearness"):
        bench.precision_at(near, ALBUMS, 5)
    with pytest.raises(ValueError, match="no finite nearness"):
        bench.found_first(near)


def test_another_excerpt_is_found_only_before_all_others() -> None:
    near = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.1], [0.3, 0.1, 0.8]])
    assert bench.found_first(near).tolist() == [1.0, 0.0, 1.0]


def test_an_interval_holds_the_mean_and_narrows_with_more_albums() -> None:
    chance = np.random.default_rng(2)
    widths = []
    for albums in (5, 80):
        labels = np.repeat([f"album {n}" for n in range(albums)], 10)
        shares = np.repeat(chance.random(albums), 10)
        figure = bench.interval(bench.Asked(shares, labels))
        assert figure.low <= figure.value <= figure.high
        assert figure.asked == 10 * albums
        widths.append(figure.high - figure.low)
    assert widths[1] < widths[0] / 2


def test_where_nobody_asks_there_is_no_figure() -> None:
    assert bench.interval(bench.Asked(np.empty(0), np.empty(0, str))) is None


def test_music_is_chosen_by_folder_length_and_purpose(tmp_path: Path) -> None:
    def sound(path: str, seconds: float = 20.5) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, np.zeros(round(seconds * 8000), np.int16), 8000)

    for number in range(6):
        sound(f"game/music/{number}.wav")
        sound(f"hyperrogue-music/{number}.wav")
    sound("game/music/short.wav", 5)
    sound("game/Sounds/rain.wav")
    sound("small/only.wav")
    (tmp_path / "game/music/broken.ogg").write_bytes(b"no sound")
    assert bench.chosen(tmp_path) == [
        *(f"game/music/{n}.wav" for n in range(6)),
        *(f"hyperrogue-music/{n}.wav" for n in range(6)),
    ]


def test_a_recording_that_is_there_twice_counts_once() -> None:
    chance = np.random.default_rng(3)
    tracks = [
        bench.Track(
            f"game/{n}.ogg",
            "",
            100.0 + n,
            {"musicnn/1": chance.normal(size=400), "summary/1": chance.normal(size=265)},
        )
        for n in range(8)
    ]
    again = [tracks[2]._replace(path="other/2.mp3"), tracks[3]._replace(path="x.mp3", seconds=300)]
    kept = bench.without_doubles([*tracks, *again])
    assert [track.path for track in kept] == [*(track.path for track in tracks), "x.mp3"]
