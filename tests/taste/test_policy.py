"""The policy keeps an answer varied: artists, what is new, what comes back; and says how likely."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.taste.generators import Candidate
from antiphon.taste.policy import IN_ORDER, PLAIN, POLICY, Policy, bent, composed, leaning

# The places as they are without any chance.
CERTAIN = replace(POLICY, temperature=0.0, curiosity=0.0)


def candidates(letter: str, count: int) -> list[Candidate]:
    return [Candidate(f"{letter}{n}", 1.0 - n / 100, "content") for n in range(count)]


def ids(chosen: list[Candidate]) -> list[str]:
    return [candidate.track_id for candidate in chosen]


def alone(track_id: str) -> tuple[str, ...]:
    return (track_id,)


def by_three(track_id: str) -> tuple[str, ...]:
    return (f"artist {int(track_id[1:]) // 3}",)


def test_at_most_two_of_an_artist_unless_nothing_else_is_left() -> None:
    ranked = candidates("t", 10)
    artists = {c.track_id: ("solo" if n < 5 else f"artist{n}",) for n, c in enumerate(ranked)}
    chosen = composed(ranked, artists.__getitem__, exclude={"t0"}, limit=6, policy=CERTAIN).items
    assert ids(chosen) == ["t1", "t2", "t5", "t6", "t7", "t8"]
    full = composed(ranked, artists.__getitem__, limit=10, policy=CERTAIN).items
    assert sorted(ids(full)) == sorted(artists)
    assert sum(artists[c.track_id] == ("solo",) for c in full[:7]) == POLICY.per_artist


def test_a_tenth_of_the_places_is_for_the_unknown_and_a_fifth_for_what_is_due() -> None:
    parts = {"unknown": candidates("u", 30), "due": candidates("d", 30)}
    for seed in range(20):
        mixed = composed(candidates("k", 60), alone, limit=50, seed=seed, **parts).items
        letters = Counter(id[0] for id in ids(mixed))
        assert letters["u"] == pytest.approx(5, abs=1)
        assert letters["d"] == pytest.approx(10, abs=1)
        # Each kind in its own order, and nowhere many of one kind together.
        assert [id for id in ids(mixed) if id[0] == "d"] == [f"d{n}" for n in range(letters["d"])]
        assert "uu" not in "".join(id[0] for id in ids(mixed))


def test_who_hears_only_the_first_of_every_answer_hears_all_kinds() -> None:
    parts = {"unknown": candidates("u", 5), "due": candidates("d", 5)}
    firsts = Counter(
        composed(candidates("k", 20), alone, limit=4, seed=seed, **parts).items[0].track_id[0]
        for seed in range(1000)
    )
    assert firsts["u"] / 1000 == pytest.approx(POLICY.explore, abs=0.05)
    assert firsts["d"] / 1000 == pytest.approx(POLICY.returns, abs=0.05)


def test_what_is_unknown_is_drawn_by_how_much_it_may_be_wanted() -> None:
    firsts = Counter(
        composed([], alone, limit=1, seed=seed, unknown=candidates("u", 5)).items[0].track_id
        for seed in range(600)
    )
    assert firsts["u0"] > 2 * firsts["u4"] > 0


def test_where_a_kind_runs_out_the_others_fill_its_places() -> None:
    parts = {"unknown": candidates("u", 2), "due": candidates("d", 3), "rest": candidates("r", 9)}
    mixed = composed(candidates("k", 2), alone, limit=10, policy=CERTAIN, **parts).items
    assert {*ids(mixed)[:7]} == {"k0", "k1", "u0", "u1", "d0", "d1", "d2"}
    assert ids(mixed)[7:] == ["r0", "r1", "r2"]


def test_a_track_that_is_due_and_ranked_comes_once() -> None:
    both = candidates("k", 4)
    assert ids(composed(both, alone, limit=9, due=both, policy=CERTAIN).items) == [
        *("k0", "k1", "k2", "k3"),
    ]


def test_the_plain_policy_is_the_ranking() -> None:
    ranked = candidates("k", 30)
    same_artist = composed(ranked, lambda _: ("solo",), limit=20, policy=PLAIN).items
    assert same_artist == ranked[:20]


def test_a_list_in_order_is_still_varied_by_artists() -> None:
    chosen = composed(candidates("k", 9), by_three, limit=6, policy=IN_ORDER).items
    assert ids(chosen) == ["k0", "k1", "k3", "k4", "k6", "k7"]
    assert {one.probability for one in chosen} == {1.0}


@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=40),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
)
def test_whatever_is_there_the_rules_hold(
    scores: list[float], limit: int, seed: int, discover: float
) -> None:
    ranked = [Candidate(f"t{n}", score, "content") for n, score in enumerate(sorted(scores)[::-1])]
    others = {"unknown": candidates("u", 5), "due": candidates("d", 3), "rest": candidates("r", 4)}
    excluded = {"t0", "u1", "d2", "r3"}
    choice = composed(
        ranked,
        by_three,
        limit=limit,
        exclude=excluded,
        policy=bent(POLICY, discover),
        seed=seed,
        **others,
    )
    found = ids(choice.items)
    there = {*ids(ranked), *(id for kind in others.values() for id in ids(kind))} - excluded
    assert len(found) == len(set(found)) == min(limit, len(there))
    assert set(found) <= there
    assert all(0 < one.probability <= 1 for one in choice.items)
    # Over the limit of an artist only when all others are there.
    counts = Counter(by_three(id)[0] for id in found)
    if any(count > POLICY.per_artist for count in counts.values()):
        left = there - set(found)
        assert all(counts[by_three(id)[0]] >= POLICY.per_artist for id in left)


def test_the_same_seed_gives_the_same_order_and_another_one_another() -> None:
    def order(seed: int) -> list[str]:
        return ids(composed(candidates("k", 60), alone, limit=30, seed=seed).items)

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_how_likely_a_place_was_is_how_often_it_comes_out_so() -> None:
    """Over many seeds: the second place after a given first, artists' limits and all kinds."""
    hot = replace(POLICY, temperature=1.0, per_artist=1, pool=6)
    ranked, unknown = candidates("t", 8), candidates("u", 3)
    seen: dict[tuple[str, ...], Counter[str]] = {}
    said: dict[tuple[str, ...], dict[str, float]] = {}
    for seed in range(4000):
        items = composed(ranked, by_three, limit=4, unknown=unknown, policy=hot, seed=seed).items
        for place in range(3):
            # What came before, and of which kind the track is.
            before = (*ids(items[:place]), items[place].track_id[0])
            seen.setdefault(before, Counter())[items[place].track_id] += 1
            said.setdefault(before, {})[items[place].track_id] = items[place].probability
    often = {before: counts for before, counts in seen.items() if counts.total() >= 200}
    assert len(often) > 5
    for before, counts in often.items():
        total = counts.total()
        assert sum(said[before].values()) == pytest.approx(1, abs=0.02)
        for id, likely in said[before].items():
            error = 5 * np.sqrt(likely * (1 - likely) / total) + 1e-9
            assert counts[id] / total == pytest.approx(likely, abs=error), (before, id)


