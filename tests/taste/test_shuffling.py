"""A shuffled list is whole, varied and in another order each time; how likely it was is known."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.taste.shuffling import ARTIST_GAP, shuffled


def order(
    artists: list[str], scores: list[float] | None = None, seed: int = 0, albums: str = ""
) -> list[int]:
    found = shuffled(
        scores or [0.0] * len(artists),
        artists,
        list(albums) or [""] * len(artists),
        np.random.default_rng(seed),
    )
    return [place for place, _ in found]


@given(st.lists(st.sampled_from("abcde"), max_size=30), st.integers(0, 2**32 - 1))
def test_nobody_comes_twice_in_a_row_unless_there_is_no_other_way(
    artists: list[str], seed: int
) -> None:
    found = order(artists, seed=seed)
    assert sorted(found) == list(range(len(artists)))
    names = [artists[place] for place in found]
    pairs = sum(one == other for one, other in pairwise(names))
    most = max(Counter(artists).values(), default=0)
    assert pairs == max(0, 2 * most - len(artists) - 1)


def test_where_there_are_artists_enough_others_come_between() -> None:
    names = list("abcdefgh") * 5
    for seed in range(20):
        found = [names[place] for place in order(names, seed=seed)]
        # At the end there may be few left to choose from.
        for place in range(25):
            assert found[place] not in found[place + 1 : place + 1 + ARTIST_GAP]


def test_albums_of_one_artist_are_mixed() -> None:
    albums = "xxxxyyyyzzzz"
    for seed in range(20):
        found = [albums[place] for place in order([""] * 12, seed=seed, albums=albums)]
        assert all(one != other for one, other in pairwise(found[:7]))


def test_what_is_wanted_most_comes_early_but_not_always_first() -> None:
    scores = [2.0, *[0.0] * 19]
    places = [order([""] * 20, scores, seed).index(0) for seed in range(200)]
    # Any order at all would have it at place 9.5 in the mean.
    assert np.mean(places) < 5
    assert len({*places}) > 5


def test_an_order_is_as_likely_as_it_says() -> None:
    firsts: Counter[int] = Counter()
    said: dict[int, float] = {}
    for seed in range(2000):
        (place, likely), *_ = shuffled(
            [1.0, 0.0, -1.0], list("aab"), [""] * 3, np.random.default_rng(seed)
        )
        firsts[place] += 1
        said[place] = likely
    # Two of three by one artist: one of them has to come now.
    assert said[0] == pytest.approx(np.e / (np.e + 1))
    assert firsts[0] / 2000 == pytest.approx(said[0], abs=0.05)
    assert firsts[2] == 0


def test_one_artist_alone_is_shuffled_too_and_nothing_is_nothing() -> None:
    assert sorted(order(["a"] * 5)) == list(range(5))
    assert order([]) == []
