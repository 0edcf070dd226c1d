"""From one form to another: an axis between two groups, and real images along it.

A strip shows images that exist; where none lies near a place on the axis the place stays empty.
Whether the axis tells the groups apart is measured on units that it was not made from.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.space import blocks, mean_row

#: Places of a strip, and folds of the held-out score.
PLACES, FOLDS = 9, 5


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight line through vector space.

    Attributes
    ----------
    start, direction
        The point at 0, and the step `(d,)` to 1.
    position
        Shape `(n,)`: where each row lies along it; 0 and 1 are the two ends.
    residual
        Shape `(n,)`: how far each row lies beside it.
    share
        Share of all variance that lies along it.
    """

    start: np.ndarray
    direction: np.ndarray
    position: np.ndarray
    residual: np.ndarray
    share: float


def mean_axis(points: np.ndarray, first: np.ndarray, second: np.ndarray) -> Axis:
    """Return the axis from the mean of some rows to the mean of others.

    Parameters
    ----------
    points
        Shape `(n, d)`.
    first, second
        Rows of the two ends; one row each is an axis between two images.

    Raises
    ------
    InputError
        An end has no rows, or both have the same mean.
    """
    if not len(first) or not len(second):
        raise InputError("gradient: one of its ends has no images")
    start = mean_row(points[first])
    return axis_along(points, start, mean_row(points[second]) - start)


def axis_along(points: np.ndarray, start: np.ndarray, direction: np.ndarray) -> Axis:
    """Return the axis from a point in a direction `(d,)`, with every row placed on it.

    Raises
    ------
    InputError
        The direction has no length.
    """
    length = float(direction @ direction)
    if length < 1e-24:
        raise InputError("gradient: both ends are the same form")
    position, beside = np.empty(len(points)), np.empty(len(points))
    centre, whole = mean_row(points), 0.0
    for part in blocks(*points.shape):
        rows = np.asarray(points[part], np.float64)
        away = rows - start
        position[part] = away @ direction / length
        beside[part] = np.einsum("ij,ij->i", away, away) - position[part] ** 2 * length
        rows = rows - centre
        whole += float(np.einsum("ij,ij->", rows, rows))
    along = float(((position - position.mean()) ** 2).sum()) * length
    share = along / whole if whole else 0.0
    return Axis(start, direction, position, np.sqrt(np.maximum(beside, 0)), share)


def strip(axis: Axis, low: float = 0.0, high: float = 1.0, places: int = PLACES) -> np.ndarray:
    """Return the row shown at each place of a strip, −1 where none lies near.

    Parameters
    ----------
    axis
        Where rows lie.
    low, high
        Positions of the first and the last place.
    places
        How many, 2 or more.

    Returns
    -------
    numpy.ndarray
        Shape `(places,)` int64. Of the rows within half a step of a place the one that lies least
        beside the axis; ties go to the lower row. No row comes twice.
    """
    if places < 2 or not high > low:
        raise InputError("strip: needs two places or more, and an end after its start")
    targets = np.linspace(low, high, places)
    half = (high - low) / (places - 1) / 2
    nearest = np.rint((axis.position - low) / (2 * half))
    inside = (nearest >= 0) & (nearest < places)
    shown = np.full(places, -1, np.int64)
    beside = np.round(axis.residual / np.linalg.norm(axis.direction), 9)  # rounding breaks no tie
    for place in range(places):
        rows = np.flatnonzero(inside & (nearest == place))
        rows = rows[np.abs(axis.position[rows] - targets[place]) <= half * (1 + 1e-9)]
        if len(rows):
            shown[place] = rows[np.lexsort((rows, beside[rows]))[0]]
    return shown


def largest_gap(position: np.ndarray, low: float = 0.0, high: float = 1.0) -> float:
    """Return the longest empty stretch between two positions, as a share of their distance."""
    inside = np.sort(position[(position >= low) & (position <= high)])
    edges = np.concatenate([[low], inside, [high]])
    return float(np.diff(edges).max() / (high - low))


def auc(first: np.ndarray, second: np.ndarray) -> float:
    """Return the chance that a value of the second lies above one of the first; ties are halves."""
    values = np.concatenate([first, second])
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(1, len(values) + 1)
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean = np.bincount(place, ranks) / count
    above = mean[place][len(first) :].sum() - len(second) * (len(second) + 1) / 2
    return float(above / (len(first) * len(second)))


def between_means(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the direction from the mean of some points to that of others."""
    direction: np.ndarray = two.mean(axis=0) - one.mean(axis=0)
    return direction


def held_out_auc(
    points: np.ndarray,
    second: np.ndarray,
    units: np.ndarray | None = None,
    *,
    folds: int = FOLDS,
    seed: int = 0,
    along: Callable[[np.ndarray, np.ndarray], np.ndarray] = between_means,
) -> tuple[float, np.ndarray]:
    """Return how well an axis tells two groups apart on units it has not seen.

    Parameters
    ----------
    points
        Shape `(n, d)`: the images of both groups.
    second
        Shape `(n,)` bool: those of the second.
    units
        Unit of each image; whole units are held out together.
    along
        Makes the direction `(d,)` from the points of the first and of the second; by default it is
        the difference of their means.

    Returns
    -------
    float
        Mean over folds of the AUC inside each, for scores of different axes are not comparable.
    numpy.ndarray
        That of each fold that had both groups.

    Raises
    ------
    InputError
        A group has fewer than two units.
    """
    points, second = np.asarray(points, np.float64), np.asarray(second, bool)
    names = np.arange(len(points)) if units is None else np.asarray(units)
    fold = dealt(second, names, folds=folds, seed=seed)
    found = []
    for held in np.unique(fold):
        out = fold == held
        one, two = points[~out & ~second], points[~out & second]
        if not (len(one) and len(two) and (out & second).any() and (out & ~second).any()):
            continue
        score = points[out] @ along(one, two)
        found.append(auc(score[~second[out]], score[second[out]]))
    if not found:
        raise InputError("gradient: each end needs two units or more to be tested on others")
    return float(np.mean(found)), np.array(found)


def dealt(
    second: np.ndarray, units: np.ndarray, *, folds: int = FOLDS, seed: int = 0
) -> np.ndarray:
    """Deal whole units of two groups to folds, as many of each group to each as can be.

    Parameters
    ----------
    second
        Shape `(n,)` bool: the images of the second group.
    units
        Unit of each; one with images in both groups goes with the first.

    Returns
    -------
    numpy.ndarray
        Fold of each image `(n,)` int64, from 0.
    """
    rng = np.random.default_rng(seed)
    fold = np.full(len(second), -1, np.int64)
    for side in (False, True):
        mine = np.unique(units[(second == side) & (fold < 0)])
        count = max(1, min(folds, len(mine)))
        turn = dict(zip(rng.permutation(mine).tolist(), np.arange(len(mine)) % count, strict=True))
        for row in np.flatnonzero(fold < 0):
            if units[row] in turn:
                fold[row] = turn[units[row]]
    return fold
