"""How soon what a listener does changes what comes next, and how much of it one machine carries.

The processes are those of `antiphon serve web`, `push` and `live`, with the models of
`bench/serving.py`: 100,000 tracks, learned from 10,000 listeners, the sound of every track in the
store. 200 listeners have a page open each, with a past of 10 to 500 listens, of popular tracks more
often than of others. Their events come at random moments, 50 a second on the embedded engines (a
SQLite file and the log in it) and 200 on Kafka and MongoDB, whatever becomes of them: the next
track of the page's queue has ended, skipped or completed. The load comes from one more process on
the same machine. Time counts from before the event's request is sent.

- `{embedded,kafka}_{p50,p99}_ms`: until the page hears of the answer to it, by server-sent events;
  `…_shown_{p50,p99}_ms`: until the page has also fetched that answer.
- `worker_events_per_s`, `worker_kafka_events_per_s`: one worker is kept busy by as many events as
  it takes, of 200 listeners, ten of each under way on the mean: so many a second are answered.
  Answers are coalesced; how many were made and how late they were is printed.
- `two_worker_scaling`: what two workers answer on Kafka and MongoDB, over what one does.
- `next_prepared_p99_ms`, `next_cold_p99_ms`: `GET /answers/next` of 20 tracks, for listeners with
  an answer of the worker's, and for those without.
- `kb_per_listener`: what the worker and the web process need more for each further listener, of
  the last 800 of 1,800: what was needed for those before, while bounded caches fill, is printed.
- `kb_per_page`, `event_to_all_pages_ms`: what the push process needs for each of 2,000 open pages,
  and how long an event takes to the last of them.

`--quick` asks 10,000 tracks, fewer listeners, 500 pages, and the embedded engines only, not how
much memory a listener needs, as caches are not full yet. `--engine` asks one of the two,
`--per-s` another number of events a second, to see how many it takes until answers are late.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import msgspec
import numpy as np
import psutil
from served.backlog import busy, sent_per_s, wait_for_workers
from served.pages import Crowd, Page, all_hear, opened
from served.prepared import Size, prepare, user_id
from served.processes import Engines, Instance, served
from served.wires import Keys, Wire
from tests.services import ServiceUnavailableError, kafka, mongo

from antiphon.store import Store, open_store
from antiphon.store.schema import ANSWERS, LISTENS, SHOWINGS, STATES
from antiphon.web.tokens import signing_secret

Figures = dict[str, float]

# Unit and goal.
FIGURES: dict[str, tuple[str, float | None]] = {
    "embedded_p50_ms": ("ms", 15),
    "embedded_p99_ms": ("ms", 60),
    "embedded_shown_p50_ms": ("ms", None),
    "embedded_shown_p99_ms": ("ms", None),
    "kafka_p50_ms": ("ms", 40),
    "kafka_p99_ms": ("ms", 150),
    "kafka_shown_p50_ms": ("ms", None),
    "kafka_shown_p99_ms": ("ms", None),
    "worker_events_per_s": ("1/s", 500),
    "worker_kafka_events_per_s": ("1/s", 500),
    "two_worker_scaling": ("x", None),
    "next_prepared_p99_ms": ("ms", 10),
    "next_cold_p99_ms": ("ms", 50),
    "kb_per_listener": ("kB", 50),
    "kb_per_page": ("kB", 120),
    "event_to_all_pages_ms": ("ms", 250),
}
PER_S = {"embedded": 50.0, "kafka": 200.0}


@dataclass(frozen=True)
class Plan:
    """How much is asked: of listeners with a past, the first have pages, the last are cold."""

    size: Size
    pages: int
    active: int
    seconds: float
    pushed_pages: int


WHOLE = Plan(Size(100_000, 10_000, 2000), 200, 1800, 30, 2000)
QUICK = Plan(Size(10_000, 10_000, 360), 100, 300, 5, 500)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engine", choices=["embedded", "kafka"])
    parser.add_argument("--per-s", type=float)
    options = parser.parse_args()
    PER_S.update(dict.fromkeys(PER_S, options.per_s) if options.per_s else {})
    plan = QUICK if options.quick else WHOLE
    print(f"{os.cpu_count()} cores, {psutil.cpu_percent(1):.0f} % busy before; {plan.size}")
    found: Figures = {}
    if options.engine != "kafka":
        found |= embedded(plan)
    if options.engine == "kafka" or not (options.engine or options.quick):
        found |= distributed(plan)
    elif options.quick:
        print("left out by --quick: 100,000 tracks, most listeners, memory, Kafka and MongoDB")
    shown = {
        name: {"value": round(found[name], 2), "unit": unit, "goal": goal, "baseline": None}
        for name, (unit, goal) in FIGURES.items()
        if name in found
    }
    print(json.dumps({"bench": "live", "figures": shown}))


def embedded(plan: Plan) -> Figures:
    """Measure everything that one SQLite file carries."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        engines = Engines("embedded", f"sqlite:///{data}/antiphon.db", "local:")
        keys = prepared(engines, data, plan)
        with served(engines, data, "web", "push", "live") as instance:
            return asyncio.run(_embedded(instance, keys, plan)) | worker(instance, plan)


