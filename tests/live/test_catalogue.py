"""What is popular: what was played here lately, then what an archive counted."""

import pytest

from antiphon.live import catalogue
from antiphon.model import Listen, Track, now_ms
from antiphon.store import Store
from antiphon.store.schema import LISTENS, TRACKS


def keep_tracks(store: Store, **prior_plays: int) -> None:
    store.put_many(
        TRACKS, [Track(id=id, title=id, sort=id, prior_plays=n) for id, n in prior_plays.items()]
    )


def keep_plays(store: Store, **plays: int) -> None:
    for id, count in plays.items():
        store.put_many(LISTENS, [played(id, n) for n in range(count)])


def played(track_id: str, n: int) -> Listen:
    return Listen(
        id=f"ann:{track_id}{n}",
        user_id="ann",
        track_id=track_id,
        at=now_ms(),
        played_ms=1000,
        duration_ms=1000,
        ended="completed",
        played=True,
    )


def test_what_was_played_here_comes_before_what_an_archive_counted(store: Store) -> None:
    keep_tracks(store, quiet=0, known=10, famous=900, here=20, often=0)
    store.put(TRACKS, Track(id="gone", title="", sort="", prior_plays=9000, missing=True))
    keep_plays(store, here=1, often=3)
    assert catalogue.most_played(store) == ["often", "here", "famous", "known"]


def test_where_enough_was_played_here_no_archive_is_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "POPULAR", 2)
    keep_tracks(store, famous=900, known=10, here=0, often=0)
    keep_plays(store, here=1)
    assert catalogue.most_played(store) == ["here", "famous"]
    keep_plays(store, here=1, often=2)
    assert catalogue.most_played(store) == ["often", "here"]
