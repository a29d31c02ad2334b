"""Fixtures named after what they are: a store on disk, and the real services behind the engines."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from tests.services import ServiceUnavailableError

from antiphon.store import Store, open_store

if TYPE_CHECKING:
    from tests.services.kafka import Kafka
    from tests.services.mongo import Mongo
    from tests.services.spark import Spark

Service = TypeVar("Service")
# What each engine was in this run, for the last lines of the report.
_ENGINES = {"MongoDB": "not asked for", "Kafka": "not asked for", "Spark": "not asked for"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'antiphon.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def mongo() -> "Iterator[Mongo]":
    """A real MongoDB, one node of a replica set."""
    from tests.services import mongo  # noqa: PLC0415 - loads its driver only where it is asked for

    yield from _had("MongoDB", mongo.running)


@pytest.fixture(scope="session")
def kafka() -> "Iterator[Kafka]":
    """A real Apache Kafka, one broker."""
    from tests.services import kafka  # noqa: PLC0415 - loads its driver only where it is asked for

    yield from _had("Kafka", kafka.running)


@pytest.fixture(scope="session")
def spark() -> "Iterator[Spark]":
    """A real stand-alone Apache Spark: a master and a worker."""
    from tests.services import spark  # noqa: PLC0415 - loads its driver only where it is asked for

    yield from _had("Spark", spark.running)


def _had(name: str, running: Callable[[], AbstractContextManager[Service]]) -> Iterator[Service]:
    """Yield the service; where it cannot be had, CI fails and everybody else skips."""
    with ExitStack() as stack:
        try:
            service = stack.enter_context(running())
        except ServiceUnavailableError as error:
            _ENGINES[name] = f"missing: {error}"
            if os.environ.get("CI"):
                pytest.fail(f"{name} is needed in CI. {error}\n{error.log_tail}", pytrace=False)
            pytest.skip(f"{name} cannot be had here: {error}")
        _ENGINES[name] = f"real, {getattr(service, 'about', 'started by the tests')}"
        yield service


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which engines were real."""
    terminalreporter.section("engines")
    terminalreporter.line("SQLite, the local log and local processes: real, always")
    for name, state in _ENGINES.items():
        terminalreporter.line(f"{name}: {state}")
