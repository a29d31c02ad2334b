"""Does it pay that what a listener does changes what comes next? Simulated listeners say.

The demo library's listeners, whose tastes are known (`library.demo.listeners`: how much each genre
is liked, and how likely a track that is liked so much is heard to its end), come to a new server
and listen to what it plays next. Each evening is listened to several times, on a server for each:

- `on`: every event goes through the log and the live worker, and what comes next is taken from the
  newest answer. The track after the present one is chosen when the present one begins, as a player
  has to have it ready: an event changes what comes after the next track.
- `off`: the same log, worker, models and answers, but the queue stays what it was when the evening
  began. What was heard counts from the next evening on, as with a nightly update.
- `shuffle`: the library in any order.
- `knowing`: what the listener likes best, by the simulation itself: the least that there could be.

`loop_on_at_once_skip_rate` is `on` without that delay. All use the same random numbers: a track
that a listener would skip on one server they would skip on the others too, that evening. The skip
rate is of the listens that the worker wrote: ended by hand before half the track. Intervals draw
listeners (a persona with a seed) anew, in pairs.

The tracks are the demo library's, synthesised and analysed by Antiphon (`summary/1`); with
`--data FOLDER` they are kept there, else made anew (a minute on one core). The models are those of
a new server: nothing was trained. `--quick`: 48 tracks, fewer listeners and evenings.

It says nothing about people: simulated tastes are by genre, and a genre of the demo library is
easily heard.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from antiphon.audio.plan import Plan
from antiphon.compute import open_compute
from antiphon.events import EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.port import Consumer
from antiphon.events.records import encode
from antiphon.library import demo, scan
from antiphon.library.demo.catalogue import LIBRARY_SIZE
from antiphon.library.demo.listeners import PERSONAS, Persona, likings, skipped_after, staying
from antiphon.live import answers, state
from antiphon.live.answers import PREPARED
from antiphon.live.models import Models
from antiphon.live.work import Worker
from antiphon.model import Answer, Showing, Source, Track, User
from antiphon.ops.analysis import analyse
from antiphon.ops.outcomes import is_skip
from antiphon.ops.planning import ALWAYS
from antiphon.store import Store, open_store
from antiphon.store.schema import ANSWERS, LISTENS, SHOWINGS, TRACKS, USERS
from antiphon.taste.policy import POLICY

LOOPS = ("on", "on_at_once")
ARMS = ("on", "on_at_once", "off", "shuffle", "knowing")
QUICK_TRACKS = 48
# Below it are the seeds that the policy's shares were chosen with.
FIRST_SEED = 100
DRAWS = 2_000
DAY_MS = 86_400_000
NEW_YEAR_MS = 1_767_225_600_000
PAUSE_MS = 1_000
# The product's policy, but however busy this machine is, no answer is made without the models.
UNHURRIED = replace(POLICY, budget_ms=0)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How much is simulated: tracks, listeners of each persona, evenings of each."""

    tracks: int
    seeds: int
    evenings: int


class Clock:
    """The moment that it is in the simulation, in milliseconds since 1970."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Return it."""
        return self.now


class Server:
    """A server of one arm: its store, its log and its live worker, whose clock is simulated."""

    def __init__(self, store: Store, log: EventLog, consumer: Consumer, models: Models) -> None:
        self.store = store
        self.clock = Clock()
        self._log, self._consumer, self._models = log, consumer, models
        self._worker = Worker(store, log, models, clock=self.clock, policy=UNHURRIED)

    def tell(self, event: ListenerEvent, *, answered: bool) -> None:
        """Let an event go through the log, its effects be made, and its listener be answered."""
        self.clock.now = event.at
        self._log.append(Topic.LISTENS, event.user_id, [encode(event)])
        entries = self._consumer.poll(0.0)
        self._worker.take(entries)
        if answered:
            self._worker.answer_due()
            self._consumer.commit(self._worker.waiting.finished())

    def opened(self, user_id: str, now: int) -> Answer:
        """Return what comes next for a listener who opens the page."""
        listener = state.load(self.store, user_id, now=now)
        answer = answers.next_up(
            self.store, self._models.now, listener, limit=PREPARED, policy=UNHURRIED
        )
        return self._shown(answer)

    def newest(self, user_id: str) -> Answer:
        """Return the newest answer that the worker prepared."""
        answer = self.store.get(ANSWERS, f"{user_id}:next")
        assert answer is not None, "the worker has answered the event"
        return self._shown(answer)

    def _shown(self, answer: Answer) -> Answer:
        self.store.put(
            SHOWINGS,
            Showing(
                id=answer.version,
                user_id=answer.user_id,
                surface=answer.surface,
                model=answer.model,
                at=self.clock.now,
                items=answer.items,
                pool=answer.pool,
            ),
        )
        return answer


