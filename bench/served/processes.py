"""The processes of an instance, started as an operator starts them, and what they take."""

import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import psutil
from tests import services

READY_WITHIN_S = 120.0
# What the processes of MongoDB and Kafka are called.
ENGINES = {"mongod", "java"}


@dataclass(frozen=True)
class Engines:
    """Where an instance keeps things, and what happened."""

    name: str
    store: str
    events: str


@dataclass
class Instance:
    """A web, a push and some live processes over the same engines."""

    engines: Engines
    data: Path
    port: int = field(default_factory=services.free_port)
    push_port: int = field(default_factory=services.free_port)
    running: dict[str, Popen[bytes]] = field(default_factory=dict)

    def start(self, part: str, name: str = "") -> None:
        """Start a part, under another name if there is more than one."""
        name = name or part
        command = [sys.executable, "-m", "antiphon", "serve", part]
        self.running[name] = services.start(command, self.data / f"{name}.log", self._environment)

    def wait(self) -> None:
        """Wait until pages are served."""
        for name, port in (("web", self.port), ("push", self.push_port)):
            if name in self.running:
                _wait_for(f"http://127.0.0.1:{port}/healthz")

    def stop(self, *names: str) -> None:
        """Stop parts, all unless they are named."""
        for name in names or tuple(self.running):
            services.stop(self.running.pop(name))

    def seconds(self) -> dict[str, float]:
        """Return how long each part, each engine and this process have kept a core busy by now."""
        own = psutil.Process()
        engines = {one.name(): _cpu(one) for one in own.children() if one.name() in ENGINES}
        parts = {
            name: sum(_cpu(one) for one in _all(process)) for name, process in self.running.items()
        }
        return {**parts, **engines, "load": _cpu(own)}

    def kilobytes(self) -> dict[str, float]:
        """Return the memory that each part alone has."""
        return {
            name: sum(one.memory_full_info().uss for one in _all(process)) / 1024
            for name, process in self.running.items()
        }

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "ANTIPHON_DATA": str(self.data),
            "ANTIPHON_STORE": self.engines.store,
            "ANTIPHON_EVENTS": self.engines.events,
            "ANTIPHON_PORT": str(self.port),
            "ANTIPHON_PUSH_PORT": str(self.push_port),
        }


@contextmanager
def served(engines: Engines, data: Path, *parts: str) -> Iterator[Instance]:
    """Run parts of an instance until the end."""
    instance = Instance(engines, data)
    try:
        for part in parts:
            instance.start(part)
        instance.wait()
        yield instance
    finally:
        instance.stop()


def _wait_for(url: str) -> None:
    give_up_at = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)


def _all(process: Popen[bytes]) -> list[psutil.Process]:
    first = psutil.Process(process.pid)
    return [first, *first.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
