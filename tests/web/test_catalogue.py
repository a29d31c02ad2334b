"""Browsing and searching through the API."""

from urllib.parse import quote

import pytest

from antiphon.store import Store
from conftest import Browser


def titles(items: list[dict[str, str]]) -> list[str]:
    return [item["title"] for item in items]


@pytest.mark.parametrize("sort", ["added", "title", "artist", "year"])
def test_albums_come_in_pages_that_meet_without_gap(ann: Browser, sort: str) -> None:
    seen: list[str] = []
    path = f"/albums?sort={sort}&limit=3"
    while path:
        answer = ann.get(path)
        seen += titles(answer["items"])
        path = f"/albums?sort={sort}&limit=3&after={answer['next']}" if answer["next"] else ""
    assert sorted(seen) == ["Calm 1", "Calm 2", "Loud 1", "Loud 2"]


def test_albums_of_a_genre(ann: Browser) -> None:
    assert titles(ann.get("/albums?genre=Metal&sort=title")["items"]) == ["Loud 1", "Loud 2"]


def test_an_album_has_its_tracks_in_order(ann: Browser) -> None:
    album = ann.get("/albums/al-calm1")
    assert album["album"]["title"] == "Calm 1"
    assert titles(album["tracks"]) == ["Calm 1 1", "Calm 1 2", "Calm 1 3"]


def test_an_artist_has_albums_and_tracks(ann: Browser) -> None:
    artists = ann.get("/artists")["items"]
    assert [artist["name"] for artist in artists] == ["Ann", "Ben", "Cat", "Dan"]
    cat = ann.get(f"/artists/{artists[2]['id']}")
    assert titles(cat["albums"]) == ["Loud 1"]
    assert len(cat["tracks"]) == 3
    assert cat["appears_on"] == []


def test_tracks_of_a_genre_and_the_genres_themselves(ann: Browser) -> None:
    assert ann.get("/genres")["items"] == [
        {"name": "Ambient", "track_count": 6},
        {"name": "Metal", "track_count": 6},
    ]
    assert len(ann.get("/tracks?genre=Metal")["items"]) == 6


@pytest.mark.parametrize(
    "path",
    ["/albums/al-no", "/artists/ar-no", "/tracks/tr-no", "/tracks/tr-calm11/lyrics", "/nothing"],
)
def test_what_is_not_there_is_said_as_a_problem(ann: Browser, path: str) -> None:
    problem = ann.get(path, expect=404)
    assert problem["status"] == 404
    assert problem["detail"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "sort=colour", "after=!!", "after=W10", "after=bnVsbA"],
)
def test_a_wrong_question_is_refused_with_what_is_wrong(ann: Browser, query: str) -> None:
    problem = ann.get(f"/albums?{query}", expect=422)
    assert problem["title"] == "This cannot be used"
    assert query.partition("=")[0] in problem["detail"]


def test_search_as_you_type(ann: Browser) -> None:
    found = ann.get("/search?q=lou")
    assert len(found["tracks"]) == 6
    assert titles(found["albums"]) == ["Loud 1", "Loud 2"]
    assert [artist["name"] for artist in ann.get("/search?q=an")["artists"]] == ["Ann"]
    assert ann.get("/search?q=")["tracks"] == []


@pytest.mark.parametrize("text", ['"', "*", "a AND", "'; DROP TABLE tracks; --", "\x00", "NEAR(a"])
def test_no_search_breaks(ann: Browser, text: str, store: Store) -> None:
    ann.get(f"/search?q={quote(text)}")
