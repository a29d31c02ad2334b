"""What listeners do, and what becomes of it: history, counts, likes, and other answers at once."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.model import now_ms
from antiphon.store import Store
from antiphon.store.schema import LOG_ENTRIES
from browser import Browser, ended


def next_up(ann: Browser) -> list[str]:
    return [item["track"]["id"] for item in ann.get("/answers/next")["items"]]


def test_a_listen_is_in_the_history_with_its_source(
    ann: Browser, listen: Callable[..., None]
) -> None:
    source = {"kind": "album", "id": "al-calm1"}
    listen(ended("tr-calm11", 200_000, source=source))
    (item,) = ann.get("/history")["items"]
    assert item["track"]["title"] == "Calm 1 1"
    assert item["ended"] == "completed"
    assert item["source"] == source
    assert item["track"]["plays"] == 1


def test_how_a_listen_goes_is_told_and_its_end_counts(
    ann: Browser, listen: Callable[..., None]
) -> None:
    end = ended("tr-calm11", 200_000)
    course = [
        {"kind": kind, "id": str(uuid.uuid4()), "track_id": "tr-calm11", "at": end["at"], **more}
        for kind, more in (("started", {}), ("progress", {"played_ms": 90_000}))
    ]
    accepted = ann.call("POST", "/events", {"events": [*course, end]}, expect=202)
    assert accepted == {"accepted": 3, "events": [event["id"] for event in (*course, end)]}
    listen()
    (item,) = ann.get("/history")["items"]
    assert item["id"].endswith(end["id"])
    assert item["track"]["plays"] == 1


def test_sending_an_event_again_changes_nothing(ann: Browser, listen: Callable[..., None]) -> None:
    event = ended("tr-calm11", 200_000)
    listen(event, event)
    listen(event)
    assert len(ann.get("/history")["items"]) == 1
    assert ann.get("/tracks/tr-calm11")["plays"] == 1


@pytest.mark.parametrize(("played_ms", "plays"), [(99_999, 0), (100_000, 1)])
def test_a_play_is_counted_at_half_the_track(
    ann: Browser, listen: Callable[..., None], played_ms: int, plays: int
) -> None:
    listen(ended("tr-calm11", played_ms, "stopped"))
    assert ann.get("/tracks/tr-calm11")["plays"] == plays


def test_history_comes_latest_first_in_pages(ann: Browser, listen: Callable[..., None]) -> None:
    listen(*(ended(f"tr-calm1{n}", 200_000, at=1000 + n) for n in (1, 2, 3)))
    page = ann.get("/history?limit=2")
    assert [item["at"] for item in page["items"]] == [1003, 1002]
    rest = ann.get(f"/history?limit=2&after={page['next']}")
    assert [item["at"] for item in rest["items"]] == [1001]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"track_id": "tr-nowhere"}, "no track"),
        ({"kind": "danced"}, "danced"),
        ({"reason": None}, "reason"),
        ({"id": "x"}, "id"),
        ({"played_ms": -1}, "played_ms"),
        ({"surprise": 1}, "surprise"),
        ({"at": "yesterday"}, "at"),
        ({"source": {"kind": "search", "id": "x" * 301}}, "source.id"),
        ({"source": {"kind": "search", "id": "\ud800"}}, "half a character"),
        ({"source": {"kind": "search", "answer": "x" * 81}}, "source.answer"),
        ({"source": {"kind": "telepathy"}}, "source.kind"),
    ],
)
def test_a_client_that_lies_is_told_and_nothing_is_kept(
    ann: Browser, store: Store, change: dict[str, Any], reason: str
) -> None:
    events = [ended("tr-calm11", 1), ended("tr-calm12", 1) | change]
    problem = ann.call("POST", "/events", {"events": events}, expect=422)
    assert reason in problem["detail"]
    assert store.count(LOG_ENTRIES) == 0


def test_what_a_clock_ahead_of_ours_says_happened_just_now(
    ann: Browser, listen: Callable[..., None]
) -> None:
    listen(ended("tr-calm11", 1, at=now_ms() + 10**10))
    assert ann.get("/history")["items"][0]["at"] < now_ms() + 10**6


def test_a_like_is_seen_and_can_be_taken_back(ann: Browser, settle: Callable[[], None]) -> None:
    for value, liked in (
        ("like", ["Loud 1 1"]),
        ("dislike", []),
        ("like", ["Loud 1 1"]),
        (None, []),
    ):
        ann.call("PUT", "/tracks/tr-loud11/feedback", {"value": value}, expect=202)
        settle()
        assert ann.get("/tracks/tr-loud11")["feedback"] == value
        assert [track["title"] for track in ann.get("/tracks?liked=true")["items"]] == liked


def test_feedback_on_nothing_or_of_no_kind_is_refused(ann: Browser) -> None:
    ann.call("PUT", "/tracks/tr-no/feedback", {"value": "like"}, expect=404)
    ann.call("PUT", "/tracks/tr-loud11/feedback", {"value": "meh"}, expect=422)


def test_what_one_finishes_brings_more_of_its_kind(
    ann: Browser, listen: Callable[..., None]
) -> None:
    listen(ended("tr-loud11", 200_000))
    # Any place may be one for exploring, as is drawn anew for everybody.
    first = next(
        item for item in ann.get("/answers/next")["items"] if item["generator"] == "content"
    )
    assert first["track"]["id"].startswith("tr-loud")
    assert first["reasons"] == ["Sounds like Loud 1 1, which you finished"]


def test_skips_change_the_very_next_answer(ann: Browser, listen: Callable[..., None]) -> None:
    listen(ended("tr-loud11", 200_000), ended("tr-calm11", 200_000))
    before = ann.get("/answers/next")
    listen(ended("tr-loud12", 5_000, "skipped"), ended("tr-loud21", 4_000, "skipped"))
    after = ann.get("/answers/next")
    assert after["version"] != before["version"]
    known = [item["track"]["id"] for item in after["items"] if item["generator"] == "content"]
    assert known
    assert all(id.startswith("tr-calm") for id in known)


def test_what_is_not_for_one_never_comes_again(
    ann: Browser, listen: Callable[..., None], settle: Callable[[], None]
) -> None:
    listen(ended("tr-calm11", 200_000))
    banned = next_up(ann)[0]
    ann.call("PUT", f"/tracks/{banned}/feedback", {"value": "dislike"}, expect=202)
    settle()
    assert banned not in next_up(ann)
    shown = {
        item["track"]["id"]
        for row in ann.get("/home")["rows"]
        for item in row["items"]
        if row["kind"] == "tracks"
    }
    assert banned not in shown


def test_two_listeners_do_not_disturb_each_other(
    ann: Browser,
    listen: Callable[..., None],
    log_in: Callable[..., Browser],
) -> None:
    ben = log_in("ben")
    before = ben.get("/answers/next")
    listen(ended("tr-loud11", 200_000))
    assert ben.get("/answers/next") == before
    assert ben.get("/history")["items"] == []


def test_two_listeners_may_have_the_same_event_id(
    ann: Browser, listen: Callable[..., None], log_in: Callable[..., Browser]
) -> None:
    event = ended("tr-calm11", 200_000)
    log_in("ben").call("POST", "/events", {"events": [event]}, expect=202)
    listen(event)
    assert ann.get("/tracks/tr-calm11")["plays"] == 1
