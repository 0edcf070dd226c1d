"""How even the classes of a set are, and how well any classifier could tell them apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
    error = _nearest_wrong(points, codes, places, progress) / len(points)
    low, high = wilson(error, len(np.unique(places)))
    return BayesError(_least(error, classes), error, low, high, len(points))


#: Parts that a set is cut into, at most, to see how the error falls with more items; fewest items
#: of a part; most items looked at.
LEVELS, LEAST, MOST = 6, 20, 20_000


def error_curve(
    unit: np.ndarray,
    codes: np.ndarray,
    units: np.ndarray | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Estimate the least error from fewer and fewer items, to see whether it still falls.

    The units are dealt into 1, 2, 4, … equal parts; in each part every item is compared with the
    others of the part. So every item counts once at every size.

    Parameters
    ----------
    unit, codes, units
        As for `bayes_error`. Of more than 20,000 items, whole units drawn by the seed are used.

    Returns
    -------
    pandas.DataFrame
        n (mean size of a part), lower, upper, low, high, parts, units; ascending n, the last line
        with all items. Empty where there are not two classes, or no two units.
    """
    names, place = np.unique(
        np.arange(len(unit)) if units is None else np.asarray(units), return_inverse=True
    )
    columns = ["n", "lower", "upper", "low", "high", "parts", "units"]
    if len(np.unique(codes)) < 2 or len(names) < 2:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    order = np.random.default_rng(seed).permutation(len(names))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    sizes = np.bincount(place)
    used = np.zeros(len(names), bool)
    used[order[np.cumsum(sizes[order]) <= MOST]] = True
    rows = np.flatnonzero(used[place])
    points = np.asarray(unit[rows], dtype=np.float64)
    here, classes = place[rows], len(np.unique(codes[rows]))
    lines = []
    for level in range(LEVELS):
        parts = 2**level
        if level and len(rows) / parts < LEAST:
            break
        wrong = 0
        for part in range(parts):
            mine = np.flatnonzero(rank[here] % parts == part)
            wrong += _nearest_wrong(points[mine], codes[rows[mine]], here[mine], progress)
        error = wrong / len(rows)
        low, high = wilson(error, int(used.sum()))
        lines.append((len(rows) / parts, _least(error, classes), error, low, high, parts,
                      int(used.sum())))  # fmt: skip
    return pd.DataFrame(lines[::-1], columns=columns)


def _least(error: float, classes: int) -> float:
    """Return Cover and Hart's lower bound at an error of the nearest neighbour."""
    inside = max(0.0, 1 - classes * error / (classes - 1))
    return float((classes - 1) / classes * (1 - np.sqrt(inside)))


def _nearest_wrong(
    points: np.ndarray, codes: np.ndarray, places: np.ndarray, progress: Progress | None
) -> int:
    """Return how many items' nearest one of another unit has another class; alone is wrong."""
    progress = progress or Progress()
    norms = np.einsum("ij,ij->i", points, points)
    wrong = 0
    for part in blocks(len(points), len(points)):
        squared = norms[part][:, None] + norms - 2 * points[part] @ points.T
        squared[places[part][:, None] == places] = np.inf
        best = squared.argmin(axis=1)
        alone = np.isinf(np.take_along_axis(squared, best[:, None], axis=1)[:, 0])
        wrong += int((alone | (codes[best] != codes[part])).sum())
        progress.report(STAGE, part.stop, len(points))
    return wrong


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's interval of a share of n; of 95 % unless another z is given."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
