"""Images unlike all others: the mean rank of two measures of how alone an item lies.

The mean distance to the nearest neighbours finds what is far from everything; the local outlier
factor finds what is far for where it lies. Neither is a test: without a clean reference the score
is a percentile and never called p.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InputError
from core.model import Neighbors
from core.progress import Progress
from core.space import blocks, pair_distances, unit_rows

STAGE = "outliers"

#: Neighbours, of other units, that both measures look at.
K = 20
#: Fewest units of a class whose items are compared among themselves.
CLASS_UNITS = 30
#: Spread of the distances below which no item is more alone than another.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class OutlierScores:
    """How alone each item lies.

    Attributes
    ----------
    score
        Shape `(n,)` float64 in [0, 1]: mean of the two percentiles, 1 the most alone; NaN where
        an item was not compared.
    distance
        Mean chordal distance to the k nearest items of other units.
    lof
        Local outlier factor; about 1 inside a group of even density.
    k
        Neighbours looked at.
    status
        "undefined" where the items do not differ in it (every score is then .5), else "ok".
    notice
        Why it is undefined, or what was left out; "" else.
    """

    score: np.ndarray
    distance: np.ndarray
    lof: np.ndarray
    k: int
    status: Literal["ok", "undefined"]
    notice: str = ""


def outlier_scores(
    vectors: np.ndarray,
    neighbors: Neighbors | None = None,
    *,
    units: np.ndarray | None = None,
    k: int = K,
    progress: Progress | None = None,
) -> OutlierScores:
    """Score how alone each item lies among the items of other units.

    Parameters
    ----------
    vectors
        Shape `(n, d)`, in row order; scaled to unit length here.
    neighbors
        The neighbour graph of the same rows, to save the search; it is looked up where it holds
        enough neighbours of other units.
    units
        Unit of each item `(n,)`, whole numbers: items of one unit (a specimen, a video, a group of
        near-duplicates) never vouch for one another. Each item is its own if None.
    k
        Neighbours to look at; fewer where there are not as many units.
    progress
        Told about stage "outliers".

    Returns
    -------
    OutlierScores
        The mean of the percentiles (mid-ranks) of `distance` and `lof`.

    Raises
    ------
    InputError
        A vector is not finite or has no length, or lengths differ.

    Notes
    -----
    Ramaswamy, Rastogi and Shim (2000), doi:10.1145/342009.335437 (distance to neighbours); Breunig,
    Kriegel, Ng and Sander (2000), doi:10.1145/335191.335388 (local outlier factor). With every item
    its own unit, `lof` is that of scikit-learn.
    """
    progress = progress or Progress()
    unit = unit_rows(vectors)
    n = len(unit)
    places = _checked_units(units, n)
    others = n - int(np.bincount(places).max()) if n else 0
    k = min(k, others)
    if k < 1:
        half, nothing = np.full(n, 0.5), np.zeros(n)
        notice = "There are no items of other units to compare with."
        return OutlierScores(half, nothing, np.ones(n), 0, "undefined", notice)
    progress.report(STAGE, 0, n)
    indices, distances = _of_other_units(unit, neighbors, places, k, progress)
    mean = distances.mean(axis=1)
    factor = _local_outlier_factor(indices, distances)
    if np.ptp(mean) <= SAME and np.ptp(factor) <= SAME:
        notice = "All items lie equally far from their neighbours."
        return OutlierScores(np.full(n, 0.5), mean, factor, k, "undefined", notice)
    score = (percentiles(mean) + percentiles(factor)) / 2
    progress.report(STAGE, n, n)
    return OutlierScores(score, mean, factor, k, "ok")


def class_outlier_scores(
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    units: np.ndarray | None = None,
    k: int = K,
    fewest: int = CLASS_UNITS,
    progress: Progress | None = None,
) -> OutlierScores:
    """Score how alone each item lies among the items that share its label.

    Parameters
    ----------
    labels
        Label of each item `(n,)` as whole numbers, below 0 for none.
    fewest
        Units a class needs; items of smaller classes, and those without a label, get NaN.

    Returns
    -------
    OutlierScores
        As `outlier_scores`, each class on its own; `notice` says what was left out.
    """
    progress = progress or Progress()
    n = len(vectors)
    labels = np.asarray(labels)
    if len(labels) != n:
        raise InputError(f"outliers: {len(labels)} labels for {n} vectors")
    places = _checked_units(units, n)
    score, distance, factor = (np.full(n, np.nan) for _ in range(3))
    used, small = 0, 0
    for label in np.unique(labels[labels >= 0]):
        rows = np.flatnonzero(labels == label)
        if len(np.unique(places[rows])) < fewest:
            small += 1
            continue
        found = outlier_scores(vectors[rows], units=places[rows], k=k, progress=progress)
        score[rows], distance[rows], factor[rows] = found.score, found.distance, found.lof
        used += 1
    notice = ""
    if small:
        kinds = "class has" if small == 1 else "classes have"
        notice = f"{small} {kinds} fewer than {fewest} units and were left out."
    status: Literal["ok", "undefined"] = "ok" if used else "undefined"
    return OutlierScores(score, distance, factor, k, status, notice)


def percentiles(values: np.ndarray) -> np.ndarray:
    """Return the share of values below each, equals counted by half: float64 in (0, 1)."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    shares: np.ndarray = (below + upto) / (2 * max(1, len(values)))
    return shares


