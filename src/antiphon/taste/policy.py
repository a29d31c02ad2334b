"""The policy: what comes at which place of an answer, once the candidates are ranked.

Most places are drawn from what is wanted most (see `draw`), so that the order is good without being
always the same, and so that what was shown can be weighed by how likely it was. Some are kept for
what the listener does not know, so that taste can grow, and some for what is due again. The slider
between the familiar and the new moves both shares and the ranking.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace

from antiphon.taste.draw import drawn
from antiphon.taste.generators import Candidate
from antiphon.taste.places import ArtistsOf, Filling, Lane

# A place goes to the first kind that has something left.
_EXPLORES: tuple[str, ...] = ("unknown", "ranked", "due", "rest")
_RETURNS: tuple[str, ...] = ("due", "ranked", "unknown", "rest")
_BEST: tuple[str, ...] = ("ranked", "due", "unknown", "rest")
_GOLDEN = (5**0.5 - 1) / 2
# At the ends of the slider what is on its side is preferred by so many standard deviations.
_LEAN = 3.0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is composed.

    At most `per_artist` tracks of an artist while there are others (0: any number), nothing of the
    last `not_again_within` tracks. A share `explore` of the places is for the unknown and `returns`
    for what is due. The ranked places are drawn from the best `pool` at a `temperature`, in
    standard deviations of their scores (0: in their order), the unknown at that of `curiosity`.
    `breadth` candidates are looked at for
    each place, those wanted by more than `least` deviations (None: whatever their score). When the
    models have not answered within `budget_ms` (0: it may take any time), the answer is made
    without them.
    """

    per_artist: int = 2
    not_again_within: int = 25
    explore: float = 0.1
    returns: float = 0.2
    temperature: float = 0.2
    curiosity: float = 0.5
    pool: int = 100
    breadth: int = 4
    least: float | None = 0.0
    budget_ms: int = 400


POLICY = Policy()
# The plain ranking: what the models want, and nothing else.
PLAIN = Policy(
    per_artist=0,
    not_again_within=0,
    explore=0.0,
    returns=0.0,
    temperature=0.0,
    least=None,
    budget_ms=0,
)
# Varied by its artists, and else in the order of what is wanted: for a list that is no queue.
IN_ORDER = replace(POLICY, explore=0.0, returns=0.0, temperature=0.0)


def bent(policy: Policy, discover: float) -> Policy:
    """Return the policy for a listener whose slider stands at `discover`; in the middle, itself."""
    return replace(
        policy,
        explore=min(2 * discover * policy.explore, 1.0),
        returns=min(2 * (1 - discover) * policy.returns, 1.0),
    )


def leaning(
    ranked: Sequence[Candidate], is_known: Callable[[str], bool], discover: float
) -> list[Candidate]:
    """Return the ranked candidates as the slider has it: 0 only the known, 1 only the others.

    Between, the score of those on the preferred side is raised by up to _LEAN deviations.
    """
    if not 0 < discover < 1:
        return [one for one in ranked if is_known(one.track_id) == (discover <= 0)]
    scores = np.array([one.score for one in ranked])
    raise_by = _LEAN * (2 * discover - 1) * (float(scores.std()) if len(scores) else 0.0)
    leaned = (
        one if is_known(one.track_id) else replace(one, score=one.score + raise_by)
        for one in ranked
    )
    return sorted(leaned, key=lambda one: -one.score)


@dataclass(frozen=True)
class Choice:
    """The candidates chosen, with their probabilities, and the `pool` that the best came from."""

    items: list[Candidate]
    pool: tuple[str, ...] = ()


def composed(
    ranked: Sequence[Candidate],
    artists_of: ArtistsOf,
    *,
    limit: int,
    exclude: Collection[str] = (),
    unknown: Sequence[Candidate] = (),
    due: Sequence[Candidate] = (),
    rest: Sequence[Candidate] = (),
    policy: Policy = POLICY,
    seed: int = 0,
) -> Choice:
    """Choose `limit` candidates, none twice, none of `exclude`.

    The best of `ranked` and the `unknown` are drawn by their scores, what is `due` comes in its
    order. Where a kind runs out the others fill its places, and then the `rest`. At last come those
    over the artists' limit.

    Each place is for the unknown, or for what is due, with the same chance: whoever hears only the
    first of every new answer hears them as often. A probability is that of the track among those of
    its kind.
    """
    kinds: dict[str, Sequence[Candidate]] = {
        "ranked": ranked,
        "unknown": unknown,
        "due": due,
        "rest": rest,
    }
    refused = frozenset(exclude)
    open_ones = {
        kind: [one for one in candidates if one.track_id not in refused]
        for kind, candidates in kinds.items()
    }
    noise = np.random.default_rng(seed)
    turns = _turns(policy, noise)
    lanes = {kind: _lane(kind, found, policy, noise) for kind, found in open_ones.items()}
    chosen = Filling(artists_of, policy.per_artist).fill(lanes, turns, limit)
    if policy.per_artist and len(chosen) < limit:
        taken = {one.track_id for one in chosen}
        over = {
            kind: _lane(kind, [one for one in found if one.track_id not in taken], policy, noise)
            for kind, found in open_ones.items()
        }
        chosen += Filling(artists_of, 0).fill(over, turns, limit - len(chosen))
    pool = tuple(one.track_id for one in open_ones["ranked"][: policy.pool])
    return Choice(chosen, pool)


def _turns(policy: Policy, noise: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Yield for each place which kinds it is for: as often for each as its share of the places.

    Steps of the golden section from a drawn beginning (Weyl 1916) fall evenly over all shares, and
    each of them is as likely to be anywhere.
    """
    where = noise.random()
    while True:
        if where < policy.explore:
            yield _EXPLORES
        elif where < policy.explore + policy.returns:
            yield _RETURNS
        else:
            yield _BEST
        where = (where + _GOLDEN) % 1


def _lane(
    kind: str, candidates: Sequence[Candidate], policy: Policy, noise: np.random.Generator
) -> Lane:
    count, temperature = len(candidates), 0.0
    if kind == "ranked":
        count, temperature = policy.pool, policy.temperature
    elif kind == "unknown":
        temperature = policy.curiosity
    return Lane(candidates, drawn([one.score for one in candidates[:count]], temperature, noise))
