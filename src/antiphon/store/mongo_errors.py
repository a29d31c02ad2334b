"""What MongoDB and its driver refuse, said in the words of the Store port."""

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

from antiphon.store.port import (
    LARGEST_DOCUMENT,
    ConflictError,
    StoreError,
    StoreUnavailableError,
)

TRANSIENT = "TransientTransactionError"
_PASSING = (TRANSIENT, "RetryableWriteError", "UnknownTransactionCommitResult")
_DUPLICATE = 11000
# Waited too long: for a lock, for the time allowed, for the majority, for another's transaction;
# or a transaction itself took too long.
_BUSY = {24, 50, 64, 112, 262, 290}
_TOO_LARGE = {10334, 17419, 17420}
_NOT_ALLOWED = {13, 18}


def is_conflict(error: PyMongoError) -> bool:
    """Say whether a transaction failed only because others wrote the same documents meanwhile."""
    return error.has_error_label(TRANSIENT) and not isinstance(error, ConnectionFailure)


@contextmanager
def plain_errors(where: str, *, conflicts_pass: bool = False) -> Iterator[None]:
    """Say what went wrong in the port's words; `where` names the database, without a password.

    `conflicts_pass` within a transaction, as they are, so that it can be done again.
    """
    try:
        yield
    except (PyMongoError, BSONError) as error:
        if conflicts_pass and isinstance(error, PyMongoError) and is_conflict(error):
            raise
        raise _plain(where, error) from error


def _plain(where: str, error: PyMongoError | BSONError) -> StoreError:
    codes = _codes(error)
    if isinstance(error, ConnectionFailure):
        return StoreUnavailableError(f"{where} is away: try again. ({_brief(error)})")
    if _DUPLICATE in codes:
        return ConflictError(f"{where} holds another document with this name or key already.")
    if codes & _BUSY or _may_succeed_later(error):
        return StoreUnavailableError(f"{where} is too busy: try again. ({_brief(error)})")
    if isinstance(error, DocumentTooLarge) or codes & _TOO_LARGE:
        return StoreError(
            f"{where} does not take such a document: it is larger than "
            f"{LARGEST_DOCUMENT >> 20} MB. ({_brief(error)})"
        )
    advice = " Look at the user, the password and the user's role." if codes & _NOT_ALLOWED else ""
    return StoreError(f"{where} does not take this: {_brief(error)}.{advice}")


def _may_succeed_later(error: PyMongoError | BSONError) -> bool:
    return isinstance(error, PyMongoError) and any(map(error.has_error_label, _PASSING))


def _codes(error: Exception) -> set[int]:
    if isinstance(error, BulkWriteError):
        kinds = ("writeErrors", "writeConcernErrors")
        return {one["code"] for kind in kinds for one in (error.details or {}).get(kind, [])}
    return {error.code} if isinstance(error, OperationFailure) and error.code else set()


def _brief(error: Exception) -> str:
    """Return what the driver says, without the state of every server behind it."""
    said = str(error).partition(", full error:")[0].partition(" (configured timeouts:")[0]
    return said.rstrip(".")[:300]
