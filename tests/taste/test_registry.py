"""Versions of models: one is in use, changed in one go, and one can go back to an older one."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest

from antiphon.taste import recipe
from antiphon.taste.artefacts import Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.errors import ArtefactError
from antiphon.taste.interactions import Interactions
from antiphon.taste.registry import Registry, in_use

VERSIONS = [f"20261122T03300{n}-abc" for n in range(5)]


@pytest.fixture(scope="module")
def model() -> Blend:
    nothing = np.empty(0, np.int32)
    nobody = Interactions(
        (), ("a", "b"), nothing, nothing, nothing.astype("f4"), nothing.astype("i8"), nothing
    )
    return recipe.fit(recipe.Recipe(models={"popularity": {}}), nobody)


@pytest.fixture(params=["file", "memory"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """One on disk, and one elsewhere, which is fsspec's own in memory."""
    if request.param == "file":
        yield Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")
        return
    url = f"memory://{uuid.uuid4().hex}/models"
    yield Registry(url, tmp_path / "copies")
    files, root = fsspec.core.url_to_fs(url)
    if files.exists(root):
        files.rm(root, recursive=True)


def publish(registry: Registry, model: Blend, version: str) -> None:
    registry.publish(model, Manifest(version=version, made_at=1, antiphon="0", recipe={}))


def damage(
    registry: Registry, version: str, name: str = "model.parts.popularity.share.npy"
) -> None:
    files, root = fsspec.core.url_to_fs(registry.url)
    whole = files.cat_file(f"{root}/{version}/{name}")
    files.pipe_file(f"{root}/{version}/{name}", whole[:-1] + b"!")


def versions(registry: Registry) -> list[str]:
    return [manifest.version for manifest in registry.versions()]


def test_at_first_there_is_nothing_and_nothing_is_made(registry: Registry, tmp_path: Path) -> None:
    assert registry.current() == ""
    assert in_use(registry) is None
    assert registry.versions() == []
    with pytest.raises(ArtefactError, match="no model"):
        registry.load(VERSIONS[0])
    with pytest.raises(ArtefactError, match="no older model"):
        registry.roll_back()
    assert list(tmp_path.iterdir()) == []


def test_what_is_published_is_there_but_in_use_only_when_that_is_said(
    registry: Registry, model: Blend
) -> None:
    publish(registry, model, VERSIONS[0])
    assert (registry.current(), versions(registry)) == ("", [VERSIONS[0]])
    registry.use(VERSIONS[0])
    assert registry.current() == VERSIONS[0]
    loaded = registry.load(VERSIONS[0])
    np.testing.assert_array_equal(loaded.score([]), model.score([]))
    assert loaded.items == ("a", "b")


def test_rolling_back_goes_one_version_down_at_a_time(registry: Registry, model: Blend) -> None:
    for version in VERSIONS[:3]:
        publish(registry, model, version)
    registry.use(VERSIONS[2])
    assert registry.roll_back().version == VERSIONS[1]
    assert registry.roll_back().version == VERSIONS[0] == registry.current()
    with pytest.raises(ArtefactError, match="no older model"):
        registry.roll_back()
    assert registry.use(VERSIONS[2]).version == VERSIONS[2] == registry.current()


def test_a_damaged_version_is_refused_and_the_one_in_use_stays(
    registry: Registry, model: Blend
) -> None:
    for version in VERSIONS[:3]:
        publish(registry, model, version)
    registry.use(VERSIONS[0])
    damage(registry, VERSIONS[1])
    # What the writer itself has need not be fetched, and is whole.
    elsewhere = Registry(registry.url, Path(f"{registry._copies}-of-another"))
    with pytest.raises(ArtefactError, match=r"share\.npy is not as it was saved"):
        elsewhere.use(VERSIONS[1])
    assert elsewhere.current() == VERSIONS[0]
    elsewhere.use(VERSIONS[2])
    assert elsewhere.roll_back().version == VERSIONS[0]


