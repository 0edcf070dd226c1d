"""Themes: a few groups that a person can name, and the items that belong to none.

HDBSCAN finds dense regions but fails in hundreds of dimensions, so it works on a ten-dimensional
UMAP of the neighbour graph, made for clustering and not for looking at. What lies in no dense
region stays unassigned (−1). See `docs/methods/clusters.md`.
"""

from typing import Any

import numpy as np

from core.clusters.table import by_size, cluster_table
from core.errors import InputError
from core.maps.pca import principal_components
from core.maps.umap_layout import umap_layout
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.space import SAME, spread, unit_rows

STAGE = "themes"

#: Fewer items than this have no themes.
FEWEST = 50
#: Dimensions and neighbours of the map that is clustered.
DIMS, NEIGHBOURS = 10, 15
#: Items nearer than this are the same but for rounding.
IDENTICAL = 1e-6


def find_themes(
    vectors: np.ndarray,
    neighbors: Neighbors,
    *,
    key: str,
    seed: int = 0,
    min_cluster_size: int | None = None,
    min_samples: int = 5,
    progress: Progress | None = None,
) -> Clustering:
    """Group items into themes.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    neighbors
        The neighbour graph of the same rows.
    key
        The artefact's key, passed on.
    seed
        The same seed gives the same themes on one machine.
    min_cluster_size
        Fewest items of a theme; max(5, ½√n rounded) if None.
    min_samples
        Neighbours that make a place dense: larger leaves more items unassigned.
    progress
        Told about stage "themes".

    Returns
    -------
    Clustering
        Labels by size (0 is the largest theme), −1 for items in none; HDBSCAN's membership
        probabilities and GLOSH outlier scores; a table as `core.clusters.table` describes, with
        `persistence` (HDBSCAN's stability of each theme). Sets of fewer than 50 items have no
        themes, identical items make one, and `notice` says so.

    Raises
    ------
    InputError
        A vector is not finite or has no length, or the arguments do not fit.

    Notes
    -----
    Campello, Moulavi, Zimek and Sander (2015), doi:10.1145/2733381 (HDBSCAN and GLOSH); excess of
    mass selects the clusters.
    """
    progress = progress or Progress()
    progress.report(STAGE)
    n = len(vectors)
    size = max(5, round(0.5 * n**0.5)) if min_cluster_size is None else min_cluster_size
    if size < 2 or min_samples < 1:
        raise InputError("themes: min_cluster_size must be ≥ 2 and min_samples ≥ 1")
    if len(neighbors.indices) != n:
        raise InputError(
            f"themes: neighbours of {len(neighbors.indices)} items given for {n} vectors"
        )
    unit = unit_rows(vectors)
    spec: dict[str, Any] = {
        "method": "umap+hdbscan", "dims": DIMS, "n_neighbors": NEIGHBOURS, "seed": seed,
        "min_cluster_size": size, "min_samples": min_samples, "selection": "eom",
    }  # fmt: skip
    persistence = np.zeros(0)
    probabilities, outlier_scores = np.zeros(n, np.float32), np.zeros(n, np.float32)
    notice = ""
    if n < FEWEST:
        labels = np.full(n, -1, np.int32)
        notice = f"Themes need {FEWEST} or more images; there {_are(n)}."
    elif spread(unit) < SAME:
        labels, persistence = np.zeros(n, np.int32), np.ones(1)
        probabilities += 1
        notice = "All images have the same vector; they are one theme."
    else:
        start = principal_components(unit, DIMS, seed=seed).scores
        space = umap_layout(
            neighbors.indices, neighbors.distances, start,
            n_neighbors=NEIGHBOURS, min_dist=0.0, seed=seed, progress=progress, stage=STAGE,
        )  # fmt: skip
        progress.report(STAGE, 0, 0, "finding dense regions")
        labels, probabilities, outlier_scores, persistence = _hdbscan(
            space, duplicate_groups(neighbors), size, min_samples
        )
        if not len(persistence):
            notice = "No themes: nowhere is denser than elsewhere."
    table = cluster_table(unit, labels, probabilities, neighbors, stage=STAGE, progress=progress)
    table["persistence"] = persistence
    spec["n_clusters"] = len(table)
    return Clustering(key, "themes", spec, labels, probabilities, outlier_scores, table, notice)


def _are(n: int) -> str:
    """Say how many images there are."""
    return "is 1" if n == 1 else f"are {n or 'none'}"


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


def _hdbscan(
    space: np.ndarray, groups: np.ndarray, min_cluster_size: int, min_samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return labels by size, probabilities, outlier scores, and each cluster's persistence.

    Rows of one of `groups` get the commonest label among them: layouts tear piles of equal items
    apart.
    """
    from hdbscan import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(min_samples, len(space) - 1),
        cluster_selection_method="eom",
        core_dist_n_jobs=1,
    ).fit(space.astype(np.float64))
    joined = _commonest(found.labels_, groups)
    labels = by_size(joined)
    persistence = np.zeros(int(labels.max(initial=-1)) + 1)
    inside = labels >= 0
    persistence[labels[inside]] = np.asarray(found.cluster_persistence_)[joined[inside]]
    probabilities = np.where(joined == found.labels_, np.nan_to_num(found.probabilities_), 1.0)
    probabilities[~inside] = 0.0
    # Among exact duplicates the densities of GLOSH are infinite and their ratio undefined.
    outlier_scores = np.nan_to_num(found.outlier_scores_, nan=0.0, posinf=1.0, neginf=0.0)
    return (
        labels,
        probabilities.astype(np.float32),
        np.clip(outlier_scores, 0, 1).astype(np.float32),
        np.nan_to_num(persistence, posinf=1.0),
    )


def _commonest(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Give every row the label that is commonest in its group; equals go to the lower label."""
    pairs, counts = np.unique(np.stack([groups, labels]), axis=1, return_counts=True)
    order = np.lexsort((pairs[1], -counts, pairs[0]))
    group, first = np.unique(pairs[0][order], return_index=True)
    best = np.empty(int(group.max()) + 1, labels.dtype)
    best[group] = pairs[1][order][first]
    joined: np.ndarray = best[groups]
    return joined
