"""The controls: each changes the very next answer, and can be taken back."""

from collections.abc import Callable
from typing import Any

import pytest

from antiphon.library.names import artist_id
from antiphon.live import state
from antiphon.model import Preferences, now_ms
from antiphon.store import Store
from antiphon.store.schema import LOG_ENTRIES, PREFERENCES
from browser import Browser, ended, skipped

DAY_MS = 86_400_000


@pytest.fixture
def say(ann: Browser, settle: Callable[[], None]) -> Callable[..., str]:
    """Use a control, let the worker answer, and return the id of the event."""

    def say(method: str, path: str, body: Any = None) -> str:
        accepted = ann.call(method, path, body, expect=202)
        settle()
        assert accepted["accepted"] == len(accepted["events"])
        return str(accepted["events"][-1])

    return say


def next_up(ann: Browser, limit: int = 8) -> list[str]:
    return [item["track"]["id"] for item in ann.get(f"/answers/next?limit={limit}")["items"]]


def by_taste(ann: Browser) -> set[str]:
    """The albums of what the models want, beside what is explored."""
    items = ann.get("/answers/next?limit=8")["items"]
    return {item["track"]["album"]["id"] for item in items if item["generator"] == "content"}


def test_a_banned_track_is_gone_at_once_and_comes_back_when_the_ban_is_lifted(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-calm11"))
    before = next_up(ann)
    event = say("PUT", f"/tracks/{before[0]}/feedback", {"value": "ban"})
    assert ann.get("/answers/next")["event"] == event
    assert before[0] not in next_up(ann, 12)
    assert [track["id"] for track in ann.get("/preferences")["banned_tracks"]] == [before[0]]
    say("PUT", f"/tracks/{before[0]}/feedback", {"value": None})
    assert next_up(ann) == before
    assert ann.get("/preferences")["banned_tracks"] == []


def test_a_banned_artist_is_heard_nowhere_until_the_ban_is_lifted(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-loud11"), ended("tr-loud21"))
    before = next_up(ann)
    say("PUT", f"/artists/{artist_id('Cat')}/ban")
    assert ann.get("/preferences")["banned_artists"] == [{"id": artist_id("Cat"), "name": "Cat"}]
    radio = ann.get("/radio?seed=track:tr-loud21&limit=12")["items"]
    rows = [row for row in ann.get("/home")["rows"] if row["kind"] == "tracks"]
    shown = [item["track"] for items in (radio, *(row["items"] for row in rows)) for item in items]
    assert shown
    assert "Cat" not in {credit["name"] for track in shown for credit in track["artists"]}
    assert not [id for id in next_up(ann, 12) if id.startswith("tr-loud1")]
    say("DELETE", f"/artists/{artist_id('Cat')}/ban")
    assert next_up(ann) == before


def test_the_slider_goes_from_the_familiar_to_what_is_new(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    # Of the four artists only Ben, of the album Calm 2, was never heard.
    known = ("tr-calm11", "tr-calm12", "tr-calm13", "tr-loud11", "tr-loud21")
    listen(*(ended(id) for id in known))
    say("PATCH", "/preferences", {"discover": 1.0})
    assert ann.get("/preferences")["discover"] == 1.0
    assert all(id.startswith("tr-calm2") for id in next_up(ann, 2))
    say("PATCH", "/preferences", {"discover": 0.0})
    assert not any(id.startswith("tr-calm2") for id in next_up(ann, 4))


def test_of_a_private_session_nothing_is_learned(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-calm11"))
    before = by_taste(ann)
    say("PATCH", "/preferences", {"private": True})
    assert ann.get("/preferences")["private"] is True
    listen(ended("tr-loud11"), ended("tr-loud12"))
    assert by_taste(ann) == before
    assert ann.get("/tracks/tr-loud11")["plays"] == 0
    say("PATCH", "/preferences", {"private": False})
    listen(ended("tr-loud13"))
    assert ann.get("/tracks/tr-loud13")["plays"] == 1
    assert "al-loud2" in by_taste(ann)


def test_what_the_children_play_can_be_kept_out_of_the_taste(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-loud11"))
    with_it = next_up(ann)
    say("PUT", "/tracks/tr-loud11/exclusion")
    assert [track["id"] for track in ann.get("/preferences")["excluded_tracks"]] == ["tr-loud11"]
    assert by_taste(ann) == set()
    assert len(ann.get("/history")["items"]) == 1
    say("DELETE", "/tracks/tr-loud11/exclusion")
    assert next_up(ann) == with_it


def test_what_is_played_from_an_excluded_playlist_says_nothing(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    made = ann.call("POST", "/playlists", {"name": "Party"}, expect=201)
    source = {"kind": "playlist", "id": made["id"]}
    listen(ended("tr-loud11", source=source))
    with_it = next_up(ann)
    say("PUT", f"/playlists/{made['id']}/exclusion")
    named = [{"id": made["id"], "name": "Party"}]
    assert ann.get("/preferences")["excluded_playlists"] == named
    assert by_taste(ann) == set()
    say("DELETE", f"/playlists/{made['id']}/exclusion")
    assert next_up(ann) == with_it


def test_an_excluded_playlist_can_be_included_again_after_it_is_gone(
    ann: Browser, say: Callable[..., str]
) -> None:
    made = ann.call("POST", "/playlists", {"name": "Party"}, expect=201)
    say("PUT", f"/playlists/{made['id']}/exclusion")
    ann.call("DELETE", f"/playlists/{made['id']}", expect=204)
    assert ann.get("/preferences")["excluded_playlists"] == [{"id": made["id"], "name": ""}]
    say("DELETE", f"/playlists/{made['id']}/exclusion")
    assert ann.get("/preferences")["excluded_playlists"] == []


def test_a_rating_is_shown_and_can_be_taken_back(ann: Browser, say: Callable[..., str]) -> None:
    for value, shown in ((4, 4), (1, 1), (None, 0)):
        say("PUT", "/tracks/tr-calm11/rating", {"value": value})
        assert ann.get("/tracks/tr-calm11")["rating"] == shown


def test_undoing_a_skip_brings_the_answer_before_it_back(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-loud11"), ended("tr-calm11"))
    before = next_up(ann)
    skip = skipped("tr-loud12")
    listen(skip)
    after = next_up(ann)
    assert after != before
    event = say("PUT", f"/history/{skip['id']}/forgotten")
    assert next_up(ann) == before
    assert ann.get("/answers/next")["event"] == event
    assert [listen["track"]["id"] for listen in ann.get("/history?forgotten=true")["items"]] == [
        "tr-loud12"
    ]
    say("DELETE", f"/history/{skip['id']}/forgotten")
    assert next_up(ann) == after
    assert ann.get("/history?forgotten=true")["items"] == []


def test_a_skip_is_undone_even_before_the_worker_has_come_to_it(
    ann: Browser, listen: Callable[..., None], settle: Callable[[], None]
) -> None:
    listen(ended("tr-loud11"), ended("tr-calm11"))
    before = next_up(ann)
    skip = skipped("tr-loud12")
    ann.call("POST", "/events", {"events": [skip]}, expect=202)
    ann.call("PUT", f"/history/{skip['id']}/forgotten", expect=202)
    settle()
    assert next_up(ann) == before
    assert len(ann.get("/history")["items"]) == 2


def test_a_track_is_forgotten_with_all_its_listens_but_not_its_like(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-calm11"))
    say("PUT", "/tracks/tr-calm11/feedback", {"value": "like"})
    listen(ended("tr-calm11"), ended("tr-loud11"))
    with_it = next_up(ann)
    say("PUT", "/tracks/tr-calm11/forgotten")
    track = ann.get("/tracks/tr-calm11")
    assert (track["plays"], track["feedback"]) == (0, "like")
    assert [item["track"]["id"] for item in ann.get("/history")["items"]] == ["tr-loud11"]
    say("DELETE", "/tracks/tr-calm11/forgotten")
    track = ann.get("/tracks/tr-calm11")
    assert (track["plays"], track["feedback"]) == (2, "like")
    assert next_up(ann) == with_it


def test_a_listen_of_the_history_is_forgotten_by_its_id(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-calm11"))
    (item,) = ann.get("/history")["items"]
    say("PUT", f"/history/{item['id']}/forgotten")
    assert ann.get("/history")["items"] == []
    assert ann.get("/tracks/tr-calm11")["plays"] == 0


def test_it_is_told_why_a_track_would_be_played_and_why_another_would_not(
    ann: Browser, listen: Callable[..., None], say: Callable[..., str]
) -> None:
    listen(ended("tr-calm11"))
    told = ann.get("/tracks/tr-calm21/why")
    assert told["track"]["title"] == "Calm 2 1"
    assert "Calm 1 1" in {one["title"] for one in told["told"]}
    assert told["sentences"]
    assert told["refused"] == ""
    say("PUT", "/tracks/tr-calm21/feedback", {"value": "ban"})
    assert ann.get("/tracks/tr-calm21/why")["refused"]


@pytest.mark.parametrize(
    "body",
    [
        {"discover": 1.01},
        {"discover": -0.01},
        {"discover": 1e300},
        {"discover": "far"},
        {"discover": True},
        {"private": "yes"},
        {"loudness": 11},
        {},
    ],
)
def test_a_wild_setting_is_refused_and_nothing_is_kept(
    ann: Browser, store: Store, body: dict[str, Any]
) -> None:
    ann.call("PATCH", "/preferences", body, expect=422)
    assert store.count(LOG_ENTRIES) == 0


NOWHERE = [
    ("PUT", "/tracks/tr-no/feedback", {"value": "ban"}),
    ("PUT", "/tracks/tr-no/rating", {"value": 3}),
    ("PUT", "/artists/ar-no/ban", None),
    ("DELETE", "/artists/ar-no/ban", None),
    ("PUT", "/tracks/tr-no/exclusion", None),
    ("DELETE", "/tracks/tr-no/exclusion", None),
    ("PUT", "/playlists/pl-no/exclusion", None),
    ("DELETE", "/playlists/pl-no/exclusion", None),
    ("PUT", "/history/nothing/forgotten", None),
    ("DELETE", "/history/nothing/forgotten", None),
    ("PUT", "/tracks/tr-no/forgotten", None),
    ("DELETE", "/tracks/tr-no/forgotten", None),
    ("GET", "/tracks/tr-no/why", None),
]


@pytest.mark.parametrize("call", NOWHERE, ids=lambda call: " ".join(call[:2]))
def test_what_there_is_not_cannot_be_spoken_of(
    ann: Browser, store: Store, call: tuple[str, str, Any]
) -> None:
    ann.call(*call, expect=404)
    assert store.count(LOG_ENTRIES) == 0


@pytest.mark.parametrize("value", [0, 6, 2.5, "good"])
def test_a_rating_is_a_whole_number_from_1_to_5(ann: Browser, store: Store, value: Any) -> None:
    ann.call("PUT", "/tracks/tr-calm11/rating", {"value": value}, expect=422)
    assert store.count(LOG_ENTRIES) == 0


def test_only_so_much_can_be_left_out(ann: Browser, store: Store) -> None:
    excluded = ("tr-calm11", *(f"tr-{n}" for n in range(999)))
    store.put(PREFERENCES, Preferences(id=ann.user_id, excluded_tracks=excluded))
    problem = ann.call("PUT", "/tracks/tr-calm12/exclusion", expect=422)
    assert "take one of them back first" in problem["detail"]
    ann.call("PUT", "/tracks/tr-calm11/exclusion", expect=202)
    ann.call("DELETE", "/tracks/tr-calm11/exclusion", expect=202)


def test_others_listens_and_playlists_do_not_exist_for_one(
    ann: Browser,
    listen: Callable[..., None],
    settle: Callable[[], None],
    log_in: Callable[..., Browser],
) -> None:
    made = ann.call("POST", "/playlists", {"name": "Mine"}, expect=201)
    mine = ended("tr-calm11")
    listen(mine)
    ben = log_in("ben")
    ben.call("PUT", f"/playlists/{made['id']}/exclusion", expect=404)
    ben.call("PUT", f"/history/{ann.user_id}:{mine['id']}/forgotten", expect=404)
    # By the id of the event alone one speaks of one's own listens, and there is none of that id.
    ben.call("PUT", f"/history/{mine['id']}/forgotten", expect=202)
    settle()
    assert len(ann.get("/history")["items"]) == 1
    assert ben.get("/preferences")["excluded_playlists"] == []


def test_a_telephone_that_was_away_for_a_week_tells_history_and_not_now(
    ann: Browser, listen: Callable[..., None], store: Store
) -> None:
    now = now_ms()
    listen(ended("tr-calm11", at=now - 200_000), ended("tr-calm12", at=now))
    week_ago = now - 7 * DAY_MS
    old = [ended(f"tr-loud{n % 2 + 1}{n % 3 + 1}", at=week_ago + n * 200_000) for n in range(500)]
    listen(*old)
    latest = [item["track"]["id"] for item in ann.get("/history?limit=3")["items"]]
    assert latest == ["tr-calm12", "tr-calm11", old[-1]["track_id"]]
    assert sum(ann.get(f"/tracks/tr-loud{n}{m}")["plays"] for n in (1, 2) for m in (1, 2, 3)) == 500
    session = state.load(store, ann.user_id).session
    assert [one.track_id for one in session] == ["tr-calm11", "tr-calm12"]
    rows = [row["title"] for row in ann.get("/home")["rows"] if row["id"].startswith("because-")]
    assert rows == ["Because you finished Calm 1 2", "Because you finished Calm 1 1"]
