"""The command line as an operator uses it: what it prints, and which exit code it ends with."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from antiphon import terminal
from antiphon.events import Topic, open_event_log
from antiphon.events.records import DeadLetter, encode
from antiphon.model import Track
from antiphon.store import open_store
from antiphon.store.schema import TRACKS

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"
Ran = subprocess.CompletedProcess[str]
Antiphon = Callable[..., Ran]


@pytest.fixture
def antiphon(tmp_path: Path) -> Antiphon:
    """Run `antiphon …` on an instance of its own, without a terminal."""

    def antiphon(
        *arguments: str | Path, line_every_s: float = terminal.LINE_EVERY_S, **settings: str
    ) -> Ran:
        often = f"terminal.LINE_EVERY_S = {line_every_s}"
        program = f"from antiphon import cli, terminal; {often}; cli.main()"
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            env=os.environ | {"ANTIPHON_DATA": str(tmp_path / "data")} | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return antiphon


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two tracks, and a file that is not what its name says."""
    folder = tmp_path / "music"
    folder.mkdir()
    for hertz in (220, 330):
        tone = 0.4 * np.sin(2 * np.pi * hertz * np.arange(8000) / 8000)
        soundfile.write(folder / f"{hertz}.flac", tone, 8000)
    (folder / "[bold]prose.mp3").write_text("it was a dark and stormy night")
    return folder


def said_in_one_line(ran: Ran) -> str:
    """What a command that failed told its operator: one line, and nothing of our inner life."""
    assert "Traceback" not in ran.stderr
    (line,) = ran.stderr.splitlines()
    return line


def test_help_lists_the_commands(antiphon: Antiphon) -> None:
    ran = antiphon("--help")
    assert ran.returncode == 0
    for command in (
        *("serve", "scan", "analyse", "models", "demo", "fma", "evaluate"),
        *("user", "store", "backup", "doctor"),
    ):
        assert re.search(rf"^  {command}  +[A-Z]", ran.stdout, re.MULTILINE), command


def test_an_unknown_command_is_a_matter_of_usage(antiphon: Antiphon) -> None:
    ran = antiphon("dance")
    assert ran.returncode == 2
    assert "No such command 'dance'" in ran.stderr


def test_a_scan_prints_what_it_found_and_the_doctor_tells_the_rest(
    antiphon: Antiphon, music: Path
) -> None:
    first = antiphon("scan", music)
    assert first.returncode == 0, first.stderr
    assert re.search(
        r"^3 files seen, 3 read in \d+\.\d s; 1 could not be used, 0 are now missing\.$",
        first.stdout,
        re.MULTILINE,
    )
    assert "`antiphon doctor` says which" in first.stdout

    doctor = antiphon("doctor", ANTIPHON_MUSIC=str(music))
    assert doctor.returncode == 0
    assert f"✓ {music}: is a music folder" in doctor.stdout
    assert "catalogue: 2 tracks in 3 files, 0 missing" in doctor.stdout
    assert f"! {music}/[bold]prose.mp3: " in doctor.stdout

    (music / "220.flac").unlink()
    again = antiphon("scan", "--purge", ANTIPHON_MUSIC=str(music))
    assert "2 files seen, 0 read in" in again.stdout
    assert "1 are now missing." in again.stdout
    assert "1 missing tracks forgotten." in again.stdout


def test_a_scan_of_nothing_asks_which_music(antiphon: Antiphon) -> None:
    ran = antiphon("scan")
    assert ran.returncode == 78
    assert said_in_one_line(ran) == "Which music? Name a folder, or set ANTIPHON_MUSIC."


