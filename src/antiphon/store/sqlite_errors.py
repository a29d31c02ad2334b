"""What SQLite or the file system refused, in the port's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.store.port import ConflictError, StoreError, StoreUnavailableError


@contextmanager
def plain_errors(path: Path, copy: Path | None = None) -> Iterator[None]:
    """Say plainly what is wrong with the file at `path`, or with what was to be kept in it.

    Where it is read to write a `copy`, what cannot be written is the copy.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(path, copy or path, str(error)) from error
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            what = str(error).partition(": ")[2]
            raise ConflictError(f"Another document has this {what} already.") from error
        raise StoreError(f"{path} does not take such a document: {error}.") from error
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise StoreError(f"{path} cannot be used: {error}") from error
        raise StoreError(
            f"{path} is damaged or no database of Antiphon's ({error}): "
            "move it away, or put a backup in its place."
        ) from error


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether SQLite found the file itself damaged."""
    # What Python's module refuses itself, such as a closed connection, has no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _operational(path: Path, written: Path, message: str) -> StoreError:
    if "locked" in message or "busy" in message:
        return StoreUnavailableError(f"{path} is busy with other writers: try again.")
    if "full" in message or "disk I/O" in message:
        return StoreUnavailableError(
            f"{written} cannot be written ({message}): make room on its disk, then try again."
        )
    return StoreError(f"{written} cannot be used: {message}.")
