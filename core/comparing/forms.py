"""How far groups are apart, how varied each is, which images are unusual, and along what axes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.comparing.result import between, plain
from core.comparing.subject import Subject
from core.comparing.tests import PAIRED, Compared
from core.morphology.adjust import adjusted
from core.morphology.design import MEASURED
from core.progress import Progress
from core.space import blocks

#: The four measures of being unusual, and axes of the ordination that are kept.
MEASURES = ("distinctiveness", "uniqueness", "originality", "specialisation")
AXES = 5
#: Fewest units with a value, for a column to be held against the axes.
KNOWN = 10


@dataclass(frozen=True, slots=True)
class Distances:
    """Distances of groups: as JSON, as a matrix of all groups `(m, m)`, and their tree."""

    lines: list[dict[str, Any]]
    matrix: np.ndarray
    tree: dict[str, Any] | None


def distances(subject: Subject, progress: Progress) -> Distances:
    """Return how far the means of groups are apart, and which groups are alike."""
    from core.morphology.centroids import group_distances
    from core.morphology.paired import paired_distances

    progress.report("distances of groups")
    design, m = subject.design, len(subject.design.names)
    codes = np.flatnonzero(design.sizes >= MEASURED)
    matrix = np.full((m, m), np.nan)
    if len(codes) < 2:
        return Distances([], matrix, None)
    rows, groups = design.of_groups(codes)
    points = subject.points[rows]
    if design.paired:
        found = paired_distances(points, groups, design.unit[rows])
    else:
        found = group_distances(points, groups)
    matrix[np.ix_(codes, codes)] = found.distance
    lines = [
        {"a": design.names[codes[a]], "b": design.names[codes[b]],
         "distance": float(found.distance[a, b]),
         "ci": between(found.low[a, b], found.high[a, b]),
         "truncated": bool(found.squared[a, b] < 0)}
        for a in range(len(codes))
        for b in range(a + 1, len(codes))
        if np.isfinite(found.distance[a, b])
    ]  # fmt: skip
    return Distances(lines, matrix, _tree(subject, codes, progress))


def _tree(subject: Subject, codes: np.ndarray, progress: Progress) -> dict[str, Any] | None:
    """Return the tree of groups of two units or more; None for fewer than three groups."""
    from core.morphology.dendrogram import group_tree
    from core.morphology.paired import paired_tree

    if len(codes) < 3:
        return None
    rows, groups = subject.design.of_groups(codes)
    points, seed, draws = small_of(subject)[rows], subject.asked.seed, subject.asked.draws
    found = (
        paired_tree(points, groups, subject.design.unit[rows], draws=draws, seed=seed,
                    progress=progress)
        if subject.design.paired
        else group_tree(points, groups, draws=draws, seed=seed, progress=progress)
    )  # fmt: skip
    if found is None:
        return None
    return plain(
        {"links": found.links, "leaves": [subject.design.names[code] for code in codes],
         "cophenetic": found.cophenetic, "draws": found.draws,
         "support": found.support if found.draws else None}
    )  # fmt: skip


def small_of(subject: Subject) -> np.ndarray:
    """Return the observations turned into as few dimensions as hold them; distances stay."""
    from core.morphology.permanova import small

    return small(subject.points)


# -- variety ---------------------------------------------------------------------------------------


def variety(
    subject: Subject, held: Compared, scores: np.ndarray, progress: Progress
) -> dict[str, Any]:
    """Return how varied each group is, and which groups differ in it."""
    from core.morphology.disparity import PAIRS, disparity

    progress.report("variety of groups")
    design = subject.design
    found = disparity(subject.points, design.group, seed=subject.asked.seed)
    hulls = _hulls(subject, scores, progress)
    groups = [
        {"name": name, "units": int(design.sizes[code]),
         "variance": plain(found.variance[code]),
         "variance_ci": between(found.variance_low[code], found.variance_high[code]),
         "distance": plain(found.distance[code]),
         "distance_ci": between(found.distance_low[code], found.distance_high[code]),
         "hull": hulls[code]}
        if design.sizes[code]
        else _empty(name)
        for code, name in enumerate(design.names)
    ]  # fmt: skip
    note = ""
    if design.sizes.max(initial=0) > PAIRS:
        note = (
            f"Of groups of more than {PAIRS:,} units the mean distance is that of {PAIRS:,} of "
            "them, drawn by the seed; the sum of variances is of all."
        )
    return {"groups": groups, "pairs": _differences(subject, held, progress), "note": note}


def _empty(name: str) -> dict[str, Any]:
    blank = ("variance", "variance_ci", "distance", "distance_ci", "hull")
    return {"name": name, "units": 0, **dict.fromkeys(blank)}


def _hulls(subject: Subject, scores: np.ndarray, progress: Progress) -> list[dict[str, Any] | None]:
    """Return the hull of each group along the first axes; None of small groups."""
    from core.morphology.hull import AXES as DEPTH
    from core.morphology.hull import NOTE, rarefied_hull

    names, m = subject.design.names, scores.shape[1]
    none: list[dict[str, Any] | None] = [None] * len(names)
    if not m or not len(scores):
        return none
    found = rarefied_hull(
        scores[:, :DEPTH], subject.design.group, seed=subject.asked.seed, progress=progress
    )
    for code, hull in enumerate(found):
        if hull is not None:
            none[code] = {"volume": plain(hull.volume), "ci": between(hull.low, hull.high),
                          "units": hull.units, "note": NOTE}  # fmt: skip
    return none


def _differences(subject: Subject, held: Compared, progress: Progress) -> list[dict[str, Any]]:
    """Return the difference of every two groups in the sum of variances."""
    from core.morphology.disparity import disparity_difference

    m = len(held.names)
    if not 2 <= m <= PAIRED:
        return []
    pairs = [(a, b) for a in range(m) for b in range(a + 1, m)]
    lines = []
    for at, (a, b) in enumerate(pairs):
        progress.report("variety of groups", at, len(pairs))
        rows = np.flatnonzero((held.groups == a) | (held.groups == b))
        found = disparity_difference(
            held.points[rows], (held.groups[rows] == b).astype(np.int64), 0, 1,
            permutations=held.permutations, seed=subject.asked.seed,
        )  # fmt: skip
        if found is not None:
            lines.append({"a": held.names[a], "b": held.names[b], "estimate": plain(found.estimate),
                          "ci": between(found.low, found.high), "p": _known(found)})  # fmt: skip
    family = adjusted([line["p"] for line in lines])
    return [line | {"p_adjusted": p} for line, p in zip(lines, family, strict=True)]


def _known(found: Any) -> float | None:
    """Return the p of a difference; None where neither group varies at all."""
    nothing = abs(found.estimate) < 1e-12 and found.high - found.low < 1e-12
    return None if nothing else float(found.p)


# -- unusual images --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unusual:
    """How unusual units and groups are.

    `columns` are those of the table of units.
    """

    columns: dict[str, np.ndarray]
    groups: list[dict[str, Any]]


def unusual(subject: Subject, held: Compared, progress: Progress) -> Unusual:
    """Return four distances of each observation with percentiles, and their means by group."""
    design, n = subject.design, len(subject.design.group)
    values = {name: np.full(n, np.nan) for name in MEASURES}
    if n >= 2:
        from core.morphology.distinct import distinct

        found = distinct(small_of(subject), design.group, progress=progress)
        values = {name: np.array(getattr(found, name)) for name in MEASURES}
        if design.paired:
            values["uniqueness"] = _to_other_units(small_of(subject), design.unit)
    columns = {}
    for name in MEASURES:
        column = pd.Series(values[name])
        columns[name] = values[name]
        columns[f"{name}_percentile"] = column.rank(pct=True).to_numpy()
        columns[f"{name}_percentile_group"] = column.groupby(design.group).rank(pct=True).to_numpy()
    return Unusual(columns, _by_group(subject, held, values))


def _to_other_units(points: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the distance of each observation to the nearest of another unit `(n,)`."""
    square = np.einsum("ij,ij->i", points, points)
    nearest = np.full(len(points), np.nan)
    for part in blocks(len(points), len(points)):
        apart = square[part, None] + square[None, :] - 2 * points[part] @ points.T
        apart[units[part, None] == units[None, :]] = np.inf
        at = apart.argmin(axis=1)
        known = np.isfinite(apart[np.arange(len(at)), at])
        gap = np.linalg.norm(points[part] - points[at], axis=1)
        nearest[part] = np.where(known, gap, np.nan)
    return nearest