def test_a_scan_of_a_folder_that_is_not_there_is_refused(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    ran = antiphon("scan", tmp_path / "gone")
    assert ran.returncode == 2
    assert "gone' does not exist" in ran.stderr


def test_without_a_terminal_progress_is_a_line_now_and_then(
    antiphon: Antiphon, music: Path
) -> None:
    assert "Scanning" not in antiphon("scan", music).stdout
    often = antiphon("scan", music, line_every_s=0)
    assert re.search(r"^Scanning: 3 of 3 files, [\d.]+ files/s$", often.stdout, re.MULTILINE)
    assert "\x1b" not in often.stdout


def test_music_is_scanned_and_listened_to_in_one_go_and_only_once(
    antiphon: Antiphon, music: Path, tmp_path: Path
) -> None:
    nets = {"ANTIPHON_MODELS": str(tmp_path)}
    first = antiphon("analyse", music, line_every_s=0, **nets)
    assert first.returncode == 0, first.stderr
    assert "Note: the embedding is not installed" in first.stdout
    assert "`antiphon models fetch` gets it" in first.stdout
    assert re.search(
        r"^Listening: 1 of 2 tracks, [\d.]+ tracks/s, \d:\d\d:\d\d left$",
        first.stdout,
        re.MULTILINE,
    )
    assert re.search(
        r"^2 tracks listened to in \d+\.\d s, for summary/1\.$", first.stdout, re.MULTILINE
    )
    assert "0 tracks listened to" in antiphon("analyse", **nets).stdout
    assert "! the embedding: is not installed" in antiphon("doctor").stdout


def test_what_is_paused_rests_until_it_is_resumed(
    antiphon: Antiphon, music: Path, tmp_path: Path
) -> None:
    nets = {"ANTIPHON_MODELS": str(tmp_path)}
    antiphon("scan", music)
    assert antiphon("analyse", "--pause").returncode == 0
    refused = antiphon("analyse", **nets)
    assert refused.returncode == 75
    assert said_in_one_line(refused).startswith("The analysis is paused: ")
    assert antiphon("analyse", "--resume").returncode == 0
    assert "2 tracks listened to" in antiphon("analyse", **nets).stdout


def test_a_wheel_that_is_not_the_one_is_refused_in_one_line(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    (tmp_path / "other.whl").write_bytes(b"x")
    ran = antiphon(
        "models", "fetch", "--wheel", tmp_path / "other.whl", ANTIPHON_MODELS=str(tmp_path / "nets")
    )
    assert ran.returncode == 69
    assert "is not the wheel of musicnn" in said_in_one_line(ran)


def test_the_doctor_ends_with_one_when_something_is_wrong(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    ran = antiphon("doctor", ANTIPHON_MUSIC=str(tmp_path / "unmounted"))
    assert ran.returncode == 1
    assert f"✗ {tmp_path}/unmounted: is not there: is its disk mounted?" in ran.stdout


def test_the_doctor_tells_of_a_damaged_store_instead_of_failing(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "antiphon.db"
    store = open_store(f"sqlite:///{path}")
    store.put_many(TRACKS, [Track(id=f"tr-{n}", title="Song", sort="song") for n in range(3000)])
    store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * (path.stat().st_size // 2))
    ran = antiphon("doctor")
    assert ran.returncode == 1
    assert "✗ store: the file is damaged: " in ran.stdout
    assert ran.stderr == ""


def test_an_account_is_made_listed_changed_and_removed(antiphon: Antiphon) -> None:
    added = antiphon("user", "add", "Zoë [b]", "--admin", "--password", PASSWORD)
    assert (added.returncode, added.stdout) == (0, "Zoë [b] may log in now.\n")
    assert antiphon("user", "add", "ann", "--password", PASSWORD).returncode == 0

    listed = antiphon("user", "list").stdout
    assert re.search(r"Zoë \[b\] +│ admin ", listed)
    assert re.search(r"ann +│ listener ", listed)

    changed = antiphon("user", "passwd", "ANN", "--password", "battery staple")
    assert (changed.returncode, changed.stdout) == (0, "The password is changed.\n")

    removed = antiphon("user", "remove", "ann", "--yes")
    assert (removed.returncode, removed.stdout) == (0, "The account is removed.\n")
    assert "ann" not in antiphon("user", "list").stdout


def test_a_backup_is_a_store_that_can_be_copied_and_served(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    antiphon("user", "add", "ann", "--password", PASSWORD)
    backup, copy = tmp_path / "backup.db", tmp_path / "copy.db"
    ran = antiphon("backup", backup)
    assert (ran.returncode, ran.stdout) == (
        0,
        f"{backup} holds everything; the music itself is not in it.\n",
    )
    ran = antiphon("store", "copy", "--from", f"sqlite:///{backup}", "--to", f"sqlite:///{copy}")
    assert (ran.returncode, ran.stdout) == (
        0,
        "The copy is whole: 1 documents, each the same as its source.\n",
    )
    assert "ann" in antiphon("user", "list", ANTIPHON_STORE=f"sqlite:///{copy}").stdout


def test_nothing_is_overwritten_by_a_backup_or_a_copy(antiphon: Antiphon, tmp_path: Path) -> None:
    antiphon("user", "add", "ann", "--password", PASSWORD)
    backup = tmp_path / "backup.db"
    antiphon("backup", backup)
    ran = antiphon("backup", backup)
    assert ran.returncode == 74
    assert "is there already" in said_in_one_line(ran)
    here = f"sqlite:///{tmp_path}/data/antiphon.db"
    ran = antiphon("store", "copy", "--from", f"sqlite:///{backup}", "--to", here)
    assert ran.returncode == 74
    assert "The target is not empty (it holds users)" in said_in_one_line(ran)
    nowhere = f"sqlite:///{tmp_path}/nowhere.db"
    ran = antiphon("store", "copy", "--from", nowhere, "--to", f"sqlite:///{tmp_path}/new.db")
    assert ran.returncode == 74
    assert said_in_one_line(ran) == f"There is no {tmp_path}/nowhere.db: is the address right?"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["backup.db", "data"]
    ran = antiphon("store", "copy", "--from", f"sqlite:///{backup}", "--to", "postgres://x")
    assert ran.returncode == 74
    assert said_in_one_line(ran).startswith("'postgres://x' cannot be used as a store")


def test_the_password_in_an_address_is_never_said(antiphon: Antiphon) -> None:
    ran = antiphon("user", "list", ANTIPHON_STORE="mongodb://ann:se/cret@db.example/antiphon")
    assert ran.returncode == 74
    assert "cret" not in said_in_one_line(ran)


def test_what_cannot_be_done_with_an_account_is_said_in_a_line(antiphon: Antiphon) -> None:
    antiphon("user", "add", "ann", "--admin", "--password", PASSWORD)
    for arguments, said in (
        (("add", "Ann", "--password", PASSWORD), "There is a user 'Ann' already"),
        (("add", "ben", "--password", "short"), "A password has 8 to 1024 characters."),
        (("passwd", "ben", "--password", PASSWORD), "There is no user 'ben'"),
        (("remove", "ann", "--yes"), "'ann' is the only admin"),
    ):
        ran = antiphon("user", *arguments)
        assert ran.returncode == 65
        assert said_in_one_line(ran).startswith(said)


def test_a_question_that_nobody_answers_changes_nothing(antiphon: Antiphon) -> None:
    antiphon("user", "add", "ann", "--password", PASSWORD)
    ran = antiphon("user", "remove", "ann")
    assert ran.returncode == 130
    assert "Traceback" not in ran.stderr
    assert "ann" in antiphon("user", "list").stdout


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ANTIPHON_PORT", "eighty", 78),
        ("ANTIPHON_PROT", "80", 78),
        ("ANTIPHON_STORE", "postgres://x", 74),
        ("ANTIPHON_EVENTS", "carrier-pigeon:", 78),
        ("ANTIPHON_COMPUTE", "abacus:", 78),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    antiphon: Antiphon, name: str, value: str, code: int
) -> None:
    ran = antiphon("doctor", **{name: value})
    assert ran.returncode == code
    assert name in said_in_one_line(ran)


def test_a_data_folder_that_cannot_be_is_said_in_one_line(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ran = antiphon("user", "list", ANTIPHON_DATA=str(tmp_path / "file"))
    assert ran.returncode == 74
    assert "cannot be used" in said_in_one_line(ran)


def test_dead_letters_are_shown_with_their_reason_and_sent_again(
    antiphon: Antiphon, tmp_path: Path
) -> None:
    assert antiphon("dead-letters", ANTIPHON_EVENTS="local:").stdout == (
        "There are no dead letters.\n"
    )
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'antiphon.db'}")
    log = open_event_log("local:", store)
    letter = DeadLetter(topic="listens", offset=7, key="ann", value=b"{}", reason="too odd")
    log.append(Topic.DEAD_LETTERS, "ann", [encode(letter)])
    shown = antiphon("dead-letters")
    assert "listens:0:7 ann: too odd\n    {}\n1 dead letter kept." in shown.stdout
    assert "1 dead letter sent again." in antiphon("dead-letters", "--send-again").stdout
    with log.consumer(Topic.LISTENS, "test") as consumer:
        assert [(entry.key, entry.value) for entry in consumer.poll(0.1)] == [("ann", b"{}")]
    store.close()
