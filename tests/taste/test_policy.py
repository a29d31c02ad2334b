"""The policy keeps an answer varied: artists, what is new, what comes back."""

from antiphon.taste.generators import Candidate
from antiphon.taste.policy import PER_ARTIST, varied


def candidates(letter: str, count: int) -> list[Candidate]:
    return [Candidate(f"{letter}{n}", 1.0 - n / 100, "content") for n in range(count)]


def ids(chosen: list[Candidate]) -> list[str]:
    return [candidate.track_id for candidate in chosen]


def alone(track_id: str) -> tuple[str, ...]:
    return (track_id,)


def test_at_most_two_of_an_artist_unless_nothing_else_is_left() -> None:
    ranked = candidates("t", 10)
    artists = {c.track_id: ("solo" if n < 5 else f"artist{n}",) for n, c in enumerate(ranked)}
    chosen = varied(ranked, artists.__getitem__, exclude={"t0"}, limit=6)
    assert ids(chosen) == ["t1", "t2", "t5", "t6", "t7", "t8"]
    full = varied(ranked, artists.__getitem__, exclude=(), limit=10)
    assert sorted(ids(full)) == sorted(artists)
    assert sum(artists[c.track_id] == ("solo",) for c in full[:7]) == PER_ARTIST


def test_every_fifth_place_goes_to_the_unknown() -> None:
    known, unknown = candidates("k", 8), candidates("u", 3)
    mixed = varied(known, alone, exclude={"k1"}, limit=20, unknown=unknown)
    assert ids(mixed) == [
        *("k0", "k2", "k3", "k4", "u0"),
        *("k5", "k6", "k7", "u1", "u2"),
    ]


def test_one_place_of_five_goes_to_what_is_due_again() -> None:
    parts = {"unknown": candidates("u", 2), "due": candidates("d", 2)}
    mixed = varied(candidates("k", 20), alone, exclude=(), limit=12, **parts)
    assert ids(mixed) == [
        *("k0", "k1", "d0", "k2", "u0"),
        *("k3", "k4", "d1", "k5", "u1"),
        *("k6", "k7"),
    ]


def test_what_is_due_fills_an_answer_before_what_is_unknown() -> None:
    mixed = varied(
        [], alone, exclude=(), limit=5, unknown=candidates("u", 2), due=candidates("d", 9)
    )
    assert sorted(ids(mixed)) == ["d0", "d1", "d2", "d3", "u0"]


def test_a_track_that_is_due_and_ranked_comes_once() -> None:
    both = candidates("k", 4)
    assert ids(varied(both, alone, exclude=(), limit=9, due=both)) == ["k0", "k1", "k2", "k3"]
