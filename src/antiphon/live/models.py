"""The models in use, kept up with the store as tracks are analysed, and with what is trained."""

import gc
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.audio.features import FEATURE_SETS
from antiphon.live.catalogue import most_played
from antiphon.live.sittings import Growing, Sittings
from antiphon.model import Features
from antiphon.store import Store, position
from antiphon.store.schema import FEATURES
from antiphon.taste.blend import Blend
from antiphon.taste.content import ContentModel, located
from antiphon.taste.content_map import ContentMap, extended
from antiphon.taste.ensemble import CONTENT, REPEAT, Ensemble, LastLook, assembled, ranked
from antiphon.taste.errors import ArtefactError
from antiphon.taste.interactions import History
from antiphon.taste.metric import RECIPES, Numbers
from antiphon.taste.recommender import Recommender
from antiphon.taste.registry import Registry
from antiphon.taste.repeat import forgetful
from antiphon.taste.rerank import Reranker

LOG = logging.getLogger(__name__)

REFRESH_S = 1.0
# A refresh that took long is followed by so many times as long without one.
REST = 10
COUNT_EVERY_S = 60.0
LOOK_EVERY_S = 5.0
# What was learned from so many listeners counts half, and the other half is what the tracks sound
# like: of one listener there is little to learn. The sound always counts a little, as only it knows
# a track that has just come.
DOUBT_LISTENERS = 20
LEAST_SOUND = 0.1
_ORDER = ("name", "at")
_ONE_PLAY = History(np.zeros(1, np.int32), np.ones(1, np.float32), np.zeros(1, np.int64))


@dataclass(frozen=True)
class Serving:
    """The models that answer at one moment: what the tracks sound like, and all of them together.

    `version` names the trained models and the features that they are made of.
    """

    content: ContentModel
    ensemble: Ensemble
    version: str


class Models:
    """The models over every analysed track, the trained ones, and what is popular on this server.

    New features, and what is played, join within REFRESH_S seconds; forgotten features are gone
    within COUNT_EVERY_S, other trained models are taken into use within LOOK_EVERY_S. It is shared
    by the threads of a process; a reader never waits for a refresh by another.
    """

    def __init__(self, store: Store, registry: Registry | None = None) -> None:
        self._store = store
        self._registry = registry
        self._sets = [_Set(store, name) for name in RECIPES]
        self._trained = _Trained()
        self._sittings: dict[str, Sittings] = {}
        self._refused = self._trouble = ""
        self._now = Serving(located({}), Ensemble(), "")
        self._look_at = float("-inf")
        self._compared_at = float("-inf")
        self._looked_at = float("-inf")
        self._refreshing = threading.Lock()
        self._popular: list[str] = []
        self._counted_at = float("-inf")

    @property
    def now(self) -> Serving:
        """The models as they are now."""
        due = time.monotonic() >= self._look_at
        if due and self._refreshing.acquire(blocking=not self._now.ensemble.items):
            try:
                self._refresh()
            finally:
                self._refreshing.release()
        return self._now

    @property
    def content(self) -> ContentModel:
        """The content model of all the tracks analysed so far."""
        return self.now.content

    @property
    def popular(self) -> list[str]:
        """The ids of the tracks played most on this server lately, counted once a minute."""
        if time.monotonic() - self._counted_at >= COUNT_EVERY_S:
            self._popular = most_played(self._store)
            self._counted_at = time.monotonic()
        return self._popular

    def _refresh(self) -> None:
        started = time.monotonic()
        content = self._content(started)
        switched = self._switched(started)
        for sittings in self._sittings.values():
            sittings.read_on()
        if content is not self._now.content or switched:
            self._now = self._assembled(content)
            # What models are made of stays: nobody's answer has to wait while it is walked over.
            gc.collect()
            gc.freeze()
        ended = time.monotonic()
        self._look_at = ended + max(REFRESH_S, REST * (ended - started))

    def _content(self, now_s: float) -> ContentModel:
        """Return the content model with what was analysed meanwhile, the same if nothing was."""
        changed = [each.read_on() for each in self._sets]
        # Counting walks over all there is: too much for every second.
        if now_s - self._compared_at >= COUNT_EVERY_S:
            changed += [each.begin_again_if_some_are_gone() for each in self._sets]
            self._compared_at = now_s
        if not any(changed):
            return self._now.content
        held = [each for each in self._sets if each.vectors]
        version = "content:" + ",".join(each.version for each in held)
        return located({each.name: each.vectors for each in held}, version=version)

    def _switched(self, now_s: float) -> bool:
        """Take over other trained models if there are any; say whether.

        Those that cannot be used change nothing: what is there goes on answering.
        """
        if self._registry is None or now_s - self._looked_at < LOOK_EVERY_S:
            return False
        self._looked_at = now_s
        version = ""
        try:
            version = self._registry.current()
            if version == self._trained.version or (version and version == self._refused):
                return False
            trained = _loaded(self._registry, version) if version else _Trained()
        except ArtefactError as error:
            # Said once, not every few seconds.
            if str(error) != self._trouble:
                serving = self._trained.version or "no trained ones"
                LOG.warning("%s The models in use stay: %s.", error, serving)
            self._trouble, self._refused = str(error), version
            return False
        self._sittings = {
            name: Sittings(self._store, model, trained.since)
            for name, model in trained.parts.items()
            if isinstance(model, Growing)
        }
        growing = {name: sittings.model for name, sittings in self._sittings.items()}
        self._trained = replace(trained, parts={**trained.parts, **growing})
        LOG.info("The trained models in use are now %s.", version or "none")
        return True

    def _assembled(self, content: ContentModel) -> Serving:
        """Put the models together, each over all the tracks that it can know by now."""
        parts, weights = dict(self._trained.parts), self._trained.shares()
        parts.pop(CONTENT, None)
        repeat = parts.pop(REPEAT, None) or forgetful(content.items)
        voices = {
            name: (self._up_to_date(model), weights.get(name, 0.0)) for name, model in parts.items()
        }
        voices |= {CONTENT: (content, weights[CONTENT]), REPEAT: (repeat, 0.0)}
        ensemble = assembled(voices, self._trained.last_look())
        if ensemble.items:
            # The first question costs what is made only then, such as machine code.
            ranked(ensemble, _ONE_PLAY)
        version = f"{self._trained.version or 'untrained'} {content.version}"
        return Serving(content, ensemble, version)

    def _up_to_date(self, model: Recommender) -> Recommender:
        """Give a model that can place a track by its sound those that have come since."""
        if not isinstance(model, ContentMap):
            return model
        return extended(model, {each.name: each.vectors for each in self._sets if each.vectors})


