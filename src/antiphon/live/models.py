"""The models in use, kept up with the store as tracks are analysed."""

import threading
import time

import numpy as np

from antiphon.audio.features import NAME
from antiphon.live.catalogue import most_played
from antiphon.store import Store, position
from antiphon.store.schema import FEATURES
from antiphon.taste.content import ContentModel, Matrix, fit

REFRESH_S = 1.0
# A refresh that took long is followed by so many times as long without one.
REST = 10
COUNT_EVERY_S = 60.0
_ORDER = ("name", "at")


class Models:
    """The content model over every analysed track, and what is popular on this server.

    New features join within REFRESH_S seconds. It is shared by the threads of a process; a reader
    never waits for a refresh by another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._vectors: dict[str, Matrix] = {}
        self._after: tuple[object, ...] | None = None
        self._content = fit({})
        self._look_at = float("-inf")
        self._refreshing = threading.Lock()
        self._popular: list[str] = []
        self._counted_at = float("-inf")

    @property
    def content(self) -> ContentModel:
        """The content model of all the tracks analysed so far."""
        due = time.monotonic() >= self._look_at
        if due and self._refreshing.acquire(blocking=not self._vectors):
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
        changed = self._read_on()
        if self._store.count(FEATURES, {"name": NAME}) != len(self._vectors):
            # Some are gone: begin again.
            self._vectors, self._after = {}, None
            self._read_on()
            changed = True
        if changed:
            newest = self._after[1] if self._after else 0
            version = f"content:{NAME}:{len(self._vectors)}:{newest}"
            self._content = fit(self._vectors, version)
        ended = time.monotonic()
        self._look_at = ended + max(REFRESH_S, REST * (ended - started))

    def _read_on(self) -> bool:
        """Take in the features behind those read so far; say whether there were any."""
        new = self._store.find(FEATURES, {"name": NAME}, _ORDER, after=self._after)
        if not new:
            return False
        self._after = position(new[-1], _ORDER)
        self._vectors.update((doc.id, np.frombuffer(doc.vector, "<f4")) for doc in new)
        return True
