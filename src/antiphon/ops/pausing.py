"""Pausing work in the background, from the page or a terminal, until an admin lets it go on."""

from antiphon.model import Pause, now_ms
from antiphon.store import Store
from antiphon.store.schema import PAUSES


class NotNowError(Exception):
    """The work is not to be done here just now: it is paused, or another process does it."""


def pause(store: Store, work: str) -> None:
    """Have the work of that name rest, in every process; what is under way is put off."""
    store.put(PAUSES, Pause(id=work, at=now_ms()))


def resume(store: Store, work: str) -> None:
    """Let it go on."""
    store.delete_many(PAUSES, [work])


def is_paused(store: Store, work: str) -> bool:
    """Say whether it is to rest."""
    return store.get(PAUSES, work) is not None
