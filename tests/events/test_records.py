"""Event records: what a newer version writes survives an older one."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.events import ListenerEvent, UnreadableEventError
from antiphon.events.records import Kind, decode, encode
from antiphon.model import Source

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.builds(
    ListenerEvent,
    id=st.uuids().map(str) | st.text(),
    user_id=st.text(),
    track_id=st.text(),
    at=st.integers(0, 2**63 - 1),
    kind=st.sampled_from(get_args(Kind)),
    played_ms=st.integers(0, 2**53),
    reason=st.sampled_from([None, "completed", "skipped", "stopped"]),
    rating=st.none() | st.integers(1, 5),
    value=st.none() | st.floats(0, 1),
    source=st.none() | st.builds(Source, kind=st.just("album"), id=st.text(), answer=st.text()),
    client=st.text(),
    artist_id=st.text(),
    playlist_id=st.text(),
    listen_id=st.text(),
    accepted_at=st.integers(0, 2**63 - 1),
    newer=st.just({}),
)
OUR_NAMES = frozenset(ListenerEvent.__struct_fields__) - {"newer"}
NEWER = st.dictionaries(st.text().filter(lambda name: name not in OUR_NAMES), JSON, max_size=4)


@given(EVENTS)
def test_an_event_is_read_as_it_was_written(event: ListenerEvent) -> None:
    assert decode(encode(event), ListenerEvent) == event


@given(EVENTS, NEWER)
def test_fields_of_a_newer_version_are_kept(event: ListenerEvent, newer: dict[str, object]) -> None:
    written = msgspec.json.encode(msgspec.json.decode(encode(event)) | newer)
    read = decode(written, ListenerEvent)
    assert msgspec.structs.replace(read, newer={}) == event
    assert msgspec.json.decode(encode(read)) == msgspec.json.decode(written)


def test_a_field_called_newer_is_one_of_them() -> None:
    event = ListenerEvent(id="e", user_id="u", track_id="t", at=1, kind="started")
    written = encode(event)[:-1] + b',"newer":[1]}'
    assert msgspec.json.decode(encode(decode(written, ListenerEvent)))["newer"] == [1]


@given(st.binary())
def test_what_is_no_event_is_unreadable(junk: bytes) -> None:
    with pytest.raises(UnreadableEventError, match="not a ListenerEvent"):
        decode(junk, ListenerEvent)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kind", '"danced"', "danced"),
        ("rating", "6", "<= 5"),
        ("rating", "0", ">= 1"),
        ("at", '"noon"', "Expected `int`"),
    ],
)
def test_a_value_that_means_nothing_is_unreadable_and_says_why(
    field: str, value: str, reason: str
) -> None:
    fields = {"id": '"e"', "user_id": '"u"', "track_id": '"t"', "at": "1", "kind": '"rated"'}
    fields[field] = value
    written = "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}"
    with pytest.raises(UnreadableEventError, match=reason):
        decode(written.encode(), ListenerEvent)
