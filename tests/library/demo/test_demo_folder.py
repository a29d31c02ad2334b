"""The demo library's folder: whole files, complete tags, the same for the same seed."""

import hashlib
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tinytag import TinyTag

from antiphon.library.demo import covers, write
from antiphon.library.demo.catalogue import LIBRARY_SIZE, plan
from antiphon.library.demo.encode import FORMATS, encode
from antiphon.library.demo.folder import COMMENT, tags
from antiphon.library.demo.instruments import RATE
from antiphon.library.demo.names import RELEASES
from antiphon.library.demo.styles import STYLES

pytestmark = pytest.mark.slow

TONE = np.stack([np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE) * 0.85] * 2).astype("f4")
TAGS = {
    "title": "Étude",
    "artist": "Mira feat. Jonas",
    "album": "Rooms",
    "album_artist": "Mira",
    "track": "3/10",
    "disc": "2/2",
    "date": "2021-05-04",
    "genre": "Jazz; Acoustic",
}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decoded(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("demo") / "music"
    return folder, write(folder, seed=3, tracks=9, processes=1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_tags_read_back_from_every_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    encode(TONE, path, suffix, TAGS)
    tag = TinyTag.get(path)
    assert (tag.title, tag.artist, tag.album, tag.albumartist) == (
        "Étude",
        "Mira feat. Jonas",
        "Rooms",
        "Mira",
    )
    assert (tag.track, tag.track_total, tag.disc, tag.disc_total) == (3, 10, 2, 2)
    assert (tag.year, tag.genre) == ("2021-05-04", "Jazz; Acoustic")
    assert tag.duration == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_decodes_to_the_same_tone_without_clipping(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"x.{suffix}"
    encode(TONE, path, suffix, TAGS)
    sound = decoded(path)
    assert sound.shape[1] == pytest.approx(2 * RATE, abs=4000)
    assert 0.8 < np.abs(sound[:, RATE // 2 : RATE]).max() <= 0.98
    spectrum = np.abs(np.fft.rfft(sound[0, RATE // 2 : RATE // 2 + RATE]))
    assert spectrum.argmax() == pytest.approx(440, abs=1)


@pytest.mark.parametrize("suffix", ["mp3", "flac", "opus"])
def test_a_cover_travels_inside_the_file(suffix: str, tmp_path: Path) -> None:
    path, cover = tmp_path / f"x.{suffix}", covers.draw(RELEASES[0], 1)
    encode(TONE, path, suffix, TAGS, cover)
    front = TinyTag.get(path, image=True).images.front_cover
    assert front is not None
    assert front.data == cover


def test_the_compilation_says_so() -> None:
    sampler = [track for track in plan(1) if not track.release.style]
    assert {track.style for track in sampler} == set(STYLES)
    for track in sampler:
        assert tags(track)["compilation"] == "1"
        assert tags(track)["album_artist"] == "Various Artists"
        assert track.artist != "Various Artists"


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(
    library: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    _, first = library
    again = write(tmp_path / "again", seed=3, tracks=2, processes=1)
    other = write(tmp_path / "other", seed=4, tracks=1, processes=1)
    assert {digest(path) for path in again} <= {digest(path) for path in first}
    assert digest(other[0]) not in {digest(path) for path in first}


def test_several_processes_write_what_one_writes(
    library: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    _, alone = library
    seen: list[tuple[int, int]] = []
    together = write(
        tmp_path,
        seed=3,
        tracks=3,
        processes=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [digest(path) for path in together] == [digest(path) for path in alone[:3]]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_nothing_unfinished_is_left_and_every_album_has_its_cover(
    library: tuple[Path, list[Path]],
) -> None:
    folder, files = library
    assert len(files) == len(set(files)) == 9
    assert not list(folder.rglob(".*"))
    for path in files:
        with Image.open(path.with_name("cover.jpg")) as cover:
            assert cover.size == (800, 800)


def test_a_second_run_keeps_what_is_there_and_makes_what_is_missing(
    library: tuple[Path, list[Path]],
) -> None:
    folder, files = library
    before = {path: path.stat().st_mtime_ns for path in files}
    lost = digest(files[3])
    files[3].unlink()
    files[3].with_name(".1.interrupted.mp3.part").touch()
    calls: list[tuple[int, int]] = []
    write(folder, seed=3, tracks=9, processes=1, progress=lambda *at: calls.append(at))
    assert calls == [(9, 9)]
    assert digest(files[3]) == lost
    assert not list(folder.rglob(".*"))
    assert {p: p.stat().st_mtime_ns for p in files if p != files[3]} == {
        p: at for p, at in before.items() if p != files[3]
    }


def test_it_says_plainly_that_it_is_synthetic(library: tuple[Path, list[Path]]) -> None:
    folder, files = library
    assert "synthetic" in (folder / "README.txt").read_text()
    for path in files:
        assert COMMENT in str(TinyTag.get(path).as_dict().values())


def test_written_tracks_are_tagged_decodable_and_unclipped(
    library: tuple[Path, list[Path]],
) -> None:
    _, files = library
    assert {path.suffix for path in files} == {".mp3", ".opus", ".flac", ".m4a"}
    for path, planned in zip(files, plan(3, 9), strict=True):
        tag = TinyTag.get(path)
        assert tag.title == planned.title
        assert tag.albumartist == planned.release.artist
        assert np.abs(decoded(path)).max() <= 0.98


def test_folk_songs_have_timed_words(library: tuple[Path, list[Path]]) -> None:
    _, files = library
    songs = [path for path in files if "Hedgerow" in str(path)]
    assert songs
    assert songs[0].with_suffix(".lrc").read_text().startswith("[00:0")


def test_the_whole_plan_is_a_varied_library() -> None:
    tracks = plan(1)
    assert len(tracks) == LIBRARY_SIZE == 120
    assert len({track.release for track in tracks}) == 25
    assert len({track.artist for track in tracks}) == 20
    assert len({track.style for track in tracks[:8]}) == 8
    assert len({track.title for track in tracks if track.release.style == "Folk"}) == 13
    assert 3 <= sum(bool(track.featured) for track in tracks) <= 25
    assert {track.disc_no for track in tracks} == {1, 2}
    with pytest.raises(ValueError, match="1 to 120"):
        plan(1, 121)


@pytest.mark.parametrize("number", range(8))
def test_covers_are_drawn_alike_for_a_seed_and_with_many_colours(number: int) -> None:
    cover = covers.draw(RELEASES[number], 1)
    assert cover == covers.draw(RELEASES[number], 1)
    with Image.open(BytesIO(cover)) as picture:
        assert picture.size == (800, 800)
        assert len(set(picture.resize((64, 64)).get_flattened_data())) > 100
