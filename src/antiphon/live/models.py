"""The models in use, kept up with the store as tracks are analysed, and with what is trained."""

import gc
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.events import EventLog
from antiphon.events.records import Play
from antiphon.events.trouble import Trouble
from antiphon.live.catalogue import most_played
from antiphon.live.feature_set import FeatureSet
from antiphon.live.following import Follower
from antiphon.live.sittings import Growing, Sittings
from antiphon.live.trained import Trained, loaded
from antiphon.store import Store, StoreError
from antiphon.taste.content import ContentModel, located
from antiphon.taste.content_map import ContentMap, extended
from antiphon.taste.ensemble import CONTENT, REPEAT, Ensemble, assembled, contributions, ranked
from antiphon.taste.errors import ArtefactError
from antiphon.taste.interactions import History
from antiphon.taste.listener import SITTING_GAP_MS
from antiphon.taste.metric import RECIPES
from antiphon.taste.recommender import Recommender
from antiphon.taste.registry import Registry
from antiphon.taste.repeat import forgetful
from antiphon.taste.weights import WEIGHTS, Weights

LOG = logging.getLogger(__name__)

REFRESH_S = 1.0
# A refresh that took long is followed by so many times as long without one.
REST = 10
COUNT_EVERY_S = 60.0
LOOK_EVERY_S = 5.0
# So many tracks that listeners were answered by lately are looked at again in new models, so that
# nobody waits for it: half a millisecond each of 100,000.
RECALLED = 2000
# Who asks before there are any models waits so long for them; then what is there has to do.
FIRST_WITHIN_S = 5.0
_ONE_PLAY = History(np.zeros(1, np.int32), np.ones(1, np.float32), np.zeros(1, np.int64))


@dataclass(frozen=True)
class Serving:
    """The models that answer at one moment: what the tracks sound like, and all of them together.

    `version` names the trained models and the features that they are made of. After `gap_ms`
    without music a listener's next track begins another sitting, and `weights` say how much a
    listen speaks for its track. `credits` remembers the artists of tracks.
    """

    content: ContentModel
    ensemble: Ensemble
    version: str
    gap_ms: int = SITTING_GAP_MS
    weights: Weights = WEIGHTS
    credits: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)


