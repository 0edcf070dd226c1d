"""Micro-clusters: thousands of tight groups, the units of curation.

Complete linkage bounds the diameter of every group, so that one item can stand for its group; it
needs all pairs, so items are first dealt into shards of about a thousand near ones. One height
cuts all shards. See `docs/methods/clusters.md`.
"""

from typing import Any

import numpy as np

from core.clusters.table import by_size, cluster_table
from core.errors import InputError
from core.maps.pca import principal_components
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.space import unit_rows

STAGE = "micro-clusters"

#: Principal components kept, items of a shard aimed at, and the most a shard may have.
DIMS = 64
SHARD, LARGEST_SHARD = 1000, 2000
#: Items this near are the same but for rounding, and always merged.
IDENTICAL = 2e-6


def find_micro_clusters(
    vectors: np.ndarray,
    *,
    key: str,
    seed: int = 0,
    mean_size: float = 70 / 15,
    neighbors: Neighbors | None = None,
    progress: Progress | None = None,
) -> Clustering:
    """Group items so tightly that one can stand for the others.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    key
        The artefact's key, passed on.
    seed
        The same seed gives the same groups.
    mean_size
        Mean items of a group: n / mean_size groups are aimed at.
    neighbors
        The neighbour graph, for the table's density; NaN there without.
    progress
        Told about stage "micro-clusters".

    Returns
    -------
    Clustering
        Labels by size (0 is the largest group), nobody is noise; probabilities 1, outlier scores
        0; a table as `core.clusters.table` describes. `spec` holds `tau`, the height of the cut: in
        the clustered space (64 principal components, or all dimensions of fewer) no two items of a
        group are further apart. K(τ) = n − #merges at or below τ.

    Raises
    ------
    InputError
        A vector is not finite or has no length, or `mean_size` is below 1.
    """
    progress = progress or Progress()
    progress.report(STAGE, 0, len(vectors))
    if not mean_size >= 1:
        raise InputError(f"micro-clusters: mean_size must be 1 or more, not {mean_size}")
    unit = unit_rows(vectors)
    n = len(unit)
    labels, tau, n_shards = np.zeros(n, np.int32), 0.0, 0
    if n:
        space = unit
        if unit.shape[1] > DIMS:
            space = principal_components(unit, DIMS, seed=seed).scores
        # Equal items are one point: they always share a group, however many they are.
        _, first, place = np.unique(
            np.round(space, 7), axis=0, return_index=True, return_inverse=True
        )
        points = space[first]
        shards = _shards(points, seed, progress)
        groups, tau = _linked(points, shards, n, max(1, round(n / mean_size)), progress)
        labels, n_shards = by_size(groups[place.reshape(-1)]), len(shards)
    ones = np.ones(n, np.float32)
    table = cluster_table(unit, labels, ones, neighbors, stage=STAGE, progress=progress)
    spec: dict[str, Any] = {
        "method": "sharded complete linkage", "dims": min(DIMS, unit.shape[1]), "seed": seed,
        "mean_size": float(mean_size), "shards": n_shards, "tau": float(tau),
        "n_clusters": len(table), "singletons": int((table["size"] == 1).sum()),
    }  # fmt: skip
    notice = "There are no images to group." if n == 0 else ""
    return Clustering(key, "micro", spec, labels, ones, np.zeros(n, np.float32), table, notice)


def _shards(space: np.ndarray, seed: int, progress: Progress) -> list[np.ndarray]:
    """Deal rows `(n, m)` into lists of at most 2,000 near ones, by k-means."""
    waiting = [np.arange(len(space))]
    done: list[np.ndarray] = []
    while waiting:
        rows = waiting.pop()
        if len(rows) <= LARGEST_SHARD:
            done.append(rows)
            continue
        progress.report(STAGE, 0, len(space), "dealing items into shards")
        groups = _split(space[rows], seed)
        if len(groups) == 1:  # k-means could not part them
            groups = np.array_split(np.arange(len(rows)), -(-len(rows) // SHARD))
        waiting += [rows[group] for group in groups]
    return sorted(done, key=lambda rows: int(rows[0]))


def _split(points: np.ndarray, seed: int) -> list[np.ndarray]:
    """Part points by mini-batch k-means into groups of about a thousand, none of them empty."""
    from sklearn.cluster import MiniBatchKMeans

    count = max(2, round(len(points) / SHARD))
    found = MiniBatchKMeans(
        count, batch_size=4096, n_init=1, max_iter=20, random_state=seed % 2**32
    ).fit_predict(points)
    return [group for c in range(count) if len(group := np.flatnonzero(found == c))]


def _linked(
    points: np.ndarray, shards: list[np.ndarray], n: int, target: int, progress: Progress
) -> tuple[np.ndarray, float]:
    """Link each shard completely and cut all at the height that leaves about `target` groups.

    Parameters
    ----------
    points
        The distinct points `(m, d)`.
    shards
        Their rows.
    n
        Items; the n − m that equal another are merges at height 0.
    target
        Groups aimed at.

    Returns
    -------
    labels : numpy.ndarray
        Shape `(m,)`.
    tau : float
        The height.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    trees, linked = [], 0
    for rows in shards:
        near = points[rows].astype(np.float64)
        trees.append(linkage(pdist(near), method="complete") if len(rows) > 1 else None)
        linked += len(rows)
        progress.report(STAGE, linked, len(points))
    parts = [np.zeros(n - len(points))] + [tree[:, 2] for tree in trees if tree is not None]
    heights = np.sort(np.concatenate(parts))
    merges = min(n - target, len(heights))
    tau = max(float(heights[merges - 1]) if merges > 0 else 0.0, IDENTICAL)
    labels, used = np.empty(len(points), np.int64), 0
    for rows, tree in zip(shards, trees, strict=True):
        own = np.ones(1, int) if tree is None else fcluster(tree, tau, criterion="distance")
        labels[rows] = own + used
        used += int(own.max())
    return labels, tau