def test_the_slider_goes_from_only_the_known_to_only_the_unknown() -> None:
    known, ranked = {f"t{n}" for n in range(0, 60, 2)}, candidates("t", 60)
    shares = []
    for discover in (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0):
        leaned = leaning(ranked, known.__contains__, discover)
        policy = bent(POLICY, discover)
        drawn = [
            composed(leaned, alone, limit=20, policy=policy, seed=seed).items for seed in range(30)
        ]
        new = sum(one.track_id not in known for items in drawn for one in items)
        shares.append(new / (20 * 30))
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert 0.3 < shares[3] < 0.7


def test_the_slider_moves_places_from_what_returns_to_what_is_unknown() -> None:
    parts = {"unknown": candidates("u", 50), "due": candidates("d", 50)}

    def count(discover: float, letter: str) -> int:
        policy: Policy = bent(POLICY, discover)
        items = composed(candidates("k", 60), alone, limit=50, policy=policy, **parts).items
        return sum(id.startswith(letter) for id in ids(items))

    stops = (0.0, 0.25, 0.5, 0.75, 1.0)
    assert [count(stop, "u") for stop in stops] == pytest.approx([0, 2.5, 5, 7.5, 10], abs=1)
    assert [count(stop, "d") for stop in stops] == pytest.approx([20, 15, 10, 5, 0], abs=1)
    assert count(0.0, "u") == count(1.0, "d") == 0
    assert bent(POLICY, 0.5) == POLICY
