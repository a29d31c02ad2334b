"""Playlists: made, renamed, filled, arranged, removed."""

import pytest

from conftest import Browser


@pytest.fixture
def mix(ann: Browser) -> str:
    made = ann.call(
        "POST", "/playlists", {"name": "Mix", "track_ids": ["tr-calm11", "tr-loud11"]}, expect=201
    )
    return f"/playlists/{made['id']}"


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
