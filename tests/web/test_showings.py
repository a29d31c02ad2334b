"""What is shown is kept: what, where, how likely; what came of it stands in the listens."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
import pytest

from antiphon.model import Showing, now_ms
from antiphon.store import Store
from antiphon.store.schema import ANSWERS, LISTENS, SHOWINGS
from browser import Browser, ended

Kept = Callable[[], dict[str, Showing]]


def ids(view: dict[str, Any]) -> list[str]:
    return [item["track"]["id"] for item in view["items"]]


@pytest.fixture
def kept(app: flask.Flask, store: Store) -> Kept:
    """Return what is kept, by version, when all that was shown is."""

    def kept() -> dict[str, Showing]:
        app.extensions["antiphon"].showings.flush()
        return {showing.id: showing for showing in store.find(SHOWINGS)}

    return kept


def test_an_answer_is_kept_as_it_was_sent(ann: Browser, kept: Kept) -> None:
    sent = ann.get("/answers/next?limit=3")
    (showing,) = kept().values()
    assert showing.id == sent["version"]
    assert (showing.user_id, showing.surface) == (ann.user_id, "next")
    assert [item.track_id for item in showing.items] == ids(sent)
    assert [item.probability for item in showing.items] == [
        item["probability"] for item in sent["items"]
    ]
    assert showing.at <= now_ms()


def test_what_is_sent_later_of_the_same_answer_stands_behind(
    ann: Browser, kept: Kept, listen: Callable[..., None]
) -> None:
    listen(ended("tr-calm11"))
    first = ann.get("/answers/next?limit=3")
    second = ann.get(f"/answers/next?limit=3&exclude={','.join(ids(first))}")
    third = ann.get("/answers/next?limit=8")
    assert first["version"] == second["version"] == third["version"]
    (showing,) = kept().values()
    together = dict.fromkeys(ids(first) + ids(second) + ids(third))
    assert [item.track_id for item in showing.items] == list(together)


def test_an_answer_that_is_not_sent_again_is_not_shown_again(ann: Browser, kept: Kept) -> None:
    first = ann.client.get("/api/v1/answers/next")
    (before,) = kept().values()
    tag = {"If-None-Match": first.headers["ETag"]}
    assert ann.client.get("/api/v1/answers/next", headers=tag).status_code == 304
    assert list(kept().values()) == [before]


def test_what_is_shown_is_counted_in_the_metrics(ann: Browser, admin: Browser, kept: Kept) -> None:
    line = re.compile(r'^antiphon_showings_total\{surface="radio"\} ([\d.]+)$', re.MULTILINE)

    def counted() -> float:
        found = line.search(admin.client.get("/metrics").text)
        return float(found[1]) if found else 0.0

    before = counted()
    ann.get("/radio?seed=track:tr-loud11&limit=3")
    assert len(kept()) == 1
    assert counted() == before + 1


def test_radio_shuffle_and_every_row_of_the_home_page_are_kept(
    ann: Browser, kept: Kept, listen: Callable[..., None]
) -> None:
    listen(ended("tr-calm11"))
    radio = ann.get("/radio?seed=track:tr-loud11&limit=3")
    shuffled = ann.call("POST", "/answers/shuffle", {"seed": "album:al-loud1"})
    rows = [row for row in ann.get("/home")["rows"] if row["kind"] == "tracks"]
    assert {row["id"] for row in rows} >= {"for-you", "explore"}
    showings = kept()
    for sent in (radio, shuffled, *rows):
        showing = showings[sent["version"]]
        assert showing.surface == sent["surface"]
        assert [item.track_id for item in showing.items] == ids(sent)
    assert len({row["version"] for row in rows}) == len(rows)


def test_what_came_of_it_is_told_by_the_listen(
    ann: Browser, store: Store, listen: Callable[..., None]
) -> None:
    sent = ann.get("/answers/next?limit=4")
    place, item = 2, sent["items"][2]
    source = {"kind": "recommendation", "answer": sent["version"]}
    listen(ended(item["track"]["id"], 2_000, "skipped", source=source))
    (listen,) = store.find(LISTENS)
    assert listen.skipped
    assert listen.shown is not None
    assert (listen.shown.answer, listen.shown.position) == (sent["version"], place)
    assert listen.shown.probability == item["probability"]
    assert (listen.surface, listen.generator) == ("next", item["generator"])


def test_a_store_that_is_busy_does_not_hold_the_answer_up(
    ann: Browser, store: Store, kept: Kept, listen: Callable[..., None]
) -> None:
    listen(ended("tr-calm11"))
    with busy(store):
        started = time.monotonic()
        sent = ann.get("/answers/next?limit=3")
        assert time.monotonic() - started < 5
        assert store.count(SHOWINGS) == 0
    assert [item.track_id for item in kept()[sent["version"]].items] == ids(sent)


@contextmanager
def busy(store: Store) -> Iterator[None]:
    """Let somebody else write into the store for so long."""
    begun, ended = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        ended.wait(30)

    writer = threading.Thread(target=store.transact, args=(write,))
    writer.start()
    begun.wait(30)
    try:
        yield
    finally:
        ended.set()
        writer.join()


def test_what_was_shown_long_ago_goes(ann: Browser, store: Store, kept: Kept) -> None:
    day_ms = 86_400_000
    for days in (1, 89, 91, 1000):
        at = now_ms() - days * day_ms
        old = Showing(id=f"{days} days", user_id=ann.user_id, surface="next", model="", at=at)
        store.put(SHOWINGS, old)
    sent = ann.get("/answers/next")
    assert kept().keys() == {"1 days", "89 days", sent["version"]}


def test_without_a_live_worker_there_is_still_an_answer(ann: Browser, store: Store) -> None:
    ann.call("POST", "/events", {"events": [ended("tr-calm11")]}, expect=202)
    store.delete_many(ANSWERS, [answer.id for answer in store.find(ANSWERS)])
    assert len(ann.get("/answers/next?limit=5")["items"]) == 5
    assert ann.get("/radio?seed=genre:Metal")["items"]
