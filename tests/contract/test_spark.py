"""Compute on a stand-alone Spark: a real master and worker, at work and away."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray
from tests.contract.work import slept
from tests.services.spark import Spark

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.plan import Plan
from antiphon.compute import Compute, ComputeError, open_compute, spark_session
from antiphon.compute import spark as engine
from antiphon.compute.local import LocalCompute
from antiphon.library import scan
from antiphon.ops.analysis import analyse
from antiphon.store import Store, open_store
from antiphon.store.schema import FEATURES, PROBLEMS, SOUNDS, TRACKS
from sounds import staircase, write

pytestmark = pytest.mark.slow

FORMATS = (".flac", ".wav", ".ogg", ".mp3", ".m4a", ".wv")
FILES = 1000
PLAN = Plan(sets=("summary/1",))
OpenStore = Callable[[str], Store]


@pytest.fixture
def cluster(spark: Spark) -> Iterator[Compute]:
    opened = open_compute(spark.url, workers=2)
    yield opened
    opened.close()


@pytest.fixture
def analysed(tmp_path: Path) -> Iterator[Callable[[str, Compute], Store]]:
    """Return a store whose catalogue of the same music was analysed."""
    music = tmp_path / "music"
    music.mkdir()
    noise = np.random.default_rng(1)
    for number in range(FILES):
        suffix = FORMATS[number] if number < len(FORMATS) else ".flac"
        sound = staircase(0.5, 22_050, 1) + noise.normal(0, 0.01, (11_025, 1)).astype(np.float32)
        write(music / f"{number}{suffix}", sound, 22_050)
    soundfile.write(music / "silent.wav", [0.0] * 22_050, 22_050)
    (music / "broken.flac").write_bytes((music / "0.flac").read_bytes()[:300])
    stores: list[Store] = []

    def analysed(name: str, compute: Compute) -> Store:
        store = open_store(f"sqlite:///{tmp_path / name}.db")
        stores.append(store)
        scan.scan(store, LocalCompute(2), [music])
        assert analyse(store, compute, PLAN, lambda: False) == FILES + 2
        return store

    yield analysed
    for store in stores:
        store.close()


def test_of_a_thousand_files_it_finds_the_same_as_local_processes(
    cluster: Compute, analysed: Callable[[str, Compute], Store]
) -> None:
    local = LocalCompute(2)
    here, there = analysed("here", local), analysed("there", cluster)
    local.close()
    assert here.count(FEATURES, {"name": "summary/1"}) == FILES
    assert contents(here) == contents(there)
    for id, vector in vectors(here).items():
        # As far as two processors would agree.
        np.testing.assert_allclose(vector, vectors(there)[id], rtol=2e-3, atol=1e-3)


@cache
def vectors(store: Store) -> dict[str, NDArray[np.floating]]:
    dtype = FEATURE_SETS["summary/1"].dtype
    return {one.id: np.frombuffer(one.vector, dtype) for one in store.find(FEATURES)}


def contents(store: Store) -> tuple[object, ...]:
    """What the analysis found out, without when."""
    return (
        {one.id: one.name for one in store.find(FEATURES)},
        {one.id: replace(one, at=0) for one in store.find(SOUNDS)},
        {one.id: (one.features, one.measured_gain) for one in store.find(TRACKS)},
        {(one.id, one.stage, one.reason) for one in store.find(PROBLEMS)},
    )


def test_a_cluster_that_goes_away_is_no_items_fault_and_is_used_again(
    cluster: Compute, spark: Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = cluster.map(slept, [0.0, *[0.5] * 200])
    first = next(outcomes)
    spark.kill()
    monkeypatch.setattr(engine, "PATIENCE_S", 3.0)
    rest = []
    with pytest.raises(ComputeError, match="no executor takes the work"):
        rest.extend(outcomes)
    assert not any(outcome.error for outcome in (first, *rest))
    with pytest.raises(ComputeError, match=r"does not answer .*is it running"):
        list(cluster.map(abs, [-1]))
    spark.start()
    monkeypatch.undo()
    assert [outcome.result for outcome in cluster.map(abs, [-1])] == [1]


def test_a_java_machine_that_dies_is_no_items_fault_and_another_is_started(spark: Spark) -> None:
    local = open_compute("spark-local:2", workers=2)
    outcomes = local.map(slept, [0.0, *[0.5] * 200])
    assert next(outcomes).error == ""
    spark_session.SparkContext._gateway.proc.kill()  # type: ignore[union-attr]
    with pytest.raises(ComputeError, match="Spark"):
        list(outcomes)
    assert [outcome.result for outcome in local.map(abs, [-1])] == [1]
    local.close()


def test_without_java_it_says_so(
    spark: Spark, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ComputeError, match="needs Java 17 or newer"):
        list(open_compute("spark-local:1", workers=1).map(abs, [-1]))
