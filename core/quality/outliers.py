"""Images unlike all others: the mean rank of two measures of how alone an item lies.

The mean distance to the nearest neighbours finds what is far from everything; the local outlier
factor finds what is far for where it lies. Neither is a test: without a clean reference the score
is a percentile and never called p.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import InputError
from core.model import Neighbors
from core.progress import Progress
from core.quality.around import (
    STAGE,
    Around,
    known_neighbors,
    most_witnesses,
    unit_places,
    vouching_rows,
    witnesses,
)
from core.space import unit_rows

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
        Mean chordal distance to the k nearest witnesses: items of other units that vouch.
    lof
        Local outlier factor; about 1 inside a group of even density.
    k
        Witnesses looked at.
    status
        "undefined" where the items do not differ in it (every score is then .5), else "ok".
    notice
        Why it is undefined, or what was left out; "" else.
    around
        The witnesses themselves `(n, k)`, nearest first; none where items of each class were
        compared among themselves.
    """

    score: np.ndarray
    distance: np.ndarray
    lof: np.ndarray
    k: int
    status: Literal["ok", "undefined"]
    notice: str = ""
    around: Around = field(
        default_factory=lambda: Around(np.zeros((0, 0), np.int64), np.zeros((0, 0)))
    )


def outlier_scores(
    vectors: np.ndarray,
    neighbors: Neighbors | None = None,
    *,
    units: np.ndarray | None = None,
    vouching: np.ndarray | None = None,
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
        near-duplicates) never vouch for one another, and for others they vouch once. Each item is
        its own if None.
    vouching
        Who vouches, bool `(n,)`: the working set. The other items are scored against it, and
        change no score but their own. All do if None.
    k
        Witnesses to look at; fewer where there are not as many units.
    progress
        Told about stage "outliers".

    Returns
    -------
    OutlierScores
        The mean of the percentiles (mid-ranks among those that vouch) of `distance` and `lof`.

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
    unit = unit_rows(vectors)
    n = len(unit)
    known, places = known_neighbors(neighbors, n), unit_places(units, n)
    return _scores(unit, known, places, vouching_rows(vouching, n), k, progress or Progress())


def _scores(
    unit: np.ndarray,
    known: np.ndarray | None,
    places: np.ndarray,
    vouching: np.ndarray,
    k: int,
    progress: Progress,
) -> OutlierScores:
    """Score unit rows; see `outlier_scores`."""
    n = len(unit)
    k = min(k, most_witnesses(places, vouching))
    if k < 1:
        half, nothing = np.full(n, 0.5), np.zeros(n)
        notice = "There are no items of other units to compare with."
        return OutlierScores(half, nothing, np.ones(n), 0, "undefined", notice)
    progress.report(STAGE, 0, n)
    around = witnesses(unit, known, places, vouching, k, progress)
    mean = around.distances.mean(axis=1)
    factor = _local_outlier_factor(around)
    if np.ptp(mean[vouching]) <= SAME and np.ptp(factor[vouching]) <= SAME:
        notice = "All items lie equally far from their neighbours."
        return OutlierScores(np.full(n, 0.5), mean, factor, k, "undefined", notice, around)
    score = (percentiles(mean, mean[vouching]) + percentiles(factor, factor[vouching])) / 2
    progress.report(STAGE, n, n)
    return OutlierScores(score, mean, factor, k, "ok", "", around)


def class_outlier_scores(
    vectors: np.ndarray,
    labels: np.ndarray,
    neighbors: Neighbors | None = None,
    *,
    units: np.ndarray | None = None,
    vouching: np.ndarray | None = None,
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
        Units that vouch which a class needs; items of smaller classes, and those without a label,
        get NaN.

    Returns
    -------
    OutlierScores
        As `outlier_scores`, each class on its own; `notice` says what was left out.
    """
    progress = progress or Progress()
    unit = unit_rows(vectors)
    n, labels = len(unit), np.asarray(labels)
    if len(labels) != n:
        raise InputError(f"outliers: {len(labels)} labels for {n} vectors")
    places, vouches = unit_places(units, n), vouching_rows(vouching, n)
    known = known_neighbors(neighbors, n)
    score, distance, factor = (np.full(n, np.nan) for _ in range(3))
    used, small = 0, 0
    for label in np.unique(labels[labels >= 0]):
        rows = np.flatnonzero(labels == label)
        if len(np.unique(places[rows[vouches[rows]]])) < fewest:
            small += 1
            continue
        inside = None if known is None else _within(known[rows], rows, n)
        own = unit_places(places[rows], len(rows))
        found = _scores(unit[rows], inside, own, vouches[rows], k, progress)
        score[rows], distance[rows], factor[rows] = found.score, found.distance, found.lof
        used += 1
    notice = ""
    if small:
        kinds = "class has" if small == 1 else "classes have"
        notice = f"{small} {kinds} fewer than {fewest} units and were left out."
    status: Literal["ok", "undefined"] = "ok" if used else "undefined"
    return OutlierScores(score, distance, factor, k, status, notice)


def _within(known: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Return rows of a neighbour graph as positions among some rows; −1 for all others."""
    position = np.full(n, -1, np.int64)
    position[rows] = np.arange(len(rows))
    found: np.ndarray = position[known]
    return found


def percentiles(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """Return the share of values below each, equals counted by half: float64 in [0, 1].

    `among` are the values that are counted; the values themselves if None.
    """
    ordered = np.sort(values if among is None else among)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    shares: np.ndarray = (below + upto) / (2 * max(1, len(ordered)))
    return shares


def _local_outlier_factor(around: Around) -> np.ndarray:
    """Return the factor `(n,)` from witnesses nearest first, as scikit-learn defines it."""
    reach = np.maximum(around.distances, around.distances[around.indices, -1])
    density = 1.0 / (reach.mean(axis=1) + 1e-10)
    factor: np.ndarray = (density[around.indices] / density[:, None]).mean(axis=1)
    return factor
