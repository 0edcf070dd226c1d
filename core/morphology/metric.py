"""Whether distances of an encoder mean anything for this set: the figures of the metric card.

Each has a band that was measured, not guessed; what falls outside is said in words by the card.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.model import Neighbors
from core.morphology.gradient import auc

#: Neighbours that agreement and hubness look at, and pairs that calibration draws.
K, PAIRS = 10, 20_000
#: What passes: change against spread, an image found again, skew of how often one is a neighbour.
CHANGE, FOUND, HUBS = 0.25, 0.95, 1.5
#: Parts that units are dealt to for an interval, and fewest units that give one.
PARTS, FEWEST = 20, 10


@dataclass(frozen=True, slots=True)
class Invariance:
    """What one change of the pictures does.

    Attributes
    ----------
    ratio
        Median distance to the changed picture over that inside a label (`usual_distance`).
    retrieval
        Share of changed pictures whose nearest image is the one they were made from.
    passed
        Whether both are good enough.
    ratio_ci, retrieval_ci
        95 % intervals over the changed pictures: of a median by its order, of a share by Wilson.
    pictures
        How many were changed.
    """

    ratio: float
    retrieval: float
    passed: bool
    ratio_ci: tuple[float, float] = (np.nan, np.nan)
    retrieval_ci: tuple[float, float] = (np.nan, np.nan)
    pictures: int = 0


def invariance(unit: np.ndarray, rows: np.ndarray, changed: np.ndarray, usual: float) -> Invariance:
    """Judge a change of pictures by the vectors before and after; `usual` is `usual_distance`."""
    return judged(*found_again(unit, rows, changed), usual)


def found_again(
    unit: np.ndarray, rows: np.ndarray, changed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far changed pictures lie from their own, and which find it nearest of all.

    Parameters
    ----------
    unit
        Unit vectors of the set `(n, d)`.
    rows
        Rows that were changed `(m,)`.
    changed
        Unit vectors after the change `(m, d)`.

    Returns
    -------
    apart : numpy.ndarray
        Chordal distances `(m,)` float64.
    again : numpy.ndarray
        `(m,)` bool; an equal image elsewhere in the set is no worse.
    """
    after = np.asarray(changed, np.float64)
    apart = np.linalg.norm(unit[rows].astype(np.float64) - after, axis=1)
    if not len(after):
        return apart, np.zeros(0, bool)
    nearest = (np.asarray(changed, np.float32) @ np.asarray(unit, np.float32).T).argmax(axis=1)
    again = nearest == rows
    for place in np.flatnonzero(~again):
        again[place] = np.linalg.norm(unit[nearest[place]] - after[place]) >= apart[place] - 1e-6
    return apart, again


def judged(apart: np.ndarray, again: np.ndarray, usual: float) -> Invariance:
    """Judge a change by what `found_again` returned, against the `usual_distance`.

    Raises
    ------
    InputError
        No picture was changed.
    """
    if not len(apart):
        raise InputError("invariance: no changed pictures")
    usual = usual if usual > 0 else float("nan")
    ratio, retrieval = float(np.median(apart)) / usual, float(again.mean())
    low, high = _median_ci(apart)
    ends = (low / usual, high / usual)
    passed = ratio <= CHANGE and retrieval >= FOUND
    return Invariance(ratio, retrieval, passed, ends, _wilson(again), len(apart))


def _median_ci(values: np.ndarray) -> tuple[float, float]:
    """Return the values whose ranks hold the median with 95 % (normal form of the binomial)."""
    ranked, n = np.sort(values), len(values)
    away = 1.96 * np.sqrt(n) / 2
    low, high = int(np.floor(n / 2 - away)), int(np.ceil(n / 2 + away))
    return float(ranked[max(0, low)]), float(ranked[min(n - 1, high)])


def _wilson(found: np.ndarray) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    n, share, square = len(found), float(found.mean()), 1.96**2
    middle = share + square / (2 * n)
    away = 1.96 * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return float((middle - away) / (1 + square / n)), float((middle + away) / (1 + square / n))


