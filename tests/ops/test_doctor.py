"""The doctor: what it says of a sound instance, and of one that something is wrong with."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ops.listening import publish

from antiphon.compute.local import LocalCompute
from antiphon.library import scan
from antiphon.model import Problem, Track, Worker, now_ms
from antiphon.ops import doctor
from antiphon.settings import Settings
from antiphon.store import Store, open_store
from antiphon.store.schema import PROBLEMS, TRACKS, WORKERS
from antiphon.taste.artefacts import Manifest
from antiphon.taste.registry import Registry


def test_a_sound_instance_has_only_good_findings(store: Store, tmp_path: Path, music: Path) -> None:
    findings = doctor.examine(Settings(data=tmp_path, music=(music,)), store)
    assert all(finding.well for finding in findings)
    about = [str(tmp_path), str(tmp_path), str(music), "store", "catalogue", "models"]
    assert [finding.about for finding in findings] == about
    assert findings[3].says == "is sound"


def test_a_folder_that_is_not_there_is_found_with_what_to_do(store: Store, tmp_path: Path) -> None:
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.mkdir()
    (file := tmp_path / "file").touch()
    findings = doctor.examine(Settings(data=gone, music=(here, gone, file)), store)
    folders = [finding for finding in findings if finding.about.startswith("/")]
    said = [(finding.well, finding.says.partition(":")[0]) for finding in folders]
    assert said == [
        (False, "cannot be written"),
        (True, "is a music folder"),
        (False, "is not there"),
        (False, "is not there"),
    ]


@pytest.mark.parametrize(("least", "well"), [(0, True), (1 << 60, False)])
def test_it_says_how_much_room_is_left_and_when_that_is_little(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, least: int, well: bool
) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", least)
    found = doctor.examine(Settings(data=tmp_path), store)[1]
    assert (found.well, found.about) == (well, str(tmp_path))
    assert re.match(r"has \d+\.\d GB free on its disk", found.says)
    assert ("make room" in found.says) is not well


def test_a_damaged_store_is_found_with_what_to_do(store: Store, tmp_path: Path) -> None:
    tracks = [Track(id=f"tr-{n}", title=f"Song {n}", sort=f"song {n}") for n in range(3000)]
    store.put_many(TRACKS, tracks)
    store.close()
    path = tmp_path / "antiphon.db"
    with path.open("r+b") as file:
        for place in range(path.stat().st_size // 3, path.stat().st_size, 40960):
            file.seek(place)
            file.write(b"\xa5" * 3000)
    found = doctor.examine(Settings(data=tmp_path), open_store(f"sqlite:///{path}"))
    wrong = [finding for finding in found if finding.about == "store"]
    assert wrong
    assert found[-2] == wrong[-1]
    assert not doctor.can_tell_problems(found)
    for finding in wrong:
        assert not finding.well
        assert finding.says.startswith("the file is damaged: ")
        assert finding.says.endswith(": put a backup in its place")


def test_a_store_that_cannot_be_read_is_a_finding(store: Store, tmp_path: Path) -> None:
    store.close()
    found = doctor.examine(Settings(data=tmp_path), store)
    assert [finding.well for finding in found] == [True, True, False, True]
    assert "cannot be used" in found[2].says


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ([], []),
        (["push", "live", "live"], [(True, "2 answering what listeners do")]),
        (["push"], [(False, "nobody answers what listeners do")]),
    ],
)
def test_it_says_when_nobody_answers_though_others_run(
    store: Store, tmp_path: Path, roles: list[str], said: list[tuple[bool, str]]
) -> None:
    at = now_ms()
    heard = [Worker(id=f"{n}", role=role, at=at, metrics="") for n, role in enumerate(roles)]
    long_silent = Worker(id="gone", role="live", at=at - 10 * 60_000, metrics="")
    store.put_many(WORKERS, [*heard, long_silent])
    findings = [
        one for one in doctor.examine(Settings(data=tmp_path), store) if one.about == "live"
    ]
    assert [(one.well, one.says.partition(",")[0]) for one in findings] == said


def test_it_counts_what_is_catalogued_and_what_is_missing(
    store: Store, tmp_path: Path, music: Path, write_tone: Callable[..., Path]
) -> None:
    paths = [write_tone(music / f"{hertz}.flac", hertz) for hertz in (220, 330)]
    scan.scan(store, LocalCompute(1), [music])
    paths[0].unlink()
    scan.scan(store, LocalCompute(1), [music])
    (catalogue,) = (f for f in doctor.examine(Settings(data=tmp_path), store) if f.about[0] == "c")
    assert catalogue.says == "1 tracks in 2 files, 1 missing"


def test_it_says_which_models_are_in_use_and_when_they_are_damaged(
    store: Store, tmp_path: Path
) -> None:
    def models() -> doctor.Finding:
        return doctor.examine(Settings(data=tmp_path), store)[-1]

    assert (models().well, models().about) == (True, "models")
    assert models().says.startswith("nothing is trained yet")
    version = "20261122T033000-abc"
    manifest = Manifest(version=version, made_at=now_ms(), antiphon="0", recipe={}, listens=7)
    registry = Registry(Settings(data=tmp_path).artefacts_url, tmp_path)
    publish(registry, manifest)
    assert models().well
    assert re.match(rf"{version} is in use, trained 20\d\d-.* on 7 listens of 0", models().says)
    (tmp_path / "artefacts" / version / "model.items.json").write_text("[]")
    assert not models().well
    assert "model.items.json is not as it was saved" in models().says
    assert "`antiphon models rollback`" in models().says


def test_it_lists_every_file_that_could_not_be_used_with_its_reason(
    store: Store, music: Path, write_tone: Callable[..., Path]
) -> None:
    write_tone(music / "fine.flac")
    (music / "empty.mp3").touch()
    (music / "prose.ogg").write_text("it was a dark and stormy night")
    scan.scan(store, LocalCompute(1), [music])
    found = {Path(problem.id).name: problem for problem in doctor.problems(store)}
    assert set(found) == {"empty.mp3", "prose.ogg"}
    assert found["empty.mp3"].reason == "the file is empty"
    assert all(problem.reason and problem.stage == "scan" for problem in found.values())


def test_it_does_not_tell_any_more_what_is_no_longer_so(store: Store, music: Path) -> None:
    (music / "album").mkdir()
    (music / "album" / "empty.mp3").touch()
    (music / "album" / "broken.mp3").symlink_to(music / "nowhere.mp3")
    scan.scan(store, LocalCompute(1), [music])
    away = music.rename(music.parent / "away")
    scan.scan(store, LocalCompute(1), [music])
    told = {problem.id.rpartition("/")[2] for problem in doctor.problems(store)}
    assert told == {"music", "broken.mp3", "empty.mp3"}

    time.sleep(0.002)  # problems are dated in milliseconds
    away.rename(music)
    (music / "album" / "broken.mp3").unlink()
    scan.scan(store, LocalCompute(1), [music])
    told = {problem.id.rpartition("/")[2] for problem in doctor.problems(store)}
    assert told == {"empty.mp3"}

    shutil.rmtree(music / "album")
    scan.rescan(store, LocalCompute(1), [str(music / "album"), str(music / "album/empty.mp3")])
    assert list(doctor.problems(store)) == []


def test_a_great_many_problems_are_all_listed_in_order(store: Store) -> None:
    paths = [f"/music/{n:05}.mp3" for n in range(1203)]
    store.put_many(PROBLEMS, [Problem(id=path, stage="scan", reason="x", at=1) for path in paths])
    assert [problem.id for problem in doctor.problems(store)] == paths
