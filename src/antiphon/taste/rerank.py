"""The last look: trees that put the blend's candidates in order by what is known of each.

Stacking (Wolpert 1992) over candidates: every model puts forward what it scores highest, and
boosted trees (Friedman 2001; LightGBM, Ke et al. 2017) learn from what was held out what is wanted.
What they see is free of scale and of ids - standardised scores, distances, ranks, shares - so that
it means the same when the models are fitted to all of the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Ints, Matrix
from antiphon.taste.recommender import best
from antiphon.taste.trees import TreeParameters, values

# Candidates of each model; a score is compared with the model's score at this place.
DEPTH = 120
_PLACE = 19
FOREST = TreeParameters(
    objective="binary", trees=300, leaves=31, rate=0.05, in_leaf=500, columns=0.3, ridge=5.0
)
_TINY = np.float32(1e-9)


class Order(msgspec.Struct, frozen=True):
    """A forest, and the models whose scores it has learned to read, in this order.

    `share` is how much its word counts beside that of the blend: trees follow what was held out
    more closely than a sum does, also where it is unlike what comes next.
    """

    parts: tuple[str, ...]
    forest: str
    share: float = 1.0


@dataclass(frozen=True)
class Reranker:
    """An order over a catalogue of so many items (`size`)."""

    order: Order
    size: int

    def reordered(
        self,
        total: Matrix,
        scores: Mapping[str, Matrix],
        history: History,
        tables: Sequence[csr_array],
    ) -> Matrix:
        """Return `total` (items,) with the candidates' values given to them in the trees' order.

        `scores` are the models' standardised ones, (items,) each; `tables` are of `Neighbours`.
        """
        read = np.stack([scores[name] for name in self.order.parts])
        found = candidates(read, history.items)
        if not len(found):
            return total
        numbers = beside(seen(read, found, history, tables), total[found])
        said = values(self.order.forest, numbers)
        order = np.argsort(-together(said, total[found], self.order.share), kind="stable")
        changed = total.copy()
        changed[found[order]] = -np.sort(-total[found])
        return changed


def together(said: Matrix, total: Matrix, share: float) -> Matrix:
    """Return what trees said of some candidates and their blend's scores, as deviations, added."""
    found: Matrix = np.float32(share) * _deviations(said) + np.float32(1 - share) * _deviations(
        total
    )
    return found


def _deviations(values: Matrix) -> Matrix:
    found: Matrix = (values - values.mean()) / (values.std() + _TINY)
    return found


def seen(scores: Matrix, found: Ints, history: History, tables: Sequence[csr_array]) -> Matrix:
    """Return what the trees see of the candidates `found` of scores (models, items).

    The result is (candidates, numbers); how popular a candidate is, is not among them: that is what
    changes most from what listeners did to what they do next.
    """
    liked = np.unique(history.items[history.weights > 0])
    size = np.full((1, len(found)), np.log1p(len(liked)), np.float32)
    columns = [_of_scores(scores[:, found]), size]
    columns += [_of_table(table, found, liked) for table in tables]
    return np.concatenate(columns).T.astype(np.float32)


def candidates(scores: Matrix, heard: Ints) -> Ints:
    """Return the items not heard that any row of scores (models, items) has near its top."""
    unheard = scores.copy()
    unheard[:, heard] = -np.inf
    found: Ints = np.setdiff1d(_top(unheard), heard).astype(np.int32)
    return found


def _top(unheard: Matrix) -> Ints:
    count = min(DEPTH, unheard.shape[1])
    found: Ints = np.argpartition(-unheard, count - 1, axis=1)[:, :count].astype(np.int32)
    return found


def beside(numbers: Matrix, total: Matrix) -> Matrix:
    """Put what trees see of the blend's scores (candidates,) beside what they see of models'."""
    return np.hstack([numbers, _of_scores(total[None]).T.astype(np.float32)])


def _of_scores(mine: Matrix) -> Matrix:
    """Each model's score, its distance from that at the place, and the log of its rank."""
    place = min(_PLACE, mine.shape[1] - 1)
    at_the_place = -np.partition(-mine, place, axis=1)[:, place : place + 1]
    ranks = np.argsort(np.argsort(-mine, axis=1, kind="stable"), axis=1)
    return np.vstack([mine, mine - at_the_place, np.log1p(ranks)])


def _of_table(table: csr_array, found: Ints, liked: Ints) -> Matrix:
    """How the liked items speak for a candidate: by one, by a few, or by all of them."""
    if not len(liked):
        return np.zeros((7, len(found)), np.float32)
    weights: Matrix = table[liked][:, found].toarray()
    few = min(3, len(liked))
    three = -np.sort(np.partition(-weights, few - 1, axis=0)[:few], axis=0)
    said = weights > 0
    highest = three[0]
    return np.stack(
        [
            highest,
            three[min(1, few - 1)],
            three.mean(axis=0),
            said.mean(axis=0),
            highest / (np.maximum(weights, 0).sum(axis=0) + _TINY),
            np.log1p(said.sum(axis=0)),
            highest / max(highest.max(), _TINY),
        ]
    )


def ndcg(
    scores: Matrix, wanted: NDArray[np.bool_], group: NDArray[np.int64], count: int = 20
) -> Matrix:
    """Return the nDCG of groups' candidates in the order of `scores`; groups are their sizes.

    The ideal is of the wanted among the candidates: two orders of the same may be compared.
    """
    discounts = 1 / np.log2(np.arange(2, count + 2))
    found = np.zeros(len(group), np.float32)
    stop = 0
    for place, size in enumerate(group):
        start, stop = stop, stop + int(size)
        top = best(scores[start:stop], count)
        hits = wanted[start:stop][top]
        ideal = discounts[: min(int(wanted[start:stop].sum()), count)].sum()
        found[place] = hits @ discounts[: len(hits)] / ideal if ideal else 0.0
    return found
