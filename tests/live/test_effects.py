"""What events change: each once, in the order of the log, whatever comes between."""

from typing import Any

import pytest
from tests.live.loop import all_of, event, familiarity, kept, make_world, taken

from antiphon.events import EventLog, Topic, open_event_log
from antiphon.events.records import Play, decode
from antiphon.live import state
from antiphon.model import Preferences, Recommendation, Showing, Shown
from antiphon.store import Store
from antiphon.store.schema import (
    FAMILIARITIES,
    FORGOTTEN,
    LISTENS,
    PREFERENCES,
    SHOWINGS,
    STATES,
)


@pytest.fixture
def log(store: Store) -> EventLog:
    make_world(store)
    return open_event_log("local:", store)


def wish(id: str, kind: str, **fields: Any) -> Any:
    return event(id, kind, **{"track_id": "", **fields})


def wishes(store: Store) -> Preferences:
    found = store.get(PREFERENCES, "ann")
    assert found is not None
    return found


def plays(log: EventLog) -> list[tuple[str, bool]]:
    said = (decode(value, Play) for value in all_of(log, Topic.PLAYS))
    return [(play.id, play.forgotten) for play in said]


def told(store: Store) -> list[tuple[str, str]]:
    return [(one.track_id, one.why) for one in state.load(store, "ann", now=9).told]


def test_another_listener_may_have_the_same_event_id(store: Store, log: EventLog) -> None:
    for one in (event("e1", user_id="ben"), event("e1"), event("e1")):
        taken(store, log, one)
    assert {listen.id for listen in store.find(LISTENS)} == {"ann:e1", "ben:e1"}
    assert familiarity(store).plays == 1


def test_an_event_that_comes_twice_in_a_batch_counts_once(store: Store, log: EventLog) -> None:
    applied = taken(store, log, event("e1"), event("e2"), event("e1"))
    assert (store.count(LISTENS), familiarity(store).plays, applied.known) == (2, 2, 1)
    assert state.load(store, "ann").plays == 2


def test_an_event_that_cannot_be_used_leaves_the_rest_of_its_batch_alone(
    store: Store, log: EventLog
) -> None:
    bad = (event("e2", track_id="tr-gone"), event("e3", user_id="us-gone"), wish("e4", "tuned"))
    applied = taken(store, log, event("e1"), *bad, event("e5", track_id="tr-2"))
    assert {listen.id for listen in store.find(LISTENS)} == {"ann:e1", "ann:e5"}
    assert {place: str(error) for place, error in applied.refused.items()} == {
        1: "there is no track 'tr-gone'",
        2: "there is no user 'us-gone'",
        3: "a tuned event without a value",
    }


def test_the_effects_of_a_batch_are_made_whole_or_not_at_all(store: Store, log: EventLog) -> None:
    broken = event("e2", at=10**30)
    with pytest.raises(OverflowError):
        taken(store, log, event("e1"), broken)
    assert store.count(LISTENS) == 0
    assert all_of(log, Topic.PLAYS) == []
    taken(store, log, event("e1"))
    assert store.count(LISTENS) == 1


def test_old_feedback_that_comes_late_does_not_win(store: Store, log: EventLog) -> None:
    taken(store, log, event("e2", "disliked", at=20))
    taken(store, log, event("e1", "liked", at=10))
    assert familiarity(store).feedback == "dislike"
    taken(store, log, event("e3", "undone", at=30))
    assert familiarity(store).feedback is None


def test_a_ban_is_refused_as_a_dislike_is_until_it_is_taken_back(
    store: Store, log: EventLog
) -> None:
    taken(store, log, event("e1", "banned", at=10))
    assert familiarity(store).feedback == "ban"
    assert state.load(store, "ann").disliked == {"tr-1"}
    taken(store, log, event("e2", "undone", at=20))
    assert familiarity(store).feedback is None
    assert state.load(store, "ann").disliked == frozenset()


