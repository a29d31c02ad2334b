"""The services that tests and benches need: real ones, started on loopback, always stopped.

Each module has one context manager that starts its service (or takes the one that an environment
variable names) and yields where it is. What has to be fetched first is kept in `cache_folder()`.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

STOP_WITHIN_S = 20.0
TAIL_LINES = 30
# Also when a test run is killed, nothing of it stays behind.
_ENDING_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")


class ServiceUnavailableError(Exception):
    """A service cannot be had here; says in a sentence why, and holds the end of its log."""

    def __init__(self, sentence: str, log_tail: str = "") -> None:
        super().__init__(sentence)
        self.log_tail = log_tail


def cache_folder() -> Path:
    """Return where fetched services are kept, between runs."""
    named = os.environ.get("ANTIPHON_SERVICES_CACHE")
    folder = Path(named) if named else Path.home() / ".cache" / "antiphon" / "services"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """Return a loopback port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def start(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a service that writes to `log`; it ends when this thread does, however that ends."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [*_ENDING_WITH_US, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=None if environment is None else {**os.environ, **environment},
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a service and all that it has started, kindly at first."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_WITHIN_S)
    kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a service at once, as a power cut would end it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_ready(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, within_s: float
) -> None:
    """Wait until `ready()`.

    Raises:
        ServiceUnavailableError: the process has ended, or takes longer than `within_s` seconds.
    """
    end = time.monotonic() + within_s
    while not ready():
        if process.poll() is not None:
            raise ServiceUnavailableError(
                f"{_name(process)} ended with exit code {process.returncode}.",
                tail(log),
            )
        if time.monotonic() > end:
            raise ServiceUnavailableError(
                f"{_name(process)} was not ready within {within_s:.0f} s.",
                tail(log),
            )
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Say whether somebody listens at a loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _name(process: subprocess.Popen[bytes]) -> str:
    command = process.args[len(_ENDING_WITH_US) :]  # type: ignore[index]
    return Path(str(command[0])).name
