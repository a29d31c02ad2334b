"""What the processes of the live loop measure of themselves, for `/metrics` to show.

`ANSWERING` is of every process that makes answers, `WORKER` of a live worker, `PUSH` of a push
process. Workers and push processes serve no pages: each keeps what it measures in the store every
few seconds (`kept`), and whoever is asked for the metrics shows it with its name.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from antiphon.model import Worker, now_ms
from antiphon.store import Store, StoreError
from antiphon.store.schema import WORKERS

KEEP_EVERY_S = 5.0
# Who was silent for so long is gone; others drop what it has kept.
SILENT_AFTER_S = 60.0
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1)
_SLOW = (*_FAST, 2.5, 5, 15, 60, 300)
_log = logging.getLogger(__name__)

ANSWERING = CollectorRegistry()
WORKER = CollectorRegistry()
PUSH = CollectorRegistry()

ANSWERS = Histogram(
    "antiphon_answer_seconds",
    "Time to make an answer; the outcome is made, fallback or failed.",
    ("surface", "outcome"),
    registry=ANSWERING,
    buckets=_FAST,
)
PREPARED = Counter(
    "antiphon_prepared_answers",
    "Whether what plays next was there when it was asked for: hit or miss.",
    ("found",),
    registry=ANSWERING,
)

APPLIED = Counter(
    "antiphon_worker_events", "Events whose effects were made.", ("kind",), registry=WORKER
)
PASSED_OVER = Counter(
    "antiphon_worker_events_passed_over",
    "Events without an effect; why is gone (their listener) or known (sent before).",
    ("why",),
    registry=WORKER,
)
DEAD_LETTERS = Counter(
    "antiphon_worker_dead_letters", "Events that nobody could use.", registry=WORKER
)
RETRIES = Counter(
    "antiphon_worker_retries", "Batches begun again, as the store was away.", registry=WORKER
)
BATCH_EVENTS = Histogram(
    "antiphon_worker_batch_events",
    "Events that were taken from the log at once.",
    registry=WORKER,
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
BATCH_SECONDS = Histogram(
    "antiphon_worker_batch_seconds",
    "Time to make the effects of such a batch.",
    registry=WORKER,
    buckets=_FAST,
)
EFFECT_LAG = Histogram(
    "antiphon_effect_lag_seconds",
    "From an event's acceptance until its effects were stored.",
    registry=WORKER,
    buckets=_SLOW,
)
ANSWER_LAG = Histogram(
    "antiphon_answer_lag_seconds",
    "From an event's acceptance until the answer to it was published.",
    registry=WORKER,
    buckets=_SLOW,
)
DUE = Gauge("antiphon_worker_listeners_due", "Listeners who wait for an answer.", registry=WORKER)
BEHIND = Gauge(
    "antiphon_worker_events_behind", "Events in the log that were not taken yet.", registry=WORKER
)
STATES = Counter(
    "antiphon_worker_states",
    "Where a listener's state was found: cache or store, or that it was rebuilt.",
    ("found",),
    registry=WORKER,
)

PAGES = Gauge("antiphon_push_pages", "Pages that are open.", registry=PUSH)
PUSHED = Counter("antiphon_pushed", "Messages handed to pages.", ("event",), registry=PUSH)
CUT_OFF = Counter("antiphon_push_cut_off", "Pages that were too far behind.", registry=PUSH)
PUSH_LAG = Histogram(
    "antiphon_push_lag_seconds",
    "From an event's acceptance until the answer to it was handed to the listener's pages.",
    registry=PUSH,
    buckets=_SLOW,
)


def note_lag(lag: Histogram, accepted_at: int) -> None:
    """Note how long ago an event was accepted, in milliseconds since 1970; 0: nobody knows.

    Both clocks count, and where they are of two machines they may differ.
    """
    if accepted_at:
        lag.observe(max(0, now_ms() - accepted_at) / 1000)


@contextmanager
def kept(store: Store, role: str, registries: Sequence[CollectorRegistry]) -> Iterator[None]:
    """Keep what this process measures in the store while it runs; `role` is such as live."""
    name = f"{role}-{socket.gethostname()}-{os.getpid()}"
    ended = threading.Event()
    thread = threading.Thread(
        target=_keep_on, args=(store, name, role, registries, ended), name="measures", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(KEEP_EVERY_S)


def keep(store: Store, name: str, role: str, registries: Sequence[CollectorRegistry]) -> None:
    """Keep what was measured by now, and drop what those have kept who are gone.

    Raises:
        StoreError: the store is away.
    """
    text = b"".join(generate_latest(registry) for registry in registries).decode()
    at = now_ms()
    store.put(WORKERS, Worker(id=name, role=role, at=at, metrics=text))
    gone = [one.id for one in store.find(WORKERS) if is_silent(one, at)]
    if gone:
        store.delete_many(WORKERS, gone)


def is_silent(worker: Worker, at: int) -> bool:
    """Say whether a worker has not been heard of for long, at this time in milliseconds.

    What it has kept may also be of a later time, where a clock was set back.
    """
    return abs(at - worker.at) > 1000 * SILENT_AFTER_S


def _keep_on(
    store: Store,
    name: str,
    role: str,
    registries: Sequence[CollectorRegistry],
    ended: threading.Event,
) -> None:
    while not ended.is_set():
        started = time.monotonic()
        try:
            keep(store, name, role, registries)
        except StoreError as error:
            # Others say so, and nobody needs this.
            _log.debug("what was measured could not be kept: %s", error)
        ended.wait(KEEP_EVERY_S - (time.monotonic() - started))
    try:
        store.delete_many(WORKERS, [name])
    except StoreError as error:
        _log.debug("what was measured could not be dropped: %s", error)
