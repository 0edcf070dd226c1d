"""How unusual each unit is: four distances, and whether a group holds more unusual ones."""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.morphology.permanova import checked
from core.progress import Progress
from core.space import blocks

STAGE = "distinctiveness"


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distances of every unit, each `(n,)` float64.

    Attributes
    ----------
    distinctiveness
        Mean distance to all other units.
    uniqueness
        Distance to the nearest other unit.
    originality
        Distance to the mean of all.
    specialisation
        Distance to the mean of its group.
    """

    distinctiveness: np.ndarray
    uniqueness: np.ndarray
    originality: np.ndarray
    specialisation: np.ndarray


def distinct(
    points: np.ndarray, groups: np.ndarray, *, progress: Progress | None = None
) -> Distinct:
    """Return how unusual each unit is.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    groups
        Codes `(n,)` from 0.

    Raises
    ------
    InputError
        There are fewer than two units.

    Notes
    -----
    Distinctiveness, uniqueness, originality and specialisation as in functional ecology: Violle et
    al. (2017), doi:10.1016/j.tree.2017.02.002; Mouillot et al. (2013),
    doi:10.1016/j.tree.2012.10.004. All pairs are measured, in blocks.
    """
    points, groups = checked(points, groups)
    n = len(points)
    if n < 2:
        raise InputError("distinctiveness needs two units or more")
    progress = progress or Progress()
    middle = points.mean(axis=0)
    centred = points - middle
    square = np.einsum("ij,ij->i", centred, centred)
    total, nearest = np.zeros(n), np.full(n, np.inf)
    for part in blocks(n, n):
        progress.report(STAGE, part.start, n)
        apart = square[part, None] + square[None, :] - 2 * centred[part] @ centred.T
        rows = np.arange(part.start, part.stop)
        apart[np.arange(len(rows)), rows] = 0.0
        far = np.sqrt(np.maximum(apart, 0))
        total[part] = far.sum(axis=1)
        far[np.arange(len(rows)), rows] = np.inf
        at = far.argmin(axis=1)
        nearest[part] = np.linalg.norm(points[rows] - points[at], axis=1)  # products lose near ones
    m = int(groups.max()) + 1
    sizes = np.maximum(np.bincount(groups, minlength=m), 1)
    means = np.zeros((m, points.shape[1]))
    np.add.at(means, groups, points)
    own = np.linalg.norm(points - (means / sizes[:, None])[groups], axis=1)
    return Distinct(total / (n - 1), nearest, np.sqrt(square), own)


def mean_square_distance(points: np.ndarray) -> np.ndarray:
    """Return the mean squared distance of each row to the others `(n,)`, without their pairs.

    (n ‖x − x̄‖² + Σ ‖x_j − x̄‖²) / (n − 1).
    """
    centred = np.asarray(points, np.float64) - np.mean(points, axis=0, dtype=np.float64)
    square = np.einsum("ij,ij->i", centred, centred)
    found: np.ndarray = (len(points) * square + square.sum()) / (len(points) - 1)
    return found


def groups_differ(
    values: np.ndarray, groups: np.ndarray, *, permutations: int = 999, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each group's mean lies from that of the rest, and its two-sided p.

    Units are dealt to the groups anew; adjust the p-values over the groups.
    """
    values, groups = np.asarray(values, np.float64), np.asarray(groups, np.int64)
    m, n = int(groups.max()) + 1, len(groups)
    sizes = np.bincount(groups, minlength=m).astype(np.float64)
    rest = np.maximum(n - sizes, 1)
    hot = (groups[:, None] == np.arange(m)).astype(np.float64)

    def gaps(shown: np.ndarray) -> np.ndarray:
        sums = shown @ hot
        gap: np.ndarray = sums / np.maximum(sizes, 1) - (values.sum() - sums) / rest
        return gap

    observed = gaps(values)
    rng = np.random.default_rng(seed)
    larger = np.zeros(m)
    for _ in range(permutations):
        larger += np.abs(gaps(rng.permutation(values))) >= np.abs(observed) - 1e-10
    return observed, (1 + larger) / (permutations + 1)
