"""Training: it learns what was planted, refuses what is worse, and never breaks what is in use."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.ops.listening import TRACK_COUNT, plant

from antiphon.compute.local import LocalCompute
from antiphon.events.lease import LeaseHolder
from antiphon.model import Familiarity, Listen, Track
from antiphon.ops.errors import WorseModelError
from antiphon.ops.pausing import NotNowError
from antiphon.ops.training import TRAINING, Trained, alone, train
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, PROGRESS, TRACKS
from antiphon.taste.interactions import History
from antiphon.taste.recipe import DEFAULT, Recipe
from antiphon.taste.registry import Registry

GAP = 30 * 60_000
# Both are quick. The second knows only what all listeners play, and not who belongs together.
GOOD = Recipe(models={"popularity": {}, "neighbours": {}})
BAD = Recipe(models={"popularity": {}})

Train = Callable[..., Trained]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")


@pytest.fixture
def titles() -> list[str]:
    return []


@pytest.fixture
def run(store: Store, registry: Registry, titles: list[str]) -> Train:
    @contextmanager
    def show(title: str, _unit: str) -> Iterator[Callable[[int, int], None]]:
        titles.append(title)
        yield lambda _done, _total: None

    def run(given: Recipe | None = GOOD, *, force: bool = False) -> Trained:
        return train(
            store, LocalCompute(1), registry, gap_ms=GAP, given=given, force=force, show=show
        )

    return run


def test_what_was_planted_is_learned_saved_and_used(
    store: Store, registry: Registry, run: Train
) -> None:
    plant(store)
    done = run()
    assert done.manifest is not None
    assert done.judgement is not None
    assert registry.current() == done.manifest.version
    model = registry.load(registry.current())
    evens = [place for place, id in enumerate(model.items) if int(id[3:]) % 2 == 0]
    played = np.array(evens[:5], np.int32)
    history = History(played, np.ones(5, np.float32), np.ones(5, np.int64))
    best = np.argsort(-model.score([history])[0])[:20]
    assert set(best) == set(evens)
    manifest = registry.manifest(registry.current())
    assert (manifest.listens, manifest.listeners, manifest.tracks) == (1280, 16, TRACK_COUNT)
    assert manifest.judges == 16
    ndcg = manifest.figures["ndcg@20"]
    assert 0.5 < ndcg.low <= ndcg.value <= ndcg.high <= 1
    assert manifest.recipe["weights"]["neighbours"] > 0


@pytest.mark.parametrize("listeners", [0, 1, 2])
def test_with_too_little_nothing_is_made_and_that_is_said(
    store: Store, registry: Registry, run: Train, listeners: int
) -> None:
    plant(store, listeners=listeners, days=4)
    done = run()
    assert done.manifest is None
    assert "too little to learn from" in done.reason
    assert registry.current() == ""


def test_one_listener_of_many_evenings_is_enough(
    store: Store, registry: Registry, run: Train
) -> None:
    plant(store, listeners=1, days=30)
    done = run(None)
    assert done.manifest is not None
    scores = registry.load(registry.current()).score([])
    assert scores.shape == (0, TRACK_COUNT)


@pytest.mark.parametrize("shape", ["once", "all alike", "skipped", "one track"])
def test_odd_histories_are_trained_on_or_declined_but_never_fail(
    store: Store, registry: Registry, run: Train, shape: str
) -> None:
    def listen(user: int, track: int, n: int) -> Listen:
        is_skipped = shape == "skipped"
        return Listen(
            id=f"us-{user}:{n}",
            user_id=f"us-{user}",
            track_id=f"tr-{track}",
            at=1 if shape == "all alike" else n,
            played_ms=1_000 if is_skipped else 180_000,
            duration_ms=180_000,
            ended="skipped" if is_skipped else "completed",
            played=not is_skipped,
        )

    store.put_many(TRACKS, [Track(id=f"tr-{n}", title="T", sort="t") for n in range(150)])
    tracks = [0 if shape == "one track" else n for n in range(150)]
    store.put_many(LISTENS, [listen(n % 3, track, n) for n, track in enumerate(tracks)])
    done = run(None)
    if done.manifest is None:
        assert shape == "skipped"
        return
    model = registry.load(registry.current())
    nothing = History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int64))
    assert np.isfinite(model.score([nothing])).all()


def test_without_anything_new_nothing_is_done(
    store: Store, registry: Registry, run: Train, titles: list[str]
) -> None:
    plant(store)
    first = run().manifest
    assert first is not None
    titles.clear()
    again = run(None)
    assert again.manifest is None
    assert first.version in again.reason
    assert titles == ["Reading what was listened to"]
    assert run(None, force=True).manifest is not None


@pytest.mark.parametrize("news", ["listen", "like", "track", "recipe"])
def test_whatever_is_new_is_a_reason_to_train(store: Store, run: Train, news: str) -> None:
    plant(store)
    assert run().manifest is not None
    if news == "listen":
        plant(store, listeners=1, days=1, since=10)
    if news == "like":
        likes = Familiarity(
            id="us-1:tr-01", user_id="us-1", track_id="tr-01", feedback="like", feedback_at=1
        )
        store.put(FAMILIARITIES, likes)
    if news == "track":
        store.put(TRACKS, Track(id="tr-new", title="New", sort="new"))
    given = (
        Recipe(models=GOOD.models | {"popularity": {"prior": 9.0}}) if news == "recipe" else None
    )
    assert run(given).manifest is not None


def test_a_worse_model_is_refused_with_both_figures_and_nothing_changes(
    store: Store, registry: Registry, run: Train
) -> None:
    plant(store)
    good = run().manifest
    assert good is not None
    plant(store, days=2, since=10)
    with pytest.raises(
        WorseModelError, match=r"nDCG@20 0\.\d+ .* instead of 0\.\d+ .*16 listeners"
    ):
        run(BAD)
    assert registry.current() == good.version
    assert [manifest.version for manifest in registry.versions()] == [good.version]
    assert store.find(PROGRESS) == []


def test_a_worse_model_is_used_by_force_and_gone_back_from_by_one_command(
    store: Store, registry: Registry, run: Train
) -> None:
    plant(store)
    good = run().manifest
    plant(store, days=2, since=10)
    forced = run(BAD, force=True)
    assert forced.judgement is not None
    assert forced.judgement.is_worse
    assert good is not None
    assert registry.current() != good.version
    assert registry.roll_back().version == good.version == registry.current()


def test_a_few_listeners_cannot_tell_a_worse_model(store: Store, run: Train) -> None:
    plant(store, listeners=3, days=12)
    assert run().manifest is not None
    done = run(BAD)
    assert done.judgement is not None
    assert done.judgement.better is not None
    assert done.judgement.better.value < 0
    assert done.manifest is not None


def test_the_recipe_that_was_given_is_kept_until_another_is(
    store: Store, registry: Registry, run: Train
) -> None:
    def models() -> list[str]:
        return list(registry.manifest(registry.current()).recipe["models"])

    plant(store)
    run(GOOD)
    plant(store, days=1, since=10)
    run(None)
    assert models() == list(GOOD.models)
    run(DEFAULT, force=True)
    assert models() == list(DEFAULT.models)
    assert registry.manifest(registry.current()).tuned is None


def test_what_another_version_made_does_not_stand_in_the_way(
    store: Store, registry: Registry, run: Train, tmp_path: Path
) -> None:
    plant(store)
    first = run().manifest
    assert first is not None
    path = tmp_path / "artefacts" / first.version / "manifest.json"
    recipe = {"models": {"of another version": {}}, "weights": {}}
    changed = msgspec.structs.replace(first, recipe=recipe, history="")
    path.write_bytes(msgspec.json.encode(changed))
    done = run()
    assert done.judgement is not None
    assert done.judgement.better is None
    path.write_text("{")
    assert run(None, force=True).manifest is not None


def test_only_one_process_trains_at_a_time(store: Store, registry: Registry, run: Train) -> None:
    plant(store)
    other = LeaseHolder(store, TRAINING)
    assert other.take()
    with pytest.raises(NotNowError):
        run()
    assert registry.current() == ""
    other.let_go()
    assert run().manifest is not None
    assert other.take()


def test_the_lease_is_held_for_as_long_as_it_takes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a lease so short that it would run out twice."""
    monkeypatch.setattr("antiphon.events.lease.LASTS_S", 1.0)
    monkeypatch.setattr("antiphon.ops.training.RENEWED_AFTER_S", 0.3)
    monkeypatch.setattr("antiphon.events.lease.RENEWED_AFTER_S", 0.3)
    other = LeaseHolder(store, TRAINING)
    with alone(store) as still_alone:
        for _ in range(25):
            time.sleep(0.1)
            assert not other.take()
        still_alone()
    assert other.take()


