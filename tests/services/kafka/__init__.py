"""A real Apache Kafka: one node in KRaft mode, broker and controller in one JVM.

Its jars are resolved by Maven from `pom.xml` beside this file, once, into the cache folder.
`KAFKA_URL` (an address such as kafka://host:9092) takes a running one instead.
"""

import base64
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import services
from tests.services import ServiceUnavailableError

READY_WITHIN_S = 60.0
FETCHED_WITHIN_S = 600.0
_POM = Path(__file__).with_name("pom.xml")
_SMALL = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
auto.create.topics.enable=false
offsets.topic.num.partitions=2
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
controlled.shutdown.enable=false
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
controller.quorum.election.timeout.ms=300
controller.quorum.fetch.timeout.ms=500
"""
_LOGGING = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


class Kafka:
    """A broker of ours at `url`, which a test may end and start again with the same data."""

    def __init__(self, jars: Path, folder: Path) -> None:
        self.port = services.free_port()
        self.url = f"kafka://127.0.0.1:{self.port}"
        self.about = f"Apache Kafka {_version()}, started by the tests"
        self.log = folder / "kafka.log"
        self._settings = folder / "server.properties"
        self._settings.write_text(
            _SETTINGS.format(port=self.port, controller=services.free_port(), data=folder / "data")
        )
        logging = folder / "log4j2.properties"
        logging.write_text(_LOGGING)
        self._java = ("java", *_SMALL, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*")
        self._process: subprocess.Popen[bytes] | None = None

    def format(self) -> None:
        """Make the data folder of a new cluster."""
        tool = ("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", self._settings)
        _run((*self._java, *tool), "Kafka's data folder could not be made", READY_WITHIN_S)

    def start(self) -> None:
        """Start the broker, and wait until it answers."""
        self._process = services.start((*self._java, "kafka.Kafka", self._settings), self.log)
        services.wait_until_ready(self._is_ready, self._process, self.log, READY_WITHIN_S)

    def stop(self) -> None:
        """End the broker as an operator would."""
        if self._process is not None:
            services.stop(self._process)

    def kill(self) -> None:
        """End the broker as a power cut would."""
        if self._process is not None:
            services.kill(self._process)

    def _is_ready(self) -> bool:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - only where Kafka is had
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415

        if not services.answers(self.port):
            return False
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0})
        try:
            return bool(admin.list_topics(timeout=2).brokers)
        except KafkaException:
            return False


class KafkaElsewhere:
    """A Kafka that somebody else runs: it is not ours to stop."""

    about = "the one at KAFKA_URL"

    def __init__(self, url: str) -> None:
        self.url = url


@contextmanager
def running() -> Iterator[Kafka | KafkaElsewhere]:
    """Yield a Kafka that answers.

    Raises:
        ServiceUnavailableError: Java or Maven is missing, or it cannot be fetched or started.
    """
    if url := os.environ.get("KAFKA_URL"):
        yield KafkaElsewhere(url)
        return
    with tempfile.TemporaryDirectory(prefix="antiphon-kafka-", ignore_cleanup_errors=True) as name:
        kafka = Kafka(_jars(), Path(name))
        kafka.format()
        try:
            kafka.start()
            yield kafka
        finally:
            kafka.stop()


def _jars() -> Path:
    """Return the folder of Kafka's jars, fetched if they are not there yet."""
    folder = services.cache_folder() / f"kafka-{_version()}"
    for program in ("java", "mvn"):
        if shutil.which(program) is None and not (program == "mvn" and folder.exists()):
            raise ServiceUnavailableError(
                f"{program} is not on PATH: install Java 17 and Maven, or set KAFKA_URL."
            )
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=services.cache_folder()) as scratch:
            fetched = Path(scratch, "jars")
            goal = ("dependency:copy-dependencies", "-DincludeScope=runtime")
            maven = ("mvn", "--batch-mode", "--quiet", "--file", _POM, *goal)
            _run(
                (*maven, f"-DoutputDirectory={fetched}"),
                "Maven could not fetch Kafka",
                FETCHED_WITHIN_S,
            )
            _keep(fetched, folder)
    return folder


def _keep(fetched: Path, folder: Path) -> None:
    """Move it where it is looked for, unless another test run was faster."""
    try:
        fetched.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _run(command: Sequence[object], failing: str, within_s: float) -> None:
    try:
        subprocess.run(
            [str(part) for part in command], check=True, capture_output=True, timeout=within_s
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceUnavailableError(f"{failing} within {within_s:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        said = (error.stdout + error.stderr).decode(errors="replace")
        raise ServiceUnavailableError(
            f"{failing}.", "\n".join(said.splitlines()[-services.TAIL_LINES :])
        ) from error


def _version() -> str:
    found = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>([\d.]+)<", _POM.read_text())
    assert found is not None, f"{_POM} names no version"
    return found[1]


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
