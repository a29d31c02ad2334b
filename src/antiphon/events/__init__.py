"""What happened, in order: the EventLog port, the event records, and one adapter for each engine.

May import: `model` and `store`. Nothing else in Antiphon knows confluent_kafka.
"""

from antiphon.events.port import Consumer, Entry, EventLog, EventLogError
from antiphon.events.records import AnswerChanged, ListenerEvent, Topic, UnreadableEventError
from antiphon.store import Store

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
]


def open_event_log(url: str, store: Store) -> EventLog:
    """Open the event log at `url`; `local:` keeps it in the store.

    Raises:
        EventLogError: the URL names no engine there is.
    """
    if url == "local:":
        from antiphon.events.local import LocalEventLog  # noqa: PLC0415 - loads when chosen

        return LocalEventLog(store)
    raise EventLogError(f"ANTIPHON_EVENTS={url!r} cannot be used: give local:")
