"""Training: what was listened to becomes a new version of the models, unless that is worse."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from antiphon import __version__
from antiphon.compute import Compute
from antiphon.events.lease import RENEWED_AFTER_S, LeaseHolder
from antiphon.model import now_ms
from antiphon.ops import history
from antiphon.ops.errors import WorseModelError
from antiphon.ops.judging import Judgement, Materials, Show, judged, lacking
from antiphon.ops.pausing import NotNowError
from antiphon.ops.progress import OnProgress, noted
from antiphon.ops.warming import going_on
from antiphon.store import Store, StoreUnavailableError
from antiphon.taste import recipe as recipes
from antiphon.taste.artefacts import Manifest
from antiphon.taste.recipe import Recipe
from antiphon.taste.registry import Registry, in_use
from antiphon.taste.weights import WEIGHTS, Weights

TRAINING = "training"


@dataclass(frozen=True)
class Trained:
    """What a training came to: a new version in use, or in words why there is none."""

    manifest: Manifest | None = None
    judgement: Judgement | None = None
    reason: str = ""


def train(
    store: Store,
    compute: Compute,
    registry: Registry,
    *,
    gap_ms: int,
    weights: Weights = WEIGHTS,
    given: Recipe | None = None,
    force: bool = False,
    show: Show,
) -> Trained:
    """Train on what was listened to until now, and use the result unless it is worse.

    The recipe is the `given` one, else the one that was given last, else the default. With `force`
    it is trained although nothing is new, from nothing, and used although it is worse.

    Raises:
        ArtefactError: the models cannot be reached or saved.
        ComputeError: the engine failed.
        NotNowError: another process trains.
        WorseModelError: it is worse than the one in use, which stays so.
    """
    show = _noting(store, show)
    with alone(store) as still_alone:
        started = time.monotonic()
        with show("Reading what was listened to", "listens") as note:
            interactions = history.read(store, gap_ms, note, weights)
        if lack := lacking(interactions):
            return Trained(reason=lack)
        state, present = history.fingerprint(interactions), in_use(registry)
        tuned = _tuned(given, present)
        if present and not force and (present.history, present.tuned) == (state, tuned):
            return Trained(reason=f"Nothing is new: {present.version} stays in use.")
        materials = Materials(interactions, history.features(store), compute)
        recipe = msgspec.convert(tuned, Recipe) if tuned else recipes.DEFAULT
        learned, judgement = judged(materials, recipe, _recipe(present), show)
        if present and judgement and judgement.is_worse and not force:
            raise WorseModelError(_in_words(judgement, present))
        # By force: from nothing.
        before = None if force else present
        with show("Training on everything", "models"):
            trainer = going_on(compute.train_als, registry, before, learned, interactions.items)
            model = recipes.fit(learned, interactions, materials.features, trainer)
        with show("Saving", "versions"):
            manifest = _manifest(materials, state, learned, tuned, judgement, started)
            saved = registry.publish(model, manifest)
            still_alone()
            registry.use(saved.version)
            registry.prune()
    return Trained(saved, judgement)


def _recipe(present: Manifest | None) -> Recipe | None:
    """Return the recipe of what is in use, if this version of Antiphon can read it."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(present.recipe, Recipe) if present else None
    return None


def _tuned(given: Recipe | None, present: Manifest | None) -> Any:
    """Return the recipe that an operator gave, now or before, as JSON; None for the default."""
    if given is None:
        return present.tuned if present else None
    return None if given == recipes.DEFAULT else msgspec.to_builtins(given)


def _version(made_at: int, state: str) -> str:
    """Return a name of its own; with the milliseconds, names are in the order of their making."""
    made = datetime.fromtimestamp(made_at / 1000, UTC)
    return f"{made:%Y%m%dT%H%M%S}-{made_at % 1000:03}{state[:6]}"


def _manifest(  # noqa: PLR0917 - private, and called once
    materials: Materials,
    state: str,
    learned: Recipe,
    tuned: Any,
    judgement: Judgement | None,
    started: float,
) -> Manifest:
    made_at, interactions = now_ms(), materials.interactions
    return Manifest(
        version=_version(made_at, state),
        made_at=made_at,
        antiphon=__version__,
        recipe=msgspec.to_builtins(learned),
        tuned=tuned,
        history=state,
        listens=len(interactions),
        listeners=len(np.unique(interactions.user)),
        tracks=len(interactions.items),
        judges=judgement.judges if judgement else 0,
        figures=judgement.figures if judgement else {},
        seconds=round(time.monotonic() - started, 1),
    )


def _in_words(judgement: Judgement, present: Manifest) -> str:
    """Say why a worse model was refused."""
    new, old = judgement.figures["ndcg@20"], (judgement.present or {})["ndcg@20"]
    by = f" by {judgement.better}" if judgement.better else ""
    return (
        f"The new models are worse than those in use ({present.version}){by} by more than noise:"
        f" nDCG@20 {new} instead of {old}, over {judgement.judges} listeners."
        " Nothing was changed; `antiphon train --force` uses them nevertheless."
    )


def _noting(store: Store, show: Show) -> Show:
    """Keep each step's progress in the store as well, where other processes can read it."""

    @contextmanager
    def shown(title: str, unit: str) -> Iterator[OnProgress]:
        with show(title, unit) as draw, noted(store, TRAINING, title, also=draw) as note:
            yield note

    return shown


@contextmanager
def alone(store: Store) -> Iterator[Callable[[], None]]:
    """Hold the lease on training; what is given makes sure that it is still held.

    Raises:
        NotNowError: another process has it, or took it when this one had stood still for long.
    """
    claim = LeaseHolder(store, TRAINING)
    ended = threading.Event()

    def hold() -> None:
        if not claim.take():
            raise NotNowError("Another process trains the models already.")

    def go_on() -> None:
        while not ended.wait(RENEWED_AFTER_S / 2):
            with suppress(StoreUnavailableError):
                claim.take()

    hold()
    renewing = threading.Thread(target=go_on, daemon=True)
    renewing.start()
    try:
        yield hold
    finally:
        ended.set()
        renewing.join()
        claim.let_go()
