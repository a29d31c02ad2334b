"""A listener's state is what listens, likes and wishes come to, however their events arrived."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.live.loop import event, kept, make_world, taken

from antiphon.events import EventLog, ListenerEvent, open_event_log
from antiphon.live import state
from antiphon.live.effects import apply
from antiphon.live.state import Memories, rebuilt
from antiphon.store import Store, open_store
from antiphon.store.schema import (
    FAMILIARITIES,
    FORGOTTEN,
    LISTENS,
    LOG_ENTRIES,
    PREFERENCES,
    STATES,
)
from antiphon.taste import memory
from antiphon.taste.memory import packed, unpacked
from antiphon.taste.weights import Weights

TRUTH = (LISTENS, FORGOTTEN, FAMILIARITIES, PREFERENCES)
ALL = (*TRUTH, STATES)
TRACKS, MOMENTS, MOST = 4, 12, 30


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples, which is emptied before each."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('world') / 'antiphon.db'}")
    make_world(store, TRACKS)
    yield store
    store.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a memory end soon, so that the end of it is met."""
    for module in (memory, state):
        monkeypatch.setattr(module, "RECENT_LISTENS", 5)
        monkeypatch.setattr(module, "LIKES", 1)


def _of(*kinds: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    who = st.sampled_from(("ann", "ann", "ben"))
    when = st.integers(1, MOMENTS)
    return st.fixed_dictionaries(
        {"kind": st.sampled_from(kinds), "user_id": who, "at": when, **fields}
    )


A_TRACK = st.sampled_from([f"tr-{n}" for n in range(TRACKS)])
NOTHING = st.just("")
WORDS = ("liked", "undone", "liked", "disliked", "banned", "rated")
ENDINGS = st.sampled_from(("completed", "skipped", "stopped"))
ANYTHING = (
    _of("ended", track_id=A_TRACK, reason=ENDINGS, played_ms=st.sampled_from((9, 99_999, 200_000)))
    | _of("ended", track_id=A_TRACK, source=st.just({"kind": "playlist", "id": "pl-1"}))
    | _of(*WORDS, track_id=A_TRACK)
    | _of("tuned", "private", track_id=NOTHING, value=st.sampled_from((0.0, 1.0)))
    | _of("excluded", "included", track_id=A_TRACK)
    | _of("excluded", "included", track_id=NOTHING, playlist_id=st.just("pl-1"))
    | _of("banned", "undone", track_id=NOTHING, artist_id=st.just("ar-1"))
    | _of("forgotten", track_id=A_TRACK)
    | _of("forgotten", "undone", track_id=NOTHING, listen_id=st.integers(0, MOST))
    | _of("undone", track_id=A_TRACK, listen_id=st.just("*"))
)


def numbered(happened: Sequence[dict[str, Any]]) -> list[ListenerEvent]:
    """Return events with ids by their places in the log; words have a moment of their own."""
    events = []
    for place, fields in enumerate(happened):
        own = {"id": f"e{place}"}
        if fields["kind"] in WORDS:
            own["at"] = fields["at"] * 1000 + place
        if isinstance(fields.get("listen_id"), int):
            own["listen_id"] = f"e{fields['listen_id'] % (place + 1)}"
        events.append(event(**{**fields, **own}))
    return events


PLACES = st.integers(0, MOST)
HAPPENED = st.lists(ANYTHING, min_size=8, max_size=MOST).map(numbered)
CUTS = st.lists(PLACES, max_size=5)
quick = settings(
    max_examples=80,
    deadline=None,
    # Nothing of one example is left to the next: `begin` sees to that.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def begin(store: Store) -> EventLog:
    for collection in (*ALL, LOG_ENTRIES):
        store.delete_many(collection, [doc.id for doc in store.find(collection)])
    return open_event_log("local:", store)


def in_batches(
    events: Sequence[ListenerEvent], cuts: Sequence[int]
) -> list[Sequence[ListenerEvent]]:
    places = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    return [events[a:b] for a, b in pairwise(places) if a < b]


def documents(
    store: Store, events: Sequence[ListenerEvent], cuts: Sequence[int] = ()
) -> dict[str, dict[str, Any]]:
    """Return all documents after these events, taken in batches that end at the cuts."""
    log, memories = begin(store), Memories()
    for batch in in_batches(events, cuts):
        apply(store, log, batch, memories)
    return kept(store, ALL)


@quick
@given(HAPPENED, CUTS)
def test_a_state_is_what_would_be_made_from_the_truth(
    world: Store, small: None, events: Sequence[ListenerEvent], cuts: Sequence[int]
) -> None:
    log, memories = begin(world), Memories()
    for batch in in_batches(events, cuts):
        apply(world, log, batch, memories)
        for doc in world.find(STATES):
            assert unpacked(doc.packed) == rebuilt(world, doc.id)


@quick
@given(HAPPENED, CUTS)
def test_however_the_log_is_cut_into_batches_the_documents_are_the_same(
    world: Store, small: None, events: Sequence[ListenerEvent], cuts: Sequence[int]
) -> None:
    each = range(len(events))
    assert documents(world, events, cuts) == documents(world, events, each)


@quick
@given(HAPPENED, CUTS, st.data())
def test_what_comes_again_changes_nothing(
    world: Store, small: None, events: Sequence[ListenerEvent], cuts: list[int], data: st.DataObject
) -> None:
    """A worker that died takes the end of the log once more; an app sends one event once more."""
    from_there, one = data.draw(st.tuples(PLACES, PLACES))
    once = documents(world, events, cuts)
    twice = [*events, *events[from_there:], *events[one : one + 1]]
    assert documents(world, twice, cuts) == once


@quick
@given(HAPPENED, st.data())
def test_what_is_forgotten_was_never_heard_until_it_is_brought_back(
    world: Store, small: None, events: Sequence[ListenerEvent], data: st.DataObject
) -> None:
    plain = [one for one in events if not one.listen_id and one.kind != "forgotten"]
    listens = [one for one in plain if one.kind == "ended"]
    assume(listens)
    gone = data.draw(st.sampled_from(listens))
    about = {"user_id": gone.user_id, "track_id": "", "listen_id": gone.id}
    forgetting, back = event("f", "forgotten", **about), event("b", "undone", **about)
    without = [one for one in plain if one is not gone]
    assert known(documents(world, [*plain, forgetting])) == known(documents(world, without))
    assert known(documents(world, [*plain, forgetting, back])) == known(documents(world, plain))


def known(documents: dict[str, dict[str, Any]]) -> list[object]:
    """Return what is known of the listeners; who has no state is one of whom nothing is known."""
    states = {id: unpacked(doc.packed) for id, doc in documents["states"].items()}
    told = {id: one for id, one in states.items() if one != memory.Memory()}
    return [documents["listens"], documents["familiarities"], told]


def test_of_what_never_was_kept_the_state_is_made_from_the_truth(store: Store) -> None:
    make_world(store)
    log = open_event_log("local:", store)
    taken(store, log, event("e1"), event("e2", "liked"), event("e3", "tuned", value=1.0))
    loaded = state.load(store, "ann", now=9)
    store.delete_many(STATES, ["ann"])
    assert state.load(store, "ann", now=9) == loaded
    assert (loaded.plays, loaded.discover, loaded.recent) == (1, 1.0, ("tr-1",))


def test_a_state_of_another_version_is_made_anew(store: Store) -> None:
    make_world(store)
    taken(store, open_event_log("local:", store), event("e1"))
    loaded = state.load(store, "ann", now=9)
    (doc,) = store.find(STATES)
    for other in (b"junk", packed(memory.Memory(version=99))):
        store.put(STATES, type(doc)(id="ann", packed=other))
        assert state.load(store, "ann", now=9) == loaded


def test_a_cached_memory_counts_only_while_the_store_says_so(store: Store) -> None:
    make_world(store)
    log, memories = open_event_log("local:", store), Memories()
    apply(store, log, [event("e1")], memories)
    apply(store, log, [event("e2", at=6, track_id="tr-2")], Memories())
    assert state.load(store, "ann", now=9, memories=memories).recent == ("tr-2", "tr-1")


def test_a_full_state_has_about_twenty_kilobytes() -> None:
    heard = tuple(
        memory.Heard(f"tr-{n:024x}", 1_700_000_000_000 + n, 200_000, 240_000, 1, 7)
        for n in range(memory.RECENT_LISTENS)
    )
    assert len(packed(memory.Memory(heard))) < 26_000


def test_an_older_like_is_remembered_again_when_a_newer_one_is_taken_back(
    store: Store, small: None
) -> None:
    make_world(store)
    log = open_event_log("local:", store)
    for n in range(2):
        taken(store, log, event(f"e{n}", "liked", track_id=f"tr-{n}", at=n + 1))
    taken(store, log, event("e2", "undone", track_id="tr-1", at=9))
    liked = [one.track_id for one in state.load(store, "ann").told if one.why == "liked"]
    assert liked == ["tr-0"]


def test_a_table_of_weights_says_what_a_listen_speaks_for(store: Store) -> None:
    make_world(store)
    taken(store, open_event_log("local:", store), event("e1"))
    (told,) = state.load(store, "ann", now=9, weights=Weights(completed=0.25)).told
    assert told.weight == 0.25
