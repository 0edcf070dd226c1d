"""One row for each cluster: how large, dense and wide it is, and which items stand for it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.model import Neighbors
from core.progress import Progress
from core.space import blocks

#: Neighbours over which density is taken, items that stand for a cluster, and the largest cluster
#: whose every pair is measured for its diameter.
DENSITY_NEIGHBOURS = 10
EXEMPLARS = 9
EXACT_DIAMETER = 2000
#: Exemplars come from this share of a cluster, nearest to its medoid first: no strays.
TYPICAL = 0.8
#: Mean neighbour distances are never taken as smaller: density stays finite among duplicates.
NEAREST = 1e-6

COLUMNS = {
    "cluster": "int32", "size": "int64", "share": "float64", "density": "float64",
    "diameter": "float64", "diameter_exact": "bool", "medoid": "int64", "exemplars": "object",
    "probability": "float64",
}  # fmt: skip


def by_size(labels: np.ndarray) -> np.ndarray:
    """Number clusters anew: 0 is the largest, equals go by their first row, −1 stays.

    Parameters
    ----------
    labels
        Shape `(n,)`, any integers; below 0 is noise.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` int32.
    """
    renamed = np.full(len(labels), -1, np.int32)
    rows = np.flatnonzero(labels >= 0)
    if len(rows):
        _, first, inverse, sizes = np.unique(
            labels[rows], return_index=True, return_inverse=True, return_counts=True
        )
        order = np.lexsort((first, -sizes))
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order))
        renamed[rows] = place[inverse]
    return renamed


def cluster_table(
    unit: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    neighbors: Neighbors | None,
    *,
    stage: str,
    progress: Progress,
) -> pd.DataFrame:
    """Describe every cluster in the original space of unit vectors.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32.
    labels
        Cluster of each row, 0 and up without gaps; −1 is noise.
    probabilities
        How surely each row belongs to its cluster `(n,)`.
    neighbors
        The neighbour graph, for `density`; NaN without.
    stage, progress
        Told about clusters described.

    Returns
    -------
    pandas.DataFrame
        One row a cluster, in order: `cluster`, `size`, `share` of all rows, `density` (1 / mean
        distance of its members to their 10 nearest neighbours anywhere), `diameter` (largest
        distance of two members; above 2,000 members twice the largest distance to the medoid,
        which is never less, and `diameter_exact` is False), `medoid` (row with the least sum of
        squared distances to the others), `exemplars` (list of up to 9 rows: the medoid, then, among
        the 80 % nearest to it, each the farthest from those before; small clusters are listed
        whole, nearest to the medoid first) and `probability` (mean).
    """
    n = len(labels)
    crowding = np.full(n, np.nan)
    if neighbors is not None and neighbors.distances.shape[1]:
        crowding = neighbors.distances[:, :DENSITY_NEIGHBOURS].mean(axis=1, dtype=np.float64)
    rows = []
    total = int(labels.max(initial=-1)) + 1
    for cluster, members in enumerate(_members(labels)):
        vectors = unit[members]
        medoid, from_medoid = _medoid(vectors)
        diameter, exact = _diameter(vectors, from_medoid)
        chosen = _exemplars(vectors, medoid, from_medoid)
        rows.append(
            (
                cluster, len(members), len(members) / n,
                1.0 / max(float(crowding[members].mean()), NEAREST), diameter, exact,
                int(members[medoid]), [int(members[i]) for i in chosen],
                float(probabilities[members].mean()),
            )
        )  # fmt: skip
        if cluster % 256 == 0 or cluster + 1 == total:
            progress.report(stage, cluster + 1, total, "describing clusters")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _members(labels: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of cluster 0, 1, …, each ascending."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    if len(order):
        yield from np.split(order, edges)


def _medoid(vectors: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the member nearest to the mean, and every member's distance to it.

    Σ‖x − y‖² over members y is n‖x − mean‖² plus a constant, so nearest to the mean is least sum
    of squared distances.
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    to_mean = np.empty(len(vectors))
    for part in blocks(*vectors.shape):
        to_mean[part] = np.square(vectors[part] - mean).sum(axis=1)
    medoid = int(np.argmin(np.round(to_mean, 9)))  # rounding: equals go by row
    return medoid, _to(vectors, medoid)


def _to(vectors: np.ndarray, member: int) -> np.ndarray:
    """Return the distance of every member to one of them."""
    distances = np.empty(len(vectors))
    for part in blocks(*vectors.shape):
        difference = vectors[part].astype(np.float64) - vectors[member]
        distances[part] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


def _diameter(vectors: np.ndarray, from_medoid: np.ndarray) -> tuple[float, bool]:
    """Return the largest distance of two members, or a bound on it, and whether it is exact."""
    size = len(vectors)
    if size <= 2:
        return float(from_medoid.max()), True
    if size > EXACT_DIAMETER:
        return min(2.0, 2.0 * float(from_medoid.max())), False
    cosines = vectors @ vectors.T
    first, second = np.unravel_index(int(cosines.argmin()), cosines.shape)
    difference = vectors[first].astype(np.float64) - vectors[second]
    return float(np.linalg.norm(difference)), True


def _exemplars(vectors: np.ndarray, medoid: int, from_medoid: np.ndarray) -> list[int]:
    """Return the members that stand for a cluster: the medoid, then far from one another."""
    order = np.argsort(np.round(from_medoid, 9), kind="stable")
    order = np.concatenate([[medoid], order[order != medoid]])
    if len(order) <= EXEMPLARS:
        return [int(i) for i in order]
    typical = order[: max(EXEMPLARS, int(TYPICAL * len(order)))]
    chosen = [0]
    nearest = from_medoid[typical]
    while len(chosen) < EXEMPLARS:
        farthest = int(nearest.argmax())
        if nearest[farthest] == 0:  # only duplicates are left
            chosen += [i for i in range(len(typical)) if i not in chosen][: EXEMPLARS - len(chosen)]
            break
        chosen.append(farthest)
        nearest = np.minimum(nearest, _to(vectors[typical], farthest))
    return [int(typical[i]) for i in chosen]
