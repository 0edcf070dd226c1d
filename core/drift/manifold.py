"""How far one set lies inside the other: precision, recall, density and coverage.

Each is drawn beside what it would be for two samples of one set, which depends on their sizes: raw
values of sets of unequal size mislead.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.space import blocks

#: Neighbours that make the balls.
K = 5


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far the second set lies inside the first, and the first inside the second.

    Attributes
    ----------
    precision, recall, density, coverage
        Naeem et al. (2020); `density` may exceed 1.
    coverage_null
        Coverage of two samples of one set of these sizes, on average.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    coverage_null: float


def overlap(first: np.ndarray, second: np.ndarray, k: int = K) -> Overlap:
    """Return how two sets overlap.

    Parameters
    ----------
    first, second
        Rows `(n, d)` and `(m, d)`; the first is the reference.
    k
        A ball around an image reaches to its k-th nearest of the same set.

    Raises
    ------
    InputError
        A set has no more than k images.

    Notes
    -----
    Kynkäänniemi et al. (2019), arXiv:1904.06991; Naeem et al. (2020), arXiv:2002.09797.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n, m = len(first), len(second)
    if min(n, m) <= k:
        raise InputError(f"overlap: each set needs more than {k} images")
    middle = first.mean(axis=0)  # products keep most digits near 0
    first, second = first - middle, second - middle
    # an image on the edge of a ball is outside it, however its distance was rounded
    own, other = (_radius(rows, k) * (1 - 1e-9) for rows in (first, second))
    inside_second = np.zeros(m, bool)
    inside_first, count = np.zeros(n, bool), 0
    covered = np.zeros(n, bool)
    for part in blocks(n, m):
        apart = _distances(first[part], second)
        ball = apart < own[part, None]
        inside_second |= ball.any(axis=0)
        count += int(ball.sum())
        covered[part] = ball.any(axis=1)
        inside_first[part] = (apart < other[None, :]).any(axis=1)
    return Overlap(
        float(inside_second.mean()), float(inside_first.mean()), count / (k * m),
        float(covered.mean()), coverage_null(n, m, k),
    )  # fmt: skip


def coverage_null(n: int, m: int, k: int = K) -> float:
    """Return the mean coverage of n images by m others of the same distribution.

    1 − Π_{j < k} (n − 1 − j) / (n + m − 1 − j): none of the k nearest in the pool is of the second.
    """
    j = np.arange(k)
    return float(1 - np.prod((n - 1 - j) / (n + m - 1 - j)))


def _radius(points: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each row to its k-th nearest other."""
    found = np.empty(len(points))
    for part in blocks(len(points), len(points)):
        apart = _distances(points[part], points)
        rows = np.arange(part.start, part.stop)
        apart[np.arange(len(rows)), rows] = np.inf
        found[part] = np.partition(apart, k - 1, axis=1)[:, k - 1]
    return found


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the distances of rows `(n, m)`: by a product, ten times as quick as one by one."""
    one, two = (np.einsum("ij,ij->i", rows, rows) for rows in (first, second))
    square = one[:, None] + two[None, :] - 2 * first @ second.T
    largest = max(float(one.max(initial=0.0)), float(two.max(initial=0.0)), 1e-300)
    square[square < 1e-14 * largest] = 0  # equal rows, but for rounding
    return np.asarray(np.sqrt(square, out=square))
