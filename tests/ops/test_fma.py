"""The archive in an instance: published features kept, genres told by three kinds of features."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.library.fma import generator

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.plan import Plan
from antiphon.compute import open_compute
from antiphon.library.fma import ArchiveError
from antiphon.library.fma.importing import import_archive
from antiphon.model import Features, Track
from antiphon.ops import fma
from antiphon.store import Store
from antiphon.store.schema import FEATURES, TRACKS

COLUMNS = FEATURE_SETS[fma.PUBLISHED].columns
GENRES = ("Rock", "Folk")
# So many tracks of each genre in each split.
EACH = {"training": 8, "validation": 3, "test": 4}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Tables about 30 tracks of two genres, all of the small subset, and their features."""
    generator.write_tables(tmp_path, 1)
    splits = [split for split, each in EACH.items() for _ in range(2 * each)]
    rows = [
        (
            1 + n,
            {
                ("set", "split"): split,
                ("set", "subset"): "small",
                ("track", "genre_top"): GENRES[n % 2],
                ("track", "title"): f"Track {1 + n}",
            },
        )
        for n, split in enumerate(splits)
    ]
    generator.write_tracks(tmp_path / "tracks.csv", rows)
    write_features(tmp_path / "features.csv", [id for id, _ in rows])
    return tmp_path


def write_features(path: Path, ids: list[int], columns: tuple[str, ...] = COLUMNS) -> None:
    """Write them as the archive does: headings of three lines, columns in its order, one blank."""
    parts = [name.rsplit("_", 2) for name in columns]
    headings = zip(("feature", "statistics", "number"), zip(*parts, strict=True), strict=True)
    lines = [[heading, *names] for heading, names in headings]
    lines.append(["track_id", *("" for _ in columns)])
    random = np.random.default_rng(0)
    for id in ids:
        values = random.normal(id % 2, 0.3, len(columns)).astype(np.float32)
        lines.append([str(id), *map(str, values)])
    lines.append(["999", *("" for _ in columns)])
    path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")


def present(store: Store, ids: range) -> list[str]:
    tracks = [Track(id=f"tr-fma-{n:06d}", title=str(n), sort=str(n)) for n in ids]
    store.put_many(TRACKS, tracks)
    return [track.id for track in tracks]


def test_published_features_are_kept_of_the_tracks_that_are_there(
    store: Store, archive: Path
) -> None:
    present(store, range(1, 4))
    store.put(TRACKS, Track(id="tr-fma-000004", title="gone", sort="gone", missing=True))
    assert fma.keep_published(store, archive, lambda *_: None) == 3
    kept = store.find(FEATURES, {"name": fma.PUBLISHED})
    assert [one.track_id for one in kept] == ["tr-fma-000001", "tr-fma-000002", "tr-fma-000003"]
    dtype = FEATURE_SETS[fma.PUBLISHED].dtype
    published = dict(fma.published(archive))
    for one in kept:
        np.testing.assert_array_equal(np.frombuffer(one.vector, dtype), published[one.track_id])


def test_published_features_are_known_by_their_names_not_their_places(
    store: Store, archive: Path
) -> None:
    (id,) = present(store, range(1, 2))
    turned = tuple(reversed(COLUMNS))
    write_features(archive / "features.csv", [1], turned)
    fma.keep_published(store, archive, lambda *_: None)
    (kept,) = store.find(FEATURES)
    vector = np.frombuffer(kept.vector, FEATURE_SETS[fma.PUBLISHED].dtype)
    np.testing.assert_array_equal(vector[::-1], dict(fma.published(archive))[id])


def test_a_table_of_other_features_is_refused(store: Store, archive: Path) -> None:
    write_features(archive / "features.csv", [1], COLUMNS[:140])
    with pytest.raises(ArchiveError, match="lacks 378 columns"):
        fma.keep_published(store, archive, lambda *_: None)
    (archive / "features.csv").unlink()
    with pytest.raises(ArchiveError, match=r"There is no .*features\.csv"):
        fma.keep_published(store, archive, lambda *_: None)


