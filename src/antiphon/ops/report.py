"""The report: how often what was recommended is skipped, by surface and by generator.

It is counted from what listeners heard (`LISTENS`) and what they were shown (`SHOWINGS`). Simulated
listeners are told of apart: nobody's music is better for what they skip.
"""

from collections.abc import Callable, Mapping
from itertools import compress

import msgspec
import numpy as np

from antiphon.evaluation.results import Figure
from antiphon.model import now_ms
from antiphon.ops.outcomes import Key, Tally, rates, tallies, together
from antiphon.store import Store
from antiphon.store.schema import USERS
from antiphon.taste.generators import EXPLORING


class Outcome(msgspec.Struct, frozen=True):
    """What came of the tracks of one surface, of one generator ("": of all of them).

    `shown` counts places in answers, `listens` how many of their tracks were heard, by how many
    `listeners`; `plays`, `skips` and `completed` are of the listens. The rates are shares of the
    listens with their 95 % intervals, None where there is no listen.
    """

    surface: str
    generator: str
    listeners: int
    shown: int
    listens: int
    plays: int
    skips: int
    completed: int
    skip_rate: Figure | None
    completion: Figure | None


class Report(msgspec.Struct, frozen=True):
    """What came of what was recommended from `since` to `until`, in milliseconds.

    `user_id` is "" where it is about everybody. `overall` is all that was recommended, `surfaces`
    and `generators` are its parts, `details` their pairs; `own` is what listeners chose themselves,
    to compare with. `exploration` is the share of the recommended listens that went to something
    the listener did not know. `simulated` is the same of the simulated listeners, None where there
    is nothing of them.
    """

    since: int
    until: int
    user_id: str
    overall: Outcome
    surfaces: tuple[Outcome, ...]
    generators: tuple[Outcome, ...]
    details: tuple[Outcome, ...]
    own: Outcome
    exploration: Figure | None
    simulated: "Report | None" = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell of anybody."""
        mine = self.overall.shown + self.overall.listens + self.own.listens
        return not mine and self.simulated is None


def report(store: Store, user_id: str | None, since: int = 0) -> Report:
    """Return the report of one listener, or of everybody (None), from `since` on, in milliseconds.

    A listener who is asked for is told of whether simulated or not.
    """
    counted = tallies(store, since, user_id)
    period = (since, now_ms())
    if user_id is not None:
        return _report(counted, period, user_id)
    simulated = {user.id for user in store.find(USERS, {"synthetic": True})}
    real = {key: tally for key, tally in counted.items() if key[0] not in simulated}
    others = {key: tally for key, tally in counted.items() if key[0] in simulated}
    apart = _report(others, period, "") if others else None
    return msgspec.structs.replace(_report(real, period, ""), simulated=apart)


def _report(counted: Mapping[Key, Tally], period: tuple[int, int], user_id: str) -> Report:
    recommended = {key: tally for key, tally in counted.items() if key[1]}
    chosen = {key: tally for key, tally in counted.items() if not key[1]}
    (overall,) = _outcomes(recommended, lambda _: ("", "")) or (_NOTHING,)
    (own,) = _outcomes(chosen, lambda _: ("", "")) or (_NOTHING,)
    since, until = period
    return Report(
        since=since,
        until=until,
        user_id=user_id,
        overall=overall,
        surfaces=_outcomes(recommended, lambda key: (key[1], "")),
        generators=_outcomes(recommended, lambda key: ("", key[2])),
        details=_outcomes(recommended, lambda key: key[1:]),
        own=own,
        exploration=_exploration(recommended),
    )


def _outcomes(
    counted: Mapping[Key, Tally], group: Callable[[Key], tuple[str, str]]
) -> tuple[Outcome, ...]:
    """Sum up in groups, those with the most listens first."""
    users = {user: row for row, user in enumerate(dict.fromkeys(key[0] for key in counted))}
    groups = {each: column for column, each in enumerate(dict.fromkeys(map(group, counted)))}
    listens, skips, completed = np.zeros((3, len(users), len(groups)))
    for key, tally in counted.items():
        place = users[key[0]], groups[group(key)]
        listens[place] += tally.listens
        skips[place] += tally.skips
        completed[place] += tally.completed
    skip_rates, completions = rates(skips, listens), rates(completed, listens)
    found = []
    for each, column in groups.items():
        mine = [group(key) == each for key in counted]
        total = together(compress(counted.values(), mine))
        found.append(
            Outcome(
                *each,
                listeners=int((listens[:, column] > 0).sum()),
                shown=total.shown,
                listens=total.listens,
                plays=total.plays,
                skips=total.skips,
                completed=total.completed,
                skip_rate=skip_rates[column],
                completion=completions[column],
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.listens, -one.shown, one.surface)))


def _exploration(counted: Mapping[Key, Tally]) -> Figure | None:
    users = {user: row for row, user in enumerate(dict.fromkeys(key[0] for key in counted))}
    explored, listens = np.zeros((2, len(users), 1))
    for (user, _, generator), tally in counted.items():
        listens[users[user]] += tally.listens
        explored[users[user]] += tally.listens * (generator in EXPLORING)
    return rates(explored, listens)[0]


_NOTHING = Outcome("", "", 0, 0, 0, 0, 0, 0, None, None)
