"""A listener's state now: read in one call, or made from the truth where nobody has kept it.

The truth are listens, familiarities and preferences. The live worker keeps what they come to
(`State`) in the transaction that changes them.
"""

from collections import OrderedDict

from antiphon.live import measures
from antiphon.model import Familiarity, State, now_ms
from antiphon.store import In, Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, PREFERENCES, STATES
from antiphon.taste.listener import SITTING_GAP_MS, ListenerState, state_of
from antiphon.taste.memory import (
    LIKES,
    RECENT_LISTENS,
    Memory,
    packed,
    remembered,
    unpacked,
)
from antiphon.taste.weights import WEIGHTS, Weights


class Memories:
    """What was unpacked lately, of so many listeners; it counts only while the store says so.

    A full one takes 120 kB, five times what it takes in the store.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[bytes, Memory]] = OrderedDict()

    def of(self, state: State | None) -> Memory | None:
        """Return what is kept, None where it has to be made from the truth."""
        if state is None:
            return None
        packed_then, memory_then = self._kept.get(state.id, (b"", None))
        is_known = memory_then is not None and packed_then == state.packed
        memory = memory_then if is_known else unpacked(state.packed)
        if memory is not None:
            measures.STATES.labels("cache" if is_known else "store").inc()
            self.keep(state, memory)
        return memory

    def keep(self, state: State, memory: Memory) -> None:
        """Remember what a state holds, in place of the one that was not asked for longest."""
        self._kept[state.id] = (state.packed, memory)
        self._kept.move_to_end(state.id)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def load(
    store: Store,
    user_id: str,
    *,
    gap_ms: int = SITTING_GAP_MS,
    weights: Weights = WEIGHTS,
    now: int | None = None,
    memories: Memories | None = None,
) -> ListenerState:
    """Return what the generators need to know about a listener at `now` (ms), by default now."""
    kept = store.get(STATES, user_id)
    memory = memories.of(kept) if memories else unpacked(kept.packed) if kept else None
    if memory is None:
        memory = rebuilt(store, user_id)
    moment = now_ms() if now is None else now
    return state_of(user_id, memory, moment, gap_ms=gap_ms, weights=weights)


def rebuilt(store: Store, user_id: str) -> Memory:
    """Return what is to be remembered of a listener, from the truth."""
    measures.STATES.labels("rebuilt").inc()
    latest_first = store.find(
        LISTENS, {"user_id": user_id}, ("user_id", "at"), descending=True, limit=RECENT_LISTENS
    )
    likes = store.find(
        FAMILIARITIES,
        {"user_id": user_id, "feedback": "like"},
        ("user_id", "liked_at"),
        descending=True,
        limit=LIKES,
    )
    refusals = In(("dislike", "ban"))
    dislikes = store.find(FAMILIARITIES, {"user_id": user_id, "feedback": refusals})
    plays = store.count(LISTENS, {"user_id": user_id, "played": True})
    preferences = store.get(PREFERENCES, user_id)
    return remembered(reversed(latest_first), [*likes, *dislikes], plays, preferences)


def kept(user_id: str, memory: Memory) -> State:
    """Return a memory as it is kept."""
    return State(id=user_id, packed=packed(memory))


def favourites(store: Store, user_id: str, limit: int) -> list[Familiarity]:
    """Return what the listener has played most, most first."""
    return store.find(
        FAMILIARITIES, {"user_id": user_id}, ("user_id", "plays"), descending=True, limit=limit
    )
