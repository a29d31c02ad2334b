"""Failure is normal: nothing is lost, nothing counts twice, and the order of a listener is kept."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import Page, expect
from tests.events.reading import kafka_url, outage_of
from tests.services import ServiceUnavailableError

from antiphon.events import ListenerEvent, Topic
from antiphon.events.records import encode
from antiphon.live import state
from antiphon.model import now_ms
from antiphon.store.schema import ANSWERS, LISTENS, OUTBOX
from lives import TRACK_MS, World, wait_for, world
from nursery import Nursery, nursery
from product import Product
from test_player import moves, next_up, play_something

if TYPE_CHECKING:
    from tests.services.kafka import Kafka
    from tests.services.mongo import Mongo, StartedMongo

pytestmark = pytest.mark.slow

KILLS = 12
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """A world in one SQLite file."""
    with world(f"sqlite:///{tmp_path / 'antiphon.db'}", "local:", tmp_path) as made:
        yield made


@pytest.fixture
def large(tmp_path: Path, mongo: "Mongo", kafka: "Kafka") -> Iterator[World]:
    """A world on MongoDB and Kafka."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    with kafka_url(kafka.url) as url, world(mongo.database(name), url, tmp_path) as made:
        yield made
    mongo.drop(name)


@pytest.fixture(params=["small", "large"])
def either(request: pytest.FixtureRequest) -> World:
    """A world on either engines."""
    made = request.getfixturevalue(request.param)
    assert isinstance(made, World)
    return made


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery") / "said") as made:
        yield made


@pytest.fixture
def workers(born: Nursery) -> Iterator[Nursery]:
    """What starts workers; none outlives its test."""
    yield born
    born.kill()


def test_a_worker_killed_at_any_moment_loses_nothing_and_counts_nothing_twice(
    small: World, workers: Nursery
) -> None:
    chance = random.Random(9)
    known = [0]
    with small.living(pause_s=0.02):
        for _ in range(KILLS):
            worker = workers.start(small.environment)
            wait_for(lambda: small.store.count(LISTENS) > known[-1])
            time.sleep(chance.uniform(0, 0.1))
            workers.kill(worker)
            known.append(small.store.count(LISTENS))
    workers.start(small.environment)
    small.settle()
    small.assert_everything_counts_once()


def test_workers_that_come_and_are_killed_hand_each_listener_over_in_order(
    large: World, workers: Nursery
) -> None:
    first = workers.start(large.environment)
    with large.living(pause_s=0.1):
        for _ in range(2):
            wait_for(lambda: large.store.count(LISTENS), 30)
            second = workers.start(large.environment)
            time.sleep(2)
            workers.kill(first)
            first = second
    large.settle()
    large.assert_everything_counts_once()


def test_while_kafka_is_away_what_was_accepted_waits_and_counts_afterwards(
    large: World, kafka: "Kafka", workers: Nursery
) -> None:
    workers.start(large.environment)
    large.live(5)
    large.settle()
    with outage_of(kafka)():
        large.live(20)
        # Longer than a group waits for one of its members.
        time.sleep(8)
        assert large.store.count(OUTBOX) >= 20 * len(large.lives)
    large.live(5)
    large.settle()
    assert large.store.count(OUTBOX) == 0
    large.assert_everything_counts_once()


