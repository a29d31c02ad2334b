"""Whether the live loop answers as well as its model does offline: timed sessions, replayed.

Each session of `test_sessions_timed.txt` becomes a listener. What they played is appended to the
event log in the order of time; the live worker makes the effects in the store and tells the model,
which was saved and loaded as any trained one; and just before each next play the worker answers its
listener, by the plain ranking (`taste.policy.PLAIN`). So an answer may know all that was played
before its second, as in `antiphon evaluate --protocol replay` (see `evaluation/sessions.py`): the
model is told of the plays of one second when the second is over.

- `replay_p20`, `replay_mrr20`: how often the next track is among the 20 of the answer that is kept
  in the store, and its mean reciprocal rank.
- `offline_p20`, `offline_mrr20`: the same by the model alone, on the same questions.
- `same_answers`: the share of questions for which both lists are the same, place by place.
- `replay_events_per_s`: plays through the loop in a second, one answer to each that is asked for;
  one process, one thread.

`--data FOLDER` holds the sessions (`train_sessions.txt`, `test_sessions_timed.txt`, as the
nowplaying session data are published); without it some are planted. `--part` asks a share of the
questions, drawn as `antiphon evaluate` draws them; all plays are learned from. `--events` is the
URL of an event log that nobody else uses (`kafka://…`). `--quick` replays only the first 2,000
plays.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation import sessions as offline
from antiphon.evaluation.datasets import read, timed_sessions
from antiphon.events import Entry, EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import LISTENS_GROUP, Play, encode
from antiphon.live.models import Models
from antiphon.live.waiting import Due, Waiting
from antiphon.live.work import Worker
from antiphon.model import Track, User
from antiphon.store import Store, open_store
from antiphon.store.schema import ANSWERS, TRACKS, USERS
from antiphon.taste import sessions
from antiphon.taste.artefacts import Manifest
from antiphon.taste.interactions import Interactions, Ints
from antiphon.taste.policy import PLAIN
from antiphon.taste.registry import Registry
from antiphon.taste.session_candidates import Clicks
from antiphon.taste.sessions import SessionKnn

CUT = 20
QUICK_PLAYS = 2_000
TRACK_MS = 200_000
# A session of the file goes on however long its listener was silent.
FOR_EVER_MS = 10_000 * 86_400_000
VERSION = "20260101T000000-replay"
SAY_EVERY_S = 30.0
FIGURES = {
    "replay_p20": "%",
    "offline_p20": "%",
    "replay_mrr20": "%",
    "offline_mrr20": "%",
    "same_answers": "%",
    "replay_events_per_s": "1/s",
}


@dataclass(frozen=True)
class Questions:
    """The clicks of sessions in the order of time, and which are `asked` for (n,)."""

    clicks: Clicks
    asked: NDArray[np.bool_]

    @property
    def targets(self) -> Ints:
        """What was clicked, of those asked for."""
        return self.clicks.item[self.asked]

    def moments(self) -> Iterator[range]:
        """Yield the clicks of each moment."""
        ends = np.flatnonzero(np.diff(self.clicks.at, append=np.iinfo(np.int64).max)) + 1
        starts = [0, *ends.tolist()]
        return (range(start, end) for start, end in pairwise(starts))


@dataclass(frozen=True)
class Replayed:
    """The first CUT items for each question, by the loop and by the model alone, and its pace."""

    loop: Ints
    alone: Ints
    events_per_s: float


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--events", default="local:")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or planted(Path(folder) / "data")
        first = QUICK_PLAYS if given.quick else None
        found = figures(data, Path(folder), given.part, first, given.events)
    for name, value in found.items():
        print(f"  {name:20} {value:9.3f} {FIGURES[name]}")
    goals = {"replay_p20": found["offline_p20"], "replay_mrr20": found["offline_mrr20"]}
    shown = {
        name: {"value": value, "unit": FIGURES[name], "goal": goals.get(name), "baseline": None}
        for name, value in found.items()
    }
    print(json.dumps({"bench": "replay", "figures": shown}))


def figures(
    data: Path, folder: Path, part: float, first: int | None, events: str
) -> dict[str, float]:
    """Replay the sessions of a data set, and say how right both kinds of lists are."""
    dataset = read(data)
    questions = questions_of(data, dataset.interactions.items, part, first)
    replayed = replay(dataset.interactions, questions, folder, events)
    measured = {
        "replay": judged(replayed.loop, questions.targets),
        "offline": judged(replayed.alone, questions.targets),
    }
    found = {
        f"{kind}_{name}": 100 * values[name]
        for name in ("p20", "mrr20")
        for kind, values in measured.items()
    }
    same = float((replayed.loop == replayed.alone).all(axis=1).mean())
    return found | {"same_answers": 100 * same, "replay_events_per_s": replayed.events_per_s}


def questions_of(
    data: Path, items: tuple[str, ...], part: float = 1.0, first: int | None = None
) -> Questions:
    """Read the timed sessions, or their first plays, and draw what is asked for."""
    later = timed_sessions(data / offline.FILE, items)
    kept = slice(first)
    clicks = offline.session_clicks(
        replace(
            later,
            user=later.user[kept],
            item=later.item[kept],
            weight=later.weight[kept],
            at=later.at[kept],
            session=later.session[kept],
        )
    )
    return Questions(clicks, offline.drawn(clicks, part, seed=0))


def judged(lists: Ints, targets: Ints) -> dict[str, float]:
    """Return P@CUT and MRR@CUT."""
    hits = lists == targets[:, None]
    ranks = hits.argmax(axis=1) + 1.0
    right = hits.any(axis=1)
    return {"p20": float(right.mean()), "mrr20": float((right / ranks).mean())}


def replay(
    known: Interactions, questions: Questions, folder: Path, events: str = "local:"
) -> Replayed:
    """Fit the session model, and let both it and the loop around it answer.

    `events` is the URL of the log, which nobody else may use.
    """
    model = sessions.fit(known, {})
    alone = offline.answered(model, questions.clicks, questions.asked, CUT)
    store = open_store(f"sqlite:///{folder}/replay.db")
    log = open_event_log(events, store)
    try:
        store.put_many(TRACKS, map(track, model.items))
        store.put_many(USERS, map(user, range(len(questions.clicks.starts))))
        registry = published(model, folder)
        models = Punctual(store, registry, gap_ms=FOR_EVER_MS)
        assert models.now.ensemble.items == model.items
        started = time.perf_counter()
        loop = by_loop(store, log, models, questions)
        seconds = time.perf_counter() - started
    finally:
        log.close()
        store.close()
    return Replayed(loop, alone, len(questions.clicks.item) / seconds)


def published(model: SessionKnn, folder: Path) -> Registry:
    """Return a registry that has the model in use, as a training leaves it."""
    registry = Registry(f"file://{folder}/artefacts", folder / "copies")
    about = Manifest(version=VERSION, made_at=0, antiphon="0", recipe={}, listeners=1_000_000)
    registry.publish(model, about)
    registry.use(VERSION)
    return registry


def track(id: str) -> Track:
    """Return a track of which nothing but its id is known."""
    return Track(id=id, title=id, sort=id, duration_ms=TRACK_MS)


def user(session: int) -> User:
    """Return the listener that a session is."""
    return User(id=f"us-{session}", name=f"us-{session}", key=f"us-{session}", synthetic=True)


class JustInTime(Waiting):
    """Of those who wait only these have their turn: whose next play is at hand."""

    wanted: Collection[str] = ()

    def __iter__(self) -> Iterator[Due]:
        return (due for due in super().__iter__() if due.user_id in self.wanted)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Punctual(Models):
    """Models that hear what was played in a moment when it is over, in the order of the data."""

    heard: tuple[Play, ...] = ()

    def hear(self, plays: Iterable[Play]) -> None:
        """Remember what was played."""
        self.heard = (*self.heard, *plays)

    def be_told(self) -> None:
        """Hear what was played."""
        super().hear(sorted(self.heard, key=lambda play: int(play.id.partition(":e")[2])))
        self.heard = ()


def by_loop(store: Store, log: EventLog, models: Punctual, questions: Questions) -> Ints:
    """Return what the live worker answers, (questions, CUT), while it takes one play after another.

    -1 stands where an answer has fewer tracks.
    """
    clicks, moment = questions.clicks, [0]
    live = Worker(store, log, models, clock=lambda: moment[0], policy=PLAIN, prepared=CUT)
    live.waiting = waiting = JustInTime()
    lists = np.full((int(questions.asked.sum()), CUT), -1, np.int32)
    row = np.cumsum(questions.asked) - 1
    rows = models.now.ensemble.rows
    told = _Told(len(clicks.item))
    with log.consumer(Topic.LISTENS, LISTENS_GROUP) as consumer:
        for together in questions.moments():
            moment[0] = int(clicks.at[together.start])
            for turn in turns(clicks, together):
                asked = {click: f"us-{clicks.session[click]}" for click in turn}
                asked = {click: id for click, id in asked.items() if questions.asked[click]}
                waiting.wanted = frozenset(asked.values())
                live.answer_due()
                kept = store.get_many(ANSWERS, [f"{id}:next" for id in asked.values()])
                for click, id in asked.items():
                    items = [rows[item.track_id] for item in kept[f"{id}:next"].items[:CUT]]
                    lists[row[click], : len(items)] = items
                for click in turn:
                    event = play(clicks, click, models.now.ensemble.items)
                    log.append(Topic.LISTENS, event.user_id, [encode(event)])
                batch: list[Entry] = []
                while len(batch) < len(turn):
                    batch += consumer.poll(1.0)
                live.take(batch)
                consumer.commit(batch)
            models.be_told()
            told(together.stop)
    return lists


def turns(clicks: Clicks, together: range) -> Iterator[list[int]]:
    """Yield the clicks of one moment so that those of one session come one after another."""
    left = list(together)
    while left:
        firsts = {int(clicks.session[click]): click for click in reversed(left)}
        yield sorted(firsts.values())
        left = [click for click in left if click not in firsts.values()]


def play(clicks: Clicks, click: int, items: tuple[str, ...]) -> ListenerEvent:
    """Return a click as a track that its listener heard to its end."""
    # Those of one second keep their order, as an app would send them.
    session, at = clicks.session[click], int(clicks.at[click]) + int(clicks.place[click]) % 1000
    return ListenerEvent(
        id=f"e{click}",
        user_id=f"us-{session}",
        track_id=items[clicks.item[click]],
        at=at,
        kind="ended",
        reason="completed",
        played_ms=TRACK_MS,
        accepted_at=at,
        client="replay",
    )


class _Told:
    """Says every now and then how far it is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._at = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._at > SAY_EVERY_S:
            self._at = now
            pace = done / (now - self._started)
            print(f"  {done:,} of {self._total:,} plays, {pace:.0f} in a second", flush=True)


def planted(folder: Path, listeners: int = 400, styles: int = 20, seed: int = 0) -> Path:
    """Write sessions that mostly stay within one style of 40 tracks, some of which come often."""
    noise = np.random.default_rng(seed)
    folder.mkdir(parents=True)

    def session() -> list[int]:
        style, length = noise.integers(styles), noise.integers(4, 12)
        within = np.minimum(noise.geometric(0.08, length) - 1, 39)
        elsewhere = noise.integers(0, 40 * styles, length)
        return list(np.where(noise.random(length) < 0.8, 40 * style + within, elsewhere))

    learnt = [session() for _ in range(10 * listeners)]
    lines = [" ".join(map(str, tracks)) for tracks in learnt]
    (folder / "train_sessions.txt").write_text("\n".join(lines) + "\n")
    timed = []
    for tracks in (session() for _ in range(listeners)):
        begun = 1_400_000_000 + int(noise.integers(100_000))
        at = begun + np.cumsum(noise.integers(30, 300, len(tracks)))
        timed.append(" ".join(f"{track}:{when}" for track, when in zip(tracks, at, strict=True)))
    (folder / offline.FILE).write_text("\n".join(timed) + "\n")
    return folder


if __name__ == "__main__":
    main()
