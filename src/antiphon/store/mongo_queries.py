"""What `find`, `group_count` and `search` ask, in the words of MongoDB's query language."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from antiphon.store.mongo_documents import BEGINNING, index_name, key, kinds, words_of
from antiphon.store.port import Collection, In, Range, StoreError, Where
from antiphon.store.words import folded, words

Filter = dict[str, Any]

_LAST_CHARACTER = "\U0010ffff"


def conditions(collection: Collection[Any], where: Where | None) -> Filter:
    """Return the filter for documents that meet every condition."""
    tests = [_condition(collection, name, wanted) for name, wanted in (where or {}).items()]
    return both(*tests)


def both(*filters: Filter) -> Filter:
    """Return the filter that is all of these together."""
    given = [one for one in filters if one]
    return {"$and": given} if len(given) > 1 else given[0] if given else {}


def order(collection: Collection[Any], order_by: Sequence[str], descending: bool) -> dict[str, int]:
    """Return how to sort: by the fields, then by id."""
    direction = -1 if descending else 1
    return {key(name): direction for name in (*_declared(collection, order_by), "id")}


def behind(
    where: Where | None, order_by: Sequence[str], after: Sequence[Any] | None, descending: bool
) -> Filter:
    """Return the filter for what comes behind a position.

    Fields that `where` holds to one value anyway say nothing about the place. Of the others,
    each is beyond the position's where all before it are equal.
    """
    if after is None:
        return {}
    beyond = "$lt" if descending else "$gt"
    places = [
        (key(name), value)
        for name, value in zip((*order_by, "id"), after, strict=True)
        if not (where and name in where and where[name] == value)
    ]
    steps = [{**dict(places[:n]), name: {beyond: value}} for n, (name, value) in enumerate(places)]
    return {"$or": steps} if len(steps) > 1 else steps[0] if steps else {"_id": {"$in": []}}


def groups(collection: Collection[Any], field: str, where: Where | None) -> list[Filter]:
    """Return the stages that count the documents with each value of a field, most first."""
    stages: list[Filter] = [{"$match": conditions(collection, where)}]
    if field in collection.many:
        # A value that a document holds twice is counted once.
        stages.append({"$project": {field: {"$setUnion": [f"${field}", []]}}})
        stages.append({"$unwind": f"${field}"})
    else:
        _declared(collection, (field,))
    return [
        *stages,
        {"$group": {"_id": f"${key(field)}", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
    ]


def searches(collection: Collection[Any], text: str) -> Iterator[tuple[Filter, str]]:
    """Return the filter for each kind of match, best first, with the index that answers it."""
    if not (sought := words(text)) or not collection.text:
        return
    yield {BEGINNING: _from(folded(text))}, index_name(BEGINNING)
    for kind in kinds(collection):
        name = words_of(kind)
        tests = [{name: {"$elemMatch": _from(word)}} for word in sought]
        yield both(*tests), index_name(name)


def ranked(test: Filter, enough: int, limit: int) -> list[Filter]:
    """Return the stages that find `enough` documents and keep the first of their order."""
    by_beginning = {BEGINNING: 1, "_id": 1}
    return [{"$match": test}, {"$limit": enough}, {"$sort": by_beginning}, {"$limit": limit}]


def _from(text: str) -> Filter:
    """Return the test for values that begin with `text`, as a range that an index answers."""
    return {"$gte": text, "$lt": text + _LAST_CHARACTER}


def _condition(collection: Collection[Any], name: str, wanted: object) -> Filter:
    test = _test(wanted)
    if name in collection.many:
        # One of the values must pass all of the test.
        return {name: {"$elemMatch": test}}
    (name,) = _declared(collection, (name,))
    return {key(name): test}


def _test(wanted: object) -> Filter:
    if isinstance(wanted, In):
        return {"$in": [value for value in wanted.values if value is not None]}
    if isinstance(wanted, Range):
        sides = {f"${side}": value for side, value in asdict(wanted).items() if value is not None}
        return sides or {"$ne": None}
    return {"$eq": wanted}


def _declared(collection: Collection[Any], names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if name != "id" and name not in collection.fields:
            raise StoreError(f"{collection.name} is not declared to be asked by {name!r}.")
    return names
