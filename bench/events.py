"""How fast events go through the event log, on both engines, one after the other in one run.

Measures, on this machine, with the SQLite store on its disk and one Kafka broker in KRaft mode:

- `local_events_per_s`: the slower of appending (in batches of 100 of one listener, as a player
  reports them) and consuming (one consumer that commits each batch, without effects);
- `kafka_events_per_s`: events consumed per second by one consumer of a group that commits each
  batch, without effects, from the opening of the consumer on, joining the group included: the
  median of three groups;
- `{local,kafka}_latency_{p50,p99}_ms`: from before `append` of a single event to the return of the
  `poll` that gives it, in another process, at 1,000 events/s of 50 listeners. For Kafka this is
  through the outbox. The JVM and both processes have been warmed up by the same load before.

Printed besides: appends per second, what the outbox sends per second, latency after idleness, the
CPU time of a consumer that waits, and (not with `--quick`) Kafka with its outbox in MongoDB.

Baselines, in the same run: rows inserted by `sqlite3` in the same batches into a bare table; the
bare confluent-kafka consumer with the same batches and commits; and for the latency of Kafka its
bare producer and consumer.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import confluent_kafka

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.services import ServiceUnavailableError, kafka

from antiphon.events import EventLog, ListenerEvent, open_event_log
from antiphon.events.records import encode
from antiphon.model import Source
from antiphon.store import Store, open_store
from antiphon.store.schema import OUTBOX

GOALS = {
    "local_events_per_s": 20_000,
    "local_latency_p50_ms": None,
    "local_latency_p99_ms": 5,
    "kafka_events_per_s": 50_000,
    "kafka_latency_p50_ms": None,
    "kafka_latency_p99_ms": 20,
}
BATCH = 100
PER_S = 1000
LISTENERS = [f"us-{n:026}" for n in range(50)]
EVENT = encode(
    ListenerEvent(
        id="0193d6c5-6f4e-7c4b-9a55-0f6f4c1e2a3b",
        user_id=LISTENERS[0],
        track_id="tr-0123456789abcdef0123",
        at=1_700_000_000_000,
        kind="ended",
        played_ms=200_000,
        reason="completed",
        source=Source(kind="album", id="al-0123456789abcdef0123"),
        client="web",
    )
)
# The values of the figures, and their baselines.
Measured = tuple[dict[str, float], dict[str, Any]]
_spawned = multiprocessing.get_context("spawn")


def main() -> None:
    """Measure both engines, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer events, done in 50 s")
    options = parser.parse_args()
    events = 50_000 if options.quick else 500_000
    seconds = 3 if options.quick else 20
    print(f"{os.cpu_count()} cores, {events} events, {seconds} s at {PER_S} events/s")
    with tempfile.TemporaryDirectory() as folder:
        values, baselines = local(Path(folder), events, seconds)
        with kafka.running() as broker:
            print(broker.about, flush=True)
            more = over_kafka(f"sqlite:///{folder}/kafka.db", broker.url, events, seconds)
            values, baselines = values | more[0], baselines | more[1]
            if not options.quick:
                over_mongo(broker.url, seconds)
    figures = {
        name: {
            "value": round(values[name], 2),
            "unit": "ms" if name.endswith("_ms") else "1/s",
            "goal": goal,
            "baseline": baselines.get(name),
        }
        for name, goal in GOALS.items()
    }
    print(json.dumps({"bench": "events", "figures": figures}))


def local(folder: Path, events: int, seconds: int) -> Measured:
    """Measure the local log."""
    store_url = f"sqlite:///{folder}/local.db"
    with opened(store_url, "local:") as (_, log):
        appended = append_all(log, events)
        consumed = consume_all(log, "worker", events)
        idle = idle_cpu(log)
    latencies = latency(store_url, "local:", seconds)
    after_idleness = latency(store_url, "local:", seconds, idle=True)
    print(f"local: appended {appended:,.0f}/s, consumed {consumed:,.0f}/s")
    print(f"local: after idleness {shown(after_idleness)}; a waiting consumer {idle:.1f} % CPU")
    print(f"local: at {PER_S}/s {shown(latencies)}", flush=True)
    values = {"local_events_per_s": min(appended, consumed), **percentiles("local", latencies)}
    rows = {"bare_sqlite_rows_per_s": round(bare_rows(folder, events))}
    return values, {"local_events_per_s": rows}


