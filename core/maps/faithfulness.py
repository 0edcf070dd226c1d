"""How far a map may be believed: whole-map scores on a sample, and scores of every point.

Positions on a map are read as likeness, so each score asks how much of it survived. Distances in
the original space are chordal, between unit vectors; on the map they are Euclidean.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import InputError
from core.maps.distortion import TIE, point_distortion
from core.maps.projection import FEWEST
from core.model import Neighbors
from core.progress import Progress
from core.space import pair_distances, unit_rows

STAGE = "faithfulness"

#: Neighbours compared, and items on which the whole-map scores are measured.
NEIGHBOURS = 15
SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """The measured faithfulness of a map.

    Attributes
    ----------
    scores
        trustworthiness, continuity, knn_recall, knn_recall_chance and shepard; empty when the map
        has fewer than five items or they are all the same.
    n_scored
        Items the scores were measured on.
    per_point
        For every item `(n,)` float32, the share in [0, 1] of its 15 nearest on the map that are
        among its 15 true nearest neighbours; 0 where the map is degenerate.
    torn, squeezed
        For every item `(n,)` float32 in [0, 1], 0 the best: how far the map took its true
        neighbours away from it, and how far from true the neighbours are that it gave it. Their
        means are 1 − continuity and 1 − trustworthiness (exactly, where all items were scored
        and none tie). NaN where the map is degenerate. See `core.maps.distortion`.
    """

    scores: dict[str, float]
    n_scored: int
    per_point: np.ndarray
    torn: np.ndarray
    squeezed: np.ndarray


def measure_faithfulness(
    vectors: np.ndarray,
    coordinates: np.ndarray,
    neighbors: Neighbors,
    *,
    seed: int = 0,
    k: int = NEIGHBOURS,
    progress: Progress | None = None,
) -> Faithfulness:
    """Measure how well a map keeps who is near whom.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    coordinates
        The map `(n, 2 or 3)`, same rows.
    neighbors
        The neighbour graph of the same rows.
    seed
        Chooses the sample of 2,000 rows when there are more.
    k
        Neighbours compared; lowered in small sets.
    progress
        Told about stage "faithfulness".

    Returns
    -------
    Faithfulness
        Scores on the sample, and those of every row.

    Raises
    ------
    InputError
        The three do not have the same number of rows, or a vector cannot be used.
    """
    progress = progress or Progress()
    n = len(vectors)
    if not n == len(coordinates) == len(neighbors.indices):
        raise InputError(
            f"faithfulness: {n} vectors, {len(coordinates)} points and neighbours of "
            f"{len(neighbors.indices)} items do not belong together"
        )
    progress.report(STAGE, 0, n)
    unknown = np.full(n, np.nan, np.float32)
    nothing = Faithfulness({}, 0, np.zeros(n, np.float32), unknown, unknown)
    if n < FEWEST:
        return nothing
    rows = np.arange(n)
    if n > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    unit = unit_rows(vectors)
    scores = score_map(
        unit[rows].astype(np.float64), np.asarray(coordinates[rows], dtype=np.float64), k
    )
    if not scores:
        return nothing
    per_point = point_faithfulness(unit, coordinates, neighbors, k)
    torn, squeezed = point_distortion(unit, coordinates, neighbors, rows, k, progress)
    progress.report(STAGE, n, n)
    return Faithfulness(scores, len(rows), per_point, torn, squeezed)


def score_map(original: np.ndarray, mapped: np.ndarray, k: int = NEIGHBOURS) -> dict[str, float]:
    """Return the whole-map scores of n points, computed over all pairs.

    Parameters
    ----------
    original, mapped
        Points `(n, d)` and `(n, m)` float64, same rows; 5 ≤ n, and n² distances fit in memory.
    k
        Neighbours compared, lowered below n / 2.

    Returns
    -------
    dict
        trustworthiness (are map neighbours true ones?), continuity (are true neighbours kept
        together? trustworthiness with the two spaces exchanged), knn_recall (share of true
        neighbours kept), knn_recall_chance (what random placing keeps, k / (n − 1)) and shepard
        (Spearman correlation of all pairwise distances). Empty if all original points coincide.

    Notes
    -----
    Venna and Kaski (2001), doi:10.1007/3-540-44668-0_68. With r(i, j) the rank of j among the
    neighbours of i in the original space,
    T = 1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_{j among the k nearest of i on the map} max(0, r(i,j)−k).
    Ties are ranked by row.
    """
    n = len(original)
    k = max(1, min(k, (n - 1) // 2))
    true, shown = _distances(original), _distances(mapped)
    if true.max() < TIE:
        return {}
    true_ranks, shown_ranks = _ranks(true), _ranks(shown)
    near, near_shown = true_ranks <= k, shown_ranks <= k
    pairs = np.triu_indices(n, 1)
    return {
        "trustworthiness": _kept(true_ranks, near_shown, k),
        "continuity": _kept(shown_ranks, near, k),
        "knn_recall": float((near & near_shown).sum() - n) / (n * k),
        "knn_recall_chance": k / (n - 1),
        "shepard": _spearman(true[pairs], shown[pairs]),
    }


def point_faithfulness(
    unit: np.ndarray, coordinates: np.ndarray, neighbors: Neighbors, k: int = NEIGHBOURS
) -> np.ndarray:
    """Return, for every point, the share of its k map neighbours that are true neighbours.

    Parameters
    ----------
    unit
        Unit rows `(n, d)`.
    coordinates
        The map `(n, m)`.
    neighbors
        The neighbour graph of the same rows. An item as near as the k-th neighbour counts as one
        too, so that a pile of duplicates is not held against the map.
    k
        Neighbours compared, at most those there are.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` float32 in [0, 1].
    """
    from scipy.spatial import cKDTree

    n, known = neighbors.indices.shape
    k = min(k, known)
    if k == 0:
        return np.zeros(n, np.float32)
    points = np.asarray(coordinates, dtype=np.float64)
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    # Part points that coincide: a tree of equal points is slow, and its order is arbitrary.
    points = points + np.random.default_rng(0).uniform(-1e-7, 1e-7, points.shape) * extent
    shown = cKDTree(points).query(points, k + 1, workers=-1)[1][:, 1:]
    hits = np.zeros((n, k), bool)
    for column in range(k):
        hits |= shown == neighbors.indices[:, column, None]
    reach = neighbors.distances[:, k - 1].astype(np.float64) + TIE
    tied = np.flatnonzero(neighbors.distances[:, min(k, known - 1)] <= reach)
    if k < known and len(tied):
        hits[tied] |= pair_distances(unit, tied, shown[tied]) <= reach[tied, None]
    return hits.mean(axis=1, dtype=np.float32)


def _distances(points: np.ndarray) -> np.ndarray:
    """Return all pairwise Euclidean distances `(n, n)` in float64."""
    centred = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    squared = squares[:, None] + squares[None, :] - 2 * centred @ centred.T
    np.fill_diagonal(squared, 0.0)
    distances: np.ndarray = np.sqrt(np.maximum(squared, 0.0))
    return distances


def _ranks(distances: np.ndarray) -> np.ndarray:
    """Return the rank `(n, n)` of each point among the neighbours of each other: itself 0."""
    n = len(distances)
    keyed = distances.copy()
    np.fill_diagonal(keyed, -1.0)  # a point is its own nearest, even among duplicates
    order = np.argsort(keyed, axis=1, kind="stable")
    ranks = np.empty((n, n), np.int32)
    np.put_along_axis(ranks, order, np.arange(n, dtype=np.int32)[None, :], axis=1)
    return ranks


def _kept(ranks: np.ndarray, chosen: np.ndarray, k: int) -> float:
    """Return trustworthiness: 1 less the scaled excess rank of the chosen neighbours."""
    n = len(ranks)
    excess = np.maximum(ranks - k, 0)[chosen].sum(dtype=np.float64)
    return float(1.0 - 2.0 * excess / (n * k * (2 * n - 3 * k - 1)))


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation, 0 where one side is constant."""
    ranked = [pd.Series(values).rank().to_numpy() for values in (first, second)]
    if min(values.std() for values in ranked) == 0:
        return 0.0
    return float(np.corrcoef(ranked[0], ranked[1])[0, 1])
