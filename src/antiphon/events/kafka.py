"""The EventLog over Apache Kafka, by confluent-kafka (librdkafka).

Appends go through the outbox in the store, so nothing here waits for Kafka but the thread that
sends and the consumers.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from antiphon.events.kafka_address import KafkaAddress, topic_settings
from antiphon.events.kafka_consumer import KafkaConsumer
from antiphon.events.kafka_sender import KafkaSender
from antiphon.events.outbox import Outbox, Outcome
from antiphon.events.port import Consumer, EventLogError, refuse_too_large
from antiphon.events.records import COMPACTED, Topic
from antiphon.events.trouble import Trouble
from antiphon.model import OutboxEntry
from antiphon.store import Store

ANSWERS_WITHIN_S = 3.0
MADE_WITHIN_S = 15.0
# Short, as a consumer's poll and the lease of the outbox wait with it.
LED_WITHIN_S = 3.0
LOOK_EVERY_S = 0.1
_CLIENT = {"client.id": "antiphon", "log_level": "2", "reconnect.backoff.max.ms": "2000"}
_log = logging.getLogger(__name__)


class KafkaEventLog:
    """An EventLog in a Kafka cluster, with an outbox in the Store."""

    def __init__(self, address: KafkaAddress, store: Store) -> None:
        self._address = address
        self._settings = {**_CLIENT, **address.options, "bootstrap.servers": address.servers}
        try:
            self._admin = AdminClient(dict(self._settings))
        except KafkaException as error:
            raise EventLogError(
                f"ANTIPHON_EVENTS cannot be used: {error.args[0].str()}. What stands behind ? "
                "are options of librdkafka, partitions and replication."
            ) from error
        self._store = store
        self._topics_are_made = False
        self._trouble = Trouble(_log, f"Kafka at {address.servers}")
        self._sender = KafkaSender(self._settings, address.name, self._trouble)
        self._outbox = Outbox(store, self._send)

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        refuse_too_large(values)
        self._outbox.put(topic, key, values)

    @contextmanager
    def consumer(self, topic: str, group: str | None) -> Iterator[Consumer]:
        self._outbox.start()
        group_id = self._address.name(group or f"alone-{uuid.uuid4()}")
        consumer = KafkaConsumer(
            self._settings, group_id, topic, self._address.name(topic), self.make_topics
        )
        try:
            if group is None:
                consumer.begin_at_the_ends()
            yield consumer
        finally:
            consumer.close()

    def forget(self, key: str) -> None:
        def remove() -> None:
            self._outbox.drop(key)
            for topic in COMPACTED:
                self._outbox.put(topic, key, [None])

        self._store.transact(remove)

    def close(self) -> None:
        self._outbox.close()

    def make_topics(self) -> None:
        """Make the topics that are missing, the first time that Kafka answers.

        Raises:
            KafkaException: it does not answer, or does not let us.
        """
        if self._topics_are_made:
            return
        wanted = {self._address.name(topic): topic for topic in Topic}
        if missing := wanted.keys() - self._admin.list_topics(timeout=ANSWERS_WITHIN_S).topics:
            self._make({name: wanted[name] for name in missing})
        # Who asks for a topic sooner finds it without partitions, and looks again minutes later.
        give_up_at = time.monotonic() + LED_WITHIN_S
        while not wanted.keys() <= self._topics_with_leaders():
            if time.monotonic() > give_up_at:
                raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
            time.sleep(LOOK_EVERY_S)
        self._topics_are_made = True

    def _topics_with_leaders(self) -> set[str]:
        return {
            name
            for name, topic in self._admin.list_topics(timeout=ANSWERS_WITHIN_S).topics.items()
            if topic.partitions and all(one.leader >= 0 for one in topic.partitions.values())
        }

    def _make(self, topics: dict[str, Topic]) -> None:
        new = [
            NewTopic(
                name,
                num_partitions=self._address.partitions,
                replication_factor=self._address.replication or -1,
                config=topic_settings(self._address, topic),
            )
            for name, topic in topics.items()
        ]
        making = self._admin.create_topics(
            new, operation_timeout=MADE_WITHIN_S, request_timeout=MADE_WITHIN_S
        )
        for made in making.values():
            try:
                made.result()
            except KafkaException as error:
                # Another process was faster.
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def _send(self, entries: Sequence[OutboxEntry], may_go_on: Callable[[], bool]) -> Outcome:
        try:
            self.make_topics()
        except KafkaException as error:
            self._trouble.met(error.args[0].str())
            return Outcome()
        # Making them may have taken longer than the lease lasts.
        return self._sender.send(entries, may_go_on) if may_go_on() else Outcome()