def test_the_latest_rating_is_kept_beside_the_feedback_and_can_be_taken_back(
    store: Store, log: EventLog
) -> None:
    taken(store, log, event("e1", "liked", at=10))
    taken(store, log, event("e3", "rated", rating=4, at=30))
    taken(store, log, event("e2", "rated", rating=1, at=20))
    taken(store, log, event("e4", "undone", at=40))
    assert (familiarity(store).rating, familiarity(store).feedback) == (4, None)
    taken(store, log, event("e5", "rated", at=50))
    assert familiarity(store).rating == 0


def test_a_skip_is_an_end_before_it_was_a_play(store: Store, log: EventLog) -> None:
    taken(store, log, event("e1", reason="skipped", played_ms=10_000))
    taken(store, log, event("e2", reason="skipped", played_ms=150_000, at=6))
    assert (familiarity(store).skips, familiarity(store).plays) == (1, 1)
    assert [one.skipped for one in store.find(LISTENS, {"user_id": "ann"})] == [True, False]


def test_what_an_app_sends_a_week_later_is_put_in_its_place_in_time(
    store: Store, log: EventLog
) -> None:
    day = 86_400_000
    taken(store, log, event("e1", at=10 * day))
    late = (event(f"l{n}", track_id="tr-2", at=3 * day + n) for n in range(3))
    taken(store, log, *late)
    listener = state.load(store, "ann", now=10 * day + 60_000)
    assert listener.recent == ("tr-1", "tr-2")
    assert [one.track_id for one in listener.session] == ["tr-1"]
    assert familiarity(store, track_id="tr-2").plays == 3


def test_in_a_private_session_nothing_is_learned_but_what_is_said_in_words(
    store: Store, log: EventLog
) -> None:
    taken(store, log, wish("p1", "private", value=1.0), event("e1"))
    taken(store, log, event("e2"), event("e3", "liked", track_id="tr-2"))
    assert state.load(store, "ann").private
    taken(store, log, wish("p2", "private", value=0.0), event("e4", track_id="tr-0"))
    assert [listen.id for listen in store.find(LISTENS)] == ["ann:e4"]
    assert {one.track_id for one in store.find(FAMILIARITIES)} == {"tr-0", "tr-2"}
    assert plays(log) == [("ann:e4", False)]
    assert not state.load(store, "ann").private


def test_what_was_heard_in_private_and_comes_again_later_is_still_not_learned(
    store: Store, log: EventLog
) -> None:
    taken(store, log, wish("p1", "private", value=1.0))
    uncommitted = (event("e1"), wish("p2", "private", value=0.0))
    for _ in range(2):
        taken(store, log, *uncommitted)
    assert (store.count(LISTENS), store.count(FAMILIARITIES)) == (0, 0)
    assert wishes(store).private_since == 0


def test_what_is_set_last_counts_and_comes_only_once(store: Store, log: EventLog) -> None:
    # The clock of the second one is behind.
    quiet, bold = wish("t1", "tuned", value=0.1, at=9), wish("t2", "tuned", value=0.9, at=3)
    taken(store, log, quiet, bold, quiet)
    assert wishes(store).discover == state.load(store, "ann").discover == 0.9


def test_an_artist_is_banned_until_that_is_taken_back(store: Store, log: EventLog) -> None:
    taken(store, log, wish("b1", "banned", artist_id="ar-1"))
    assert state.load(store, "ann").banned_artists == {"ar-1"}
    taken(store, log, wish("b2", "undone", artist_id="ar-1"))
    assert state.load(store, "ann").banned_artists == frozenset()


