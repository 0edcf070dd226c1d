"""Do groups differ in their means? Permutational analysis of variance in vector space.

Distances are Euclidean, so sums of squares come from group sums and no matrix of all pairs is ever
made: Σ‖x‖² − Σ_g ‖Σ_g x‖² / n_g. The headline is the ratio of Brown and Forsythe, which holds its
level where spreads differ; the classic F of Anderson is beside it.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.morphology.groupsums import observed_sums, permuted_sums
from core.morphology.permute import Arrangements, arrangements
from core.morphology.result import (
    TestResult,
    least_p,
    p_error,
    p_value,
    undefined,
    why_undefined,
)
from core.progress import Progress

#: Ratios of sizes and of spreads from which the test of means is only approximate.
UNEVEN, UNLIKE = 5.0, 1.5

F1_NAME, F2_NAME = "PERMANOVA", "PERMANOVA, unequal spread"


@dataclass(frozen=True, slots=True)
class Permanova:
    """Both tests of one table of groups.

    Attributes
    ----------
    headline
        Brown and Forsythe's ratio (of two groups: Welch's), effect ω².
    classic
        Anderson's pseudo-F, effect R².
    ss_between, ss_within
        Sums of squares.
    sizes, spreads
        Units of each group, and the square root of its total variance.
    """

    headline: TestResult
    classic: TestResult
    ss_between: float
    ss_within: float
    sizes: np.ndarray
    spreads: np.ndarray


def permanova(
    points: np.ndarray,
    groups: np.ndarray,
    *,
    blocks: np.ndarray | None = None,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> Permanova:
    """Test whether groups of points differ in their means.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit (means of units, where units have several images).
    groups
        Codes `(n,)` from 0, none missing.
    blocks
        Block of each unit; groups are exchanged within blocks only.
    permutations
        Arrangements drawn where there are more than 10,000; all of them else.

    Returns
    -------
    Permanova
        With `status` "undefined" and no p where there is nothing to compare.

    Raises
    ------
    InputError
        Lengths differ, or a point is not finite.

    Notes
    -----
    Anderson (2001), doi:10.1111/j.1442-9993.2001.01070.pp.x; Brown and Forsythe (1974),
    doi:10.2307/2529238, and Hamidi et al. (2019), doi:10.1186/s40168-019-0659-9, for unequal
    spread; ω² as in Kelley (1935).
    """
    points, groups = checked(points, groups)
    progress = progress or Progress()
    sizes = np.bincount(groups)
    why = why_undefined(points, groups)
    if why:
        empty = np.full(len(sizes), np.nan)
        none = undefined(F1_NAME, len(points), why)
        return Permanova(undefined(F2_NAME, len(points), why), none, np.nan, np.nan, sizes, empty)
    moved = small(points)
    ways = arrangements(groups, blocks, permutations, seed)
    n, m = len(points), len(sizes)
    between, weighted, variances = observed_sums(moved, groups)
    total = float(np.einsum("ij,ij->", moved, moved))
    others = permuted_sums(moved, groups, ways.orders, (between, weighted), progress)
    f1 = float(_f1(np.float64(between), total, n, m))
    f1s = _f1(others.between, total, n, m)
    f2, f2s = float(between / weighted), others.between / others.weighted
    omega = (m - 1) * (f1 - 1) / ((m - 1) * (f1 - 1) + n)
    spreads = np.sqrt(variances)
    care = (*least_p(ways.p_min), *_unlike(sizes, spreads), *_one_group(groups, blocks))
    return Permanova(
        _result(F2_NAME, omega, "ω²", 0.0, f2, "F₂", f2s, ways, n, care),
        _result(
            F1_NAME, float(between / total), "R²", (m - 1) / (n - 1), f1, "F", f1s, ways, n, care
        ),
        float(between),
        float(total - between),
        sizes,
        spreads,
    )


def pairwise(
    points: np.ndarray,
    groups: np.ndarray,
    *,
    blocks: np.ndarray | None = None,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[tuple[int, int, Permanova]]:
    """Test every two groups, as `permanova` does; (first, second, result) each.

    p-values are those of each pair; adjust them over the table that is shown.
    """
    points, groups = checked(points, groups)
    found = []
    codes = np.unique(groups)
    for at, one in enumerate(codes.tolist()):
        for two in codes[at + 1 :].tolist():
            rows = np.flatnonzero((groups == one) | (groups == two))
            result = permanova(
                points[rows],
                (groups[rows] == two).astype(np.int64),
                blocks=None if blocks is None else np.asarray(blocks)[rows],
                permutations=permutations,
                seed=seed,
                progress=progress,
            )
            found.append((one, two, result))
    return found


def checked(points: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points in float64 and groups in int64; `InputError` if they cannot be compared."""
    points, groups = np.asarray(points, np.float64), np.asarray(groups, np.int64)
    if points.ndim != 2 or groups.shape != (len(points),):
        raise InputError(f"groups: {groups.shape} for points of shape {points.shape}")
    if len(groups) and groups.min() < 0:
        raise InputError("groups: a unit has none; leave it out")
    if not np.isfinite(points).all():
        raise InputError("points: NaN or infinite values; leave those units out")
    return points, groups


def small(points: np.ndarray) -> np.ndarray:
    """Return centred points, turned into as few dimensions as hold them; distances stay.

    n points span n − 1 dimensions at most, so of many dimensions most are empty after a rotation.
    """
    centred: np.ndarray = points - points.mean(axis=0)
    if centred.shape[1] <= len(centred):
        return centred
    values, vectors = np.linalg.eigh(centred @ centred.T)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _f1(between: np.ndarray | np.float64, total: float, n: int, m: int) -> np.ndarray:
    """Return the pseudo-F."""
    return np.asarray((between / (m - 1)) / ((total - between) / (n - m)))


def _result(
    name: str,
    effect: float,
    effect_name: str,
    null: float,
    statistic: float,
    statistic_name: str,
    permuted: np.ndarray,
    ways: Arrangements,
    n: int,
    care: tuple[str, ...],
) -> TestResult:
    p = p_value(float(statistic), permuted)
    count = len(permuted)
    return TestResult(
        name, float(effect), effect_name, null, float(statistic), statistic_name, p, ways.p_min,
        0.0 if ways.complete else p_error(p, count), count, n, "ok", care,
    )  # fmt: skip


def _unlike(sizes: np.ndarray, spreads: np.ndarray) -> tuple[str, ...]:
    """Return the warning that groups are too uneven for an exact test of means."""
    there = sizes > 0
    ratio = sizes[there].max() / sizes[there].min()
    least = spreads[there].min()
    wide = spreads[there].max() / least if least > 0 else np.inf
    if ratio > UNEVEN and wide > UNLIKE:
        return (
            f"the largest group has {ratio:.0f} times the units of the smallest and spreads differ "
            f"{wide:.1f} times: p is approximate",
        )
    return ()


def _one_group(groups: np.ndarray, blocks: np.ndarray | None) -> tuple[str, ...]:
    """Return the warning that blocks hold one group only, so that nothing is exchanged in them."""
    if blocks is None:
        return ()
    kinds = [len(np.unique(groups[blocks == block])) for block in np.unique(blocks)]
    alone = sum(count == 1 for count in kinds)
    if not alone:
        return ()
    return (
        f"{alone} of {len(kinds)} blocks hold one group only and say nothing about a difference",
    )