@dataclass(frozen=True)
class Listener:
    """A persona, with their own likings of the tracks (tracks,)."""

    persona: Persona
    seed: int
    tracks: Sequence[Track]
    liked: Floats

    @property
    def id(self) -> str:
        """Their id on each of the servers."""
        return f"us-{self.persona.name.lower()}-{self.seed}"

    @cached_property
    def durations(self) -> dict[str, int]:
        """How long each track is, in milliseconds."""
        return {track.id: track.duration_ms for track in self.tracks}

    def order(self, arm: str, evening: "Evening") -> list[str]:
        """Return what an arm without a server plays; nothing for the others."""
        if arm == "shuffle":
            return evening.shuffled
        best = np.argsort(-self.liked)[: len(self.tracks) // 2 if arm == "knowing" else 0]
        return [self.tracks[place].id for place in best.tolist()]

    def evening(self, number: int) -> "Evening":
        """Return what an evening of theirs will be like, whatever is played."""
        chance = np.random.default_rng((self.seed, PERSONAS.index(self.persona), number))
        stays = [staying(self.persona, liked) for liked in self.liked]
        hears_out = chance.random(len(stays)) < stays
        after = [1.0 if out else skipped_after(chance) for out in hears_out]
        shares = {track.id: share for track, share in zip(self.tracks, after, strict=True)}
        length = 1 + int(chance.poisson(self.persona.session_tracks - 1))
        shuffled = chance.permutation([track.id for track in self.tracks]).tolist()
        begins = NEW_YEAR_MS + number * DAY_MS + int(self.persona.hours[0] * 3_600_000)
        return Evening(number, begins, min(length, len(self.tracks)), shares, shuffled)


@dataclass(frozen=True)
class Evening:
    """When it begins and how long it is, after which share each track is left; any order."""

    number: int
    begins: int
    length: int
    shares: dict[str, float]
    shuffled: list[str]


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path, help="Where the library is kept.")
    options = parser.parse_args()
    size = Size(QUICK_TRACKS, 2, 3) if options.quick else Size(LIBRARY_SIZE, 8, 6)
    with tempfile.TemporaryDirectory() as folder:
        library = made(options.data or Path(folder), size.tracks)
        rates = simulated(library, size, Path(folder))
    print(json.dumps({"bench": "loop", "figures": figures(rates)}))


def made(folder: Path, tracks: int) -> Path:
    """Return a store that knows the demo library and how it sounds; made if it is not there."""
    file = folder / f"library-{tracks}.db"
    if file.exists():
        return file
    store = open_store(f"sqlite:///{file}.part")
    compute = open_compute("local:", os.cpu_count() or 1)
    music = folder / "music"
    demo.write(music, tracks=tracks, processes=os.cpu_count() or 1)
    scan.scan(store, compute, [music])
    analyse(store, compute, Plan(sets=ALWAYS), lambda: False)
    compute.close()
    store.close()
    Path(f"{file}.part").rename(file)
    return file


def simulated(library: Path, size: Size, folder: Path) -> dict[str, Floats]:
    """Return skips and listens of each listener by arm, (listeners, 2)."""
    base = open_store(f"sqlite:///{library}")
    models = Models(base)
    tracks = sorted(base.find(TRACKS), key=lambda track: track.id)
    listeners = [
        Listener(persona, seed, tracks, likings(persona, tracks, np.random.default_rng((seed, n))))
        for seed in range(FIRST_SEED, FIRST_SEED + size.seeds)
        for n, persona in enumerate(PERSONAS)
    ]
    found = {}
    for arm in ARMS:
        file = folder / f"{arm}.db"
        shutil.copy(library, file)
        store = open_store(f"sqlite:///{file}")
        log = open_event_log("local:", store)
        store.put_many(USERS, [User(id=one.id, name=one.id, key=one.id) for one in listeners])
        with log.consumer(Topic.LISTENS, "bench") as consumer:
            server = Server(store, log, consumer, models)
            for listener in listeners:
                for number in range(size.evenings):
                    listen(server, listener, listener.evening(number), arm)
        found[arm] = np.array([counted(store, one) for one in listeners], float)
        skips, listens = found[arm].sum(axis=0)
        print(f"{arm:12} {skips / listens:6.1%} of {listens:.0f} listens", file=sys.stderr)
        store.close()
    return found


