"""The Store contract: the same cases over every adapter."""

import threading
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.model import Credit, Playlist, Track
from antiphon.store import ConflictError, In, Range, Store, StoreError, position
from antiphon.store.schema import PLAYLISTS, TRACKS


def track(id: str, title: str = "Untitled", **fields: object) -> Track:
    return msgspec.convert({"id": id, "title": title, "sort": title.casefold(), **fields}, Track)


@pytest.fixture
def library(store: Store) -> Iterator[Store]:
    """Five tracks: a, b on album x (disc 1), c on x (disc 2), d alone, e missing."""
    store.put_many(
        TRACKS,
        [
            track("a", "Café del Mar", album_id="x", disc_no=1, track_no=2, genres=["House"]),
            track("b", "Mařenka", album_id="x", disc_no=1, track_no=1, genres=["Folk", "Pop"]),
            track("c", "Coffee", album_id="x", disc_no=2, track_no=1, added_at=3),
            track("d", "Delta", artist_ids=["ar-1"], artists=[{"id": "ar-1", "name": "Émile"}]),
            track("e", "Echo", missing=True, genres=["House"]),
        ],
    )
    return store


def ids(tracks: list[Track]) -> list[str]:
    return [t.id for t in tracks]


def test_a_document_comes_back_as_it_was_put(store: Store) -> None:
    put = track("a", "🎷 Ünïcödé \x00", artists=[{"id": "ar-1", "name": "名前"}], duration_ms=1)
    store.put(TRACKS, put)
    assert store.get(TRACKS, "a") == put


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.get(TRACKS, "nowhere") is None


def test_putting_again_replaces(store: Store) -> None:
    store.put(TRACKS, track("a", "Old", genres=["Folk"]))
    store.put(TRACKS, track("a", "New", genres=["Rock"]))
    assert store.count(TRACKS) == 1
    assert store.find(TRACKS, {"genres": "Folk"}) == []
    assert ids(store.search(TRACKS, "new", 5)) == ["a"]
    assert store.search(TRACKS, "old", 5) == []


def test_get_many_returns_those_that_exist(library: Store) -> None:
    assert set(library.get_many(TRACKS, ["a", "zz", "c"])) == {"a", "c"}
    assert library.get_many(TRACKS, []) == {}


def test_delete_many_forgets_every_trace(library: Store) -> None:
    assert library.delete_many(TRACKS, ["b", "zz"]) == 1
    assert library.get(TRACKS, "b") is None
    assert library.find(TRACKS, {"genres": "Folk"}) == []
    assert library.search(TRACKS, "marenka", 5) == []
    assert "Folk" not in library.group_count(TRACKS, "genres")


def test_find_filters_and_orders(library: Store) -> None:
    found = library.find(TRACKS, {"album_id": "x"}, ("disc_no", "track_no"))
    assert ids(found) == ["b", "a", "c"]
    found = library.find(TRACKS, {"album_id": "x"}, ("disc_no", "track_no"), descending=True)
    assert ids(found) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"missing": True}, "e"),
        ({"genres": "House"}, "ae"),
        ({"genres": "House", "missing": False}, "a"),
        ({"artist_ids": "ar-1"}, "d"),
        ({"id": In(["a", "c", "nope"])}, "ac"),
        ({"id": In([])}, ""),
        ({"id": Range(gt="a", lte="c")}, "bc"),
        ({"added_at": Range(gte=3)}, "c"),
        ({"added_at": Range(lt=3)}, "abde"),
        ({"genres": In(["Folk", "Pop"])}, "b"),
    ],
)
def test_conditions(library: Store, where: dict[str, object], expected: str) -> None:
    assert "".join(ids(library.find(TRACKS, where))) == expected
    assert library.count(TRACKS, where) == len(expected)


def test_an_undeclared_field_is_refused(library: Store) -> None:
    with pytest.raises(StoreError, match="not declared to be asked by 'title'"):
        library.find(TRACKS, {"title": "Coffee"})
    with pytest.raises(StoreError, match="not declared"):
        library.find(TRACKS, order_by=("duration_ms",))


def test_group_count_counts_each_value_most_first(library: Store) -> None:
    assert next(iter(library.group_count(TRACKS, "genres").items())) == ("House", 2)
    assert library.group_count(TRACKS, "genres", {"missing": False}) == {
        "Folk": 1,
        "House": 1,
        "Pop": 1,
    }
    assert library.group_count(TRACKS, "album_id") == {"x": 3, "": 2}


