"""The Store over MongoDB: a database on a replica set, asked and changed at its primary.

What is acknowledged has been written by the majority of the replica set, journals included, so
that it survives the loss of a node. Single changes are tried again by the driver where a primary
was lost. While there is none, calls fail within a few seconds and work again by themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import pymongo
from pymongo.client_session import ClientSession

from antiphon.store import mongo_queries, schema
from antiphon.store.mongo_check import faults
from antiphon.store.mongo_connection import connect, must_have_transactions, shown
from antiphon.store.mongo_documents import Documents
from antiphon.store.mongo_errors import plain_errors
from antiphon.store.mongo_schema import LONG_S, prepare
from antiphon.store.mongo_transactions import Transactions
from antiphon.store.port import (
    SEARCHED,
    Collection,
    ConflictError,
    D,
    StoreError,
    T,
    Where,
    must_say_places,
)

IDS_AT_ONCE = 1_000


class MongoStore:
    """A Store in one MongoDB database; all threads share one client."""

    def __init__(
        self, url: str, collections: Iterable[Collection[Any]] = schema.COLLECTIONS
    ) -> None:
        self._client, self._database = connect(url)
        self._where = shown(url, self._database.name)
        self._documents = {one.name: Documents(one) for one in collections}
        self._transactions = Transactions(self._client, self._where)
        try:
            with plain_errors(self._where):
                must_have_transactions(self._client, self._where)
                prepare(self._database, self._documents, self._where)
        except BaseException:
            self.close()
            raise

    def get(self, collection: Collection[D], id: str) -> D | None:
        with self._plain_errors():
            kept = self._kept(collection).find_one({"_id": id}, session=self._session)
        return None if kept is None else self._as(collection).read(kept)

    def get_many(self, collection: Collection[D], ids: Iterable[str]) -> dict[str, D]:
        read = self._as(collection).read
        with self._plain_errors():
            docs = [
                read(kept)
                for some in _chunks(ids)
                for kept in self._kept(collection).find(
                    {"_id": {"$in": some}}, session=self._session
                )
            ]
        return {doc.id: doc for doc in docs}

    def put(self, collection: Collection[D], doc: D) -> None:
        kept = self._as(collection).keep(doc)
        with self._plain_errors():
            self._kept(collection).replace_one(
                {"_id": doc.id}, kept, upsert=True, session=self._session
            )

    def put_many(self, collection: Collection[D], docs: Iterable[D]) -> None:
        keep = self._as(collection).keep
        changes = [pymongo.ReplaceOne({"_id": doc.id}, keep(doc), upsert=True) for doc in docs]

        def put() -> None:
            with self._plain_errors():
                self._kept(collection).bulk_write(changes, session=self._session)

        # A single change is all or nothing by itself.
        if len(changes) == 1:
            put()
        elif changes:
            self.transact(put)

    def delete_many(self, collection: Collection[D], ids: Iterable[str]) -> int:
        kept, session = self._kept(collection), self._session
        with self._plain_errors():
            return sum(
                kept.delete_many({"_id": {"$in": some}}, session=session).deleted_count
                for some in _chunks(ids)
            )

    def find(
        self,
        collection: Collection[D],
        where: Where | None = None,
        order_by: Sequence[str] = (),
        *,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[D]:
        if after is not None:
            must_say_places(collection, order_by)
        test = mongo_queries.both(
            mongo_queries.conditions(collection, where),
            mongo_queries.behind(where, order_by, after, descending),
        )
        sort = mongo_queries.order(collection, order_by, descending)
        read = self._as(collection).read
        if limit is not None and limit <= 0:
            return []
        with self._plain_errors():
            found = self._kept(collection).find(
                test, sort=sort, limit=limit or 0, allow_disk_use=True, session=self._session
            )
            return [read(kept) for kept in found]

    def count(self, collection: Collection[D], where: Where | None = None) -> int:
        test = mongo_queries.conditions(collection, where)
        with self._plain_errors():
            return self._kept(collection).count_documents(test, session=self._session)

    def group_count(
        self, collection: Collection[D], field: str, where: Where | None = None
    ) -> dict[Any, int]:
        stages = mongo_queries.groups(collection, field, where)
        with self._plain_errors():
            groups = self._kept(collection).aggregate(stages, session=self._session)
            return {group["_id"]: group["count"] for group in groups}

    def search(
        self, collection: Collection[D], text: str, limit: int, where: Where | None = None
    ) -> list[D]:
        wanted = mongo_queries.conditions(collection, where)
        asked = [
            (mongo_queries.both(matching, wanted), index)
            for matching, index in mongo_queries.searches(collection, text)
        ]
        found: dict[str, D] = {}
        for place, (matching, index) in enumerate(asked):
            if (missing := limit - len(found)) <= 0:
                break
            # What no kind but the beginnings matches need not be looked for in each.
            if place == 1 < len(asked) - 1 and not self._any(collection, *asked[-1], found):
                break
            new = mongo_queries.both(matching, {"_id": {"$nin": list(found)}})
            stages = mongo_queries.ranked(new, max(SEARCHED, limit), missing)
            found |= self._found(collection, stages, index)
        return list(found.values())

    def _any(
        self,
        collection: Collection[D],
        matching: mongo_queries.Filter,
        index: str,
        but: Iterable[str],
    ) -> bool:
        new = mongo_queries.both(matching, {"_id": {"$nin": list(but)}})
        return bool(self._found(collection, mongo_queries.ranked(new, 1, 1), index))

    def _found(
        self, collection: Collection[D], stages: list[mongo_queries.Filter], index: str
    ) -> dict[str, D]:
        read = self._as(collection).read
        with self._plain_errors():
            kept = self._kept(collection).aggregate(stages, self._session, hint=index)
            return {doc.id: doc for doc in map(read, kept)}

    def increment(self, collection: Collection[D], id: str, amounts: Mapping[str, int]) -> D:
        # A number that holds its default, 0, is perhaps not written: MongoDB adds to 0 then.
        with self._plain_errors():
            kept = self._kept(collection).find_one_and_update(
                {"_id": id},
                {"$inc": dict(amounts)},
                return_document=pymongo.ReturnDocument.AFTER,
                session=self._session,
            )
        if kept is None:
            raise StoreError(f"There is no {id!r} in {collection.name}.")
        return self._as(collection).read(kept)

    def compare_and_put(self, collection: Collection[D], doc: D, version: int) -> None:
        kept = self._as(collection).keep(doc)
        # A version of 0 may be written or not. With it a document that is not there is made; one
        # of another version is there, its id is taken then.
        same = {"_id": doc.id, "version": version or {"$in": [0, None]}}
        try:
            with self._plain_errors():
                done = self._kept(collection).replace_one(
                    same, kept, upsert=not version, session=self._session
                )
        except ConflictError as error:
            raise _changed(doc.id) from error
        if version and not done.matched_count:
            raise _changed(doc.id)

    def transact(self, work: Callable[[], T]) -> T:
        return self._transactions.transact(work)

    def check(self) -> list[str]:
        with plain_errors(self._where), pymongo.timeout(LONG_S):
            return list(faults(self._database, self._documents))

    def close(self) -> None:
        self._client.close()

    @property
    def _session(self) -> ClientSession | None:
        return self._transactions.session

    def _as(self, collection: Collection[D]) -> Documents[D]:
        documents: Documents[D] = self._documents[collection.name]
        return documents

    def _kept(self, collection: Collection[Any]) -> pymongo.collection.Collection[dict[str, Any]]:
        return self._database[collection.name]

    def _plain_errors(self) -> AbstractContextManager[None]:
        return plain_errors(self._where, conflicts_pass=self._session is not None)


def _changed(id: str) -> ConflictError:
    return ConflictError(
        f"{id!r} was changed by somebody else in the meantime: read it again and repeat the change."
    )


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    return iter(lambda: list(islice(rest, IDS_AT_ONCE)), [])
