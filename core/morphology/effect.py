"""How sure effect sizes of groups are: intervals of R² and ω² by leaving out one unit at a time."""

from dataclasses import dataclass

import numpy as np

from core.morphology.paired import within_units
from core.morphology.permanova import checked
from core.morphology.result import why_undefined

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class EffectIntervals:
    """95 % intervals of the effects that `permanova` returns."""

    r2: Interval
    omega2: Interval


def effect_intervals(
    points: np.ndarray, groups: np.ndarray, units: np.ndarray | None = None
) -> EffectIntervals | None:
    """Return intervals of R² and ω²; None where there is nothing to compare.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit, or one a unit and group where units are in several.
    groups
        Codes `(n,)` from 0.
    units
        The unit of each row `(n,)`, each in two groups or more; the effects are then those within
        units (`paired.partial_effects`). None where each row is a unit of its own.

    Notes
    -----
    Delete-one-unit jackknife (Efron and Stein 1981, doi:10.1214/aos/1176345462), within groups and
    with Student's t of the smallest group less one, as for distances of groups; of units in several
    groups over all units. Sums of squares without a unit follow from its distances to the means.
    """
    from scipy.stats import t as student

    points, groups = checked(points, groups)
    if units is not None:
        points = within_units(points, units)
    if why_undefined(points, groups):
        return None
    n, sizes = len(points), np.bincount(groups)
    m = int((sizes > 0).sum())
    means = np.array([points[groups == g].mean(axis=0) for g in range(len(sizes)) if sizes[g]])
    place = np.searchsorted(np.flatnonzero(sizes), groups)
    own = ((points - means[place]) ** 2).sum(axis=1)
    centred = points - points.mean(axis=0)
    far = (centred**2).sum(axis=1)
    lost = own * sizes[groups] / (sizes[groups] - 1)
    if units is None:
        left, gone, strata = lost, far * n / (n - 1), groups
        taken, free, fewer = np.ones(n), n - 1, np.full(n, n - 2)
    else:
        unit = np.unique(units, return_inverse=True)[1].reshape(-1)
        taken = np.bincount(unit).astype(np.float64)
        sums = np.zeros((len(taken), points.shape[1]))
        np.add.at(sums, unit, centred)
        left = np.bincount(unit, lost)
        gone = np.bincount(unit, far) + (sums**2).sum(axis=1) / (n - taken)
        strata, free = np.zeros(len(taken), np.int64), n - len(taken)
        fewer = free - taken + 1
    at = float(student.ppf(0.975, int(np.bincount(strata)[np.unique(strata)].min()) - 1))
    whole = _effects(own.sum(), far.sum(), np.array(n), np.array(free), m)
    without = _effects(own.sum() - left, far.sum() - gone, n - taken, fewer, m)
    ranges = [
        _interval(float(value), others, strata, at)
        for value, others in zip(whole, without, strict=True)
    ]
    return EffectIntervals((max(0.0, ranges[0][0]), ranges[0][1]), ranges[1])


def _interval(value: float, without: np.ndarray, strata: np.ndarray, at: float) -> Interval:
    """Return the interval of an effect from its values with each unit left out."""
    error = 0.0
    for stratum in np.unique(strata):
        mine = without[strata == stratum]
        error += (len(mine) - 1) / len(mine) * float(((mine - mine.mean()) ** 2).sum())
    half = at * error**0.5
    return value - half, min(1.0, value + half)


def _effects(
    within: np.ndarray, total: np.ndarray, n: np.ndarray, free: np.ndarray, m: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return R² and ω² of sums of squares, `free` degrees of freedom in all."""
    within = np.maximum(within, 1e-300)
    f = ((total - within) / (m - 1)) / (within / (free - m + 1))
    share = 1 - within / np.maximum(total, 1e-300)
    return np.asarray(share), np.asarray((m - 1) * (f - 1) / ((m - 1) * (f - 1) + n))
