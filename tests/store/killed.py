"""What is killed by `test_kill`: a scan, listens being appended, and a worker that applies them.

As a program it forks the three for every line it reads, so that they begin at once; it says their
process ids, and when they are dead, of which signals.
"""

import itertools
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from antiphon.compute.local import LocalCompute
from antiphon.events import EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import encode
from antiphon.library import scan as scanning
from antiphon.live import worker
from antiphon.live.models import Models
from antiphon.store import Store, open_store

USER, HEARD = "us-ann", "tr-heard"


def opened(data: Path) -> tuple[Store, EventLog]:
    store = open_store(f"sqlite:///{data / 'antiphon.db'}")
    return store, open_event_log("local:", store)


def scan(data: Path, seed: int) -> None:
    """Scan without end, in many small transactions; after each scan half the files are touched."""
    scanning.RECORDED = 8
    scanning.CHUNKS_READ_HERE = 1000
    store, _ = opened(data)
    chance = random.Random(seed)
    files = sorted((data / "music").rglob("*.wav"))
    while True:
        scanning.scan(store, LocalCompute(1), [data / "music"])
        for file in chance.sample(files, len(files) // 2):
            os.utime(file)


def listen(data: Path, seed: int) -> None:
    """Append listens without end; note the id of each once it is acknowledged."""
    _, log = opened(data)
    noted = os.open(data / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for n in itertools.count():
        event = ListenerEvent(
            id=f"ev-{seed}-{n}",
            user_id=USER,
            track_id=HEARD,
            at=1,
            kind="ended",
            played_ms=200_000,
            reason="completed",
        )
        log.append(Topic.LISTENS, USER, [encode(event)])
        os.write(noted, f"{event.id}\n".encode())
        time.sleep(0.001)  # else nobody else gets to write


def apply(data: Path, seed: int) -> None:
    """Apply what was appended, as the live worker does."""
    store, log = opened(data)
    worker.run(store, log, Models(store), lambda: False)


def forked(work: Callable[[Path, int], None], data: Path, seed: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work(data, seed)
    finally:
        os._exit(1)  # nothing but a kill is to end it


def main() -> None:
    for line in sys.stdin:
        pids = [forked(work, Path(sys.argv[1]), int(line)) for work in (scan, listen, apply)]
        print(*pids, flush=True)
        print(*(os.WTERMSIG(os.waitpid(pid, 0)[1]) for pid in pids), flush=True)


if __name__ == "__main__":
    main()
