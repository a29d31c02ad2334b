"""The features of the store, read on as tracks are analysed."""

import logging

import numpy as np

from antiphon.audio.features import FEATURE_SETS
from antiphon.model import Features
from antiphon.store import Store, position
from antiphon.store.schema import FEATURES
from antiphon.taste.metric import Numbers

_log = logging.getLogger(__name__)
_ORDER = ("name", "at")


class FeatureSet:
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
            _log.warning("The features %s are damaged: they are not used.", doc.id)
            self._unusable.add(doc.track_id)
