"""What everybody plays joins the session model as it happens: the night would be too late."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from antiphon.events.records import Play
from antiphon.model import Listen
from antiphon.store import Range, Store, position
from antiphon.store.schema import LISTENS, PREFERENCES
from antiphon.taste import sessions
from antiphon.taste.listener import SITTING_GAP_MS
from antiphon.taste.session_log import NONE
from antiphon.taste.session_ranker import SessionRanker
from antiphon.taste.sessions import SessionKnn

Growing = SessionKnn | SessionRanker
V = TypeVar("V")
# Of so many of the latest plays it is known which click they are, and of so many listeners when
# they played last: about 10 MB each.
PLAYS = 50_000
LISTENERS = 50_000
_ORDER = ("played", "at")
_PAGE = 5_000


class Sittings:
    """A session model of this process's own that grows by the plays of all listeners.

    A play comes several times: from the worker that learned it, by the log, and from the store
    where this process was away. It counts once. One that is earlier than its listener's latest, as
    from a telephone that was away, waits for the next training. Any thread may tell.
    """

    def __init__(self, model: Growing, gap_ms: int = SITTING_GAP_MS) -> None:
        self.model = model.growing()
        own = self.model
        self._sessions = own.sessions if isinstance(own, SessionRanker) else own
        sessions.prepare()
        self._gap_ms = gap_ms
        self._rows = {id: row for row, id in enumerate(model.items)}
        # Listener -> their present session in the model, and when they played last.
        self._open: dict[str, tuple[int, int]] = {}
        # Play -> its click in the model.
        self._clicks: dict[str, int] = {}
        self._waiting: list[Play] | None = None
        self._lock = threading.Lock()

    def hear(self, plays: Iterable[Play]) -> None:
        """Learn from plays, in the order in which they happened, and unlearn what was forgotten."""
        with self._lock:
            if self._waiting is not None:
                self._waiting += plays
            else:
                self._take(plays)

    def catch_up(self, store: Store, since: int) -> None:
        """Learn what was played from `since` on, in milliseconds, while this process was away.

        What is heard meanwhile waits until that is done.

        Raises:
            StoreError: the store is away; what was read until then is learned.
        """
        with self._lock:
            self._waiting = []
        try:
            for plays in _played(store, since):
                self._take(plays)
        finally:
            with self._lock:
                self._take(self._waiting)
                self._waiting = None

    def _take(self, plays: Iterable[Play]) -> None:
        for play in plays:
            click = self._clicks.get(play.id)
            if click is None and not play.forgotten:
                self._add(play)
            elif click is not None and play.forgotten:
                self._sessions.take_back(click)
            elif click is not None:
                self._sessions.put_back(click)

    def _add(self, play: Play) -> None:
        session, last_at = self._open.get(play.user_id, (NONE, 0))
        if play.at < last_at:
            return
        if play.at - last_at > self._gap_ms:
            session = NONE
        row = self._rows.get(play.track_id)
        if row is not None:
            session = self._sessions.add(row, session)
            _keep(self._clicks, play.id, self._sessions.clicked - 1, PLAYS)
        _keep(self._open, play.user_id, (session, play.at), LISTENERS)


def _played(store: Store, since: int) -> Iterator[list[Play]]:
    """Yield what was played and may be learned from, oldest first."""
    where = {"played": True, "at": Range(gte=since)}
    after: tuple[object, ...] | None = None
    while page := store.find(LISTENS, where, _ORDER, limit=_PAGE, after=after):
        yield _learnable(store, page)
        after = position(page[-1], _ORDER)


def _learnable(store: Store, listens: Sequence[Listen]) -> list[Play]:
    """Return plays, without those of what their listeners exclude from their taste."""
    said = store.get_many(PREFERENCES, {one.user_id for one in listens})
    return [
        Play(id=one.id, user_id=one.user_id, track_id=one.track_id, at=one.at)
        for one in listens
        if (preferences := said.get(one.user_id)) is None
        or not (
            one.track_id in preferences.excluded_tracks
            or (one.source and one.source.id in preferences.excluded_playlists)
        )
    ]


def _keep(known: dict[str, V], key: str, value: V, most: int) -> None:
    """Keep a value as the latest; who was silent longest makes room."""
    known.pop(key, None)
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
