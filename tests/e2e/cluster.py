"""Antiphon on its distributed engines, started by hand as deploy/compose.yaml would start it."""

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import services
from tests.deploy import compose_file

from antiphon.events import Topic, open_event_log
from antiphon.settings import Settings, load
from antiphon.store import open_store
from antiphon.store.schema import SOUNDS
from product import Product, free_port

if TYPE_CHECKING:
    from tests.services.kafka import Kafka
    from tests.services.mongo import Mongo
    from tests.services.spark import Spark

PROCESSES = ("push", "live", "library", "web")
ACCOUNT = ("admin", "correct horse battery")
_STOPS_WITHIN_S = 30


@dataclass(frozen=True)
class Addresses:
    """What the names of the compose file are on this machine."""

    store: str
    events: str
    compute: str
    music: Path
    data: Path
    port: int
    push_port: int

    def environment(self, name: str) -> dict[str, str]:
        """Return what the compose file gives a process, with the addresses of this machine."""
        here = {
            "mongodb://mongodb:27017/antiphon": self.store,
            "kafka://kafka:9092": self.events,
            "spark://spark-master:7077": self.compute,
            "/music": str(self.music),
        }
        given = compose_file.services({"MUSIC": str(self.music)})[name]["environment"]
        return {
            # YAML takes an empty value for none.
            **{
                key: "" if value is None else here.get(str(value), str(value))
                for key, value in given.items()
            },
            # These the image sets, or the ports that are published.
            "ANTIPHON_DATA": str(self.data),
            "ANTIPHON_PORT": str(self.port),
            "ANTIPHON_PUSH_PORT": str(self.push_port),
        }


@dataclass(frozen=True)
class Cluster:
    """The four processes, and how they are set."""

    addresses: Addresses
    processes: dict[str, subprocess.Popen[bytes]]
    folder: Path

    @property
    def product(self) -> Product:
        return Product(f"http://127.0.0.1:{self.addresses.port}", *ACCOUNT)

    @property
    def settings(self) -> Settings:
        """What the process that knows all three engines is set to."""
        return load(self.addresses.environment("library"))

    def said(self, name: str) -> str:
        """What a process has said so far."""
        return (self.folder / f"{name}.log").read_text()

    def heard(self) -> int:
        """How many tracks Spark has listened to, as MongoDB knows."""
        store = open_store(self.settings.store_url)
        try:
            return store.count(SOUNDS)
        finally:
            store.close()

    def logged(self, wait_s: float) -> list[bytes]:
        """What is in Kafka of what listeners did."""
        store = open_store(self.settings.store_url)
        log = open_event_log(self.settings.events, store)
        try:
            with log.consumer(Topic.LISTENS, f"look-{uuid.uuid4().hex}") as consumer:
                return [entry.value for entry in consumer.poll(wait_s) if entry.value]
        finally:
            log.close()
            store.close()

    def stop(self) -> dict[str, int]:
        """Ask every process to stop; return their exit codes."""
        for process in self.processes.values():
            process.terminate()
        return {name: one.wait(_STOPS_WITHIN_S) for name, one in self.processes.items()}


@contextlib.contextmanager
def running(
    folder: Path, music: Path, mongo: "Mongo", kafka: "Kafka", spark: "Spark"
) -> Iterator[Cluster]:
    """Start what the compose file calls web, push, live and library; stop them in the end."""
    name = f"cluster-{uuid.uuid4().hex[:8]}"
    addresses = Addresses(
        store=mongo.database(name),
        events=f"{kafka.url}/{name}",
        compute=spark.url,
        music=music,
        data=folder / "data",
        port=free_port(),
        push_port=free_port(),
    )
    addresses.data.mkdir()
    cluster = Cluster(addresses, {}, folder)
    try:
        _add_account(addresses)
        for process in PROCESSES:
            cluster.processes[process] = _start(addresses, process, folder / f"{process}.log")
        yield cluster
    finally:
        for process in cluster.processes.values():
            process.terminate()
        for process in cluster.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOPS_WITHIN_S)
            process.kill()
            process.wait()
        mongo.drop(name)


def _start(addresses: Addresses, name: str, log: Path) -> subprocess.Popen[bytes]:
    program, *words = compose_file.services({"MUSIC": "/music"})[name]["command"]
    assert program == "antiphon"
    return services.start([sys.executable, "-m", program, *words], log, addresses.environment(name))


def _add_account(addresses: Addresses) -> None:
    """Do what `deploy/antiphon user add` does."""
    name, password = ACCOUNT
    subprocess.run(
        [sys.executable, "-m", "antiphon", "user", "add", name, "--admin", "--password", password],
        env=os.environ | addresses.environment("library"),
        check=True,
        timeout=60,
    )
