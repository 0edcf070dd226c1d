"""The discriminant axis of the preset, judged on units and groups that it was not made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.morphology.gradient import auc
from core.morphology.lurig_space import Standardised, standardise

#: Components that the axis looks at.
COMPONENTS = 7
#: Units that each component of the axis needs, of the poles together; folds of the check.
UNITS_EACH, FOLDS = 3, 5
#: Units of a pole from which far ones are trimmed, for each component, and the quantile of χ².
TRIM_EACH, QUANTILE = 3, 0.95


@dataclass(frozen=True, slots=True)
class Side:
    """Where a group lies on the axis.

    Attributes
    ----------
    group, units, pole
        Code, units, and whether it is one of the two ends.
    unseen
        Whether its units were scored on axes that they had no part in.
    mean, low, high
        Mean score and quartiles; 0 and 1 are the means of the ends.
    second
        Share of its units nearer to the second end.
    """

    group: int
    units: int
    pole: bool
    unseen: bool
    mean: float
    low: float
    high: float
    second: float


@dataclass(frozen=True, slots=True)
class Discriminant:
    """The axis between two groups.

    Attributes
    ----------
    poles
        Codes of the ends, at 0 and 1.
    components
        How many components it looks at.
    direction
        Shape `(components,)`: a step of 1.
    units, trimmed
        Units of each end, and how many of them were left out of the fit.
    auc, folds
        How well it tells the ends apart on units held out: mean over folds, and of each. None
        where an end has fewer than two units.
    trimmed_auc
        The same for the units left out of the fit; None where one end has none.
    score
        Shape `(n,)`: units of the ends when held out, trimmed ones included; others on the axis.
    sides
        By group.
    warnings
        What to be careful of.
    """

    poles: tuple[int, int]
    components: int
    direction: np.ndarray
    units: tuple[int, int]
    trimmed: tuple[int, int]
    auc: float | None
    folds: tuple[float, ...]
    trimmed_auc: float | None
    score: np.ndarray
    sides: tuple[Side, ...]
    warnings: tuple[str, ...]

    def to_json(self, groups: Sequence[str]) -> dict[str, Any]:
        """Return the axis as JSON, with names of groups by code."""
        return {
            "poles": [groups[code] for code in self.poles],
            "components": self.components,
            "units": list(self.units),
            "trimmed": list(self.trimmed),
            "auc": self.auc,
            "auc_folds": list(self.folds),
            "trimmed_auc": self.trimmed_auc,
            "groups": [
                {
                    "group": groups[one.group], "units": one.units, "pole": one.pole,
                    "unseen": one.unseen, "mean": one.mean, "low": one.low, "high": one.high,
                    "second": one.second,
                }
                for one in self.sides
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fit:
    direction: np.ndarray
    start: float
    kept: np.ndarray  # (n,) bool of the rows it was given

    def score(self, scores: np.ndarray) -> np.ndarray:
        placed: np.ndarray = scores[:, : len(self.direction)] @ self.direction - self.start
        return placed


@dataclass(frozen=True, slots=True)
class Observed:
    """The units of each group: what the axis is fitted on and counted in.

    Attributes
    ----------
    place
        Shape `(n,)`: the observation of each row.
    group, unit
        Of each observation.
    """

    place: np.ndarray
    group: np.ndarray
    unit: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of rows of values `(n, ·)` over each observation."""
        sums = np.zeros((len(self.group), *values.shape[1:]))
        np.add.at(sums, self.place, values)
        count = np.bincount(self.place, minlength=len(self.group)).astype(np.float64)
        means: np.ndarray = (sums.T / count).T
        return means


def observed(groups: np.ndarray, names: np.ndarray) -> Observed:
    """Return one observation for each unit `(n,)` in each group `(n,)`."""
    codes = np.unique(names, return_inverse=True)[1].reshape(-1)
    pairs = np.stack([groups, codes], axis=1)
    kinds, place = np.unique(pairs, axis=0, return_inverse=True)
    return Observed(place.reshape(-1), kinds[:, 0], kinds[:, 1])


def two_farthest(points: np.ndarray, seen: Observed) -> tuple[int, int]:
    """Return the codes of the two groups whose means are farthest apart.

    Groups of two units or more are preferred; ties go to the lower codes.

    Raises
    ------
    InputError
        There are not two groups.
    """
    means, sizes = seen.mean(points), np.bincount(seen.group)
    codes = np.flatnonzero(sizes >= 2)
    codes = codes if len(codes) >= 2 else np.flatnonzero(sizes)
    if len(codes) < 2:
        raise InputError("preset: there are not two groups for an axis")
    middle = np.array([means[seen.group == code].mean(axis=0) for code in codes])
    apart = ((middle[:, None] - middle[None]) ** 2).sum(axis=2)
    apart = np.round(apart / max(float(apart.max()), 1e-300), 12)  # rounding breaks no tie
    one, two = np.unravel_index(int(np.triu(apart, 1).argmax()), apart.shape)
    return (int(codes[one]), int(codes[two])) if one != two else (int(codes[0]), int(codes[1]))