def over_kafka(store_url: str, broker: str, events: int, seconds: int) -> Measured:
    """Measure Kafka, with the outbox in SQLite."""
    url = f"{broker}/bench-{os.getpid()}"
    with opened(store_url, url) as (store, log):
        appended, sent = append_and_send(log, store, events)
        rates = [consume_all(log, f"worker-{n}", events) for n in range(3)]
        idle = idle_cpu(log)
    bare_rate = bare_consumer(url, events)
    # In topics of its own, with nothing in them that would have to be read first.
    latencies = latency(store_url, f"{url}-latency", seconds)
    bare = bare_latency(url, seconds)
    print(f"kafka: appended {appended:,.0f}/s to the outbox, sent {sent:,.0f}/s from its beginning")
    print("kafka: consumed " + ", ".join(f"{rate:,.0f}/s" for rate in rates))
    print(f"kafka: a waiting consumer {idle:.1f} % CPU")
    print(f"kafka: at {PER_S}/s {shown(latencies)}; bare {shown(bare)}", flush=True)
    values = {
        "kafka_events_per_s": statistics.median(rates),
        **percentiles("kafka", latencies),
    }
    baselines: dict[str, Any] = {
        name: {"bare_producer_and_consumer_ms": round(value, 2)}
        for name, value in percentiles("kafka", bare).items()
    }
    baselines["kafka_events_per_s"] = {"bare_consumer_events_per_s": round(bare_rate)}
    return values, baselines


def over_mongo(broker: str, seconds: int) -> None:
    """Print what Kafka does with its outbox in MongoDB, where there is one."""
    from tests.services import mongo  # noqa: PLC0415 - its driver loads only where it is asked for

    try:
        with mongo.running() as server:
            store_url, url = server.database("bench"), f"{broker}/mongo-{os.getpid()}"
            with opened(store_url, url) as (store, log):
                appended, sent = append_and_send(log, store, 60_000)
            latencies = latency(store_url, f"{url}-latency", seconds)
            server.drop("bench")
    except ServiceUnavailableError as error:
        print(f"kafka, outbox in MongoDB: not measured, {error}")
    else:
        print(f"kafka, outbox in MongoDB: appended {appended:,.0f}/s, sent {sent:,.0f}/s")
        print(f"kafka, outbox in MongoDB: at {PER_S}/s {shown(latencies)}", flush=True)


@contextlib.contextmanager
def opened(store_url: str, url: str) -> Iterator[tuple[Store, EventLog]]:
    """Yield a store and an event log."""
    store = open_store(store_url)
    log = open_event_log(url, store)
    try:
        yield store, log
    finally:
        log.close()
        store.close()


