"""Models that know different tracks speak together, and each only of what it knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_array

from antiphon.taste.content import located
from antiphon.taste.ensemble import (
    _LARGE,
    LastLook,
    Ranking,
    _words,
    assembled,
    contributions,
    loudest,
    ranked,
)
from antiphon.taste.generators import around, by_taste
from antiphon.taste.ials import Ials
from antiphon.taste.interactions import History, Matrix
from antiphon.taste.listener import Evidence
from antiphon.taste.rerank import Order, Reranker


@dataclass(frozen=True)
class Table:
    """What a play of one item says for another: row to column."""

    items: tuple[str, ...]
    weights: Matrix

    def score(self, histories: Sequence[History]) -> Matrix:
        return np.stack(
            [(h.weights[:, None] * self.weights[h.items]).sum(axis=0) for h in histories]
        )

    def contributions(self, history: History, item: int) -> Matrix:
        return history.weights * self.weights[history.items, item]


def table(items: str, **links: dict[str, float]) -> Table:
    weights = np.zeros((len(items), len(items)), np.float32)
    for one, others in links.items():
        for other, value in others.items():
            weights[items.index(one), items.index(other)] = value
    return Table(tuple(items), weights)


def history(items: str, said: str, **weights: float) -> History:
    places = [items.index(one) for one in said]
    values = [weights.get(one, 1.0) for one in said]
    return History(np.array(places, np.int32), np.array(values, "f4"), np.arange(1, len(said) + 1))


def told(said: str) -> list[Evidence]:
    return [Evidence(one, 1.0, "finished", n + 1) for n, one in enumerate(said)]


def test_the_catalogue_is_what_any_of_them_knows() -> None:
    ensemble = assembled({"ials": (table("abc"), 1.0), "content": (table("cdeb"), 1.0)})
    assert ensemble.items == tuple("abcde")
    assert [ensemble.rows[id] for id in "abcde"] == [0, 1, 2, 3, 4]


def test_each_counts_by_its_weight_and_in_its_own_deviations() -> None:
    loud = table("abcd", a={"b": 1000.0})
    soft = table("abcd", a={"c": 0.001})
    one = ranked(assembled({"x": (loud, 1.0), "y": (soft, 2.0)}), history("abcd", "a"))
    assert one.total.argmax() == 2
    assert one.said["y"].max() == pytest.approx(2 * one.said["x"].max())
    assert np.allclose(one.total, one.said["x"] + one.said["y"])


def test_a_track_that_came_after_the_training_is_found_by_its_sound() -> None:
    trained = table("abcd", a={"b": 1.0})
    sound = table("dcbae", a={"e": 1.0, "b": 0.2})
    ranking = ranked(
        assembled({"ease": (trained, 1.0), "content": (sound, 1.0)}), history("abcde", "a")
    )
    assert ranking.ensemble.items == tuple("abcde")
    assert {*np.argsort(-ranking.total)[:2]} == {1, 4}
    assert loudest(ranking, np.array([1, 4], np.int32)) == ["ease", "content"]


def test_contributions_are_given_for_each_entry_of_the_whole_history() -> None:
    ensemble = assembled({"ease": (table("ab", a={"b": 3.0}), 1.0), "content": (table("cab"), 0.1)})
    ranking = ranked(ensemble, history("abc", "cac"))
    assert contributions(ranking, "ease", np.array([1], np.int32)).tolist() == [[0.0, 3.0, 0.0]]


def test_who_knows_nothing_of_a_history_is_silent() -> None:
    ensemble = assembled(
        {"ease": (table("ab", a={"b": 1.0}), 1.0), "popularity": (table("ab"), 1.0)}
    )
    assert set(ranked(ensemble, history("ab", "a")).said) == {"ease"}
    assert ranked(ensemble, history("ab", "a", a=-1.0)).said == {}


@pytest.mark.parametrize("said", ["", "a", "abc", "aaaaaa"])
@pytest.mark.parametrize("items", ["a", "abc"])
def test_nothing_is_ever_not_a_number(items: str, said: str) -> None:
    known = [one for one in said if one in items]
    models = {"x": (table(items), 1.0), "content": (located({}, tuple(items)), 1.0)}
    ranking = ranked(assembled(models), history(items, "".join(known)))
    assert np.isfinite(ranking.total).all()


def test_without_models_there_is_nothing_to_propose() -> None:
    assert by_taste(assembled({}), told("a"), now=9, limit=5).candidates == ()


def test_a_radio_asks_only_those_that_know_its_seed() -> None:
    """The listener's mood must not drown a seed that nobody has played yet."""
    trained = table("abcd", a={"b": 1.0}, c={"d": 1.0})
    sound = table("abcdef", e={"f": 1.0}, a={"b": 1.0})
    ensemble = assembled({"ease": (trained, 10.0), "content": (sound, 0.1)})
    seed = [Evidence("e", 3.0, "seed", 9)]
    new = around(ensemble, seed, told("aac"), now=9, limit=3, exclude={"e"})
    assert new.candidates[0].track_id == "f"
    known = [Evidence("c", 3.0, "seed", 9)]
    old = around(ensemble, known, told("a"), now=9, limit=3, exclude={"c"})
    assert old.candidates[0].track_id == "d"