class Models:
    """The models over every analysed track, the trained ones, and what is popular on this server.

    New features join within REFRESH_S seconds, and what is played as soon as it is heard; forgotten
    features are gone within COUNT_EVERY_S, other trained models are taken into use within
    LOOK_EVERY_S. It is shared by the threads of a process. Once it follows the log, a thread of its
    own keeps it up; until then one of those who ask does, and the others do not wait for it. While
    the store is away, what is there goes on answering.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry | None = None,
        *,
        gap_ms: int = SITTING_GAP_MS,
        weights: Weights = WEIGHTS,
    ) -> None:
        self._store = store
        self._registry = registry
        self.gap_ms = gap_ms
        self.weights = weights
        self._sets = [FeatureSet(store, name) for name in RECIPES]
        self._trained = Trained()
        # Those that learn from plays: of the models in use, and of those about to be.
        self._sittings: tuple[Sittings, ...] = ()
        self._refused = self._said = ""
        self._now = Serving(located({}), Ensemble(), "", gap_ms, weights)
        self._read = False
        self._look_at = float("-inf")
        self._compared_at = float("-inf")
        self._looked_at = float("-inf")
        self._refreshing = threading.Lock()
        self._trouble = Trouble(LOG, "the store")
        self._popular: list[str] = []
        self._counted_at = float("-inf")
        self._follower: Follower | None = None

    @property
    def now(self) -> Serving:
        """The models as they are now."""
        if self._follower is None:
            self._refresh_if_due(wait=not self._now.ensemble.items)
        elif not self._now.version:
            self._follower.begun.wait(FIRST_WITHIN_S)
        return self._now

    @property
    def content(self) -> ContentModel:
        """The content model of all the tracks analysed so far."""
        return self.now.content

    @property
    def popular(self) -> list[str]:
        """The ids of the tracks played most on this server lately, counted once a minute."""
        if self._follower is None:
            self._count_if_due()
        return self._popular

    def hear(self, plays: Iterable[Play]) -> None:
        """Learn at once from what was played, or forgotten, in the order in which it happened."""
        heard = list(plays)
        for sittings in self._sittings:
            sittings.hear(heard)

    def follow(self, log: EventLog) -> None:
        """Keep up with the store and the log in a thread of its own, until closed."""
        self._follower = Follower(log, self._catch_up, self.hear, self._keep_up)
        self._follower.start()

    def close(self) -> None:
        """Follow no longer."""
        if self._follower is not None:
            self._follower.close()

    def _catch_up(self) -> None:
        """Learn what was played while nobody followed.

        Raises:
            StoreError: the store is away.
        """
        for sittings in self._sittings:
            sittings.catch_up(self._store, self._trained.since)

    def _keep_up(self) -> None:
        self._refresh_if_due(wait=True)
        self._count_if_due()

    def _refresh_if_due(self, *, wait: bool) -> None:
        due = time.monotonic() >= self._look_at
        if due and self._refreshing.acquire(blocking=wait):
            try:
                self._refresh()
                self._trouble.over()
            except StoreError as error:
                self._look_at = time.monotonic() + self._trouble.met(error)
            except Exception:
                # Whatever is wrong with what is new: what is there goes on answering.
                LOG.exception("The models in use stay, as no new ones can be made of what there is")
                self._look_at = time.monotonic() + COUNT_EVERY_S
            finally:
                self._refreshing.release()

    def _refresh(self) -> None:
        started = time.monotonic()
        # Kept, as the store may go away before what was read is used.
        self._read |= self._read_on(started)
        if self._switched(started) or self._read:
            self._now = self._assembled(self._content())
            self._read = False
            # What models are made of stays: nobody's answer has to wait while it is walked over.
            gc.collect()
            gc.freeze()
        ended = time.monotonic()
        self._look_at = ended + max(REFRESH_S, REST * (ended - started))

    def _count_if_due(self) -> None:
        if time.monotonic() - self._counted_at < COUNT_EVERY_S:
            return
        self._counted_at = time.monotonic()
        try:
            self._popular = most_played(self._store)
        except StoreError as error:
            LOG.warning("what is popular is counted again in a minute: %s", error)

    def _read_on(self, now_s: float) -> bool:
        """Take in what was analysed meanwhile; say whether anything was."""
        changed = [each.read_on() for each in self._sets]
        # Counting walks over all there is: too much for every second.
        if now_s - self._compared_at >= COUNT_EVERY_S:
            changed += [each.begin_again_if_some_are_gone() for each in self._sets]
            self._compared_at = now_s
        return any(changed)

    def _content(self) -> ContentModel:
        """Return the content model of what was read."""
        if not self._read:
            return self._now.content
        held = [each for each in self._sets if each.vectors]
        version = "content:" + ",".join(each.version for each in held)
        found = located({each.name: each.vectors for each in held}, version=version)
        found.remember(self._now.content.asked[-RECALLED:])
        return found

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
            trained = loaded(self._registry, version) if version else Trained()
        except ArtefactError as error:
            # Said once, not every few seconds.
            if str(error) != self._said:
                serving = self._trained.version or "no trained ones"
                LOG.warning("%s The models in use stay: %s.", error, serving)
            self._said, self._refused = str(error), version
            return False
        self._trained = self._growing(trained)
        LOG.info("The trained models in use are now %s.", version or "none")
        return True

    def _growing(self, trained: Trained) -> Trained:
        """Return models of this process's own that know what was played since the training.

        Raises:
            StoreError: the store is away.
        """
        sittings = {
            name: Sittings(model, self.gap_ms)
            for name, model in trained.parts.items()
            if isinstance(model, Growing)
        }
        used = self._sittings
        # What is heard while they catch up is for both, as either may answer.
        self._sittings = (*used, *sittings.values())
        try:
            for each in sittings.values():
                each.catch_up(self._store, trained.since)
        except StoreError:
            self._sittings = used
            raise
        self._sittings = tuple(sittings.values())
        growing = {name: each.model for name, each in sittings.items()}
        return replace(trained, parts={**trained.parts, **growing})

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
            ranking = ranked(ensemble, _ONE_PLAY)
            for name in ranking.said:
                contributions(ranking, name, _ONE_PLAY.items)
        version = f"{self._trained.version or 'untrained'} {content.version}"
        return Serving(content, ensemble, version, self.gap_ms, self.weights)

    def _up_to_date(self, model: Recommender) -> Recommender:
        """Give a model that can place a track by its sound those that have come since."""
        if not isinstance(model, ContentMap):
            return model
        return extended(model, {each.name: each.vectors for each in self._sets if each.vectors})
