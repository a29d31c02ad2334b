"""The models and the policy on toys whose right answer is known by eye."""

import numpy as np
import pytest

from antiphon.model import Familiarity, Listen
from antiphon.taste import generators
from antiphon.taste.content import ContentModel, affinities, fit, spread
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Candidate, Reason
from antiphon.taste.listener import Evidence, ListenerState, listen_weight, state_of
from antiphon.taste.policy import PER_ARTIST, varied


def checkerboard(tracks: int = 12) -> ContentModel:
    """Even tracks sound alike, odd tracks sound alike, and the two kinds are opposites."""
    noise = np.random.default_rng(0)
    return fit(
        {
            "summary/1": {
                f"t{n}": (np.full(8, 1.0 if n % 2 else -1.0) + noise.normal(0, 0.1, 8)).astype("f4")
                for n in range(tracks)
            }
        }
    )


def listen(track_id: str, ended: str = "completed", played_ms: int = 200_000) -> Listen:
    return Listen(
        id=f"{track_id}{ended}",
        user_id="ann",
        track_id=track_id,
        at=0,
        played_ms=played_ms,
        duration_ms=200_000,
        ended=ended,  # type: ignore[arg-type]
        played=played_ms >= 100_000,
    )


def feedback(value: str, track_id: str = "t0") -> Familiarity:
    return Familiarity(id=track_id, user_id="ann", track_id=track_id, feedback=value)  # type: ignore[arg-type]


def parity(track_id: str) -> int:
    return int(track_id[1:]) % 2


def test_what_was_finished_brings_its_like_and_skips_drive_theirs_away() -> None:
    state = state_of("ann", [listen("t0"), listen("t1", "skipped", 5_000)], [], 1)
    found = generators.by_content(checkerboard(), state.evidence, 20)
    assert found
    assert all(parity(candidate.track_id) == 0 for candidate in found)
    assert found[0].reasons[0] == Reason("finished", "t0")


def test_removing_the_named_reason_lowers_the_score() -> None:
    model = checkerboard()
    evidence = [Evidence("t0", 1.0, "liked"), Evidence("t2", 0.2, "finished")]
    best = next(c for c in generators.by_content(model, evidence, 20) if c.track_id == "t4")
    assert best.reasons[0] == Reason("liked", "t0")
    without = affinities(model, [item for item in evidence if item.track_id != "t0"])
    assert without.total[model.rows["t4"]] < best.score


def test_nobody_known_is_shown_opposites_first() -> None:
    shown = spread(checkerboard(), 2, seed=7)
    assert {parity(id) for id in shown} == {0, 1}
    assert spread(checkerboard(), 2, seed=7) == shown


@pytest.mark.parametrize("tracks", [0, 1, 2, 40])
@pytest.mark.parametrize("kind", ["nothing", "one play", "only skips", "unknown tracks"])
def test_the_small_and_the_odd_break_nothing(tracks: int, kind: str) -> None:
    model = checkerboard(tracks)
    evidence = {
        "nothing": (),
        "one play": (Evidence("t0", 1.0, "finished"),),
        "only skips": tuple(Evidence(f"t{n}", -1.0, "skipped") for n in range(tracks)),
        "unknown tracks": (Evidence("gone", 1.0, "liked"),),
    }[kind]
    found = generators.by_content(model, evidence, 10)
    assert all(np.isfinite(candidate.score) for candidate in found)
    state = ListenerState("ann", evidence, ("t0",))
    assert len(generators.to_spread(model, state, 5, seed=1)) == min(5, max(tracks - 1, 0))


@pytest.mark.parametrize(
    ("ended", "played_ms", "sign"),
    [
        ("completed", 200_000, 1),
        ("stopped", 150_000, 1),
        ("stopped", 10_000, 0),
        ("skipped", 10_000, -1),
        ("skipped", 60_000, -1),
        ("skipped", 190_000, -1),
    ],
)
def test_how_a_listen_ended_speaks_for_or_against(ended: str, played_ms: int, sign: int) -> None:
    weight, _ = listen_weight(listen("t0", ended, played_ms))
    assert np.sign(weight) == sign


def test_an_early_skip_says_more_than_a_late_one() -> None:
    weights = [listen_weight(listen("t0", "skipped", ms))[0] for ms in (5_000, 60_000, 190_000)]
    assert weights == sorted(weights)


def test_the_latest_listens_speak_loudest() -> None:
    state = state_of(
        "ann", [listen("new"), *(listen(f"m{n}") for n in range(20)), listen("old")], [], 9
    )
    weights = {item.track_id: item.weight for item in state.evidence}
    assert weights["new"] > weights["m10"] > weights["old"] > 0


def test_a_dislike_is_refused_and_taken_back_it_is_not() -> None:
    assert state_of("ann", [], [feedback("dislike")], 0).disliked == {"t0"}
    assert state_of("ann", [], [], 0).disliked == frozenset()


def test_at_most_two_of_an_artist_unless_nothing_else_is_left() -> None:
    candidates = [Candidate(f"t{n}", 1.0 - n / 100, "content") for n in range(10)]
    artists = {c.track_id: ("solo" if n < 5 else f"artist{n}",) for n, c in enumerate(candidates)}
    chosen = varied(candidates, artists.__getitem__, exclude={"t0"}, limit=6)
    assert [c.track_id for c in chosen] == ["t1", "t2", "t5", "t6", "t7", "t8"]
    full = varied(candidates, artists.__getitem__, exclude=(), limit=10)
    assert sorted(c.track_id for c in full) == sorted(artists)
    assert sum(artists[c.track_id] == ("solo",) for c in full[:7]) == PER_ARTIST


def test_every_fifth_place_goes_to_the_unknown() -> None:
    known = [Candidate(f"k{n}", 0, "content") for n in range(8)]
    unknown = [Candidate(f"u{n}", 0, "spread") for n in range(3)]
    mixed = varied(known, lambda track_id: (track_id,), exclude={"k1"}, limit=20, unknown=unknown)
    assert [c.track_id for c in mixed] == [
        *("k0", "k2", "k3", "k4", "u0"),
        *("k5", "k6", "k7", "u1", "u2"),
    ]


def test_a_track_is_no_reason_for_itself() -> None:
    found = generators.by_content(checkerboard(), [Evidence("t0", 2.0, "liked")], 20)
    assert "t0" not in {candidate.track_id for candidate in found}


def test_a_reason_whose_track_is_gone_is_not_said() -> None:
    assert in_words(Reason("liked", "gone"), lambda _id: "") == ""
    assert in_words(Reason("new"), lambda _id: "") == "New to you"


def test_not_for_me_outweighs_every_listen_before_it() -> None:
    state = state_of("ann", [listen("t0")] * 3, [feedback("dislike")], 3)
    (item,) = state.evidence
    assert (item.weight, item.why) == (-2.0, "disliked")


def test_a_skip_of_a_favourite_leaves_it_wanted_and_the_reason_is_why() -> None:
    listens = [listen("t0", "skipped", 5_000), *[listen("t0")] * 3]
    (item,) = state_of("ann", listens, [], 3).evidence
    assert item.weight > 0
    assert item.why == "finished"
