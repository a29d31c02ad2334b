"""The archive into a real store: what a listener finds afterwards, and after doing it again."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.library.fma import generator

from antiphon.compute import Compute, open_compute
from antiphon.library.fma import ArchiveError
from antiphon.library.fma.importing import ImportReport, import_archive
from antiphon.library.scan import scan
from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, ARTISTS, FILES, GENRES, PROBLEMS, TRACKS
from media import PICTURE, write_music, write_tags

TRACKS_IN_TABLES = 60
# The clips that the archive's own list says to be bad, and how many seconds of each there are.
KNOWN_BAD_S = {
    **dict.fromkeys((1486, 5574, 65753, 80391, 98558, 98559, 98560, 98571, 99134, 105247), 0.0),
    **dict.fromkeys((108925, 126981, 127336, 133297, 143992), 0.0),
    **dict(zip((98565, 98566, 98567, 98568, 98569), (1.6, 6.2, 0.5, 6.6, 1.5), strict=True)),
    108924: 27.4,
}


@pytest.fixture
def compute() -> Compute:
    return open_compute("local:", workers=2)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Tables about 60 tracks, of which the first three and the eighth have sound.

    archive/fma_metadata/      tracks.csv  genres.csv  raw_tracks.csv
    archive/fma_small/000/     four clips, tagged otherwise   000999.mp3 (in no table)
    """
    folder = tmp_path / "archive"
    generator.write_tables(folder / "fma_metadata", TRACKS_IN_TABLES)
    for number in (0, 1, 2, 7):
        clip(folder, numbers()[number], hertz=220 + 20 * number)
    clip(folder, 999, hertz=700)
    return folder


def numbers() -> list[int]:
    return list(generator.ids(TRACKS_IN_TABLES))


def clip(folder: Path, number: int, *, hertz: float, seconds: float = 16.0) -> Path:
    path = folder / "fma_small/000" / f"{number:06d}.mp3"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_music(path, seconds=seconds, hertz=hertz)
    return write_tags(path, title="Not this", artist="Nor this", album="No album")


def bring_in(store: Store, compute: Compute, folder: Path) -> ImportReport:
    return import_archive(store, compute, folder, lambda *_: None)


def there(store: Store) -> list[Track]:
    return store.find(TRACKS, {"missing": False})


def everything(store: Store) -> list[list[object]]:
    return [store.find(kind) for kind in (TRACKS, ALBUMS, ARTISTS, FILES, GENRES, PROBLEMS)]


def test_every_track_of_the_tables_is_known_and_those_with_sound_are_there(
    store: Store, compute: Compute, archive: Path
) -> None:
    report = bring_in(store, compute, archive)
    assert (report.tracks, report.files, report.read, report.failed) == (60, 4, 4, 0)
    assert store.count(TRACKS) == TRACKS_IN_TABLES
    assert [track.id for track in there(store)] == [
        f"tr-fma-{numbers()[number]:06d}" for number in (0, 1, 2, 7)
    ]
    first = there(store)[0]
    assert first.title == "Tide Tide № 0"
    assert first.genres
    assert first.origin is not None
    assert (first.format.codec, first.format.channels) == ("mp3", 2)
    assert 15_500 < first.duration_ms < 16_500


