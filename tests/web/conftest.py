"""The Flask application over a real store, with a small library and listeners who are logged in.

Four albums of three tracks in two styles: Calm I, Calm II (ambient, quiet features) by Ann and Ben,
Loud I, Loud II (metal, loud features) by Cat and Dan.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import argon2
import flask
import numpy as np
import pytest
from flask.testing import FlaskClient

from antiphon.audio.features import FEATURE_SETS
from antiphon.events import EventLog, Topic, open_event_log
from antiphon.library.names import artist_id, sort_key
from antiphon.live import worker
from antiphon.live.budget import Budget
from antiphon.live.models import Models
from antiphon.model import Album, Artist, AudioFormat, Credit, Features, Track
from antiphon.ops import users
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, ARTISTS, FEATURES, TRACKS
from antiphon.web.app import create_app
from browser import PASSWORD, Browser

SET = FEATURE_SETS["summary/1"]
STYLES = {"Ambient": ("Calm", ("Ann", "Ben"), 0.0), "Metal": ("Loud", ("Cat", "Dan"), 8.0)}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the least effort that argon2 knows; there are many in these tests."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(users, "_hasher", quick)


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let answers take their time: what they are must not depend on what else the machine does."""
    begin = Budget.__init__
    monkeypatch.setattr(Budget, "__init__", lambda budget, _ms: begin(budget, 0))


@pytest.fixture
def log(store: Store) -> EventLog:
    return open_event_log("local:", store)


@pytest.fixture
def library(store: Store) -> Store:
    noise = np.random.default_rng(1)
    for genre, (word, artists, level) in STYLES.items():
        for number, name in enumerate(artists, 1):
            tracks = [_track(f"{word} {number}", genre, name, n) for n in (1, 2, 3)]
            vectors = [_vector(noise, level) for _ in tracks]
            store.put_many(TRACKS, tracks)
            store.put(ALBUMS, _album(tracks))
            store.put(
                ARTISTS,
                Artist(
                    id=artist_id(name), name=name, sort=sort_key(name), album_count=1, track_count=3
                ),
            )
            store.put_many(
                FEATURES,
                [
                    Features(
                        id=f"{track.id}:{SET.name}",
                        track_id=track.id,
                        name=SET.name,
                        vector=vector,
                        at=n,
                    )
                    for n, (track, vector) in enumerate(zip(tracks, vectors, strict=True))
                ],
            )
    return store


def _vector(noise: np.random.Generator, level: float) -> bytes:
    return noise.normal(level, 1, len(SET.columns)).astype(SET.dtype).tobytes()


def _track(album: str, genre: str, artist: str, n: int) -> Track:
    slug = album.lower().replace(" ", "")
    credit = Credit(id=artist_id(artist), name=artist)
    return Track(
        id=f"tr-{slug}{n}",
        title=f"{album} {n}",
        sort=f"{album} {n}".lower(),
        artists=(credit,),
        artist_ids=(credit.id,),
        album_id=f"al-{slug}",
        album=album,
        album_artists=(credit,),
        track_no=n,
        genres=(genre,),
        duration_ms=200_000,
        format=AudioFormat(codec="mp3", mime="audio/mpeg"),
        added_at=n,
        features=SET.name,
    )


def _album(tracks: list[Track]) -> Album:
    first = tracks[0]
    return Album(
        id=first.album_id,
        title=first.album,
        sort=first.album.lower(),
        artists=first.artists,
        artist_ids=first.artist_ids,
        artist_sort=first.artists[0].name.lower(),
        genres=first.genres,
        track_count=len(tracks),
        disc_count=1,
        duration_ms=sum(track.duration_ms for track in tracks),
        added_at=len(first.album),
    )


@pytest.fixture
def app(library: Store, log: EventLog, tmp_path: Path) -> Iterator[flask.Flask]:
    app = create_app(Settings(data=tmp_path), library, log)
    yield app
    app.extensions["antiphon"].showings.close()


@pytest.fixture
def client(app: flask.Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.fixture
def log_in(app: flask.Flask, store: Store) -> Callable[..., Browser]:
    def log_in(name: str, role: Any = "listener") -> Browser:
        if users.find(store, name) is None:
            users.add(store, name, PASSWORD, role)
        client = app.test_client()
        answer = client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert answer.json
        return Browser(client, answer.json["csrf_token"], answer.json["user"]["id"])

    return log_in


@pytest.fixture
def ann(log_in: Callable[..., Browser]) -> Browser:
    return log_in("ann")


@pytest.fixture
def admin(log_in: Callable[..., Browser]) -> Browser:
    return log_in("root", "admin")


@pytest.fixture
def settle(app: flask.Flask, store: Store, log: EventLog) -> Callable[[], None]:
    """Let the live worker work off everything that has happened so far."""
    models = Models(store)

    def settle() -> None:
        app.extensions["antiphon"].showings.flush()
        with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
            while batch := consumer.poll(0.01):
                worker.handle(store, log, models, batch)
                consumer.commit(batch)

    return settle


@pytest.fixture
def listen(ann: Browser, settle: Callable[[], None]) -> Callable[..., None]:
    """Let things happen in Ann's player, and the live worker answer them."""

    def listen(*events: dict[str, Any]) -> None:
        ann.call("POST", "/events", {"events": list(events)}, expect=202)
        settle()

    return listen