def test_a_cell_that_is_no_number_is_named(archive: Path) -> None:
    table = archive / "features.csv"
    lines = table.read_text().splitlines()
    lines[5] = "2," + ",".join(["hello"] * len(COLUMNS))
    table.write_text("\n".join(lines))
    with pytest.raises(ArchiveError, match=r"features\.csv is damaged at track 2: .*hello"):
        list(fma.published(archive))


def test_genres_are_told_by_the_published_features(archive: Path) -> None:
    known = fma.labels(archive, "small")
    result = fma.benchmark(known, fma.published(archive))
    assert result.tracks == {split: 2 * each for split, each in EACH.items()}
    assert (result.columns, result.without) == (518, 0)
    assert result.score.accuracy == 1
    assert result.score.majority == 0.5


def test_genres_are_told_by_the_features_that_an_analysis_kept(store: Store, archive: Path) -> None:
    known = fma.labels(archive, "medium")
    for number, id in enumerate(known, 1):
        if number != 2:
            vector = np.full(len(FEATURE_SETS["summary/1"].columns), number % 2)
            numbers = vector.astype(FEATURE_SETS["summary/1"].dtype).tobytes()
            name = "summary/1"
            store.put(
                FEATURES, Features(id=f"{id}:{name}", track_id=id, name=name, vector=numbers, at=0)
            )
    result = fma.benchmark(known, fma.stored(store, "summary/1", known))
    assert result.score.accuracy == 1
    assert result.without == 1


def test_a_subset_holds_the_smaller_ones_and_tracks_without_a_genre_do_not_count(
    archive: Path,
) -> None:
    rows = [
        (
            1 + n,
            {
                ("set", "split"): "test",
                ("set", "subset"): subset,
                ("track", "genre_top"): genre,
            },
        )
        for n, (subset, genre) in enumerate(
            [("small", "Rock"), ("medium", "Folk"), ("large", "Rock"), ("medium", "")]
        )
    ]
    generator.write_tracks(archive / "tracks.csv", rows)
    assert fma.labels(archive, "small").keys() == {"tr-fma-000001"}
    assert fma.labels(archive, "medium").keys() == {"tr-fma-000001", "tr-fma-000002"}
    generator.write_tracks(archive / "tracks.csv", rows[1:])
    with pytest.raises(ArchiveError, match="no track of the subset 'small'"):
        fma.labels(archive, "small")


def test_without_features_there_is_no_benchmark(archive: Path) -> None:
    with pytest.raises(ArchiveError, match="the training split has no tracks with features"):
        fma.benchmark(fma.labels(archive, "small"), [])


@pytest.mark.slow
def test_genres_are_told_by_features_made_now_of_the_sound(store: Store, archive: Path) -> None:
    """Low tones are Folk here, high ones Rock; one file is broken, and only missing."""
    known = fma.labels(archive, "small")
    folder = archive / "fma_small/000"
    folder.mkdir(parents=True)
    time = np.arange(22_050) / 22_050
    for number in range(1, len(known) + 1):
        hertz = (3000 if number % 2 else 200) + 10 * number
        soundfile.write(folder / f"{number:06d}.wav", np.sin(2 * np.pi * hertz * time) / 2, 22_050)
    (folder / "000003.wav").write_bytes(b"not music")
    compute = open_compute("local:", workers=1)
    plan = Plan(sets=("summary/1",))
    try:
        vectors = fma.heard(compute, plan, archive, known, lambda *_: None)
        result = fma.benchmark(known, vectors)
    finally:
        compute.close()
    assert result.score.accuracy == 1
    assert result.without == 1
    assert result.columns == len(FEATURE_SETS["summary/1"].columns)
    report = import_archive(store, compute, archive, lambda *_: None)
    assert report.failed == 1
