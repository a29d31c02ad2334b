"""Session neighbours: what came next in the sittings that are most like the present one.

A vector session kNN (Ludewig & Jannach 2018, arXiv:1803.09587) with the decays of STAN (Garg et
al. 2019, arXiv:1906.03166). With a prefix p_1 … p_m, a session s that shares items with it is like

    l(s) = Σ_{i: p_i ∈ s} w_i / (1 + age(s) / half life),   w_i = recency^(m − i) · log(1 + n / n_i)

and an item j of the `neighbours` most like is wanted by Σ_s l(s) · distance^(|j − i*| − 1), where
i* is the place in s of the latest item shared, times `behind` where j came before it. Age is
counted in clicks of anybody since the session was last heard of.

There is no training: a click is a neighbour as soon as it is added, in O(1) and in bounded memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import History, Interactions, Ints, Longs, Matrix
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.session_log import NONE, SessionLog, empty
from antiphon.taste.space import Span

# What an item gets for its clicks alone: less than any neighbour's vote.
_FLOOR = 1e-6
# Items of a prefix are told apart by bits.
_LONGEST_PREFIX = 60
# A log has room for so many clicks at least.
_ROOM = 1 << 12
SPACE = {
    "neighbours": Span(50, 2000, log=True),
    "recency": Span(0.4, 0.95),
    "distance": Span(0.5, 0.95),
    "behind": Span(0.2, 1.0),
    "half_life": Span(10_000.0, 1_000_000.0, log=True),
}


class SessionParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How sessions are compared.

    `reach` is how many of an item's latest clicks are followed, `neighbours` how many sessions
    vote, `prefix` how many of the latest items are looked at (`before_sitting` where no session is
    going on), `capacity` how many clicks are remembered in all, 0: twice as many as there are.
    """

    neighbours: int = 500
    reach: int = 800
    prefix: int = 20
    before_sitting: int = 5
    capacity: int = 0
    recency: float = 0.8
    distance: float = 0.8
    behind: float = 0.8
    half_life: float = 250_000.0


