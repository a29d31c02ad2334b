"""Functions that the Compute contract has worked on, where every process can import them."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path


def square_or_fail(number: int) -> int:
    if number == 3:
        raise ValueError("three is not to my taste")
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        os._exit(7)
    return number * number


def process_of(_item: int) -> int:
    return os.getpid()


def same(item: object) -> object:
    return item


def slept(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def there(path: str) -> bool:
    """Wait until there is such a file, but not for ever; for none, not at all."""
    end = time.monotonic() + 60
    while path and not Path(path).exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not path or Path(path).exists()


def lock_for(_item: int) -> object:
    return threading.Lock()


def allocated(size: int) -> int:
    return len(bytearray(size))


class Unsendable:
    """An item that fails when it is pickled to be sent, or unpickled when it is received."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        if self.stage == "sent":
            refuse(self.stage)
        return refuse, (self.stage,)


def refuse(stage: str) -> object:
    raise TypeError(f"it cannot be {stage}")
