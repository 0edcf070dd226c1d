"""Axes that are not a difference of means: the best discriminant, and a principal axis."""

import numpy as np

from core.errors import InputError
from core.morphology.gradient import Axis, axis_along
from core.morphology.ordination import ordinate

#: Shares of the images below and above the ends of a strip along a principal axis.
TAILS = (0.02, 0.98)


def discriminant(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the direction `(d,)` that tells the points of two groups apart best.

    Parameters
    ----------
    one, two
        Points `(n, d)` and `(m, d)`, one a unit.

    Raises
    ------
    InputError
        There are fewer than three points, or all of a group lie in one place.

    Notes
    -----
    Fisher's linear discriminant Σ⁻¹(x̄₂ − x̄₁), Σ the mean of the covariances of both groups by their
    sizes, each shrunk as Ledoit and Wolf (2004), doi:10.1016/S0047-259X(03)00096-4, on standardised
    columns: what scikit-learn's `LinearDiscriminantAnalysis("lsqr", shrinkage="auto")` does, solved
    directly. Without shrinkage it takes chance for form as soon as there are more dimensions than
    units.
    """
    count = len(one) + len(two)
    if count < 3:
        raise InputError("discriminant: needs three units or more; use the difference of means")
    first = len(one) / count
    within = first * _shrunk(one) + (1 - first) * _shrunk(two)
    size = float(np.trace(within))
    if size < 1e-20:
        raise InputError(
            "discriminant: the units of each group all lie in one place; use the difference of "
            "means"
        )
    within[np.diag_indices_from(within)] += 1e-9 * size / len(within)  # columns without variance
    direction: np.ndarray = np.linalg.solve(within, two.mean(axis=0) - one.mean(axis=0))
    return direction


def _shrunk(points: np.ndarray) -> np.ndarray:
    """Return the shrunk covariance `(d, d)` of one group; zeros of a single point."""
    from sklearn.covariance import ledoit_wolf

    if len(points) < 2:
        return np.zeros((points.shape[1], points.shape[1]))
    centred = points - points.mean(axis=0, dtype=np.float64)
    scale = centred.std(axis=0)
    scale[scale < 1e-12] = 1.0
    found: np.ndarray = ledoit_wolf(centred / scale, assume_centered=True)[0]
    return np.asarray(found * scale * scale[:, None])


def scaled_between(
    points: np.ndarray, start: np.ndarray, end: np.ndarray, direction: np.ndarray
) -> Axis:
    """Return the axis in a direction `(d,)` on which one point lies at 0 and another at 1.

    Raises
    ------
    InputError
        Both lie at one place of it.
    """
    along = float((end - start) @ direction)
    size = float(direction @ direction)
    if abs(along) < 1e-12 * max(size, 1e-300) ** 0.5:
        raise InputError("gradient: along this direction both ends are the same")
    return axis_along(points, start, direction * (along / size))


def principal_axis(points: np.ndarray, observations: np.ndarray, number: int) -> Axis:
    """Return a principal axis of some observations, with all points placed on it.

    Parameters
    ----------
    points
        Images `(n, d)`.
    observations
        One point a unit `(m, d)`: the axis is theirs, so that no unit counts for more than one.
    number
        Which axis, from 1.

    Returns
    -------
    Axis
        0 is the mean of the observations, 1 one standard deviation from it.

    Raises
    ------
    InputError
        They do not vary along that many directions.
    """
    found = ordinate(observations, k=number)
    direction, scores = found.axes[number - 1], found.scores[:, number - 1]
    spread = float(scores.std(ddof=1)) if len(scores) > 1 else 0.0
    if not float(direction @ direction) or spread < 1e-7:
        raise InputError(
            f"axis {number}: these images vary along fewer directions; use a lower number"
        )
    return axis_along(points, found.mean, direction * spread)


def quantile_strip(
    position: np.ndarray, beside: np.ndarray, places: int
) -> list[tuple[float, int]]:
    """Return the place and the row, −1 for none, of a strip whose places hold equally many images.

    Parameters
    ----------
    position, beside
        Where each row lies along an axis, and how far beside it, `(n,)`.
    places
        How many, 2 or more.

    Returns
    -------
    list of (float, int)
        Places at evenly spaced quantiles, from the 2nd to the 98th of a hundred. Each row belongs
        to the place nearest to its own rank; of those the one that lies least beside is shown,
        ties to the lower row.
    """
    low, high = TAILS
    shares = np.linspace(low, high, places)
    targets = np.quantile(position, shares)
    rank = np.empty(len(position))
    rank[np.argsort(position, kind="stable")] = (np.arange(len(position)) + 0.5) / len(position)
    nearest = np.clip(np.rint((rank - low) / (high - low) * (places - 1)), 0, places - 1)
    rounded = np.round(beside, 9)
    found = []
    for place, target in enumerate(targets.tolist()):
        rows = np.flatnonzero(nearest == place)
        first = int(rows[np.lexsort((rows, rounded[rows]))[0]]) if len(rows) else -1
        found.append((target, first))
    return found
