"""How likely each label of an item is, by its neighbours and by a linear rule, itself unseen."""

from dataclasses import dataclass

import numpy as np

from core.progress import Progress
from core.quality.threads import calm_threads
from core.quality.votes import nearest_labelled, weights_of
from core.space import blocks

STAGE = "labels"

#: Principal directions used, and the power of their spread that is kept for neighbours: halfway
#: between the vectors as they are (1) and all directions alike (0).
DIRECTIONS, POWER = 100, 0.5
#: Most and fewest neighbours that vote; it is half of a usual class in between.
MOST, FEWEST = 40, 10
#: Folds in which the linear rule is learned, and how far its covariance shrinks to a sphere.
FOLDS, SHRINK = 5, 0.3
#: Votes shared out among all classes beforehand, and the same of the linear rule's chances.
PRIOR, LEAST = 5.0, 1e-3
#: Weight of the linear rule's logarithm beside the neighbours'.
LINEAR = 0.25
#: Powers of the joint odds that are tried.
CALIBRATIONS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judges say of each item, which they have not seen.

    Attributes
    ----------
    given
        How likely its own label is `(m, len(CALIBRATIONS))`.
    likeliest
        The likeliest label, a code `(m,)`.
    """

    given: np.ndarray
    likeliest: np.ndarray


def judge(
    unit: np.ndarray,
    codes: np.ndarray,
    places: np.ndarray,
    classes: int,
    *,
    k: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Judged:
    """Tell how likely every item's label is.

    Parameters
    ----------
    unit
        Unit vectors `(m, d)`.
    codes
        Labels `(m,)`, 0 to classes − 1.
    places
        Unit of each item `(m,)`.
    k
        Neighbours that vote; half the units of the median class, 10 to 40, if None.

    Notes
    -----
    The log odds of a class are those of its distance-weighted votes plus a quarter of those of
    linear discriminant analysis with a shrunk covariance, learned on four fifths of the units.
    """
    progress = progress or Progress()
    plain, half = _directions(unit)
    k = _voters(codes, places, classes) if k is None else k
    rows = np.arange(len(unit))
    near, away = nearest_labelled(half, rows, rows, places, k, progress, STAGE)
    votes = weights_of(away)
    fold = folds_of(codes, places, seed)
    given = np.empty((len(unit), len(CALIBRATIONS)))
    likeliest = np.empty(len(unit), np.int64)
    for number in range(int(fold.max()) + 1):
        here = np.flatnonzero(fold == number)
        slope, offset = _linear(plain, codes, classes, fold != number)
        for part in blocks(len(here), 4 * classes):
            mine = here[part]
            odds = _voted(codes[near[mine]], votes[mine], near[mine] >= 0, classes, k)
            odds += LINEAR * _told(plain[mine] @ slope + offset, classes)
            likeliest[mine] = odds.argmax(axis=1)
            given[mine] = _powers(odds, codes[mine])
        progress.report(STAGE, number + 1, int(fold.max()) + 1, "linear rule")
    return Judged(given, likeliest)


def _directions(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the items along the principal directions, and half whitened with length one."""
    centred = unit - unit.mean(axis=0, dtype=np.float64)
    with calm_threads(unit.size):
        if len(unit) <= unit.shape[1]:
            _, size, axes = np.linalg.svd(centred, full_matrices=False)
        else:
            values, vectors = np.linalg.eigh(centred.T @ centred)
            size, axes = np.sqrt(np.maximum(values[::-1], 0)), vectors[:, ::-1].T
    kept = min(DIRECTIONS, max(1, int((size > 1e-6 * max(size[0], 1e-30)).sum())))
    plain = centred @ axes[:kept].T
    half = plain / np.maximum(size[:kept], 1e-30) ** (1 - POWER)
    norms = np.linalg.norm(half, axis=1, keepdims=True)
    return plain, (half / np.maximum(norms, 1e-30)).astype(np.float32)


def _voters(codes: np.ndarray, places: np.ndarray, classes: int) -> int:
    """Return how many neighbours vote."""
    pairs = np.unique(np.stack([codes, np.asarray(places)]), axis=1)
    return int(np.clip(np.median(np.bincount(pairs[0], minlength=classes)) / 2, FEWEST, MOST))


def folds_of(codes: np.ndarray, places: np.ndarray, seed: int, folds: int = FOLDS) -> np.ndarray:
    """Return the fold of each item: units whole, each class spread over the folds, by the seed."""
    names, first, place = np.unique(places, return_index=True, return_inverse=True)
    mixed = np.random.default_rng(seed).permutation(len(names))
    order = mixed[np.argsort(codes[first][mixed], kind="stable")]
    fold = np.empty(len(names), np.int64)
    fold[order] = np.arange(len(names)) % folds
    return fold[place]


def _linear(
    plain: np.ndarray, codes: np.ndarray, classes: int, learn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return slope `(d, classes)` and offset of linear discriminant analysis on some items."""
    points, labels = plain[learn], codes[learn]
    counts = np.bincount(labels, minlength=classes)
    order = np.argsort(labels, kind="stable")
    means = np.zeros((classes, plain.shape[1]))
    held = np.flatnonzero(counts)
    starts = np.concatenate([[0], np.cumsum(counts[held])[:-1]])
    means[held] = np.add.reduceat(points[order], starts, axis=0) / counts[held][:, None]
    rest = points - means[labels]
    cover = rest.T @ rest / max(1, len(points))
    size = float(np.trace(cover)) / len(cover)
    cover = (1 - SHRINK) * cover + (SHRINK * size + 1e-12) * np.eye(len(cover))
    slope = np.linalg.solve(cover, means.T)
    share = np.where(counts > 0, counts, 1e-9) / len(points)
    return slope, np.log(share) - 0.5 * np.einsum("cd,dc->c", means, slope)


def _voted(
    codes: np.ndarray, votes: np.ndarray, there: np.ndarray, classes: int, k: int
) -> np.ndarray:
    """Return the logarithm of each class's share of votes `(m, classes)`, none below the prior."""
    shares = np.zeros((len(codes), classes))
    line, place = np.nonzero(there)
    np.add.at(shares, (line, codes[line, place]), votes[line, place])
    return np.log(np.maximum(shares, PRIOR / (classes * k)))


def _told(scores: np.ndarray, classes: int) -> np.ndarray:
    """Return the logarithm of each class's chance by the linear rule, none below the least."""
    scores = scores - scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    chances /= chances.sum(axis=1, keepdims=True)
    return np.log(np.maximum(chances, LEAST / classes))


def _powers(odds: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return how likely each given label is, for every calibration."""
    odds = odds - odds.max(axis=1, keepdims=True)
    lines = np.arange(len(odds))
    found = np.empty((len(odds), len(CALIBRATIONS)))
    for column, power in enumerate(CALIBRATIONS):
        chances = np.exp(power * odds)
        found[:, column] = chances[lines, codes] / chances.sum(axis=1)
    return found
