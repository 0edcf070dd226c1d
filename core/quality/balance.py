"""How even the classes of a set are, and how well any classifier could tell them apart."""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.space import blocks

STAGE = "class overlap"


@dataclass(frozen=True, slots=True)
class Balance:
    """How many items each class has.

    Attributes
    ----------
    counts
        Items of each class `(m,)`.
    effective
        exp(H), the number of equally large classes with the same entropy.
    ratio
        Largest over smallest class.
    statistic, p
        χ² against the target and its p; None where it is undefined.
    residual
        Standardised residual of each class `(m,)`: above 0 there are more than the target asks.
    residual_p
        Two-sided p of each, by Holm over the classes.
    """

    counts: np.ndarray
    effective: float
    ratio: float
    statistic: float | None
    p: float | None
    residual: np.ndarray
    residual_p: np.ndarray


def class_balance(counts: np.ndarray, target: np.ndarray | None = None) -> Balance:
    """Compare the sizes of classes with a target.

    Parameters
    ----------
    counts
        Items (better: units) of each class, 1 or more.
    target
        Wanted shares `(m,)`, scaled to sum to 1; equal ones if None.

    Raises
    ------
    InputError
        A count is below 1, or a share is not above 0.

    Notes
    -----
    The effective number is that of Jost (2006), doi:10.1111/j.2006.0030-1299.14714.x; residuals are
    (observed − expected) / √(expected (1 − share)).
    """
    from scipy import stats

    counts = np.asarray(counts, dtype=np.int64)
    if not len(counts) or counts.min() < 1:
        raise InputError("class balance: needs classes of one item or more")
    shares = np.full(len(counts), 1 / len(counts)) if target is None else np.asarray(target, float)
    if len(shares) != len(counts) or not (shares > 0).all():
        raise InputError(f"class balance: the target needs {len(counts)} shares above 0")
    shares = shares / shares.sum()
    total = int(counts.sum())
    part = counts / total
    effective = float(np.exp(-(part * np.log(part)).sum()))
    ratio = float(counts.max() / counts.min())
    if len(counts) < 2:
        return Balance(counts, effective, ratio, None, None, np.zeros(1), np.ones(1))
    expected = shares * total
    found = stats.chisquare(counts, expected)
    residual = (counts - expected) / np.sqrt(expected * (1 - shares))
    each = 2 * stats.norm.sf(np.abs(residual))
    return Balance(
        counts, effective, ratio, float(found.statistic), float(found.pvalue), residual, holm(each)
    )


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted by Holm's step-down procedure."""
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


@dataclass(frozen=True, slots=True)
class BayesError:
    """Estimates of the least error that any classifier makes on these vectors.

    Attributes
    ----------
    lower, upper
        Cover and Hart's bounds at the nearest-neighbour error that was measured; estimates, since
        they hold for infinitely many items.
    low, high
        95 % interval of the nearest-neighbour error (Wilson).
    n
        Items it was measured on.
    """

    lower: float
    upper: float
    low: float
    high: float
    n: int


def bayes_error(
    unit: np.ndarray,
    codes: np.ndarray,
    units: np.ndarray | None = None,
    progress: Progress | None = None,
) -> BayesError | None:
    """Estimate the least error of any classifier from each item's nearest one of another unit.

    Parameters
    ----------
    unit
        Rows `(n, d)`, compared by Euclidean distance.
    codes
        Class of each item `(n,)`, all of them 0 or more.
    units
        Unit of each item; each is its own if None.

    Returns
    -------
    BayesError or None
        None where there are not two classes, or no two units.

    Notes
    -----
    Cover and Hart (1967), doi:10.1109/TIT.1967.1053964: the error e of the nearest neighbour is
    above the least error, and (M − 1)/M · (1 − √(1 − M e / (M − 1))) below it for M classes.
    """
    progress = progress or Progress()
    classes = len(np.unique(codes))
    places = np.arange(len(unit)) if units is None else np.asarray(units)
    if classes < 2 or len(np.unique(places)) < 2:
        return None
    points = np.asarray(unit, dtype=np.float64)
    norms = np.einsum("ij,ij->i", points, points)
    wrong = 0
    for part in blocks(len(points), len(points)):
        squared = norms[part][:, None] + norms - 2 * points[part] @ points.T
        squared[places[part][:, None] == places] = np.inf
        wrong += int((codes[squared.argmin(axis=1)] != codes[part]).sum())
        progress.report(STAGE, part.stop, len(points))
    error = wrong / len(points)
    inside = max(0.0, 1 - classes * error / (classes - 1))
    lower = (classes - 1) / classes * (1 - np.sqrt(inside))
    low, high = wilson(error, len(np.unique(places)))
    return BayesError(float(lower), error, low, high, len(points))


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's interval of a share of n; of 95 % unless another z is given."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
