"""Transactions in MongoDB: one for each thread at most, done again while others come before.

A process that is killed within one leaves what it was about to change locked on the server, for
as long as the server's `transactionLifetimeLimitSeconds` (a minute by default).
"""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pymongo
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from antiphon.store.mongo_connection import Client
from antiphon.store.mongo_errors import plain_errors
from antiphon.store.port import StoreUnavailableError, T

CONFLICTS_END_AFTER_S = 15.0
LONGEST_PAUSE_S = 0.25
ABORT_WITHIN_S = 0.5


class Transactions:
    """The transactions of one store, and the one that this thread is in."""

    def __init__(self, client: Client, where: str) -> None:
        self._client = client
        self._where = where
        self._local = threading.local()

    @property
    def session(self) -> ClientSession | None:
        """The session of the transaction that this thread is in, for all that it does."""
        session: ClientSession | None = getattr(self._local, "session", None)
        return session

    def transact(self, work: Callable[[], T]) -> T:
        """Answer `Store.transact`; the driver's own way would try again for two minutes."""
        if self.session is not None:
            return work()
        give_up_at = time.monotonic() + CONFLICTS_END_AFTER_S
        for pause_s in _pauses():
            try:
                return self._once(work)
            except PyMongoError as conflict:
                if time.monotonic() > give_up_at:
                    raise StoreUnavailableError(
                        f"{self._where} is busy with other writers: try again."
                    ) from conflict
            time.sleep(pause_s)
        raise AssertionError("pauses have no end")

    def _once(self, work: Callable[[], T]) -> T:
        """Do the work once; only a conflict with others is raised in the driver's own words."""
        with (
            plain_errors(self._where, conflicts_pass=True),
            self._client.start_session() as session,
        ):
            session.start_transaction(ReadConcern("snapshot"))
            self._local.session = session
            try:
                result = work()
            except BaseException:
                # A server that is away forgets it by itself: nobody is kept waiting for that.
                with pymongo.timeout(ABORT_WITHIN_S):
                    session.abort_transaction()
                raise
            finally:
                self._local.session = None
            session.commit_transaction()
            return result


def _pauses() -> Iterator[float]:
    """Yield how long to wait before a transaction is done again: ever longer, never in step."""
    longest_s = 0.002
    while True:
        yield random.uniform(0, longest_s)  # noqa: S311 - nothing secret about it
        longest_s = min(longest_s * 2, LONGEST_PAUSE_S)
