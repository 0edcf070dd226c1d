"""Edge cases: images of the smallest groups, and those farthest from their neighbours."""

import numpy as np

from core.model import Clustering, Neighbors

#: Neighbours whose mean distance tells how lonely an item is.
NEAREST = 10
#: Items of micro-clusters up to this size are edge cases.
SMALL = 3
#: The share of items that are not edge cases by their distance.
COMMON = 0.9


def neighbor_distance(neighbors: Neighbors, nearest: int = NEAREST) -> np.ndarray:
    """Return the mean distance of each item to its nearest others.

    Parameters
    ----------
    neighbors
        The graph, `(n, k)`.
    nearest
        Others that are averaged over; all that the graph has where it has fewer.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` float64, chordal; 0 where there is no other item.
    """
    distances = np.asarray(neighbors.distances[:, :nearest], dtype=np.float64)
    return distances.mean(axis=1) if distances.shape[1] else np.zeros(len(distances))


def edge_radius(neighbors: Neighbors) -> float:
    """Return τ_e, how near an edge case must be to one that is taken to count as shown by it.

    The 90 % quantile of the mean distance to the ten nearest: what is the distance of common
    items to their neighbours at most.
    """
    lonely = neighbor_distance(neighbors)
    return float(np.quantile(lonely, COMMON)) if len(lonely) else 0.0


def edge_rows(neighbors: Neighbors | None, micro: Clustering | None) -> np.ndarray:
    """Return which items are edge cases.

    An item is one if its micro-cluster has at most three items, or if its mean distance to its
    ten nearest is above the 90 % quantile of the set. Equal distances throughout make none.

    Parameters
    ----------
    neighbors, micro
        Of the same set; one may be None, and says nothing then.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` bool; empty where both are None.
    """
    found = np.zeros(0, bool)
    if neighbors is not None:
        lonely = neighbor_distance(neighbors)
        found = lonely > edge_radius(neighbors)
    if micro is not None and len(micro.labels):
        labels = np.asarray(micro.labels)
        sizes = np.bincount(labels[labels >= 0], minlength=1)
        small = (labels >= 0) & (sizes[np.maximum(labels, 0)] <= SMALL)
        found = small if neighbors is None else found | small
    return found
