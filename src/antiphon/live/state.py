"""A listener's state now, read from the store in four calls."""

from antiphon.model import Familiarity, now_ms
from antiphon.store import In, Store
from antiphon.store.schema import FAMILIARITIES, LISTENS
from antiphon.taste.listener import ListenerState, state_of

RECENT_LISTENS = 500
LIKES = 200


def load(store: Store, user_id: str) -> ListenerState:
    """Return what the generators need to know about a listener."""
    listens = store.find(
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
    return state_of(user_id, listens, [*likes, *dislikes], plays, now_ms())


def favourites(store: Store, user_id: str, limit: int) -> list[Familiarity]:
    """Return what the listener has played most, most first."""
    return store.find(
        FAMILIARITIES, {"user_id": user_id}, ("user_id", "plays"), descending=True, limit=limit
    )
