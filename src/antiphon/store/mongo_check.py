"""What is wrong with what a MongoDB database keeps: members, files, documents."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import bson
import msgspec
from pymongo.database import Database
from pymongo.errors import OperationFailure

from antiphon.store.mongo_documents import Documents, Kept

# The user may not, or there is no such command, as with mongos.
_MAY_NOT = {13, 59, 115}
_log = logging.getLogger(__name__)


def faults(database: Database[Kept], documents: Mapping[str, Documents[Any]]) -> Iterator[str]:
    """Say what is wrong, reading everything."""
    for member in _told(database.client.admin, {"replSetGetStatus": 1}).get("members", []):
        if not member["health"]:
            yield f"MongoDB's member {member['name']} is {member['stateStr']}: start it again"
    for name, one in documents.items():
        for error in _told(database, {"validate": name, "background": True}).get("errors", []):
            yield f"{name}: {error}: restore it from a backup"
        for kept in database[name].find():
            if fault := _fault(one, kept):
                yield f"{kept['_id']!r} in {name} {fault}: write it anew, or restore it"


def _told(database: Database[Kept], command: Kept) -> Kept:
    """Return what a command tells, or nothing where this user or this kind of server may not."""
    try:
        return database.command(command)
    except OperationFailure as error:
        if error.code not in _MAY_NOT:
            raise
        _log.warning(
            "MongoDB refuses %s, so that this was not looked at: a user with the roles dbAdmin and "
            "clusterMonitor may.",
            command,
        )
        return {}


def _fault(documents: Documents[Any], kept: Kept) -> str:
    try:
        anew = documents.keep(documents.read(dict(kept)))
    except msgspec.ValidationError as error:
        return f"cannot be read: {error}"
    should = documents.found_by(bson.decode(bson.encode(anew)))
    wrong = [name for name, value in documents.found_by(kept).items() if value != should[name]]
    return f"is not found by its {', '.join(wrong)}" if wrong else ""
