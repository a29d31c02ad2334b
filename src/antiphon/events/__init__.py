"""What happened, in order: the EventLog port, the event records, and one adapter for each engine.

May import: `model` and `store`. Nothing else in Antiphon knows confluent_kafka.
"""

from antiphon.events.local import LocalEventLog
from antiphon.events.moving import take_along
from antiphon.events.port import Consumer, Entry, EventLog, EventLogError
from antiphon.events.records import AnswerChanged, ListenerEvent, Topic, UnreadableEventError
from antiphon.store import Store, without_password

__all__ = [
    "AnswerChanged",
    "Consumer",
    "Entry",
    "EventLog",
    "EventLogError",
    "ListenerEvent",
    "Topic",
    "UnreadableEventError",
    "open_event_log",
    "take_along",
]


def open_event_log(url: str, store: Store) -> EventLog:
    """Open the event log at `url`; `local:` keeps it in the store, `kafka://…` in Apache Kafka.

    Raises:
        EventLogError: the URL names no engine there is, or the engine's package is missing.
    """
    if url == "local:":
        return LocalEventLog(store)
    if url.startswith("kafka://"):
        return _open_kafka(url, store)
    raise EventLogError(
        f"ANTIPHON_EVENTS={without_password(url)!r} cannot be used: give local:, or kafka:// and "
        "the address of a broker, such as kafka://localhost:9092."
    )


def _open_kafka(url: str, store: Store) -> EventLog:
    try:
        from antiphon.events.kafka import KafkaEventLog  # noqa: PLC0415 - loads when chosen
    except ModuleNotFoundError as error:
        raise EventLogError(
            f"ANTIPHON_EVENTS={without_password(url)!r} needs a package that is not installed "
            f"({error.name}): pip install 'antiphon[kafka]'"
        ) from error
    from antiphon.events.kafka_address import parse  # noqa: PLC0415

    return KafkaEventLog(parse(url), store)
