"""A Spark session: started quietly from a master's URL, and ended with all that belongs to it."""

import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from typing import IO
from urllib.parse import urlsplit

from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException, PythonException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from antiphon.compute.port import ComputeError

# What Spark and the way to it raise when they fail, as told from what an item's function raises.
FAILURES = (Py4JError, PySparkException, ConnectionError, EOFError)
ANSWER_WITHIN_S = 5.0
STOP_WITHIN_S = 20.0
# Only what neither spark-defaults.conf nor PYSPARK_SUBMIT_ARGS says is taken from here.
_SETTINGS = {
    "spark.app.name": "antiphon",
    "spark.log.level": "ERROR",
    # It would listen on all addresses, without a password.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A frame of a few items is one task.
    "spark.sql.leafNodeDefaultParallelism": "1",
}
# What spark-submit says to the program that it starts.
_SUBMITTED = "PYSPARK_GATEWAY_PORT"
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def quieten() -> None:
    """Keep out of the log what pyspark says of every job, and of a pandas newer than itself."""
    logging.getLogger("py4j").setLevel(logging.WARNING)
    # All that it is to do with pandas is to hand over bytes.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)


def start(master: str) -> SparkSession:
    """Start a session with a Java machine of its own; without a master, with spark-submit's.

    Raises:
        ComputeError: there is no Java, the master does not answer, or Spark will not start.
    """
    if master:
        _check_java()
        _check_master(master)
    elif _SUBMITTED not in os.environ:
        raise ComputeError("spark-submit: is for programs that spark-submit has started.")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryFile() as log:
        try:
            gateway = launch_gateway(None, {"stdout": log, "stderr": log})  # type: ignore[no-untyped-call]
            return _session(gateway, master)
        except (*FAILURES, OSError, ValueError) as error:
            reason = in_words(error)
            _end_gateway(SparkContext._gateway)  # noqa: SLF001 - pyspark has no public way
            raise ComputeError(f"Spark could not be started: {reason}{_last_line(log)}") from error


def end(session: SparkSession) -> None:
    """Stop a session, its executors and its Java machine, however they are."""
    gateway = session.sparkContext._gateway  # noqa: SLF001 - pyspark has no public way
    if gateway is not None and (gateway.proc is None or gateway.proc.poll() is None):
        # pyspark warns of a Java machine that is ending just then.
        with contextlib.suppress(*FAILURES, RuntimeWarning):
            session.stop()
    _end_gateway(gateway)


def in_words(error: BaseException) -> str:
    """Return what went wrong in one line, without the stack traces around it."""
    text = str(error)
    with contextlib.suppress(*FAILURES):
        text = str(error.java_exception.getMessage()) if isinstance(error, Py4JJavaError) else text
    lines = text.partition("\n\nJVM stacktrace")[0].strip().split("\n")
    # A Python trace says at its end what a Java trace says at its beginning.
    return lines[-1 if isinstance(error, PythonException) else 0] or type(error).__name__


def _session(gateway: JavaGateway, master: str) -> SparkSession:
    # Made with Java running, it has read Spark's own files.
    conf = SparkConf(_jvm=gateway.jvm)
    if master:
        conf.setMaster(master)
    settings = _SETTINGS | _LOOPBACK if master.startswith("local") else _SETTINGS
    for name, value in settings.items():
        conf.setIfMissing(name, value)
    interrupted = signal.getsignal(signal.SIGINT)
    context = SparkContext(conf=conf, gateway=gateway)
    if threading.current_thread() is threading.main_thread():
        # pyspark has taken Ctrl-C over, which is for the program to handle.
        signal.signal(signal.SIGINT, interrupted)
    return SparkSession(context)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=os.path.join(home, "bin") if home else None):
        raise ComputeError("Spark needs Java 17 or newer: install it, or say where by JAVA_HOME.")


def _check_master(master: str) -> None:
    """Spark itself would try for a minute, and then say that its context was shut down."""
    if not master.startswith("spark://"):
        return
    reasons = []
    for address in master.removeprefix("spark://").split(","):
        parts = urlsplit(f"//{address}")
        try:
            socket.create_connection((parts.hostname, parts.port), ANSWER_WITHIN_S).close()
        except OSError as error:
            reasons.append(error.strerror or str(error))
        else:
            return
    raise ComputeError(f"the Spark master {master} does not answer ({reasons[-1]}); is it running?")


def _end_gateway(gateway: JavaGateway | None) -> None:
    """End the Java machine, and make pyspark forget it, so that it can start another one."""
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - pyspark has no public way
    SparkContext._active_spark_context = None  # noqa: SLF001
    SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001
    if gateway is None:
        return
    with contextlib.suppress(*FAILURES):
        gateway.shutdown()
    if gateway.proc is None:
        return  # spark-submit's own, which ends with this program
    # It ends by itself when its input does.
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return f" ({said[-1]})" if said else ""
