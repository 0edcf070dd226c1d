"""What is computed of a gradient: where its images lie, which are shown, how far it holds."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.comparisons.gradient_subject import Subject
from core.errors import InputError
from core.keys import digest
from core.model import Neighbors
from core.morphology.geodesic import Path, geodesics, stops
from core.morphology.gradient import (
    Axis,
    axis_along,
    between_means,
    dealt,
    held_out_auc,
    largest_gap,
    strip,
)
from core.morphology.gradient_axes import (
    discriminant,
    principal_axis,
    quantile_strip,
    scaled_between,
)
from core.morphology.supplementary import correlate

#: Makes a direction from the points of two groups.
Along = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Arrangements of the tests of correlations, and units that an end needs to be tested on others.
PERMUTATIONS, FEWEST = 999, 2


@dataclass(frozen=True, slots=True)
class Measured:
    """A gradient, as computed.

    Attributes
    ----------
    position, residual
        Of each placed image `(m,)`; NaN where it cannot be reached.
    stops
        Place and position among the placed images, −1 for none, of each picture.
    low, high
        Where the strip begins and ends.
    share, gap
        Share of the variance along it, None along a way through neighbours; the longest empty
        stretch, of a way its longest step, as a share of the whole.
    auc, folds
        How well it tells the groups apart on units held out, the mean and of each fold; None and
        () where it cannot be tested.
    why
        Why it was not tested; "" where it was, or where there are no two groups.
    path, by_k
        The way through neighbours, and the same with fewer and with more of them.
    correlations
        column, r, p, p_adjusted, n of each.
    """

    position: np.ndarray
    residual: np.ndarray
    stops: list[tuple[float, int]]
    low: float
    high: float
    share: float | None
    gap: float | None
    auc: float | None = None
    folds: tuple[float, ...] = ()
    why: str = ""
    path: Path | None = None
    by_k: dict[str, dict[str, Any]] = field(default_factory=dict)
    correlations: list[dict[str, Any]] = field(default_factory=list)


def measure(
    subject: Subject, points: np.ndarray, graph: Callable[[], Neighbors], progress: Any
) -> Measured:
    """Compute a gradient.

    Parameters
    ----------
    subject
        What it looks at.
    points
        Unit vectors `(m, d)` of the placed images.
    graph
        Returns their neighbours; asked for a way through them only.
    progress
        Told the stage.
    """
    progress.report("axis")
    means, of = observations(points, subject.observations)
    if subject.asked.kind == "geodesic":
        found = _through(subject, points, means, of, graph())
    elif subject.asked.kind == "principal":
        found = _principal(subject, points, means)
    else:
        found = _straight(subject, points, means, of)
    return replace(found, correlations=_correlations(subject, found.position, progress))


def observations(points: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each observation's points `(u, d)` float64, and one row of each `(u,)`."""
    from scipy.sparse import csr_matrix

    count = int(codes.max()) + 1
    ones = csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), (count, len(codes)))
    sums = ones @ points
    first = np.unique(codes, return_index=True)[1]
    return np.asarray(sums / np.bincount(codes)[:, None], np.float64), first


def _straight(subject: Subject, points: np.ndarray, means: np.ndarray, of: np.ndarray) -> Measured:
    """Measure along the difference of two means, or a discriminant."""
    side, telling = subject.side[of], subject.asked.kind == "discriminant"
    along = remembering(discriminant) if telling else between_means
    auc, folds, why = _tested(subject, means, side, subject.units[of], along)
    start, end = (means[side == place].mean(axis=0) for place in (0, 1))
    if telling:
        axis = _discriminated(subject, points, means, of, along, apart=auc is not None)
    else:
        axis = axis_along(points, start, end - start)
    shown = strip(axis, places=subject.asked.places)
    targets = np.linspace(0, 1, subject.asked.places)
    return Measured(
        axis.position, axis.residual, list(zip(targets.tolist(), shown.tolist(), strict=True)),
        0.0, 1.0, axis.share, largest_gap(axis.position), auc, folds, why,
    )  # fmt: skip


