"""How much the spread of a choice differs from that of all items: the squared MMD.

With a Gaussian kernel exp(−d² / m²), m the median distance of two items, approximated by 512 random
Fourier features: the squared MMD is the squared distance between the mean features of the choice
and of all (Rahimi and Recht 2007; Gretton et al. 2012). It is 0 only where both are the same, so a
random choice is above 0 as well: only the comparison with random ones of the same size says more.
"""

from collections.abc import Sequence

import numpy as np

from core.progress import Progress

#: Random features, how many of them at a time, and items from which the median is taken.
FEATURES, STEP, MEDIAN = 512, 64, 1000


def _median_distance(unit: np.ndarray, rng: np.random.Generator) -> float:
    """Return the median distance of two items, from a sample of 1,000; 1 if that is 0."""
    some = unit if len(unit) <= MEDIAN else unit[rng.choice(len(unit), MEDIAN, replace=False)]
    some = some.astype(np.float64)
    squares = 2 - 2 * (some @ some.T)
    upper = squares[np.triu_indices(len(some), 1)]
    middle = float(np.sqrt(max(0.0, np.median(upper)))) if len(upper) else 0.0
    return middle if middle > 1e-6 else 1.0


def squared_mmd(
    unit: np.ndarray,
    universe: np.ndarray,
    choices: Sequence[np.ndarray] | np.ndarray,
    seed: int,
    progress: Progress,
    stage: str,
) -> np.ndarray:
    """Return the squared MMD `(choices,)` float64 between each choice and all items.

    Parameters
    ----------
    unit
        Unit vectors `(N, d)` float32.
    universe
        The rows that are "all items".
    choices
        Rows of each choice.
    seed
        Of the features and of the sample for the median.
    """
    rng = np.random.default_rng([seed, 0x3D])
    scale = np.sqrt(2.0) / _median_distance(unit[universe], rng)
    found = np.zeros(len(choices))
    for start in range(0, FEATURES, STEP):
        weights = rng.standard_normal((unit.shape[1], STEP)).astype(np.float32) * scale
        angles = unit @ weights.astype(np.float32)
        angles += rng.uniform(0, 2 * np.pi, STEP).astype(np.float32)
        np.cos(angles, out=angles)
        centre = angles[universe].mean(axis=0, dtype=np.float64)
        for at, rows in enumerate(choices):
            mean = angles[rows].mean(axis=0, dtype=np.float64)
            found[at] += 2.0 / FEATURES * float(np.square(mean - centre).sum())
        progress.report(stage, start + STEP, FEATURES, "differences from the whole")
    return found
