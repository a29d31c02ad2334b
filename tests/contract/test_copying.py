"""Moving house: copies between the engines, broken off, disturbed, checked."""

import random
import signal
import subprocess
import sys
import time
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.model import Credit, Document, ReplayGain, SourceFile, Track, User
from antiphon.store import Collection, Store, StoreError, open_store
from antiphon.store.copying import COPIED, copy
from antiphon.store.schema import FILES, LYRICS, PROGRESS, TRACKS, USERS

MANY = 6_000
# A copy that is killed with power when so many documents are done.
DYING = """
import contextlib, os, signal, sys
from antiphon.store import open_store
from antiphon.store.copying import copy

@contextlib.contextmanager
def shown(title):
    def note(done, total):
        print(title, done, flush=True)
        if f"{title} {done}" == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)
    yield note

copy(open_store(sys.argv[1]), open_store(sys.argv[2]), shown)
"""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'source.db'}"


@pytest.fixture
def source(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "mongo"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "mongo":
        request.getfixturevalue("mongo_store")
        return str(request.getfixturevalue("mongo_url"))
    return f"sqlite:///{tmp_path / 'target.db'}"


@pytest.fixture
def target(target_url: str) -> Iterator[Store]:
    opened = open_store(target_url)
    yield opened
    opened.close()


@contextmanager
def silent(_title: str) -> Iterator[Callable[[int, int], None]]:
    yield ignore


def ignore(_done: int, _total: int) -> None:
    pass


class Counting:
    """A store that counts the documents it is given to keep."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.kept = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put_many(self, collection: Collection[Any], docs: list[Document]) -> None:
        self.kept += len(docs)
        self._store.put_many(collection, docs)


def example(collection: Collection[Any], id: str) -> Document:
    """Return a document of a collection that has only what it must have."""
    types = typing.get_type_hints(collection.type)
    must = [field.name for field in msgspec.structs.fields(collection.type) if field.required]
    values = {name: value_of(types[name], f"{name} of {id}") for name in must}
    return typing.cast("Document", msgspec.convert(values | {"id": id}, collection.type))


def value_of(kind: Any, text: str) -> object:
    plain: dict[Any, object] = {str: text, int: 7, bool: True, bytes: b"\xff\x00"}
    if kind in plain:
        return plain[kind]
    part, *_ = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return part
    return (value_of(part, text),) if typing.get_origin(kind) is tuple else value_of(part, text)


def fill(store: Store) -> None:
    for collection in COPIED:
        store.put_many(collection, [example(collection, f"{n} ñ 🎷") for n in range(3)])
    store.put(
        TRACKS,
        Track(
            id="tr-1",
            title="Café",
            sort="cafe",
            artists=(Credit(id="ar-1", name="Émile"),),
            genres=("Folk", "Pop"),
            replay_gain=ReplayGain(track_gain_db=-7.25, track_peak=1.0),
            musicbrainz={"track": "x", "album": "y"},
        ),
    )


def files(store: Store, count: int = MANY) -> None:
    store.put_many(FILES, [SourceFile(id=f"/m/{n:05}", folder="/m", size=n) for n in range(count)])


def everything(store: Store) -> dict[str, list[Document]]:
    return {collection.name: store.find(collection) for collection in COPIED}


def test_a_library_moves_to_mongodb_and_back(
    source: Store, mongo_store: Store, tmp_path: Path
) -> None:
    fill(source)
    home = open_store(f"sqlite:///{tmp_path / 'home.db'}")
    assert copy(source, mongo_store, silent) == copy(mongo_store, home, silent)
    assert everything(home) == everything(mongo_store) == everything(source)
    assert [track.id for track in home.search(TRACKS, "emile cafe", 3)] == ["tr-1"]
    assert home.find(PROGRESS) == mongo_store.find(PROGRESS) == []
    home.close()


def test_a_copy_tells_how_far_it_is(source: Store, target: Store) -> None:
    files(source)
    told: list[tuple[str, int, int]] = []

    @contextmanager
    def telling(title: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: told.append((title, done, total))

    assert copy(source, target, telling) == MANY
    assert told[0] == ("Copying", 1_000, MANY)
    assert told[5] == ("Copying", MANY, MANY)
    assert told[-1] == ("Checking", 2 * MANY, 2 * MANY)


def test_a_copy_that_was_killed_goes_on_where_it_was(
    source: Store, target: Store, sqlite_url: str, target_url: str
) -> None:
    files(source)
    command = [sys.executable, "-c", DYING, sqlite_url, target_url]
    killed = subprocess.run([*command, "Copying 4000"], check=False)
    assert killed.returncode == -signal.SIGKILL
    counting = Counting(target)
    copy(source, counting, silent)
    assert counting.kept == MANY - 4_000
    assert everything(target) == everything(source)


@pytest.mark.slow
def test_a_copy_may_be_killed_at_any_moment(
    source: Store, target: Store, sqlite_url: str, target_url: str
) -> None:
    files(source, 4 * MANY)
    fill(source)
    moments = random.Random(1)
    kills = 0
    command = [sys.executable, "-c", DYING, sqlite_url, target_url, ""]
    while True:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout
        child.stdout.readline()
        time.sleep(moments.uniform(0, 0.1 * 4**kills))
        child.kill()
        child.communicate()
        if child.returncode != -signal.SIGKILL:
            break
        kills += 1
    assert (child.returncode, kills > 0) == (0, True)
    assert everything(target) == everything(source)


def test_only_an_empty_target_is_filled(source: Store, target: Store) -> None:
    files(source, 3)
    target.put(USERS, User(id="us-1", name="Ann", key="ann"))
    with pytest.raises(StoreError, match=r"not empty \(it holds users\)"):
        copy(source, target, silent)
    target.delete_many(USERS, ["us-1"])
    copy(source, target, silent)
    with pytest.raises(StoreError, match=r"not empty \(it holds files\)"):
        copy(source, target, silent)


def test_a_target_that_is_tampered_with_is_noticed_and_mended(source: Store, target: Store) -> None:
    files(source)

    @contextmanager
    def tampering(title: str) -> Iterator[Callable[[int, int], None]]:
        if title == "Checking":
            target.put(FILES, SourceFile(id="/m/00007", folder="/m", size=8))
            target.put(FILES, SourceFile(id="/m/00007b", folder="/m"))
            target.delete_many(FILES, ["/m/00009"])
            target.put(LYRICS, example(LYRICS, "of somebody else"))
        yield ignore

    with pytest.raises(StoreError, match="differs from its source in files, lyrics"):
        copy(source, target, tampering)
    counting = Counting(target)
    copy(source, counting, silent)
    assert counting.kept == 2
    assert everything(target) == everything(source)


def test_a_source_that_changes_meanwhile_is_noticed_and_copied_again(
    source: Store, target: Store
) -> None:
    files(source)

    @contextmanager
    def disturbing(title: str) -> Iterator[Callable[[int, int], None]]:
        def note(done: int, _total: int) -> None:
            if title == "Copying" and done == 3_000:
                source.put(FILES, SourceFile(id="/m/00001", folder="/elsewhere"))
                source.put(FILES, SourceFile(id="/m/00001b", folder="/m"))
                source.delete_many(FILES, ["/m/00002"])

        yield note

    with pytest.raises(StoreError, match="differs from its source in files"):
        copy(source, target, disturbing)
    copy(source, target, silent)
    assert everything(target) == everything(source)


def test_a_unique_value_that_moved_meanwhile_is_no_obstacle(source: Store, target: Store) -> None:
    source.put(USERS, User(id="us-9", name="Ann", key="ann"))

    @contextmanager
    def disturbing(title: str) -> Iterator[Callable[[int, int], None]]:
        if title == "Checking":
            source.delete_many(USERS, ["us-9"])
            source.put(USERS, User(id="us-1", name="Ann", key="ann"))
        yield ignore

    with pytest.raises(StoreError, match="differs from its source in users"):
        copy(source, target, disturbing)
    copy(source, target, silent)
    assert everything(target) == everything(source)


def test_an_unfinished_copy_is_not_copied(
    source: Store, target: Store, sqlite_url: str, target_url: str, tmp_path: Path
) -> None:
    files(source)
    subprocess.run(
        [sys.executable, "-c", DYING, sqlite_url, target_url, "Copying 1000"], check=False
    )
    third = open_store(f"sqlite:///{tmp_path / 'third.db'}")
    with pytest.raises(StoreError, match="unfinished copy"):
        copy(target, third, silent)
    third.close()
