"""The work in the background: scan the music folders, watch them, and listen to what is new."""

import contextlib
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import watchfiles

from antiphon.audio.plan import Plan
from antiphon.compute import Compute, ComputeError
from antiphon.library import scan
from antiphon.library.compare import is_music
from antiphon.library.files import split_suffix
from antiphon.library.walk import SIDECARS
from antiphon.ops import progress
from antiphon.ops.analysis import analyse, pending
from antiphon.ops.pausing import NotNowError, is_paused
from antiphon.ops.progress import ANALYSIS, SCAN
from antiphon.store import Store, StoreUnavailableError

# Changes are gathered until there have been none for so long, but never longer than the other.
QUIET_MS = 1_000
PATIENCE_MS = 5_000
# A music folder that goes away or comes back (a disk, mounted) is noticed after so long.
LOOK_EVERY_MS = 1_000
# Where the folders cannot be watched, they are scanned so often instead.
SCAN_EVERY_S = 600.0
_RETRY_S = 5.0
# The embedding's nets, when they come, are found after so long; an admin's word on a pause sooner.
LOOK_FOR_NETS_S = 60.0
LOOK_FOR_WORD_S = 1.0
# What passes by itself: the store or the cluster is away just now.
_PASSING = (StoreUnavailableError, ComputeError)
_log = logging.getLogger(__name__)


def run(
    store: Store,
    compute: Compute,
    planned: Callable[[], Plan],
    roots: Sequence[Path],
    stopped: threading.Event,
    *,
    watch: bool = True,
) -> None:
    """Keep the catalogue and its features up with the music folders until `stopped`.

    `planned` says how tracks are to be listened to, which may change.
    """
    # What an earlier process did not live to take back.
    progress.forget(store, (SCAN, ANALYSIS))
    changed = threading.Event()
    listener = threading.Thread(target=_analyse, args=(store, compute, planned, changed, stopped))
    listener.start()
    try:
        for paths in _occasions(roots, stopped, watch=watch):
            _patiently(store, compute, roots, paths, stopped)
            changed.set()
    finally:
        stopped.set()
        changed.set()
        compute.close()
        listener.join()


def _occasions(
    roots: Sequence[Path], stopped: threading.Event, *, watch: bool
) -> Iterator[set[str] | None]:
    """Yield None when everything is to be scanned, else the paths where something changed."""
    while watch and roots and not stopped.is_set():
        try:
            yield from _changes(roots, stopped)
        except (OSError, RuntimeError) as error:
            _log.warning("the music folders cannot be watched (%s); scanning instead", error)
            yield None
            stopped.wait(SCAN_EVERY_S)
    if not watch:
        yield None
    stopped.wait()


def _changes(roots: Sequence[Path], stopped: threading.Event) -> Iterator[set[str] | None]:
    """Yield None once the folders are watched, then what changes, until one of them comes or goes.

    What changes during the scan that None asks for is thus not overlooked.
    """
    there = _there(roots)
    watching = watchfiles.watch(
        *there,
        # Of what was deleted nobody knows any more whether it was a folder.
        watch_filter=lambda change, path: change is watchfiles.Change.deleted or _concerns_us(path),
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        stop_event=stopped,
        rust_timeout=LOOK_EVERY_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
    next(watching, None)
    yield None
    for changes in watching:
        paths = {path for _change, path in changes}
        if paths:
            yield paths
        if _there(roots) != there or not paths.isdisjoint(map(str, there)):
            return


def _there(roots: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return those of the folders that are there, with what tells them from another one."""
    found = {}
    for root in roots:
        with contextlib.suppress(OSError):
            status = os.stat(root)
            if stat.S_ISDIR(status.st_mode):
                found[root] = (status.st_dev, status.st_ino)
    return found


def _concerns_us(path: str) -> bool:
    name = path.rpartition("/")[2]
    suffix = split_suffix(name)[1]
    known = is_music(name) or suffix in SIDECARS
    return not name.startswith(".") and (known or not suffix or os.path.isdir(path))


def _patiently(
    store: Store,
    compute: Compute,
    roots: Sequence[Path],
    paths: Iterable[str] | None,
    stopped: threading.Event,
) -> None:
    """Scan; when the store or the engine is away just then, try again."""
    while not stopped.is_set():
        try:
            with progress.noted(store, SCAN, "looking for music") as note:
                if paths is None:
                    scan.scan(store, compute, roots, note)
                else:
                    scan.rescan(store, compute, paths)
        except _PASSING as error:
            _log.warning("%s", error)
            stopped.wait(_RETRY_S)
        else:
            return


def _analyse(
    store: Store,
    compute: Compute,
    planned: Callable[[], Plan],
    changed: threading.Event,
    stopped: threading.Event,
) -> None:
    try:
        while not stopped.is_set():
            changed.clear()
            plan = planned()
            try:
                _wait_out_pause(store, plan, stopped)
                analyse(store, compute, plan, stopped.is_set)
                _wait_for_work(store, planned, plan, changed)
            except NotNowError:
                stopped.wait(_RETRY_S)
            except _PASSING as error:
                _log.warning("%s", error)
                stopped.wait(_RETRY_S)
    finally:
        # Should it ever fail, the process ends and is started again, rather than go on half.
        stopped.set()


def _wait_out_pause(store: Store, plan: Plan, stopped: threading.Event) -> None:
    """Show for as long as the analysis is paused that it is."""
    if not is_paused(store, ANALYSIS):
        return
    with progress.noted(store, ANALYSIS, progress.PAUSED) as note:
        while is_paused(store, ANALYSIS) and not stopped.wait(LOOK_FOR_WORD_S):
            note(0, sum(pending(store, plan).values()))


def _wait_for_work(
    store: Store, planned: Callable[[], Plan], plan: Plan, changed: threading.Event
) -> None:
    while not (is_paused(store, ANALYSIS) or changed.wait(LOOK_FOR_NETS_S)) and planned() == plan:
        pass
