"""How varied the forms of a group are, with intervals, and whether two groups differ in it.

The sum of variances and the mean pairwise distance do not depend on how many units there are, so
they are not rarefied. Drawing units again would shrink both; intervals come from the jackknife.
"""

from dataclasses import dataclass

import numpy as np

from core.morphology.permanova import checked
from core.morphology.result import p_value

#: Units whose pairs are all measured; of more, a sample by the seed.
PAIRS = 3000


@dataclass(frozen=True, slots=True)
class Disparity:
    """Variety of each group, by code; NaN for groups of fewer than two units.

    Attributes
    ----------
    variance, variance_low, variance_high
        Sum of variances with its 95 % jackknife interval.
    distance, distance_low, distance_high
        Mean distance of two different units.
    sizes
        Units of each group.
    """

    variance: np.ndarray
    variance_low: np.ndarray
    variance_high: np.ndarray
    distance: np.ndarray
    distance_low: np.ndarray
    distance_high: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two groups in the sum of variances: its interval and p."""

    estimate: float
    low: float
    high: float
    p: float


def disparity(points: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> Disparity:
    """Return how varied each group is.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    groups
        Codes `(n,)` from 0.
    seed
        Of the sample of units whose pairs are measured, where a group has more than 3,000.

    Notes
    -----
    Guillerme et al. (2020), doi:10.1002/ece3.6452, for what these measures are sensitive to.
    """
    points, groups = checked(points, groups)
    m = int(groups.max()) + 1
    table = np.full((6, m), np.nan)
    sizes = np.bincount(groups, minlength=m)
    rng = np.random.default_rng(seed)
    for code in range(m):
        rows = np.flatnonzero(groups == code)
        if len(rows) < 2:
            continue
        table[:3, code] = _interval(*_variance(points[rows]))
        some = rows if len(rows) <= PAIRS else np.sort(rng.choice(rows, PAIRS, replace=False))
        table[3:, code] = _interval(*_distance(points[some]))
    a, b, c, d, e, f = table
    return Disparity(a, b, c, d, e, f, sizes)


def _variance(rows: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the sum of variances, and that with each row left out."""
    n = len(rows)
    away = rows - rows.mean(axis=0)
    square = np.einsum("ij,ij->i", away, away)
    whole = float(square.sum()) / (n - 1)
    if n < 3:
        return whole, np.full(n, np.nan)
    return whole, (square.sum() - square * n / (n - 1)) / (n - 2)


def _distance(rows: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean distance of two rows, and that with each row left out."""
    from scipy.spatial.distance import pdist, squareform

    n = len(rows)
    apart = squareform(pdist(rows)).sum(axis=1)
    whole = float(apart.sum()) / (n * (n - 1))
    if n < 3:
        return whole, np.full(n, np.nan)
    return whole, (apart.sum() - 2 * apart) / ((n - 1) * (n - 2))


def _interval(whole: float, without: np.ndarray) -> tuple[float, float, float]:
    """Return an estimate with its 95 % jackknife interval, not below 0."""
    from scipy.stats import t as student

    n = len(without)
    if n < 3:
        return whole, np.nan, np.nan
    half = float(student.ppf(0.975, n - 1)) * _error(without)
    return whole, max(0.0, whole - half), whole + half


def _error(without: np.ndarray) -> float:
    n = len(without)
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def disparity_difference(
    points: np.ndarray,
    groups: np.ndarray,
    one: int,
    two: int,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> Difference | None:
    """Compare two groups' sums of variances; None where one has fewer than three units.

    The interval is the jackknife's with Welch's degrees of freedom; p comes from exchanging units
    that were centred on their group's mean, so that the means may differ.
    """
    from scipy.stats import t as student

    points, groups = checked(points, groups)
    first, second = points[groups == one], points[groups == two]
    if min(len(first), len(second)) < 3:
        return None
    (a, without_a), (b, without_b) = _variance(first), _variance(second)
    errors = _error(without_a) ** 2, _error(without_b) ** 2
    error = sum(errors) ** 0.5
    freedom = sum(errors) ** 2 / max(
        sum(e**2 / (n - 1) for e, n in zip(errors, (len(first), len(second)), strict=True)), 1e-300
    )
    half = float(student.ppf(0.975, max(freedom, 1.0))) * error
    # of rows centred on their group's mean only the squared lengths count
    square = np.concatenate(
        [((rows - rows.mean(axis=0)) ** 2).sum(axis=1) for rows in (first, second)]
    )
    n, rng = len(first), np.random.default_rng(seed)
    dealt = rng.permuted(np.broadcast_to(square, (permutations, len(square))), axis=1)
    shown = dealt[:, :n].sum(axis=1) / (n - 1) - dealt[:, n:].sum(axis=1) / (len(second) - 1)
    p = p_value(abs(a - b), np.abs(shown))
    return Difference(a - b, a - b - half, a - b + half, p)