def discriminate(
    points: np.ndarray, seen: Observed, poles: tuple[int, int], seed: int, space: Standardised
) -> Discriminant:
    """Return the discriminant axis of two groups, with its check on what it has not seen.

    Parameters
    ----------
    points
        Shape `(n, d)`.
    seen
        Units of each group; they are what is counted, whatever their number of rows.
    poles
        Codes of the ends.
    seed
        Of the folds.
    space
        Components of all rows.

    Raises
    ------
    InputError
        The poles are one, or one has no rows.

    Notes
    -----
    Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x. For each fold the components, the
    trimming and the axis are made again without its units.
    """
    one, two = poles
    for code in poles:
        if one == two or not (seen.group == code).any():
            raise InputError("preset: the axis needs two different groups that have images")
    ends = np.flatnonzero((seen.group == one) | (seen.group == two))
    second = seen.group[ends] == two
    units = int((~second).sum()), int(second.sum())
    k = max(1, min(COMPONENTS, space.scores.shape[1], sum(units) // UNITS_EACH))
    fit = _fit(seen.mean(space.scores[:, :k])[ends], second)
    score = fit.score(space.scores)
    trimmed = ~fit.kept
    folds, sure = _held_out(points, seen, ends, second, seed, k, score)
    own = seen.mean(score)
    left = int((trimmed & ~second).sum()), int((trimmed & second).sum())
    far = auc(own[ends[trimmed & ~second]], own[ends[trimmed & second]]) if min(left) else None
    codes = np.unique(seen.group)
    return Discriminant(
        (one, two), k, fit.direction, units, left,
        float(np.mean(folds)) if folds else None, tuple(folds), far, score,
        tuple(_side(int(code), own[seen.group == code], poles, sure) for code in codes),
        _care(k, space.scores.shape[1], units, len(codes), bool(folds)),
    )  # fmt: skip


def _fit(scores: np.ndarray, second: np.ndarray) -> _Fit:
    """Fit the axis without rows far from their own end; 0 and 1 are the means of those kept."""
    kept = np.ones(len(scores), bool)
    for side in (False, True):
        mine = np.flatnonzero(second == side)
        kept[mine] = _near(scores[mine])
    one, two = scores[kept & ~second], scores[kept & second]
    gap = two.mean(axis=0) - one.mean(axis=0)
    inside = np.concatenate([one - one.mean(axis=0), two - two.mean(axis=0)])
    direction = np.linalg.pinv(inside.T @ inside, rcond=1e-10, hermitian=True) @ gap
    step = float(direction @ gap)
    if step <= 0:  # the ends differ only where nothing varies inside them
        direction, step = gap, float(gap @ gap)
    direction = direction / step if step > 0 else direction
    return _Fit(direction, float(one.mean(axis=0) @ direction), kept)


def _near(rows: np.ndarray) -> np.ndarray:
    """Return which rows lie within the 95 % quantile of χ² of their mean (Mahalanobis): bool."""
    from scipy.stats import chi2

    n, k = rows.shape
    if n < TRIM_EACH * k or n < 4:
        return np.ones(n, bool)
    away = rows - rows.mean(axis=0)
    inverse = np.linalg.pinv(away.T @ away / n, rcond=1e-10, hermitian=True)
    near: np.ndarray = np.einsum("ij,jk,ik->i", away, inverse, away) <= chi2.ppf(QUANTILE, k)
    return near


def _held_out(
    points: np.ndarray,
    seen: Observed,
    ends: np.ndarray,
    second: np.ndarray,
    seed: int,
    k: int,
    score: np.ndarray,
) -> tuple[list[float], bool]:
    """Score rows of the ends on axes made without their units, into `score`.

    Returns the AUC of each fold that has both ends, and whether every row of the ends was scored.
    """
    fold = np.full(len(seen.group), -1)
    fold[ends] = deal(seen.unit[ends], second, seed)
    found, count = [], 0
    used = np.flatnonzero(fold[seen.place] >= 0)
    placed = np.zeros((len(points), k))
    for held in np.unique(fold[ends]):
        mine = fold[ends] == held
        rest, far = ends[~mine], second[mine]
        if not second[~mine].any() or second[~mine].all():
            continue
        out = fold[seen.place] == held
        placed[used] = standardise(points[~out]).place(points[used], k)
        fit = _fit(seen.mean(placed)[rest], second[~mine])
        score[out] = fit.score(placed[out])
        count += int(mine.sum())
        if far.any() and not far.all():
            own = seen.mean(score)[ends[mine]]
            found.append(auc(own[~far], own[far]))
    return found, count == len(ends)


def deal(names: np.ndarray, second: np.ndarray, seed: int, folds: int = FOLDS) -> np.ndarray:
    """Deal whole units to folds `(n,)`, both ends evenly; a unit of both ends is one unit."""
    rng = np.random.default_rng(seed)
    unique, place = np.unique(names, return_inverse=True)
    place = place.reshape(-1)
    side = np.zeros(len(unique), np.int64)
    np.maximum.at(side, place, second.astype(np.int64))
    least = int(min(np.bincount(side, minlength=2)))
    count = max(2, min(folds, least)) if least else max(2, folds)
    fold = np.zeros(len(unique), np.int64)
    for end in (0, 1):
        mine = np.flatnonzero(side == end)
        fold[rng.permutation(mine)] = np.arange(len(mine)) % count
    return fold[place]


def _side(code: int, own: np.ndarray, poles: tuple[int, int], held_out: bool) -> Side:
    """Return where a group's units lie."""
    low, high = np.quantile(own, [0.25, 0.75])
    return Side(
        code, len(own), code in poles, held_out or code not in poles, float(own.mean()),
        float(low), float(high), float((own > 0.5).mean()),
    )  # fmt: skip


def _care(
    k: int, kept: int, units: tuple[int, int], groups: int, held_out: bool
) -> tuple[str, ...]:
    """Return what to be careful of."""
    found = []
    if k < COMPONENTS:
        why = "there are no more" if k == kept else f"{sum(units)} units of the ends carry no more"
        found.append(
            f"the discriminant axis looks at {k} component{'s' * (k != 1)} instead of "
            f"{COMPONENTS}: {why}"
        )
    if not held_out:
        found.append("an end of the axis has too few units to be tested on units held out")
    if groups == 2:
        found.append("both groups are ends of the axis: there is no group it has not seen")
    return tuple(found)
