"""How near every item of a set is to some examples, and where "similar" ends; NumPy only.

The distance of an item x from the positives P and the negatives N is

    s(x) = a + max(0, a − b),   a = min over P of d(x, p),   b = min over N of d(x, n),

with d the chordal distance: how far the nearest positive is, plus how much nearer a negative is.
Where no negative is nearer than the nearest positive it is the chordal distance itself. See
docs/methods/search.md for why it is the nearest positive and not the mean of all.
"""

from collections.abc import Iterable

import numpy as np

#: Squared distances below this are the rounding of vectors stored as float32.
SAME = 1e-13

#: Neighbours that say how near is usual for an item, as in the column "distance to neighbours".
USUAL_NEIGHBOURS = 10

#: The nearest items that are the query's region, and the share of them that is "usual".
REGION, USUAL_SHARE = 30, 0.9


def chordal(cosines: np.ndarray) -> np.ndarray:
    """Return the chordal distances √(2 − 2 cos) of cosines taken in float64, good to 3e-8."""
    squared = 2.0 - 2.0 * cosines
    return np.sqrt(np.where(squared < SAME, 0.0, squared))


def distances_from(
    n_items: int, cosine_blocks: Iterable[tuple[slice, np.ndarray]], n_positives: int
) -> np.ndarray:
    """Return how far every item is from the examples, by the rule of this module.

    Parameters
    ----------
    n_items
        Items of the set.
    cosine_blocks
        Slices of rows, together all, each with the cosines `(rows, p + q)` float64 between its
        items and the examples, the p positives first.
    n_positives
        p, at least 1.

    Returns
    -------
    numpy.ndarray
        Shape `(n_items,)` float32, in row order.
    """
    found = np.empty(n_items, np.float32)
    for part, cosines in cosine_blocks:
        distances = chordal(cosines[:, :n_positives].max(axis=1))
        if cosines.shape[1] > n_positives:
            nearer = distances - chordal(cosines[:, n_positives:].max(axis=1))
            distances += np.maximum(nearer, 0.0)
        found[part] = distances
    return found


def nearest_first(distances: np.ndarray, examples: np.ndarray) -> np.ndarray:
    """Return all rows, int64, by distance; the example rows first among equals, then by row."""
    later = np.ones(len(distances), bool)
    later[examples] = False
    return np.lexsort((later, distances))


def usual_distance(order: np.ndarray, neighbour_distances: np.ndarray | None) -> float | None:
    """Return the distance at which "similar" ends: how near is usual around the query.

    The .9 quantile, among the 30 items nearest to the query, of the distance to their own 10th
    neighbour (the last there is in smaller sets).

    Parameters
    ----------
    order
        All rows, nearest to the query first.
    neighbour_distances
        The neighbour graph's distances `(n, k)`, each row ascending; None while there is no graph.

    Returns
    -------
    float or None
        None without a graph, or in a set without two items.
    """
    if neighbour_distances is None or not neighbour_distances.size:
        return None
    place = min(USUAL_NEIGHBOURS, neighbour_distances.shape[1]) - 1
    region = np.asarray(neighbour_distances[order[:REGION], place], np.float64)
    return float(np.quantile(region, USUAL_SHARE))
