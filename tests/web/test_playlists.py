"""Playlists: made, renamed, filled, arranged, removed."""

import pytest
from msgspec.structs import replace

from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import PLAYLISTS, TRACKS
from browser import Browser


@pytest.fixture
def mix(ann: Browser) -> str:
    made = ann.call(
        "POST", "/playlists", {"name": "Mix", "track_ids": ["tr-calm11", "tr-loud11"]}, expect=201
    )
    return f"/playlists/{made['id']}"


def existing(store: Store, id: str) -> Track:
    track = store.get(TRACKS, id)
    assert track is not None
    return track


def ids(ann: Browser, path: str) -> list[str]:
    return [track["id"] for track in ann.get(path)["tracks"]]


def test_a_playlist_is_made_and_listed_by_name(ann: Browser, mix: str) -> None:
    ann.call("POST", "/playlists", {"name": "A first"}, expect=201)
    items = ann.get("/playlists")["items"]
    assert [item["name"] for item in items] == ["A first", "Mix"]
    assert items[1]["track_count"] == 2
    assert items[1]["duration_ms"] == 400_000
    assert ids(ann, mix) == ["tr-calm11", "tr-loud11"]


def test_a_playlist_is_renamed(ann: Browser, mix: str) -> None:
    assert ann.call("PATCH", mix, {"name": " Mixed "})["name"] == "Mixed"


def test_tracks_are_added_at_the_end_even_twice(ann: Browser, mix: str) -> None:
    ann.call("POST", f"{mix}/tracks", {"track_ids": ["tr-calm11", "tr-calm12"]})
    assert ids(ann, mix) == ["tr-calm11", "tr-loud11", "tr-calm11", "tr-calm12"]


def test_a_playlist_is_arranged_and_shortened(ann: Browser, mix: str) -> None:
    version = ann.get(mix)["playlist"]["version"]
    body = {"track_ids": ["tr-loud11"], "version": version}
    ann.call("PUT", f"{mix}/tracks", body)
    assert ids(ann, mix) == ["tr-loud11"]


def test_an_arrangement_of_an_old_version_is_refused_and_changes_nothing(
    ann: Browser, mix: str
) -> None:
    version = ann.get(mix)["playlist"]["version"]
    ann.call("POST", f"{mix}/tracks", {"track_ids": ["tr-calm12"]})
    problem = ann.call("PUT", f"{mix}/tracks", {"track_ids": [], "version": version}, expect=409)
    assert "changed by somebody else" in problem["detail"]
    assert len(ids(ann, mix)) == 3


def test_a_playlist_is_deleted(ann: Browser, mix: str) -> None:
    ann.call("DELETE", mix, expect=204)
    ann.get(mix, expect=404)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, None, 7])
def test_a_name_that_is_none_is_refused(ann: Browser, name: object) -> None:
    ann.call("POST", "/playlists", {"name": name}, expect=422)


def test_tracks_that_there_are_not_cannot_be_added(ann: Browser, mix: str) -> None:
    ann.call("POST", f"{mix}/tracks", {"track_ids": ["tr-no"]}, expect=404)
    assert len(ids(ann, mix)) == 2


def test_a_playlist_keeps_what_its_tracks_come_to(ann: Browser, mix: str, store: Store) -> None:
    for n in (1, 2, 3):
        store.put(TRACKS, replace(existing(store, f"tr-loud2{n}"), art_id=f"im-{n % 2}"))
    store.put(TRACKS, replace(existing(store, "tr-calm21"), art_id="im-c"))
    body = {"track_ids": ["tr-loud21", "tr-loud22", "tr-loud23", "tr-calm21"]}
    shown = ann.call("POST", f"{mix}/tracks", body)
    assert (shown["track_count"], shown["duration_ms"]) == (6, 1_200_000)
    assert shown["art_ids"] == ["im-1", "im-0", "im-c"]
    (kept,) = store.find(PLAYLISTS)
    assert (kept.track_count, kept.duration_ms) == (6, 1_200_000)
    assert ann.get("/playlists")["items"] == [shown]
    shorter = {"track_ids": ["tr-calm21"], "version": shown["version"]}
    ann.call("PUT", f"{mix}/tracks", shorter)
    assert ann.call("PATCH", mix, {"name": "One"})["track_count"] == 1


def test_half_a_character_is_refused(ann: Browser) -> None:
    ann.call("POST", "/playlists", {"name": "a\ud800b"}, expect=422)
    assert ann.get("/playlists")["items"] == []
