"""The Store contract: the same cases over every adapter."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.model import (
    Credit,
    Familiarity,
    Features,
    Lyrics,
    Playlist,
    Progress,
    Secret,
    SourceFile,
    Track,
    User,
)
from antiphon.ops import users
from antiphon.ops.users import AccountError
from antiphon.store import ConflictError, In, Range, Store, StoreError, open_store, position
from antiphon.store.port import SEARCHED, text_of
from antiphon.store.schema import (
    FAMILIARITIES,
    FEATURES,
    FILES,
    LYRICS,
    PLAYLISTS,
    PROGRESS,
    SECRETS,
    TRACKS,
    USERS,
)
from antiphon.store.words import folded, words


def track(id: str, title: str = "Untitled", **fields: object) -> Track:
    return msgspec.convert({"id": id, "title": title, "sort": title.casefold(), **fields}, Track)


@pytest.fixture(params=["sqlite", "mongo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "mongo":
        yield request.getfixturevalue("mongo_store")
        return
    opened = open_store(f"sqlite:///{tmp_path / 'antiphon.db'}")
    yield opened
    opened.close()


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


def test_of_two_documents_of_one_id_put_together_the_last_stays(store: Store) -> None:
    store.put_many(TRACKS, [track("a", "Old", genres=["Folk", "Pop"]), track("a", genres=["Folk"])])
    assert store.group_count(TRACKS, "genres") == {"Folk": 1}
    assert store.count(TRACKS) == 1


def test_get_many_returns_those_that_exist(library: Store) -> None:
    assert set(library.get_many(TRACKS, ["a", "zz", "c"])) == {"a", "c"}
    assert library.get_many(TRACKS, []) == {}


def test_a_string_does_not_end_at_its_first_nul(store: Store) -> None:
    store.put_many(SECRETS, [Secret(id=id, value="x") for id in ("a", "a\0b", "c\0")])
    assert set(store.get_many(SECRETS, ["a\0b", "a\0z", "c", "c\0"])) == {"a\0b", "c\0"}
    assert store.delete_many(SECRETS, ["a\0b", "a\0z", "c"]) == 1
    assert [one.id for one in store.find(SECRETS)] == ["a", "c\0"]
    folders = ("/m", "/m\0x", "/n")
    store.put_many(FILES, [SourceFile(id=folder, folder=folder) for folder in folders])
    found = store.find(FILES, {"folder": In(["/m\0x", "/m\0y", "/n"])})
    assert [file.id for file in found] == ["/m\0x", "/n"]
    store.put(TRACKS, track("t", genres=["Folk\0ish", "Pop"]))
    assert store.count(TRACKS, {"genres": In(["Folk\0", "Folk"])}) == 0
    assert store.delete_many(TRACKS, ["t"]) == 1
    assert store.group_count(TRACKS, "genres") == {}


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
        ({"genres": Range(gte="G", lt="I")}, "ae"),
        ({"genres": Range()}, "abe"),
        ({"genres": None}, ""),
        ({"missing": None}, ""),
        ({"album_id": Range()}, "abcde"),
        ({"album_id": In([None, "x"])}, "abc"),
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
        ("ca " * 500, {"a"}),
    ],
)
def test_search_takes_beginnings_and_ignores_accents(
    library: Store, text: str, expected: set[str]
) -> None:
    assert {t.id for t in library.search(TRACKS, text, 10)} == expected


def test_search_ranks_by_where_the_words_are_found_then_by_title(store: Store) -> None:
    blues = [{"id": "ar-1", "name": "The Blue Moons"}]
    store.put_many(
        TRACKS,
        [
            track("album", "Alone", album="Blue Moon"),
            track("artist", "Alone", artists=blues),
            track("both", "Blue", artists=blues),
            track("title 2", "Kind of Moon, Blue"),
            track("title 1", "A Blue, Blue Moon"),
            track("begins 3", "Blue Moonlight"),
            track("begins 2", "blue moon"),
            track("begins 1", "BLUE MOON"),
            track("half", "Blue"),
        ],
    )
    best = ["begins 1", "begins 2", "begins 3", "title 1", "title 2", "artist", "both", "album"]
    assert ids(store.search(TRACKS, "blue moon", 20)) == best
    for limit in range(1, len(best)):
        assert ids(store.search(TRACKS, "blue moon", limit)) == best[:limit]


def test_the_best_kind_of_match_is_found_among_however_many_of_a_lesser(store: Store) -> None:
    store.put_many(
        TRACKS, [track(f"t{n}", "Alone", album="Blue Moon") for n in range(SEARCHED + 100)]
    )
    artists = [{"id": "ar-1", "name": "Moon Blue"}]
    store.put_many(TRACKS, [track("artist", "Alone", artists=artists), track("title", "Moon Blue")])
    found = ids(store.search(TRACKS, "blue moon", 5))
    assert found[:2] == ["title", "artist"]
    assert len(found) == 5


PHRASES = st.lists(
    st.sampled_from(["la", "lala", "Lá", "al", "夜", "all", "Bél", "a"]), max_size=4
).map(" ".join)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.tuples(PHRASES, PHRASES), max_size=12), text=PHRASES, data=st.data())
def test_search_finds_and_ranks_as_the_port_says(
    store: Store, texts: list[tuple[str, str]], text: str, data: st.DataObject
) -> None:
    limit = data.draw(st.integers(1, 12))
    store.delete_many(TRACKS, [str(n) for n in range(12)])
    tracks = [track(str(n), title, album=album) for n, (title, album) in enumerate(texts)]
    store.put_many(TRACKS, tracks)
    ranked = sorted((kind, folded(t.title), t.id) for t in tracks if (kind := kind_of(t, text)))
    assert ids(store.search(TRACKS, text, limit)) == [id for _, _, id in ranked[:limit]]


def kind_of(track: Track, text: str) -> int:
    """Return which kind of match it is, 0 for none, in the plainest way there is."""
    title, all_fields = words(track.title), words(f"{track.title} {track.album}")
    sought = words(text)
    if not sought:
        return 0
    if folded(track.title).startswith(folded(text)):
        return 1
    for kind, found in ((2, title), (3, all_fields)):
        if all(any(word.startswith(begun) for word in found) for begun in sought):
            return kind
    return 0


def test_a_search_cuts_off_after_its_conditions(store: Store) -> None:
    store.put_many(TRACKS, [track(f"m{n}", "Moon", missing=True) for n in range(9)])
    store.put_many(TRACKS, [track("a", "Moon", genres=["Folk"]), track("b", "Moon moon")])
    assert ids(store.search(TRACKS, "moon", 2, {"missing": False})) == ["a", "b"]
    assert ids(store.search(TRACKS, "moon", 2, {"missing": False, "genres": "Folk"})) == ["a"]
    assert store.search(TRACKS, "moon", 2, {"id": "zz"}) == []
    assert len(store.search(TRACKS, "moon", 20)) == 11
    with pytest.raises(StoreError, match="not declared"):
        store.search(TRACKS, "moon", 2, {"title": "Moon"})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=40) | st.text('cdefm éÉ0"*(-^:{}', max_size=8))
def test_no_search_text_breaks_the_search(library: Store, text: str) -> None:
    expected = {track.id for track in library.find(TRACKS) if matches(track, text)}
    assert {track.id for track in library.search(TRACKS, text, 5)} == expected


def matches(track: Track, text: str) -> bool:
    there = words(f"{track.title} {text_of(track, 'artists')} {track.album}")
    sought = words(text)
    return bool(sought) and all(any(one.startswith(begun) for one in there) for begun in sought)


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


def run_together(count: int, work: Callable[[int], None]) -> None:
    """Do the work in several threads at once; raise what any of them raised."""
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, n) for n in range(count)]:
            done.result()


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [(None, "a"), ("like", "b"), (Range(), "bc"), (In(["like", "dislike"]), "bc")],
)
def test_a_value_may_be_missing(store: Store, feedback: object, expected: str) -> None:
    known = zip("abc", (None, "like", "dislike"), strict=True)
    store.put_many(
        FAMILIARITIES,
        [Familiarity(id=id, user_id="u", track_id=id, feedback=value) for id, value in known],  # type: ignore[arg-type]
    )
    found = store.find(FAMILIARITIES, {"user_id": "u", "feedback": feedback})
    assert "".join(one.id for one in found) == expected
    assert store.group_count(FAMILIARITIES, "feedback") == {None: 1, "dislike": 1, "like": 1}


def test_nothing_is_no_place_to_go_on_from(store: Store) -> None:
    known = Familiarity(id="a", user_id="u", track_id="a")
    store.put(FAMILIARITIES, known)
    order = ("user_id", "feedback")
    assert store.find(FAMILIARITIES, order_by=order, limit=1) == [known]
    with pytest.raises(StoreError, match="cannot be paged by 'feedback', which may be None"):
        store.find(FAMILIARITIES, order_by=order, limit=1, after=position(known, order))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    places=st.lists(
        st.tuples(
            st.sampled_from(["", "x", "y", "Ž", "\U0001f3b7"]),
            st.integers(-2, 2),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=12,
    ),
    at=st.integers(0, 11),
    descending=st.booleans(),
    order=st.sampled_from([(), ("album_id",), ("album_id", "disc_no", "track_no"), ("track_no",)]),
    album=st.none() | st.sampled_from(["x", "Ž"]),
)
def test_a_page_goes_on_behind_any_position(
    store: Store,
    *,
    places: list[tuple[str, int, int]],
    at: int,
    descending: bool,
    order: tuple[str, ...],
    album: str | None,
) -> None:
    store.delete_many(TRACKS, [f"{n}" for n in range(12)])
    tracks = [
        track(f"{n}", album_id=album, disc_no=disc, track_no=number)
        for n, (album, disc, number) in enumerate(places)
    ]
    store.put_many(TRACKS, tracks)

    def place(track: Track) -> tuple[Any, ...]:
        return tuple(
            value.encode() if isinstance(value, str) else value for value in position(track, order)
        )

    start = tracks[at % len(tracks)]
    behind = [
        track
        for track in sorted(tracks, key=place, reverse=descending)
        if (place(track) < place(start) if descending else place(track) > place(start))
        and album in (None, track.album_id)
    ]
    where = {} if album is None else {"album_id": album}
    found = store.find(
        TRACKS, where, order, descending=descending, limit=5, after=position(start, order)
    )
    assert found == behind[:5]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(vector=st.binary(max_size=300), at=st.integers(-(2**63), 2**63 - 1))
def test_any_bytes_and_numbers_survive(store: Store, vector: bytes, at: int) -> None:
    put = Features(id="x", track_id="t", name="n", vector=vector, at=at)
    store.put(FEATURES, put)
    assert store.get(FEATURES, "x") == put
    assert store.find(FEATURES, {"name": "n", "at": at}) == [put]


def test_what_no_engine_can_keep_is_refused_and_changes_nothing(store: Store) -> None:
    store.put(FEATURES, Features(id="x", track_id="t", name="n", vector=b"1", at=1))
    with pytest.raises(OverflowError):
        store.put(FEATURES, Features(id="x", track_id="t", name="n", vector=b"2", at=2**63))
    with pytest.raises(UnicodeEncodeError):
        store.put(FEATURES, Features(id="x", track_id="t", name="\ud800", vector=b"2", at=2))
    assert [one.vector for one in store.find(FEATURES)] == [b"1"]


def test_a_document_of_more_than_16_mb_is_refused(store: Store) -> None:
    large = Lyrics(id="large", text="la " * 5_000_000)
    store.put(LYRICS, large)
    assert store.get(LYRICS, "large") == large
    too_large = Lyrics(id="too-large", text="la " * 5_700_000)
    for put in (
        lambda: store.put(LYRICS, too_large),
        lambda: store.put_many(LYRICS, [Lyrics(id="small", text="la"), too_large]),
    ):
        with pytest.raises(StoreError, match="larger than 16 MB"):
            put()
    assert store.count(LYRICS) == 1


def test_the_bound_is_the_same_for_what_json_says_longer_or_shorter(store: Store) -> None:
    """A line feed is two bytes in JSON; an item of a list is twice as large in BSON."""
    lines = Lyrics(id="lines", text="\n" * 9_000_000)
    store.put(LYRICS, lines)
    assert store.get(LYRICS, "lines") == lines
    ids = tuple(f"tr-{n:08}" for n in range(900_000))
    with pytest.raises(StoreError, match="larger than 16 MB"):
        store.put(PLAYLISTS, Playlist(id="pl", user_id="u", name="x", sort="x", track_ids=ids))
    some = Playlist(id="pl", user_id="u", name="x", sort="x", track_ids=ids[:600_000])
    store.put(PLAYLISTS, some)
    with pytest.raises(StoreError, match="larger than 16 MB"):
        store.put(TRACKS, track("a", "word " * 1_800_000))
    assert (store.count(PLAYLISTS), store.count(TRACKS)) == (1, 0)


def test_a_unique_value_belongs_to_one_document(store: Store) -> None:
    store.put(USERS, User(id="us-1", name="Ann", key="ann"))
    with pytest.raises(ConflictError):
        store.put(USERS, User(id="us-2", name="ANN", key="ann"))
    with pytest.raises(ConflictError):
        store.put_many(
            USERS, [User(id="us-3", name="Ben", key="ben"), User(id="us-2", name="ann", key="ann")]
        )
    store.put(USERS, User(id="us-1", name="Anne", key="ann"))
    assert [(user.id, user.name) for user in store.find(USERS)] == [("us-1", "Anne")]
    assert [user.id for user in store.find(USERS, {"key": "ann"})] == ["us-1"]


def test_of_those_who_take_a_unique_value_at_once_one_gets_it(store: Store) -> None:
    taken = []

    def take(n: int) -> None:
        with suppress(ConflictError):
            store.transact(lambda: store.put(USERS, User(id=f"us-{n}", name="Ann", key="ann")))
            taken.append(f"us-{n}")

    run_together(6, take)
    assert [user.id for user in store.find(USERS)] == taken


def test_a_compared_put_makes_what_is_not_there_only_once(store: Store) -> None:
    first = Playlist(id="pl-1", user_id="u", name="One", sort="one", version=1)
    store.compare_and_put(PLAYLISTS, first, 0)
    with pytest.raises(ConflictError, match="changed by somebody else"):
        store.compare_and_put(PLAYLISTS, first, 0)
    with pytest.raises(ConflictError, match="changed by somebody else"):
        store.compare_and_put(PLAYLISTS, msgspec.structs.replace(first, id="pl-2"), 3)
    assert store.count(PLAYLISTS) == 1


def test_those_who_compare_and_try_again_lose_no_change(store: Store) -> None:
    store.put(PLAYLISTS, Playlist(id="pl-1", user_id="u", name="One", sort="one"))

    def add_tracks(n: int) -> None:
        for number in range(10):
            while True:
                kept = store.get(PLAYLISTS, "pl-1")
                assert kept
                changed = msgspec.structs.replace(
                    kept, track_ids=(*kept.track_ids, f"{n}-{number}"), version=kept.version + 1
                )
                with suppress(ConflictError):
                    store.compare_and_put(PLAYLISTS, changed, kept.version)
                    break

    run_together(4, add_tracks)
    kept = store.get(PLAYLISTS, "pl-1")
    assert kept
    assert len(set(kept.track_ids)) == kept.version == 40


def test_transactions_at_the_same_time_lose_no_change(store: Store) -> None:
    def add() -> None:
        kept = store.get(PROGRESS, "scan") or Progress(id="scan", phase="reading")
        store.put(PROGRESS, msgspec.structs.replace(kept, done=kept.done + 1))
        store.put(SECRETS, Secret(id=f"{kept.done}", value="counted"))

    def add_often(_: int) -> None:
        for _ in range(15):
            store.transact(add)

    run_together(4, add_often)
    kept = store.get(PROGRESS, "scan")
    assert kept
    assert kept.done == store.count(SECRETS) == 60


def test_of_two_admins_who_are_removed_at_once_one_stays(store: Store) -> None:
    for name in ("ann", "ben"):
        store.put(USERS, User(id=f"us-{name}", name=name, key=name, role="admin"))
    together = Together(store)

    def remove(n: int) -> None:
        with suppress(AccountError):
            users.remove(together, ("ann", "ben")[n])

    run_together(2, remove)
    assert store.count(USERS) == 1


class Together:
    """A store in which two look at the users at the same time, where its engine lets them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._both = threading.Barrier(2)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def find(self, collection: Any, *how: Any, **more: Any) -> Any:
        found = self._store.find(collection, *how, **more)
        if collection is USERS and not how:
            with suppress(threading.BrokenBarrierError):
                self._both.wait(0.5)
        return found


