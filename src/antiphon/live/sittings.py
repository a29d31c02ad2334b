"""What everybody plays joins the session model as it happens: the night would be too late."""

from antiphon.model import Listen
from antiphon.store import Range, Store, position
from antiphon.store.schema import LISTENS
from antiphon.taste.listener import SITTING_GAP_MS
from antiphon.taste.session_log import NONE
from antiphon.taste.session_ranker import SessionRanker
from antiphon.taste.sessions import SessionKnn

Growing = SessionKnn | SessionRanker
_ORDER = ("played", "at")
_PAGE = 5_000


class Sittings:
    """A session model of this process's own that grows by the plays of all listeners.

    It has learned what was played before `since`, in milliseconds. What comes late, as from a
    telephone that was away, waits for the next training. One thread may read on while others ask.
    """

    def __init__(self, store: Store, model: Growing, since: int) -> None:
        self.model = model.growing()
        own = self.model
        self._sessions = own.sessions if isinstance(own, SessionRanker) else own
        self._store = store
        self._since = since
        self._rows = {id: row for row, id in enumerate(model.items)}
        self._after: tuple[object, ...] | None = None
        # Listener -> their present session in the model, and when they played last.
        self._open: dict[str, tuple[int, int]] = {}

    def read_on(self) -> None:
        """Take in what was played since the last time."""
        where = {"played": True, "at": Range(gte=self._since)}
        while page := self._store.find(LISTENS, where, _ORDER, limit=_PAGE, after=self._after):
            for listen in page:
                self._take(listen)
            self._after = position(page[-1], _ORDER)

    def _take(self, listen: Listen) -> None:
        session, last_at = self._open.get(listen.user_id, (NONE, 0))
        if listen.at - last_at > SITTING_GAP_MS:
            session = NONE
        row = self._rows.get(listen.track_id)
        if row is not None:
            session = self._sessions.add(row, session)
        self._open[listen.user_id] = (session, listen.at)
