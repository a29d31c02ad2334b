"""What only the MongoDB adapter promises: readable documents, used indexes, plain words."""

import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tests import services
from tests.services.mongo import Mongo, StartedMongo

from antiphon.model import Credit, Features, LogOffset, Track
from antiphon.store import (
    Collection,
    Range,
    Store,
    StoreError,
    StoreUnavailableError,
    mongo_schema,
    mongo_transactions,
    open_store,
    position,
)
from antiphon.store.mongo import MongoStore
from antiphon.store.mongo_queries import behind, both, conditions, order
from antiphon.store.schema import FEATURES, LOG_OFFSETS, TRACKS

SECRET = "s3cret"
TRACK = Track(
    id="tr-1",
    title="Café del Mar",
    sort="cafe del mar",
    artists=(Credit(id="ar-1", name="Émile"),),
    artist_ids=("ar-1",),
)


@pytest.fixture
def url(mongo: Mongo) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex}"
    yield mongo.database(name)
    mongo.drop(name)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def raw(url: str) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](url) as client:
        yield client.get_default_database()


def test_an_operator_can_read_what_is_kept(store: Store, raw: Database[dict[str, Any]]) -> None:
    store.put(TRACKS, TRACK)
    assert raw["tracks"].find_one() == {
        "_id": "tr-1",
        "title": "Café del Mar",
        "sort": "cafe del mar",
        "artists": [{"id": "ar-1", "name": "Émile"}],
        "artist_ids": ["ar-1"],
        "album_id": "",
        "disc_no": 0,
        "track_no": 0,
        "missing": False,
        "prior_plays": 0,
        "added_at": 0,
        "features": "",
        "genres": [],
        "_search": {
            "beginning": "cafe del mar",
            "words_1": ["cafe", "del", "mar"],
            "words_2": ["cafe", "del", "emile", "mar"],
            "words_3": ["cafe", "del", "emile", "mar"],
        },
    }


