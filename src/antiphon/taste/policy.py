"""The policy: what keeps an answer varied, once the candidates are ranked."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from antiphon.taste.generators import Candidate

PER_ARTIST = 2
# One place in this many goes to something the listener does not know, so that taste can grow.
EXPLORE_EVERY = 5


def varied(
    ranked: Iterable[Candidate],
    artists_of: Callable[[str], Collection[str]],
    *,
    exclude: Collection[str],
    limit: int,
    unknown: Iterable[Candidate] = (),
) -> list[Candidate]:
    """Return `limit` candidates in their order, at most PER_ARTIST of one artist, none twice.

    Every EXPLORE_EVERY-th place goes to one of the `unknown`. Where one kind runs out the other
    fills its places, and in a small library at last those over the artists' limit.
    """
    taken = set(exclude)
    by_artist: Counter[str] = Counter()
    over: list[Candidate] = []

    def admitted(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        for candidate in candidates:
            if candidate.track_id in taken:
                continue
            taken.add(candidate.track_id)
            artists = artists_of(candidate.track_id)
            if any(by_artist[artist] >= PER_ARTIST for artist in artists):
                over.append(candidate)
            else:
                by_artist.update(artists)
                yield candidate

    known, new = admitted(ranked), admitted(unknown)
    chosen: list[Candidate] = []
    while len(chosen) < limit:
        explores = len(chosen) % EXPLORE_EVERY == EXPLORE_EVERY - 1
        first, second = (new, known) if explores else (known, new)
        candidate = next(first, None) or next(second, None)
        if candidate is None:
            break
        chosen.append(candidate)
    return [*chosen, *over][:limit]
