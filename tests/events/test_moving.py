"""Another event log is chosen: nothing that listeners did is left behind, nothing comes twice."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.events.reading import read, values

from antiphon.events import EventLog, moving, open_event_log, take_along
from antiphon.model import OutboxEntry
from antiphon.store import Store
from antiphon.store.schema import OUTBOX

NOWHERE = "kafka://127.0.0.1:1"


def on_its_way(store: Store) -> list[bytes | None]:
    return [value for entry in store.find(OUTBOX) for value in entry.values]


def opened_by_the_worker(url: str, store: Store) -> EventLog:
    log = open_event_log(url, store)
    take_along(store, log)
    return log


def test_what_was_on_its_way_to_kafka_goes_into_the_local_log_once(store: Store) -> None:
    store.put_many(
        OUTBOX,
        [
            OutboxEntry(id=f"{n:04}", topic="listens", key="ann", values=(b"%d" % n, None))
            for n in range(2 * moving.AT_ONCE + 1)
        ],
    )
    for _ in range(2):
        log = opened_by_the_worker("local:", store)
    assert on_its_way(store) == []
    assert values(read(log, "live", 201)) == {"ann": [b"%d" % n for n in range(201)]}


def test_what_no_worker_has_read_goes_from_the_local_log_to_kafka_once(store: Store) -> None:
    log = open_event_log("local:", store)
    log.append("listens", "ann", [b"%d" % n for n in range(250)])
    log.append("recommendations", "ann", [b"old"])
    read(log, "live", 250, commit=20)
    for _ in range(2):
        opened_by_the_worker(NOWHERE, store).close()
    assert on_its_way(store) == [b"%d" % n for n in range(20, 250)]


def test_there_and_back_again_nothing_is_lost(store: Store) -> None:
    open_event_log("local:", store).append("listens", "ann", [b"1", b"2"])
    opened_by_the_worker(NOWHERE, store).close()
    log = opened_by_the_worker("local:", store)
    assert values(read(log, "live", 2)) == {"ann": [b"1", b"2"]}


def test_a_command_with_another_setting_takes_nothing_away(store: Store) -> None:
    store.put(OUTBOX, OutboxEntry(id="1", topic="listens", key="ann", values=(b"1",)))
    open_event_log("local:", store).append("listens", "ann", [b"2"])
    open_event_log(NOWHERE, store).close()
    assert on_its_way(store) == [b"1"]
    assert values(read(open_event_log("local:", store), "live", 1)) == {"ann": [b"2"]}


@pytest.mark.slow
def test_the_live_worker_takes_along_what_was_left(store: Store, tmp_path: Path) -> None:
    store.put(OUTBOX, OutboxEntry(id="1", topic="listens", key="ann", values=(b"poison",)))
    worker = subprocess.Popen(
        [sys.executable, "-m", "antiphon", "serve", "live"],
        env=os.environ | {"ANTIPHON_STORE": f"sqlite:///{tmp_path / 'antiphon.db'}"},
    )
    try:
        give_up_at = time.monotonic() + 60
        while on_its_way(store) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        assert on_its_way(store) == []
        (letter,) = read(open_event_log("local:", store), "test", 1, topic="dead-letters")
        assert b"not a ListenerEvent" in letter.value
    finally:
        worker.terminate()
        worker.wait(30)
