"""The engines that the contracts are held to, beside those of every test."""

import uuid
from collections.abc import Iterator

import pytest
from pymongo import MongoClient
from tests.services.mongo import Mongo

from antiphon.store import Store, open_store


@pytest.fixture(scope="module")
def mongo_url(mongo: Mongo) -> Iterator[str]:
    """A database of one module's own."""
    name = f"test-{uuid.uuid4().hex}"
    yield mongo.database(name)
    mongo.drop(name)


@pytest.fixture(scope="module")
def _opened(mongo_url: str) -> Iterator[Store]:
    store = open_store(mongo_url)
    yield store
    store.close()


@pytest.fixture
def mongo_store(_opened: Store, mongo_url: str) -> Iterator[Store]:
    """An empty store in MongoDB; its collections are emptied, as making them anew takes longer."""
    yield _opened
    with MongoClient[dict[str, object]](mongo_url) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            database[name].delete_many({})