def test_albums_and_artists_are_of_the_tracks_with_sound(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    various, own = store.find(ALBUMS, order_by=("sort",), descending=True)
    assert (various.track_count, various.compilation) == (3, True)
    assert (own.track_count, [credit.name for credit in own.artists]) == (
        1,
        ["The Tide Tide & Söhne 0"],
    )
    assert {artist.name for artist in store.find(ARTISTS)} == {
        "Various Artists",
        "The Tide Tide & Söhne 0",
        "The Amber Tide & Sons 1",
        "The Quiet Tide & Sons 2",
    }


def test_the_tree_of_genres_is_kept(store: Store, compute: Compute, archive: Path) -> None:
    bring_in(store, compute, archive)
    genres = {genre.id: genre.parent for genre in store.find(GENRES)}
    assert len(genres) == generator.GENRE_COUNT
    assert {name for name, above in genres.items() if not above} == set(generator.TOPS)
    assert set(genres.values()) - {""} <= genres.keys()


def test_done_again_nothing_changes_and_no_file_is_read(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    before = everything(store)
    report = bring_in(store, compute, archive)
    assert (report.changed, report.files, report.read) == (0, 4, 0)
    assert everything(store) == before


def test_done_again_new_words_and_new_sound_are_taken_in(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    tracks = archive / "fma_metadata/tracks.csv"
    tracks.write_text(tracks.read_text().replace("Tide Tide <i>№</i> 0", "Anew"))
    clip(archive, numbers()[3], hertz=500)
    report = bring_in(store, compute, archive)
    assert (report.changed, report.read) == (1, 1)
    assert [track.title for track in there(store)][::3] == ["Anew", there(store)[3].title]
    assert len(there(store)) == 5
    assert there(store)[0].duration_ms > 15_500


def test_a_scan_leaves_the_archives_tracks_as_they_are(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    before = there(store)
    report = scan(store, compute, [archive])
    assert report.read == 1  # the one that is in no table
    assert [track for track in there(store) if track.origin] == before


def test_a_file_that_changed_is_read_by_the_scan_and_keeps_the_archives_words(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    path = clip(archive, numbers()[0], hertz=880, seconds=20)
    (path.parent / "cover.png").write_bytes(PICTURE)
    scan(store, compute, [archive])
    track = next(track for track in there(store) if track.origin)
    assert (track.id, track.title) == (f"tr-fma-{numbers()[0]:06d}", "Tide Tide № 0")
    assert track.duration_ms > 19_500
    assert track.art_id


def test_only_other_sound_is_listened_to_again(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    ids = [f"tr-fma-{number:06d}" for number in numbers()[:2]]
    heard = [replace(track, features="heard") for track in store.get_many(TRACKS, ids).values()]
    store.put_many(TRACKS, heard)
    os.utime(archive / f"fma_small/000/{numbers()[0]:06d}.mp3", ns=(1, 1))
    clip(archive, numbers()[1], hertz=880, seconds=20)
    assert scan(store, compute, [archive]).read == 3
    assert [store.get_many(TRACKS, ids)[id].features for id in ids] == ["heard", ""]


def test_a_file_that_goes_and_comes_back_is_the_same_track(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    path = archive / f"fma_small/000/{numbers()[0]:06d}.mp3"
    aside = path.rename(archive.parent / "aside")
    scan(store, compute, [archive])
    assert store.get(TRACKS, f"tr-fma-{numbers()[0]:06d}").missing
    aside.rename(path)
    scan(store, compute, [archive])
    assert not store.get(TRACKS, f"tr-fma-{numbers()[0]:06d}").missing
    assert sum(track.origin is None for track in there(store)) == 1


def test_what_a_scan_had_taken_by_its_tags_becomes_the_archives(
    store: Store, compute: Compute, archive: Path
) -> None:
    scan(store, compute, [archive])
    assert {track.title for track in there(store)} == {"Not this"}
    bring_in(store, compute, archive)
    assert sorted(track.origin is None for track in there(store)) == [False] * 4 + [True]


def test_bad_clips_are_listed_and_the_others_come_in(
    store: Store, compute: Compute, archive: Path
) -> None:
    empty = clip(archive, numbers()[4], hertz=300)
    empty.write_bytes(b"")
    short = clip(archive, numbers()[5], hertz=300, seconds=1.6)
    no_sound = clip(archive, numbers()[6], hertz=300)
    no_sound.write_bytes(bytes(5_000))
    report = bring_in(store, compute, archive)
    assert (report.read, report.failed, len(there(store))) == (7, 3, 4)
    reasons = {Path(problem.id).name: problem.reason for problem in store.find(PROBLEMS)}
    assert reasons[empty.name] == "the file is empty"
    assert reasons[short.name] == "only 1.6 s of the track's 35 s are there"
    assert reasons[no_sound.name] == "no audio was found in it"
    scan(store, compute, [archive])
    assert len(store.find(PROBLEMS)) == 3
    assert bring_in(store, compute, archive).read == 0


def test_clips_that_the_archive_knows_to_be_bad_are_called_so(
    store: Store, compute: Compute, tmp_path: Path
) -> None:
    generator.write_tables(tmp_path, 1)
    rows = [(number, {("track", "duration"): 158}) for number in KNOWN_BAD_S]
    generator.write_tracks(tmp_path / "tracks.csv", rows)
    for number, seconds in KNOWN_BAD_S.items():
        path = clip(tmp_path, number, hertz=300, seconds=seconds or 0.1)
        if not seconds:
            path.write_bytes(b"")
    report = bring_in(store, compute, tmp_path)
    assert report.failed == 20
    assert [track.id for track in there(store)] == ["tr-fma-108924"]
    reasons = {Path(problem.id).stem: problem.reason for problem in store.find(PROBLEMS)}
    assert {int(stem) for stem in reasons} == KNOWN_BAD_S.keys() - {108924}
    known = " (one of the clips that the archive itself knows to be bad)"
    assert all(reason.endswith(known) for reason in reasons.values())
    assert reasons["098565"] == f"only 1.6 s of the track's 158 s are there{known}"


def test_a_table_of_other_columns_is_refused_and_no_genre_is_lost(
    store: Store, compute: Compute, archive: Path
) -> None:
    bring_in(store, compute, archive)
    before = everything(store)
    (archive / "fma_metadata/genres.csv").write_text("genre_id,genre_title\n1,Rock\n")
    with pytest.raises(ArchiveError, match=r"genres\.csv has no column title"):
        bring_in(store, compute, archive)
    assert everything(store) == before


def test_damaged_rows_are_counted_and_the_others_come_in(
    store: Store, compute: Compute, archive: Path
) -> None:
    tracks = archive / "fma_metadata/tracks.csv"
    with tracks.open("a") as file:
        file.write("oops\n12,too,few\n")
    report = bring_in(store, compute, archive)
    assert report.tracks == TRACKS_IN_TABLES
    assert report.problems == [f"{tracks}: 2 rows are damaged and were left out"]


def test_without_the_raw_table_licences_are_told_by_their_titles(
    store: Store, compute: Compute, archive: Path
) -> None:
    (archive / "fma_metadata/raw_tracks.csv").unlink()
    bring_in(store, compute, archive)
    first = there(store)[0].origin
    assert first is not None
    assert (first.licence, first.url) == ("CC BY-NC-SA 3.0", "")


@pytest.mark.slow
def test_the_full_tables_come_in_within_a_minute_and_a_gigabyte(tmp_path: Path) -> None:
    """A process of its own does it, so that its memory and time are what it took."""
    generator.write_tables(tmp_path / "fma_metadata", generator.FULL_SIZE)
    code = (
        "import sys; from pathlib import Path; from antiphon.compute import open_compute;"
        "from antiphon.library.fma.importing import import_archive;"
        "from antiphon.store import open_store; from antiphon.store.schema import TRACKS;"
        "store = open_store(f'sqlite:///{sys.argv[1]}/antiphon.db');"
        "import_archive(store, open_compute('local:', 1), Path(sys.argv[1]), lambda *_: None);"
        "status = Path('/proc/self/status').read_text();"
        # A process that starts another lends it its own maxrss; this is of the new program alone.
        "print(store.count(TRACKS), status.split('VmHWM:')[1].split()[0])"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    tracks, most_kib = map(int, done.stdout.split())
    assert tracks == generator.FULL_SIZE
    assert most_kib < 1 << 20
    # Processor time: what else this machine does is not counted.
    took_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert took_s < 60