def usual_distance(
    unit: np.ndarray, labels: np.ndarray | None, seed: int = 0, units: np.ndarray | None = None
) -> float:
    """Return the median distance of two images of one label; of any two where there are none.

    Two images of one unit are no pair; 0 where there is none.
    """
    first, second, same = _pairs(unit, labels, seed, units)
    apart = np.linalg.norm(unit[first].astype(np.float64) - unit[second], axis=1)
    inside = apart[same] if same.any() else apart
    return float(np.median(inside)) if len(inside) else 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """How distance goes with having the same label.

    Attributes
    ----------
    auc
        Chance that a pair of one label is nearer than a pair of two.
    edges, same, monotone
        Deciles of distance (11 edges), the share of pairs of one label in each, and whether that
        never rises with distance, but for the noise of its count.
    low, high
        95 % interval of `auc`, by leaving out twentieths of the units.
    """

    auc: float
    edges: np.ndarray
    same: np.ndarray
    monotone: bool
    low: float = float("nan")
    high: float = float("nan")


def calibration(
    unit: np.ndarray, labels: np.ndarray, seed: int = 0, units: np.ndarray | None = None
) -> Calibration | None:
    """Return how distance goes with having the same label; None where all or none share one.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    labels
        Codes `(n,)`, below 0 for none.
    units
        Unit of each image `(n,)`; two images of one unit are no pair.
    """
    labelled = np.flatnonzero(np.asarray(labels) >= 0)
    if len(labelled) < 2:
        return None
    of = _numbered(len(unit), units)
    first, second, same = _pairs(unit[labelled], np.asarray(labels)[labelled], seed, of[labelled])
    first, second = labelled[first], labelled[second]
    if not len(same) or same.all() or not same.any():
        return None
    apart = np.linalg.norm(unit[first].astype(np.float64) - unit[second], axis=1)
    edges = np.quantile(apart, np.linspace(0, 1, 11))
    place = np.clip(np.searchsorted(edges, apart, side="right") - 1, 0, 9)
    count = np.maximum(np.bincount(place, minlength=10), 1)
    share = np.bincount(place, same, 10) / count
    noise = 2 * np.sqrt(share * (1 - share) / count)
    rises = share[1:] - share[:-1] > noise[1:] + noise[:-1]
    value = auc(apart[same], apart[~same])
    low, high = _left_out(apart, same, of[first], of[second], seed)
    return Calibration(value, edges, share, not rises.any(), low, high)


def _left_out(
    apart: np.ndarray, same: np.ndarray, one: np.ndarray, two: np.ndarray, seed: int
) -> tuple[float, float]:
    """Return the jackknife interval of the area, a twentieth of the units left out at a time.

    A pair goes with either of its units. NaN of few units, or where a part without them has one
    kind of pair only.
    """
    from scipy.stats import t

    units = np.union1d(one, two)
    parts = min(PARTS, len(units))
    if parts < FEWEST:
        return float("nan"), float("nan")
    dealt = np.empty(int(units.max()) + 1, np.int64)
    dealt[np.random.default_rng(seed).permutation(units)] = np.arange(len(units)) % parts
    found = []
    for part in range(parts):
        kept = (dealt[one] != part) & (dealt[two] != part)
        if not kept.any() or same[kept].all() or not same[kept].any():
            return float("nan"), float("nan")
        found.append(auc(apart[kept & same], apart[kept & ~same]))
    values, whole = np.array(found), auc(apart[same], apart[~same])
    error = np.sqrt((parts - 1) / parts * ((values - values.mean()) ** 2).sum())
    away = float(t.ppf(0.975, parts - 1) * error)
    return max(0.0, whole - away), min(1.0, whole + away)


def _numbered(n: int, units: np.ndarray | None) -> np.ndarray:
    """Return the unit of each of n images as a number from 0; its own where none are given."""
    return np.arange(n) if units is None else np.unique(units, return_inverse=True)[1].reshape(-1)


