"""The components of the preset: every dimension scaled to variance 1, kept to 95 % of the whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.morphology.ordination import EMPTY, oriented

#: Share of the variance that components must hold.
SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Standardised:
    """Components of vectors whose every dimension was scaled to variance 1.

    Attributes
    ----------
    scores
        Shape `(n, k)`.
    explained
        Share `(k,)` of the variance along each; they sum to 95 % or more.
    mean, scale
        What was taken off each dimension, and what it was divided by, `(d,)`; 0 where it is empty.
    axes
        Shape `(k, d)`.
    """

    scores: np.ndarray
    explained: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray

    def place(self, points: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return scores `(m, k)` of other points, on the first components only if asked for."""
        placed: np.ndarray = scaled(points, self.mean, self.scale) @ self.axes[:first].T
        return placed

    def to_json(self) -> dict[str, Any]:
        """Return what is told of the components."""
        return {
            "components": len(self.explained),
            "explained": float(self.explained.sum()),
            "dimensions": len(self.scale),
        }


def scaled(points: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return points less a mean, each dimension divided by its scale (dropped where that is 0)."""
    away = np.asarray(points, np.float64) - mean
    return np.asarray(np.where(scale > 0, away / np.where(scale > 0, scale, 1), 0.0))


def standardise(points: np.ndarray) -> Standardised:
    """Return the components that hold 95 % of the variance of standardised dimensions.

    Raises
    ------
    InputError
        All points are one.
    """
    mean = points.mean(axis=0)
    scale = points.std(axis=0)
    scale[scale < 1e-9 * max(float(scale.max()), 1e-300)] = 0.0
    if not (scale > 1e-12).any():
        raise InputError("preset: all images lie in one place")
    table = scaled(points, mean, scale)
    wide = table.shape[1] > len(table)
    values, vectors = np.linalg.eigh(table @ table.T if wide else table.T @ table)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    share = values / values.sum()
    k = int(np.searchsorted(np.cumsum(share), SHARE - 1e-12)) + 1
    k = max(1, min(k, int((values > EMPTY * values[0]).sum())))
    axes = (table.T @ vectors[:, :k] / np.sqrt(values[:k])).T if wide else vectors[:, :k].T
    axes = oriented(axes)
    return Standardised(table @ axes.T, share[:k], mean, scale, axes)
