"""Going on from the vectors in use: as good in fewer epochs, and never where it does not fit."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy.sparse import csr_array
from tests.ops.listening import plant

from antiphon.compute import als_local
from antiphon.compute.als import AlsParameters, Factors, Matrix
from antiphon.model import Track
from antiphon.ops import history
from antiphon.ops.warming import EPOCHS, going_on
from antiphon.store import Store
from antiphon.store.schema import TRACKS
from antiphon.taste import recipe as recipes
from antiphon.taste.artefacts import Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.ials import Ials
from antiphon.taste.interactions import History
from antiphon.taste.recipe import Recipe
from antiphon.taste.registry import Registry

RECIPE = Recipe(models={"ials": {"dimensions": 8, "epochs": 12}}, weights={"ials": 1.0})
VERSION = "20261122T033000-abc"


class Noted:
    """The local trainer, which notes what it is given."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.starts: list[Matrix | None] = []

    def __call__(
        self, matrix: csr_array, parameters: AlsParameters, *, start: Matrix | None = None
    ) -> Factors:
        self.epochs.append(parameters.epochs)
        self.starts.append(start)
        return als_local.train(matrix, parameters, start=start)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")


@pytest.fixture
def present(store: Store, registry: Registry) -> Manifest:
    """A first model of planted listening, in use."""
    plant(store)
    first = recipes.fit(RECIPE, history.read(store, 1_800_000))
    made = Manifest(version=VERSION, made_at=1, antiphon="0", recipe=msgspec.to_builtins(RECIPE))
    return registry.publish(first, made)


def trained(
    store: Store, registry: Registry, present: Manifest | None, recipe: Recipe = RECIPE
) -> tuple[Blend, Noted]:
    noted = Noted()
    interactions = history.read(store, 1_800_000)
    trainer = going_on(noted, registry, present, recipe, interactions.items)
    return recipes.fit(recipe, interactions, {}, trainer), noted


def test_it_goes_on_with_the_vectors_of_each_track_wherever_that_stands_now(
    store: Store, registry: Registry, present: Manifest
) -> None:
    store.put(TRACKS, Track(id="tr-00", title="gone", sort="gone", missing=True))
    store.put(TRACKS, Track(id="tr-05b", title="new", sort="new"))
    model, noted = trained(store, registry, present)
    assert noted.epochs == [EPOCHS]
    (start,) = noted.starts
    assert start is not None
    before = registry.load(VERSION)
    assert isinstance(before, Blend)
    part = before.parts["ials"]
    assert isinstance(part, Ials)
    for place, id in enumerate(model.items):
        known = id in part.items
        expected = part.factors[:, part.items.index(id)] if known else np.zeros(8)
        np.testing.assert_array_equal(start[place], expected)
    assert "tr-05b" in model.items
    assert "tr-00" not in model.items


def test_what_was_learned_before_is_known_still(
    store: Store, registry: Registry, present: Manifest
) -> None:
    plant(store, days=2, since=10)
    model, _ = trained(store, registry, present)
    is_even = np.array([int(id[3:]) % 2 == 0 for id in model.items])
    played = np.flatnonzero(is_even)[:5].astype(np.int32)
    scores = model.score([History(played, np.ones(5, np.float32), np.ones(5, np.int64))])[0]
    assert scores[is_even].min() > scores[~is_even].max()


@pytest.mark.parametrize("reason", ["first", "other recipe", "damaged"])
def test_it_begins_anew_where_there_is_nothing_to_go_on_from(
    store: Store, registry: Registry, present: Manifest, tmp_path: Path, reason: str
) -> None:
    recipe = RECIPE
    if reason == "other recipe":
        recipe = Recipe(models={"ials": {"dimensions": 6, "epochs": 12}}, weights={"ials": 1.0})
    if reason == "damaged":
        (file,) = (tmp_path / "artefacts" / VERSION).glob("*factors*")
        file.write_bytes(b"")
    _, noted = trained(store, registry, None if reason == "first" else present, recipe)
    assert (noted.epochs, noted.starts) == ([12], [None])
