"""A consumer of one Kafka topic: one of a group that shares its partitions, or alone at its end."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from antiphon.events.port import Entry, EventLogError
from antiphon.events.trouble import Trouble

BATCH_SIZE = 500
ANSWERS_WITHIN_S = 5.0
LOOK_EVERY_S = 0.1
_USUAL = {
    # A worker that was killed is missed after this.
    "session.timeout.ms": "10000",
    "fetch.error.backoff.ms": "200",
    # How much of a backlog is held in memory ahead of the worker.
    "queued.min.messages": "20000",
    "queued.max.messages.kbytes": "8192",
}
_SAFE = {"enable.auto.commit": "false", "partition.assignment.strategy": "cooperative-sticky"}
# What a broker says of a partition that is being handed to it.
_SOON = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_log = logging.getLogger(__name__)


class KafkaConsumer:
    """A Consumer that waits for a Kafka that is away.

    Partitions come and go only inside `poll`, when the batch before was handled and committed.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        group_id: str,
        topic: str,
        name: str,
        make_topics: Callable[[], None],
    ) -> None:
        self._topic = topic
        self._name = name
        self._make_topics = make_topics
        self._reads = False
        self._alone = False
        self._sought: dict[int, int] = {}
        # By partition, the offset behind what is done and not committed yet.
        self._done: dict[int, int] = {}
        self._is_committing = False
        self._trouble = Trouble(_log, f"Kafka, for {name},")
        own = {
            "group.id": group_id,
            "auto.offset.reset": "earliest",
            "error_cb": self._hear,
            "on_commit": self._committed,
        }
        self._consumer = Consumer({**_USUAL, **settings, **_SAFE, **own})

    def begin_at_the_ends(self) -> None:
        """Read all partitions, for nobody else, from where they end now.

        Raises:
            EventLogError: Kafka does not say where that is.
        """
        self._alone = self._reads = True
        try:
            self._make_topics()
            self._consumer.assign([self._end(partition) for partition in self._partitions()])
        except KafkaException as error:
            raise EventLogError(
                f"Kafka does not say where {self._name} ends: {error.args[0].str()}"
            ) from error

    def poll(self, wait_s: float) -> list[Entry]:
        if not self._reads and not self._join():
            time.sleep(wait_s)
            return []
        self._go_where_sought()
        # `consume` alone would wait for a whole batch.
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(BATCH_SIZE - 1, 0)]
        return [entry for message in messages if (entry := self._entry(message))]

    def commit(self, entries: Sequence[Entry]) -> None:
        if self._alone:
            return
        self._done |= {entry.partition: entry.offset + 1 for entry in entries}
        # Waiting for the answer would hold the next events up; without any waiting, commits would
        # pile up before the group's coordinator until it missed this consumer's heartbeat.
        if not self._is_committing:
            self._commit_done(wait=False)

    def behind(self) -> int:
        places = self._consumer.position(self._consumer.assignment())
        return sum(self._behind(place) for place in places)

    def seek(self, partition: int, offset: int) -> None:
        self._sought[partition] = offset

    def close(self) -> None:
        """Leave the group, so that the others take over at once."""
        self._commit_done(wait=False)
        self._consumer.close()

    def _join(self) -> bool:
        """Join the group once there is a topic; say whether that is done."""
        try:
            self._make_topics()
        except KafkaException as error:
            self._trouble.met(error.args[0].str())
            return False
        self._consumer.subscribe([self._name], on_revoke=self._hand_over, on_lost=self._lose)
        self._reads = True
        return True

    def _partitions(self) -> list[int]:
        known = self._consumer.list_topics(self._name, ANSWERS_WITHIN_S).topics[self._name]
        if not known.partitions:
            # This broker has not heard of the topic yet; with none, it would be silent for ever.
            raise KafkaException(known.error or KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return list(known.partitions)

    def _end(self, partition: int) -> TopicPartition:
        """Ask where a partition ends; a new one has a leader a little before that leader knows."""
        give_up_at = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            try:
                return self._end_now(partition)
            except KafkaException as error:
                if error.args[0].code() not in _SOON or time.monotonic() > give_up_at:
                    raise
                time.sleep(LOOK_EVERY_S)

    def _end_now(self, partition: int) -> TopicPartition:
        place = TopicPartition(self._name, partition)
        low_and_high = self._consumer.get_watermark_offsets(place, ANSWERS_WITHIN_S, cached=False)
        if low_and_high is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - its own name
        return TopicPartition(self._name, partition, low_and_high[1])

    def _behind(self, place: TopicPartition) -> int:
        """Return how far a partition goes on, by what the broker said last; 0 if it never did."""
        _, high = self._consumer.get_watermark_offsets(place, cached=True)
        return max(0, high - place.offset) if place.offset >= 0 else 0

    def _go_where_sought(self) -> None:
        for partition, offset in list(self._sought.items()):
            try:
                self._consumer.seek(TopicPartition(self._name, partition, offset))
            except KafkaException:
                # Not ours, or not yet: tried again at the next poll.
                continue
            del self._sought[partition]

    def _entry(self, message: Message) -> Entry | None:
        if error := message.error():
            self._hear(error)
            return None
        self._trouble.over()
        key, value = message.key(), message.value()
        # A message without an error is at a place.
        partition, offset = message.partition() or 0, message.offset() or 0
        if value is None or partition in self._sought:
            return None
        # Others may write into our topics: a key that is no text must not stop us.
        text = (key or b"").decode(errors="replace")
        return Entry(self._topic, partition, offset, text, value)

    def _hand_over(self, _: object, leaving: list[TopicPartition]) -> None:
        """Let whoever reads these partitions next begin behind what is done here."""
        self._commit_done(wait=True)
        self._lose(_, leaving)

    def _lose(self, _: object, lost: list[TopicPartition]) -> None:
        """Forget what was done: others have these partitions, or Kafka is away and cannot be told.

        Without this, librdkafka would call `_hand_over`, which waits for an answer.
        """
        for place in lost:
            self._done.pop(place.partition, None)

    def _commit_done(self, *, wait: bool) -> None:
        ours = {one.partition for one in self._consumer.assignment()}
        offsets = [TopicPartition(self._name, n, end) for n, end in self._done.items() if n in ours]
        self._done = {}
        if not offsets:
            return
        self._is_committing = not wait
        try:
            if wait:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            else:
                self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._committed(error.args[0], offsets)

    def _committed(self, error: KafkaError | None, places: list[TopicPartition]) -> None:
        """Hear what became of a commit; commit what was done meanwhile."""
        self._is_committing = False
        if self._done:
            self._commit_done(wait=False)
        if error is not None:
            # The partitions have moved to another, or Kafka is away: the events come again.
            _log.info("a commit to %s was refused: %s", places, error.str())

    def _hear(self, error: KafkaError) -> None:
        if error.fatal():
            raise EventLogError(f"Kafka cannot be read any more: {error.str()}")
        # Others mend themselves within moments, such as one connection that was lost.
        if error.code() != KafkaError._TRANSPORT:  # noqa: SLF001 - its own name
            self._trouble.met(error.str())