def _pairs(
    unit: np.ndarray, labels: np.ndarray | None, seed: int, units: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pairs of different units, and tell which share a label; half of them from one label."""
    rng, n = np.random.default_rng(seed), len(unit)
    of = _numbered(n, units)
    first, second = rng.integers(0, n, (2, PAIRS))
    if labels is not None:
        order = np.argsort(labels, kind="stable")
        codes = np.asarray(labels)[order]
        begin, end = np.searchsorted(codes, codes, "left"), np.searchsorted(codes, codes, "right")
        place = np.empty(n, np.int64)
        place[order] = np.arange(n)
        half = slice(0, PAIRS // 2)
        at = place[first[half]]
        second[half] = order[rng.integers(begin[at], end[at])]
    apart = of[first] != of[second]
    first, second = first[apart], second[apart]
    if labels is None:
        return first, second, np.zeros(len(first), bool)
    known = np.asarray(labels)[first] >= 0
    return first, second, known & (np.asarray(labels)[first] == np.asarray(labels)[second])


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often neighbours share a label, beyond chance: κ with its 95 % interval over units."""

    share: float
    chance: float
    kappa: float
    low: float
    high: float


def agreement(
    neighbors: Neighbors,
    labels: np.ndarray,
    units: np.ndarray | None = None,
    k: int = K,
    *,
    own: bool = True,
) -> Agreement | None:
    """Return how often the k nearest share a label; None where chance alone is certain.

    κ = (share − chance) / (1 − chance), chance Σ p². Interval: the standard error of the units'
    means, since images of one unit are no separate witnesses; NaN of fewer than ten.

    Parameters
    ----------
    neighbors
        At least k of each image `(n, ≥ k)`.
    labels
        Codes `(n,)`, below 0 for none.
    units
        Unit of each image `(n,)`.
    own
        False passes over neighbours of an image's own unit: the k nearest others are looked at, or
        as many as the graph has.
    """
    labels = np.asarray(labels)
    known = np.flatnonzero(labels >= 0)
    if len(known) < 2:
        return None
    names = np.arange(len(labels)) if units is None else np.asarray(units)
    places = np.asarray(neighbors.indices)[known]
    looked = np.ones(places.shape, bool) if own else names[places] != names[known][:, None]
    looked &= looked.cumsum(axis=1) <= k
    near = labels[places]
    share_of = np.full(len(labels), np.nan)
    counted = ((near >= 0) & looked).sum(axis=1)
    with np.errstate(invalid="ignore"):
        share_of[known] = ((near == labels[known][:, None]) & looked).sum(axis=1) / counted
    p = np.bincount(labels[known]) / len(known)
    chance = float((p**2).sum())
    rows = np.flatnonzero(np.isfinite(share_of))
    if chance >= 1 or not len(rows):
        return None
    _, place = np.unique(names[rows], return_inverse=True)
    means = np.bincount(place, share_of[rows]) / np.bincount(place)
    share = float(means.mean())
    few = len(means) < FEWEST
    error = np.nan if few else float(means.std(ddof=1) / np.sqrt(len(means)))

    def beyond(value: float) -> float:
        return (value - chance) / (1 - chance)

    return Agreement(
        share, chance, beyond(share), beyond(share - 1.96 * error), beyond(share + 1.96 * error)
    )


def two_nn(neighbors: Neighbors, discard: float = 0.1) -> float:
    """Return the intrinsic dimension by the ratio of the two nearest distances.

    Facco, d'Errico, Rodriguez and Laio (2017), doi:10.1038/s41598-017-11873-y: the slope of
    −log(1 − F) on log(r₂ / r₁) through the origin, without the largest tenth. It is too low in many
    dimensions (20 shows as 17.5). NaN where too few differ.
    """
    if neighbors.distances.shape[1] < 2:
        return float("nan")
    first, second = np.asarray(neighbors.distances, np.float64)[:, :2].T
    apart = first > 0
    ratio = np.sort(second[apart] / first[apart])
    kept = int(len(ratio) * (1 - discard))
    x = np.log(ratio[:kept])
    y = -np.log1p(-np.arange(1, kept + 1) / len(ratio))
    return float(x @ y / (x @ x)) if kept > 1 and x @ x > 0 else float("nan")


def participation_ratio(points: np.ndarray) -> float:
    """Return (Σ λ)² / Σ λ² of the covariance: the number of equal directions with its spread."""
    centred = np.asarray(points, np.float64) - np.mean(points, axis=0, dtype=np.float64)
    table = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    square = float((table**2).sum())
    return float(np.trace(table)) ** 2 / square if square > 0 else float("nan")


def hubness(neighbors: Neighbors, k: int = K) -> tuple[float, float]:
    """Return the skew of how often an image is among the k nearest, and the share that never is.

    Radovanović, Nanopoulos and Ivanović (2010), JMLR 11, 2487.
    """
    n = len(neighbors.indices)
    counts = np.bincount(np.asarray(neighbors.indices)[:, :k].reshape(-1), minlength=n)
    away = counts - counts.mean()
    spread = float((away**2).mean())
    skew = float((away**3).mean()) / spread**1.5 if spread > 0 else 0.0
    return skew, float((counts == 0).mean())
