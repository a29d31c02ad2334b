"""The analysis: every track of the catalogue that has no features yet gets them, in the background.

It may be stopped at any moment: what is recorded is recorded, and the rest is found again.
"""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from antiphon.audio.features import NAME
from antiphon.compute import Compute, ComputeError, Outcome
from antiphon.library.files import path_to_text, text_to_path
from antiphon.model import Features, Problem, Track, now_ms
from antiphon.ops.listening import listen
from antiphon.ops.progress import noted
from antiphon.store import In, Range, Store, position
from antiphon.store.schema import FEATURES, FILES, PROBLEMS, TRACKS

FAILED = f"failed:{NAME}"
# Results are recorded together once there are so many, or so many seconds have passed.
RECORDED = 50
RECORD_EVERY_S = 1.0
_PAGE = 200
# Errors whose message is a reason in plain words.
_SAYING_WHY = {"SilentError", "UndecodableError", "SoundError", "UnreadableError"}
_ORDER = ("features", "missing")
# The tracks whose state is another than NAME and FAILED: those before, between and behind the two.
_PENDING = [
    {"features": Range(gt=after, lt=before), "missing": False}
    for after, before in pairwise((None, *sorted((NAME, FAILED)), None))
]

# The id of a track, and what came of listening to a file of it.
Described = tuple[str, Outcome[str, NDArray[np.float32]]]


def analyse(store: Store, compute: Compute, stopped: Callable[[], bool]) -> int:
    """Extract the features of every track that lacks them; return how many were looked at.

    A track whose file cannot be opened just now still lacks them: the next run tries it again.

    Raises:
        ComputeError: the engine failed; what was looked at before is recorded.
    """
    pending = sum(store.count(TRACKS, where) for where in _PENDING)
    if not pending:
        return 0
    # `path` -> id of what is being worked on
    track_ids: dict[str, str] = {}
    batch: list[Described] = []
    done, recorded_at = 0, time.monotonic()
    with noted(store, "analysis", "listening to the music") as note:
        note(0, pending)
        try:
            for outcome in compute.map(listen, _paths(store, track_ids)):
                batch.append((track_ids.pop(outcome.item), outcome))
                done += 1
                if len(batch) >= RECORDED or time.monotonic() - recorded_at > RECORD_EVERY_S:
                    _record(store, batch)
                    batch, recorded_at = [], time.monotonic()
                note(done, max(done, pending))
                if stopped():
                    break
        except ComputeError:
            _record(store, batch)
            raise
        _record(store, batch)
        note(done, max(done, pending))
    return done


def _paths(store: Store, track_ids: dict[str, str]) -> Iterator[str]:
    """Yield a file of each track without features, noting in `track_ids` whose it is."""
    for page in _pages(store):
        files = store.find(FILES, {"track_id": In([t.id for t in page]), "missing": False})
        for track_id, path in {file.track_id: file.id for file in files}.items():
            track_ids[text_to_path(path)] = track_id
            yield text_to_path(path)


def _pages(store: Store) -> Iterator[list[Track]]:
    for where in _PENDING:
        after = None
        while page := store.find(TRACKS, where, _ORDER, limit=_PAGE, after=after):
            after = position(page[-1], _ORDER)
            yield page


def _record(store: Store, batch: list[Described]) -> None:
    now = now_ms()
    found = [
        Features(id=id, name=NAME, vector=outcome.result.astype("<f4").tobytes(), at=now)
        for id, outcome in batch
        if outcome.result is not None
    ]
    problems = [
        Problem(id=path_to_text(one.item), stage="analysis", reason=_plain(one.error), at=now)
        for _, one in batch
        if one.error
    ]
    heard = [path_to_text(one.item) for _, one in batch if not one.error]
    states = {
        id: FAILED if outcome.error else NAME
        for id, outcome in batch
        if _kind(outcome.error) != "UnreadableError"
    }

    def keep() -> None:
        tracks: dict[str, Track] = store.get_many(TRACKS, states)
        store.put_many(TRACKS, [replace(t, features=states[t.id]) for t in tracks.values()])
        store.put_many(FEATURES, [one for one in found if one.id in tracks])
        store.delete_many(PROBLEMS, heard)
        store.put_many(PROBLEMS, problems)

    store.transact(keep)


def _kind(error: str) -> str:
    return error.partition(": ")[0]


def _plain(error: str) -> str:
    return error.partition(": ")[2] if _kind(error) in _SAYING_WHY else error