def append_all(log: EventLog, events: int) -> float:
    """Append in batches; return the events per second."""
    started = time.perf_counter()
    for n in range(events // BATCH):
        log.append("listens", LISTENERS[n % len(LISTENERS)], [EVENT] * BATCH)
    return events / (time.perf_counter() - started)


def append_and_send(log: EventLog, store: Store, events: int) -> tuple[float, float]:
    """Append in batches; return the events per second appended, and sent by the outbox."""
    started = time.perf_counter()
    appended = append_all(log, events)
    while store.count(OUTBOX):
        time.sleep(0.01)
    return appended, events / (time.perf_counter() - started)


def consume_all(log: EventLog, group: str, events: int) -> float:
    """Consume and commit everything; return the events per second."""
    started = time.perf_counter()
    with log.consumer("listens", group) as consumer:
        seen = 0
        while seen < events:
            batch = consumer.poll(1)
            seen += len(batch)
            consumer.commit(batch)
        return seen / (time.perf_counter() - started)


def idle_cpu(log: EventLog) -> float:
    """Return what share of a core waiting takes, in percent."""
    with log.consumer("listens", None) as consumer:
        used, started = time.process_time(), time.perf_counter()
        while time.perf_counter() - started < 1:
            consumer.poll(0.5)
        return 100 * (time.process_time() - used) / (time.perf_counter() - started)


def latency(store_url: str, url: str, seconds: int, *, idle: bool = False) -> list[float]:
    """Return sorted milliseconds from append to poll, by a consumer in another process."""
    number = 20 * seconds if idle else PER_S * seconds
    warming = number // 2
    with opened(store_url, url) as (_, log), receiver(store_url, url, warming + number) as received:
        pause_s = random.Random(1)
        pace(
            warming + number,
            lambda n: log.append("listens", LISTENERS[n % 50], [now()]),
            (lambda: pause_s.uniform(0.02, 0.06)) if idle else (lambda: 1 / PER_S),
        )
        return sorted(received()[warming:])


def pace(number: int, act: Callable[[int], object], pause_s: Callable[[], float]) -> None:
    """Act `number` times, so long apart from beginning to beginning."""
    at = time.perf_counter()
    for n in range(number):
        at += pause_s()
        while (early := at - time.perf_counter()) > 0:
            time.sleep(early)
        act(n)


def now() -> bytes:
    """Return the present moment as an event."""
    return b"%d" % time.time_ns()


@contextlib.contextmanager
def receiver(store_url: str, url: str, number: int) -> Iterator[Callable[[], list[float]]]:
    """Have another process receive; yield what waits for its latencies, in their order."""
    queue = _spawned.Queue()
    process = _spawned.Process(target=receive, args=(store_url, url, number, queue), daemon=True)
    process.start()
    queue.get(timeout=60)
    yield lambda: list(queue.get(timeout=120))
    process.join(10)


def receive(store_url: str, url: str, number: int, queue: Any) -> None:
    """Consume as a worker does, from now on, and tell how late the events were."""
    late: list[float] = []
    with opened(store_url, url) as (_, log), log.consumer("listens", "latency") as consumer:
        # What is there already is not to be measured.
        quiet = 0
        while quiet < 3:
            batch = consumer.poll(0.3)
            consumer.commit(batch)
            quiet = 0 if batch else quiet + 1
        queue.put("ready")
        while len(late) < number:
            batch = consumer.poll(1)
            at = time.time_ns()
            late += [(at - int(entry.value)) / 1e6 for entry in batch]
            consumer.commit(batch)
    queue.put(late)


def bare_rows(folder: Path, events: int) -> float:
    """Return the rows that sqlite3 inserts per second, in the same batches."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "CREATE TABLE log (n INTEGER PRIMARY KEY, key TEXT, value BLOB)"
    )
    started = time.perf_counter()
    for n in range(events // BATCH):
        connection.execute("BEGIN IMMEDIATE")
        rows = [(LISTENERS[n % 50], EVENT)] * BATCH
        connection.executemany("INSERT INTO log (key, value) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return events / took


def bare_consumer(url: str, events: int) -> float:
    """Return the events per second that confluent-kafka consumes in the same batches."""
    started = time.perf_counter()
    consumer = subscribed(url, "bare")
    seen = 0
    while seen < events:
        if batch := consumer.consume(500, 0.2):
            seen += len(batch)
            consumer.commit(asynchronous=True)
    took = time.perf_counter() - started
    consumer.close()
    return seen / took


def bare_latency(url: str, seconds: int) -> list[float]:
    """Return sorted milliseconds from produce to poll, in two processes."""
    number = PER_S * seconds
    queue = _spawned.Queue()
    process = _spawned.Process(target=bare_receive, args=(url, number, queue), daemon=True)
    process.start()
    queue.get(timeout=60)
    producer = confluent_kafka.Producer({**servers(url), "linger.ms": 1, "acks": "all"})
    topic = topic_of(url)

    def produce(n: int) -> None:
        producer.produce(topic, now(), LISTENERS[n % 50])
        producer.poll(0)

    pace(number, produce, lambda: 1 / PER_S)
    producer.flush()
    late = queue.get(timeout=120)
    process.join(10)
    return sorted(late[number // 4 :])


def bare_receive(url: str, number: int, queue: Any) -> None:
    """Consume what comes from now on, and tell how late it was."""
    consumer = subscribed(url, "bare-latency", latest=True)
    while not consumer.assignment():
        consumer.poll(0.1)
    consumer.poll(1)
    queue.put("ready")
    late: list[float] = []
    while len(late) < number:
        message = consumer.poll(1)
        if message is not None and not message.error():
            late.append((time.time_ns() - int(message.value())) / 1e6)
    consumer.close()
    queue.put(late)


def subscribed(url: str, group: str, *, latest: bool = False) -> confluent_kafka.Consumer:
    """Return a bare consumer."""
    consumer = confluent_kafka.Consumer(
        {
            **servers(url),
            "group.id": f"{topic_of(url)}.{group}",
            "auto.offset.reset": "latest" if latest else "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic_of(url)])
    return consumer


def servers(url: str) -> dict[str, Any]:
    """Return where the brokers are."""
    return {"bootstrap.servers": urlsplit(url).netloc, "log_level": 2}


def topic_of(url: str) -> str:
    """Return what Kafka calls the topic of listens."""
    return f"{urlsplit(url).path.strip('/')}.listens"


def percentiles(engine: str, ordered: list[float]) -> dict[str, float]:
    """Return the two figures of a latency."""
    return {
        f"{engine}_latency_p50_ms": ordered[len(ordered) // 2],
        f"{engine}_latency_p99_ms": ordered[len(ordered) * 99 // 100],
    }


def shown(ordered: list[float]) -> str:
    """Return a latency in words."""
    p50, p99 = percentiles("", ordered).values()
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, at most {ordered[-1]:.1f} ms"


if __name__ == "__main__":
    main()