async def _embedded(instance: Instance, keys: Keys, plan: Plan) -> Figures:
    found = await latency(instance, keys, plan)
    if plan is WHOLE:
        found |= await memory(instance, keys, plan)
    found |= await asked(instance, keys, plan)
    return found | await pushed(instance, keys, plan)


def distributed(plan: Plan) -> Figures:
    """Measure latency and throughput on Kafka and MongoDB, where they can be had."""
    try:
        with cluster() as engines, tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            keys = prepared(engines, data, plan)
            with served(engines, data, "web", "push", "live") as instance:
                found = asyncio.run(latency(instance, keys, plan))
                # Nobody else is to have the processors.
                instance.stop("web", "push")
                one = worker(instance, plan)["worker_events_per_s"]
                instance.start("live", "second")
                wait_for_workers(engines, 2)
                two = worker(instance, plan)["worker_events_per_s"]
                print(f"kafka: the outbox sends {sent_per_s(engines):,.0f} events/s, one by one")
            return found | {"worker_kafka_events_per_s": one, "two_worker_scaling": two / one}
    except ServiceUnavailableError as error:
        print(f"Kafka and MongoDB: not measured, {error}")
        return {}


@contextmanager
def cluster() -> Iterator[Engines]:
    """Start the distributed engines."""
    with mongo.running() as server, kafka.running() as broker:
        name = f"bench-{os.getpid()}"
        print(f"{server.about}; {broker.about}", flush=True)
        try:
            yield Engines("kafka", server.database(name), f"{broker.url}/{name}")
        finally:
            server.drop(name)


def prepared(engines: Engines, data: Path, plan: Plan) -> Keys:
    """Fill the store; return what lets its listeners in."""
    started = time.perf_counter()
    prepare(engines.store, data, plan.size)
    print(f"{engines.name}: prepared in {time.perf_counter() - started:.0f} s", flush=True)
    store = open_store(engines.store)
    try:
        return Keys(signing_secret(store))
    finally:
        store.close()


async def latency(instance: Instance, keys: Keys, plan: Plan) -> Figures:
    """Measure how soon pages have the answers to what is done on them."""
    name = instance.engines.name
    per_s = PER_S[name]
    users = [user_id(n) for n in range(plan.pages)]
    crowd = await opened(keys, instance.port, instance.push_port, users)
    await crowd.warm_up(per_s)
    used, started = instance.seconds(), time.perf_counter()
    psutil.cpu_percent()
    await crowd.act(per_s, plan.seconds)
    busy_all, took = psutil.cpu_percent(), time.perf_counter() - started
    cores = _since(used, instance, took)
    unanswered = await crowd.settle()
    ms = _since(used, instance, len(crowd.lateness.heard) / 1000)
    await crowd.close()
    print(f"{name}: {per_s:.0f} events/s, {len(crowd.lateness.heard)} answered, {unanswered} not")
    print(f"{name}: {busy_all:.0f} % of all cores busy; cores: {_each(cores)}")
    print(f"{name}: ms of a core for each event: {_each(ms)}")
    print(f"{name}: accepted by HTTP {_shown(crowd.lateness.accepted)}")
    print(f"{name}: heard {_shown(crowd.lateness.heard)}, shown {_shown(crowd.lateness.shown)}")
    sys.stdout.flush()
    if unanswered:
        raise SystemExit(f"{unanswered} events were never answered.")
    sizes(instance)
    return _percentiles(name, crowd)


def sizes(instance: Instance) -> None:
    """Print how large the documents of a listener are, as JSON."""
    store = open_store(instance.engines.store)
    try:
        for collection in (STATES, ANSWERS, SHOWINGS, LISTENS):
            some = store.find(collection, limit=500)
            mean = sum(len(msgspec.json.encode(one)) for one in some) / max(len(some), 1)
            print(f"{instance.engines.name}: {collection.name} of {mean:,.0f} bytes")
    finally:
        store.close()


