"""Accounts: who may log in, with which password (kept as an argon2id hash, never as text)."""

import secrets
import unicodedata
from functools import cache
from typing import Any

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec.structs import replace

from antiphon.model import Lease, Role, User, now_ms
from antiphon.store import Collection, ConflictError, Store
from antiphon.store.schema import (
    ANSWERS,
    FAMILIARITIES,
    FORGOTTEN,
    LEASES,
    LISTENS,
    PLAYLISTS,
    PREFERENCES,
    SHOWINGS,
    STATES,
    USERS,
)

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
LONGEST_NAME = 64
# What is kept of a listener: by their name, and under it.
PERSONAL: tuple[Collection[Any], ...] = (
    LISTENS,
    FORGOTTEN,
    FAMILIARITIES,
    PLAYLISTS,
    SHOWINGS,
    ANSWERS,
)
OWN: tuple[Collection[Any], ...] = (PREFERENCES, STATES, USERS)
REMOVING = "user remove"
_hasher = argon2.PasswordHasher()


class AccountError(Exception):
    """An account cannot be made or changed as asked; the message says why."""


def key_of(name: str) -> str:
    """Return a name as names are compared: without case, width or surrounding space."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def find(store: Store, name: str) -> User | None:
    """Return the user of that name."""
    return next(iter(store.find(USERS, {"key": key_of(name)}, limit=1)), None)


def add(store: Store, name: str, password: str, role: Role = "listener") -> User:
    """Make an account.

    Raises:
        AccountError: the name is taken or unusable, or the password too short.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountError(f"A name has 1 to {LONGEST_NAME} printable characters.")
    user = User(
        id=f"us-{secrets.token_hex(8)}",
        name=name,
        key=key_of(name),
        password_hash=_hash(password),
        role=role,
        created_at=now_ms(),
        session_stamp=secrets.token_hex(8),
    )
    try:
        store.put(USERS, user)
    except ConflictError as error:
        raise AccountError(f"There is a user {name!r} already; choose another name.") from error
    return user


def set_password(store: Store, name: str, password: str) -> User:
    """Change a password, and end every session opened with the old one.

    Raises:
        AccountError: there is no such user, or the password is too short.
    """
    changed = replace(
        _existing(store, name),
        password_hash=_hash(password),
        session_stamp=secrets.token_hex(8),
    )
    store.put(USERS, changed)
    return changed


def remove(store: Store, name: str) -> User:
    """Remove a user with all that is kept of them; return who it was.

    Raises:
        AccountError: there is no such user, or it is the last admin.
    """

    def leave() -> User:
        user = _existing(store, name)
        admins = [other for other in store.find(USERS) if other.role == "admin"]
        if user.role == "admin" and len(admins) == 1:
            raise AccountError(f"{user.name!r} is the only admin; make another one first.")
        # So that of two who are removed at once, one sees that the other is gone.
        store.put(LEASES, Lease(id=REMOVING, holder=user.id, until=now_ms()))
        for collection in PERSONAL:
            theirs = store.find(collection, {"user_id": user.id})
            store.delete_many(collection, [doc.id for doc in theirs])
        for collection in OWN:
            store.delete_many(collection, [user.id])
        return user

    return store.transact(leave)


def verify(store: Store, name: str, password: str) -> User | None:
    """Return the user whose name and password these are, else None (after the same time)."""
    user = find(store, name) or _nobody()
    try:
        _hasher.verify(user.password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return user if user.id else None


def first_run(store: Store) -> tuple[User, str] | None:
    """Make the first admin with a password of chance; return both, or None if there is one."""
    if any(user.role == "admin" for user in store.find(USERS)):
        return None
    password = secrets.token_urlsafe(9)
    return add(store, "admin", password, "admin"), password


@cache
def _nobody() -> User:
    """Return whom to verify against when there is no such user, so that it takes the same time."""
    return User(id="", name="", key="", password_hash=_hasher.hash(secrets.token_hex()))


def _existing(store: Store, name: str) -> User:
    user = find(store, name)
    if user is None:
        raise AccountError(f"There is no user {name!r}; `antiphon user list` shows who there is.")
    return user


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return _hasher.hash(password)
