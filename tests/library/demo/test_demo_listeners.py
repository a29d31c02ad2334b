"""The demo library's listeners: their tastes show in what they heard."""

from collections import Counter

import numpy as np
import pytest

from antiphon.library.demo.listeners import (
    PERSONAS,
    SimulatedListener,
    liking,
    likings,
    simulate,
    skipped_after,
    staying,
)
from antiphon.library.demo.styles import STYLES
from antiphon.model import Track

NOW = 1_760_000_000_000
TRACKS = [
    Track(id=f"tr-{n}-{genre}", title="", sort="", genres=(genre,), duration_ms=30_000)
    for genre in STYLES
    for n in range(15)
]


@pytest.fixture(scope="module")
def listeners() -> list[SimulatedListener]:
    return list(simulate(TRACKS, seed=1, now_ms=NOW))


def test_the_same_seed_gives_the_same_histories(listeners: list[SimulatedListener]) -> None:
    assert list(simulate(TRACKS[::-1], seed=1, now_ms=NOW)) == listeners
    assert list(simulate(TRACKS, seed=2, now_ms=NOW)) != listeners


def test_listens_are_in_order_do_not_overlap_and_lie_in_the_last_eight_weeks(
    listeners: list[SimulatedListener],
) -> None:
    for listener in listeners:
        assert 150 <= len(listener.listens) <= 1500
        end = NOW - 57 * 24 * 3600 * 1000
        for listen in listener.listens:
            assert listen.at >= end
            assert 0 <= listen.played_ms <= 30_000
            assert (listen.ended == "completed") == (listen.played_ms == 30_000)
            end = listen.at + listen.played_ms
        assert end <= NOW


def test_everybody_hears_most_of_what_they_like_best(listeners: list[SimulatedListener]) -> None:
    for listener, persona in zip(listeners, PERSONAS, strict=True):
        heard = Counter(listen.track_id.split("-", 2)[2] for listen in listener.listens)
        liked = max(persona.affinity.values())
        favourites = {genre for genre, share in persona.affinity.items() if share == liked}
        assert heard.most_common(1)[0][0] in favourites


def test_what_is_disliked_is_skipped_more_often(listeners: list[SimulatedListener]) -> None:
    for listener, persona in zip(listeners, PERSONAS, strict=True):
        skips: dict[bool, list[bool]] = {True: [], False: []}
        for listen in listener.listens:
            genre = listen.track_id.split("-", 2)[2]
            skips[persona.affinity.get(genre, 0.2) > 0.5].append(listen.ended == "skipped")
        liked, other = skips[True], skips[False]
        assert sum(liked) / len(liked) < sum(other) / len(other)


def test_there_are_repeats_likes_and_dislikes(listeners: list[SimulatedListener]) -> None:
    listens = [listen for listener in listeners for listen in listener.listens]
    assert {listen.feedback for listen in listens} == {None, "like", "dislike"}
    for listener in listeners:
        assert max(Counter(listen.track_id for listen in listener.listens).values()) > 3


def test_an_empty_catalogue_gives_listeners_without_listens() -> None:
    silent = list(simulate([], seed=1, now_ms=NOW))
    assert [listener.name for listener in silent] == [persona.name for persona in PERSONAS]
    assert not any(listener.listens for listener in silent)


def test_tracks_without_genre_or_length_are_heard_too() -> None:
    bare = [Track(id="tr-1", title="", sort="")]
    assert all(listener.listens for listener in simulate(bare, seed=1, now_ms=NOW))


def test_what_is_liked_more_is_heard_out_more_often_by_everybody() -> None:
    for persona in PERSONAS:
        chances = [staying(persona, liked) for liked in (0.02, 0.3, 0.6, 1.0)]
        assert chances == sorted(chances)
        assert 0 < chances[0] < chances[-1] <= 1


def test_likings_are_of_the_genre_and_a_little_of_each_track() -> None:
    chance = np.random.default_rng(0)
    for persona in PERSONAS:
        liked = likings(persona, TRACKS, chance)
        of_genre = np.array([liking(persona, track) for track in TRACKS])
        assert np.corrcoef(liked, of_genre)[0, 1] > 0.7
        assert len(set(liked)) > len(TRACKS) / 2


def test_a_skip_comes_early_and_before_the_end() -> None:
    chance = np.random.default_rng(0)
    shares = [skipped_after(chance) for _ in range(2000)]
    assert 0.2 < np.mean(shares) < 0.3
    assert 0 < min(shares) < max(shares) < 1
