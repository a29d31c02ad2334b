"""One process among several does something: it holds a lease in the store, and renews it."""

import time
import uuid

from antiphon.model import Lease, now_ms
from antiphon.store import Store
from antiphon.store.schema import LEASES

LASTS_S = 5.0
# Renewed so much earlier that a slow store does not lose it.
RENEWED_AFTER_S = LASTS_S / 3


class LeaseHolder:
    """A process's claim to `name`; where it ends without a word, another gets it LASTS_S later.

    The clocks of the machines may differ by much less than that. Where one is set back, a lease
    that was to end much later ends when it was not renewed for LASTS_S before our eyes.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._me = uuid.uuid4().hex
        self._renewed_at = float("-inf")
        # Another's lease as it was seen last, and since when it has been so.
        self._seen: Lease | None = None
        self._seen_at = 0.0

    @property
    def held(self) -> bool:
        """Whether it was ours when last heard of, and cannot be anybody else's yet."""
        return time.monotonic() - self._renewed_at < LASTS_S

    def take(self) -> bool:
        """Take the lease if it is free, renew it when it is time to; say whether it is ours."""
        if time.monotonic() - self._renewed_at < RENEWED_AFTER_S:
            return True
        # As of before the store was asked: the others count from what it was told then.
        asked_at = time.monotonic()
        taken = self._is_ours_to_take() and self._store.transact(self._take)
        self._renewed_at = asked_at if taken else float("-inf")
        return taken

    def let_go(self) -> None:
        """Leave it to the others at once."""

        def free() -> None:
            if self._is_ours_to_take():
                self._store.delete_many(LEASES, [self._name])

        if self.held:
            self._renewed_at = float("-inf")
            self._store.transact(free)

    def _take(self) -> bool:
        if not self._is_ours_to_take():
            return False
        until = now_ms() + int(LASTS_S * 1000)
        self._store.put(LEASES, Lease(id=self._name, holder=self._me, until=until))
        return True

    def _is_ours_to_take(self) -> bool:
        kept = self._store.get(LEASES, self._name)
        if kept is None or kept.holder == self._me:
            return True
        if kept != self._seen:
            self._seen, self._seen_at = kept, time.monotonic()
        return kept.until < now_ms() or time.monotonic() - self._seen_at > LASTS_S
