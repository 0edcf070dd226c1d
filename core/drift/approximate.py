"""Maximum mean discrepancy of hundreds of thousands of images, without a table of all pairs."""

from dataclasses import replace
from math import comb

import numpy as np

from core.drift.kernel import bandwidth, square_distances
from core.drift.result import DriftTest, permuted, undefined
from core.drift.units import Sides, complete, deals, least_p
from core.progress import Progress

STAGE, NAME = "two-sample test", "Maximum mean discrepancy, random features"
#: Random features, images from which the kernel's width is taken, and rows at a time.
FEATURES, SAMPLE, ROWS = 1024, 2000, 8192


def feature_sums(
    points: np.ndarray,
    sides: Sides,
    *,
    features: int = FEATURES,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray | None:
    """Return the sum of random Fourier features over each unit `(units, features)` float32.

    None where all images are the same.

    Notes
    -----
    Rahimi and Recht (2007): E[z(x)·z(y)] = exp(−‖x − y‖² / s) for z = √(2/D) cos(Wx + b), W of
    variance 2/s; s is the median squared distance of a seeded sample of the pool.
    """
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(points), min(SAMPLE, len(points)), replace=False)
    square = square_distances(np.asarray(points[np.sort(rows)], np.float64))
    scale = bandwidth(square) or float(square.mean())
    if scale == 0:
        return None
    width = points.shape[1]
    weights = rng.normal(0, np.sqrt(2 / scale), (width, features)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, features).astype(np.float32)
    sums = np.zeros((len(sides.of_unit), features), np.float32)
    progress = progress or Progress()
    for start in range(0, len(points), ROWS):
        progress.report(STAGE, start, len(points))
        part = slice(start, start + ROWS)
        mapped = np.asarray(points[part], np.float32) @ weights
        mapped += phase
        np.cos(mapped, out=mapped)
        np.add.at(sums, sides.unit[part], mapped * np.float32(np.sqrt(2 / features)))
    return sums


def approximate_mmd_test(
    points: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    features: int = FEATURES,
    seed: int = 0,
    progress: Progress | None = None,
) -> DriftTest:
    """Test two sets by an approximate maximum mean discrepancy.

    The kernel is approximate, the permutations are not: p is as honest as that of `mmd_test`.

    Parameters
    ----------
    points
        Shape `(n, d)`: the images of both.
    sides
        Which is which; whole units are dealt anew.
    features
        Random features; the kernel's error is about 1 / √features.

    Returns
    -------
    DriftTest
        Effect is the MMD² of the random features, less what chance gives in the splits.
    """
    progress = progress or Progress()
    if sides.too_few:
        return undefined(NAME, sides.too_few)
    sums = feature_sums(points, sides, features=features, seed=seed, progress=progress)
    if sums is None:
        return undefined(NAME, "all images are the same")
    size = np.bincount(sides.unit, minlength=len(sides.of_unit)).astype(np.float64)
    total, n = sums.sum(axis=0, dtype=np.float64), float(size.sum())
    middle = (total / n).astype(np.float32)
    centred = sums - size[:, None].astype(np.float32) * middle  # float32 keeps sums near 0
    whole = centred.sum(axis=0, dtype=np.float64)

    def distance(second: np.ndarray) -> np.ndarray:
        m = second @ size
        there = (second.astype(np.float32) @ centred).astype(np.float64)
        gap = there / m[:, None] - (whole - there) / (n - m)[:, None]
        return np.asarray(np.einsum("ij,ij->i", gap, gap))

    observed = float(distance(sides.of_unit[None])[0])
    first = np.unique(sides.unit, return_index=True)[1]
    others, done = [], 0
    for dealt in deals(sides, permutations, seed):
        progress.report(STAGE, done, permutations)
        done += len(dealt)
        others.append(distance(dealt[:, first]))
    values = np.concatenate(others or [np.zeros(0)])
    chance = float(values.mean()) if len(values) else 0.0
    least = least_p(sides, permutations)
    found = permuted(NAME, observed - chance, "MMD²", observed, values, least, complete(sides))
    error = 100 / np.sqrt(features)
    told = f"{features:,} random features: values of the kernel are {error:.0f} % off, p is exact"
    return replace(found, notice=told)


def splits(sides: Sides) -> int:
    """Return how many ways there are to deal the units."""
    return comb(len(sides.of_unit), sides.counts[1])
