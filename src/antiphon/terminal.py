"""What the commands say on the terminal: lines, tables, progress, and why something failed."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

# Without a terminal, progress is a line so often.
LINE_EVERY_S = 5.0
console = Console(soft_wrap=True)


@contextmanager
def progress(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress with rate and remaining time; without a terminal, a line now and then."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=console) as bar:
            task = bar.add_task(title, total=None, rate="")

            def draw(done: int, total: int) -> None:
                rate = _rate(done, started, unit)
                bar.update(task, completed=done, total=total or None, rate=rate)

            started = time.monotonic()
            yield draw
        return

    started = said_at = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= LINE_EVERY_S:
            said_at = time.monotonic()
            of = f" of {total}" if total else ""
            rate, left = _rate(done, started, unit), _left(done, total, started)
            print(f"{title}: {done}{of} {unit}, {rate}{left}", flush=True)

    yield say


def _rate(done: int, started: float, unit: str) -> str:
    rate = done / max(time.monotonic() - started, 1e-3)
    return f"{rate:.{0 if rate >= 10 else 1}f} {unit}/s"


def _left(done: int, total: int, started: float) -> str:
    """Say how long the rest takes at the same rate, once that can be told."""
    if not 0 < done < total:
        return ""
    seconds = round((time.monotonic() - started) * (total - done) / done)
    return f", {timedelta(seconds=seconds)} left"


def fail(message: str, code: int) -> NoReturn:
    """Say on standard error what went wrong, and end with this exit code."""
    Console(stderr=True, soft_wrap=True).print(message, style="red", markup=False)
    sys.exit(code)
