"""Clusters of taste: what a listener likes falls into a few kinds of sound.

Agglomerative clustering by Ward's criterion (Ward 1963) of points of length one, cut where the
tree's next merge would cost most more than the last: deterministic, so that the same tracks fall
into the same clusters.
"""

import numpy as np

from antiphon.taste.interactions import Ints, Matrix

FEWEST, MOST = 2, 5
# A cluster of fewer tracks is no kind of taste.
LEAST = 4


def clusters(points: Matrix) -> list[Ints]:
    """Return the rows of `points` (n, dimensions) that belong together, the largest cluster first.

    There are FEWEST to MOST, without those of fewer than LEAST points; none where there are too few
    points for two.
    """
    from scipy.cluster import hierarchy  # noqa: PLC0415 - half a second, and only home pages ask

    if len(points) < FEWEST * LEAST:
        return []
    tree = hierarchy.linkage(points, "ward")
    heights = tree[:, 2]
    # How much more the next merge would cost than the last one did, for so many clusters.
    gaps = {
        count: heights[1 - count] - heights[-count]
        for count in range(FEWEST, min(MOST, len(points) // LEAST) + 1)
    }
    count = max(gaps, key=gaps.__getitem__)
    label = hierarchy.fcluster(tree, count, "maxclust")
    found = [np.flatnonzero(label == each).astype(np.int32) for each in np.unique(label)]
    return sorted((each for each in found if len(each) >= LEAST), key=lambda each: -len(each))
