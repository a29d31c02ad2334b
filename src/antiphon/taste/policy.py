"""The policy: what keeps an answer varied, once the candidates are ranked."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from antiphon.taste.generators import Candidate

PER_ARTIST = 2
# One place in this many goes to something the listener does not know, so that taste can grow.
EXPLORE_EVERY = 5


def varied(
    candidates: Iterable[Candidate],
    artists_of: Callable[[str], Collection[str]],
    *,
    exclude: Collection[str],
    limit: int,
) -> list[Candidate]:
    """Return the first `limit` candidates with at most PER_ARTIST of one artist, none twice.

    Where a small library leaves places empty, those over the artists' limit fill them.
    """
    chosen: list[Candidate] = []
    over: list[Candidate] = []
    taken = set(exclude)
    by_artist: Counter[str] = Counter()
    for candidate in candidates:
        if len(chosen) == limit:
            break
        if candidate.track_id in taken:
            continue
        taken.add(candidate.track_id)
        artists = artists_of(candidate.track_id)
        full = any(by_artist[artist] >= PER_ARTIST for artist in artists)
        (over if full else chosen).append(candidate)
        by_artist.update(() if full else artists)
    return [*chosen, *over][:limit]


def with_exploration(
    ranked: Sequence[Candidate], unknown: Iterable[Candidate]
) -> Iterator[Candidate]:
    """Put one of the `unknown` after every EXPLORE_EVERY - 1 of the `ranked`; end with the rest."""
    rest = iter(unknown)
    known = iter(ranked)
    while group := list(islice(known, EXPLORE_EVERY - 1)):
        yield from group
        yield from islice(rest, 1)
    yield from rest
