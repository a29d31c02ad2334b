"""Browsing and searching through the API."""

import base64
import json
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from antiphon.live.effects import familiarity_id
from antiphon.model import Familiarity, Listen, ReplayGain, Sound
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, SOUNDS, TRACKS
from browser import Browser


def titles(items: list[dict[str, str]]) -> list[str]:
    return [item["title"] for item in items]


@pytest.fixture
def busy(ann: Browser, store: Store) -> Browser:
    """Ann, who has heard and liked five of the tracks, some of them at the same moment."""
    for n, track in enumerate(store.find(TRACKS, limit=5)):
        heard = Familiarity(
            id=familiarity_id(ann.user_id, track.id),
            user_id=ann.user_id,
            track_id=track.id,
            feedback="like",
            liked_at=n // 2,
        )
        listen = Listen(
            id=f"{ann.user_id}:{n}",
            user_id=ann.user_id,
            track_id=track.id,
            at=n // 2,
            played_ms=1,
            duration_ms=2,
            ended="completed",
            played=True,
        )
        store.put(FAMILIARITIES, heard)
        store.put(LISTENS, listen)
    return ann


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/albums?sort=added", 4),
        ("/albums?sort=title", 4),
        ("/albums?sort=artist", 4),
        ("/albums?sort=year", 4),
        ("/artists?", 4),
        ("/tracks?sort=title", 12),
        ("/tracks?sort=added", 12),
        ("/tracks?genre=Metal", 6),
        ("/tracks?liked=true", 5),
        ("/history?", 5),
    ],
)
def test_every_list_comes_in_pages_that_meet_without_gap(
    busy: Browser, path: str, count: int
) -> None:
    seen: list[str] = []
    after = ""
    while after is not None:
        answer = busy.get(f"{path}&limit=3&after={after}")
        seen += [item["id"] for item in answer["items"]]
        after = answer["next"]
    assert len(seen) == len(set(seen)) == count


@pytest.mark.parametrize("key", [2**63, -(2**63) - 1, 10**22, 1.5, None, [], "\ud800"])
def test_a_cursor_that_no_list_gave_is_refused(ann: Browser, key: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([key, "x"]).encode()).decode().rstrip("=")
    assert ann.get(f"/albums?after={cursor}", expect=422)["title"] == "This cannot be used"


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
        {"name": "Ambient", "track_count": 6, "parent": ""},
        {"name": "Metal", "track_count": 6, "parent": ""},
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


def test_search_passes_over_what_is_missing_before_it_counts(ann: Browser, store: Store) -> None:
    calm = [track for track in store.find(TRACKS) if track.title.startswith("Calm")]
    store.put_many(TRACKS, [replace(track, missing=True) for track in calm[:5]])
    assert titles(ann.get("/search?q=calm&limit=1")["tracks"]) == [calm[5].title]


@pytest.mark.parametrize("more", ["genre=Metal", "sort=added", "sort=title"])
def test_the_liked_tracks_have_an_order_of_their_own(ann: Browser, more: str) -> None:
    problem = ann.get(f"/tracks?liked=true&{more}", expect=422)
    assert "no genre, no sort" in problem["detail"]


def test_a_track_that_was_listened_to_tells_how_it_sounds(ann: Browser, store: Store) -> None:
    sound = Sound(
        id="tr-calm11",
        duration_ms=200_000,
        loudness_lufs=-14.2,
        peak=0.9,
        waveform=bytes(range(200)),
        tempo_bpm=92.5,
        key="A minor",
        fingerprint="secret sauce",
    )
    store.put(SOUNDS, sound)
    told = ann.get("/tracks/tr-calm11/sound")
    assert base64.b64decode(told.pop("waveform")) == sound.waveform
    assert told == {"loudness_lufs": -14.2, "peak": 0.9, "tempo_bpm": 92.5, "key": "A minor"}
    response = ann.client.get("/api/v1/tracks/tr-calm11/sound")
    assert response.headers["Cache-Control"] == "private, max-age=3600"


@pytest.mark.parametrize(
    ("state", "heard"), [("", False), ("failed:summary/1", False), ("summary/1", True)]
)
def test_before_that_it_says_so(ann: Browser, store: Store, *, state: str, heard: bool) -> None:
    track = store.get(TRACKS, "tr-calm11")
    assert track is not None
    store.put(TRACKS, replace(track, features=state))
    assert ann.get("/tracks/tr-calm11")["heard"] is heard
    ann.get("/tracks/tr-calm11/sound", expect=404)


def test_gains_are_those_of_the_tags_else_those_that_were_measured(
    ann: Browser, store: Store
) -> None:
    def gains(tagged: ReplayGain | None, measured: ReplayGain | None) -> tuple[object, object]:
        track = store.get(TRACKS, "tr-calm11")
        assert track is not None
        store.put(TRACKS, replace(track, replay_gain=tagged, measured_gain=measured))
        shown = ann.get("/tracks/tr-calm11")
        return shown["gain_db"], shown["album_gain_db"]

    measured = ReplayGain(track_gain_db=-7.5, album_gain_db=-8.0)
    assert gains(None, None) == (None, None)
    assert gains(None, measured) == (-7.5, -8.0)
    assert gains(ReplayGain(track_gain_db=0.0), measured) == (0.0, -8.0)
    assert gains(ReplayGain(track_gain_db=-1.0, album_gain_db=-2.0), measured) == (-1.0, -2.0)
