"""The home page, radio and similar tracks through the API."""

import uuid
from collections.abc import Callable

import pytest

from antiphon.model import now_ms
from antiphon.store import Store
from antiphon.store.schema import FEATURES
from browser import Browser


def finish(ann: Browser, settle: Callable[[], None], *track_ids: str) -> None:
    events = [
        {"id": str(uuid.uuid4()), "kind": "ended", "track_id": id, "at": now_ms()}
        | {"played_ms": 200_000, "reason": "completed"}
        for id in track_ids
    ]
    ann.call("POST", "/events", {"events": events}, expect=202)
    settle()


def rows(ann: Browser) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in ann.get("/home")["rows"]}


def test_a_newcomer_is_shown_around_and_told_so(ann: Browser) -> None:
    home = ann.get("/home")
    assert home["learning"] == {"plays": 0, "text": "Still learning, from 0 plays."}
    assert {row["id"] for row in home["rows"]} == {"explore", "newest"}
    explore = next(row for row in home["rows"] if row["id"] == "explore")
    genres = {item["track"]["genres"][0] for item in explore["items"][:2]}
    assert genres == {"Ambient", "Metal"}


def test_the_home_page_learns(ann: Browser, settle: Callable[[], None]) -> None:
    finish(ann, settle, "tr-calm11")
    home = rows(ann)
    assert home["for-you"]["items"][0]["track"]["id"].startswith("tr-calm")  # type: ignore[index]
    assert home["because-tr-calm11"]["title"] == "Because you finished Calm 1 1"
    assert ann.get("/home")["learning"]["text"] == "Still learning, from 1 play."


def test_every_recommended_track_says_why(ann: Browser, settle: Callable[[], None]) -> None:
    finish(ann, settle, "tr-calm11", "tr-loud11")
    items = [
        item for row in ann.get("/home")["rows"] for item in row["items"] if row["kind"] == "tracks"
    ]
    assert items
    assert all(item["reasons"] for item in items)


def test_an_answer_that_has_not_changed_is_not_sent_again(ann: Browser) -> None:
    first = ann.client.get("/api/v1/answers/next")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert ann.client.get("/api/v1/answers/next", headers=tag).status_code == 304


def test_an_answer_leaves_out_what_it_is_told_to(ann: Browser) -> None:
    items = ann.get("/answers/next?limit=3")["items"]
    known = [item["track"]["id"] for item in items]
    again = ann.get(f"/answers/next?limit=3&exclude={','.join(known)}")["items"]
    assert not set(known) & {item["track"]["id"] for item in again}


@pytest.mark.parametrize(
    ("seed", "title", "style"),
    [
        ("track:tr-loud11", "Loud 1 1 radio", "tr-loud"),
        ("album:al-calm1", "Calm 1 radio", "tr-calm"),
        ("genre:Metal", "Metal radio", "tr-loud"),
    ],
)
def test_radio_plays_around_its_seed(ann: Browser, seed: str, title: str, style: str) -> None:
    radio = ann.get(f"/radio?seed={seed}&limit=2")
    assert radio["title"] == title
    assert all(item["track"]["id"].startswith(style) for item in radio["items"])


def test_radio_of_a_track_nobody_has_listened_to_yet_goes_by_its_tags(
    ann: Browser, store: Store
) -> None:
    store.delete_many(FEATURES, [features.id for features in store.find(FEATURES)])
    items = ann.get("/radio?seed=track:tr-loud11&limit=3")["items"]
    assert {item["reasons"][0] for item in items} <= {"By the same artist", "In the same genre"}
    assert all(item["track"]["genres"] == ["Metal"] for item in items)


@pytest.mark.parametrize("seed", ["track:tr-no", "genre:Polka", "artist:ar-no", "album:al-no"])
def test_radio_around_nothing_is_not_found(ann: Browser, seed: str) -> None:
    ann.get(f"/radio?seed={seed}", expect=404)


@pytest.mark.parametrize("seed", ["", "mood:happy", "track:"])
def test_radio_around_nonsense_is_refused(ann: Browser, seed: str) -> None:
    ann.get(f"/radio?seed={seed}", expect=422)


def test_similar_tracks_sound_alike_and_are_not_the_track_itself(ann: Browser) -> None:
    items = ann.get("/tracks/tr-loud11/similar?limit=3")["items"]
    ids = [item["track"]["id"] for item in items]
    assert len(ids) == 3
    assert all(id.startswith("tr-loud") for id in ids)
    assert "tr-loud11" not in ids


def test_at_most_two_of_one_artist_while_there_are_others(ann: Browser) -> None:
    items = ann.get("/answers/next?limit=8")["items"]
    artists = [item["track"]["artists"][0]["name"] for item in items]
    assert all(artists.count(name) == 2 for name in set(artists))


def test_what_is_loved_on_the_server_is_everybodys(
    ann: Browser, settle: Callable[[], None], log_in: Callable[..., Browser]
) -> None:
    finish(ann, settle, "tr-loud11", "tr-loud11", "tr-calm11")
    loved = rows(log_in("ben"))["loved"]["items"]
    assert [item["track"]["id"] for item in loved] == ["tr-loud11", "tr-calm11"]  # type: ignore[attr-defined]
