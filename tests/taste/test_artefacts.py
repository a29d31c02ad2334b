"""A saved model is the same model again, mapped into memory; what is not whole is refused."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy.sparse import csr_array

from antiphon.taste import artefacts, recipe
from antiphon.taste.artefacts import MANIFEST, Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.errors import ArtefactError
from antiphon.taste.interactions import Interactions, histories
from antiphon.taste.popularity import Popularity
from antiphon.taste.recommender import Recommender

MADE = Manifest(version="20261122T033000-abc", made_at=1, antiphon="0", recipe={})


def checkerboard(users: int = 16, items: int = 12) -> Interactions:
    """Even users like even items, odd ones odd items."""
    user, item = (part.astype(np.int32) for part in np.nonzero(np.ones((users, items))))
    liked = (user + item) % 2 == 0
    user, item = user[liked], item[liked]
    return Interactions(
        tuple(f"us-{n}" for n in range(users)),
        tuple(f"tr-{n}" for n in range(items)),
        user,
        item,
        np.ones(len(user), np.float32),
        np.arange(1, len(user) + 1, dtype=np.int64) * 1000,
        user,
    )


def sounds() -> dict[str, dict[str, np.ndarray]]:
    chance = np.random.default_rng(0)
    items = checkerboard().items
    return {"summary/1": {id: chance.random(265).astype(np.float16) for id in items}}


@pytest.fixture(scope="module")
def model() -> Recommender:
    """All that the default recipe has."""
    fitted = recipe.fit(recipe.DEFAULT, checkerboard(), sounds())
    assert set(fitted.parts) == set(recipe.DEFAULT.models)
    return fitted


@pytest.fixture
def saved(model: Recommender, tmp_path: Path) -> Path:
    artefacts.save(model, tmp_path / "saved", MADE)
    return tmp_path / "saved"


def test_a_loaded_model_scores_and_explains_as_the_one_that_was_saved(
    model: Recommender, saved: Path
) -> None:
    loaded = artefacts.load(saved)
    asked = histories(checkerboard())
    assert isinstance(loaded, Blend)
    assert loaded.items == model.items
    assert isinstance(model, Blend)
    assert list(loaded.parts) == list(model.parts)
    np.testing.assert_array_equal(loaded.score(asked), model.score(asked))
    np.testing.assert_array_equal(
        loaded.contributions(asked[0], 3), model.contributions(asked[0], 3)
    )


@pytest.mark.parametrize("kind", recipe.KINDS)
def test_every_kind_of_model_can_be_saved(kind: str, tmp_path: Path) -> None:
    fitted = recipe.fit_one(kind, {}, checkerboard(), sounds())
    artefacts.save(fitted, tmp_path / "saved", MADE)
    loaded = artefacts.load(tmp_path / "saved")
    assert type(loaded) is type(fitted)
    asked = histories(checkerboard())
    np.testing.assert_array_equal(loaded.score(asked), fitted.score(asked))


def test_its_arrays_are_mapped_and_cannot_be_written_to(saved: Path) -> None:
    loaded = artefacts.load(saved)
    assert isinstance(loaded, Blend)
    part = loaded.parts["popularity"]
    assert isinstance(part, Popularity)
    assert type(part.share) is np.ndarray
    assert isinstance(part.share.base, np.memmap)
    assert isinstance(part.genres, csr_array)
    with pytest.raises(ValueError, match="read-only"):
        part.share[0] = 1


def test_what_parts_share_is_saved_once_and_shared_again(saved: Path) -> None:
    assert len(list(saved.glob("*items.json"))) == 1
    loaded = artefacts.load(saved)
    assert isinstance(loaded, Blend)
    assert all(part.items is loaded.items for part in loaded.parts.values())


def test_the_manifest_says_what_was_given_and_every_file(saved: Path) -> None:
    manifest = artefacts.read_manifest((saved / MANIFEST).read_bytes(), saved)
    assert manifest.version == MADE.version
    assert set(manifest.files) == {path.name for path in saved.iterdir()} - {MANIFEST}


def test_long_texts_and_numbers_of_numpy_are_saved_too(tmp_path: Path) -> None:
    text = "tree\n" * 1000 + "é"
    blend = Blend(("a",), {}, {"one": np.float32(0.5), "two": text})
    artefacts.save(blend, tmp_path / "saved", MADE)
    loaded = artefacts.load(tmp_path / "saved")
    assert isinstance(loaded, Blend)
    assert loaded.weights == {"one": 0.5, "two": text}
    assert "tree" not in (tmp_path / "saved" / MANIFEST).read_text()


def test_parts_may_be_named_as_they_like(tmp_path: Path) -> None:
    names = ("ials/wide", "ials-wide", "ials.wide", "../ials", "é" * 300, "ials wide", "")
    parts = {name: np.full(2, n) for n, name in enumerate(names)}
    artefacts.save(Blend(("a",), parts, {}), tmp_path / "saved", MADE)
    loaded = artefacts.load(tmp_path / "saved")
    assert isinstance(loaded, Blend)
    assert [int(part[0]) for part in loaded.parts.values()] == list(range(len(names)))
    assert {path.name for path in tmp_path.iterdir()} == {"saved"}


def test_damage_to_any_file_is_found(saved: Path) -> None:
    for path in sorted(saved.iterdir()):
        whole = path.read_bytes()
        middle = len(whole) // 2
        for damaged in (whole[:middle], whole[:middle] + b"\x07" + whole[middle + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(ArtefactError):
                artefacts.load(saved)
        path.unlink()
        with pytest.raises(ArtefactError):
            artefacts.load(saved)
        path.write_bytes(whole)
    artefacts.load(saved)


def rewritten(saved: Path, **changes: object) -> None:
    manifest = artefacts.read_manifest((saved / MANIFEST).read_bytes(), saved)
    changed = msgspec.structs.replace(manifest, **changes)
    (saved / MANIFEST).write_bytes(msgspec.json.encode(changed))


@pytest.mark.parametrize(
    "tree",
    [
        {"class": ["os:system", {}]},
        {"class": ["builtins:eval", {}]},
        {"class": ["antiphon.ops.demo:make", {}]},
        {"class": ["antiphon.taste.recipe:fit", {}]},
        {"class": ["antiphon.taste.artefacts:np", {}]},
        {"struct": ["antiphon.taste.artefacts:Path", "/etc/passwd"]},
        {"class": ["antiphon.taste.nowhere:Model", {}]},
        {"class": ["antiphon.taste.blend:Blend", {"other": 1}]},
        {"array": "../../secret.npy"},
        {"unknown": 1},
        {},
    ],
)
def test_only_values_of_taste_can_be_named(saved: Path, tree: dict[str, object]) -> None:
    rewritten(saved, model=tree)
    with pytest.raises(ArtefactError):
        artefacts.load(saved)


def test_nothing_is_unpickled(saved: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path(tmp_path / "exploded").touch, ())

    (saved / "bomb.npy").write_bytes(pickle.dumps(Bomb()))
    rewritten(saved, model={"array": "bomb.npy"}, files={})
    with pytest.raises(ArtefactError):
        artefacts.load(saved)
    assert not (tmp_path / "exploded").exists()


def test_another_form_is_refused_with_what_to_do(saved: Path) -> None:
    rewritten(saved, format=artefacts.FORMAT + 1)
    with pytest.raises(ArtefactError, match="`antiphon train` makes a new one"):
        artefacts.load(saved)


@dataclass(frozen=True)
class Foreign:
    items: tuple[str, ...]


@pytest.mark.parametrize("held", [object(), {1, 2}, Foreign(("a",)), np.array([object()])])
def test_a_model_of_other_things_than_values_cannot_be_saved(
    model: Recommender, tmp_path: Path, held: object
) -> None:
    assert isinstance(model, Blend)
    parts: Mapping[str, object] = {"odd": held}
    odd = replace(model, parts=parts)
    with pytest.raises((ArtefactError, ValueError)):
        artefacts.save(odd, tmp_path / "saved", MADE)
