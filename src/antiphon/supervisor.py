"""The supervisor: starts the parts of an instance as processes, and keeps them running.

A part that ends by itself is started again, ever more slowly; a part whose supervisor is gone ends.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal

from antiphon.settings import Settings, SettingsError

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
# A part that ran for so long is taken to have been well.
WELL_AFTER_S = 60.0
STOP_WITHIN_S = 10.0
_POLL_S = 0.2
_log = logging.getLogger(__name__)


class Part:
    """One part of the instance: a process `antiphon serve NAME`, or another command."""

    def __init__(self, command: Sequence[str], *, once: bool = False) -> None:
        self._command = [sys.executable, "-m", "antiphon", *command]
        self._once = once
        self._delay_s = FIRST_DELAY_S
        self._start_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None

    def look_after(self) -> None:
        """Start the process when it is due, and see whether it has ended."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start_at = time.monotonic()
                self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603
            return
        code = self._process.poll()
        if code is None:
            return
        self._end_group(self._process.pid)
        self._process = None
        if self._once:
            self._start_at = float("inf")
            return
        if time.monotonic() - self._start_at > WELL_AFTER_S:
            self._delay_s = FIRST_DELAY_S
        name = " ".join(self._command[3:])
        _log.error("%s ended (exit %d); starting it again in %.0f s", name, code, self._delay_s)
        self._start_at = time.monotonic() + self._delay_s
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def ask_to_stop(self) -> None:
        """Let the process end what it is doing."""
        if self._process is not None:
            self._process.terminate()

    def stop_by(self, deadline: float) -> None:
        """Wait for the process until `deadline` (monotonic seconds), then end it."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._end_group(self._process.pid)
        self._process.wait()

    @staticmethod
    def _end_group(leader: int) -> None:
        """End what the process had started and left behind: it would hold its port."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)


def supervise(parts: Sequence[Part], stopped: threading.Event) -> None:
    """Keep the parts running until `stopped`, then end them all."""
    try:
        while not stopped.wait(_POLL_S):
            for part in parts:
                part.look_after()
    finally:
        for part in parts:
            part.ask_to_stop()
        deadline = time.monotonic() + STOP_WITHIN_S
        for part in parts:
            part.stop_by(deadline)


def stop_on_signals() -> threading.Event:
    """Return an event that is set by Ctrl-C or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def end_with_parent(parent: int, end: Callable[[], None]) -> None:
    """Call `end` when the process `parent`, which started this one, is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()


def check_ports(settings: Settings) -> None:
    """See that the player and its pushes can both be served where they are to be.

    Raises:
        SettingsError: somebody else listens there, or the address is not this machine's.
    """
    if settings.port == settings.push_port:
        raise SettingsError(
            f"The player and its pushes cannot both be served at port {settings.port}: "
            "set ANTIPHON_PUSH_PORT to another one."
        )
    check_port(settings, "port")
    check_port(settings, "push_port")


def check_port(settings: Settings, name: Literal["port", "push_port"]) -> None:
    """See that nobody else listens at the port that a setting names.

    Raises:
        SettingsError: somebody does, or the address is not this machine's.
    """
    port = getattr(settings, name)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except OSError as error:
            raise SettingsError(
                f"Cannot serve at {settings.host}:{port} ({error.strerror}): "
                f"stop what runs there, or set ANTIPHON_{name.upper()} or ANTIPHON_HOST."
            ) from error
