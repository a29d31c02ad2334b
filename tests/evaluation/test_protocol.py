"""Every model is asked the same, and none of them can know the answers."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation import toys

from antiphon.evaluation import baselines, protocol, splits
from antiphon.evaluation.compare import compare
from antiphon.evaluation.datasets import Dataset
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.protocol import answers, chance, measure
from antiphon.evaluation.questions import relabelled, some
from antiphon.evaluation.splits import Split
from antiphon.taste import recipe as recipes

CAMPS = toys.tastes(users=200, items=60, each=15)
SPLIT = splits.hold_out(CAMPS, 0.2)


def shuffled(split: Split) -> Split:
    return replace(split, questions=relabelled(split.questions, 1))


def test_known_items_are_left_out_and_nothing_else_is() -> None:
    lists = answers(toys.popular(SPLIT.training, {}), SPLIT, 48)
    for history, listed in zip(SPLIT.questions.histories, lists, strict=True):
        assert sorted(listed) == sorted(set(range(60)) - set(history.items.tolist()))
    longer = answers(toys.popular(SPLIT.training, {}), SPLIT, 55)
    assert (longer[:, 48:] == -1).all(), "there is nothing left to recommend"
    with_known = answers(toys.popular(SPLIT.training, {}), replace(SPLIT, repeats=True), 60)
    assert (np.sort(with_known, axis=1) == np.arange(60)).all()


def test_only_cold_items_are_ranked() -> None:
    split = splits.cold_start(CAMPS, 0.2)
    assert split.among is not None
    lists = answers(toys.popular(split.training, {}), split, 20)
    assert set(lists.ravel().tolist()) == {-1, *np.flatnonzero(split.among).tolist()}


def test_a_model_that_knows_the_camps_beats_popularity_and_that_beats_none() -> None:
    def camps(known, features):
        counts = np.bincount(known.item, minlength=60).astype(np.float32)

        class Camps(toys.Fixed):
            def score(self, histories):
                own = [int(np.median(history.items % 2)) for history in histories]
                return counts + 1000 * (np.arange(60) % 2 == np.array(own)[:, None])

        return Camps(known.items, counts)

    split = SPLIT
    figures = [measure(split, fit, name="", cut=10).values for fit in (camps, toys.popular)]
    assert figures[0]["recall"].mean() > 1.5 * figures[1]["recall"].mean()


@pytest.mark.parametrize("name", ["popularity", "ials", "neighbours", "ease"])
def test_with_shuffled_answers_every_model_is_at_chance(name: str) -> None:
    parameters = {"dimensions": 4, "epochs": 3} if name == "ials" else {}
    split = shuffled(SPLIT)
    found = measure(
        split, lambda known, vectors: recipes.fit_one(name, parameters, known, vectors), name=name,
        cut=10,
    )  # fmt: skip
    # Shuffled names fall on known items too, which nobody can find.
    findable = 10 / 60
    assert found.row().figures["recall"].value == pytest.approx(findable, abs=0.05)
    honest = measure(
        SPLIT, lambda known, vectors: recipes.fit_one(name, parameters, known, vectors), name=name,
        cut=10,
    )  # fmt: skip
    assert honest.values["recall"].mean() > findable


def test_a_model_that_peeks_is_caught_by_shuffled_answers() -> None:
    split = shuffled(splits.hold_out(toys.tastes(200, 400, 15), 0.2))
    honest = measure(split, toys.popular, name="honest", cut=10).row().figures["recall"]
    peeking = (
        measure(split, lambda known, _: toys.Peeking(known.items, split), name="peeks", cut=10)
        .row()
        .figures["recall"]
    )
    guess = chance(split, 10)
    assert honest.low <= guess + 0.01
    assert peeking.low > 10 * guess


def test_a_model_is_never_given_what_is_asked_for() -> None:
    given = []

    def fit(known, features):
        given.append(known)
        return toys.popular(known, features)

    measure(SPLIT, fit, name="")
    rows = set(zip(given[0].user.tolist(), given[0].item.tolist(), strict=True))
    table = SPLIT.questions.wanted.tocoo()
    asked = zip(SPLIT.questions.unit[table.row].tolist(), table.col.tolist(), strict=True)
    assert not rows & set(asked)


def test_equal_scores_tell_nothing_although_the_right_ones_come_first() -> None:
    known = toys.interactions(
        [(user, item) for user in range(100) for item in (user % 5, 5 + user % 95)], 100, 100
    )
    split = replace(splits.hold_out(known), repeats=True)
    wanted = split.questions.wanted.copy()
    wanted.indices[:] = np.arange(len(wanted.indices)) % 5
    split = replace(split, questions=replace(split.questions, wanted=wanted))
    found = measure(split, toys.says_nothing, name="", cut=5)
    assert found.values["recall"].mean() < 0.3


def test_random_recommendations_are_at_chance_and_cover_everything() -> None:
    row = measure(SPLIT, baselines.fit, name="random", cut=10).row()
    assert row.figures["recall"].low < chance(SPLIT, 10) < row.figures["recall"].high
    assert row.figures["coverage"].value == 1
    cold = splits.cold_start(CAMPS, 0.2)
    assert chance(cold, 3) == 3 / 12, "what the listener knows is not among the cold ones"


def test_memory_does_not_grow_with_the_number_of_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SCORES_AT_ONCE", 50_000)
    known = toys.random_interactions(4000, 500, 30_000)
    split = splits.hold_out(known)
    few = replace(split, questions=some(split.questions, 400, 0))

    def peak(split: Split) -> int:
        tracemalloc.start()
        answers(toys.popular(split.training, {}), split, 10)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(few)
    more = len(split.questions) - len(few.questions)
    dense = more * 500 * 4
    assert peak(split) - peak(few) < dense / 10


def test_the_comparison_says_what_each_is_and_what_it_cost() -> None:
    found = compare(
        Dataset("camps", "lists", CAMPS), SPLIT,
        {"popular": toys.popular, "random": baselines.fit}, cut=10,
    )  # fmt: skip
    assert [row.model for row in found.rows] == ["popular", "random"]
    assert (found.users, found.items, found.questions) == (200, 60, 200)
    assert found.rows[0].versus is None
    assert found.rows[1].versus is not None
    assert found.chance == pytest.approx(10 / 48)
    for row in found.rows:
        assert row.peak_mb > 10
        assert row.fit_s >= 0
        assert sum(each.questions for each in row.activity) == 200
        assert all(np.isfinite([f.value, f.low, f.high]).all() for f in row.figures.values())


def test_nothing_to_ask_is_said() -> None:
    split = splits.hold_out(toys.interactions([(0, 0)]))
    with pytest.raises(DataError, match="too little data"):
        measure(split, toys.popular, name="")
    with pytest.raises(ValueError, match="other items"):
        measure(
            SPLIT, lambda known, _: toys.Fixed(known.items[1:], np.zeros(59, np.float32)), name=""
        )
