"""Distances of two sets as generative models are judged: Fréchet's and the kernel one.

The Fréchet distance of samples is too large by about a constant over their size; it is told as its
value at infinitely many images, and refused where a set has fewer images than dimensions.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError

#: Sizes of samples that the line to infinity goes through, and the least share of the smaller set.
SIZES, SMALLEST = 15, 0.5


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return ‖Δμ‖² + tr(Σ₁ + Σ₂) − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½ of two sets of rows.

    Heusel et al. (2017), arXiv:1706.08500. By eigenvalues of symmetric matrices only, which are
    real; a general matrix root can give complex ones.

    Raises
    ------
    InputError
        A set has fewer than two rows.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(first), len(second)) < 2:
        raise InputError("Fréchet distance: each set needs two images or more")
    gap = first.mean(axis=0) - second.mean(axis=0)
    one, two = (np.atleast_2d(np.cov(rows.T)) for rows in (first, second))
    root = _root(one)
    inner = np.linalg.eigvalsh(root.T @ two @ root)
    across = float(np.sqrt(np.maximum(inner, 0)).sum())
    return float(gap @ gap) + float(np.trace(one) + np.trace(two)) - 2 * across


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return some R with R Rᵀ = Σ: eigenvalues of Rᵀ Σ₂ R are those of Σ Σ₂ for each.

    Cholesky's, a tenth of the work of the symmetric root; that one where Σ is singular.
    """
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


@dataclass(frozen=True, slots=True)
class Frechet:
    """A Fréchet distance.

    Attributes
    ----------
    value
        As it is.
    unbiased
        At infinitely many images: where the line through samples of 15 sizes meets 1 / n = 0.
    sizes, values
        Those samples.
    """

    value: float
    unbiased: float
    sizes: np.ndarray
    values: np.ndarray


def frechet(first: np.ndarray, second: np.ndarray, *, seed: int = 0) -> Frechet | None:
    """Return the Fréchet distance with its value at infinitely many images.

    None where a set has no more images than dimensions: covariances are singular then.

    Notes
    -----
    Chong and Forsyth (2020), arXiv:1911.07023, for the extrapolation.
    """
    n, d = min(len(first), len(second)), np.asarray(first).shape[1]
    if n <= d:
        return None
    rng = np.random.default_rng(seed)
    least = max(d + 1, int(n * SMALLEST))
    sizes = np.unique(np.linspace(least, n, SIZES).astype(int))
    values = np.array(
        [
            frechet_distance(
                first[rng.choice(len(first), size, replace=False)],
                second[rng.choice(len(second), size, replace=False)],
            )
            for size in sizes
        ]
    )
    whole = frechet_distance(first, second)
    if len(sizes) < 3:
        return Frechet(whole, whole, sizes, values)
    at_infinity = float(np.polyfit(1 / sizes, values, 1)[1])
    return Frechet(whole, at_infinity, sizes, values)


@dataclass(frozen=True, slots=True)
class KernelDistance:
    """The kernel distance, unbiased, with its 95 % jackknife interval over units."""

    value: float
    low: float
    high: float


def kernel_distance(
    first: np.ndarray,
    second: np.ndarray,
    first_units: np.ndarray | None = None,
    second_units: np.ndarray | None = None,
) -> KernelDistance:
    """Return the unbiased MMD² with the kernel (x · y / d + 1)³.

    Bińkowski et al. (2018), arXiv:1801.01401. Its interval leaves out one unit at a time; the
    spread over subsets, often printed instead, is none.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(first), len(second)) < 3:
        raise InputError("kernel distance: each set needs three images or more")
    own = [_kernel(rows, rows) for rows in (first, second)]
    across = _kernel(first, second)
    value = _unbiased(own[0].sum() - np.trace(own[0]), own[1].sum() - np.trace(own[1]),
                      across.sum(), len(first), len(second))  # fmt: skip
    error = 0.0
    for side, units in enumerate((first_units, second_units)):
        mine, cross = own[side], across if side == 0 else across.T
        other = own[1 - side]
        rest = other.sum() - np.trace(other)
        names = np.arange(len(mine)) if units is None else np.unique(units, return_inverse=True)[1]
        shown = _without(mine, cross, names.reshape(-1), float(rest))
        error += (len(shown) - 1) / len(shown) * float(((shown - shown.mean()) ** 2).sum())
    half = 1.959964 * float(np.sqrt(error))
    return KernelDistance(value, value - half, value + half)


def _without(mine: np.ndarray, cross: np.ndarray, names: np.ndarray, rest: float) -> np.ndarray:
    """Return the distance without each unit of one side `(units,)`.

    What a unit adds to the sums is taken off them; the loop over units would be cubic.
    """
    free = mine - np.diag(np.diag(mine))
    count = np.bincount(names)
    order = np.argsort(names, kind="stable")
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    by_unit = np.add.reduceat(free[order], starts, axis=0)  # (units, n)
    inner = np.bincount(names, by_unit[names, np.arange(len(names))])
    inside = free.sum() - 2 * by_unit.sum(axis=1) + inner
    across = cross.sum() - np.bincount(names, cross.sum(axis=1))
    n, m = len(mine) - count.astype(np.float64), float(cross.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = inside / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * across / (n * m)
    return found[np.isfinite(found)]  # a unit without which one image is left has no value


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    table: np.ndarray = (first @ second.T / first.shape[1] + 1) ** 3
    return table


def _unbiased(first: float, second: float, across: float, n: int, m: int) -> float:
    return float(first / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m))
