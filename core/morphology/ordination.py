"""Axes along which forms vary most: principal components, and coordinates from distances alone.

Of straight distances both are the same (Gower 1966), so points are never turned into distances.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError

#: Axes with less than this share of the first one's variance are rounding.
EMPTY = 1e-12


@dataclass(frozen=True, slots=True)
class Ordination:
    """Principal components of n points in d dimensions.

    Attributes
    ----------
    scores
        Coordinates `(n, k)` float64, in the units of the distances; columns beyond the rank are 0.
    explained
        Share `(k,)` of the whole variance along each axis.
    axes
        Directions `(k, d)`, orthonormal, the largest loading of each positive.
    mean
        The centre `(d,)`.
    """

    scores: np.ndarray
    explained: np.ndarray
    axes: np.ndarray
    mean: np.ndarray

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return coordinates `(m, k)` of other points `(m, d)` on the same axes."""
        placed: np.ndarray = (np.asarray(points, np.float64) - self.mean) @ self.axes.T
        return placed


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Principal coordinates of a table of distances.

    Attributes
    ----------
    scores
        Shape `(n, k)`; columns without a positive eigenvalue are 0.
    eigenvalues
        All of them `(n,)`, largest first.
    explained
        Share `(k,)` of the sum of positive eigenvalues.
    negative
        Sum of negative eigenvalues over the sum of all absolute ones: how far the distances are
        from those of any points.
    """

    scores: np.ndarray
    eigenvalues: np.ndarray
    explained: np.ndarray
    negative: float


def ordinate(points: np.ndarray, k: int = 5) -> Ordination:
    """Return the k directions of largest variance, exactly.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    k
        Axes wanted.

    Raises
    ------
    InputError
        Fewer than one axis, not a table, or a value is not finite.

    Notes
    -----
    Jolliffe and Cadima (2016), doi:10.1098/rsta.2015.0202. The smaller of the covariance and the
    Gram matrix is decomposed; nothing is drawn at random.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or not points.size:
        raise InputError(f"ordination: needs rows × dimensions, not shape {points.shape}")
    if k < 1:
        raise InputError(f"ordination: axes must be 1 or more, not {k}")
    if not np.isfinite(points).all():
        raise InputError("ordination: NaN or infinite values; leave those units out")
    mean = points.mean(axis=0)
    centred = points - mean
    total = float(np.einsum("ij,ij->", centred, centred))
    found = oriented(_directions(centred, k))
    axes = np.zeros((k, points.shape[1]))
    axes[: len(found)] = found
    scores = centred @ axes.T
    along = np.einsum("ij,ij->j", scores, scores)
    return Ordination(scores, along / total if total > 0 else along, axes, mean)


def _directions(centred: np.ndarray, k: int) -> np.ndarray:
    """Return up to k orthonormal directions `(·, d)` of centred rows, largest variance first."""
    n, d = centred.shape
    wide = d > n
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    values, vectors = values[::-1][:k], vectors[:, ::-1][:, :k]
    kept = (values > EMPTY * max(float(values[0]), 1e-300)) & (values > 0)
    vectors, values = vectors[:, kept], values[kept]
    return np.asarray((centred.T @ vectors / np.sqrt(values)).T if wide else vectors.T)


def oriented(axes: np.ndarray) -> np.ndarray:
    """Turn each axis `(k, d)` so that its largest loading is positive."""
    if not len(axes):
        return axes
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    turned: np.ndarray = axes * np.where(signs == 0, 1, signs)[:, None]
    return turned


def coordinates(distances: np.ndarray, k: int = 2) -> Coordinates:
    """Return points whose straight distances are nearest to those of a table.

    For distances that are not those of points, as between the means of groups once their noise is
    taken off.

    Parameters
    ----------
    distances
        Shape `(n, n)`, symmetric, zeros on the diagonal.
    k
        Axes wanted.

    Raises
    ------
    InputError
        The table is not square or has values that are not finite.

    Notes
    -----
    Gower (1966), doi:10.1093/biomet/53.3-4.325.
    """
    table = np.asarray(distances, np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        raise InputError("ordination: distances must be a square table of finite numbers")
    square = -0.5 * table**2
    rows = square.mean(axis=0)
    centred = square - rows - rows[:, None] + square.mean()
    values, vectors = np.linalg.eigh((centred + centred.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    size = float(np.abs(values).sum())
    scores, explained = np.zeros((len(table), k)), np.zeros(k)
    kept = min(k, int((values > EMPTY * max(float(values[0]), 1e-300)).sum()) if size > 0 else 0)
    turned = oriented(vectors[:, :kept].T).T
    scores[:, :kept] = turned * np.sqrt(values[:kept])
    if kept:
        explained[:kept] = values[:kept] / values[values > 0].sum()
    negative = float(abs(values[values < 0].sum()) / size) if size > 0 else 0.0
    return Coordinates(scores, values, explained, negative)
