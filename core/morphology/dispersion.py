"""Do groups differ in spread? Distances of units to the middle of their group, compared.

Shown beside every test of means, which a difference in spread can imitate.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.morphology.permanova import checked
from core.morphology.result import TestResult, p_error, p_value, undefined, why_undefined

NAME = "PERMDISP"
#: Steps towards the spatial median, and the share of the spread at which they end.
STEPS, NEAR = 200, 1e-9
#: Arrangements dealt at a time.
BLOCK = 256

Middle = Literal["median", "centroid"]


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Spread of groups.

    Attributes
    ----------
    test
        Analysis of variance of the distances, by permuting residuals; effect η².
    distance
        Shape `(n,)`: of each unit to the middle of its group.
    mean
        Mean distance of each group.
    """

    test: TestResult
    distance: np.ndarray
    mean: np.ndarray


def dispersion(
    points: np.ndarray,
    groups: np.ndarray,
    *,
    middle: Middle = "median",
    adjusted: bool = True,
    permutations: int = 999,
    seed: int = 0,
) -> Dispersion:
    """Test whether groups differ in how far their units lie from their middle.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    groups
        Codes `(n,)` from 0.
    middle
        The spatial median, which few far units do not move, or the mean.
    adjusted
        Whether distances are made larger by √(n / (n − 1)) of their group. The middle of few units
        lies nearer to them than that of all would: without it, of three groups of 50, 20 and 8
        units with one spread in 64 dimensions 26 % are found to differ.

    Notes
    -----
    Anderson (2006), doi:10.1111/j.1541-0420.2005.00440.x; statistics as vegan's betadisper with
    `bias.adjust` (Stier et al. 2013, Ecology 94: 1057-1068), residuals permuted as its permutest
    does.
    """
    points, groups = checked(points, groups)
    m = int(groups.max(initial=0)) + 1
    distance = np.zeros(len(points))
    for code in range(m):
        rows = np.flatnonzero(groups == code)
        if len(rows):
            own = points[rows]
            at = spatial_median(own) if middle == "median" else own.mean(axis=0)
            distance[rows] = np.linalg.norm(own - at, axis=1)
            if adjusted and len(rows) > 1:
                distance[rows] *= np.sqrt(len(rows) / (len(rows) - 1))
    sizes = np.bincount(groups, minlength=m)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(groups, distance, m) / sizes
    why = why_undefined(points, groups)
    residual = distance - mean[groups]
    if not why and float(residual @ residual) < 1e-12 * max(1.0, float(distance @ distance)):
        why = "within each group all units lie equally far from its middle"
    if why:
        return Dispersion(undefined(NAME, len(points), why), distance, mean)
    f, share = _f(distance[None, :], groups, sizes)
    rng = np.random.default_rng(seed)
    others = np.empty(permutations)
    for start in range(0, permutations, BLOCK):
        count = min(BLOCK, permutations - start)
        dealt = rng.permuted(np.broadcast_to(residual, (count, len(points))), axis=1)
        others[start : start + count] = _f(dealt, groups, sizes)[0]
    p = p_value(float(f[0]), others)
    test = TestResult(
        NAME, float(share[0]), "η²", (m - 1) / (len(points) - 1), float(f[0]), "F", p,
        1 / (permutations + 1), p_error(p, permutations), permutations, len(points), "ok",
    )  # fmt: skip
    return Dispersion(test, distance, mean)


def _f(values: np.ndarray, groups: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return F and η² of rows of values `(b, n)`."""
    m, n = len(sizes), len(groups)
    hot = (groups[:, None] == np.arange(m)).astype(np.float64)
    sums = values @ hot
    grand = values.sum(axis=1) ** 2 / n
    between = (sums**2 / np.maximum(sizes, 1)).sum(axis=1) - grand
    total = np.einsum("ij,ij->i", values, values) - grand
    within = np.maximum(total - between, 1e-300)
    return (between / (m - 1)) / (within / (n - m)), between / np.maximum(total, 1e-300)


def spatial_median(points: np.ndarray) -> np.ndarray:
    """Return the point `(d,)` with the least sum of distances to points `(n, d)`.

    Weiszfeld's steps as Vardi and Zhang (2000), doi:10.1073/pnas.97.4.1423, mend them where a step
    meets a point.
    """
    at: np.ndarray = points.mean(axis=0)
    scale = float(np.linalg.norm(points - at, axis=1).max(initial=0.0))
    if scale == 0:
        return at
    for _ in range(STEPS):
        away = np.linalg.norm(points - at, axis=1)
        here = away < 1e-12 * scale
        weight = np.where(here, 0.0, 1 / np.maximum(away, 1e-300))
        wanted = weight @ points / weight.sum()
        if here.any():
            pull = weight @ (points - at)
            length = float(np.linalg.norm(pull))
            stay = min(1.0, int(here.sum()) / length) if length > 0 else 1.0
            wanted = (1 - stay) * wanted + stay * at
        moved = float(np.linalg.norm(wanted - at))
        at = wanted
        if moved < NEAR * scale:
            break
    return at
