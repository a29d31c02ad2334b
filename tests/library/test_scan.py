"""The scan over real files in a real store: what a listener finds in the catalogue afterwards."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from antiphon.compute import Compute, open_compute
from antiphon.library import catalogue
from antiphon.library.scan import ScanReport, rescan, scan
from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, ARTISTS, FILES, LYRICS, PICTURES, PROBLEMS, TRACKS
from media import remove_tags, write_music, write_tags


@pytest.fixture
def compute() -> Compute:
    return open_compute("local:", workers=2)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """An album of two tracks, a compilation without album artists, and a single without an album.

    music/Ann/First/      01 One.mp3   02 Two.flac   cover.jpg
    music/Party/          a.mp3 (Ben)  b.mp3 (Cat)
    music/                loose.mp3 (Ann)
    """
    root = tmp_path / "music"
    song(root / "Ann/First/01 One.mp3", 220, title="One", artist="Ann", album="First", track="1")
    song(root / "Ann/First/02 Two.flac", 330, title="Two", artist="Ann", album="First", track="2")
    (root / "Ann/First/cover.jpg").write_bytes(b"a picture")
    song(root / "Party/a.mp3", 440, title="A", artist="Ben", album="Party")
    song(root / "Party/b.mp3", 550, title="B", artist="Cat", album="Party")
    song(root / "loose.mp3", 660, title="Loose", artist="Ann")
    return root


def song(path: Path, hertz: float, **tags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tags(write_music(path, hertz=hertz), **tags)


def by_title(store: Store) -> dict[str, Track]:
    return {track.title: track for track in store.find(TRACKS)}


def album_titles(store: Store) -> list[str]:
    return [album.title for album in store.find(ALBUMS, order_by=("sort",))]


def reasons(store: Store) -> dict[str, str]:
    return {Path(p.id).name: p.reason for p in store.find(PROBLEMS)}


def test_files_become_tracks_albums_and_artists(
    store: Store, compute: Compute, music: Path
) -> None:
    report = scan(store, compute, [music])
    assert (report.seen, report.read, report.failed) == (6, 5, 0)
    first, party = store.find(ALBUMS, order_by=("sort",))
    assert (first.title, first.track_count, [c.name for c in first.artists]) == (
        "First",
        2,
        ["Ann"],
    )
    assert first.art_id
    assert party.compilation
    assert [c.name for c in party.artists] == ["Various Artists"]
    ann = {a.name: a for a in store.find(ARTISTS)}["Ann"]
    assert (ann.album_count, ann.track_count) == (1, 3)
    assert by_title(store)["Loose"].album_id == ""


def test_scanning_again_reads_nothing(store: Store, compute: Compute, music: Path) -> None:
    scan(store, compute, [music])
    before = by_title(store)
    report = scan(store, compute, [music])
    assert (report.seen, report.read) == (6, 0)
    assert by_title(store) == before


def test_a_track_survives_moving_renaming_and_retagging(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    one = by_title(store)["One"]
    moved = music / "elsewhere" / "renamed.mp3"
    moved.parent.mkdir()
    shutil.move(music / "Ann/First/01 One.mp3", moved)
    write_tags(moved, title="Uno", artist="Ana", album="Primero")
    scan(store, compute, [music])
    again = store.get(TRACKS, one.id)
    assert again is not None
    assert (again.title, again.missing, again.added_at) == ("Uno", False, one.added_at)
    assert album_titles(store) == ["First", "Party", "Primero"]


def test_two_copies_are_one_track_with_two_files(
    store: Store, compute: Compute, music: Path
) -> None:
    shutil.copy(music / "loose.mp3", music / "zz copy.mp3")
    scan(store, compute, [music])
    loose = by_title(store)["Loose"]
    assert store.count(TRACKS) == 5
    assert store.count(FILES, {"track_id": loose.id}) == 2
    (music / "loose.mp3").unlink()
    scan(store, compute, [music])
    assert not by_title(store)["Loose"].missing


def test_a_vanished_file_is_missing_until_it_comes_back(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    away = music.parent / "away.mp3"
    shutil.move(music / "Party/a.mp3", away)
    assert scan(store, compute, [music]).missing == 1
    assert by_title(store)["A"].missing
    assert {t.title for t in store.find(ALBUMS)} == {"First", "Party"}
    assert "Ben" not in {a.name for a in store.find(ARTISTS)}
    shutil.move(away, music / "Party/a.mp3")
    scan(store, compute, [music])
    assert not by_title(store)["A"].missing
    assert "Ben" in {a.name for a in store.find(ARTISTS)}


def test_a_vanished_folder_takes_its_album_along(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    shutil.rmtree(music / "Ann")
    scan(store, compute, [music])
    assert album_titles(store) == ["Party"]
    assert by_title(store)["One"].missing


def test_missing_tracks_are_forgotten_only_on_request(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    (music / "loose.mp3").unlink()
    scan(store, compute, [music])
    assert "Loose" in by_title(store)
    assert catalogue.purge(store) == 1
    assert "Loose" not in by_title(store)
    assert store.count(FILES, {"missing": True}) == 0


def test_pictures_that_nothing_shows_any_more_are_forgotten_too(
    store: Store, compute: Compute, music: Path
) -> None:
    (music / "Party/cover.png").write_bytes(b"another picture")
    scan(store, compute, [music])
    assert store.count(PICTURES) == 2
    shutil.rmtree(music / "Party")
    scan(store, compute, [music])
    catalogue.purge(store)
    assert [Path(picture.path).name for picture in store.find(PICTURES)] == ["cover.jpg"]


def test_a_music_folder_that_is_suddenly_empty_is_not_believed(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    shutil.move(music, music.parent / "unmounted")
    music.mkdir()
    report = scan(store, compute, [music])
    assert "is its disk mounted?" in report.problems[0]
    assert not any(track.missing for track in store.find(TRACKS))
    music.rmdir()
    assert "is its disk mounted?" in scan(store, compute, [music]).problems[0]


def test_an_album_artist_may_make_a_compilation_one_album(
    store: Store, compute: Compute, music: Path
) -> None:
    for name, artist in (("a.mp3", "Ben"), ("b.mp3", "Cat")):
        write_tags(music / "Party" / name, artist=artist, album="Party", albumartist="DJ Dan")
    scan(store, compute, [music])
    party = next(album for album in store.find(ALBUMS) if album.title == "Party")
    assert [c.name for c in party.artists] == ["DJ Dan"]
    assert party.track_count == 2


def test_a_neighbour_by_somebody_else_makes_an_album_various(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    song(music / "Ann/First/03 Three.mp3", 770, title="Three", artist="Eve", album="First")
    scan(store, compute, [music])
    (first,) = (album for album in store.find(ALBUMS) if album.title == "First")
    assert [c.name for c in first.artists] == ["Various Artists"]
    assert first.track_count == 3


def test_an_album_does_not_depend_on_when_its_tracks_were_tagged(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    write_tags(music / "Party/b.mp3", title="B", artist="Cat", album="Party", albumartist="Cat")
    scan(store, compute, [music])
    parties = {a.artists[0].name: a for a in store.find(ALBUMS) if a.title == "Party"}
    assert set(parties) == {"Ben", "Cat"}
    assert not any(album.compilation for album in parties.values())


def test_an_artist_has_the_musicbrainz_id_of_tracks_by_nobody_else(
    store: Store, compute: Compute, tmp_path: Path
) -> None:
    ann, eve = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "12")
    song(tmp_path / "1.flac", 220, artist="Ann", musicbrainz_artistid=ann)
    song(tmp_path / "2.flac", 330, artist="Ben; Cat", musicbrainz_artistid=eve)
    song(tmp_path / "3.flac", 440, artist="Eve", albumartist="Eve", musicbrainz_albumartistid=eve)
    scan(store, compute, [tmp_path])
    ids = {artist.name: artist.musicbrainz_id for artist in store.find(ARTISTS)}
    assert ids == {"Ann": ann, "Ben": "", "Cat": "", "Eve": eve}
    song(tmp_path / "4.flac", 550, artist="Ann")
    scan(store, compute, [tmp_path])
    assert {a.name: a.musicbrainz_id for a in store.find(ARTISTS)} == ids


def test_greatest_hits_in_two_folders_stay_two_albums(
    store: Store, compute: Compute, tmp_path: Path
) -> None:
    for folder in ("x", "y"):
        for number, artist in enumerate(("Ann", "Ben")):
            hertz = 200 + 100 * number + ord(folder[0])
            song(tmp_path / folder / f"{number}.mp3", hertz, artist=artist, album="Greatest Hits")
    scan(store, compute, [tmp_path])
    assert album_titles(store) == ["Greatest Hits", "Greatest Hits"]


def test_a_new_cover_and_new_lyrics_are_seen(store: Store, compute: Compute, music: Path) -> None:
    scan(store, compute, [music])
    before = by_title(store)["One"].art_id
    (music / "Ann/First/cover.jpg").write_bytes(b"another picture")
    (music / "Ann/First/01 One.lrc").write_text("[00:01.00]la\n[00:02.00]la la\n")
    scan(store, compute, [music])
    one = by_title(store)["One"]
    assert one.art_id not in {before, ""}
    assert one.has_lyrics
    words = store.get(LYRICS, one.id)
    assert words is not None
    assert words.synced
    (music / "Ann/First/01 One.lrc").unlink()
    scan(store, compute, [music])
    assert not by_title(store)["One"].has_lyrics


def test_wild_files_are_told_with_their_reason_and_stop_nothing(
    store: Store, compute: Compute, music: Path
) -> None:
    (music / "empty.mp3").touch()
    (music / "noise.flac").write_bytes(os.urandom(5000))
    whole = (music / "Ann/First/02 Two.flac").read_bytes()
    (music / "cut.wav").write_bytes(b"RIFF\xff\xff\xff\x7fWAVEfmt ")
    (music / "text.ogg").write_text("not music at all\n" * 100)
    (music / "🎷 émoji.flac").write_bytes(whole)
    (music / ("n" * 250 + ".mp3")).write_bytes((music / "loose.mp3").read_bytes())
    os.mkfifo(music / "pipe.mp3")
    (music / "gone.mp3").symlink_to(music / "nowhere.mp3")
    (music / "loop").symlink_to(music)
    report = scan(store, compute, [music])
    told = reasons(store)
    assert {"empty.mp3", "noise.flac", "text.ogg", "pipe.mp3", "gone.mp3", "loop"} <= set(told)
    assert told["empty.mp3"] == "the file is empty"
    assert told["loop"] == "it is a link back to a folder above it"
    assert all(told.values())
    assert report.failed >= 5
    assert store.count(TRACKS) == 5
    rescanned = scan(store, compute, [music])
    assert rescanned.read == 0


def test_a_folder_that_may_not_be_read_is_told(
    store: Store, compute: Compute, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read everything, so that the refusal has to be the system call's.
    real = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("Party"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    scan(store, compute, [music])
    assert reasons(store) == {"Party": "permission to read it was denied"}
    assert album_titles(store) == ["First"]
    monkeypatch.undo()
    scan(store, compute, [music])
    assert reasons(store) == {}
    assert album_titles(store) == ["First", "Party"]


def test_what_lies_in_a_folder_that_cannot_be_listed_is_not_missing(
    store: Store, compute: Compute, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(store, compute, [music])
    real = os.scandir

    def failing(path: str) -> object:
        if str(path).endswith("Ann"):
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    assert scan(store, compute, [music]).missing == 0
    assert reasons(store) == {"Ann": "it could not be read: Input/output error"}


def test_a_file_that_could_not_be_opened_is_tried_again(
    store: Store, compute: Compute, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: str, *rest: int) -> int:
        if str(path).endswith("loose.mp3"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    monkeypatch.setattr(os, "open", refusing)
    scan(store, compute, [music])
    assert reasons(store) == {"loose.mp3": "permission to read it was denied"}
    monkeypatch.undo()
    assert scan(store, compute, [music]).read == 1
    assert reasons(store) == {}
    assert "Loose" in by_title(store)


def test_folders_that_link_to_each_other_are_scanned_once(
    store: Store, compute: Compute, music: Path
) -> None:
    names = [str(number) for number in range(7)]
    for name in names:
        (music / name).mkdir()
        for other in names:
            (music / name / f"to {other}").symlink_to(music / other)
    scan(store, compute, [music])
    assert store.count(TRACKS) == 5
    told = [problem.reason for problem in store.find(PROBLEMS)]
    assert len(told) == 7 * 7
    assert f"it is the same folder as {music}/0/to 1, which is scanned already" in told


def test_music_of_every_folder_of_the_first_scan_is_as_old_as_its_files(
    store: Store, compute: Compute, tmp_path: Path
) -> None:
    for number, root in enumerate(("here", "there")):
        os.utime(song(tmp_path / root / "song.mp3", 300 + 50 * number), (1e9, 1e9))
    scan(store, compute, [tmp_path / "here", tmp_path / "there"])
    assert [track.added_at for track in store.find(TRACKS)] == [10**12, 10**12]


def test_progress_says_how_many_files_there_are_from_the_start(
    store: Store, compute: Compute, music: Path
) -> None:
    (music / ".hidden").mkdir()
    (music / ".hidden/no.mp3").touch()
    (music / "notes.pdf").touch()
    told: list[tuple[int, int]] = []
    for _ in range(2):
        scan(store, compute, [music], lambda seen, total: told.append((seen, total)))
    assert told == [(1, 6), (1, 6), (4, 6), (6, 6)] * 2


def test_a_name_that_is_not_utf8_is_catalogued(store: Store, compute: Compute, music: Path) -> None:
    strange = os.path.join(os.fsencode(music), b"caf\xe9.mp3")
    (music / "loose.mp3").rename(os.fsdecode(strange))
    remove_tags(Path(os.fsdecode(strange)))
    scan(store, compute, [music])
    assert reasons(store) == {}
    assert scan(store, compute, [music]).read == 0


def test_a_repaired_file_is_a_problem_no_longer(
    store: Store, compute: Compute, music: Path
) -> None:
    good = (music / "loose.mp3").read_bytes()
    (music / "loose.mp3").write_bytes(b"")
    scan(store, compute, [music])
    assert reasons(store) == {"loose.mp3": "the file is empty"}
    (music / "loose.mp3").write_bytes(good)
    scan(store, compute, [music])
    assert reasons(store) == {}
    assert "Loose" in by_title(store)


class StopAfter:
    """Compute that is interrupted after some items, as a scan by kill is."""

    def __init__(self, compute: Compute, items: int) -> None:
        self._compute, self._items = compute, items

    def map(self, function: object, items: object) -> Iterator[object]:
        for number, outcome in enumerate(self._compute.map(function, items)):  # type: ignore[arg-type, var-annotated]
            if number == self._items:
                raise KeyboardInterrupt
            yield outcome


def test_an_interrupted_scan_carries_on_and_is_never_half_written(
    store: Store, compute: Compute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.library.scan.RECORDED", 3)
    monkeypatch.setattr("antiphon.library.scan.READ_AT_ONCE", 2)
    for n in range(12):
        song(tmp_path / f"music/{n // 2}/{n}.mp3", 200 + 30 * n, title=f"T{n}", album=f"A{n // 2}")
    with pytest.raises(KeyboardInterrupt):
        scan(store, StopAfter(compute, 3), [tmp_path / "music"])  # type: ignore[arg-type]
    written = store.find(TRACKS)
    assert 0 < len(written) < 12
    assert {track.album_id for track in written} == {album.id for album in store.find(ALBUMS)}
    assert sum(album.track_count for album in store.find(ALBUMS)) == len(written)
    report = scan(store, compute, [tmp_path / "music"])
    assert report.read == 12 - len(written)
    assert store.count(TRACKS) == 12


def test_a_rescan_of_changed_paths_sees_new_changed_and_vanished(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    new = song(music / "Deep/er/new.mp3", 880, title="New", artist="Fay", album="Deep")
    gone = music / "loose.mp3"
    gone.unlink()
    shutil.rmtree(music / "Party")
    report = rescan(store, compute, [str(new.parent.parent), str(gone), str(music / "Party")])
    assert report.missing == 3
    titles = by_title(store)
    assert not titles["New"].missing
    assert all(titles[title].missing for title in ("Loose", "A", "B"))
    assert album_titles(store) == ["Deep", "First"]


def test_a_file_that_kills_its_reader_costs_only_itself(
    store: Store, compute: Compute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.library.scan.CHUNKS_READ_HERE", 0)
    for n in range(4):
        song(tmp_path / f"{n}.mp3", 200 + 30 * n, title=f"T{n}")
    report = scan(store, Deadly(compute, "2.mp3"), [tmp_path])  # type: ignore[arg-type]
    assert set(by_title(store)) == {"T0", "T1", "T3"}
    assert "died" in reasons(store)["2.mp3"]
    assert report.failed == 1
    assert scan(store, compute, [tmp_path]).read == 1
    assert reasons(store) == {}


class Deadly:
    """Compute whose worker dies of one file, as it would of a decoder's bug."""

    def __init__(self, compute: Compute, name: str) -> None:
        self._compute, self._name = compute, name

    def map(self, function: object, items: object) -> Iterator[object]:
        from antiphon.compute import Outcome  # noqa: PLC0415

        for item in items:  # type: ignore[attr-defined]
            if any(self._name in work.music for work in item):
                yield Outcome(item, error="the process that worked on it died (exit -11)")
            else:
                yield from self._compute.map(function, [item])  # type: ignore[arg-type, misc]


def test_two_scans_at_once_agree(store: Store, compute: Compute, music: Path) -> None:
    reports: list[ScanReport] = []
    threads = [
        threading.Thread(target=lambda: reports.append(scan(store, compute, [music])))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    assert store.count(TRACKS) == 5
    assert album_titles(store) == ["First", "Party"]
    assert scan(store, compute, [music]).read == 0


def test_what_antiphon_knows_of_a_track_survives_a_retag(
    store: Store, compute: Compute, music: Path
) -> None:
    scan(store, compute, [music])
    one = by_title(store)["One"]
    store.put(TRACKS, msgspec.structs.replace(one, features="summary/1"))
    write_tags(music / "Ann/First/01 One.mp3", title="Uno", artist="Ann", album="First")
    scan(store, compute, [music])
    assert by_title(store)["Uno"].features == "summary/1"
