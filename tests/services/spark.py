"""Apache Spark, out of pyspark's own jars: stand-alone (a master and a worker), or in one process.

Both set what a driver in this process needs: loopback, little memory, no files left behind, and
the tests' own modules for the executors to import.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.services import (
    ServiceUnavailableError,
    answers,
    free_port,
    kill,
    start,
    stop,
    tail,
    wait_until_ready,
)

ROOT = Path(__file__).parents[2]
CORES = 2
READY_WITHIN_S = 60.0
_LOOPBACK = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_PUBLIC_DNS": "127.0.0.1"}


@dataclass
class Spark:
    """A stand-alone Spark on loopback that can be stopped and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is, as ANTIPHON_COMPUTE."""
        return f"spark://127.0.0.1:{self.port}"

    @property
    def about(self) -> str:
        """What it is."""
        return f"Spark {version('pyspark')}, a master and a worker of {CORES} cores"

    def start(self) -> None:
        """Start the master and the worker; return when the worker is known to the master."""
        master = self._java("master.Master", "--port", self.port)
        log = self.folder / "master.Master.log"
        wait_until_ready(lambda: answers(self.port), master, log, READY_WITHIN_S)
        resources = ("--cores", CORES, "--memory", "2g", "--work-dir", self.folder / "work")
        worker = self._java("worker.Worker", *resources, self.url)
        log = self.folder / "worker.Worker.log"
        wait_until_ready(lambda: _registered(log), worker, log, READY_WITHIN_S)

    def stop(self) -> None:
        """Stop both, kindly."""
        while self.processes:
            stop(self.processes.pop())

    def kill(self) -> None:
        """End both as a power cut would."""
        while self.processes:
            kill(self.processes.pop())

    def _java(self, main: str, *arguments: object) -> "subprocess.Popen[bytes]":
        log = self.folder / f"{main}.log"
        log.unlink(missing_ok=True)
        process = start(
            [
                *(_spark_class(), f"org.apache.spark.deploy.{main}"),
                *("--host", "127.0.0.1", "--webui-port", "0", *map(str, arguments)),
            ],
            log,
            {**_LOOPBACK, "PYTHONPATH": str(ROOT), "SPARK_DAEMON_MEMORY": "256m"},
        )
        self.processes.append(process)
        return process


@contextmanager
def running() -> Iterator[Spark]:
    """Yield a stand-alone Spark.

    Raises:
        ServiceUnavailableError: there is no pyspark or no Java.
    """
    with _driver() as folder:
        service = Spark(folder)
        try:
            service.start()
            yield service
        finally:
            service.stop()


@contextmanager
def in_process(cores: int = CORES) -> Iterator[str]:
    """Yield the URL of a Spark inside the driver's own Java machine.

    Raises:
        ServiceUnavailableError: there is no pyspark or no Java.
    """
    with _driver():
        yield f"spark-local:{cores}"


@contextmanager
def _driver() -> Iterator[Path]:
    """Yield a temporary folder, with the environment set for a small and quiet driver."""
    if not find_spec("pyspark"):
        raise ServiceUnavailableError("pyspark is not installed.")
    if not shutil.which("java"):
        raise ServiceUnavailableError("There is no Java 17.")
    with tempfile.TemporaryDirectory(prefix="antiphon-spark-") as folder:
        settings = {
            "spark.local.dir": folder,
            "spark.sql.warehouse.dir": folder,
            "spark.sql.shuffle.partitions": 2,
            "spark.executor.memory": "1g",
        }
        submit = " ".join(f"--conf {name}={value}" for name, value in settings.items())
        environment = {
            **_LOOPBACK,
            "PYTHONPATH": str(ROOT),
            "PYSPARK_SUBMIT_ARGS": f"--driver-memory 1g {submit} pyspark-shell",
        }
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            yield Path(folder)
        finally:
            for name in environment:
                os.environ.pop(name)
                if name in before:
                    os.environ[name] = before[name]


def _spark_class() -> Path:
    pyspark = find_spec("pyspark")
    assert pyspark is not None
    assert pyspark.origin is not None
    return Path(pyspark.origin).parent / "bin" / "spark-class"


def _registered(log: Path) -> bool:
    return "Successfully registered with master" in tail(log)
