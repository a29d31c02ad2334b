"""An evening on the cluster: MongoDB, Kafka and Spark beneath, a real browser before it."""

import json
import re
import urllib.request
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from antiphon.library import demo
from antiphon.model import now_ms
from cluster import PROCESSES, Cluster, running
from product import Product, wait_for
from test_player import (
    IN_SIGHT,
    moves,
    next_up,
    play_something,
    play_style,
    skip_and_see,
    undo,
)

if TYPE_CHECKING:
    from tests.services.kafka import Kafka
    from tests.services.mongo import Mongo
    from tests.services.spark import Spark

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TRACKS = 24
# Of which there are four tracks: three to skip, and one to go on with.
STYLE = "Ambient"
# Of three skips the middle one: this machine has more to do than to answer.
ANSWERED_WITHIN_MS = 1000
# Less than a silence of the pushes lasts.
PUSHED_WITHIN_S = 15


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, mongo: "Mongo", kafka: "Kafka", spark: "Spark"
) -> Iterator[Cluster]:
    """The processes of the compose file over a few tracks, once Spark has listened to them."""
    folder = tmp_path_factory.mktemp("cluster")
    demo.write(folder / "music", tracks=TRACKS)
    with running(folder, folder / "music", mongo, kafka, spark) as cluster:
        wait_for(lambda: answers(cluster.product.url), 60)
        wait_for(lambda: answers(f"http://127.0.0.1:{cluster.addresses.push_port}"), 60)
        wait_for(lambda: cluster.heard() == TRACKS, 200)
        yield cluster


@pytest.fixture(scope="module")
def product(cluster: Cluster) -> Product:
    """What `page` opens, here: the player of the cluster."""
    return cluster.product


class Listener:
    """Somebody who has logged in by the API, and whose page hears the pushes."""

    def __init__(self, product: Product) -> None:
        self._url = product.url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self._csrf = ""
        session = self.ask("session", {"name": product.name, "password": product.password})
        self._csrf = session["csrf_token"]
        push = session["push"]
        self.pushes = f"http://127.0.0.1:{push['port']}/events?token={push['token']}"

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        request = urllib.request.Request(f"{self._url}/api/v1/{path}", data, headers)
        with self._opener.open(request, timeout=15) as answer:
            return json.load(answer)

    def skip(self, track_id: str) -> str:
        """Report that a track was skipped after four seconds; return the event's id."""
        event = {"id": str(uuid.uuid4()), "kind": "ended", "track_id": track_id, "at": now_ms()}
        self.ask("events", {"events": [event | {"played_ms": 4000, "reason": "skipped"}]})
        return str(event["id"])

    def next_up(self) -> list[str]:
        return [one["track"]["id"] for one in self.ask("answers/next")["items"]]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_a_skip_changes_the_answer_and_is_pushed(cluster: Cluster, product: Product) -> None:
    listener = Listener(product)
    before = wait_for(listener.next_up)
    with urllib.request.urlopen(listener.pushes, timeout=PUSHED_WITHIN_S) as pushes:
        event_id = listener.skip(before[0])
        assert any(line == b"event: answer\n" for line in pushes)
    assert listener.next_up() not in (before, before[1:])
    assert any(event_id.encode() in value for value in cluster.logged(10))


def test_a_track_plays_in_the_browser_and_a_skip_changes_what_comes_next(
    page: Page, complaints: list[str]
) -> None:
    assert play_something(page) != "Nothing plays yet"
    page.get_by_test_id("queue-toggle").click()
    before = next_up(page)
    page.get_by_test_id("player-next").click()
    wait_for(lambda: next_up(page) not in (before, before[1:]), 10)
    expect(page.get_by_test_id("next-up").get_by_test_id("reason").first).not_to_be_empty()
    assert complaints == []


def test_three_skips_of_a_style_are_answered_within_a_second_and_undone(
    page: Page, complaints: list[str]
) -> None:
    play_style(page, STYLE)
    before = next_up(page)
    took = []
    for _ in range(3):
        moves(page)
        took.append(skip_and_see(page))
    print(f"From a skip to the answer on the page: {', '.join(f'{ms:.0f} ms' for ms in took)}")
    assert sorted(took)[1] < ANSWERED_WITHIN_MS
    assert next_up(page)[:IN_SIGHT] != before[:IN_SIGHT]
    expect(page.get_by_test_id("note")).to_have_text(re.compile("You skipped (two|three)"))
    expect(page.get_by_test_id("next-up").get_by_test_id("reason").first).not_to_be_empty()
    undo(page, "and 2 more: less like them.", "Undo all")
    wait_for(lambda: next_up(page)[:IN_SIGHT] == before[:IN_SIGHT], 10)
    assert complaints == []


def test_told_to_stop_every_process_ends_well(cluster: Cluster) -> None:
    assert cluster.stop() == dict.fromkeys(PROCESSES, 0)
    for name in PROCESSES:
        assert "Traceback" not in cluster.said(name), name