def _by_group(
    subject: Subject, held: Compared, values: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Return the means of each group, and whether its units are more distinct than the others."""
    from core.morphology.distinct import groups_differ

    design = subject.design
    p: dict[str, float | None] = dict.fromkeys(design.names)
    shown = values["distinctiveness"][held.rows]
    if len(held.names) >= 2 and np.ptp(shown) > 0:
        _, found = groups_differ(
            shown, held.groups, permutations=held.permutations, seed=subject.asked.seed
        )
        p.update(zip(held.names, found.tolist(), strict=True))
    family = dict(zip(p, adjusted(list(p.values())), strict=True))
    lines = []
    for code, name in enumerate(design.names):
        mine = design.group == code
        means = {one: float(values[one][mine].mean()) if mine.any() else None for one in MEASURES}
        lines.append(
            {"name": name, "units": int(mine.sum()), **means, "p": p[name],
             "p_adjusted": family[name]}
        )  # fmt: skip
    return plain(lines)


# -- axes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Axes:
    """The ordination: scores `(n, k)`, directions `(k, d)`, and what is told of it."""

    scores: np.ndarray
    axes: np.ndarray
    told: dict[str, Any]


def ordination(
    subject: Subject,
    held: Compared,
    columns: Callable[[], pd.DataFrame],
    progress: Progress,
) -> Axes:
    """Return the axes along which observations vary most, and what goes with them.

    Parameters
    ----------
    columns
        Gives columns of numbers, a line a row of the set, that took no part in making the axes.
    """
    from core.morphology.ordination import ordinate

    progress.report("ordination")
    points = subject.points
    if len(points) < 2:
        told = {"method": "PCA", "explained": [], "axes": 0, "supplementary": [],
                "note": "Fewer than two units have no axes."}  # fmt: skip
        return Axes(np.zeros((len(points), 0)), np.zeros((0, points.shape[1])), told)
    found = ordinate(points, min(AXES, len(points) - 1, points.shape[1]))
    lines = _supplementary(subject, held, found.scores, columns(), progress)
    told = {
        "method": "PCA", "explained": plain(found.explained), "axes": found.scores.shape[1],
        "supplementary": lines,
        "note": "Axes of unit means; of straight distances PCA and PCoA are the same. Columns "
        "took no part in making the axes.",
    }  # fmt: skip
    return Axes(found.scores, found.axes, told)


def _supplementary(
    subject: Subject,
    held: Compared,
    scores: np.ndarray,
    columns: pd.DataFrame,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Return the rank correlation of each column with each axis, observations being the units."""
    from core.morphology.supplementary import correlate

    design = subject.design
    means = {}
    for name in columns.columns:
        values = pd.Series(columns[name].to_numpy(np.float64)[design.rows])
        mean = values.groupby(design.place).mean().to_numpy()
        known = mean[np.isfinite(mean)]
        if len(known) >= KNOWN and np.ptp(known) > 0:
            means[str(name)] = mean
    found = correlate(
        scores, means, blocks=design.blocks, permutations=held.permutations,
        seed=subject.asked.seed, progress=progress,
    )  # fmt: skip
    return plain(
        [{"column": one.column, "axis": one.axis, "r": one.r, "p": one.p,
          "p_adjusted": one.p_adjusted, "n": one.n} for one in found]
    )  # fmt: skip