def test_listens_of_an_excluded_playlist_are_kept_and_say_nothing(
    store: Store, log: EventLog
) -> None:
    source = {"kind": "playlist", "id": "pl-sleep"}
    taken(store, log, event("e1"), event("e2", track_id="tr-2", at=6, source=source))
    assert told(store) == [("tr-1", "finished"), ("tr-2", "finished")]
    taken(store, log, wish("x1", "excluded", playlist_id="pl-sleep"))
    taken(store, log, event("e3", track_id="tr-0", at=7, source=source))
    assert told(store) == [("tr-1", "finished")]
    assert state.load(store, "ann").recent == ("tr-0", "tr-2", "tr-1")
    assert store.count(LISTENS) == 3
    assert plays(log) == [("ann:e1", False), ("ann:e2", False)]
    taken(store, log, wish("x2", "included", playlist_id="pl-sleep"))
    assert [track for track, _ in told(store)] == ["tr-1", "tr-2", "tr-0"]


def test_listens_of_an_excluded_track_say_nothing_but_a_like_does(
    store: Store, log: EventLog
) -> None:
    taken(store, log, event("e1"), event("x1", "excluded"))
    assert told(store) == []
    taken(store, log, event("e2", "liked"))
    assert told(store) == [("tr-1", "liked")]


def test_one_listen_that_is_forgotten_leaves_the_others_and_what_was_said(
    store: Store, log: EventLog
) -> None:
    taken(store, log, event("e1", at=5), event("e2", at=9), event("e3", "liked", at=10))
    taken(store, log, event("f1", "forgotten", listen_id="e2"))
    known = familiarity(store)
    assert (known.plays, known.last_at, known.feedback) == (1, 5, "like")
    assert [one.id for one in store.find(LISTENS)] == ["ann:e1"]
    assert [one.id for one in store.find(FORGOTTEN)] == ["ann:e2"]
    assert plays(log) == [("ann:e1", False), ("ann:e2", False), ("ann:e2", True)]


def test_all_that_is_forgotten_of_a_track_leaves_no_trace_and_comes_back(
    store: Store, log: EventLog
) -> None:
    taken(store, log, event("e1", at=5), event("e2", at=9))
    before = kept(store, (LISTENS, FAMILIARITIES, STATES))
    taken(store, log, event("f1", "forgotten"))
    assert (store.count(LISTENS), store.count(FAMILIARITIES)) == (0, 0)
    assert state.load(store, "ann").told == ()
    # Sent again by an app that has not heard that it arrived.
    taken(store, log, event("e2", at=9))
    assert store.count(LISTENS) == 0
    taken(store, log, event("u1", "undone", listen_id="*"))
    assert kept(store, (LISTENS, FAMILIARITIES, STATES)) == before
    assert store.count(FORGOTTEN) == 0
    assert familiarity(store).feedback is None


def test_forgetting_what_is_not_there_is_no_error(store: Store, log: EventLog) -> None:
    applied = taken(store, log, wish("f1", "forgotten", listen_id="e-unknown"))
    assert applied.refused == {}
    assert store.find(FORGOTTEN) == []


def test_a_listen_tells_by_which_answer_it_came_how_likely_that_was_and_whether_it_was_wanted(
    store: Store, log: EventLog
) -> None:
    items = tuple(
        Recommendation(track_id=f"tr-{n}", score=1.0, generator="content", probability=0.5**n)
        for n in range(3)
    )
    for id, user_id in (("v-1", "ann"), ("v-2", "ben")):
        store.put(
            SHOWINGS,
            Showing(id=id, user_id=user_id, surface="radio", model="m", at=1, items=items),
        )
    of_hers = {"kind": "radio", "answer": "v-1"}
    skipped = event("e1", track_id="tr-2", reason="skipped", played_ms=9, source=of_hers)
    of_his = event("e2", at=6, source={"kind": "radio", "answer": "v-2"})
    taken(store, log, skipped, of_his)
    hers, his = store.find(LISTENS, {"user_id": "ann"}, ("user_id", "at"))
    assert hers.shown == Shown(
        answer="v-1",
        surface="radio",
        generator="content",
        position=2,
        probability=0.25,
        model="m",
    )
    assert (hers.surface, hers.generator, hers.skipped) == ("radio", "content", True)
    assert (his.shown, his.surface) == (None, "")
