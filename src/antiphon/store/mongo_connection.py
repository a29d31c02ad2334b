"""From a `mongodb://` address to a database: options, and words that never show a password."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConfigurationError, InvalidName

from antiphon.store.port import StoreError
from antiphon.store.urls import without_password

DATABASE = "antiphon"
# Those that the address does not name. A listener waits no longer than this for a new primary.
OPTIONS: Mapping[str, Any] = {
    "appname": "antiphon",
    "connectTimeoutMS": 2_000,
    "heartbeatFrequencyMS": 2_000,
    "serverSelectionTimeoutMS": 2_500,
    "socketTimeoutMS": 30_000,
    "waitQueueTimeoutMS": 2_500,
    "wTimeoutMS": 10_000,
}

Client = MongoClient[dict[str, Any]]


def connect(url: str) -> tuple[Client, Database[dict[str, Any]]]:
    """Return a client and the database that the address names; it connects when it is used.

    Raises:
        StoreError: the address cannot be read.
    """
    try:
        with ExitStack() as unless_read:
            client = Client(url, w="majority", connect=False, **_options(url))
            unless_read.callback(client.close)
            database = client.get_default_database(DATABASE)
            unless_read.pop_all()
    except (ConfigurationError, InvalidName, ValueError):
        # The driver may quote parts of the password in what it says.
        raise StoreError(
            f"{without_password(url)!r} cannot be used as a store (ANTIPHON_STORE): give "
            "mongodb://user:password@host:27017/antiphon, with every special character of the "
            "password percent-encoded."
        ) from None
    return client, database


def must_have_transactions(client: Client, where: str) -> None:
    """Refuse a server that is part of no replica set.

    Raises:
        StoreError: it is one.
    """
    hello = client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreError(
            f"{where} stands alone, and so has no transactions: start mongod with "
            "--replSet antiphon, and call rs.initiate() once in mongosh."
        )


def shown(url: str, database: str) -> str:
    """Return how a database is called in messages."""
    return f"MongoDB's {database!r} at {urlsplit(url).netloc.rpartition('@')[2]}"


def _options(url: str) -> dict[str, Any]:
    named = {name.lower() for name, _ in parse_qsl(urlsplit(url).query)}
    return {name: value for name, value in OPTIONS.items() if name.lower() not in named}
