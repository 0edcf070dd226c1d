"""Squared distances from many points to the nearest of some others, in blocks."""

import numpy as np

from core.space import blocks, mean_row

#: Values of one block of distances (float64): 64 MB.
BLOCK = 8_000_000
#: Seeds compared at a time.
SEEDS = 4096


def squared_norms(points: np.ndarray) -> np.ndarray:
    """Return ‖x‖² of rows `(n, d)`, `(n,)` float64; of float32 unit rows it is 1 ± 1e-7."""
    found = np.empty(len(points))
    for part in blocks(*points.shape):
        rows = points[part].astype(np.float64)
        found[part] = np.einsum("ij,ij->i", rows, rows)
    return found


def squared_distances(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return all squared distances `(n, m)` float64 between two small tables of rows."""
    left, right = points.astype(np.float64), seeds.astype(np.float64)
    found = left @ right.T
    found *= -2
    found += np.einsum("ij,ij->i", left, left)[:, None]
    found += np.einsum("ij,ij->i", right, right)
    return np.maximum(found, 0, out=found)


def central_row(points: np.ndarray) -> int:
    """Return the row nearest the mean of all: of least summed squared distance to the others."""
    return int(np.argmax(np.round(points @ mean_row(points), 9)))


def nearest_squared(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return each point's squared distance to its nearest seed.

    Parameters
    ----------
    points
        Rows `(n, d)` float32.
    seeds
        Rows `(m, d)` float32.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` float64; infinite where there are no seeds.
    """
    found = np.full(len(points), np.inf)
    step = max(1, BLOCK // max(min(len(seeds), SEEDS), points.shape[1], 1))
    for begin in range(0, len(seeds), SEEDS):
        some = seeds[begin : begin + SEEDS]
        for start in range(0, len(points), step):
            part = slice(start, start + step)
            distances = squared_distances(points[part], some).min(axis=1)
            np.minimum(found[part], distances, out=found[part])
    return found
