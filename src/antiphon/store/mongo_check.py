"""What is wrong with what a MongoDB database keeps: members, files, documents."""

from collections.abc import Iterator, Mapping
from typing import Any

import bson
import msgspec
from pymongo.database import Database

from antiphon.store.mongo_documents import Documents, Kept


def faults(database: Database[Kept], documents: Mapping[str, Documents[Any]]) -> Iterator[str]:
    """Say what is wrong, reading everything."""
    for member in database.client.admin.command("replSetGetStatus")["members"]:
        if not member["health"]:
            yield f"MongoDB's member {member['name']} is {member['stateStr']}."
    for name, one in documents.items():
        for error in database.command("validate", name, background=True)["errors"]:
            yield f"{name}: {error}."
        for kept in database[name].find():
            if fault := _fault(one, kept):
                yield f"{kept['_id']!r} in {name} {fault}."


def _fault(documents: Documents[Any], kept: Kept) -> str:
    try:
        anew = documents.keep(documents.read(dict(kept)))
    except msgspec.ValidationError as error:
        return f"cannot be read: {error}"
    should = documents.found_by(bson.decode(bson.encode(anew)))
    wrong = [name for name, value in documents.found_by(kept).items() if value != should[name]]
    return f"is not found by its {', '.join(wrong)}" if wrong else ""
