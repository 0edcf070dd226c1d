"""The workflow of Lürig and others for segmented specimens, with what keeps it honest.

Standardised components to 95 % of the variance; the discriminant axis of two groups on the first
seven, fitted without units that lie far from their group, and judged on units and groups that it
was not made from; likeness of sides or sexes inside a group; the specimen nearest each mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import InputError
from core.morphology.lurig_axis import Discriminant, discriminate, observed, two_farthest
from core.morphology.lurig_space import Standardised, standardise
from core.progress import Progress

STAGE = "preset"

ORIGIN = (
    "likeness is the cosine of centred components: it depends on which images are in the set, and "
    "changes when some are left out; distances between groups elsewhere do not"
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the two values of a pair are inside one group: (cos + 1) / 2 of their means.

    Attributes
    ----------
    group, one, two
        Codes of the group and of the two values.
    units
        Units that have each.
    every, axis
        On all components kept, and on those of the discriminant axis.
    """

    group: int
    one: int
    two: int
    units: tuple[int, int]
    every: float
    axis: float


@dataclass(frozen=True, slots=True)
class Lurig:
    """What the preset finds.

    Attributes
    ----------
    space
        The standardised components.
    discriminant
        The axis between the poles.
    likeness
        Between the values of the pair, inside each group that has both.
    apart
        By pair of values: mean likeness of the first in one group and the second in another, the
        level to compare `likeness` with.
    within
        By code: mean likeness of two units of the group; None for fewer than two.
    units
        Units of each group.
    exemplars
        By code: the row nearest the mean of its group, −1 for none.
    warnings
        What to be careful of.
    """

    space: Standardised
    discriminant: Discriminant
    likeness: tuple[Likeness, ...]
    apart: dict[tuple[int, int], float]
    within: tuple[float | None, ...]
    units: tuple[int, ...]
    exemplars: tuple[int, ...]
    warnings: tuple[str, ...] = field(default=())

    def to_json(self, groups: Sequence[str], values: Sequence[str] = ()) -> dict[str, Any]:
        """Return the result as JSON, with names of groups and of the pair's values by code."""
        return {
            **self.space.to_json(),
            "discriminant": self.discriminant.to_json(groups),
            "similarity": [
                {
                    "group": groups[one.group], "a": values[one.one], "b": values[one.two],
                    "units_a": one.units[0], "units_b": one.units[1],
                    "all": one.every, "axis": one.axis,
                }
                for one in self.likeness
            ],
            "between": [
                {"a": values[one], "b": values[two], "all": mean}
                for (one, two), mean in self.apart.items()
            ],
            "within": [
                {"group": groups[code], "units": units, "mean": mean}
                for code, (units, mean) in enumerate(zip(self.units, self.within, strict=True))
                if units
            ],
            "exemplars": [
                {"group": groups[code], "unit": row}
                for code, row in enumerate(self.exemplars)
                if row >= 0
            ],
            "warnings": list(self.warnings),
        }  # fmt: skip