@dataclass(frozen=True)
class _Trained:
    """Trained models by name, their weights, and how many listeners these were learned from.

    They know what was played before `since`, in milliseconds.
    """

    version: str = ""
    parts: Mapping[str, Recommender] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    listeners: int = 0
    since: int = 0
    reranker: Reranker | None = None

    def last_look(self) -> LastLook | None:
        """Return the last look at what these models together want."""
        total = sum(self.weights.values())
        if self.reranker is None or not total:
            return None
        return LastLook(self.reranker, self.weights, self._trust() / total)

    def shares(self) -> dict[str, float]:
        """Return how much each model counts, all together 1, and how much the sound does."""
        total, trust = sum(self.weights.values()), self._trust()
        shares = {name: trust * weight / total for name, weight in self.weights.items() if trust}
        return shares | {CONTENT: shares.get(CONTENT, 0.0) + 1 - trust}

    def _trust(self) -> float:
        """Return how much the trained models count together."""
        if not sum(self.weights.values()):
            return 0.0
        return min(self.listeners / (self.listeners + DOUBT_LISTENERS), 1 - LEAST_SOUND)


def _loaded(registry: Registry, version: str) -> _Trained:
    """Load a version.

    Raises:
        ArtefactError: it is damaged, or there is none.
    """
    model, about = registry.load(version), registry.manifest(version)
    # The history was read when the training began.
    since = about.made_at - int(1000 * about.seconds)
    if not isinstance(model, Blend):
        return _Trained(version, {"trained": model}, {"trained": 1.0}, about.listeners, since)
    return _Trained(version, model.parts, model.weights, about.listeners, since, model.reranker)


class _Set:
    """The vectors of one feature set by track, as far as they have been read."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store
        self._columns = len(FEATURE_SETS[name].columns)
        self._dtype = FEATURE_SETS[name].dtype
        self._begin()

    def _begin(self) -> None:
        self.vectors: dict[str, Numbers] = {}
        self._unusable: set[str] = set()
        self._after: tuple[object, ...] | None = None

    @property
    def version(self) -> str:
        """Name what was read: processes that have read the same say the same."""
        newest = self._after[1] if self._after else 0
        return f"{self.name}:{len(self.vectors)}:{newest}"

    def read_on(self) -> bool:
        """Take in the features behind those read so far; say whether there were any."""
        new = self._store.find(FEATURES, {"name": self.name}, _ORDER, after=self._after)
        if not new:
            return False
        self._after = position(new[-1], _ORDER)
        for doc in new:
            self._take(doc)
        return True

    def begin_again_if_some_are_gone(self) -> bool:
        """Compare with the store's count, which also tells of what came late; say if it differs."""
        known = len(self.vectors) + len(self._unusable)
        if self._store.count(FEATURES, {"name": self.name}) == known:
            return False
        self._begin()
        self.read_on()
        return True

    def _take(self, doc: Features) -> None:
        self.vectors.pop(doc.track_id, None)
        self._unusable.discard(doc.track_id)
        whole = len(doc.vector) == self._columns * np.dtype(self._dtype).itemsize
        vector = np.frombuffer(doc.vector, self._dtype) if whole else None
        if vector is not None and np.isfinite(vector).all():
            self.vectors[doc.track_id] = vector
        else:
            # One that was damaged on the way costs its own track, not everybody's answers.
            LOG.warning("The features %s are damaged: they are not used.", doc.id)
            self._unusable.add(doc.track_id)
