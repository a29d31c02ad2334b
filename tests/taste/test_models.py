"""What is known of a listener, and what is proposed from it, on toys whose answer is plain."""

from collections.abc import Sequence

import numpy as np
import pytest

from antiphon.model import Familiarity, Listen
from antiphon.taste import generators
from antiphon.taste.content import ContentModel, located, spread
from antiphon.taste.ensemble import assembled
from antiphon.taste.generators import Candidate
from antiphon.taste.listener import (
    Evidence,
    ListenerState,
    history_of,
    sitting,
    state_of,
)
from antiphon.taste.memory import remembered
from antiphon.taste.reasons import Reason
from antiphon.taste.weights import listen_weight


def checkerboard(tracks: int = 12) -> ContentModel:
    """Even tracks sound alike, odd tracks sound alike, and the two kinds are opposites."""
    noise = np.random.default_rng(0)
    return located(
        {
            "summary/1": {
                f"t{n}": (np.full(8, 1.0 if n % 2 else -1.0) + noise.normal(0, 0.1, 8)).astype("f4")
                for n in range(tracks)
            }
        }
    )


def by_sound(model: ContentModel, told: list[Evidence]) -> list[Candidate]:
    proposal = generators.by_taste(assembled({"content": (model, 1.0)}), told, now=9, limit=20)
    return proposal.with_reasons(proposal.candidates)


def listen(
    track_id: str, ended: str = "completed", played_ms: int = 200_000, at: int = 0
) -> Listen:
    return Listen(
        id=f"{track_id}{ended}",
        user_id="ann",
        track_id=track_id,
        at=at,
        played_ms=played_ms,
        duration_ms=200_000,
        ended=ended,  # type: ignore[arg-type]
        played=played_ms >= 100_000,
    )


def feedback(value: str, track_id: str = "t0", at: int = 0) -> Familiarity:
    return Familiarity(
        id=track_id,
        user_id="ann",
        track_id=track_id,
        feedback=value,  # type: ignore[arg-type]
        feedback_at=at,
    )


def told(
    listens: Sequence[Listen], said: Sequence[Familiarity] = (), plays: int = 0, now: int = 0
) -> ListenerState:
    """Return Ann's state after these listens, latest first."""
    return state_of("ann", remembered(listens[::-1], said, plays, None), now)


def parity(track_id: str) -> int:
    return int(track_id[1:]) % 2


def test_what_was_finished_brings_its_like_and_skips_drive_theirs_away() -> None:
    state = told([listen("t0"), listen("t1", "skipped", 5_000)], [], 1)
    found = by_sound(checkerboard(), list(state.told))
    assert found
    assert all(parity(candidate.track_id) == 0 for candidate in found)
    assert found[0].reasons[0] == Reason("finished", "t0")


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
    found = by_sound(model, list(evidence))
    assert all(np.isfinite(candidate.score) for candidate in found)
    state = ListenerState("ann", tuple(evidence), ("t0",))
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
    state = told([listen("new"), *(listen(f"m{n}") for n in range(20)), listen("old")], [], 9)
    weights = {item.track_id: item.weight for item in state.evidence}
    assert weights["new"] > weights["m10"] > weights["old"] > 0


def test_a_dislike_is_refused_and_taken_back_it_is_not() -> None:
    assert told([], [feedback("dislike")], 0).disliked == {"t0"}
    assert told([], [], 0).disliked == frozenset()


def test_a_track_is_no_reason_for_itself() -> None:
    found = by_sound(checkerboard(), [Evidence("t0", 2.0, "liked"), Evidence("t2", 1.0, "liked")])
    assert all(reason.track_id != one.track_id for one in found for reason in one.reasons)
    alone = by_sound(checkerboard(), [Evidence("t0", 2.0, "liked")])
    assert "t0" not in {candidate.track_id for candidate in alone}


def test_not_for_me_outweighs_every_listen_before_it() -> None:
    state = told([listen("t0")] * 3, [feedback("dislike")], 3)
    (item,) = state.evidence
    assert (item.weight, item.why) == (-2.0, "disliked")


def test_a_skip_of_a_favourite_leaves_it_wanted_and_the_reason_is_why() -> None:
    listens = [listen("t0", "skipped", 5_000), *[listen("t0")] * 3]
    (item,) = told(listens, [], 3).evidence
    assert item.weight > 0
    assert item.why == "finished"


def test_a_history_holds_every_listen_and_word_in_the_order_of_time() -> None:
    listens = [listen("t1", at=50), listen("t0", at=40)]
    said = [feedback("like", "t2", at=45), feedback("dislike", "t1", at=60)]
    state = told(listens, said, 2, now=70)
    assert [one.track_id for one in state.told] == ["t0", "t2", "t1"]
    history = history_of(state.told, {"t0": 7, "t1": 8, "t2": 9}, state.now)
    assert history.items.tolist() == [7, 9, 8]
    assert history.weights.tolist() == [1.0, 2.0, -2.0]
    assert history.sitting == 3


@pytest.mark.parametrize(
    ("minutes", "now", "going_on"),
    [([], 5, 0), ([0], 5, 1), ([0], 50, 0), ([0, 20, 60, 80], 90, 2), ([0, 20, 40], 60, 3)],
)
def test_a_sitting_ends_with_half_an_hour_without_music(
    minutes: list[int], now: int, going_on: int
) -> None:
    assert sitting(np.array(minutes, np.int64) * 60_000, now * 60_000) == going_on
