"""How right lists are, and what else they are: each measure, a value for every question.

A list has k places, best first; -1 stands where there was nothing left to recommend. Definitions
are those of the papers that publish on the same splits (LightGCN for recall and nDCG, the session
papers for MRR); `tests/evaluation/test_metrics.py` checks them against another implementation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from antiphon.taste.interactions import Interactions, Ints, matrix
from antiphon.taste.recommender import FeatureVectors

Values = NDArray[np.float64]
Hits = NDArray[np.bool_]
# How much of the listener's own genres is mixed into the list's, so that no genre has share 0.
CALIBRATION_MIX = 0.01
# Items between these shares of all plays are the head, the middle and the tail.
HEAD, MIDDLE = 0.2, 0.8


@dataclass(frozen=True)
class Traits:
    """What is known of items (n,) beside who played them: for measures that go beyond being right.

    `share` is the share of listeners that played it. Rows of `alike` (n, …) have length one or are
    empty: how alike two items are is their product. Rows of `genres` (n, …) sum to one or zero.
    `artist` numbers artists, and is empty where nobody knows them.
    """

    share: Values
    alike: csr_array
    genres: csr_array
    artist: Ints


def hits(lists: Ints, wanted: csr_array) -> Hits:
    """Return which places of the lists (n, k) hold a wanted item."""
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    items = np.maximum(lists, 0).ravel()
    found = np.asarray(wanted[rows, items]).reshape(lists.shape) > 0
    return np.asarray(found & (lists >= 0))


def recall(hits: Hits, wanted: Ints) -> Values:
    """Return the share of the wanted items that are in the list: hits / wanted."""
    found: Values = hits.sum(axis=1) / wanted.astype(np.float64)
    return found


def hit_rate(hits: Hits) -> Values:
    """Return 1 where anything wanted is in the list (P@k of the session papers), else 0."""
    return np.asarray(hits.any(axis=1), np.float64)


def reciprocal_rank(hits: Hits) -> Values:
    """Return 1 / the place of the first wanted item, 0 where there is none in the list (MRR@k)."""
    found: Values = hits.any(axis=1) / (1.0 + hits.argmax(axis=1))
    return found


def ndcg(hits: Hits, wanted: Ints) -> Values:
    """Return sum of 1 / log2(1 + place) over hits, as a share of the best possible.

    Best are min(wanted, k) hits on the first places (Järvelin and Kekäläinen 2002, binary).
    """
    gains = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.cumsum(gains)[np.minimum(wanted, hits.shape[1]) - 1]
    return np.asarray((hits @ gains) / ideal)


def coverage(lists: Ints, among: int) -> float:
    """Return the share of the items that are in any list."""
    return len(np.unique(lists[lists >= 0])) / among


def novelty(lists: Ints, traits: Traits) -> Values:
    """Return the mean of -log2(share of listeners that played the item) (Zhou et al. 2010), bits.

    An item that nobody played counts as played by one half of a listener.
    """
    least = traits.share[traits.share > 0].min(initial=1.0) / 2
    return _mean(-np.log2(np.maximum(traits.share, least)), lists)


def diversity(lists: Ints, traits: Traits) -> Values:
    """Return 1 - the mean cosine of all pairs in the list (Ziegler et al. 2005).

    Items are alike by their features where the data have any, else by who played them.
    """
    inside = _indicator(lists, traits.alike.shape[0])
    sums = inside @ traits.alike
    own = np.asarray(traits.alike.multiply(traits.alike).sum(axis=1)).ravel()
    count = (lists >= 0).sum(axis=1)
    between = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - inside @ own
    return np.asarray(1 - between / np.maximum(count * (count - 1), 1))


def artist_diversity(lists: Ints, traits: Traits) -> Values:
    """Return how many artists the list has, by its length."""
    artists = np.where(lists >= 0, traits.artist[np.maximum(lists, 0)], -1)
    ordered = np.sort(artists, axis=1)
    new = np.diff(ordered, axis=1, prepend=-1) != 0
    return np.asarray(new.sum(axis=1) / np.maximum((lists >= 0).sum(axis=1), 1))


def popularity_lift(lists: Ints, known: csr_array, traits: Traits) -> Values:
    """Return by how much the list is more popular than what the listener knows.

    Mean share of listeners, of the list / of the history - 1 (Abdollahpouri et al. 2020); 0 where
    the history is empty.
    """
    counts = np.diff(known.indptr)
    own = (known @ traits.share) / np.maximum(counts, 1)
    lift = _mean(traits.share, lists) / np.where(own > 0, own, 1.0) - 1
    return np.where(own > 0, lift, 0.0)


def calibration(lists: Ints, known: csr_array, traits: Traits) -> Values:
    """Return how far the list's genres are from the listener's: KL(p || q), 0 is the same, bits.

    p: genres of the history, q: of the list, with CALIBRATION_MIX of p in it (Steck 2018). Where
    the data have no genres, head, middle and tail of the popularity stand for them.
    """
    p = _shares((known @ traits.genres).toarray())
    q = _shares((_indicator(lists, known.shape[1]) @ traits.genres).toarray())
    q = (1 - CALIBRATION_MIX) * q + CALIBRATION_MIX * p
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0))
    return np.asarray((p * np.log2(ratio)).sum(axis=1))


def repeat_accuracy(hits: Hits, lists: Ints, known: csr_array, wanted: csr_array) -> Values:
    """Return the share of the wanted items that the listener knew already which are in the list.

    0 where there was none: `repeats` says how many there were.
    """
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    is_known = np.asarray(known[rows, np.maximum(lists, 0).ravel()]).reshape(lists.shape) > 0
    return np.asarray((hits & is_known).sum(axis=1) / np.maximum(repeats(known, wanted), 1))


def repeats(known: csr_array, wanted: csr_array) -> Ints:
    """Return how many of the wanted items the listener knew already."""
    counts: Ints = np.asarray((known > 0).multiply(wanted).sum(axis=1)).ravel().astype(np.int32)
    return counts


def traits(
    interactions: Interactions, features: FeatureVectors, artists: tuple[str, ...] = ()
) -> Traits:
    """Return what the training part and the features say of the items."""
    played = matrix(interactions)
    played.data[:] = 1
    counts = np.bincount(played.indices, minlength=played.shape[1])
    share = counts / max(int((np.diff(played.indptr) > 0).sum()), 1)
    sets = [vectors for vectors in features.values() if vectors]
    alike = _table(interactions.items, sets[0]) if sets else csr_array(played.T)
    genres = features.get("genres", {})
    table = _table(interactions.items, genres) if genres else _bands(counts)
    table.data = np.maximum(table.data, 0)
    _, artist = np.unique(artists, return_inverse=True)
    return Traits(
        share,
        _divided(alike, np.sqrt(np.asarray(alike.multiply(alike).sum(axis=1)).ravel())),
        _divided(table, np.asarray(table.sum(axis=1)).ravel()),
        artist.astype(np.int32),
    )


def _table(items: Sequence[str], vectors: Mapping[str, NDArray[np.floating[Any]]]) -> csr_array:
    """Return the vectors of the items as rows; of an item without one it is empty."""
    places = [place for place, id in enumerate(items) if id in vectors]
    if not places:
        return csr_array((len(items), 1), dtype=np.float32)
    dense = csr_array(np.stack([vectors[items[place]] for place in places]).astype(np.float32))
    lengths = np.zeros(len(items), np.int64)
    lengths[places] = np.diff(dense.indptr)
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((dense.data, dense.indices, pointers), (len(items), dense.shape[1]))


def _bands(counts: NDArray[np.int64]) -> csr_array:
    """Head, middle and tail: the items with the first 20, the next 60, the last 20 % of plays."""
    order = np.argsort(-counts, kind="stable")
    before = (np.cumsum(counts[order]) - counts[order]) / max(int(counts.sum()), 1)
    band = np.empty(len(counts), np.int32)
    band[order] = np.digitize(before, [HEAD, MIDDLE])
    return csr_array((np.ones(len(counts)), (np.arange(len(counts)), band)), (len(counts), 3))


def _divided(table: csr_array, by: Values) -> csr_array:
    return csr_array(diags_array(1 / np.where(by > 0, by, 1.0)) @ table)


def _indicator(lists: Ints, items: int) -> csr_array:
    """Return the lists as a matrix (n, items) of ones."""
    rows, places = np.nonzero(lists >= 0)
    ones = np.ones(len(rows))
    return csr_array((ones, (rows, lists[rows, places])), shape=(len(lists), items))


def _mean(of_items: Values, lists: Ints) -> Values:
    there = lists >= 0
    values = np.where(there, of_items[np.maximum(lists, 0)], 0.0)
    return np.asarray(values.sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def _shares(table: Values) -> Values:
    sums = table.sum(axis=1, keepdims=True)
    return np.asarray(table / np.where(sums > 0, sums, 1.0))
