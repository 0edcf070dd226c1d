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


@dataclass(frozen=True, slots=True)
class Invariance:
    """What one change of the pictures does.

    Attributes
    ----------
    ratio
        Median distance to the changed picture, over the median distance inside a label (of any two
        images where there are no labels).
    retrieval
        Share of changed pictures whose nearest image is the one they were made from.
    passed
        Whether both are good enough.
    """

    ratio: float
    retrieval: float
    passed: bool


def invariance(unit: np.ndarray, rows: np.ndarray, changed: np.ndarray, usual: float) -> Invariance:
    """Judge a change of pictures by the vectors before and after.

    Parameters
    ----------
    unit
        Unit vectors of the set `(n, d)`.
    rows
        Rows that were changed `(m,)`.
    changed
        Unit vectors after the change `(m, d)`.
    usual
        What `usual_distance` returns.
    """
    if not len(rows):
        raise InputError("invariance: no changed pictures")
    after = np.asarray(changed, np.float64)
    apart = np.linalg.norm(unit[rows].astype(np.float64) - after, axis=1)
    nearest = (np.asarray(changed, np.float32) @ np.asarray(unit, np.float32).T).argmax(axis=1)
    again = nearest == rows
    for place in np.flatnonzero(~again):  # an equal image elsewhere is no worse
        again[place] = np.linalg.norm(unit[nearest[place]] - after[place]) >= apart[place] - 1e-6
    ratio, retrieval = float(np.median(apart)) / usual, float(again.mean())
    return Invariance(ratio, retrieval, ratio <= CHANGE and retrieval >= FOUND)


def usual_distance(unit: np.ndarray, labels: np.ndarray | None, seed: int = 0) -> float:
    """Return the median distance of two images of one label; of any two where there are none."""
    first, second, same = _pairs(unit, labels, seed)
    apart = np.linalg.norm(unit[first].astype(np.float64) - unit[second], axis=1)
    inside = apart[same] if same.any() else apart
    return float(np.median(inside))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How distance goes with having the same label.

    Attributes
    ----------
    auc
        Chance that a pair of one label is nearer than a pair of two.
    edges, same
        Deciles of distance (11 edges), and the share of pairs of one label in each.
    monotone
        Whether that share never rises with distance, but for the noise of its count.
    """

    auc: float
    edges: np.ndarray
    same: np.ndarray
    monotone: bool


def calibration(unit: np.ndarray, labels: np.ndarray, seed: int = 0) -> Calibration | None:
    """Return how distance goes with having the same label; None where all or none share one.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    labels
        Codes `(n,)`, below 0 for none.
    """
    labelled = np.flatnonzero(np.asarray(labels) >= 0)
    if len(labelled) < 2:
        return None
    first, second, same = _pairs(unit[labelled], np.asarray(labels)[labelled], seed)
    if same.all() or not same.any():
        return None
    apart = np.linalg.norm(
        unit[labelled[first]].astype(np.float64) - unit[labelled[second]], axis=1
    )
    edges = np.quantile(apart, np.linspace(0, 1, 11))
    place = np.clip(np.searchsorted(edges, apart, side="right") - 1, 0, 9)
    count = np.maximum(np.bincount(place, minlength=10), 1)
    share = np.bincount(place, same, 10) / count
    noise = 2 * np.sqrt(share * (1 - share) / count)
    rises = share[1:] - share[:-1] > noise[1:] + noise[:-1]
    return Calibration(auc(apart[same], apart[~same]), edges, share, not rises.any())


def _pairs(
    unit: np.ndarray, labels: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pairs, and tell which share a label; half of them from one label where there are."""
    rng, n = np.random.default_rng(seed), len(unit)
    first, second = rng.integers(0, n, (2, PAIRS))
    if labels is None:
        apart = first != second
        return first[apart], second[apart], np.zeros(int(apart.sum()), bool)
    order = np.argsort(labels, kind="stable")
    codes = np.asarray(labels)[order]
    begin, end = np.searchsorted(codes, codes, "left"), np.searchsorted(codes, codes, "right")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    half = slice(0, PAIRS // 2)
    at = place[first[half]]
    second[half] = order[rng.integers(begin[at], end[at])]
    apart = first != second
    first, second = first[apart], second[apart]
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
    neighbors: Neighbors, labels: np.ndarray, units: np.ndarray | None = None, k: int = K
) -> Agreement | None:
    """Return how often the k nearest share a label; None where chance alone is certain.

    κ = (share − chance) / (1 − chance), chance Σ p². Interval: the standard error of the units'
    means, since images of one unit are no separate witnesses.
    """
    labels = np.asarray(labels)
    known = np.flatnonzero(labels >= 0)
    if len(known) < 2:
        return None
    near = labels[np.asarray(neighbors.indices)[known, :k]]
    share_of = np.full(len(labels), np.nan)
    counted = (near >= 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        share_of[known] = (near == labels[known][:, None]).sum(axis=1) / counted
    p = np.bincount(labels[known]) / len(known)
    chance = float((p**2).sum())
    names = np.arange(len(labels)) if units is None else np.asarray(units)
    rows = np.flatnonzero(np.isfinite(share_of))
    if chance >= 1 or not len(rows):
        return None
    _, place = np.unique(names[rows], return_inverse=True)
    means = np.bincount(place, share_of[rows]) / np.bincount(place)
    share = float(means.mean())
    error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.nan

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