def remembering(make: Along) -> Along:
    """Return the same function, which makes nothing twice."""
    made: dict[str, np.ndarray] = {}

    def along(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        key = digest(one, two)
        if key not in made:
            made[key] = make(one, two)
        return made[key]

    return along


def _discriminated(
    subject: Subject,
    points: np.ndarray,
    means: np.ndarray,
    of: np.ndarray,
    along: Along,
    *,
    apart: bool,
) -> Axis:
    """Return a discriminant with all images placed on it.

    With more dimensions than units it puts every image that it was made from at its own end, so
    the images of the groups are placed by axes made without their units (`apart`).
    """
    side, units = subject.side[of], subject.units

    def placed(kept: np.ndarray, rows: np.ndarray) -> Axis:
        one, two = means[kept & (side == 0)], means[kept & (side == 1)]
        return scaled_between(points[rows], one.mean(axis=0), two.mean(axis=0), along(one, two))

    whole = placed(np.ones(len(side), bool), np.arange(len(points)))
    if not apart:
        return whole
    inside = side >= 0
    fold = dealt(side[inside] == 1, units[of][inside], seed=subject.asked.seed)
    of_unit = dict(zip(units[of][inside].tolist(), fold.tolist(), strict=True))
    position, residual = whole.position.copy(), whole.residual.copy()
    for held in np.unique(fold).tolist():
        out = [unit for unit, number in of_unit.items() if number == held]
        kept = ~np.isin(units[of], out)
        rows = np.flatnonzero((subject.side >= 0) & np.isin(units, out))
        if not all((kept & (side == place)).any() for place in (0, 1)):
            continue
        own = placed(kept, rows)
        position[rows], residual[rows] = own.position, own.residual
    return replace(whole, position=position, residual=residual)


def _tested(
    subject: Subject, means: np.ndarray, side: np.ndarray, units: np.ndarray, along: Along
) -> tuple[float | None, tuple[float, ...], str]:
    """Return how well an axis tells both groups apart on units that it was not made from."""
    if any(end.image for end in subject.ends):
        return None, (), ""
    few = min(len(np.unique(units[side == place])) for place in (0, 1))
    if few < FEWEST:
        return None, (), "an end has one unit only, so there is nothing to test the axis on"
    inside = side >= 0
    try:
        auc, folds = held_out_auc(
            means[inside], side[inside] == 1, units[inside], seed=subject.asked.seed, along=along
        )
    except InputError as error:
        return None, (), str(error)
    return auc, tuple(folds.tolist()), ""


def _principal(subject: Subject, points: np.ndarray, means: np.ndarray) -> Measured:
    """Measure along a principal axis."""
    axis: Axis = principal_axis(points, means, subject.asked.axis)
    shown = quantile_strip(axis.position, axis.residual, subject.asked.places)
    low, high = shown[0][0], shown[-1][0]
    gap = largest_gap(axis.position, low, high) if high > low else None
    return Measured(axis.position, axis.residual, shown, low, high, axis.share, gap)


def _through(
    subject: Subject, points: np.ndarray, means: np.ndarray, of: np.ndarray, graph: Neighbors
) -> Measured:
    """Measure along the shortest way through near neighbours."""
    ends = [_exemplar(subject, points, means, of, place) for place in (0, 1)]
    ways = geodesics(points, graph, ends[0], ends[1], k=subject.asked.k)
    path = ways[min(subject.asked.k, graph.indices.shape[1])]
    by_k = {
        str(k): {
            "length": way.length if len(way.rows) else None,
            "straightness": way.straightness if len(way.rows) else None,
            "images": len(way.rows),
            "bridges": int(way.bridges.sum()),
        }
        for k, way in ways.items()
    }
    shown = stops(path, subject.asked.places) or [(0.0, ends[0]), (1.0, ends[1])]
    gap = float(path.steps.max() / path.length) if len(path.rows) else None
    return Measured(path.position, path.residual, shown, 0.0, 1.0, None, gap, path=path, by_k=by_k)


def _exemplar(
    subject: Subject, points: np.ndarray, means: np.ndarray, of: np.ndarray, place: int
) -> int:
    """Return the placed image of an end that lies nearest to the mean of its units."""
    inside = np.flatnonzero(subject.side == place)
    away = points[inside] - means[subject.side[of] == place].mean(axis=0)
    apart = np.round(np.einsum("ij,ij->i", away, away), 12)
    return int(inside[np.lexsort((inside, apart))[0]])


def _correlations(subject: Subject, position: np.ndarray, progress: Any) -> list[dict[str, Any]]:
    """Correlate the position of observations with the mean of each column of numbers."""
    codes = subject.observations
    reached = np.isfinite(position)
    scores = _means(position, codes, reached)
    columns = {
        name: _means(values, codes, np.isfinite(values)) for name, values in subject.columns.items()
    }
    known = np.isfinite(scores)
    found = correlate(
        scores[known][:, None], {name: values[known] for name, values in columns.items()},
        permutations=PERMUTATIONS, seed=subject.asked.seed, progress=progress,
    )  # fmt: skip
    return [
        {"column": one.column, "r": one.r, "p": one.p, "p_adjusted": one.p_adjusted, "n": one.n}
        for one in found
    ]


def _means(values: np.ndarray, codes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the mean of the known values of each observation, NaN where it has none."""
    count = np.bincount(codes[known], minlength=int(codes.max()) + 1)
    total = np.bincount(codes[known], values[known], minlength=int(codes.max()) + 1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
