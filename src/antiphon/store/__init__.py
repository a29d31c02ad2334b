"""Where things are kept: the Store port, the collections, and one adapter for each engine.

May import: `model`. Nothing else in Antiphon knows sqlite3 or pymongo.
"""

from pathlib import Path

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
from antiphon.store.urls import without_password

__all__ = [
    "Collection",
    "ConflictError",
    "In",
    "Range",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "open_store",
    "position",
    "without_password",
]


def open_store(url: str) -> Store:
    """Open the store at `url`: `sqlite:///` and a path, or `mongodb://` and hosts.

    Raises:
        StoreError: the URL names no engine there is, or what it names cannot be used.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from antiphon.store.sqlite import SqliteStore  # noqa: PLC0415 - an engine loads when chosen

        return SqliteStore(Path(rest[1:]))
    if scheme in ("mongodb", "mongodb+srv") and rest:
        return _open_mongo(url)
    raise StoreError(
        f"ANTIPHON_STORE={without_password(url)!r} cannot be used: give sqlite:/// and the path of "
        "a file, such as sqlite:////var/lib/antiphon/antiphon.db, or the address of a MongoDB, "
        "such as mongodb://db.example:27017/antiphon."
    )


def _open_mongo(url: str) -> Store:
    try:
        from antiphon.store.mongo import MongoStore  # noqa: PLC0415 - an engine loads when chosen
    except ModuleNotFoundError as error:
        raise StoreError(
            "ANTIPHON_STORE names a MongoDB, but its driver is not installed: "
            "pip install 'antiphon[mongo]'"
        ) from error
    return MongoStore(url)
