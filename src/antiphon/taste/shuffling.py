"""A varied order: what is wanted most likely first, the same artist never soon again.

At each place one of those that may come is drawn, track i with a probability that grows with
exp(score_i / temperature). Who came at the last places waits, and an artist with half of what is
left comes now: so no two of one artist follow each other unless there is no other way.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Tracks of other artists, and of other albums, between two of one, where there are enough.
ARTIST_GAP = 3
ALBUM_GAP = 2

Mask = NDArray[np.bool_]


def shuffled(
    scores: Sequence[float],
    artists: Sequence[str],
    albums: Sequence[str],
    noise: np.random.Generator,
    temperature: float = 1.0,
) -> list[tuple[int, float]]:
    """Return the places of all n tracks in the order drawn, each with how likely it was to come.

    `scores`, `artists` and `albums` are of the tracks; an empty name is nobody's.
    """
    logits = np.asarray(scores, np.float64) / temperature
    artist, album = _numbered(artists), _numbered(albums)
    left = np.ones(len(logits), np.bool_)
    order: list[tuple[int, float]] = []
    while left.any():
        before = [place for place, _ in order[-ARTIST_GAP:]]
        may = np.flatnonzero(_admitted(left, artist, album, before))
        weights = np.exp(logits[may] - logits[may].max())
        weights /= weights.sum()
        drawn = int(noise.choice(len(may), p=weights))
        place = int(may[drawn])
        order.append((place, float(weights[drawn])))
        left[place] = False
    return order


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each name; each empty one has its own."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name or f" {n}", n) for n, name in enumerate(names)], int)


def _admitted(
    left: Mask,
    artist: NDArray[np.int64],
    album: NDArray[np.int64],
    before: Sequence[int],
) -> Mask:
    """Return which may come after `before`: the strictest of the rules that leaves any."""
    counts = np.bincount(artist[left])
    pressed = artist == counts.argmax() if 2 * counts.max() > left.sum() else left
    others = ~np.isin(artist, artist[before[-1:]])
    apart = ~np.isin(artist, artist[before]) & ~np.isin(album, album[before[-ALBUM_GAP:]])
    rules = (left & pressed & apart, left & pressed & others, left & apart, left & others)
    return next((rule for rule in rules if rule.any()), left)
