"""A copy of a SQLite store in one new file, taken while others read and write."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from antiphon.store.port import StoreError
from antiphon.store.sqlite_errors import plain_errors
from antiphon.store.urls import sqlite_path, without_password


def back_up(url: str, to: Path) -> None:
    """Write all that the SQLite store at `url` keeps into a new file, whole or not at all.

    Raises:
        StoreError: it is no SQLite store, or the file is there already or cannot be written.
    """
    path = sqlite_path(url)
    if path is None:
        raise StoreError(
            f"{without_password(url)} is no SQLite store: make a backup of it with "
            f"`antiphon store copy --from URL --to sqlite:///{to.absolute()}`."
        )
    if not path.is_file():
        raise StoreError(f"There is no {path} to back up.")
    copy_file(path, to)


def copy_file(path: Path, to: Path) -> None:
    """Write the database at `path`, as it is at this moment, into a new file.

    Raises:
        StoreError: the file is there already or cannot be written.
    """
    if to.exists():
        raise StoreError(f"{to} is there already: choose another name, nothing is overwritten.")
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)  # of one that was killed: in a container all have one number
        part.touch(0o600)  # passwords are in it, though only their hashes
        with plain_errors(path, copy=to), closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        with part.open("rb") as written:
            os.fsync(written.fileno())  # SQLite does not wait for the disk here
        part.rename(to)
    except OSError as error:
        raise StoreError(f"{to} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