@pytest.mark.slow
def test_the_commands_say_what_they_did_and_end_with_what_it_means(
    store: Store, tmp_path: Path
) -> None:
    def antiphon(*words: str) -> tuple[int, str]:
        settings = {
            "ANTIPHON_DATA": str(tmp_path),
            "ANTIPHON_STORE": f"sqlite:///{tmp_path}/antiphon.db",
            "COLUMNS": "400",
        }
        done = subprocess.run(
            [sys.executable, "-m", "antiphon", *words],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(msgspec.json.encode(GOOD))
    bad.write_bytes(msgspec.json.encode(BAD))
    code, said = antiphon("train", "--quiet")
    assert (code, said[:34]) == (0, "There is too little to learn from ")
    code, said = antiphon("models", "list")
    assert (code, said) == (0, "Nothing was trained yet: `antiphon train` does it.\n")
    plant(store)
    code, said = antiphon("train", "--recipe", str(good))
    assert code == 0
    assert "1280 listens of 16 listeners, 40 tracks" in said
    assert "nDCG" not in said.partition("Asked")[0]
    code, said = antiphon("train", "--recipe", str(bad), "--quiet")
    assert code == 70
    assert "worse than those in use" in said
    assert antiphon("train", "--recipe", str(bad), "--force", "--quiet")[0] == 0
    _, before = antiphon("models", "list")
    assert [line[:1] for line in before.splitlines()] == ["*", " "]
    assert antiphon("models", "rollback")[0] == 0
    _, after = antiphon("models", "list")
    assert [line[:1] for line in after.splitlines()] == [" ", "*"]
    newest = before.split()[1].rstrip(":")
    assert antiphon("models", "use", newest)[0] == 0
    assert antiphon("models", "list")[1] == before
    assert antiphon("models", "use", "20200101T000000-none")[0] == 74
    (tmp_path / "no.json").write_text('{"models": {"magic": {}}}')
    code, said = antiphon("train", "--recipe", str(tmp_path / "no.json"))
    assert code == 2
    assert "magic" in said
