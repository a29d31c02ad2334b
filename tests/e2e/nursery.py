"""Live workers that are born quickly and killed at any moment.

As a program it forks one for every line of settings that it reads, so that it begins at once, and
says its process id; they all end when nobody holds its other end any more.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_DIES_WITHIN_S = 10.0


class Nursery:
    """Starts workers, and kills them."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.alive: list[int] = []

    def start(self, environment: Mapping[str, str]) -> int:
        """Start a worker with these settings; return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(environment), file=self._process.stdin, flush=True)
        self.alive.append(int(self._process.stdout.readline()))
        return self.alive[-1]

    def kill(self, *pids: int) -> None:
        """Kill workers as the kernel would, all unless they are named, and wait until they are."""
        for pid in pids or tuple(self.alive):
            self._kill(pid)

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)
        give_up_at = time.monotonic() + _DIES_WITHIN_S
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < give_up_at
            time.sleep(0.005)


@contextmanager
def nursery(log: Path) -> Iterator[Nursery]:
    """Yield what starts workers; in the end, all of them are killed."""
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.nursery"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        workers = Nursery(process)
        try:
            yield workers
        finally:
            workers.kill()
            assert process.stdin is not None
            process.stdin.close()


def main() -> None:
    """Fork a worker for every line."""
    from antiphon import serving  # noqa: PLC0415 - what is loaded here need not be by each worker
    from antiphon.events import kafka  # noqa: F401, PLC0415
    from antiphon.live import models, worker  # noqa: F401, PLC0415
    from antiphon.settings import load  # noqa: PLC0415
    from antiphon.store import mongo  # noqa: F401, PLC0415

    # Nobody waits for those who die.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    born = []
    for line in sys.stdin:
        if pid := os.fork():
            born.append(pid)
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # What ends the others is not for it to hold.
        os.close(0)
        try:
            os.environ.update(json.loads(line))
            serving.live(load())
        finally:
            os._exit(1)
    for pid in born:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
