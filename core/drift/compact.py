"""Features by place made compact: principal components of both sides, in half precision."""

from dataclasses import dataclass

import numpy as np

#: Components that are kept, and patches from which they are found.
COMPONENTS, FITTED = 64, 20_000


@dataclass(frozen=True, slots=True)
class Axes:
    """What makes patches compact.

    Attributes
    ----------
    middle
        `(c,)`: the mean patch.
    axes
        `(k, c)`: orthonormal components, the largest first.
    scale
        Root mean square distance of a patch from the mean: distances are told as parts of it.
    kept
        Share of the patches' variance that the components hold.
    """

    middle: np.ndarray
    axes: np.ndarray
    scale: float
    kept: float

    def compact(self, patches: np.ndarray) -> np.ndarray:
        """Return patches `(..., c)` as components `(..., k)` float16, of scale 1."""
        flat = np.asarray(patches, np.float32) - self.middle
        return np.asarray((flat @ self.axes.T) / self.scale, np.float16)


def axes_of(patches: np.ndarray, most: int = COMPONENTS, seed: int = 0) -> Axes:
    """Return the components of patches.

    Parameters
    ----------
    patches
        Shape `(n, c)`, of both sides; more than 20,000 are drawn by the seed.
    most
        Components at most.

    Returns
    -------
    Axes
        Of scale 1 and with one empty component where all patches are the same.
    """
    rows = np.asarray(patches, np.float64)
    if len(rows) > FITTED:
        chosen = np.random.default_rng(seed).choice(len(rows), FITTED, replace=False)
        rows = rows[np.sort(chosen)]
    middle = rows.mean(axis=0)
    centred = rows - middle
    total = float(np.einsum("ij,ij->", centred, centred))
    if total <= 1e-20 * max(1.0, float(np.square(rows).sum())):
        return Axes(middle.astype(np.float32), np.zeros((1, rows.shape[1]), np.float32), 1.0, 1.0)
    if len(rows) < rows.shape[1]:
        values, left = np.linalg.eigh(centred @ centred.T)
        order = np.argsort(-values)[:most]
        order = order[values[order] > 1e-12 * values.max()]
        axes = (centred.T @ left[:, order] / np.sqrt(values[order])).T
    else:
        values, right = np.linalg.eigh(centred.T @ centred)
        order = np.argsort(-values)[:most]
        axes = right[:, order[values[order] > 1e-12 * values.max()]].T
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    axes = axes * np.where(largest < 0, -1.0, 1.0)[:, None]
    kept = float(values[order].sum() / total)
    scale = float(np.sqrt(total / len(rows)))
    return Axes(middle.astype(np.float32), axes.astype(np.float32), scale, min(1.0, kept))