def test_a_transaction_sees_what_it_has_done_itself(store: Store) -> None:
    def work() -> tuple[int, list[str], int]:
        store.put_many(TRACKS, [track("a", genres=["Folk"]), track("b")])
        store.delete_many(TRACKS, ["b"])
        store.increment(TRACKS, "a", {"year": 5})
        found = store.find(TRACKS, {"genres": "Folk"})
        assert store.group_count(TRACKS, "genres") == {"Folk": 1}
        assert ids(store.search(TRACKS, "untit", 3)) == ["a"]
        return store.count(TRACKS), ids(found), found[0].year

    assert store.transact(work) == (1, ["a"], 5)


def test_after_a_transaction_that_failed_the_next_one_works(store: Store) -> None:
    def fail() -> None:
        store.put(TRACKS, track("a"))
        store.increment(TRACKS, "nobody", {"year": 1})

    with pytest.raises(StoreError, match="no 'nobody'"):
        store.transact(fail)
    store.transact(lambda: store.put(TRACKS, track("b")))
    assert ids(store.find(TRACKS)) == ["b"]


@pytest.mark.slow
def test_a_hundred_thousand_documents_are_asked_like_a_few(store: Store) -> None:
    files = [
        SourceFile(id=f"/music/{n:06}.flac", folder=f"/music/{n % 100}", size=n, missing=n % 4 == 0)
        for n in range(100_000)
    ]
    for start in range(0, len(files), 5_000):
        store.put_many(FILES, files[start : start + 5_000])
    assert store.count(FILES) == 100_000
    assert store.group_count(FILES, "missing") == {False: 75_000, True: 25_000}
    assert len(store.find(FILES, {"folder": "/music/7", "missing": False})) == 1_000
    some = [file.id for file in files[10_000:14_000]]
    assert len(store.get_many(FILES, some)) == 4_000
    assert store.count(FILES, {"id": In(some)}) == 4_000
    started = time.monotonic()
    for start in range(5_000, 100_000, 5_000):
        after = position(files[start], ())
        assert store.find(FILES, limit=50, after=after) == files[start + 1 : start + 51]
    assert time.monotonic() - started < 1
    assert store.delete_many(FILES, some) == 4_000
    assert store.count(FILES) == 96_000


def test_nothing_is_wrong_with_what_was_kept(library: Store) -> None:
    library.increment(TRACKS, "a", {"added_at": 4, "year": 1})
    library.delete_many(TRACKS, ["b"])
    assert library.check() == []
