"""What every model of antiphon.taste must hold to: collected by class, none is forgotten."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from antiphon import taste
from antiphon.taste import recipe
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.recommender import Recommender, best

HOUR = 3_600_000
SIDE = 16
# What a model is fitted on beside the interactions: the items' parity as "genres" and as sound.
Maker = Callable[[Interactions], Recommender]


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(taste.__path__):
        yield importlib.import_module(f"{taste.__name__}.{found.name}")


def _recommenders() -> dict[str, type[Any]]:
    wanted = {"items", "score", "contributions"}
    return {
        name: value
        for module in _modules()
        for name, value in inspect.getmembers(module, inspect.isclass)
        if value.__module__ == module.__name__
        and not getattr(value, "_is_protocol", False)
        and wanted <= set(dir(value)) | set(getattr(value, "__dataclass_fields__", {}))
    }


def _features(items: tuple[str, ...]) -> dict[str, dict[str, np.ndarray]]:
    angles = np.linspace(0, 0.5, len(items)) + np.pi / 2 * (np.arange(len(items)) % 2)
    sound = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    genres = np.eye(2)[np.arange(len(items)) % 2]
    return {
        "summary/1": dict(zip(items, sound, strict=True)),
        "genres": dict(zip(items, genres, strict=True)),
    }


def _maker(module: ModuleType) -> Maker:
    taken = inspect.signature(module.fit).parameters
    named = [value for name, value in vars(module).items() if name.endswith("Parameters")]
    own = [value for value in named if value.__module__ == module.__name__]
    parameters = own or named

    def make(interactions: Interactions) -> Recommender:
        features = _features(interactions.items)
        if "interactions" in taken:
            return module.fit(interactions, features, parameters[0]())  # type: ignore[no-any-return]
        return module.fit(features)  # type: ignore[no-any-return]

    return make


def _blend(interactions: Interactions) -> Recommender:
    return recipe.fit(recipe.learn(recipe.DEFAULT, interactions), interactions)


MAKERS: dict[str, Maker] = {
    module.__name__.rpartition(".")[2]: _maker(module)
    for module in _modules()
    if inspect.isfunction(getattr(module, "fit", None)) and module is not recipe
} | {"learned blend": _blend}


def interactions(
    user: Any, item: Any, users: int, items: int, *, weight: float = 1.0
) -> Interactions:
    count = len(user)
    return Interactions(
        tuple(f"u{n}" for n in range(users)),
        tuple(f"i{n}" for n in range(items)),
        np.asarray(user, np.int32),
        np.asarray(item, np.int32),
        np.broadcast_to(np.float32(weight), count).copy(),
        np.arange(1, count + 1, dtype=np.int64) * HOUR,
        (np.asarray(user, np.int64) * 4 + np.arange(count) % 4).astype(np.int32),
    )


def history(items: Any, weights: Any = 1.0, sitting: int = 0) -> History:
    places = np.asarray(items, np.int32)
    at = np.arange(1, len(places) + 1, dtype=np.int64) * HOUR
    weights = np.broadcast_to(np.float32(weights), len(places)).copy()
    return History(places, weights, at, sitting, int(len(places) + 1) * HOUR)


def checkerboard() -> Interactions:
    """Every even user likes every even item, every odd one every odd item: but for the diagonal."""
    user, item = np.indices((SIDE, SIDE)).reshape(2, -1)
    likes = ((user + item) % 2 == 0) & (user != item)
    return interactions(user[likes], item[likes], SIDE, SIDE)


SMALL = {
    "checkerboard": checkerboard(),
    "one listener and 40 tracks": interactions([0] * 40, range(40), 1, 40),
    "two plays": interactions([0, 0], [1, 2], 1, 40),
    "nothing played": interactions([], [], 2, 5),
    "everything skipped": interactions([0] * 5 + [1], [0, 1, 2, 3, 4, 0], 2, 5, weight=-1.0),
    "a library that doubled": interactions([0, 1, 1, 2], [0, 1, 2, 3], 3, 400),
}
ASKED = {
    "nobody": history([]),
    "two plays": history([1, 3]),
    "much of one thing": history([2] * 30, sitting=3),
    "only skips": history([0, 1, 2], -1.0),
    "liked, then refused": history([1, 1, 2], [1.0, -1.0, 0.5]),
    "everything": history(range(5)),
}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def maker(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


def test_every_class_of_recommender_is_made_by_a_module_that_is_checked():
    made = {type(make(SMALL["checkerboard"])).__name__ for make in MAKERS.values()}
    assert set(_recommenders()) <= made


@pytest.mark.parametrize("library", sorted(SMALL))
def test_every_listener_of_any_library_is_answered_with_finite_scores(maker: Maker, library: str):
    model = maker(SMALL[library])
    assert isinstance(model, Recommender)
    assert model.items == SMALL[library].items
    scores = model.score(list(ASKED.values()))
    assert scores.shape == (len(ASKED), len(model.items))
    assert np.isfinite(scores).all()
    for asked in ASKED.values():
        parts = model.contributions(asked, 0)
        assert parts.shape == (len(asked),)
        assert np.isfinite(parts).all()


def test_no_history_at_all_is_no_answer_at_all(maker: Maker):
    assert maker(SMALL["checkerboard"]).score([]).shape == (0, SIDE)


def test_a_listener_is_answered_alike_alone_and_among_others(maker: Maker):
    model = maker(SMALL["checkerboard"])
    asked = list(ASKED.values())
    alone = np.concatenate([model.score([one]) for one in asked])
    np.testing.assert_allclose(model.score(asked), alone, rtol=1e-3, atol=1e-4)


def test_the_same_interactions_give_the_same_model(maker: Maker):
    first, second = (maker(checkerboard()).score([history([2, 4])]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_without_the_most_contributing_entry_an_item_scores_lower(maker: Maker):
    model = maker(SMALL["checkerboard"])
    asked = history([2, 4, 6])
    scores = model.score([asked])[0]
    item = int(np.argmax(np.where(np.isin(np.arange(SIDE), asked.items), -np.inf, scores)))
    parts = model.contributions(asked, item)
    reason = int(np.argmax(parts))
    if parts[reason] <= 0:
        assert not parts.any(), "a model names reasons or it does not"
        return
    left = np.delete(np.arange(3), reason)
    rest = History(asked.items[left], asked.weights[left], asked.at[left], 0, asked.now)
    fewer = model.score([rest])[0]
    others = np.arange(1, SIDE, 2)
    assert fewer[item] - fewer[others].mean() < scores[item] - scores[others].mean()


# Models that learn from what others did, and so must see what is missing on the checkerboard.
FROM_OTHERS = sorted({"neighbours", "lowpass", "ials", "ease", "learned blend"} & set(MAKERS))


@pytest.mark.parametrize("name", FROM_OTHERS)
def test_what_is_missing_on_the_checkerboard_is_found(name: str):
    board = checkerboard()
    model = MAKERS[name](board)
    asked = [history(board.item[board.user == user]) for user in range(SIDE)]
    scores = model.score(asked)
    for user, one in enumerate(asked):
        scores[user, one.items] = -np.inf
    assert best(scores, 1)[:, 0].tolist() == list(range(SIDE))
