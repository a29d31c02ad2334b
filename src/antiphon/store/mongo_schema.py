"""Bringing a MongoDB database up to date: collections, indexes, and what documents are found by.

Which fields are kept beside a document's own follows from the declarations, so that documents
are kept anew where those have changed. `schema` says by which declarations that was done last.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from antiphon.store.migrations import CHANGES, SCHEMA_VERSION, Change
from antiphon.store.mongo_documents import Documents, Index, Kept
from antiphon.store.port import StoreError

# Building an index over, or looking through, a large library.
LONG_S = 3_600.0
SCHEMA = "schema"
# Few enough for one transaction, also where each holds a picture.
_BATCH = 200
_NAMESPACE_EXISTS = 48
Write = pymongo.ReplaceOne[Kept] | pymongo.DeleteOne
_log = logging.getLogger(__name__)


def prepare(database: Database[Kept], documents: Mapping[str, Documents[Any]], where: str) -> None:
    """Make what is not there, and what was made by other declarations anew.

    Raises:
        StoreError: a newer Antiphon wrote the database.
    """
    present = {"version": SCHEMA_VERSION, "declared": {n: d.declared for n, d in documents.items()}}
    past = database[SCHEMA].find_one({"_id": SCHEMA}, {"_id": 0}) or {**present, "declared": {}}
    if past["version"] > SCHEMA_VERSION:
        raise StoreError(
            f"{where} was written by a newer Antiphon (schema {past['version']}, this one knows "
            f"{SCHEMA_VERSION}): update Antiphon, or choose another ANTIPHON_STORE."
        )
    if past == present:
        return
    with pymongo.timeout(LONG_S):
        for name, one in documents.items():
            _make(database, name)
            if _is_stale(past, name, one):
                _keep_anew(database[name], one, past["version"])
            if indexes := [_made(index) for index in one.indexes]:
                database[name].create_indexes(indexes)
    database[SCHEMA].replace_one({"_id": SCHEMA}, present, upsert=True)


def _make(database: Database[Kept], name: str) -> None:
    try:
        database.command("create", name)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise


def _made(index: Index) -> pymongo.IndexModel:
    keys = [(field, pymongo.ASCENDING) for field in index.fields]
    return pymongo.IndexModel(keys, name=index.name, unique=index.unique)


def _is_stale(past: Mapping[str, Any], name: str, documents: Documents[Any]) -> bool:
    there, now = past["declared"].get(name), documents.declared
    return there is not None and (
        past["version"] < SCHEMA_VERSION
        or any(there[part] != now[part] for part in ("fields", "text"))
    )


def _keep_anew(collection: Collection[Kept], documents: Documents[Any], version: int) -> None:
    """Keep the documents of one collection as the present declarations say.

    It may be broken off and done again: a change must come out the same when it is made twice.
    """
    name = collection.name
    _log.info("%s in MongoDB are brought up to date", name)
    changes = [one[name] for to, one in sorted(CHANGES.items()) if to > version and name in one]
    ids = (kept["_id"] for kept in collection.find({}, {"_id": 1}))
    while some := list(islice(ids, _BATCH)):

        def keep(session: ClientSession, some: Sequence[str] = some) -> None:
            found = collection.find({"_id": {"$in": some}}, session=session)
            anew = [_anew(documents, kept, changes) for kept in found]
            if anew:
                collection.bulk_write(anew, session=session)

        # Other processes may write already: what they changed since it was read is read again.
        with collection.database.client.start_session() as session:
            session.with_transaction(keep, ReadConcern("snapshot"))


def _anew(documents: Documents[Any], kept: Kept, changes: Iterable[Change]) -> Write:
    kept["id"] = id = kept["_id"]
    for change in changes:
        changed = change(kept)
        if changed is None:
            return pymongo.DeleteOne({"_id": id})
        kept = changed | {"_id": id}
    return pymongo.ReplaceOne({"_id": id}, documents.keep(documents.read(kept)))
