"""Where a map is dense: HDBSCAN's regions, kept whole for rows that are equal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.clusters.table import by_size
from core.clusters.tree import cluster_tree
from core.model import Neighbors

#: Items nearer than this are the same but for rounding.
IDENTICAL = 1e-6


@dataclass(frozen=True, slots=True)
class Regions:
    """What HDBSCAN finds, its clusters numbered by size.

    Attributes
    ----------
    labels
        Shape `(n,)` int32; 0 is the largest cluster, −1 is in none.
    probabilities, outlier_scores
        Membership and GLOSH `(n,)` float32 in [0, 1].
    persistence
        Shape `(k,)`: HDBSCAN's stability of each cluster.
    tree
        The condensed tree, as `core.clusters.tree` describes.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    outlier_scores: np.ndarray
    persistence: np.ndarray
    tree: pd.DataFrame


def duplicate_groups(neighbors: Neighbors) -> np.ndarray:
    """Number the groups `(n,)` of rows at distance 0 from each other, by the neighbour graph."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(neighbors.indices)
    rows, columns = np.nonzero(neighbors.distances < IDENTICAL)
    edges = (rows, neighbors.indices[rows, columns])
    graph = coo_array((np.ones(len(rows), np.int8), edges), shape=(n, n))
    groups: np.ndarray = connected_components(graph, directed=False)[1]
    return groups


def dense_regions(
    space: np.ndarray, groups: np.ndarray, min_cluster_size: int, min_samples: int
) -> Regions:
    """Find the dense regions of a map with HDBSCAN, excess of mass selecting the clusters.

    Parameters
    ----------
    space
        Coordinates `(n, m)`.
    groups
        Which rows are equal `(n,)`, as `duplicate_groups` numbers them. Rows of one group get the
        commonest label among them: layouts tear piles of equal items apart.
    min_cluster_size
        Fewest rows of a cluster, ≥ 2.
    min_samples
        Neighbours that make a place dense, ≥ 1; lowered to n − 1.

    Notes
    -----
    Campello, Moulavi, Zimek and Sander (2015), doi:10.1145/2733381.
    """
    from hdbscan import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(min_samples, len(space) - 1),
        cluster_selection_method="eom",
        core_dist_n_jobs=1,
    ).fit(space.astype(np.float64))
    joined = commonest(found.labels_, groups)
    labels = by_size(joined)
    inside = labels >= 0
    persistence = np.zeros(int(labels.max(initial=-1)) + 1)
    persistence[labels[inside]] = np.asarray(found.cluster_persistence_)[joined[inside]]
    number = np.full(len(found.cluster_persistence_), -1, np.int32)  # HDBSCAN's → ours
    number[joined[inside]] = labels[inside]
    probabilities = np.where(joined == found.labels_, np.nan_to_num(found.probabilities_), 1.0)
    probabilities[~inside] = 0.0
    # Among exact duplicates the densities of GLOSH are infinite and their ratio undefined.
    outlier_scores = np.nan_to_num(found.outlier_scores_, nan=0.0, posinf=1.0, neginf=0.0)
    return Regions(
        labels,
        probabilities.astype(np.float32),
        np.clip(outlier_scores, 0, 1).astype(np.float32),
        np.nan_to_num(persistence, posinf=1.0),
        cluster_tree(found.condensed_tree_.to_numpy(), found.labels_, number),
    )


def commonest(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Give every row the label that is commonest in its group; equals go to the lower label."""
    pairs, counts = np.unique(np.stack([groups, labels]), axis=1, return_counts=True)
    order = np.lexsort((pairs[1], -counts, pairs[0]))
    group, first = np.unique(pairs[0][order], return_index=True)
    best = np.empty(int(group.max()) + 1, labels.dtype)
    best[group] = pairs[1][order][first]
    joined: np.ndarray = best[groups]
    return joined
