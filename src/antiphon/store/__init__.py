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
]


def open_store(url: str) -> Store:
    """Open the store at `url`, such as `sqlite:////var/lib/antiphon/antiphon.db`.

    Raises:
        StoreError: the URL names no engine there is, or the file cannot be used.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from antiphon.store.sqlite import SqliteStore  # noqa: PLC0415 - an engine loads when chosen

        return SqliteStore(Path(rest[1:]))
    raise StoreError(
        f"ANTIPHON_STORE={url!r} cannot be used: give sqlite:/// and the path of a file, "
        "such as sqlite:////var/lib/antiphon/antiphon.db."
    )
