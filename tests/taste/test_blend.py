"""The blend: scores made alike, weights that are learned, an order that must earn its place."""

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from antiphon.taste import recipe
from antiphon.taste.blend import EXPERIENCE, Blend, expected, likeliest, sharpened, standardised
from antiphon.taste.interactions import History, Interactions, only
from antiphon.taste.recipe import Recipe, held_out
from antiphon.taste.rerank import Order, Reranker, ndcg

ITEMS = 6
NOBODY = History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True)
class Fixed:
    """A model that always says the same."""

    items: tuple[str, ...]
    says: np.ndarray

    def score(self, histories):
        return np.tile(self.says.astype(np.float32), (len(histories), 1))

    def contributions(self, history, _item):
        return np.zeros(len(history), np.float32)


def groups(users: int = 40, items: int = 60, seed: int = 0) -> Interactions:
    """Listeners of three tastes, each with some of the items of its own."""
    rng = np.random.default_rng(seed)
    user, item = np.indices((users, items)).reshape(2, -1)
    kept = (user % 3 == item % 3) & (rng.random(len(user)) < 0.6)
    count = int(kept.sum())
    return Interactions(
        tuple(map(str, range(users))),
        tuple(map(str, range(items))),
        user[kept].astype(np.int32),
        item[kept].astype(np.int32),
        np.ones(count, np.float32),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
    )


def test_a_model_that_shouts_is_not_heard_more():
    quiet = standardised(np.array([[1.0, 2.0, 3.0, 4.0]], np.float32))
    loud = standardised(np.array([[100.0, 200.0, 300.0, 400.0]], np.float32))
    np.testing.assert_allclose(quiet, loud, rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, 1e7])
def test_a_model_that_says_the_same_of_all_says_nothing(value: float):
    assert not standardised(np.full((2, 5), value, np.float32)).any()


def test_the_models_count_by_their_weights():
    items = tuple(map(str, range(ITEMS)))
    up, down = Fixed(items, np.arange(ITEMS)), Fixed(items, -np.arange(ITEMS))
    for weights, first in (({"up": 2.0, "down": 1.0}, 5), ({"up": 1.0, "down": 2.0}, 0)):
        blend = Blend(items, {"up": up, "down": down}, weights)
        assert int(np.argmax(blend.score([NOBODY])[0])) == first


def test_the_weights_are_given_to_the_model_that_knows():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(200), 10)
    wanted = np.tile(np.arange(10) == 0, 200)
    knowing = wanted + 0.1 * rng.standard_normal(2000)
    scores = np.stack([rng.standard_normal(2000), knowing], axis=1).astype(np.float32)
    weights = likeliest(scores, group, wanted, np.array([1.0, 0.0], np.float32))
    assert weights[1] > 5 * weights[0]


def test_with_hardly_anything_to_learn_from_the_prior_stays():
    scores = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    prior = np.array([1.0, 0.0], np.float32)
    weights = likeliest(scores, np.zeros(2, np.int64), np.array([False, True]), prior)
    np.testing.assert_allclose(weights, prior, atol=0.1)


def test_sharper_weights_never_rank_worse_what_they_were_found_on():
    rng = np.random.default_rng(1)
    sizes = np.full(100, 30)
    wanted = rng.random(3000) < 0.1
    scores = (wanted[:, None] * [0.5, 1.0, 0.0] + rng.standard_normal((3000, 3))).astype(np.float32)
    start = np.ones(3, np.float32)
    found = sharpened(scores, sizes, wanted, start)
    before, after = (ndcg(scores @ weights, wanted, sizes).mean() for weights in (start, found))
    assert after > before