def test_a_radio_does_not_drift_to_what_everybody_plays() -> None:
    charts = table("abcd", a={"d": 1.0}, c={"d": 1.0})
    near = table("abcd", c={"b": 1.0})
    ensemble = assembled({"popularity": (charts, 10.0), "ease": (near, 1.0)})
    seed = [Evidence("c", 3.0, "seed", 9)]
    found = around(ensemble, seed, told("a"), now=9, limit=3, exclude={"c"})
    assert [one.track_id for one in found.candidates] == ["b"]


def test_what_was_played_does_not_come_first_only_because_it_was() -> None:
    """A factor model scores what it was told highest; an ensemble leaves its own say out."""
    factors = np.random.default_rng(0).normal(size=(8, 30)).astype("f4")
    factors /= np.linalg.norm(factors, axis=0)
    model = Ials(tuple(f"t{n}" for n in range(30)), factors, np.ones(8, "f4"), 0.1, 1.0, 0.0)
    both, one = (
        History(np.array(places, np.int32), np.ones(len(places), "f4"), np.arange(len(places)))
        for places in ([0, 5], [5])
    )
    assert {*np.argsort(-model.score([both])[0])[:2]} == {0, 5}
    without = model.score([one])[0]
    assert model.from_others(both)[0] == pytest.approx(without[0], abs=1e-5)
    total = ranked(assembled({"ials": (model, 1.0)}), both).total
    assert total.argmax() not in {0, 5}


@dataclass(frozen=True)
class Backwards(Reranker):
    """A last look by which what the blend wants most is wanted least, of what was not heard."""

    def reordered(
        self,
        total: Matrix,
        scores: Mapping[str, Matrix],
        history: History,
        tables: Sequence[csr_array],
    ) -> Matrix:
        assert all(len(score) == len(total) == self.size for score in scores.values())
        assert (history.items < self.size).all()
        assert not tables
        found = np.setdiff1d(np.flatnonzero(total > 0), history.items)
        changed = total.copy()
        changed[found[np.argsort(total[found])]] = -np.sort(-total[found])
        return changed


def test_the_last_look_puts_what_is_wanted_most_in_its_order() -> None:
    trained = table("abcd", a={"b": 9.0, "c": 4.0})
    sound = table("dxab", a={"x": 1.0})
    look = LastLook(Backwards(Order(("ease", "silent"), ""), 4), {"ease": 2.0}, 0.45)
    voices = {"ease": (trained, 0.9), "content": (sound, 0.1)}
    before = ranked(assembled(voices), history("abcdx", "ax"))
    after = ranked(assembled(voices, look), history("abcdx", "ax"))
    assert before.total[1] > before.total[2] > 0
    assert after.total[2] == pytest.approx(before.total[2] + 0.9 / 2 * gap(before) * 2, abs=1e-5)
    assert after.total[2] > after.total[1]
    assert np.allclose(after.total[[0, 3, 4]], before.total[[0, 3, 4]])


def gap(ranking: Ranking) -> float:
    """Between b and c by what was trained, in the units of the blend's weight of 2."""
    said = ranking.said["ease"] / 0.9
    return float(said[1] - said[2])


def test_what_a_model_speaks_against_gains_nothing_where_the_rest_is_worse() -> None:
    skipping = table("abcd", a={"a": 0.5, "b": -0.1, "c": -2.0, "d": -2.0})
    total = ranked(assembled({"x": (skipping, 1.0)}), history("abcd", "a")).total
    assert total[0] > 0
    assert total[1] == 0
    assert (total[2:] < 0).all()


@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_a_large_catalogue_is_spoken_of_as_a_small_one(shift: float) -> None:
    """Machine code takes over for many items: it says what the slow way says."""
    noise = np.random.default_rng(0)
    scores = (noise.normal(size=_LARGE) + shift).astype(np.float32)
    quick, slow = _words(scores, 0.7), _words(scores[:-1], 0.7)
    assert quick is not None
    assert slow is not None
    assert quick[:-1] == pytest.approx(slow, abs=1e-3)
    assert _words(np.full(_LARGE, 2.0, np.float32), 1.0) is None
    assert _words(np.full(9, 2.0, np.float32), 1.0) is None
