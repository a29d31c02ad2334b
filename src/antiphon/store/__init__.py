"""Where things are kept: the Store port, the collections, and one adapter for each engine.

May import: `model`. Nothing else in Antiphon knows sqlite3 or pymongo.
"""

from antiphon.store.port import (
    Collection,
    ConflictError,
    In,
    Range,
    Store,
    StoreError,
    StoreUnavailableError,
    position,
)
from antiphon.store.urls import sqlite_path, without_password

__all__ = [
    "Collection",
    "ConflictError",
    "In",
    "Range",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "open_existing",
    "open_store",
    "position",
    "without_password",
]


def open_store(url: str) -> Store:
    """Open the store at `url`: `sqlite:///` and a path, or `mongodb://` and hosts.

    Raises:
        StoreError: the URL names no engine there is, or what it names cannot be used.
    """
    if path := sqlite_path(url):
        from antiphon.store.sqlite import SqliteStore  # noqa: PLC0415 - an engine loads when chosen

        return SqliteStore(path)
    scheme, _, rest = url.partition("://")
    if scheme in ("mongodb", "mongodb+srv") and rest:
        return _open_mongo(url)
    raise StoreError(
        f"{without_password(url)!r} cannot be used as a store (ANTIPHON_STORE): give sqlite:/// "
        "and the path of a file, such as sqlite:////var/lib/antiphon/antiphon.db, or the address "
        "of a MongoDB, such as mongodb://db.example:27017/antiphon."
    )


def open_existing(url: str) -> Store:
    """Open the store at `url`, making no file where there is none.

    Raises:
        StoreError: as `open_store`; or there is no such file.
    """
    path = sqlite_path(url)
    if path and not path.is_file():
        raise StoreError(f"There is no {path}: is the address right?")
    return open_store(url)


def _open_mongo(url: str) -> Store:
    try:
        from antiphon.store.mongo import MongoStore  # noqa: PLC0415 - an engine loads when chosen
    except ModuleNotFoundError as error:
        raise StoreError(
            "ANTIPHON_STORE names a MongoDB, but its driver is not installed: "
            "pip install 'antiphon[mongo]'"
        ) from error
    return MongoStore(url)