def asked(knowing: int, models: int, lists: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists of ten with one wanted; the model at that place knows it, the others say anything."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(lists * 10, models)).astype(np.float32)
    wanted = np.arange(lists * 10) % 10 == 0
    scores[wanted, knowing] += 2
    return scores, np.full(lists, 10), wanted


def test_weights_that_clearly_rank_better_are_kept_against_experience():
    names = [*EXPERIENCE, "alike"]
    scores, sizes, wanted = asked(knowing=0, models=len(names))
    only_it = np.array([1.0, 0.0, 0.0, 0.5], np.float32)
    found = expected(names, scores, sizes, wanted, only_it)
    assert np.array_equal(found, only_it)


def test_where_the_hold_out_cannot_tell_experience_decides():
    names = [*EXPERIENCE, "alike"]
    scores, sizes, wanted = asked(knowing=3, models=len(names))
    scores[:, :3] = 0
    found = expected(names, scores, sizes, wanted, np.array([1.3, 0.0, 1.3, 0.5], np.float32))
    assert found[:3] == pytest.approx(list(EXPERIENCE.values()))
    assert found[3] == 0.5


def test_what_is_held_out_is_about_a_tenth_of_everybody_and_never_all_of_an_item_in_part():
    interactions = groups()
    hidden = held_out(interactions, 0.1, np.random.default_rng(0))
    share = np.bincount(interactions.user, hidden) / np.bincount(interactions.user)
    assert (share > 0).all()
    assert (share < 0.3).all()
    twice = only(interactions, np.tile(np.arange(len(interactions)), 2))
    hidden = held_out(twice, 0.1, np.random.default_rng(0))
    first, second = np.split(hidden, 2)
    np.testing.assert_array_equal(first, second)


def test_where_times_are_known_the_latest_is_held_out():
    interactions = groups()
    at = np.arange(1, len(interactions) + 1, dtype=np.int64)
    timed = Interactions(
        interactions.users,
        interactions.items,
        interactions.user,
        interactions.item,
        interactions.weight,
        at,
        interactions.session,
    )
    hidden = held_out(timed, 0.1, np.random.default_rng(0))
    for user in range(len(timed.users)):
        mine = timed.user == user
        assert at[mine & hidden].min() > at[mine & ~hidden].max()


def test_a_learned_recipe_is_json_and_the_same_every_time():
    some = Recipe(models={"popularity": {}, "ease": {}, "alike": {"count": 20}})
    first, second = (recipe.learn(some, groups(), seed=3) for _ in range(2))
    assert first == second
    assert msgspec.json.decode(msgspec.json.encode(first), type=Recipe) == first
    assert sum(first.weights[name] for name in ("ease", "alike")) > first.weights["popularity"]


def test_of_forty_plays_of_one_listener_popularity_is_left():
    one = only(groups(), groups().user == 0)
    learned = recipe.learn(recipe.DEFAULT, one)
    assert max(learned.weights, key=lambda name: learned.weights[name]) == "popularity"
    assert learned.order is None


def test_an_order_is_learned_and_kept_where_it_is_better(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipe, "_ENOUGH", 50)
    # A model that knows half of what is wanted, and only together with the other which half.
    rng = np.random.default_rng(0)
    sizes = np.full(600, 20)
    one, other = rng.standard_normal((2, 12_000)).astype(np.float32)
    wanted = (one * other > 1.5) & (rng.random(12_000) < 0.8)
    scores = np.stack([one, other], axis=1)
    examples = recipe.Examples(("one", "other"), scores, scores, wanted, np.arange(600), sizes)
    models = Recipe(models={"one": {}, "other": {}})
    learned = recipe.blended(models, [examples])
    assert learned.order is not None
    assert learned.order.parts == ("one", "other")
    useless = recipe.Examples(
        ("one", "other"), scores, np.zeros_like(scores), one > 1.5, np.arange(600), sizes
    )
    assert recipe.blended(models, [useless]).order is None


def test_an_order_changes_places_among_candidates_and_leaves_what_was_heard():
    items = tuple(map(str, range(ITEMS)))
    blend = Blend(items, {"up": Fixed(items, np.arange(ITEMS))}, {"up": 1.0})
    history = History(np.array([5], np.int32), np.ones(1, np.float32), np.zeros(1, np.int64))
    plain = blend.score([history])[0]
    ordered = Blend(items, blend.parts, blend.weights, Reranker(Order(("up",), forest()), ITEMS))
    found = ordered.score([history])[0]
    np.testing.assert_allclose(np.sort(found), np.sort(plain))
    assert found[5] == plain[5]
    assert int(np.argmin(found)) == 4


def forest() -> str:
    """Grow trees that put low scores first."""
    from antiphon.taste.trees import TreeParameters, grow  # noqa: PLC0415 - loads LightGBM

    numbers = np.random.default_rng(0).standard_normal((400, 7)).astype(np.float32)
    parameters = TreeParameters(trees=20, in_leaf=5, columns=1.0, objective="binary")
    return grow(numbers, np.full(40, 10), numbers[:, 0] < 0, parameters)