def test_while_mongodb_is_away_nothing_is_committed_and_everything_counts_afterwards(
    mongod: "StartedMongo", kafka: "Kafka", workers: Nursery, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(kafka_url(kafka.url))
        there = stack.enter_context(world(mongod.database("failing"), url, tmp_path))
        there.live(100)
        worker = workers.start(there.environment)
        wait_for(lambda: there.store.count(LISTENS))
        mongod.kill()
        time.sleep(2)
        mongod.start()
        there.settle()
        assert workers.alive == [worker]
        there.assert_everything_counts_once()


@pytest.fixture
def mongod() -> "Iterator[StartedMongo]":
    """A MongoDB of this test's own, as killing the common one would disturb the others."""
    from tests.services.mongo import own  # noqa: PLC0415 - its driver loads where it is asked for

    try:
        with own() as started:
            yield started
    except ServiceUnavailableError as error:
        pytest.skip(f"there is no MongoDB that may be killed: {error}")


def test_who_does_a_thousand_things_a_second_keeps_nobody_waiting(
    either: World, workers: Nursery
) -> None:
    workers.start(either.environment)
    either.live(1)
    either.settle()
    flooded = threading.Event()
    flooding = threading.Thread(target=flood, args=(either, flooded))
    flooding.start()
    try:
        time.sleep(1)
        waits = []
        for n in range(5):
            event = listen("us-1", n, at=now_ms())
            started = time.monotonic()
            either.send(event)
            wait_for(lambda event=event: either.is_answered(event), 20)  # type: ignore[misc]
            waits.append(time.monotonic() - started)
    finally:
        flooded.set()
        flooding.join()
    assert sorted(waits)[2] < 1.0


def flood(there: World, flooded: threading.Event) -> None:
    """Let one listener do a thousand things a second."""
    at = time.monotonic()
    for n in range(1000, 10**6, 20):
        if flooded.is_set():
            return
        some = [encode(listen("us-0", n + one, at=now_ms())) for one in range(20)]
        there.log.append(Topic.LISTENS, "us-0", some)
        at += 0.02
        time.sleep(max(0.0, at - time.monotonic()))


def test_what_an_app_tells_after_a_week_is_history_and_not_now(
    either: World, workers: Nursery
) -> None:
    workers.start(either.environment)
    now = now_ms()
    today = [listen("us-0", n, at=now - (3 - n) * MINUTE_MS, track=n) for n in range(3)]
    either.send(*today)
    wait_for(lambda: either.is_answered(today[-1]))
    before = state.load(either.store, "us-0", now=now)
    old = [
        listen("us-0", n, at=now - 7 * DAY_MS + n * MINUTE_MS, track=n % 30) for n in range(9, 99)
    ]
    random.Random(3).shuffle(old)
    either.send(*old)
    wait_for(lambda: either.is_answered(old[-1]))
    after = state.load(either.store, "us-0", now=now)
    assert either.store.count(LISTENS, {"user_id": "us-0"}) == 93
    assert after.recent[:3] == before.recent[:3] == ("tr-2", "tr-1", "tr-0")
    assert [one.at for one in after.told] == sorted(one.at for one in after.told)
    assert after.session == before.session


def test_clocks_that_are_wrong_by_years_stop_nothing(either: World, workers: Nursery) -> None:
    workers.start(either.environment)
    now = now_ms()
    wrong = [now + 3650 * DAY_MS, 0, now, now - 9 * DAY_MS, now + DAY_MS, now - 1]
    events = [listen("us-0", n, at=at, track=n) for n, at in enumerate(wrong)]
    either.send(*events, events[0])
    after = listen("us-0", 50, at=now, track=20)
    either.send(after)
    wait_for(lambda: either.is_answered(after))
    listens = either.store.find(LISTENS, {"user_id": "us-0"}, ("user_id", "at"))
    assert [one.at for one in listens] == sorted([*wrong, now])
    # Nor does a server whose clock was set back by a year.
    long_ago = state.load(either.store, "us-0", now=now - 365 * DAY_MS)
    assert len(long_ago.told) == len(wrong) + 1
    answer = either.store.get(ANSWERS, "us-0:next")
    assert answer is not None
    assert all(item.score == item.score for item in answer.items), "a score is no number"


def listen(user_id: str, n: int, *, at: int, track: int = 0) -> ListenerEvent:
    """A track that was heard to its end."""
    return ListenerEvent(
        id=f"ev-{n}",
        user_id=user_id,
        track_id=f"tr-{track}",
        at=at,
        accepted_at=now_ms(),
        kind="ended",
        played_ms=TRACK_MS,
        reason="completed",
    )


@pytest.fixture
def worker_is_dead(product: Product) -> Iterator[Callable[[], None]]:
    """The product's worker does nothing, and nobody notices, until this is called."""
    port = product.url.rpartition(":")[2]
    (worker,) = (
        process
        # Of those that have just ended, or are another user's, nothing is said.
        for process in psutil.process_iter(["cmdline", "environ"])
        if (process.info["cmdline"] or [])[-4:-2] == ["serve", "live"]
        and (process.info["environ"] or {}).get("ANTIPHON_PORT") == port
    )
    worker.suspend()
    yield worker.resume
    worker.resume()


@pytest.mark.e2e
def test_the_page_plays_on_from_its_queue_while_the_worker_is_dead(
    page: Page, complaints: list[str], worker_is_dead: Callable[[], None]
) -> None:
    play_something(page)
    page.get_by_test_id("queue-toggle").click()
    for _ in range(4):
        title = page.get_by_test_id("player-title").inner_text()
        page.get_by_test_id("player-next").click()
        expect(page.get_by_test_id("player-title")).not_to_have_text(title)
        moves(page)
        assert next_up(page)
    before = next_up(page)
    worker_is_dead()
    # What was skipped meanwhile counts as soon as there is a worker again.
    page.get_by_test_id("player-next").click()
    wait_for(lambda: next_up(page) not in (before, before[1:]), 15)
    assert complaints == []
