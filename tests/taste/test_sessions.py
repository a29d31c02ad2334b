"""Session neighbours: what came next in sittings like this one, known as soon as it is clicked."""

import numpy as np
import pytest

from antiphon.taste import artefacts, session_kernels, session_ranker, sessions
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.recommender import best
from antiphon.taste.session_log import NONE, SessionLog
from antiphon.taste.session_ranker import SessionRankerParameters
from antiphon.taste.sessions import SessionKnn, SessionParameters

A, B, C, D, E, F = range(6)


def of_sessions(*rows: list[int], items: int = 6) -> Interactions:
    item = np.array([item for row in rows for item in row], np.int32)
    session = np.repeat(np.arange(len(rows)), [len(row) for row in rows]).astype(np.int32)
    count = len(item)
    return Interactions(
        tuple(f"u{n}" for n in range(len(rows))),
        tuple(f"i{n}" for n in range(items)),
        session,
        item,
        np.ones(count, np.float32),
        np.arange(count, dtype=np.int64),
        session,
    )


def knn(*rows: list[int], items: int = 6, **parameters: float) -> SessionKnn:
    settings = SessionParameters(**parameters)  # type: ignore[arg-type]
    return sessions.fit(of_sessions(*rows, items=items), {}, settings)


def sitting(*items: int, weights: list[float] | None = None) -> History:
    count = len(items)
    return History(
        np.array(items, np.int32),
        np.array(weights or [1.0] * count, np.float32),
        np.zeros(count, np.int64),
        sitting=count,
    )


def first(model: SessionKnn, *items: int) -> int:
    return int(best(model.score([sitting(*items)]), 1)[0, 0])


def test_what_followed_last_time_comes_first() -> None:
    model = knn([A, B, C], [D, E, F])
    assert first(model, A, B) == C
    assert first(model, D) == E


def test_of_two_that_followed_the_one_in_the_session_more_alike_wins() -> None:
    model = knn([A, B, C], [D, B, E])
    assert first(model, A, B) == C
    assert first(model, D, B) == E


def test_the_later_of_two_equal_sessions_is_heard_more() -> None:
    model = knn([A, B], *([[D, E]] * 5), [A, C], half_life=10.0)
    assert first(model, A) == C


def test_a_click_is_a_neighbour_as_soon_as_it_is_added() -> None:
    model = knn([A, B], [A, B]).growing()
    session = model.add(F)
    assert model.add(D, session) == session
    assert first(model, F) == D


def test_a_session_that_is_going_on_says_nothing_of_its_own_future() -> None:
    model = knn([B, A, C]).growing()
    before = model.score([sitting(D, A)])
    session = model.add(A, model.add(D))
    after = model.score([sitting(D, A)])
    assert first(model, D, A) == C
    assert after[0, D] < before[0].max() / 100
    assert model.add(C, session) == session


def test_growing_leaves_the_first_model_as_it_was() -> None:
    model = knn([A, B])
    model.growing().add(C)
    assert model.total[0] == 2


def test_a_model_grows_by_new_items() -> None:
    model = knn([A, B]).growing(tuple(f"i{n}" for n in range(8)))
    model.add(7, model.add(A))
    assert first(model, 7) == A


def test_the_oldest_clicks_are_forgotten_when_there_is_no_room() -> None:
    model = knn([A, B], [C, D], [E, F], capacity=4)
    scores = model.score([sitting(A), sitting(C)])
    assert scores[0].max() < 1e-3
    assert int(scores[1].argmax()) == D


def test_a_session_whose_beginning_is_forgotten_goes_on_as_a_new_one() -> None:
    model = knn([A, B], capacity=4).growing()
    for item in (C, D, E, F):
        model.add(item)
    assert model.add(B, 0) != 0
    assert np.isfinite(model.score([sitting(A), sitting(B), sitting(F)])).all()


def test_a_ring_filled_many_times_over_answers_as_a_log_of_its_latest_clicks() -> None:
    rng = np.random.default_rng(0)
    rows = [list(rng.integers(0, 40, 5)) for _ in range(400)]
    ring = knn(*rows, items=40, capacity=500)
    fresh = knn(*rows[-100:], items=40)
    asked = [sitting(*rng.integers(0, 40, 3)) for _ in range(20)]
    ring_scores, fresh_scores = ring.score(asked), fresh.score(asked)
    # Rarity counts all clicks there have been, so the votes differ in size, hardly in order.
    likeness = [np.corrcoef(*pair)[0, 1] for pair in zip(ring_scores, fresh_scores, strict=True)]
    assert min(likeness) > 0.98


def test_contributions_add_up_to_the_score() -> None:
    model = knn([A, B, C], [A, D, C], [B, C])
    history = sitting(A, B)
    assert model.contributions(history, C).sum() == pytest.approx(
        float(model.score([history])[0, C]), rel=1e-4
    )


def test_what_was_refused_is_no_prefix() -> None:
    model = knn([A, B], [C, D])
    asked = sitting(C, A, weights=[-1.0, 1.0])
    assert int(model.score([asked])[0].argmax()) == B
    assert model.contributions(asked, B)[0] == 0


def test_without_a_session_the_latest_items_are_asked_for() -> None:
    model = knn([A, B], [C, D], before_sitting=1)
    asked = History(np.array([A, C], np.int32), np.ones(2, np.float32), np.zeros(2, np.int64))
    assert int(model.score([asked])[0].argmax()) == D


def test_a_history_that_says_nothing_gets_what_is_played_most() -> None:
    model = knn([A, B], [B, C], [B])
    assert first(model) == B


