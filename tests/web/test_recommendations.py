"""The home page, radio and similar tracks through the API."""

from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.events import EventLog
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.store.schema import FEATURES
from antiphon.taste.weights import Weights
from antiphon.web.app import create_app
from browser import Browser, ended, skipped


def rows(ann: Browser) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in ann.get("/home")["rows"]}


def test_a_newcomer_is_shown_around_and_told_so(ann: Browser) -> None:
    home = ann.get("/home")
    assert home["learning"] == {"plays": 0, "text": "Still learning, from 0 plays."}
    assert {row["id"] for row in home["rows"]} == {"explore", "newest"}
    explore = next(row for row in home["rows"] if row["id"] == "explore")
    genres = {item["track"]["genres"][0] for item in explore["items"][:2]}
    assert genres == {"Ambient", "Metal"}


def test_the_home_page_learns(ann: Browser, listen: Callable[..., None]) -> None:
    listen(ended("tr-calm11"))
    home = rows(ann)
    assert home["for-you"]["items"][0]["track"]["id"].startswith("tr-calm")  # type: ignore[index]
    assert home["because-tr-calm11"]["title"] == "Because you finished Calm 1 1"
    assert ann.get("/home")["learning"]["text"] == "Still learning, from 1 play."


def test_every_recommended_track_says_why(ann: Browser, listen: Callable[..., None]) -> None:
    listen(ended("tr-calm11"), ended("tr-loud11"))
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
    assert len(radio["items"]) == 2
    assert all(item["track"]["id"].startswith(style) for item in radio["items"])


def test_radio_of_several_seeds_plays_around_all_of_them(ann: Browser) -> None:
    made = ann.call("POST", "/playlists", {"name": "Mine", "track_ids": ["tr-calm11"]}, expect=201)
    seeds = ("track:tr-loud11", f"playlist:{made['id']}")
    radio = ann.get(f"/radio?limit=8&{'&'.join(f'seed={seed}' for seed in seeds)}")
    assert radio["title"] == "Loud 1 1 and Mine radio"
    assert {item["track"]["genres"][0] for item in radio["items"]} == {"Metal", "Ambient"}


def test_radio_of_what_one_likes(ann: Browser, settle: Callable[[], None]) -> None:
    ann.get("/radio?seed=liked", expect=404)
    ann.call("PUT", "/tracks/tr-loud11/feedback", {"value": "like"}, expect=202)
    settle()
    radio = ann.get("/radio?seed=liked&limit=2")
    assert radio["title"] == "What you like radio"
    assert all(item["track"]["id"].startswith("tr-loud") for item in radio["items"])


def test_a_radio_is_steered_by_what_is_skipped(ann: Browser, listen: Callable[..., None]) -> None:
    seeds = "seed=track:tr-loud11&seed=track:tr-calm11"
    listen(ended("tr-calm11"), ended("tr-loud11"))
    listen(skipped("tr-loud12"), skipped("tr-loud13"), skipped("tr-loud21"))
    items = ann.get(f"/radio?{seeds}&limit=3&exclude=tr-loud12,tr-loud13,tr-loud21")["items"]
    assert [item["track"]["genres"][0] for item in items] == ["Ambient"] * 3


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"seed": "album:al-loud1"}, 3),
        ({"seed": "genre:Metal"}, 6),
        ({"seed": "genre:Metal", "limit": 4}, 4),
        ({"seed": "genre:Metal", "exclude": ["tr-loud11", "tr-loud12"]}, 4),
        ({"track_ids": ["tr-loud11", "tr-calm11"]}, 2),
    ],
)
def test_a_smart_shuffle_holds_each_track_once(
    ann: Browser, body: dict[str, object], count: int
) -> None:
    shuffled = ann.call("POST", "/answers/shuffle", body)
    assert shuffled["surface"] == "shuffle"
    ids = [item["track"]["id"] for item in shuffled["items"]]
    assert len(ids) == len(set(ids)) == count
    assert not {"tr-loud11", "tr-loud12"} & set(ids) or "exclude" not in body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"seed": "genre:Metal", "track_ids": ["tr-loud11"]}, 422),
        ({"seed": "mood:happy"}, 422),
        ({"track_ids": ["x"] * 2001}, 422),
        ({"seed": "genre:Metal", "limit": 501}, 422),
        ({"album": "al-loud1"}, 422),
        ({"track_ids": ["tr-no"]}, 404),
        ({"seed": "album:al-no"}, 404),
        ({"seed": "playlist:pl-no"}, 404),
    ],
)
def test_a_shuffle_of_nothing_or_of_nonsense_is_refused(
    ann: Browser, body: dict[str, object], status: int
) -> None:
    ann.call("POST", "/answers/shuffle", body, expect=status)


def test_radio_of_a_track_nobody_has_listened_to_yet_goes_by_its_tags(
    ann: Browser, store: Store
) -> None:
    store.delete_many(FEATURES, [features.id for features in store.find(FEATURES)])
    items = ann.get("/radio?seed=track:tr-loud11&limit=3")["items"]
    assert {item["reasons"][0] for item in items} <= {"By the same artist", "In the same genre"}
    assert all(item["track"]["genres"] == ["Metal"] for item in items)


@pytest.mark.parametrize(
    "seed", ["track:tr-no", "genre:Polka", "artist:ar-no", "album:al-no", "playlist:pl-no"]
)
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
    ann: Browser, listen: Callable[..., None], log_in: Callable[..., Browser]
) -> None:
    listen(ended("tr-loud11"), ended("tr-loud11"), ended("tr-calm11"))
    loved = rows(log_in("ben"))["loved"]["items"]
    assert [item["track"]["id"] for item in loved] == ["tr-loud11", "tr-calm11"]  # type: ignore[attr-defined]


def test_answers_go_by_the_table_of_weights_that_the_settings_name(
    library: Store, log: EventLog, tmp_path: Path
) -> None:
    (file := tmp_path / "weights.json").write_text('{"completed": 0.25}')
    app = create_app(Settings(data=tmp_path, weights=file), library, log)
    assert app.extensions["antiphon"].models.now.weights == Weights(completed=0.25)
    app.extensions["antiphon"].showings.close()