async def memory(instance: Instance, keys: Keys, plan: Plan) -> Figures:
    """Measure what further listeners need, each of whom does one thing, when caches are full."""
    ends = np.linspace(plan.pages, plan.active, 5).astype(int)
    needed = [await _needed(instance, keys, range(*some)) for some in pairwise(ends)]
    return {"kb_per_listener": float(np.mean(needed[2:]))}


async def _needed(instance: Instance, keys: Keys, listeners: range) -> float:
    before = instance.kilobytes()
    users = [user_id(n) for n in listeners]
    crowd = await opened(keys, instance.port, instance.push_port, users)
    await crowd.warm_up(0)
    await crowd.close()
    more = {part: (kb - before[part]) / len(users) for part, kb in instance.kilobytes().items()}
    print(f"memory: listeners {listeners.start} to {listeners.stop}, kB each: {_each(more)}")
    sys.stdout.flush()
    return more["web"] + more["live"]


async def asked(instance: Instance, keys: Keys, plan: Plan) -> Figures:
    """Measure what next costs by HTTP, one request after the other, each for another answer."""
    wire = Wire(instance.port)
    await wire.open(1)
    store = open_store(instance.engines.store)
    prepared = [Page(user_id(n), keys.headers(user_id(n)), wire) for n in range(plan.pages)]
    for page in prepared:
        await page.tell(skipped=False)
    while not all(_is_answered(store, page) for page in prepared):
        await asyncio.sleep(0.1)
    cold = range(plan.active, plan.size.with_past)
    found = {
        "next_prepared_p99_ms": await _asked("prepared", prepared),
        "next_cold_p99_ms": await _asked(
            "cold", [Page(user_id(n), keys.headers(user_id(n)), wire) for n in cold]
        ),
    }
    store.close()
    wire.close()
    return found


def _is_answered(store: Store, page: Page) -> bool:
    answer = store.get(ANSWERS, f"{page.user_id}:next")
    return answer is not None and answer.event in page.waiting


async def _asked(kind: str, pages: list[Page]) -> float:
    spent = []
    for page in pages:
        started = time.perf_counter()
        await page.fetch()
        spent.append(1000 * (time.perf_counter() - started))
        assert len(page.queue) == 20
    print(f"next, {kind}: {_shown(spent)}", flush=True)
    return float(np.percentile(spent, 99))


async def pushed(instance: Instance, keys: Keys, plan: Plan) -> Figures:
    """Measure many open pages of one listener."""
    before = instance.kilobytes()["push"]
    async with all_hear(keys, instance, user_id(0), plan.pushed_pages) as tell:
        kb = (instance.kilobytes()["push"] - before) / plan.pushed_pages
        spent = [1000 * await tell() for _ in range(5)]
    print(f"push: {plan.pushed_pages} pages, {kb:.0f} kB each, an event to all {_shown(spent)}")
    return {"kb_per_page": kb, "event_to_all_pages_ms": float(np.median(spent))}


def worker(instance: Instance, plan: Plan) -> Figures:
    """Measure how many events the workers that run answer."""
    used = instance.seconds()
    did = busy(instance.engines, [user_id(n) for n in range(plan.pages)], plan.size, plan.seconds)
    workers = sum(part not in {"web", "push"} for part in instance.running)
    ms = _since(used, instance, did.all_events / 1000)
    name = f"{instance.engines.name}, {workers} workers, {plan.pages} listeners"
    print(f"{name}: {did.events_per_s:.0f} events/s, {did.answers_per_s:.0f} answers/s")
    print(f"{name}: late by {_shown(did.lateness_ms)}; ms of a core for each event: {_each(ms)}")
    sys.stdout.flush()
    return {"worker_events_per_s": did.events_per_s}


def _percentiles(name: str, crowd: Crowd) -> Figures:
    heard, shown = crowd.lateness.heard, crowd.lateness.shown
    return {
        f"{name}_{kind}p{p}_ms": float(np.percentile(spent, p))
        for kind, spent in (("", heard), ("shown_", shown))
        for p in (50, 99)
    }


def _shown(spent: list[float]) -> str:
    p50, p90, p99 = np.percentile(spent, [50, 90, 99])
    return f"p50 {p50:.1f}, p90 {p90:.1f}, p99 {p99:.1f} ms"


def _since(used: Figures, instance: Instance, by: float) -> Figures:
    """Return how long each has kept a core busy since then, divided by something."""
    return {part: (s - used.get(part, 0.0)) / by for part, s in instance.seconds().items()}


def _each(parts: Figures) -> str:
    return ", ".join(f"{part} {value:.2f}" for part, value in parts.items())


if __name__ == "__main__":
    main()
