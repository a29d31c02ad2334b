"""deploy/up, down, backup, restore, upgrade: what they tell the container engine, and what is left.

No engine can be had here: `engine.py` stands in for it, and runs Antiphon's own commands for real.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.deploy.compose_file import DEPLOY

from antiphon.ops import users
from antiphon.store import open_store

SCRIPTS = ("antiphon", "backup", "down", "restore", "up", "upgrade")
ROOT = DEPLOY.parent


@dataclass(frozen=True)
class Place:
    """A copy of deploy/ with an `.env`, and an engine that notes what it is told."""

    folder: Path

    @property
    def deploy(self) -> Path:
        return self.folder / "deploy"

    @property
    def env(self) -> str:
        return (self.deploy / ".env").read_text()

    def run(self, name: str, *words: str, **engine: str) -> subprocess.CompletedProcess[str]:
        """Run a script from another folder."""
        bin = Path(sys.executable).parent
        environment = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{bin}:{os.environ['PATH']}",
            "ENGINE_FOLDER": str(self.folder),
            "DRAIN_S": "0",
            **engine,
        }
        return subprocess.run(
            [self.deploy / name, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def told(self) -> list[str]:
        """What the engine was told since the last asking, without the questions."""
        log = self.folder / "told"
        lines = [" ".join(json.loads(line)) for line in log.read_text().splitlines()]
        log.write_text("")
        questions = ("compose version", "compose ps", "image inspect")
        return [line for line in lines if not line.startswith(questions)]

    def names(self) -> list[str]:
        """Who has an account in the database that `.env` names."""
        database = re.findall(r"^DATABASE=(.*)$", self.env, re.MULTILINE) or ["antiphon"]
        store = open_store(f"sqlite:///{self.folder / database[-1]}.db")
        try:
            return [user.name for user in store.find(users.USERS)]
        finally:
            store.close()

    def add(self, name: str) -> None:
        added = self.run("antiphon", "user", "add", name, "--password", "a password")
        assert added.returncode == 0, added.stderr
        (self.folder / "told").unlink()


def put_engine(folder: Path, *names: str) -> None:
    """Put the stand-in on PATH as each of these."""
    (folder / "bin").mkdir()
    for name in names:
        shutil.copy(Path(__file__).with_name("engine.py"), folder / "bin" / name)
        (folder / "bin" / name).chmod(0o755)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns(".env", "backups"))
    (tmp_path / "music").mkdir()
    (tmp_path / "deploy" / ".env").write_text(f"MUSIC={tmp_path / 'music'}\n")
    put_engine(tmp_path, "docker", "podman")
    return Place(tmp_path)


def test_shellcheck_finds_nothing() -> None:
    shell = [
        path
        for folder in (DEPLOY, ROOT / "scripts", ROOT / ".ci")
        for path in folder.iterdir()
        if path.is_file() and re.match(r"#!.*sh\b|# shellcheck", path.read_text().split("\n")[0])
    ]
    assert len(shell) > len(SCRIPTS)
    checked = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), *shell],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", sorted(set(SCRIPTS) - {"antiphon"}))
def test_every_script_says_what_it_does(place: Place, name: str) -> None:
    shown = place.run(name, "--help")
    assert shown.returncode == 0
    assert f"usage: deploy/{name}" in shown.stdout
    assert not (place.folder / "told").exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_an_env_file_it_says_how_to_make_one(place: Place, name: str) -> None:
    (place.deploy / ".env").unlink()
    refused = place.run(name)
    assert refused.returncode == 1
    assert "copy deploy/.env.example to it and set MUSIC" in refused.stderr


@pytest.mark.parametrize("music", ["", "music", "/not/there"])
def test_a_music_folder_that_is_not_there_is_refused(place: Place, music: str) -> None:
    (place.deploy / ".env").write_text(f"MUSIC={music}\n")
    refused = place.run("up")
    assert refused.returncode == 1
    assert f"MUSIC='{music}' in deploy/.env cannot be used" in refused.stderr


def test_without_an_engine_it_says_what_to_install(place: Place) -> None:
    refused = place.run("up", ENGINE_FAILS="compose version")
    assert refused.returncode == 1
    assert "install Docker or Podman" in refused.stderr


def test_podman_does_where_docker_cannot_compose(place: Place) -> None:
    (place.folder / "bin" / "docker").write_text("#!/bin/sh\nexit 1\n")
    assert place.run("up").returncode == 0
    assert place.told() == ["compose up --detach --wait --wait-timeout 300 --remove-orphans"]


def test_up_makes_the_image_once_and_waits_until_all_are_well(place: Place) -> None:
    first = place.run("up", ENGINE_FAILS="image inspect")
    assert first.returncode == 0, first.stderr
    start = "compose up --detach --wait --wait-timeout 300 --remove-orphans"
    assert place.told() == ["compose build web", start]
    assert "Antiphon plays at http://127.0.0.1:4880" in first.stdout
    assert place.run("up", "--scale", "live=2").returncode == 0
    assert place.told() == [f"{start} --scale live=2"]


def test_up_says_where_to_look_when_something_is_not_well(place: Place) -> None:
    failed = place.run("up", ENGINE_FAILS="compose up")
    assert failed.returncode == 1
    assert "Not every service is well" in failed.stderr
    assert "plays at" not in failed.stdout


def test_down_keeps_what_is_kept(place: Place) -> None:
    assert place.run("down").returncode == 0
    assert place.told() == ["compose --profile * down"]
    refused = place.run("down", "--volumes")
    assert refused.returncode == 1
    assert place.told() == []


@pytest.mark.slow
def test_a_backup_is_a_store_with_its_checksum_made_while_nothing_writes(place: Place) -> None:
    place.add("Ann")
    made = place.run("backup")
    assert made.returncode == 0, made.stderr
    (file,) = (place.deploy / "backups").glob("*.db")
    assert made.stdout == f"{file}\n"
    assert file.stat().st_mode & 0o077 == 0
    subprocess.run(["sha256sum", "--check", f"{file}.sha256"], cwd=file.parent, check=True)
    stopped, live, copied, again = place.told()
    assert (stopped, live) == ("compose stop web library training", "compose stop live")
    assert "antiphon backup" in copied
    assert again == "compose start web library training live"
    store = open_store(f"sqlite:///{file}")
    assert [user.name for user in store.find(users.USERS)] == ["Ann"]
    store.close()


@pytest.mark.slow
def test_a_backup_goes_where_it_is_told_and_starts_only_what_ran(place: Place) -> None:
    place.add("Ann")
    made = place.run("backup", "elsewhere", ENGINE_RUNS="live")
    assert made.returncode == 0, made.stderr
    assert len(list((place.folder / "elsewhere").glob("*.db"))) == 1
    assert place.told()[-1] == "compose start live"


@pytest.mark.parametrize("failing", ["compose run", "compose stop live"])
def test_a_backup_that_fails_leaves_nothing_and_everything_running(
    place: Place, failing: str
) -> None:
    failed = place.run("backup", ENGINE_FAILS=failing)
    assert failed.returncode == 1
    assert list((place.deploy / "backups").iterdir()) == []
    assert place.told()[-1] == "compose start web library training live"


def test_a_backup_that_comes_damaged_is_not_kept(place: Place) -> None:
    (place.folder / "bin" / "antiphon").write_text('#!/bin/sh\necho all of it >"$2"\n')
    (place.folder / "bin" / "antiphon").chmod(0o755)
    (place.folder / "bin" / "cat").write_text("#!/bin/sh\n/bin/cat $1 | head -c 3\n")
    (place.folder / "bin" / "cat").chmod(0o755)
    failed = place.run("backup")
    assert failed.returncode == 1
    assert "The copy came damaged" in failed.stderr
    assert list((place.deploy / "backups").iterdir()) == []


@pytest.mark.slow
def test_what_was_backed_up_is_back_after_a_restore(place: Place) -> None:
    place.add("Ann")
    file = place.run("backup").stdout.strip()
    place.add("Bob")
    restored = place.run("restore", file, "--yes")
    assert restored.returncode == 0, restored.stderr
    assert place.names() == ["Ann"]
    stopped, live, copied, started = place.told()
    assert (stopped, live) == ("compose stop web library training", "compose stop live")
    assert "antiphon store copy" in copied
    assert started.startswith("compose up --detach --wait")
    # The database of before is still there.
    (place.deploy / ".env").write_text(place.env.partition("DATABASE=")[0])
    assert sorted(place.names()) == ["Ann", "Bob"]


@pytest.mark.parametrize("mode", [0o600, 0o640])
@pytest.mark.slow
def test_what_a_restore_writes_to_the_env_file_is_for_the_same_eyes(
    place: Place, mode: int
) -> None:
    place.add("Ann")
    file = place.run("backup").stdout.strip()
    env = place.deploy / ".env"
    env.chmod(mode)
    owner = env.stat().st_uid, env.stat().st_gid
    assert place.run("restore", file, "--yes").returncode == 0
    assert "DATABASE=" in place.env
    assert stat.S_IMODE(env.stat().st_mode) == mode
    assert (env.stat().st_uid, env.stat().st_gid) == owner


def test_a_restore_asks_for_a_yes_before_it_stops_anything(place: Place) -> None:
    (place.folder / "a.db").write_text("a backup")
    refused = place.run("restore", "a.db")
    assert refused.returncode == 1
    assert "deploy/restore a.db --yes" in refused.stderr
    assert place.told() == []


def test_a_restore_refuses_a_file_that_is_not_as_it_was_written(place: Place) -> None:
    (place.folder / "a.db").write_text("a backup")
    (place.folder / "a.db.sha256").write_text(f"{'0' * 64}  a.db\n")
    refused = place.run("restore", "a.db", "--yes")
    assert refused.returncode == 1
    assert "is not as it was written" in refused.stderr
    assert place.told() == []


@pytest.mark.slow
def test_a_restore_that_fails_changes_nothing(place: Place) -> None:
    before = place.env
    (place.folder / "a.db").write_text("this is no store")
    failed = place.run("restore", "a.db", "--yes")
    assert failed.returncode == 1
    assert "the database is still 'antiphon'" in failed.stderr
    assert place.env == before
    assert not any(line.startswith("compose up") for line in place.told())


@pytest.mark.slow
def test_an_upgrade_backs_up_makes_the_image_migrates_and_starts(place: Place) -> None:
    place.add("Ann")
    upgraded = place.run("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    did = [re.sub(r"compose run .*(antiphon \w+ \w+).*", r"\1", line) for line in place.told()]
    at = did.index("tag antiphon:local antiphon:previous")
    assert did[at:] == [
        "tag antiphon:local antiphon:previous",
        "compose build --pull web",
        "compose stop web library training",
        "compose stop live",
        "antiphon user list",
        "compose up --detach --wait --wait-timeout 300 --remove-orphans",
    ]
    assert any("antiphon backup" in line for line in did[:at])
    assert len(list((place.deploy / "backups").glob("*.db"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["compose up", "antiphon user list", "pull music:2"])
def test_an_upgrade_that_fails_goes_back_to_the_image_of_before(place: Place, failing: str) -> None:
    place.add("Ann")
    failed = place.run("upgrade", "--image", "music:2", ENGINE_FAILS=failing)
    assert failed.returncode == 1
    (backup,) = (place.deploy / "backups").glob("*.db")
    assert str(backup) in failed.stderr
    assert "IMAGE=antiphon:local" in place.env
    told = place.told()
    assert told[-2] == "tag antiphon:previous antiphon:local"
    assert told[-1].startswith("compose up --detach --wait")


def test_an_upgrade_without_a_backup_is_none(place: Place) -> None:
    failed = place.run("upgrade", ENGINE_FAILS="compose run")
    assert failed.returncode == 1
    assert not any("build" in line for line in place.told())