def lurig(
    points: np.ndarray,
    groups: np.ndarray,
    pair: np.ndarray | None = None,
    poles: tuple[int, int] | None = None,
    seed: int = 0,
    *,
    units: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Lurig:
    """Run the preset.

    Parameters
    ----------
    points
        Shape `(n, d)`: unit vectors of images, or their means over specimens.
    groups
        Codes `(n,)` from 0.
    pair
        Codes `(n,)` of sides, sexes or the like, below 0 for none.
    poles
        The two groups of the discriminant axis; the two whose means are farthest apart if None.
    seed
        Of the folds.
    units
        Unit of each row, where one has several (both sides of a specimen): they are averaged before
        their group, count as one and are held out together. Each row is its own if None.

    Raises
    ------
    InputError
        Lengths differ, values are not finite, all points are one, or a pole has no observations.

    Notes
    -----
    Lürig et al. (2025), "Aposematic color patterns are the dominant axis of phenotypic
    diversification in Nymphalid butterflies", code at github.com/mluerig/nymphalid-phenomics.
    There species are the units and the poles two classes of species; here units are specimens and
    the poles two groups, and groups that are not poles are what the axis has never seen.
    """
    points, groups = np.asarray(points, np.float64), np.asarray(groups, np.int64)
    names = np.arange(len(points)) if units is None else np.asarray(units)
    _check(points, groups, names, pair)
    progress = progress or Progress()
    progress.report(STAGE, 0, 3)
    space = standardise(points)
    m = int(groups.max()) + 1
    seen = observed(groups, names)
    ends = two_farthest(points, seen) if poles is None else poles
    progress.report(STAGE, 1, 3)
    axis = discriminate(points, seen, ends, seed, space)
    progress.report(STAGE, 2, 3)
    alike = () if pair is None else _likeness(space.scores, groups, names, pair, axis.components)
    apart = {} if pair is None else _apart(space.scores, groups, names, pair)
    parts = [_unit_means(space.scores, names, groups == code) for code in range(m)]
    return Lurig(
        space, axis, tuple(alike), apart, tuple(_within(part) for part in parts),
        tuple(len(part) for part in parts),
        tuple(_nearest(space.scores, groups == code, part) for code, part in enumerate(parts)),
        (ORIGIN, *axis.warnings),
    )  # fmt: skip


def _check(
    points: np.ndarray, groups: np.ndarray, names: np.ndarray, pair: np.ndarray | None
) -> None:
    n = len(points)
    if points.ndim != 2 or n < 4:
        raise InputError(f"preset: needs four images or more, not shape {points.shape}")
    for what, values in (("groups", groups), ("units", names), ("pair", pair)):
        if values is not None and np.shape(values) != (n,):
            raise InputError(f"preset: {what} of shape {np.shape(values)} for {n} rows")
    if not np.isfinite(points).all():
        raise InputError("preset: NaN or infinite values; leave those images out")
    if groups.min() < 0:
        raise InputError("preset: an image has no group; leave it out")


def _unit_means(scores: np.ndarray, names: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the mean of each unit `(u, k)` over some rows (bool)."""
    if not rows.any():
        return np.zeros((0, scores.shape[1]))
    _, place, count = np.unique(names[rows], return_inverse=True, return_counts=True)
    sums = np.zeros((len(count), scores.shape[1]))
    np.add.at(sums, place.reshape(-1), scores[rows])
    means: np.ndarray = sums / count[:, None]
    return means


def alike(one: np.ndarray, two: np.ndarray) -> float:
    """Return (cos + 1) / 2 of two vectors; 0.5 where one has no length."""
    length = float(np.linalg.norm(one) * np.linalg.norm(two))
    return 0.5 if length == 0 else (min(1.0, max(-1.0, float(one @ two) / length)) + 1) / 2


def _sides(
    scores: np.ndarray, groups: np.ndarray, names: np.ndarray, pair: np.ndarray
) -> dict[tuple[int, int], tuple[np.ndarray, int]]:
    """Return the mean of unit means, and the units, by group and value of the pair."""
    found = {}
    for group in np.unique(groups).tolist():
        for value in np.unique(pair[pair >= 0]).tolist():
            part = _unit_means(scores, names, (groups == group) & (pair == value))
            if len(part):
                found[group, value] = part.mean(axis=0), len(part)
    return found


def _likeness(
    scores: np.ndarray, groups: np.ndarray, names: np.ndarray, pair: np.ndarray, first: int
) -> list[Likeness]:
    """Return the likeness of every two values of the pair inside each group."""
    sides = _sides(scores, groups, names, np.asarray(pair))
    return [
        Likeness(
            group, one, two, (units, others), alike(mean, other), alike(mean[:first], other[:first])
        )
        for (group, one), (mean, units) in sides.items()
        for (same, two), (other, others) in sides.items()
        if same == group and two > one
    ]


def _apart(
    scores: np.ndarray, groups: np.ndarray, names: np.ndarray, pair: np.ndarray
) -> dict[tuple[int, int], float]:
    """Return the mean likeness of one value in a group and another in another group."""
    sides = _sides(scores, groups, names, np.asarray(pair))
    found: dict[tuple[int, int], list[float]] = {}
    for (group, one), (mean, _) in sides.items():
        for (other, two), (far, _) in sides.items():
            if other != group and two > one:
                found.setdefault((one, two), []).append(alike(mean, far))
    return {pair: float(np.mean(values)) for pair, values in sorted(found.items())}


def _within(part: np.ndarray) -> float | None:
    """Return the mean (cos + 1) / 2 of two different units; None for fewer than two."""
    n = len(part)
    if n < 2:
        return None
    length = np.linalg.norm(part, axis=1, keepdims=True)
    total = (part / np.where(length > 0, length, 1)).sum(axis=0)
    same = float((length > 0).sum())
    return ((float(total @ total) - same) / (n * (n - 1)) + 1) / 2


def _nearest(scores: np.ndarray, rows: np.ndarray, part: np.ndarray) -> int:
    """Return the row nearest the mean of its group's units; −1 for none, the lower row for ties."""
    here = np.flatnonzero(rows)
    if not len(here):
        return -1
    return int(here[np.linalg.norm(scores[here] - part.mean(axis=0), axis=1).argmin()])