@dataclass(frozen=True)
class SessionKnn:
    """The sessions of a catalogue as a log (its first arrays: see `session_log`), and parameters.

    It grows by `add`, and `take_back` takes from it; everything else leaves it as it is. One thread
    may change it while others ask.
    """

    items: tuple[str, ...]
    item: Ints
    previous: Longs
    before: Longs
    start: Longs
    last: Longs
    head: Longs
    born: Longs
    clicks: Longs
    pace: Matrix
    total: Longs
    parameters: SessionParameters

    @cached_property
    def log(self) -> SessionLog:
        """The clicks, as the kernels want them."""
        return SessionLog(*(getattr(self, name) for name in SessionLog._fields))

    def growing(self, items: tuple[str, ...] | None = None) -> "SessionKnn":
        """Return a copy with a log of its own to add to; `items` may go on after those known."""
        items = items or self.items
        new = empty(len(items) - len(self.items), 0)
        own: dict[str, Any] = {name: getattr(self, name).copy() for name in SessionLog._fields}
        for name in ("head", "born", "clicks", "pace"):
            own[name] = np.concatenate([own[name], getattr(new, name)])
        return replace(self, items=items, **own)

    def add(self, item: int, session: int = NONE) -> int:
        """Add a click on an item (its place); return its session, for the session's next click.

        NONE begins a session, and so does one so long ago that it is forgotten.
        """
        from antiphon.taste import session_kernels  # noqa: PLC0415 - numba takes seconds to load

        return int(session_kernels.append(self.log, item, session))

    @property
    def clicked(self) -> int:
        """How many clicks there have been in all, and so the number of the next."""
        return int(self.total[0])

    def take_back(self, click: int) -> None:
        """Let a click (its number) never have been; one that is away or forgotten stays so."""
        from antiphon.taste import session_undo  # noqa: PLC0415 - as above

        session_undo.take_back(self.log, click)

    def put_back(self, click: int) -> None:
        """Put a click that was taken back where it was; one that is there stays so."""
        from antiphon.taste import session_undo  # noqa: PLC0415 - as above

        session_undo.put_back(self.log, click)

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the neighbours' votes, (histories, items); with none, how often it was played."""
        from antiphon.taste import session_kernels  # noqa: PLC0415 - numba takes seconds to load

        scores = np.empty((len(histories), len(self.items)), np.float32)
        scores[:] = self._floor
        for history, row in zip(histories, scores, strict=True):
            _, items, weights = self._prefix(history)
            own = session_kernels.own_session(self.log, self.prefix(history))
            session_kernels.vote(self.log, items, weights, own, *self._settings, row)
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return what each entry of the history adds to the votes for `item`; see `explain`."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return what each entry adds to the votes for each of `items`, (items, entries).

        A neighbour's vote is shared by the entries that made it one, as they weigh.
        """
        from antiphon.taste import session_kernels  # noqa: PLC0415 - numba takes seconds to load

        entries, prefix, weights = self._prefix(history)
        found = np.zeros((len(items), len(history)), np.float32)
        wanted = np.asarray(items, np.int32)
        own = session_kernels.own_session(self.log, self.prefix(history))
        found[:, entries] = session_kernels.explain(
            self.log, prefix, weights, own, *self._settings, wanted
        )
        return found

    @cached_property
    def _floor(self) -> Matrix:
        """How often each item was played, far below a vote: as it was when first asked for."""
        found: Matrix = np.log1p(self.clicks).astype(np.float32) * np.float32(_FLOOR)
        return found

    @cached_property
    def _settings(self) -> tuple[Any, Any]:
        from antiphon.taste.session_kernels import Fading, Limits  # noqa: PLC0415 - as above

        own = self.parameters
        return Limits(own.reach, own.neighbours), Fading(own.half_life, own.distance, own.behind)

    def prefix(self, history: History) -> Ints:
        """Return the wanted items of the present session, oldest first."""
        entries = self._latest(history)
        found: Ints = history.items[entries].astype(np.int32)
        return found

    def _latest(self, history: History) -> NDArray[np.int64]:
        size = history.sitting or self.parameters.before_sitting
        size = min(size, self.parameters.prefix, _LONGEST_PREFIX, len(history))
        entries = np.arange(len(history) - size, len(history))
        wanted: NDArray[np.int64] = entries[history.weights[entries] > 0]
        return wanted

    def _prefix(self, history: History) -> tuple[NDArray[np.int64], Ints, Matrix]:
        """Return the items of the prefix, each once: entries, items, weights."""
        entries = self._latest(history)
        # Of several plays of an item the latest counts.
        _, latest = np.unique(history.items[entries][::-1], return_index=True)
        entries = np.sort(entries[len(entries) - 1 - latest])
        items = history.items[entries].astype(np.int32)
        rarity = np.log1p(self.total[0] / np.maximum(self.clicks[items], 1))
        weights = rarity * self.parameters.recency ** (len(history) - 1 - entries)
        return entries, items, weights.astype(np.float32)


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: SessionParameters | None = None,
) -> SessionKnn:
    """Log what was wanted, in the order of time; where no sessions are known, a user is one."""
    from antiphon.taste import session_kernels  # noqa: PLC0415 - numba takes seconds to load

    del features
    parameters = parameters or SessionParameters()
    wanted = np.flatnonzero(interactions.weight > 0)
    wanted = wanted[-parameters.capacity :] if parameters.capacity else wanted
    sessions, session = np.unique(names(interactions)[wanted], return_inverse=True)
    log = empty(len(interactions.items), parameters.capacity or 2 * len(wanted) + _ROOM)
    begun = np.full(len(sessions), NONE, np.int64)
    session_kernels.append_all(log, interactions.item[wanted], session, begun)
    return SessionKnn(interactions.items, *log, parameters=parameters)


def prepare() -> None:
    """Have ready what adds clicks: else the first one to come waits until it is compiled."""
    from antiphon.taste import session_kernels, session_undo  # noqa: PLC0415 - as above

    log = empty(1, 1)
    session_kernels.append(log, 0, NONE)
    session_undo.take_back(log, 0)
    session_undo.put_back(log, 0)


def names(interactions: Interactions) -> Longs:
    """Return a number for the session of each interaction; an unknown one is its user's."""
    unknown = interactions.session < 0
    found: Longs = np.where(unknown, -1 - interactions.user, interactions.session).astype(np.int64)
    return found
