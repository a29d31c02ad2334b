"""Sessions replayed in time: what is known of the moment, and nothing of what comes after it."""

from pathlib import Path

import numpy as np
import pytest

from antiphon.evaluation import datasets
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.sessions import answered, drawn, replay, session_clicks
from antiphon.taste import session_ranker, sessions
from antiphon.taste.interactions import Interactions, only
from antiphon.taste.session_candidates import Clicks
from antiphon.taste.session_ranker import SessionRanker, SessionRankerParameters
from antiphon.taste.sessions import SessionKnn

ITEMS = 60
SMALL = SessionRankerParameters(dimensions=8, epochs=2, near=10, trees=10, held_out=0.4)


def rounds(count: int, seed: int) -> list[list[int]]:
    """Sessions in which an item is followed by the next but one, mostly."""
    rng = np.random.default_rng(seed)
    found = []
    for start in rng.integers(0, ITEMS, count):
        jumps = np.where(rng.random(5) < 0.7, 2, rng.integers(0, ITEMS, 5))
        found.append(list((start + np.cumsum(jumps)) % ITEMS + 1))
    return found


def written(folder: Path, train: list[list[int]], timed: list[list[tuple[int, int]]]) -> Path:
    lines = [" ".join(map(str, row)) for row in train]
    (folder / "train_sessions.txt").write_text("\n".join(lines) + "\n")
    clicks = [" ".join(f"{track}:{at}" for track, at in row) for row in timed]
    (folder / "test_sessions_timed.txt").write_text("\n".join(clicks) + "\n")
    return folder


def overlapping(rows: list[list[int]]) -> list[list[tuple[int, int]]]:
    """Sessions that begin before the last one has ended, some clicks at the same second."""
    return [
        [(track, 1000 + 20 * number + 10 * place) for place, track in enumerate(row)]
        for number, row in enumerate(rows)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, rounds(500, 0), overlapping(rounds(60, 1)))


def knn(interactions: Interactions, features: object = None) -> SessionKnn:
    return sessions.fit(interactions, {})


def ranker(interactions: Interactions, features: object = None) -> SessionRanker:
    return session_ranker.fit(interactions, {}, SMALL)


def later_of(folder: Path) -> tuple[Interactions, Interactions]:
    known = datasets.read(folder).interactions
    return known, datasets.timed_sessions(folder / "test_sessions_timed.txt", known.items)


def asked_of(later: Clicks) -> np.ndarray:
    return drawn(later, 1.0, 0)


def test_what_is_new_is_known_at_once_but_not_within_the_same_second(tmp_path: Path) -> None:
    train = [[1, 2], [3, 4], [5, 6]]
    told = [[(1, 100), (6, 110)], [(1, 105), (3, 110)], [(1, 110), (5, 111)]]
    folder = written(tmp_path, train, told)
    known, timed = later_of(folder)
    later = session_clicks(timed)
    lists = answered(knn(known), later, asked_of(later), 3)
    # At 110 nobody has clicked anything after track 1 in the test; one second later two have.
    assert lists[0][0] == lists[1][0] == 1
    assert {5, 2} <= set(lists[2])


@pytest.mark.parametrize("fit", [knn, ranker])
def test_changing_the_future_changes_no_answer_before_it(folder: Path, fit) -> None:
    known, timed = later_of(folder)
    model = fit(known)
    middle = int(np.median(timed.at))
    item = np.where(timed.at >= middle, (timed.item * 7 + 3) % ITEMS, timed.item).astype(np.int32)
    changed = Interactions(
        timed.users, timed.items, timed.user, item, timed.weight, timed.at, timed.session
    )
    before, after = session_clicks(timed), session_clicks(changed)
    asked = asked_of(before)
    # The click of the middle itself is the last that is asked for without its answer being known.
    earlier = timed.at[asked] <= middle
    lists, others = answered(model, before, asked), answered(model, after, asked)
    prefix_is_same = earlier & (timed.at[asked] < middle)
    assert np.array_equal(lists[prefix_is_same], others[prefix_is_same])
    assert not np.array_equal(lists, others)


@pytest.mark.parametrize("fit", [knn, ranker])
def test_shuffled_targets_give_chance(folder: Path, fit) -> None:
    known, timed = later_of(folder)
    later = session_clicks(timed)
    asked = asked_of(later)
    lists = answered(fit(known), later, asked, 6)
    targets = later.item[asked]
    hit = np.mean((lists == targets[:, None]).any(axis=1))
    rng = np.random.default_rng(0)
    names = [rng.permutation(ITEMS) for _ in range(20)]
    chance = np.mean([(lists == name[targets][:, None]).any(axis=1).mean() for name in names])
    assert hit > 0.6
    assert chance == pytest.approx(6 / ITEMS, abs=0.03)


def test_a_ranker_says_the_same_in_batches_and_click_by_click(folder: Path) -> None:
    known, timed = later_of(folder)
    later = session_clicks(timed)
    asked = drawn(later, 0.3, 0)
    model = ranker(known)
    lists = answered(model, later, asked, 5)
    growing = model.growing()
    names = np.full(len(later.starts), -1, np.int64)
    found = []
    for click in range(len(later.item)):
        if asked[click] and later.at[click] != later.at[click - 1]:
            scores = growing.score([datasets.sitting(later.prefix(click))])[0]
            found.append(np.argsort(-scores, kind="stable")[:5])
        session = later.session[click]
        names[session] = growing.sessions.add(int(later.item[click]), int(names[session]))
    places = np.flatnonzero(asked)
    first_of_moment = later.at[places] != later.at[places - 1]
    same = np.mean(np.array(found) == lists[first_of_moment])
    # Equal values may change places.
    assert same > 0.95


def test_clicks_without_times_are_learned_from_one_after_the_other(tmp_path: Path) -> None:
    later = datasets.read(written(tmp_path, [[1, 2], [3, 4], [3, 4]], [])).interactions
    clicks = session_clicks(later)
    lists = answered(knn(only(later, later.session == 0)), clicks, asked_of(clicks), 1)
    assert lists[2] == later.item[5]


def test_a_replay_is_measured_like_any_protocol(folder: Path) -> None:
    found = replay(datasets.read(folder), folder, knn, name="sessions", part=0.5)
    assert len(found.lists) == round(0.5 * 60 * 4)
    assert found.row().figures["hit_rate"].value > 0.6


def test_without_timed_sessions_there_is_nothing_to_replay(tmp_path: Path) -> None:
    folder = written(tmp_path, rounds(5, 0), [])
    (folder / "test_sessions_timed.txt").unlink()
    with pytest.raises(DataError, match="no test_sessions_timed"):
        replay(datasets.read(folder), folder, knn, name="sessions")