def test_a_half_written_version_is_none(registry: Registry, model: Blend) -> None:
    publish(registry, model, VERSIONS[0])
    files, root = fsspec.core.url_to_fs(registry.url)
    files.makedirs(f"{root}/{VERSIONS[1]}", exist_ok=True)
    files.pipe_file(f"{root}/{VERSIONS[1]}/model.items.json", b"[")
    assert versions(registry) == [VERSIONS[0]]
    with pytest.raises(ArtefactError):
        registry.use(VERSIONS[1])


def test_a_model_that_cannot_be_saved_leaves_nothing_behind(
    registry: Registry, model: Blend, tmp_path: Path
) -> None:
    odd = replace(model, weights={"one": object()})
    with pytest.raises(ArtefactError):
        publish(registry, odd, VERSIONS[0])
    assert registry.versions() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_pruning_keeps_the_newest_and_the_one_in_use(registry: Registry, model: Blend) -> None:
    for version in VERSIONS:
        publish(registry, model, version)
    registry.use(VERSIONS[0])
    assert registry.prune(kept=2) == 2
    assert versions(registry) == [VERSIONS[4], VERSIONS[3], VERSIONS[0]]
    assert registry.load(VERSIONS[0]).items == model.items


def test_pruning_removes_what_a_killed_training_left(
    registry: Registry, model: Blend, tmp_path: Path
) -> None:
    publish(registry, model, VERSIONS[0])
    (place,) = (path.parent for path in tmp_path.rglob(VERSIONS[0]))
    (place / ".new-0123").mkdir()
    (place / ".new-0123" / "model.items.json").touch()
    registry.prune()
    assert [path.name for path in place.iterdir()] == [VERSIONS[0]]


def test_a_model_stays_usable_while_its_version_is_removed(
    registry: Registry, model: Blend
) -> None:
    for version in VERSIONS[:2]:
        publish(registry, model, version)
    served = registry.load(VERSIONS[0])
    registry.use(VERSIONS[1])
    assert registry.prune(kept=1) == 1
    np.testing.assert_array_equal(served.score([]), model.score([]))
    assert isinstance(served, Blend)
    np.testing.assert_array_equal(served.parts["popularity"].share, [0.5, 0.5])


def test_a_reader_sees_one_version_or_the_other_and_never_half_a_name(
    registry: Registry, model: Blend
) -> None:
    for version in VERSIONS[:2]:
        publish(registry, model, version)
    registry.use(VERSIONS[0])
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(registry.current())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(40):
        registry.use(VERSIONS[turn % 2])
    done.set()
    reader.join()
    assert seen == set(VERSIONS[:2])


def test_a_copy_that_was_damaged_is_fetched_anew(model: Blend, tmp_path: Path) -> None:
    url = f"memory://{uuid.uuid4().hex}"
    publish(Registry(url, tmp_path / "writer"), model, VERSIONS[0])
    reader = Registry(url, tmp_path / "reader")
    reader.load(VERSIONS[0])
    copy = tmp_path / "reader" / VERSIONS[0] / "model.items.json"
    copy.write_bytes(b"[]")
    with pytest.raises(ArtefactError, match="is not as it was saved"):
        reader.load(VERSIONS[0])
    assert reader.load(VERSIONS[0]).items == ("a", "b")


@pytest.mark.parametrize("name", ["", "current", "../../etc", "20261122T033000-", "x" * 100])
def test_only_names_of_versions_are_taken_for_such(registry: Registry, name: str) -> None:
    with pytest.raises(ArtefactError):
        registry.use(name)


@pytest.mark.parametrize("url", ["nowhere://models", "file:///dev/null/models"])
def test_a_place_that_cannot_be_reached_is_named(url: str, tmp_path: Path, model: Blend) -> None:
    registry = Registry(url, tmp_path)
    with pytest.raises(ArtefactError, match=url):
        publish(registry, model, VERSIONS[0])


def test_a_pointer_that_says_nothing_of_sense_is_none_and_is_mended_by_using_a_version(
    registry: Registry, model: Blend
) -> None:
    publish(registry, model, VERSIONS[0])
    files, root = fsspec.core.url_to_fs(registry.url)
    files.pipe_file(f"{root}/current", b"\xff\x00")
    assert registry.current() == ""
    registry.use(VERSIONS[0])
    assert registry.current() == VERSIONS[0]
