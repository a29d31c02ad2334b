"""Reasons: what is said of a track is what speaks for it, by whichever model."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from antiphon.taste import repeat
from antiphon.taste.ensemble import assembled, kind_of
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Proposal, by_taste, due
from antiphon.taste.interactions import Interactions
from antiphon.taste.listener import Evidence, history_of
from antiphon.taste.reasons import Reason
from antiphon.taste.recipe import KINDS, fit_one
from antiphon.taste.recommender import Recommender

TRACKS, LISTENERS = 24, 40
ITEMS = tuple(f"t{n}" for n in range(TRACKS))
HOUR_MS = 3_600_000


def interactions() -> Interactions:
    """Even listeners play even tracks, odd ones odd tracks; a sitting goes round its twelve.

    So t2 follows t0 and precedes t4, and what is next to a track belongs to it most.
    """
    chance = np.random.default_rng(0)
    user, item, session = [], [], []
    for listener in range(LISTENERS):
        for sitting in range(3):
            start = int(chance.integers(12))
            for step in range(5):
                user.append(listener)
                item.append((2 * (start + step) + listener % 2) % TRACKS)
                session.append(3 * listener + sitting)
    count = len(user)
    return Interactions(
        tuple(f"u{n}" for n in range(LISTENERS)),
        ITEMS,
        np.array(user, np.int32),
        np.array(item, np.int32),
        np.ones(count, np.float32),
        np.arange(count, dtype=np.int64) * HOUR_MS // 20,
        np.array(session, np.int32),
    )


def features() -> Mapping[str, Mapping[str, np.ndarray]]:
    """Tracks sound alike that are next to each other, and even ones unlike odd ones."""
    noise = np.random.default_rng(1).normal(0, 0.05, (TRACKS, 4))
    angles = 2 * np.pi * np.arange(TRACKS) / TRACKS
    parity = np.arange(TRACKS) % 2
    sound = np.c_[np.cos(angles), np.sin(angles), 3 * parity, -3 * parity] + noise
    return {"summary/1": {id: row.astype("f4") for id, row in zip(ITEMS, sound, strict=True)}}


@pytest.fixture(scope="module")
def models() -> dict[str, Recommender]:
    data, sound = interactions(), features()
    return {name: fit_one(name, {}, data, sound) for name in KINDS if name != "repeat"}


def told(*numbers: int, why: str = "finished") -> list[Evidence]:
    return [
        Evidence(f"t{n}", 1.0, why, (place + 1) * 60_000)  # type: ignore[arg-type]
        for place, n in enumerate(numbers)
    ]


def proposed(model: Recommender, name: str, said: Sequence[Evidence]) -> Proposal:
    ensemble = assembled({name: (model, 1.0)})
    return by_taste(ensemble, said, now=600_000, limit=20, exclude=[one.track_id for one in said])


# Repeat speaks of a track itself, and popularity of its genre; all others name other tracks.
NAMING = sorted(set(KINDS) - {"popularity", "repeat"})


@pytest.mark.parametrize("name", NAMING)
def test_without_the_named_reason_the_score_is_lower(
    name: str, models: dict[str, Recommender]
) -> None:
    model, said = models[name], told(0, 2, 10)
    proposal = proposed(model, name, said)
    named = 0
    for candidate in proposal.with_reasons(proposal.candidates[:3]):
        place = model.items.index(candidate.track_id)
        rows = {id: row for row, id in enumerate(model.items)}
        whole = model.score([history_of(said, rows, 600_000)])[0][place]
        for reason in candidate.reasons:
            less = [one for one in said if one.track_id != reason.track_id]
            without = model.score([history_of(less, rows, 600_000)])[0][place]
            assert reason.by == kind_of(name)
            assert without < whole, (candidate, reason)
            named += 1
    assert named >= 3


@pytest.mark.parametrize("name", NAMING)
def test_the_reason_is_of_the_same_kind_and_near(name: str, models: dict[str, Recommender]) -> None:
    proposal = proposed(models[name], name, told(0, 2, 11))
    best = proposal.with_reasons(proposal.candidates[:1])[0]
    assert best.reasons[0].track_id in {"t0", "t2", "t11"}
    parity = int(best.track_id[1:]) % 2
    assert int(best.reasons[0].track_id[1:]) % 2 == parity


def test_among_many_models_the_one_that_wants_a_track_most_says_why(
    models: dict[str, Recommender],
) -> None:
    ensemble = assembled(
        {"sessions": (models["sessions"], 1.0), "content": (models["content"], 1e-3)}
    )
    proposal = by_taste(ensemble, told(0, 2), now=600_000, limit=5, exclude={"t0", "t2"})
    (first,) = proposal.with_reasons(proposal.candidates[:1])
    assert first.generator == "sequence"
    assert first.reasons[0].by == "sequence"


def test_repeat_says_that_one_comes_back_and_names_nothing_else() -> None:
    assert in_words(Reason("again"), {}.get) == "You come back to this"


def test_what_was_skipped_is_never_a_reason(models: dict[str, Recommender]) -> None:
    said = [*told(0, 2), Evidence("t4", -1.0, "skipped", 900_000)]
    for name in NAMING:
        proposal = proposed(models[name], name, said)
        for candidate in proposal.with_reasons(proposal.candidates):
            assert "t4" not in {reason.track_id for reason in candidate.reasons}, name


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason("liked", "t", "content"), "Sounds like Blue, which you like"),
        (Reason("finished", "t", "content"), "Sounds like Blue, which you finished"),
        (Reason("played", "t", "content"), "Sounds like Blue, which you played"),
        (Reason("seed", "t", "content"), "Sounds like Blue"),
        (Reason("liked", "t", "collaborative"), "Listeners of Blue also play this"),
        (Reason("finished", "t", "sequence"), "Often follows Blue"),
        (Reason("liked", "t", "popular"), "Popular in the genre of Blue"),
        (Reason("taste"), "Goes with what you play"),
        (Reason("popular"), "Often played"),
        (Reason("new"), "New to you"),
    ],
)
def test_reasons_are_said_as_one_would(reason: Reason, words: str) -> None:
    assert in_words(reason, {"t": "Blue"}.get) == words  # type: ignore[arg-type]


def test_a_reason_whose_track_is_gone_is_not_said() -> None:
    assert in_words(Reason("liked", "gone"), lambda _id: "") == ""


def test_what_comes_back_is_due_by_when_and_how_often_it_was_played() -> None:
    day = 24 * HOUR_MS
    said = [Evidence("t1", 1.0, "finished", day * n) for n in (1, 2)]
    said += [Evidence("t3", 1.0, "finished", day * n) for n in (27, 28, 29)]
    said += [Evidence("t5", 1.0, "finished", day * 29)]
    model = repeat.forgetful(ITEMS)
    back = due(assembled({"repeat": (model, 0.0)}), said, now=day * 30, limit=9)
    assert [one.track_id for one in back] == ["t3", "t1"]
