"""The doctor: what it says of a sound instance, and of one that something is wrong with."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from antiphon.compute.local import LocalCompute
from antiphon.library import scan
from antiphon.model import Problem
from antiphon.ops import doctor
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.store.schema import PROBLEMS


def test_a_sound_instance_has_only_good_findings(store: Store, tmp_path: Path, music: Path) -> None:
    findings = doctor.examine(Settings(data=tmp_path, music=(music,)), store)
    assert all(finding.well for finding in findings)
    assert [finding.about for finding in findings] == [str(tmp_path), str(music), "catalogue"]


def test_a_folder_that_is_not_there_is_found_with_what_to_do(store: Store, tmp_path: Path) -> None:
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.mkdir()
    (file := tmp_path / "file").touch()
    findings = doctor.examine(Settings(data=gone, music=(here, gone, file)), store)
    said = [(finding.well, finding.says.partition(":")[0]) for finding in findings[:-1]]
    assert said == [
        (False, "cannot be written"),
        (True, "is a music folder"),
        (False, "is not there"),
        (False, "is not there"),
    ]


def test_it_counts_what_is_catalogued_and_what_is_missing(
    store: Store, tmp_path: Path, music: Path, write_tone: Callable[..., Path]
) -> None:
    paths = [write_tone(music / f"{hertz}.flac", hertz) for hertz in (220, 330)]
    scan.scan(store, LocalCompute(1), [music])
    paths[0].unlink()
    scan.scan(store, LocalCompute(1), [music])
    (catalogue,) = (f for f in doctor.examine(Settings(data=tmp_path), store) if f.about[0] == "c")
    assert catalogue.says == "1 tracks in 2 files, 1 missing"


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
