"""The analysis: every track of the catalogue is listened to, in the background.

It may be stopped at any moment: what is recorded is recorded, and the rest is found again. What is
under way then, and the results of the last second, are all that is done twice.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial

from antiphon.audio.plan import Plan
from antiphon.compute import Compute
from antiphon.events.lease import LeaseHolder
from antiphon.library.files import text_to_path
from antiphon.model import Track
from antiphon.ops.keeping import Listened, is_done, keep
from antiphon.ops.listening import listen
from antiphon.ops.pausing import NotNowError, is_paused
from antiphon.ops.progress import ANALYSIS, OnProgress, noted
from antiphon.store import In, Store, position
from antiphon.store.schema import FILES, TRACKS

# Results are recorded together once there are so many, or so many seconds have passed.
RECORDED = 50
RECORD_EVERY_S = 1.0
_PAGE = 200
_ORDER = ("features", "missing")


def analyse(
    store: Store,
    compute: Compute,
    plan: Plan,
    stopped: Callable[[], bool],
    on_progress: OnProgress | None = None,
) -> int:
    """Listen to every track that the plan was not carried out on; return how many were looked at.

    It ends early when it is stopped, or paused meanwhile. A track whose file cannot be opened just
    now stays as it is: the next run tries it again.

    Raises:
        ComputeError: the engine failed; what was looked at before is recorded.
        NotNowError: it is paused, or another process does it.
    """
    states = pending(store, plan)
    total, done = sum(states.values()), 0
    if not states:
        return 0
    if is_paused(store, ANALYSIS):
        raise NotNowError("The analysis is paused: `antiphon analyse --resume` lets it go on.")
    claim = LeaseHolder(store, ANALYSIS)
    if not claim.take():
        raise NotNowError("Another process listens to this music already.")
    try:
        outcomes = _outcomes(store, compute, plan, states)
        with (
            noted(store, ANALYSIS, "listening to the music", total, on_progress) as note,
            closing(_recorded(outcomes, partial(keep, store, plan))) as work,
        ):
            for done, is_recorded in enumerate(work, 1):
                note(done, max(done, total))
                if stopped() or (is_recorded and (is_paused(store, ANALYSIS) or not claim.take())):
                    break
    finally:
        claim.let_go()
    return done


def pending(store: Store, plan: Plan) -> dict[str, int]:
    """Return the states of the tracks that are to be listened to, with how many are in each."""
    states = store.group_count(TRACKS, "features", {"missing": False})
    return {state: count for state, count in states.items() if not is_done(state, plan)}


def _recorded(
    outcomes: Iterable[Listened], record: Callable[[list[Listened]], None]
) -> Generator[bool, None, None]:
    """Yield for each outcome whether it is recorded by now; in the end, all of them are."""
    batch: list[Listened] = []
    recorded_at = time.monotonic()
    try:
        for outcome in outcomes:
            batch.append(outcome)
            is_due = time.monotonic() - recorded_at > RECORD_EVERY_S or len(batch) >= RECORDED
            if is_due:
                record(batch)
                batch, recorded_at = [], time.monotonic()
            yield is_due
    finally:
        record(batch)


def _outcomes(
    store: Store, compute: Compute, plan: Plan, states: Iterable[str]
) -> Iterator[Listened]:
    # path -> id of what is being worked on
    track_ids: dict[str, str] = {}
    for outcome in compute.map(partial(listen, plan), _paths(store, states, track_ids)):
        yield track_ids.pop(outcome.item), outcome


def _paths(store: Store, states: Iterable[str], track_ids: dict[str, str]) -> Iterator[str]:
    """Yield a file of each track in these states, noting in `track_ids` whose it is."""
    for page in _pages(store, states):
        files = store.find(FILES, {"track_id": In([t.id for t in page]), "missing": False})
        for track_id, path in {file.track_id: file.id for file in files}.items():
            track_ids[text_to_path(path)] = track_id
            yield text_to_path(path)


def _pages(store: Store, states: Iterable[str]) -> Iterator[list[Track]]:
    for state in states:
        where, after = {"features": state, "missing": False}, None
        while page := store.find(TRACKS, where, _ORDER, limit=_PAGE, after=after):
            after = position(page[-1], _ORDER)
            yield page
