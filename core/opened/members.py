"""Which items of a cluster are most typical of it, and which lie at its border."""

from dataclasses import dataclass

import numpy as np

from core.clusters.table import DENSITY_NEIGHBOURS, EXEMPLARS
from core.model import Neighbors


@dataclass(frozen=True, slots=True)
class Members:
    """Rows by cluster: `typical` with the most crowded first, `border` the outermost first."""

    typical: dict[int, list[int]]
    border: dict[int, list[int]]


def find_members(labels: np.ndarray, neighbors: Neighbors | None) -> Members:
    """Return up to nine typical items and up to nine at the border, of every cluster.

    Parameters
    ----------
    labels
        Cluster of each row `(n,)`; below 0 is none.
    neighbors
        The neighbour graph; without one there are neither.

    Returns
    -------
    Members
        Typical are the items with the least mean distance to their ten nearest neighbours. At the
        border are those with neighbours among the ten that the cluster does not hold, most of them
        first, of equal ones the loneliest; a cluster whose items have none has no border.
    """
    if neighbors is None or not neighbors.indices.shape[1]:
        return Members({}, {})
    rows = np.flatnonzero(labels >= 0)
    if not len(rows):
        return Members({}, {})
    indices = np.asarray(neighbors.indices[:, :DENSITY_NEIGHBOURS])
    lonely = np.asarray(neighbors.distances[:, :DENSITY_NEIGHBOURS]).mean(axis=1)[rows]
    foreign = (labels[indices[rows]] != labels[rows, None]).sum(axis=1)
    typical = _first(rows, labels[rows], lonely)
    at_edge = foreign > 0
    edge = rows[at_edge]
    order = np.lexsort((-lonely[at_edge], -foreign[at_edge]))
    rank = np.empty(len(edge))
    rank[order] = np.arange(len(edge))
    return Members(typical, _first(edge, labels[edge], rank))


def _first(rows: np.ndarray, labels: np.ndarray, rank: np.ndarray) -> dict[int, list[int]]:
    """Return each cluster's first rows by rank, equals by row."""
    if not len(rows):
        return {}
    order = np.lexsort((rows, rank, labels))
    ordered, groups = rows[order], labels[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    ends = [*starts[1:].tolist(), len(groups)]
    return {
        int(groups[start]): ordered[start : min(end, start + EXEMPLARS)].tolist()
        for start, end in zip(starts.tolist(), ends, strict=True)
    }
