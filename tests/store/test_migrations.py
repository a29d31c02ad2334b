"""A file of an older Antiphon is brought up to date, once, whole or not at all, and backed up."""

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from antiphon.model import Artist, Document, Features, Secret
from antiphon.store import Collection, Store, StoreError, open_store
from antiphon.store.migrations import CHANGES, SCHEMA_VERSION, prepare
from antiphon.store.schema import (
    ALBUMS,
    ARTISTS,
    FAMILIARITIES,
    FEATURES,
    LISTENS,
    LOG_ENTRIES,
    SECRETS,
    TRACKS,
    USERS,
)
from antiphon.store.sqlite import SqliteStore
from antiphon.store.sqlite_tables import Table

VERSION_1 = Path(__file__).with_name("version_1.sql")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The file of a small store that version 1 wrote."""
    path = tmp_path / "antiphon.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(VERSION_1.read_text())
    return path


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}")


def dump(path: Path) -> list[object]:
    """Return all that a file holds, and how."""
    with closing(sqlite3.connect(path)) as raw:
        statements = raw.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        tables = [name for name, sql in statements if sql and sql.startswith("CREATE TABLE")]
        kept = [raw.execute(f"SELECT * FROM {name}").fetchall() for name in tables]
        return [raw.execute("PRAGMA user_version").fetchall(), statements, kept]


def backups(path: Path) -> list[Path]:
    return [file for file in path.parent.iterdir() if file.name.startswith("antiphon.db.v")]


def test_every_document_of_version_1_is_kept_filtered_and_found(old: Path) -> None:
    store = opened(old)
    joga = store.get(TRACKS, "tr-1")
    assert joga is not None
    assert (joga.title, joga.artists[0].name, joga.genres) == (
        "Jóga",
        "Björk",
        ("Art Pop", "Electronic"),
    )
    assert [t.id for t in store.find(TRACKS, {"missing": False}, ("missing", "sort"))] == [
        "tr-2",
        "tr-1",
    ]
    assert store.group_count(TRACKS, "genres") == {"Electronic": 2, "Art Pop": 1}
    assert [t.id for t in store.search(TRACKS, "bjork jo", 5)] == ["tr-1"]
    assert [t.id for t in store.search(TRACKS, "夜", 5)] == ["tr-3"]
    assert [a.id for a in store.search(ALBUMS, "homo", 5)] == ["al-1"]
    assert [a.id for a in store.search(ARTISTS, "björk", 5)] == ["ar-1"]
    assert [u.name for u in store.find(USERS, {"key": "ann"})] == ["Ann"]
    assert store.count(LISTENS, {"user_id": "us-1"}) == 2
    assert store.count(FAMILIARITIES, {"user_id": "us-1", "feedback": "like"}) == 1
    assert [e.value for e in store.find(LOG_ENTRIES, {"topic": "listens"})] == [b'{"v":1}'] * 2
    assert store.get(SECRETS, "session") == Secret(id="session", value="shh")
    assert store.check() == []


def test_features_without_the_name_of_their_set_are_dropped_so_that_others_are_made(
    old: Path,
) -> None:
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("SELECT COUNT(*) FROM features").fetchone() == (1,)
    store = opened(old)
    assert store.count(FEATURES) == 0
    assert store.group_count(TRACKS, "features") == {"": store.count(TRACKS)}
    kept = Features(id="tr-1:x/1", track_id="tr-1", name="x/1", vector=b"\x00\x01\xff", at=1)
    store.put(FEATURES, kept)
    assert store.find(FEATURES, {"track_id": "tr-1"}) == [kept]
    assert store.check() == []


def test_the_file_is_backed_up_first_and_the_log_says_where(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = dump(old)
    with caplog.at_level(logging.INFO):
        opened(old).close()
    (backup,) = backups(old)
    assert dump(backup) == before
    assert backup.name.startswith("antiphon.db.v1-")
    assert str(backup) in caplog.text


def test_what_killed_attempts_left_makes_room_for_the_backup(old: Path) -> None:
    left = [f"antiphon.db.v1-2026{n}.bak" for n in ("", ".1.part")]
    other = old.with_name("antiphon.db.v0-2025.bak")
    for file in (*map(old.with_name, left), other):
        file.write_text("x")
    opened(old).close()
    (backup,) = set(backups(old)) - {other}
    assert backup.name not in left
    assert backup.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_up_to_date_is_not_touched(old: Path) -> None:
    opened(old).close()
    after = dump(old)
    opened(old).close()
    assert dump(old) == after
    assert len(backups(old)) == 1


@pytest.mark.slow
def test_of_processes_that_start_at_once_one_brings_the_file_up_to_date(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        raw.executemany(
            "INSERT INTO artists (id, doc, sort, text_name) VALUES (?1, ?2, '', ?1)",
            [(f"ar-x{n}", f'{{"id":"ar-x{n}","name":"X {n}","sort":""}}') for n in range(3000)],
        )
        raw.commit()
    script = (
        "import sys; from antiphon.store import open_store; from antiphon.store.schema import *;"
        "store = open_store('sqlite:///' + sys.argv[1]);"
        "print(store.count(ARTISTS), len(store.search(ARTISTS, 'x 2999', 5)))"
    )
    starting = [
        subprocess.Popen([sys.executable, "-c", script, str(old)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    said = {process.communicate()[0] for process in starting}
    assert said == {b"3001 1\n"}
    assert len(backups(old)) == 1


def test_a_document_that_cannot_be_read_stops_it_and_nothing_is_changed(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        raw.execute("UPDATE artists SET doc = '{\"id\":' WHERE id = 'ar-1'")
        raw.commit()
    before = dump(old)
    with pytest.raises(StoreError, match="'ar-1' in artists cannot be read"):
        opened(old)
    assert dump(old) == before
    assert backups(old) == []


@pytest.mark.slow
def test_a_disk_too_full_for_the_backup_is_said_and_nothing_is_changed(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        raw.execute("INSERT INTO secrets (id, doc) VALUES ('x', zeroblob(500000))")
        raw.commit()
    before = dump(old)
    script = (
        "import resource, sys; from antiphon.store import StoreError, open_store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try: open_store('sqlite:///' + sys.argv[1])\n"
        "except StoreError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(old)], capture_output=True, text=True, check=True
    ).stdout
    assert "cannot be written" in said
    assert "make room on its disk" in said
    assert dump(old) == before
    assert [file.name for file in old.parent.iterdir()] == ["antiphon.db"]


def test_listens_of_before_are_counted_as_skips_where_they_were(old: Path) -> None:
    ends = [("completed", True), ("skipped", True), ("skipped", False), ("stopped", False)]
    with closing(sqlite3.connect(old, isolation_level=None)) as raw:
        for n, (ended, played) in enumerate(ends):
            doc = msgspec.json.encode(
                {
                    "id": f"us-2:ev-{n}",
                    "user_id": "us-2",
                    "track_id": "tr-1",
                    "at": n,
                    "played_ms": 1,
                    "duration_ms": 2,
                    "ended": ended,
                    "played": played,
                }
            )
            raw.execute(
                "INSERT INTO listens (id, doc, user_id, at, played, track_id) "
                "VALUES (?, ?, 'us-2', ?, ?, 'tr-1')",
                (f"us-2:ev-{n}", doc, n, played),
            )
    listens = opened(old).find(LISTENS, {"user_id": "us-2"}, ("user_id", "at"))
    assert [listen.skipped for listen in listens] == [False, False, True, False]
    assert opened(old).count(LISTENS, {"surface": "", "skipped": True}) == 1


def test_changes_of_documents_are_made_in_the_order_of_their_versions(old: Path) -> None:
    def call(title: str) -> dict[str, object]:
        return {"artists": lambda doc: {**doc, "name": doc["name"] + title}}

    tables = {"artists": Table(ARTISTS), "features": Table(FEATURES)}
    changes = {1: call(" the Old"), 3: {**CHANGES[3], **call(" II")}, 2: call(" I")}
    with closing(sqlite3.connect(old, isolation_level=None)) as raw:
        prepare(raw, old, tables, changes)
    store = opened(old)
    assert store.get(ARTISTS, "ar-1") == Artist(
        id="ar-1", name="Björk I II", sort="bjork", album_count=1, track_count=2
    )
    assert [a.id for a in store.search(ARTISTS, "ii", 5)] == ["ar-1"]


def test_the_changes_lead_to_the_version_that_this_is() -> None:
    assert all(1 < version <= SCHEMA_VERSION for version in CHANGES)


class Poem(Document, frozen=True):
    title: str
    lines: int = 0
    moods: tuple[str, ...] = ()


POEMS = Collection("poems", Poem, indexes=(("title",),))
POEMS_ASKED_MORE = Collection(
    "poems", Poem, indexes=(("lines", "title"),), many=("moods",), text=("title",)
)
SONGS: Collection[Poem] = Collection("songs", Poem, indexes=(("title",),))


def test_new_collections_and_newly_declared_fields_need_no_sql(tmp_path: Path) -> None:
    path = tmp_path / "antiphon.db"
    before = SqliteStore(path, (POEMS, SONGS))
    before.put(POEMS, Poem(id="p", title="Tyger Tyger", lines=24, moods=("awe",)))
    before.put(SONGS, Poem(id="s", title="Jerusalem"))
    before.close()
    after = SqliteStore(path, (POEMS_ASKED_MORE, TRACKS))
    for asked in ({"lines": 24}, {"moods": "awe"}):
        assert [poem.id for poem in after.find(POEMS_ASKED_MORE, asked)] == ["p"]
    assert [poem.id for poem in after.search(POEMS_ASKED_MORE, "tyg", 5)] == ["p"]
    assert after.count(TRACKS) == 0
    assert after.check() == []
    after.close()
    # What nobody declares any more is left where it is.
    again = SqliteStore(path, (SONGS,))
    assert again.count(SONGS) == 1


@pytest.mark.parametrize("version", [0, 1, SCHEMA_VERSION])
@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE bookmarks (url)",
        "CREATE TABLE pages (id, doc)",
        "CREATE TABLE tracks (n INTEGER PRIMARY KEY, id TEXT, doc BLOB); CREATE TABLE mine (url)",
    ],
)
def test_another_programs_database_is_refused(tmp_path: Path, version: int, tables: str) -> None:
    path = tmp_path / "antiphon.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(f"{tables}; PRAGMA user_version={version}")
    before = dump(path)
    with pytest.raises(StoreError, match="another program's database"):
        opened(path)
    assert dump(path) == before
