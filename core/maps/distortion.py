"""Where a map tears and where it squeezes, for every point.

Each point gets its own share of what continuity and trustworthiness lack of 1, so the means over
all points are what those two scores lack. How the ranks are found is in `docs/methods/maps.md`.
"""

from collections.abc import Callable

import numpy as np

from core.model import Neighbors
from core.progress import Progress
from core.space import blocks, pair_distances

#: Distances between vectors that differ by less are ties: rounding of stored float32 distances.
TIE = 1e-6
#: The same on the map, as a share of its extent; points that coincide are parted by less.
MAP_TIE = 1e-6
APART = 1e-7

Measure = Callable[[np.ndarray], np.ndarray]


def point_distortion(
    unit: np.ndarray,
    coordinates: np.ndarray,
    neighbors: Neighbors,
    references: np.ndarray,
    k: int,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each point's true neighbours were torn away, and false ones squeezed in.

    Parameters
    ----------
    unit
        Unit rows `(n, d)`.
    coordinates
        The map `(n, m)`, same rows.
    neighbors
        The neighbour graph of the same rows, K neighbours each.
    references
        Rows among which ranks past the K-th are counted; all rows make every rank exact.
    k
        Neighbours compared; lowered to those there are and below n / 2.
    progress
        Told about finished rows as stage "faithfulness".

    Returns
    -------
    tuple of numpy.ndarray
        `torn` and `squeezed`, each `(n,)` float32 in [0, 1]; NaN where there are no neighbours.

    Notes
    -----
    With ρ(i, j) the rank of j among the neighbours of i on the map and r(i, j) among the true
    ones, torn_i = c Σ_{j among the k truly nearest} max(0, ρ(i, j) − k) and
    squeezed_i = c Σ_{j among the k nearest on the map} max(0, r(i, j) − k),
    c = 2 / (k (2n − 3k − 1)): 0 keeps all, random placing gives about .5, 1 is the worst there is.
    They are the summands of continuity and trustworthiness (Venna and Kaski 2001,
    doi:10.1007/3-540-44668-0_68), shown point by point as missing and false neighbours after
    Lespinats and Aupetit (2011), doi:10.1111/j.1467-8659.2010.01835.x. A rank counts what is
    nearer by more than rounding, so ties and duplicates are not held against the map.
    """
    n, known = neighbors.indices.shape
    k = min(k, known, (n - 1) // 2)
    if k < 1:
        return np.full(n, np.nan, np.float32), np.full(n, np.nan, np.float32)
    shown = _Shown(coordinates, references)
    true = _True(unit, references)
    scale = 2.0 / (k * (2 * n - 3 * k - 1))
    torn, squeezed = np.empty(n, np.float32), np.empty(n, np.float32)
    for part in blocks(n, max(known, len(references))):
        rows = np.arange(part.start, part.stop)
        if progress:
            progress.report("faithfulness", part.start, n)
        near, reached = shown.nearest(rows, known)
        count = _Ranks(rows, n, references)
        ranks = count(
            shown.between(rows, neighbors.indices[rows, :k]), reached, shown.to_references,
            shown.tie,
        )  # fmt: skip
        torn[part] = scale * np.maximum(ranks - k, 0).sum(axis=1)
        ranks = count(
            pair_distances(unit, rows, near[:, :k]), neighbors.distances[rows], true.to_references,
            TIE,
        )  # fmt: skip
        squeezed[part] = scale * np.maximum(ranks - k, 0).sum(axis=1)
    return np.clip(torn, 0, 1), np.clip(squeezed, 0, 1)


class _Shown:
    """Distances on the map."""

    def __init__(self, coordinates: np.ndarray, references: np.ndarray):
        from scipy.spatial import cKDTree

        points = np.asarray(coordinates, dtype=np.float64)
        extent = float(np.ptp(points, axis=0).max()) or 1.0
        self.tie = MAP_TIE * extent
        # A tree of points that coincide is slow, and its order is arbitrary: part them.
        jitter = np.random.default_rng(0).uniform(-APART, APART, points.shape)
        self._points = points + jitter * extent
        self._tree = cKDTree(self._points)
        self._references = self._points[references]

    def nearest(self, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest other points `(m, count)` of rows, and how far they are."""
        found = self._tree.query(self._points[rows], count + 1, workers=-1)
        return found[1][:, 1:], found[0][:, 1:]

    def between(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the distances from rows `(m,)` to others `(m, k)`."""
        apart = self._points[others] - self._points[rows][:, None, :]
        return np.asarray(np.sqrt(np.einsum("ijk,ijk->ij", apart, apart)))

    def to_references(self, rows: np.ndarray) -> np.ndarray:
        """Return the distances from rows to all references."""
        total = np.zeros((len(rows), len(self._references)))
        for axis in range(self._points.shape[1]):
            total += np.subtract.outer(self._points[rows, axis], self._references[:, axis]) ** 2
        return np.asarray(np.sqrt(total, out=total))


class _True:
    """Distances between unit vectors."""

    def __init__(self, unit: np.ndarray, references: np.ndarray):
        # Where all are references every rank is to be exact; estimates need no double precision.
        exact = len(references) == len(unit)
        self._unit = unit
        self._references = unit[references].astype(np.float64 if exact else np.float32)

    def to_references(self, rows: np.ndarray) -> np.ndarray:
        """Return the distances from rows to all references."""
        refs = self._references
        here = self._unit[rows].astype(refs.dtype)
        squares = [np.einsum("ij,ij->i", part, part) for part in (here, refs)]
        squared = squares[0][:, None] + squares[1][None, :] - 2 * (here @ refs.T)
        return np.asarray(np.sqrt(np.maximum(squared, 0, out=squared), out=squared))


class _Ranks:
    """Counts, for some rows, how many others are nearer than a distance."""

    def __init__(self, rows: np.ndarray, n: int, references: np.ndarray):
        self._rows, self._n = rows, n
        place = np.full(n, -1)
        place[references] = np.arange(len(references))
        self._own = place[rows]

    def __call__(
        self, asked: np.ndarray, nearest: np.ndarray, others: Measure, tie: float
    ) -> np.ndarray:
        """Return the ranks `(m, k)` of what is `asked` `(m, k)` away.

        `nearest` `(m, K)`, ascending, gives the ranks up to K; past them the share of references
        that is nearer is taken for the share of all.
        """
        known = nearest.shape[1]
        limits = asked - tie
        ranks = np.ones(asked.shape)
        for column in range(known):
            ranks += nearest[:, column, None] < limits
        far = asked > nearest[:, -1:] + tie
        some = np.flatnonzero(far.any(axis=1))
        if known >= self._n - 1 or not len(some):
            return ranks
        distances, own = others(self._rows[some]), self._own[some]
        itself = own >= 0
        distances[itself, own[itself]] = np.inf
        each = (self._n - 1) / (distances.shape[1] - itself)
        for column in range(asked.shape[1]):
            here = far[some, column]
            nearer = np.count_nonzero(distances < limits[some, column, None], axis=1)
            estimate = np.maximum(known + 1, 1 + nearer * each)
            ranks[some[here], column] = estimate[here]
        return ranks
