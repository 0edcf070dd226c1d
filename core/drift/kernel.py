"""Maximum mean discrepancy and energy distance: do two sets of vectors differ in any way?

Both are sums over a table of all pairs, made once; every other split of the units is a product with
that table. What each image contributes adds up to the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.drift.result import DriftTest, permuted, undefined
from core.drift.units import Sides, complete, deals, least_p
from core.errors import InputError
from core.progress import Progress

STAGE = "two-sample test"
MMD, ENERGY, SCALES = "Maximum mean discrepancy", "Energy distance", (1 / 16, 1 / 4, 1.0, 4.0)
AGGREGATED = f"{MMD}, four scales"


@dataclass(frozen=True, slots=True)
class Witness:
    """Where two sets differ.

    Attributes
    ----------
    value
        Shape `(n,)`: mean kernel to the first set less that to the second; above 0 an image looks
        like the first, below 0 like the second.
    share
        Shape `(n,)`: what each image adds to the biased MMD²; they sum to `total`.
    total
        The biased MMD².
    """

    value: np.ndarray
    share: np.ndarray
    total: float


def square_distances(points: np.ndarray) -> np.ndarray:
    """Return all squared Euclidean distances `(n, n)` float64, those of equal rows exactly 0."""
    points = np.asarray(points, np.float64)
    points = points - points.mean(axis=0)
    square = np.einsum("ij,ij->i", points, points)
    apart = square[:, None] + square[None, :] - 2 * points @ points.T
    np.maximum(apart, 0, out=apart)
    apart[apart < 1e-14 * max(float(square.max(initial=0.0)), 1e-300)] = 0
    np.fill_diagonal(apart, 0)
    return apart


def bandwidth(square: np.ndarray) -> float:
    """Return the median squared distance of different rows, of the pool; 0 where all are equal."""
    n = len(square)
    upper = np.empty(n * (n - 1) // 2)
    at = 0
    for row in range(n - 1):
        upper[at : at + n - 1 - row] = square[row, row + 1 :]
        at += n - 1 - row
    return float(np.median(upper, overwrite_input=True)) if n > 1 else 0.0


def mmd_test(
    points: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> DriftTest:
    """Test two sets by their maximum mean discrepancy.

    Parameters
    ----------
    points
        Shape `(n, d)`: the images of both.
    sides
        Which is which; whole units are dealt anew.
    permutations
        Splits drawn where there are more than 10,000.

    Returns
    -------
    DriftTest
        Effect and statistic are the unbiased MMD² with kernel exp(−d² / median d²).

    Notes
    -----
    Gretton et al. (2012), JMLR 13, 723.
    """
    return _tested(points, sides, MMD, permutations, seed, progress, _kernel)


def aggregated_mmd_test(
    points: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> DriftTest:
    """Test two sets by the largest of four standardised discrepancies, of four bandwidths."""
    return _tested(
        points, sides, AGGREGATED, permutations, seed, progress, _kernel, SCALES
    )  # fmt: skip


def energy_test(
    points: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> DriftTest:
    """Test two sets by their energy distance 2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖.

    Notes
    -----
    Székely and Rizzo (2013), doi:10.1016/j.jspi.2013.03.018.
    """
    return _tested(points, sides, ENERGY, permutations, seed, progress, _root)


def kernel_tests(
    points: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[DriftTest, DriftTest, DriftTest]:
    """Return `mmd_test`, `aggregated_mmd_test` and `energy_test` of one table of distances."""
    table = _table(points, sides)
    some: tuple[Any, ...] = (sides, permutations, seed, progress or Progress())
    if isinstance(table, str):
        return undefined(MMD, table), undefined(AGGREGATED, table), undefined(ENERGY, table)
    shown = [_splits(_kernel(*table, scale), *some) for scale in SCALES]
    middle = shown[SCALES.index(1.0)]
    energy = _splits(_root(*table, 0.0), *some, unbiased=False)
    return (
        _told(MMD, [middle], sides, permutations),
        _told(AGGREGATED, shown, sides, permutations),
        _told(ENERGY, [energy], sides, permutations),
    )


def _table(points: np.ndarray, sides: Sides) -> tuple[np.ndarray, float] | str:
    """Return squared distances of all pairs with their width, or why there is no test."""
    if len(points) != len(sides.second):
        raise InputError(f"sides of {len(sides.second)} images for {len(points)}")
    if sides.too_few:
        return sides.too_few
    square = square_distances(points)
    middle = bandwidth(square) or float(square.mean())
    return (square, middle) if middle > 0 else "all images are the same"


def _kernel(square: np.ndarray, middle: float, scale: float) -> np.ndarray:
    found = square * (-1 / (middle * scale))
    return np.asarray(np.exp(found, out=found))


def _root(square: np.ndarray, middle: float, scale: float) -> np.ndarray:
    return -np.sqrt(square)


def _tested(
    points: np.ndarray,
    sides: Sides,
    name: str,
    permutations: int,
    seed: int,
    progress: Progress | None,
    of_square: Callable[[np.ndarray, float, float], np.ndarray],
    scales: Sequence[float] = (1.0,),
) -> DriftTest:
    """Compare a discrepancy with that of other splits."""
    table = _table(points, sides)
    if isinstance(table, str):
        return undefined(name, table)
    shown = [
        _splits(of_square(*table, scale), sides, permutations, seed, progress or Progress(),
                unbiased=name != ENERGY)
        for scale in scales
    ]  # fmt: skip
    return _told(name, shown, sides, permutations)


def _told(
    name: str, shown: Sequence[tuple[float, np.ndarray]], sides: Sides, permutations: int
) -> DriftTest:
    """Return a test from a discrepancy as observed and in other splits, of one scale or several."""
    effect, others = shown[0]
    statistic = effect
    if len(shown) > 1:  # the largest, each against its own mean and spread over the splits
        effect = shown[SCALES.index(1.0)][0]
        moments = [(dealt.mean(), max(float(dealt.std()), 1e-300)) for _, dealt in shown]
        pairs = list(zip(shown, moments, strict=True))
        statistic = max((one - mean) / sd for (one, _), (mean, sd) in pairs)
        others = np.max([(dealt - mean) / sd for (_, dealt), (mean, sd) in pairs], axis=0)
    what = "energy distance" if name == ENERGY else "MMD²"
    least = least_p(sides, permutations)
    return permuted(name, float(effect), what, float(statistic), others, least, complete(sides))


def _splits(
    table: np.ndarray,
    sides: Sides,
    permutations: int,
    seed: int,
    progress: Progress,
    *,
    unbiased: bool = True,
) -> tuple[float, np.ndarray]:
    """Return the discrepancy as observed and in other splits.

    The sums over one side are taken of the table less its mean, so that float32 keeps them.
    """
    diagonal = np.diag(table).copy() if unbiased else np.zeros(len(table))
    middle = float(table.mean())
    table = table - middle
    centred = table.astype(np.float32)
    total = float(table.sum())
    beside = table.sum(axis=1)
    freed = diagonal - middle * (1 if unbiased else 0)

    def discrepancy(second: np.ndarray) -> np.ndarray:
        hot = second.astype(np.float32)
        m = second.sum(axis=1).astype(np.float64)
        n = second.shape[1] - m
        within = np.einsum("ij,ij->i", hot @ centred, hot, dtype=np.float64)
        across = second @ beside - within
        first = total - within - 2 * across
        own, other = second @ freed, (~second) @ freed
        less = 1 if unbiased else 0
        apart: np.ndarray = (
            (within - own * less) / (m * (m - less))
            + (first - other * less) / (n * (n - less))
            - 2 * across / (n * m)
        )
        return apart

    found = []
    done = 0
    for dealt in deals(sides, permutations, seed):
        progress.report(STAGE, done, permutations)
        done += len(dealt)
        found.append(discrepancy(dealt))
    return float(discrepancy(sides.second[None])[0]), np.concatenate(found or [np.zeros(0)])


def witness(points: np.ndarray, second: np.ndarray) -> Witness:
    """Return where two sets differ, image by image.

    Parameters
    ----------
    points
        Shape `(n, d)`.
    second
        Shape `(n,)` bool.

    Notes
    -----
    MMD² (biased) = mean over the first set of the witness − mean over the second, exactly, so that
    images, and clusters of them, share it out without rest (Gretton et al. 2012, section 2.3).
    """
    second = np.asarray(second, bool)
    if second.all() or not second.any():
        raise InputError("drift: one of the sets is empty")
    square = square_distances(points)
    middle = bandwidth(square) or 1.0
    table = np.exp(-square / middle)
    value = table[:, ~second].mean(axis=1) - table[:, second].mean(axis=1)
    share = np.where(second, -value / second.sum(), value / (~second).sum())
    return Witness(value, share, float(share.sum()))