@pytest.mark.parametrize(
    ("where", "order_by"),
    [
        ({"missing": False}, ("missing", "sort")),
        ({}, ("missing", "sort")),
        ({}, ("album_id", "disc_no", "track_no")),
        ({}, ()),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_reads_no_more_than_it_shows(
    store: Store,
    raw: Database[dict[str, Any]],
    *,
    where: dict[str, object],
    order_by: tuple[str, ...],
    descending: bool,
) -> None:
    tracks = [Track(id=f"{n:03}", title="T", sort=f"t{n % 9}", disc_no=n % 5) for n in range(400)]
    store.put_many(TRACKS, tracks)
    place = position(tracks[200], order_by)
    test = both(conditions(TRACKS, where), behind(where, order_by, place, descending))
    sort = order(TRACKS, order_by, descending)
    told = raw["tracks"].find(test, sort=sort, limit=20).explain()["executionStats"]
    assert told["nReturned"] == 20
    assert told["totalDocsExamined"] <= 21


def test_opening_again_changes_nothing(store: Store, url: str) -> None:
    store.put(TRACKS, TRACK)
    again = open_store(url)
    assert again.get(TRACKS, "tr-1") == TRACK
    again.close()


def test_documents_are_found_by_what_is_declared_later(
    url: str, raw: Database[dict[str, Any]]
) -> None:
    early = MongoStore(url, [Collection("tracks", Track, text=("album",))])
    early.put_many(TRACKS, [TRACK, msgspec.structs.replace(TRACK, id="tr-2", year=1999)])
    early.close()
    later = Collection("tracks", Track, indexes=(("year",),), many=("artist_ids",), text=("title",))
    store = MongoStore(url, [later])
    assert [track.id for track in store.find(later, {"year": Range(gt=1990)})] == ["tr-2"]
    assert store.count(later, {"artist_ids": "ar-1", "year": 0}) == 1
    assert len(store.search(later, "cafe", 5)) == 2
    assert store.check() == []
    store.close()
    found = raw["tracks"].find_one({"_id": "tr-1"}) or {}
    assert found["_search"].keys() == {"beginning", "words_1"}


def test_what_others_changed_while_documents_are_kept_anew_stays(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = MongoStore(url, [Collection("tracks", Track, text=("album",))])
    early.put_many(TRACKS, [msgspec.structs.replace(TRACK, id=f"tr-{n}") for n in range(9)])
    early.close()
    later = [Collection("tracks", Track, indexes=(("year",),), text=("title",))]
    reading, changed = threading.Event(), threading.Event()
    anew = mongo_schema._anew

    def slowly(*of: Any) -> dict[str, Any]:
        if threading.current_thread() is slow and not reading.is_set():
            reading.set()
            assert changed.wait(20)
        return anew(*of)

    monkeypatch.setattr(mongo_schema, "_anew", slowly)
    slow = threading.Thread(target=lambda: MongoStore(url, later).close())
    slow.start()
    assert reading.wait(20)
    with closing(MongoStore(url, later)) as store:
        store.put(later[0], msgspec.structs.replace(TRACK, id="tr-7", year=1999))
        store.delete_many(later[0], ["tr-8"])
        changed.set()
        slow.join()
        assert [track.id for track in store.find(later[0], {"year": 1999})] == ["tr-7"]
        assert store.count(later[0]) == 8
        assert store.check() == []


def test_features_without_the_name_of_their_set_are_dropped_so_that_others_are_made(
    url: str, raw: Database[dict[str, Any]]
) -> None:
    kept = Features(id="tr-1:x/1", track_id="tr-1", name="x/1", vector=b"\x00\xff", at=1)
    with closing(open_store(url)) as store:
        store.put(FEATURES, kept)
    raw["features"].insert_one({"_id": "tr-1", "name": "summary/0", "vector": b"1", "at": 1})
    raw["schema"].update_one({}, {"$set": {"version": 2}})
    with closing(open_store(url)) as store:
        assert store.find(FEATURES) == [kept]
        assert store.check() == []


def test_an_index_that_is_declared_later_is_made(url: str, raw: Database[dict[str, Any]]) -> None:
    for indexes in ([("year",)], [("year",), ("year", "sort")]):
        MongoStore(url, [Collection("tracks", Track, indexes=(*indexes, ("sort",)))]).close()
    assert {"by_year", "by_year_sort", "by_sort"} < raw["tracks"].index_information().keys()


def test_a_newer_schema_is_refused(store: Store, url: str, raw: Database[dict[str, Any]]) -> None:
    raw["schema"].update_one({}, {"$set": {"version": 999}})
    with pytest.raises(StoreError, match="written by a newer Antiphon"):
        open_store(url)


def test_a_server_that_stands_alone_is_refused(mongo: Mongo) -> None:
    if not isinstance(mongo, StartedMongo):
        pytest.skip("MONGODB_URL names a server, so that none is started here.")
    with mongo.standing_alone() as url, pytest.raises(StoreError, match="stands alone"):
        open_store(url)


def test_a_transaction_that_others_got_before_is_done_again(store: Store) -> None:
    store.put(LOG_OFFSETS, LogOffset(id="listens", offset=1))
    seen = []

    def add_ten() -> None:
        kept = store.get(LOG_OFFSETS, "listens")
        assert kept
        seen.append(kept.offset)
        if len(seen) == 1:
            other = threading.Thread(
                target=store.put, args=(LOG_OFFSETS, LogOffset(id="listens", offset=5))
            )
            other.start()
            other.join()
        store.put(LOG_OFFSETS, LogOffset(id="listens", offset=kept.offset + 10))

    store.transact(add_ten)
    assert seen == [1, 5]
    assert store.get(LOG_OFFSETS, "listens") == LogOffset(id="listens", offset=15)


def test_a_conflict_without_end_is_said_to_be_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_transactions, "CONFLICTS_END_AFTER_S", 0.2)

    def put(offset: int) -> None:
        store.put(LOG_OFFSETS, LogOffset(id="listens", offset=offset))

    def put_while_another_holds_on() -> None:
        put(1)
        other = threading.Thread(target=refused)
        other.start()
        other.join()

    said = []

    def refused() -> None:
        with pytest.raises(StoreUnavailableError, match="busy with other writers") as caught:
            store.transact(lambda: put(2))
        said.append(caught)

    store.transact(put_while_another_holds_on)
    assert said
    assert store.get(LOG_OFFSETS, "listens") == LogOffset(id="listens", offset=1)


def test_what_was_changed_behind_the_stores_back_is_found(
    store: Store, raw: Database[dict[str, Any]]
) -> None:
    store.put(TRACKS, TRACK)
    raw["tracks"].update_one({}, {"$set": {"title": "Other", "artist_ids": []}})
    raw["tracks"].insert_one({"_id": "tr-2", "title": "Lost"})
    advice = "write it anew, or restore it"
    assert store.check() == [
        f"'tr-1' in tracks is not found by its _search: {advice}",
        f"'tr-2' in tracks cannot be read: Object missing required field `sort`: {advice}",
    ]


def test_what_a_user_may_not_look_at_is_logged_and_the_rest_is_read(
    mongo: Mongo, caplog: pytest.LogCaptureFixture
) -> None:
    if not isinstance(mongo, StartedMongo):
        pytest.skip("MONGODB_URL names a server, so that none is started here.")
    with mongo.for_users("ann", SECRET) as url, closing(open_store(url)) as store:
        store.put(TRACKS, TRACK)
        assert store.check() == []
        with MongoClient[dict[str, Any]](url) as client:
            client.get_default_database()["tracks"].insert_one({"_id": "tr-2"})
        (wrong,) = store.check()
    assert wrong.startswith("'tr-2' in tracks cannot be read")
    assert "MongoDB refuses {'replSetGetStatus': 1}" in caplog.text
    assert "MongoDB refuses {'validate': 'tracks'" in caplog.text


def test_an_address_where_nobody_answers_is_said_soon(url: str) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="is away: try again") as caught:
        open_store(f"mongodb://ann:{SECRET}@127.0.0.1:{services.free_port()}/music")
    assert time.monotonic() - started < 5
    assert str(caught.value).startswith("MongoDB's 'music' at 127.0.0.1:")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"mongodb://ann:{SECRET}/x@host/antiphon",
        f"mongodb://ann:{SECRET}@host:port/antiphon",
        f"mongodb://ann:{SECRET}@host/anti$phon.x",
        f"mongo://ann:{SECRET}@host/antiphon",
        "mongodb://",
        f"mongodb://host/anti$phon.x?tlsCertificateKeyFilePassword={SECRET}",
    ],
)
def test_an_address_that_cannot_be_read_is_shown_without_its_password(address: str) -> None:
    with pytest.raises(
        StoreError, match=r"cannot be used as a store \(ANTIPHON_STORE\): give"
    ) as caught:
        open_store(address)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_user_who_is_refused_is_told_where_to_look(mongo: Mongo) -> None:
    with pytest.raises(StoreError, match="Look at the user, the password") as caught:
        open_store(mongo.url.replace("//", f"//ann:{SECRET}@") + "/antiphon?authSource=admin")
    assert SECRET not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "antiphon.store.mongo")
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(StoreError, match=r"pip install 'antiphon\[mongo\]'"):
        open_store("mongodb://127.0.0.1/antiphon")