def listen(server: Server, who: Listener, evening: Evening, arm: str) -> None:
    """Let somebody listen for an evening, to what this arm plays."""
    server.clock.now = at = evening.begins
    queue = [Queued(id) for id in who.order(arm, evening)] or queued(server.opened(who.id, at))
    begun: set[str] = set()
    ready = deque([following(queue, begun, evening)])
    for number in range(evening.length):
        track = ready.popleft()
        if arm != "on_at_once":
            ready.append(following(queue, begun, evening))
        event = heard(who, evening, number, track, server.clock.now)
        server.tell(event, answered=arm in LOOPS)
        if arm in LOOPS:
            queue = queued(server.newest(who.id))
        if arm == "on_at_once":
            ready.append(following(queue, begun, evening))


@dataclass(frozen=True)
class Queued:
    """A track that waits, and the answer that it came from, if any."""

    track_id: str
    answer: str = ""


def queued(answer: Answer) -> list[Queued]:
    """Return the tracks of an answer as they wait."""
    return [Queued(item.track_id, answer.version) for item in answer.items]


def following(queue: Sequence[Queued], begun: set[str], evening: "Evening") -> Queued:
    """Return the first of the queue that was not begun this evening; any other if all were."""
    rest = (Queued(id) for id in evening.shuffled)
    found = next(one for one in chain(queue, rest) if one.track_id not in begun)
    begun.add(found.track_id)
    return found


def heard(
    who: Listener, evening: Evening, number: int, track: Queued, begins: int
) -> ListenerEvent:
    """Return the end of a track, by the listener's taste and the evening's chances."""
    share = evening.shares[track.track_id]
    played = int(who.durations[track.track_id] * share)
    return ListenerEvent(
        id=f"{evening.number}-{number}",
        user_id=who.id,
        at=begins + played + PAUSE_MS,
        kind="ended",
        track_id=track.track_id,
        played_ms=played,
        reason="completed" if share == 1 else "skipped",
        source=Source(kind="recommendation", answer=track.answer),
        client="simulated",
    )


def counted(store: Store, listener: Listener) -> tuple[int, int]:
    """Return how many of a listener's listens were skips, and how many there are."""
    listens = store.find(LISTENS, {"user_id": listener.id}, ("user_id", "at"))
    return sum(map(is_skip, listens)), len(listens)


def figures(rates: dict[str, Floats]) -> dict[str, dict[str, object]]:
    """Return skip rates by arm, and by how much the loop lowers them, with their intervals."""
    chance = np.random.default_rng(0)
    count = len(rates["on"])
    draws = [np.arange(count), *(chance.integers(0, count, count) for _ in range(DRAWS))]
    sums = {arm: np.stack([of[draw].sum(axis=0) for draw in draws]) for arm, of in rates.items()}
    rate = {arm: both[:, 0] / both[:, 1] for arm, both in sums.items()}
    off, shuffle = float(rate["off"][0]), float(rate["shuffle"][0])
    return {
        **figure("loop_on_skip_rate", rate["on"], baseline=off),
        **figure("loop_on_at_once_skip_rate", rate["on_at_once"], baseline=off),
        **figure("loop_off_skip_rate", rate["off"], baseline=shuffle),
        **figure("shuffle_skip_rate", rate["shuffle"]),
        **figure("knowing_skip_rate", rate["knowing"]),
        **figure("loop_relative_reduction", 1 - rate["on"] / rate["off"], goal=0.0),
        **figure("loop_reduction_from_shuffle", 1 - rate["on"] / rate["shuffle"], goal=0.0),
    }


def figure(
    name: str, values: Floats, goal: float | None = None, baseline: float | None = None
) -> dict[str, dict[str, object]]:
    """Return a figure (the first of the values) and the ends of its interval (of the others)."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    print(f"  {name:28} {values[0]:.3f} ({low:.3f} to {high:.3f})", file=sys.stderr)
    more = {"unit": "share", "goal": goal, "baseline": baseline and round(baseline, 4)}
    ends = {"": values[0], "_low": low, "_high": high}
    return {f"{name}{end}": {"value": round(float(v), 4), **more} for end, v in ends.items()}


if __name__ == "__main__":
    main()
