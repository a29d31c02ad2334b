"""Another event log is chosen: nothing that listeners did is left behind, nothing comes twice."""

from tests.events.reading import read, values

from antiphon.events import moving, open_event_log
from antiphon.model import OutboxEntry
from antiphon.store import Store
from antiphon.store.schema import OUTBOX

NOWHERE = "kafka://127.0.0.1:1"


def on_its_way(store: Store) -> list[bytes | None]:
    return [value for entry in store.find(OUTBOX) for value in entry.values]


def test_what_was_on_its_way_to_kafka_goes_into_the_local_log_once(store: Store) -> None:
    store.put_many(
        OUTBOX,
        [
            OutboxEntry(id=f"{n:04}", topic="listens", key="ann", values=(b"%d" % n, None))
            for n in range(2 * moving.AT_ONCE + 1)
        ],
    )
    for _ in range(2):
        log = open_event_log("local:", store)
    assert on_its_way(store) == []
    assert values(read(log, "live", 201)) == {"ann": [b"%d" % n for n in range(201)]}


def test_what_no_worker_has_read_goes_from_the_local_log_to_kafka_once(store: Store) -> None:
    log = open_event_log("local:", store)
    log.append("listens", "ann", [b"%d" % n for n in range(250)])
    log.append("recommendations", "ann", [b"old"])
    read(log, "live", 250, commit=20)
    for _ in range(2):
        open_event_log(NOWHERE, store).close()
    assert on_its_way(store) == [b"%d" % n for n in range(20, 250)]


def test_there_and_back_again_nothing_is_lost(store: Store) -> None:
    open_event_log("local:", store).append("listens", "ann", [b"1", b"2"])
    open_event_log(NOWHERE, store).close()
    log = open_event_log("local:", store)
    assert values(read(log, "live", 2)) == {"ann": [b"1", b"2"]}
