"""Both engines give the same answers, in the same order."""

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.contract.test_store import track

from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import COLLECTIONS, TRACKS

WORDS = [
    "Café",
    "CAFE",
    "caf",
    "del",
    "Mar",
    "Mařenka",
    "The",
    "the",
    "夜想曲",
    "Æon",
    "a",
    "o'a",
    "🎷",
]
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
tracks = st.lists(st.tuples(texts, texts, texts, st.booleans()), max_size=14)
sought = st.tuples(texts, st.integers(1, 12)).map(lambda cut: cut[0][: cut[1]]) | st.text(
    max_size=4
)


def library(drawn: list[tuple[str, str, str, bool]]) -> list[Track]:
    return [
        track(
            f"tr-{n}", title, artists=[{"id": "ar", "name": artist}], album=album, missing=missing
        )
        for n, (title, artist, album, missing) in enumerate(drawn)
    ]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=tracks, text=sought, limit=st.integers(1, 8), all_=st.booleans())
@example(drawn=[("b", "a", "", False), ("a", "b", "", False)], text="a", limit=2, all_=True)
def test_a_search_ranks_alike(
    store: Store,
    mongo_store: Store,
    *,
    drawn: list[tuple[str, str, str, bool]],
    text: str,
    limit: int,
    all_: bool,
) -> None:
    answers = []
    for engine in (store, mongo_store):
        engine.delete_many(TRACKS, [f"tr-{n}" for n in range(14)])
        engine.put_many(TRACKS, library(drawn))
        where = {} if all_ else {"missing": False}
        answers.append(engine.search(TRACKS, text, limit, where))
    assert answers[0] == answers[1]


def test_numbers_that_are_added_to_are_0_where_nothing_was_written() -> None:
    """MongoDB adds to 0 where a field holds its default, which is not written."""
    fields = [field for one in COLLECTIONS for field in msgspec.structs.fields(one.type)]
    numbers = [field for field in fields if field.type is int and not field.required]
    assert {field.default for field in numbers} == {0}
