"""The policy: what keeps an answer varied, once the candidates are ranked."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain

from antiphon.taste.generators import Candidate

PER_ARTIST = 2
# Of so many places one, the last, goes to something the listener does not know, so that taste can
# grow, and one to something well known that is due again.
ROUND = 5
EXPLORES = 4
RETURNS = 2


def varied(
    ranked: Iterable[Candidate],
    artists_of: Callable[[str], Collection[str]],
    *,
    exclude: Collection[str],
    limit: int,
    unknown: Iterable[Candidate] = (),
    due: Iterable[Candidate] = (),
) -> list[Candidate]:
    """Return `limit` candidates in their order, at most PER_ARTIST of one artist, none twice.

    Of every ROUND places one goes to what is `due` again, and one to the `unknown`. Where a kind
    runs out the others fill its places, and in a small library at last those over the artists'
    limit.
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

    best, new, old = admitted(ranked), admitted(unknown), admitted(due)
    turns = {EXPLORES: (new, best, old), RETURNS: (old, best, new)}
    chosen: list[Candidate] = []
    while len(chosen) < limit:
        turn = turns.get(len(chosen) % ROUND, (best, old, new))
        candidate = next(chain(*turn), None)
        if candidate is None:
            break
        chosen.append(candidate)
    return [*chosen, *over][:limit]
