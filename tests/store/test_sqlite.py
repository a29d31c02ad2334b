"""What only the SQLite adapter promises: plain words about its file."""

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from antiphon.model import Secret, Track
from antiphon.store import Store, StoreError, open_store
from antiphon.store.schema import SECRETS, TRACKS
from antiphon.store.sqlite_search import search
from antiphon.store.sqlite_tables import Table


def test_a_url_of_no_engine_is_refused() -> None:
    with pytest.raises(StoreError, match=r"'redis://x' cannot be used as a store \(ANTIPHON_S"):
        open_store("redis://x")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "antiphon.db"
    path.write_text("my diary, not a database " * 100)
    with pytest.raises(StoreError, match="damaged or no database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("my diary")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "antiphon.db"
    open_store(f"sqlite:///{path}").close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version=999")
    raw.close()
    with pytest.raises(StoreError, match="written by a newer Antiphon"):
        open_store(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/deeper/antiphon\.db cannot be used"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'deeper' / 'antiphon.db'}")


def test_a_store_that_was_closed_is_not_called_damaged(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError, match="cannot be used: Cannot operate on a closed"):
        store.get(SECRETS, "a")


CLOSED_WHILE_OTHERS_READ = """
import sys, threading, time
from antiphon.model import Secret
from antiphon.store import StoreError, open_store
from antiphon.store.schema import SECRETS

def read():
    try:
        while True:
            reading.set() if store.find(SECRETS) else None
    except StoreError:
        refused.append(True)

refused = []
with_some = open_store(sys.argv[1])
with_some.put_many(SECRETS, [Secret(id=str(n), value="x" * 2000) for n in range(1000)])
with_some.close()
for n in range(10):
    store, reading = open_store(sys.argv[1]), threading.Event()
    threads = [threading.Thread(target=read) for _ in range(4)]
    [thread.start() for thread in threads]
    reading.wait()
    time.sleep(n / 1000)
    store.close()
    [thread.join() for thread in threads]
print(len(refused))
"""


def test_closing_a_store_that_others_read_does_not_end_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOSED_WHILE_OTHERS_READ, f"sqlite:///{tmp_path / 'a.db'}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (0, "40\n"), ended.stderr


def test_a_document_that_cannot_be_kept_is_not_called_damage(store: Store) -> None:
    nameless = msgspec.structs.replace(Secret(id="x", value="y"), id=None)
    with pytest.raises(StoreError, match="does not take such a document"):
        store.put(SECRETS, nameless)


@pytest.mark.parametrize("where", [{}, {"missing": False}])
def test_a_search_sorts_nothing_that_it_has_to_look_for(
    store: Store, tmp_path: Path, where: dict[str, object]
) -> None:
    asked: list[str] = []
    table = Table(TRACKS)
    with closing(sqlite3.connect(tmp_path / "antiphon.db")) as raw:
        raw.set_trace_callback(asked.append)
        search(raw, table, "blue moon", 8, where)
        raw.set_trace_callback(None)
        plans = [
            [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}")]
            for sql in asked
            if sql.startswith("SELECT tracks.id")
        ]
    assert len(plans) >= 2
    for plan in plans:
        assert "USING INDEX tracks_by_text" in plan[0] or "VIRTUAL TABLE" in plan[0]
        assert not any("TEMP B-TREE" in step for step in plan)


def test_readers_and_their_answers_do_not_wait_for_a_writer(store: Store) -> None:
    store.put(SECRETS, Secret(id="kept", value="before"))
    in_the_middle, read = threading.Event(), threading.Event()

    def write() -> None:
        store.put(SECRETS, Secret(id="kept", value="after"))
        store.put_many(SECRETS, [Secret(id=str(n), value="x" * 1000) for n in range(5000)])
        in_the_middle.set()
        assert read.wait(30)

    with ThreadPoolExecutor() as threads:
        written = threads.submit(store.transact, write)
        assert in_the_middle.wait(30)
        started = time.monotonic()
        seen = store.get(SECRETS, "kept")
        waited_s = time.monotonic() - started
        read.set()
        written.result()
    assert seen == Secret(id="kept", value="before")
    assert waited_s < 1
    assert store.get(SECRETS, "kept") == Secret(id="kept", value="after")


def test_a_second_writer_waits_for_the_first(store: Store) -> None:
    begun = threading.Event()

    def slowly() -> None:
        store.put(SECRETS, Secret(id="a", value="first"))
        begun.set()
        time.sleep(0.3)

    with ThreadPoolExecutor() as threads:
        first = threads.submit(store.transact, slowly)
        assert begun.wait(30)
        store.put(SECRETS, Secret(id="a", value="second"))
        first.result()
    assert store.get(SECRETS, "a") == Secret(id="a", value="second")


def some_tracks(count: int) -> list[Track]:
    return [
        Track(id=f"tr-{n}", title=f"Song {n}", sort=f"song {n}", genres=("Folk",))
        for n in range(count)
    ]


def test_a_damaged_file_is_said_to_be_damaged(store: Store, tmp_path: Path) -> None:
    store.put_many(TRACKS, some_tracks(3000))
    assert store.check() == []
    store.close()
    path = tmp_path / "antiphon.db"
    with path.open("r+b") as file:
        for place in range(path.stat().st_size // 3, path.stat().st_size, 40960):
            file.seek(place)
            file.write(b"\xa5" * 3000)
    wrong = open_store(f"sqlite:///{path}").check()
    assert wrong
    assert all("the file is damaged" in said for said in wrong)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "UPDATE tracks SET missing = 1 WHERE id = 'tr-7'",
            "1 documents cannot be read or are not",
        ),
        ("UPDATE tracks SET doc = '{' WHERE id = 'tr-7'", "such as 'tr-7'"),
        ("DELETE FROM tracks_genres WHERE id < 'tr-2'", "such as 'tr-0', 'tr-1'"),
        ("INSERT INTO tracks_genres VALUES ('Jazz', 'tr-x')", "1 genres are of documents that are"),
        ("INSERT INTO tracks_fts (tracks_fts) VALUES ('delete-all')", "the index of words"),
    ],
)
def test_what_does_not_agree_with_the_documents_is_said(
    store: Store, tmp_path: Path, damage: str, said: str
) -> None:
    store.put_many(TRACKS, some_tracks(9))
    with closing(sqlite3.connect(tmp_path / "antiphon.db")) as raw:
        raw.execute(damage)
        raw.commit()
    (wrong,) = store.check()
    assert wrong.startswith("tracks: ")
    assert said in wrong
