"""Event logs of a test's own, and what the tests do with them again and again."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from antiphon.events import Entry, EventLog
from antiphon.events.port import Consumer

if TYPE_CHECKING:
    from tests.services.kafka import Kafka, KafkaElsewhere

PATIENCE_S = 30.0


@contextmanager
def kafka_url(broker: str) -> Iterator[str]:
    """Yield the URL of a part of this Kafka that nobody else uses."""
    from confluent_kafka import KafkaException  # noqa: PLC0415 - only where Kafka is asked for
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415

    prefix = f"test-{uuid.uuid4().hex[:12]}"
    # Short, so that a killed consumer is missed while a test waits.
    yield f"{broker}/{prefix}?partitions=3&session.timeout.ms=6000"
    admin = AdminClient({"bootstrap.servers": urlsplit(broker).netloc, "log_level": "0"})
    with suppress(KafkaException):
        ours = [name for name in admin.list_topics(timeout=5).topics if name.startswith(prefix)]
        for deleted in admin.delete_topics(ours).values() if ours else ():
            deleted.result()


def next_events(consumer: Consumer, number: int) -> list[Entry]:
    """Return the next events, of which `number` are awaited, and what comes at once behind them.

    Delivery is at least once: what comes again is not counted again.
    """
    entries: list[Entry] = []
    different: set[tuple[str, bytes]] = set()
    give_up_at = time.monotonic() + PATIENCE_S
    while len(different) < number and time.monotonic() < give_up_at:
        batch = consumer.poll(0.1)
        entries += batch
        different.update((entry.key, entry.value) for entry in batch)
    return entries + consumer.poll(0.05)


def read(
    log: EventLog, group: str, number: int, topic: str = "listens", *, commit: int = 0
) -> list[Entry]:
    """Return the events behind what the group has committed; commit the first of them."""
    with log.consumer(topic, group) as consumer:
        entries = next_events(consumer, number)
        consumer.commit(entries[:commit])
    return entries


def values(entries: Iterable[Entry]) -> dict[str, list[bytes]]:
    """Return what came of each key, in the order that it came."""
    by_key = sorted(entries, key=lambda entry: entry.key)
    return {
        key: [entry.value for entry in own] for key, own in groupby(by_key, lambda entry: entry.key)
    }


def first_time(numbers: Iterable[bytes]) -> list[int]:
    """Return the numbers in the order in which each came first: what came again is passed over."""
    return list(dict.fromkeys(map(int, numbers)))


def outage_of(kafka: "Kafka | KafkaElsewhere") -> Callable[[], AbstractContextManager[None]]:
    """Return what has this broker away for a while; one that is not ours is left alone."""
    if not hasattr(kafka, "kill"):
        pytest.skip("the broker at KAFKA_URL is not ours to stop")

    @contextmanager
    def outage() -> Iterator[None]:
        kafka.kill()
        try:
            yield
        finally:
            kafka.start()

    return outage
