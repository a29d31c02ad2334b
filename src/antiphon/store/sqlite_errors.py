"""What SQLite or the file system refused, in the port's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.store.port import ConflictError, StoreError, StoreUnavailableError


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Say plainly what is wrong with the file at `path`, or with what was to be kept in it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(path, str(error)) from error
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            what = str(error).partition(": ")[2]
            raise ConflictError(f"Another document has this {what} already.") from error
        raise StoreError(f"{path} does not take such a document: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is damaged or no database of Antiphon's ({error}): "
            "move it away, or put a backup in its place."
        ) from error


def _operational(path: Path, message: str) -> StoreError:
    if "locked" in message or "busy" in message:
        return StoreUnavailableError(f"{path} is busy with other writers: try again.")
    if "full" in message or "disk I/O" in message:
        return StoreUnavailableError(
            f"{path} cannot be written ({message}): make room on its disk, then try again."
        )
    return StoreError(f"{path} cannot be used: {message}.")
