"""What makes up the difference: its share by image and by cluster, and each image's counterpart."""

from dataclasses import dataclass

import numpy as np

from core.drift.kernel import bandwidth, square_distances
from core.errors import InputError
from core.progress import Progress

STAGE = "where they differ"
#: Images of each side that all others are held against; more are drawn by the seed.
HELD = 3000
#: Values of a table of distances at a time.
VALUES = 2**23


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where two sets differ, image by image.

    Attributes
    ----------
    value
        Witness of each image `(n,)`: mean kernel to the first set less that to the second; above 0
        an image looks like the first.
    share
        What each image adds to the difference `(n,)`; they sum to `total`.
    total
        The biased MMD².
    scale
        The kernel's squared width: the median squared distance of the pool.
    held
        Images of the first and the second side that stood for all.
    """

    value: np.ndarray
    share: np.ndarray
    total: float
    scale: float
    held: tuple[int, int]

    def of_groups(self, groups: np.ndarray, count: int) -> np.ndarray:
        """Return what each group of images adds `(count,)`; codes `(n,)` from 0."""
        return np.bincount(groups, self.share, count)


def attribute(
    points: np.ndarray,
    second: np.ndarray,
    *,
    held: int = HELD,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Return what each image adds to the difference of two sets.

    Parameters
    ----------
    points
        Shape `(n, d)`: the images of both.
    second
        Shape `(n,)` bool.
    held
        Up to so many images of each side stand for it; with more, drawn by the seed, the witness
        is an estimate, and `total` is that of the estimate.

    Notes
    -----
    MMD² (biased) = mean over the first set of the witness − mean over the second, exactly (Gretton
    et al. 2012, JMLR 13, 723), so images and clusters of them share it out without rest.
    """
    points, second = np.asarray(points), np.asarray(second, bool)
    if second.shape != (len(points),):
        raise InputError(f"second: {second.shape} for {len(points)} images")
    sides = np.flatnonzero(~second), np.flatnonzero(second)
    if not all(len(side) for side in sides):
        raise InputError("drift: one of the sets is empty")
    rng = np.random.default_rng(seed)
    stand = [
        side if len(side) <= held else np.sort(rng.choice(side, held, replace=False))
        for side in sides
    ]
    chosen = points[np.concatenate(stand)].astype(np.float64)
    scale = bandwidth(square_distances(chosen)) or 1.0
    weight = np.repeat([1 / len(stand[0]), -1 / len(stand[1])], [len(one) for one in stand])
    value = np.empty(len(points))
    step = max(1, VALUES // max(1, len(chosen)))
    progress = progress or Progress()
    for start in range(0, len(points), step):
        progress.report(STAGE, start, len(points))
        part = slice(start, start + step)
        square = _squares(np.asarray(points[part], np.float64), chosen)
        square /= -scale
        value[part] = np.exp(square, out=square) @ weight
    share = np.where(second, -value / len(sides[1]), value / len(sides[0]))
    counts = len(stand[0]), len(stand[1])
    return Attribution(value, share, float(share.sum()), scale, counts)


def counterparts(
    first: np.ndarray, second: np.ndarray, *, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest row of `second` to each row of `first`, and its distance.

    Returns
    -------
    nearest : numpy.ndarray
        `(n,)` int64; the first of several that are as near.
    distance : numpy.ndarray
        `(n,)` float64, Euclidean, measured from the difference itself.
    """
    if not len(second):
        raise InputError("drift: one of the sets is empty")
    one, two = np.asarray(first, np.float32), np.asarray(second, np.float32)
    nearest = np.empty(len(one), np.int64)
    step = max(1, VALUES // len(two))
    square = np.einsum("ij,ij->i", two, two)
    progress = progress or Progress()
    for start in range(0, len(one), step):
        progress.report(STAGE, start, len(one))
        part = slice(start, start + step)
        nearest[part] = (square - 2 * one[part] @ two.T).argmin(axis=1)
    gap = np.asarray(first, np.float64) - np.asarray(second, np.float64)[nearest]
    return nearest, np.sqrt(np.einsum("ij,ij->i", gap, gap))


def _squares(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return squared distances `(n, m)`, none below 0."""
    square = (
        np.einsum("ij,ij->i", rows, rows)[:, None]
        + np.einsum("ij,ij->i", others, others)[None, :]
        - 2 * rows @ others.T
    )
    return np.maximum(square, 0, out=square)
