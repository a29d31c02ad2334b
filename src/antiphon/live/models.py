"""The models in use, kept up with the store as tracks are analysed."""

import logging
import threading
import time

import numpy as np

from antiphon.audio.features import FEATURE_SETS
from antiphon.live.catalogue import most_played
from antiphon.model import Features
from antiphon.store import Store, position
from antiphon.store.schema import FEATURES
from antiphon.taste.content import ContentModel, fit
from antiphon.taste.metric import RECIPES, Numbers

LOG = logging.getLogger(__name__)

REFRESH_S = 1.0
# A refresh that took long is followed by so many times as long without one.
REST = 10
COUNT_EVERY_S = 60.0
_ORDER = ("name", "at")


class Models:
    """The content model over every analysed track, and what is popular on this server.

    New features join within REFRESH_S seconds; forgotten ones are gone within COUNT_EVERY_S. It is
    shared by the threads of a process; a reader never waits for a refresh by another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sets = [_Set(store, name) for name in RECIPES]
        self._content = fit({})
        self._look_at = float("-inf")
        self._compared_at = float("-inf")
        self._refreshing = threading.Lock()
        self._popular: list[str] = []
        self._counted_at = float("-inf")

    @property
    def content(self) -> ContentModel:
        """The content model of all the tracks analysed so far."""
        due = time.monotonic() >= self._look_at
        if due and self._refreshing.acquire(blocking=not len(self._content)):
            try:
                self._refresh()
            finally:
                self._refreshing.release()
        return self._content

    @property
    def popular(self) -> list[str]:
        """The ids of the tracks played most on this server lately, counted once a minute."""
        if time.monotonic() - self._counted_at >= COUNT_EVERY_S:
            self._popular = most_played(self._store)
            self._counted_at = time.monotonic()
        return self._popular

    def _refresh(self) -> None:
        started = time.monotonic()
        changed = [each.read_on() for each in self._sets]
        # Counting walks over all there is: too much for every second.
        if started - self._compared_at >= COUNT_EVERY_S:
            changed += [each.begin_again_if_some_are_gone() for each in self._sets]
            self._compared_at = started
        if any(changed):
            held = [each for each in self._sets if each.vectors]
            version = "content:" + ",".join(each.version for each in held)
            self._content = fit({each.name: each.vectors for each in held}, version)
        ended = time.monotonic()
        self._look_at = ended + max(REFRESH_S, REST * (ended - started))


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
