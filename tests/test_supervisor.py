"""`antiphon serve` as an operator has it: it starts, heals, says what is wrong, and stops."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow

PATIENCE_S = 40.0
PARTS = {"web", "push", "live", "library", "training"}


@dataclass(frozen=True)
class Instance:
    """A running `antiphon serve`: its process, its ports, and the file with what it said."""

    process: subprocess.Popen[bytes]
    port: int
    push_port: int
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def processes(self) -> list[psutil.Process]:
        """All its processes, the supervisor first."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def part(self, name: str) -> psutil.Process:
        """The process that the supervisor started for a part."""
        (found,) = (
            child
            for child in psutil.Process(self.process.pid).children()
            if name in child.cmdline()
        )
        return found

    def answers(self, port: int | None = None) -> bool:
        try:
            url = f"http://127.0.0.1:{port or self.port}/healthz"
            with urllib.request.urlopen(url, timeout=2) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            return False


Serve = Callable[..., Instance]


def until(happens: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports() -> tuple[int, int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(2)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        one, other = (int(probe.getsockname()[1]) for probe in probes)
    return one, other


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data and the (empty) music folder that the instances of this module have in turn."""
    folder = tmp_path_factory.mktemp("instance")
    (folder / "music").mkdir()
    return folder


@pytest.fixture(scope="module")
def serve(folder: Path) -> Iterator[Serve]:
    """Start an instance, and wait until it has said how it is; none outlives its tests."""
    started: list[psutil.Process] = []

    def serve() -> Instance:
        port, push_port = free_ports()
        output = folder / f"said-{port}.txt"
        with output.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "antiphon", "serve"],
                env=environment(folder, port, push_port),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        instance = Instance(process, port, push_port, output)
        until(lambda: "Ctrl-C stops it." in instance.said)
        until(lambda: instance.answers(push_port))
        started.extend(instance.processes)
        return instance

    yield serve
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def environment(folder: Path, port: int, push_port: int) -> dict[str, str]:
    return os.environ | {
        "ANTIPHON_DATA": str(folder / "data"),
        "ANTIPHON_MUSIC": str(folder / "music"),
        "ANTIPHON_PORT": str(port),
        "ANTIPHON_PUSH_PORT": str(push_port),
    }


def try_to_serve(folder: Path, *ports: int, part: str = "all") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "serve", part],
        env=environment(folder, *ports),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture(scope="module")
def instance(serve: Serve) -> Instance:
    """One instance, started for the first time, for the tests that leave it as it was."""
    return serve()


def test_the_first_start_says_where_it_plays_and_who_may_log_in(instance: Instance) -> None:
    assert f"Antiphon plays at http://127.0.0.1:{instance.port}\n" in instance.said
    assert re.search(r"^Log in as admin with the password \S{12,}$", instance.said, re.MULTILINE)
    assert "Traceback" not in instance.said
    assert instance.answers()


def test_a_port_in_use_is_said_in_a_sentence(instance: Instance, folder: Path) -> None:
    for part, ports in (("all", (instance.port, 1)), ("push", (1, instance.push_port))):
        tried = try_to_serve(folder, *ports, part=part)
        assert tried.returncode == 78
        assert f"Cannot serve at 127.0.0.1:{max(ports)} (Address already in use)" in tried.stderr
        assert len(tried.stderr.splitlines()) == 1


def test_one_port_for_both_is_refused(folder: Path) -> None:
    tried = try_to_serve(folder, 4999, 4999)
    assert tried.returncode == 78
    assert "cannot both be served at port 4999" in tried.stderr


def test_whatever_is_killed_comes_back_and_leaves_nothing_behind(instance: Instance) -> None:
    before = {name: instance.part(name) for name in PARTS}
    (push_worker,) = before["push"].children()
    below = [child for part in before.values() for child in part.children(recursive=True)]
    for process in (*(before[name] for name in PARTS - {"push"}), push_worker):
        process.kill()
    until(lambda: not any(process.is_running() for process in [*before.values(), *below]))
    until(lambda: instance.answers() and instance.answers(instance.push_port))
    until(lambda: len(instance.processes) >= 1 + len(PARTS) + len(below))
    assert {instance.part(name).pid for name in PARTS}.isdisjoint(p.pid for p in before.values())
    for name in PARTS:
        assert re.search(rf"serve {name} .*starting it again", instance.said)


def test_ctrl_c_stops_everything_within_ten_seconds(instance: Instance) -> None:
    processes = instance.processes
    assert len(processes) >= 1 + len(PARTS)
    asked_at = time.monotonic()
    instance.process.send_signal(signal.SIGINT)
    assert instance.process.wait(15) == 0
    assert time.monotonic() - asked_at < 10
    assert not any(process.is_running() for process in processes[1:])
    assert instance.said.endswith("Antiphon has stopped.\n")
    assert is_free(instance.port)
    assert is_free(instance.push_port)


def test_the_second_start_says_no_password_and_a_killed_supervisor_takes_its_parts_along(
    instance: Instance, serve: Serve
) -> None:
    instance.process.send_signal(signal.SIGINT)
    instance.process.wait(15)
    again = serve()
    assert "Antiphon plays at" in again.said
    assert "password" not in again.said
    processes = again.processes
    again.process.kill()
    again.process.wait(5)
    until(lambda: not any(process.is_running() for process in processes[1:]), 15)
    assert is_free(again.port)


def test_a_part_whose_supervisor_is_gone_before_it_could_look_ends(folder: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    part = subprocess.run(
        [sys.executable, "-m", "antiphon", "serve", "web", "--supervised-by", str(dead.pid)],
        env=environment(folder, *free_ports()),
        timeout=PATIENCE_S,
        check=False,
    )
    assert part.returncode in (0, -signal.SIGTERM)


def test_stopped_before_it_answers_the_account_is_said_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    ports = free_ports()
    command = [sys.executable, "-m", "antiphon", "serve"]
    with subprocess.Popen(
        command, env=environment(tmp_path, *ports), stdout=subprocess.PIPE, text=True
    ) as process:
        until(lambda: psutil.Process(process.pid).children())
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert "password" not in process.stdout.read()
    listed = subprocess.run(
        [sys.executable, "-m", "antiphon", "user", "list"],
        env=environment(tmp_path, *ports),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "admin" not in listed.stdout
