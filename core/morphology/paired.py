"""How far groups are apart where each unit is in several of them, as the sides of a specimen.

What units have in common falls out of the difference of a unit with itself. Taking the noise of two
independent means off, as `centroids` does, would take off far too much; and an effect as a share of
all differences would be small only because specimens differ.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.morphology.centroids import FEWEST, GroupDistances
from core.morphology.dendrogram import STAGE, Tree, average_tree, branches
from core.morphology.permanova import checked
from core.progress import Progress


@dataclass(frozen=True, slots=True)
class Partial:
    """Effects of groups on what differs within units.

    Attributes
    ----------
    f
        Ratio of mean squares, units being a term of their own.
    r2, null
        Share of the sum of squares within units, and its mean where nothing differs.
    omega2
        The same freed of what chance adds.
    """

    f: float
    r2: float
    null: float
    omega2: float


def within_units(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return values `(n,)` or `(n, d)` less the mean of their unit."""
    table = np.asarray(values, np.float64)
    place = np.unique(units, return_inverse=True)[1].reshape(-1)
    sums = np.zeros((int(place.max(initial=-1)) + 1, *table.shape[1:]))
    np.add.at(sums, place, table)
    count = np.bincount(place).reshape(-1, *[1] * (table.ndim - 1))
    return np.asarray(table - (sums / count)[place])


def partial_effects(points: np.ndarray, groups: np.ndarray, units: np.ndarray) -> Partial:
    """Return the effects of groups within units, each of which is in two groups or more.

    ω² = (G − 1)(F − 1) / ((G − 1)(F − 1) + n), of n observations and G groups (Olejnik and Algina
    2003, doi:10.1037/1082-989X.8.4.434), F with n − U − G + 1 degrees of freedom for U units.
    """
    moved = within_units(points, units)
    n, free = len(moved), len(moved) - len(np.unique(units))
    codes = np.unique(groups)
    total = float((moved**2).sum())
    between = sum(
        float((moved[groups == code].sum(axis=0) ** 2).sum()) / int((groups == code).sum())
        for code in codes
    )
    m = len(codes)
    f = (between / (m - 1)) / max((total - between) / (free - m + 1), 1e-300)
    omega = (m - 1) * (f - 1) / ((m - 1) * (f - 1) + n)
    return Partial(f, between / max(total, 1e-300), (m - 1) / free, omega)


def paired_distances(points: np.ndarray, groups: np.ndarray, units: np.ndarray) -> GroupDistances:
    """Return the distances between the means of groups, over the units that are in both.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row an observation: a unit in a group.
    groups
        Codes `(n,)` from 0.
    units
        The unit of each observation `(n,)`; at most one in each group.

    Notes
    -----
    Δ² = ‖d̄‖² − s_d / n, d the difference of each of the n units, s_d the trace of its covariance;
    NaN for fewer than two units. The interval leaves out one unit at a time, with Student's t of
    n − 1 (Efron and Stein 1981, doi:10.1214/aos/1176345462).
    """
    from scipy.stats import t as student

    points, groups = checked(points, groups)
    m = int(groups.max()) + 1
    squared, low, high, raw = np.full((4, m, m), np.nan)
    for found in (squared, low, high, raw):
        np.fill_diagonal(found, 0.0)
    for a, b, gaps in _differences(points, groups, np.asarray(units)):
        n = len(gaps)
        if n < 2:
            continue
        value = _debiased(gaps.sum(axis=0), float((gaps**2).sum()), n)
        half = np.inf
        if n >= FEWEST:
            without = _without_each(gaps)
            error = ((n - 1) / n * float(((without - without.mean()) ** 2).sum())) ** 0.5
            half = float(student.ppf(0.975, n - 1)) * error
        raw[a, b] = raw[b, a] = float(np.linalg.norm(gaps.mean(axis=0)))
        squared[a, b] = squared[b, a] = value
        low[a, b] = low[b, a] = max(value - half, 0.0) ** 0.5
        high[a, b] = high[b, a] = max(value + half, 0.0) ** 0.5
    return GroupDistances(np.sqrt(np.maximum(squared, 0)), squared, low, high, raw)


def paired_tree(
    points: np.ndarray,
    groups: np.ndarray,
    units: np.ndarray,
    *,
    draws: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tree | None:
    """Return the tree of groups over `paired_distances`; None where a pair shares no two units.

    Units are drawn again with all their observations. A draw that leaves a pair of groups fewer
    than two different units is not counted.
    """
    points, groups = checked(points, groups)
    whole = paired_distances(points, groups, units).distance
    if np.isnan(whole).any():
        return None
    links, fit = average_tree(whole)
    names, place = np.unique(units, return_inverse=True)
    rng, progress = np.random.default_rng(seed), progress or Progress()
    pairs = [
        (a, b, gaps, (gaps**2).sum(axis=1), place.reshape(-1)[rows])
        for (a, b, gaps), rows in zip(
            _differences(points, groups, np.asarray(units)),
            _shared(groups, np.asarray(units)),
            strict=True,
        )
    ]
    wanted, hits, counted = branches(links), np.zeros(len(links)), 0
    for draw in range(draws):
        progress.report(STAGE, draw, draws)
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        apart = np.zeros_like(whole)
        for a, b, gaps, square, own in pairs:
            weight = times[own].astype(np.float64)
            if (weight > 0).sum() < 2:
                break
            value = _debiased(weight @ gaps, float(weight @ square), weight.sum())
            apart[a, b] = apart[b, a] = max(value, 0.0) ** 0.5
        else:
            counted += 1
            found = set(branches(average_tree(apart)[0]))
            hits += [branch in found for branch in wanted]
    return Tree(links, fit, hits / max(1, counted), counted)


def _shared(groups: np.ndarray, units: np.ndarray) -> list[np.ndarray]:
    """Return, for every two groups, the observations in the first whose unit is in both."""
    found = []
    for a, b in combinations(range(int(groups.max()) + 1), 2):
        rows = np.flatnonzero(groups == a)
        rows = rows[np.isin(units[rows], units[groups == b])]
        found.append(rows[np.argsort(units[rows], kind="stable")])
    return found


def _differences(
    points: np.ndarray, groups: np.ndarray, units: np.ndarray
) -> list[tuple[int, int, np.ndarray]]:
    """Return the differences of units between every two groups, `(shared, d)` each."""
    pairs = combinations(range(int(groups.max()) + 1), 2)
    found = []
    for (a, b), first in zip(pairs, _shared(groups, units), strict=True):
        others = np.flatnonzero(groups == b)
        others = others[np.argsort(units[others], kind="stable")]
        second = others[np.searchsorted(units[others], units[first])]
        found.append((a, b, points[second] - points[first]))
    return found


def _debiased(total: np.ndarray, square: float, n: float) -> float:
    """Return Δ² of n differences, from their sum `(d,)` and the sum of their squares."""
    mean = float(total @ total) / n**2
    return mean - (square - n * mean) / (n - 1) / n


def _without_each(gaps: np.ndarray) -> np.ndarray:
    """Return Δ² with each difference left out `(n,)`."""
    n, total, square = len(gaps), gaps.sum(axis=0), (gaps**2).sum(axis=1)
    mean = (total @ total - 2 * gaps @ total + square) / (n - 1) ** 2
    found: np.ndarray = mean - (square.sum() - square - (n - 1) * mean) / (n - 2) / (n - 1)
    return found
