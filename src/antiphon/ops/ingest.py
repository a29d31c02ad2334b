"""The work in the background: scan the music folders, watch them, and listen to what is new."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import watchfiles

from antiphon.compute import Compute
from antiphon.library import scan
from antiphon.library.files import split_suffix
from antiphon.library.walk import SIDECARS
from antiphon.ops import progress
from antiphon.ops.analysis import analyse
from antiphon.store import Store, StoreUnavailableError

# Changes are gathered until there have been none for so long, but never longer than the other.
QUIET_MS = 1_000
PATIENCE_MS = 5_000
# Where a folder cannot be watched, it is scanned so often instead.
SCAN_EVERY_S = 600.0
_RETRY_S = 5.0
_log = logging.getLogger(__name__)


def run(
    store: Store,
    compute: Compute,
    roots: Sequence[Path],
    stopped: threading.Event,
    *,
    watch: bool = True,
) -> None:
    """Keep the catalogue and its features up with the music folders until `stopped`."""
    # What an earlier process did not live to take back.
    progress.forget(store, ("scan", "analysis"))
    changed = threading.Event()
    listener = threading.Thread(target=_analyse, args=(store, compute, changed, stopped))
    listener.start()
    try:
        for paths in _occasions(roots, stopped, watch=watch):
            _patiently(store, compute, roots, paths, stopped)
            changed.set()
    finally:
        stopped.set()
        changed.set()
        listener.join()


def _occasions(
    roots: Sequence[Path], stopped: threading.Event, *, watch: bool
) -> Iterator[set[str] | None]:
    """Yield None when everything is to be scanned, else the paths where something changed."""
    yield None
    if not roots:
        stopped.wait()
    while watch and not stopped.is_set():
        try:
            yield from _changes([root for root in roots if root.is_dir()], stopped)
        except (OSError, RuntimeError) as error:
            _log.warning("the music folders cannot be watched (%s); scanning instead", error)
        if not stopped.wait(SCAN_EVERY_S):
            yield None
    stopped.wait()


def _changes(roots: Sequence[Path], stopped: threading.Event) -> Iterator[set[str]]:
    if not roots:
        return
    for changes in watchfiles.watch(
        *roots,
        watch_filter=lambda _change, path: _concerns_us(path),
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        stop_event=stopped,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        yield {path for _change, path in changes}


def _concerns_us(path: str) -> bool:
    name = path.rpartition("/")[2]
    suffix = split_suffix(name)[1]
    known = scan.is_music(name) or suffix in SIDECARS
    return not name.startswith(".") and (known or not suffix or os.path.isdir(path))


def _patiently(
    store: Store,
    compute: Compute,
    roots: Sequence[Path],
    paths: Iterable[str] | None,
    stopped: threading.Event,
) -> None:
    """Scan; when the store is too busy just then, try again."""
    while not stopped.is_set():
        try:
            with progress.noted(store, "scan", "looking for music") as note:
                if paths is None:
                    scan.scan(store, compute, roots, lambda seen, _read: note(seen, 0))
                else:
                    scan.rescan(store, compute, paths)
        except StoreUnavailableError as error:
            _log.warning("%s", error)
            stopped.wait(_RETRY_S)
        else:
            return


def _analyse(
    store: Store, compute: Compute, changed: threading.Event, stopped: threading.Event
) -> None:
    while not stopped.is_set():
        changed.clear()
        try:
            analyse(store, compute, stopped.is_set)
        except StoreUnavailableError as error:
            _log.warning("%s", error)
            stopped.wait(_RETRY_S)
            changed.set()
        changed.wait()