def _checked_units(units: np.ndarray | None, n: int) -> np.ndarray:
    """Return the unit of each item as numbers from 0 without gaps."""
    if units is None:
        return np.arange(n)
    if len(units) != n:
        raise InputError(f"outliers: {len(units)} units for {n} vectors")
    places: np.ndarray = np.unique(np.asarray(units), return_inverse=True)[1].reshape(-1)
    return places


def _of_other_units(
    unit: np.ndarray,
    neighbors: Neighbors | None,
    places: np.ndarray,
    k: int,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest items of other units, rows `(n, k)` and distances in float64."""
    n = len(unit)
    indices, distances = np.zeros((n, k), np.int64), np.full((n, k), np.inf)
    waiting = np.arange(n)
    if neighbors is not None and neighbors.indices.shape[1] >= k:
        if len(neighbors.indices) != n:
            raise InputError(f"outliers: neighbours of {len(neighbors.indices)} items for {n}")
        known = np.asarray(neighbors.indices)
        mine = places[known] == places[:, None]
        first = np.argsort(mine, axis=1, kind="stable")[:, :k]
        indices = np.take_along_axis(known, first, axis=1).astype(np.int64)
        distances = pair_distances(unit, np.arange(n), indices)
        waiting = np.flatnonzero((~mine).sum(axis=1) < k)
    for part in blocks(len(waiting), n):
        rows = waiting[part]
        indices[rows], distances[rows] = _nearest(unit, rows, places, k)
        progress.report(STAGE, int(part.stop), n)
    order = np.lexsort((indices, distances), axis=1)
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _nearest(
    unit: np.ndarray, rows: np.ndarray, places: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Search all items of other units for the k nearest of some rows."""
    cosines = unit[rows] @ unit.T
    cosines[places[rows][:, None] == places] = -np.inf
    # a few more than k, ranked again exactly: products in float32 cannot order near ones
    wide = min(k + 8, cosines.shape[1])
    near = np.argpartition(-cosines, wide - 1, axis=1)[:, :wide]
    lacking = np.isinf(np.take_along_axis(cosines, near, axis=1))
    exact = pair_distances(unit, rows, near)
    exact[lacking] = np.inf
    order = np.lexsort((near, exact), axis=1)[:, :k]
    return np.take_along_axis(near, order, axis=1), np.take_along_axis(exact, order, axis=1)


def _local_outlier_factor(indices: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the factor `(n,)` from neighbours nearest first, as scikit-learn defines it."""
    reach = np.maximum(distances, distances[indices, -1])
    density = 1.0 / (reach.mean(axis=1) + 1e-10)
    factor: np.ndarray = (density[indices] / density[:, None]).mean(axis=1)
    return factor
