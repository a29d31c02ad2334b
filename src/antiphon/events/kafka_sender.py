"""Sends what is in the outbox to Kafka, in order, and says what has arrived.

The producer is idempotent, and no message times out by itself: while the brokers are away it
waits, as giving one up would let those behind it overtake.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from antiphon.events.outbox import Outcome
from antiphon.events.trouble import Trouble
from antiphon.model import OutboxEntry

# Without an answer for so long, Kafka is said to be away.
PATIENCE_S = 3.0
_USUAL = {
    "compression.type": "zstd",
    "linger.ms": "0",
    # As Java's clients do, so that others may write into the same topics.
    "partitioner": "murmur2_random",
    "queue.buffering.max.kbytes": "65536",
}
_SAFE = {"enable.idempotence": "true", "acks": "all", "message.timeout.ms": "0"}
# What concerns a message itself, or its topic, and would be said of it again: those behind it may
# go on. After anything else all wait, so that none is overtaken.
_REFUSALS = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - its own name
}


class _Delivery:
    """What became of some entries: how many of their messages are out, which have failed."""

    def __init__(self, entries: Sequence[OutboxEntry]) -> None:
        self.out = Counter({entry.id: len(entry.values) for entry in entries})
        self.failed: dict[str, KafkaError] = {}
        self.heard_at = time.monotonic()

    def of(self, id: str) -> Callable[[KafkaError | None, Message | None], None]:
        """Return what is to be called when a message of this entry has arrived, or will not."""

        def reported(error: KafkaError | None, _: Message | None) -> None:
            self.heard_at = time.monotonic()
            self.out[id] -= 1
            if error is not None:
                self.failed[id] = error

        return reported

    @property
    def is_over(self) -> bool:
        return not any(self.out.values())

    @property
    def unforeseen(self) -> str | None:
        """An error that is no refusal, if there is one."""
        errors = (one.str() for one in self.failed.values() if one.code() not in _REFUSALS)
        return next(errors, None)

    @property
    def arrived(self) -> list[str]:
        return [id for id, left in self.out.items() if not left and id not in self.failed]


class KafkaSender:
    """The producer, made anew when it had to be given up."""

    def __init__(
        self, settings: Mapping[str, str], name: Callable[[str], str], trouble: Trouble
    ) -> None:
        self._settings = {**_USUAL, **settings, **_SAFE}
        self._name = name
        self._trouble = trouble
        self._producer: Producer | None = None

    def send(self, entries: Sequence[OutboxEntry], may_go_on: Callable[[], bool]) -> Outcome:
        """Send entries; say when all are settled which have arrived whole, which are refused."""
        delivery = _Delivery(entries)
        try:
            went_on = self._produce(entries, delivery, may_go_on)
        except KafkaException as error:
            # Such as a producer that the brokers fence: it is of no use any more.
            self._trouble.met(error.args[0].str())
            went_on = False
        if not went_on:
            self._give_up()
            return Outcome(delivery.arrived)
        if unforeseen := delivery.unforeseen:
            self._trouble.met(unforeseen)
            return Outcome(delivery.arrived)
        self._trouble.over()
        return Outcome(delivery.arrived, {id: e.str() for id, e in delivery.failed.items()})

    def _produce(
        self, entries: Sequence[OutboxEntry], delivery: _Delivery, may_go_on: Callable[[], bool]
    ) -> bool:
        """Hand everything over and wait until it is settled; say whether that came about."""
        producer = self._producer = self._producer or Producer(self._settings)
        for entry in entries:
            for value in entry.values:
                while not self._takes(producer, entry, value, delivery):
                    if not self._wait(producer, delivery, may_go_on):
                        return False
        while not delivery.is_over:
            if not self._wait(producer, delivery, may_go_on):
                return False
        return True

    def _takes(
        self, producer: Producer, entry: OutboxEntry, value: bytes | None, delivery: _Delivery
    ) -> bool:
        try:
            producer.produce(
                self._name(entry.topic),
                value=value,
                key=entry.key.encode(),
                on_delivery=delivery.of(entry.id),
            )
        except BufferError:
            return False
        except KafkaException as error:
            if error.args[0].code() not in _REFUSALS:
                raise
            delivery.of(entry.id)(error.args[0], None)
        return True

    def _wait(self, producer: Producer, delivery: _Delivery, may_go_on: Callable[[], bool]) -> bool:
        producer.poll(0.1)
        if time.monotonic() - delivery.heard_at > PATIENCE_S:
            delivery.heard_at = time.monotonic()
            self._trouble.met("no broker answers")
        return may_go_on()

    def _give_up(self) -> None:
        """Let nothing that is still out be sent later, when somebody else may have sent it."""
        if self._producer is not None:
            self._producer.purge()
            self._producer.poll(0)
            self._producer = None
