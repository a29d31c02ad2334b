"""Where the effects of a batch are made: its documents, and what is remembered of its listeners."""

from collections.abc import Callable

from antiphon.events.records import Play
from antiphon.live.ledger import Ledger
from antiphon.live.state import Memories, kept, rebuilt
from antiphon.model import Familiarity
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, STATES
from antiphon.taste.memory import Memory


class Desk:
    """The work on one batch, inside one transaction.

    `plays` are those to learn from, in order, and `known` counts the events that had come before.
    """

    def __init__(self, store: Store, memories: Memories) -> None:
        self.ledger = Ledger(store)
        self.plays: list[Play] = []
        self.known = 0
        self._store = store
        self._cache = memories
        # None: it has to be made from the truth, once that is written.
        self._memories: dict[str, Memory | None] = {}

    def remember(self, user_id: str, change: Callable[[Memory], Memory | None]) -> None:
        """Change what is remembered of a listener; None says that it is to be made anew."""
        if user_id not in self._memories:
            self._memories[user_id] = self._cache.of(self.ledger.get(STATES, user_id))
        memory = self._memories[user_id]
        self._memories[user_id] = None if memory is None else change(memory)

    def remember_anew(self, user_id: str) -> None:
        """Let what is remembered of a listener be made from the truth."""
        self._memories[user_id] = None

    def close(self) -> dict[str, Memory]:
        """Write all that was changed; return what is remembered now of those it is about."""
        self.ledger.write()
        memories = {
            user_id: rebuilt(self._store, user_id) if memory is None else memory
            for user_id, memory in self._memories.items()
        }
        for user_id, memory in memories.items():
            state = kept(user_id, memory)
            self._cache.keep(state, memory)
            self.ledger.put(STATES, state)
        self.ledger.write()
        return memories


def known_by(desk: Desk, user_id: str, track_id: str) -> Familiarity:
    """Return what a listener and a track have been through, which may be nothing."""
    id = familiarity_id(user_id, track_id)
    bare = Familiarity(id=id, user_id=user_id, track_id=track_id)
    return desk.ledger.get(FAMILIARITIES, id) or bare


def familiarity_id(user_id: str, track_id: str) -> str:
    """Return the id of what this listener and this track have been through."""
    return f"{user_id}:{track_id}"
