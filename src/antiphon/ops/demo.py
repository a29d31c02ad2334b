"""The demo: the synthesised library in the catalogue, and its simulated listeners' histories."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from antiphon.compute import Compute
from antiphon.events import EventLog, ListenerEvent, Topic
from antiphon.events.records import Kind, encode
from antiphon.library import demo, scan
from antiphon.library.demo.catalogue import LIBRARY_SIZE
from antiphon.library.demo.listeners import SimulatedListen, SimulatedListener
from antiphon.model import Source, Track, User, now_ms
from antiphon.ops.users import key_of
from antiphon.store import Store
from antiphon.store.schema import FILES, TRACKS, USERS

SEED = 1


def make(
    store: Store,
    log: EventLog,
    compute: Compute,
    folder: Path,
    *,
    seed: int = SEED,
    tracks: int = LIBRARY_SIZE,
    processes: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the demo library, catalogue it, and let its listeners have listened.

    Returns the number of tracks. Made again, it finds everything done.
    """
    paths = demo.write(folder, seed=seed, tracks=tracks, processes=processes, progress=on_progress)
    scan.scan(store, compute, [folder])
    known = _tracks(store, paths)
    listeners = list(demo.simulate(known, seed=seed, now_ms=now_ms()))

    def welcome() -> None:
        for listener in listeners:
            _welcome(store, log, listener)

    store.transact(welcome)
    return len(paths)


def is_made(store: Store) -> bool:
    """Say whether the demo's listeners are there, which come last."""
    return store.count(USERS, {"synthetic": True}) > 0


def _tracks(store: Store, paths: Sequence[Path]) -> list[Track]:
    """Return the tracks of the demo's own files, in the order of their ids."""
    files = store.get_many(FILES, [str(path.absolute()) for path in paths])
    tracks = store.get_many(TRACKS, {file.track_id for file in files.values()})
    return sorted(tracks.values(), key=lambda track: track.id)


def _welcome(store: Store, log: EventLog, listener: SimulatedListener) -> None:
    user = User(
        id=f"us-demo-{hashlib.sha256(listener.name.encode()).hexdigest()[:12]}",
        name=listener.name,
        key=key_of(f"demo {listener.name}"),
        about=listener.about,
        synthetic=True,
        created_at=now_ms(),
    )
    if store.get(USERS, user.id) is not None:
        return
    store.put(USERS, user)
    events = [encode(event) for listen in listener.listens for event in _events(user, listen)]
    log.append(Topic.LISTENS, user.id, events)


def _events(user: User, listen: SimulatedListen) -> Iterator[ListenerEvent]:
    yield _event(user, listen, "ended")
    if listen.feedback == "like":
        yield _event(user, listen, "liked")
    elif listen.feedback == "dislike":
        yield _event(user, listen, "disliked")


def _event(user: User, listen: SimulatedListen, kind: Kind) -> ListenerEvent:
    name = f"{user.id}:{listen.at}:{listen.track_id}:{kind}"
    return ListenerEvent(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        user_id=user.id,
        track_id=listen.track_id,
        at=listen.at + listen.played_ms,
        kind=kind,
        played_ms=listen.played_ms,
        reason=listen.ended if kind == "ended" else None,
        source=Source(kind="tracks"),
        client="simulated",
    )