def test_paging_sees_every_document_once_while_others_write(store: Store) -> None:
    store.put_many(TRACKS, [track(f"t{n:03}", f"Song {n % 7}") for n in range(100)])
    seen: list[Track] = []
    after = None
    while page := store.find(TRACKS, order_by=("missing", "sort"), limit=9, after=after):
        seen += page
        after = position(page[-1], ("missing", "sort"))
        store.put(TRACKS, track(f"new{len(seen):03}", "Aaa, sorted before all"))
    assert sorted(ids(seen)) == [f"t{n:03}" for n in range(100)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe", {"a"}),
        ("CAFÉ", {"a"}),
        ("co", {"c"}),
        ("maren", {"b"}),
        ("del caf", {"a"}),
        ("emile", {"d"}),
        ("émi delta", {"d"}),
        ("nothing here", set()),
        ("", set()),
        ('"', set()),
        ("- * ^ NEAR(", set()),
        ("\x00", set()),
        ("\ud800", set()),
    ],
)
def test_search_takes_beginnings_and_ignores_accents(
    library: Store, text: str, expected: set[str]
) -> None:
    assert {t.id for t in library.search(TRACKS, text, 10)} == expected


def test_a_match_in_the_title_ranks_before_one_in_the_album(store: Store) -> None:
    store.put(TRACKS, track("album", "Something", album="Blue"))
    store.put(TRACKS, track("title", "Blue", album="Something"))
    assert ids(store.search(TRACKS, "blue", 5)) == ["title", "album"]


def test_a_search_cuts_off_after_its_conditions(store: Store) -> None:
    store.put_many(TRACKS, [track(f"m{n}", "Moon", missing=True) for n in range(9)])
    store.put_many(TRACKS, [track("a", "Moon", genres=["Folk"]), track("b", "Moon moon")])
    assert ids(store.search(TRACKS, "moon", 2, {"missing": False})) == ["b", "a"]
    assert ids(store.search(TRACKS, "moon", 2, {"missing": False, "genres": "Folk"})) == ["a"]
    assert store.search(TRACKS, "moon", 2, {"id": "zz"}) == []
    assert len(store.search(TRACKS, "moon", 20)) == 11
    with pytest.raises(StoreError, match="not declared"):
        store.search(TRACKS, "moon", 2, {"title": "Moon"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_no_search_text_breaks_the_search(store: Store, text: str) -> None:
    assert store.search(TRACKS, text, 3) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(st.characters(codec="utf-8"), max_size=60),
    name=st.text(st.characters(codec="utf-8")),
)
def test_any_text_survives(store: Store, title: str, name: str) -> None:
    put = msgspec.structs.replace(track("x", title), artists=(Credit(id="ar-x", name=name),))
    store.put(TRACKS, put)
    assert store.get(TRACKS, "x") == put


def test_increment_loses_no_update_of_others(store: Store) -> None:
    store.put(TRACKS, track("a"))

    def add() -> None:
        for _ in range(50):
            store.increment(TRACKS, "a", {"year": 1, "added_at": 2})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = store.get(TRACKS, "a")
    assert after is not None
    assert (after.year, after.added_at) == (200, 400)


def test_increment_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no 'a' in tracks"):
        store.increment(TRACKS, "a", {"year": 1})


def test_compare_and_put_refuses_a_stale_version(store: Store) -> None:
    first = Playlist(id="pl-1", user_id="u", name="One", sort="one", version=1)
    store.compare_and_put(PLAYLISTS, first, 0)
    second = msgspec.structs.replace(first, name="Two", version=2)
    store.compare_and_put(PLAYLISTS, second, 1)
    with pytest.raises(ConflictError, match="changed by somebody else"):
        store.compare_and_put(PLAYLISTS, msgspec.structs.replace(first, name="Lost"), 1)
    assert store.get(PLAYLISTS, "pl-1") == second


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    def fail_half_way() -> None:
        store.put(TRACKS, track("a"))
        store.transact(lambda: store.put(TRACKS, track("b")))
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        store.transact(fail_half_way)
    assert store.count(TRACKS) == 0


def test_others_see_a_transaction_only_when_it_is_done(store: Store) -> None:
    seen = []

    def look() -> None:
        seen.append(store.count(TRACKS))

    def put_and_let_look() -> None:
        store.put(TRACKS, track("a"))
        reader = threading.Thread(target=look)
        reader.start()
        reader.join()

    store.transact(put_and_let_look)
    assert seen == [0]
    assert store.count(TRACKS) == 1