def test_unknown_sessions_are_their_users() -> None:
    interactions = of_sessions([A, B], [C, D])
    nobody_knows = Interactions(
        interactions.users, interactions.items, interactions.user, interactions.item,
        interactions.weight, interactions.at, np.full(4, -1, np.int32),
    )  # fmt: skip
    model = sessions.fit(nobody_knows, {}, SessionParameters())
    assert first(model, C) == D


def test_a_saved_model_answers_the_same_and_can_grow(tmp_path) -> None:
    model = knn([A, B, C], [D, E, F])
    manifest = artefacts.Manifest(version="1", made_at=0, antiphon="0", recipe={})
    artefacts.save(model, tmp_path / "model", manifest)
    loaded = artefacts.load(tmp_path / "model")
    assert isinstance(loaded, SessionKnn)
    assert np.array_equal(loaded.score([sitting(A, B)]), model.score([sitting(A, B)]))
    assert loaded.growing().add(A) == 6


def test_the_largest_of_each_row_are_found_in_order() -> None:
    scores = np.random.default_rng(0).normal(size=(20, 500)).astype(np.float32)
    found = np.full((20, 7), NONE, np.int32)
    session_kernels.largest(scores, found)
    assert np.array_equal(found, np.argsort(-scores, axis=1)[:, :7])


def rounds(count: int, items: int = 40, seed: int = 0) -> list[list[int]]:
    """Sessions that go round: an item is followed by the next but one, mostly."""
    rng = np.random.default_rng(seed)
    found = []
    for start in rng.integers(0, items, count):
        jumps = np.where(rng.random(5) < 0.8, 2, rng.integers(0, items, 5))
        found.append(list((start + np.cumsum(jumps)) % items))
    return found


SMALL = SessionRankerParameters(dimensions=8, epochs=3, near=10, trees=20, held_out=0.4)


@pytest.fixture(scope="module")
def ranker() -> session_ranker.SessionRanker:
    return session_ranker.fit(of_sessions(*rounds(600), items=40), {}, SMALL)


def test_a_forest_learns_which_candidate_comes_next(ranker: session_ranker.SessionRanker) -> None:
    assert ranker.forest
    asked = [sitting(item, (item + 2) % 40) for item in range(40)]
    firsts = best(ranker.score(asked), 1)[:, 0]
    assert np.mean(firsts == (np.arange(40) + 4) % 40) > 0.9


def test_what_was_played_just_before_is_the_reason(ranker: session_ranker.SessionRanker) -> None:
    history = sitting(30, 10)
    added = ranker.contributions(history, 12)
    assert added[1] > added[0]
    assert added[1] > 0


def test_the_same_sessions_give_the_same_forest(ranker: session_ranker.SessionRanker) -> None:
    again = session_ranker.fit(of_sessions(*rounds(600), items=40), {}, SMALL)
    assert again.forest == ranker.forest


def test_with_too_few_sessions_the_neighbours_are_heard() -> None:
    interactions = of_sessions([A, B, C], [A, B, C])
    model = session_ranker.fit(interactions, {}, SessionRankerParameters(dimensions=4, epochs=1))
    assert not model.forest
    assert int(model.score([sitting(A, B)])[0].argmax()) == C


def chain(log: SessionLog, latest: int, links: np.ndarray) -> list[int]:
    """Return the clicks of a chain that are still remembered, latest first."""
    oldest, found, click = int(log.total[0]) - len(log.item), [], latest
    while click != NONE and click >= max(oldest, 0):
        found.append(int(click))
        click = links[click % len(links)]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_clicks_taken_back_and_put_back_leave_what_a_list_of_clicks_would(seed: int) -> None:
    capacity, chance = 24, np.random.default_rng(seed)
    model = knn([A], items=4, capacity=capacity).growing()
    open_ones, starts, items, away = [0], [0], [A], set()
    for _ in range(400):
        what = chance.random()
        if what < 0.5:
            session = int(chance.choice(open_ones)) if chance.random() < 0.7 else NONE
            item = int(chance.integers(4))
            starts.append(model.add(item, session))
            items.append(item)
            open_ones = [*open_ones, starts[-1]][-6:]
        else:
            click = int(chance.integers(max(0, len(items) - 2 * capacity), len(items)))
            (model.take_back if what < 0.8 else model.put_back)(click)
            if click >= len(items) - capacity:
                (away.add if what < 0.8 else away.discard)(click)
        oldest = max(0, len(items) - capacity)
        there = [click for click in range(oldest, len(items)) if click not in away]
        for item in range(4):
            mine = [click for click in reversed(there) if items[click] == item]
            assert chain(model.log, model.log.head[item], model.log.previous) == mine
        for start in {starts[click] for click in there if starts[click] >= oldest}:
            mine = [click for click in reversed(there) if starts[click] == start]
            assert chain(model.log, model.log.last[start % capacity], model.log.before) == mine
        assert model.clicks.sum() == len(items) - len(away)
        assert (model.pace >= 0).all()


def test_a_click_put_back_leaves_no_trace_of_having_been_away() -> None:
    model = knn([A, B, C], [D, B, E], [B, B, F]).growing()
    before = [array.copy() for array in model.log]
    for click in (1, 7, 4, 6):
        model.take_back(click)
    assert model.clicks[B] == 0
    assert model.log.head[B] == model.log.born[B] == NONE
    for click in (6, 1, 4, 7):
        model.put_back(click)
        model.put_back(click)
    for was, is_now in zip(before, model.log, strict=True):
        np.testing.assert_allclose(is_now, was, rtol=1e-5)
