"""Does a label look the same in two sets? Each on its own, so that shares play no part."""

from dataclasses import dataclass, replace

import numpy as np

from core.drift.kernel import mmd_test
from core.drift.result import DriftTest
from core.drift.units import sides_of
from core.progress import Progress

#: Labels tested at most, the most common first, and images of one label a side at most.
MOST, IMAGES = 50, 500


@dataclass(frozen=True, slots=True)
class OfLabel:
    """Whether one label looks alike on both sides.

    Attributes
    ----------
    label
        Its code.
    first, second
        Images on each side; of many, `IMAGES` are compared.
    test
        MMD² of the label's images alone; undefined where a side has too few units.
    p_adjusted
        After Benjamini and Hochberg over the labels that can be tested.
    """

    label: int
    first: int
    second: int
    test: DriftTest
    p_adjusted: float | None


def by_label(
    points: np.ndarray,
    second: np.ndarray,
    labels: np.ndarray,
    units: np.ndarray | None = None,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[OfLabel]:
    """Test each label's images alone.

    Parameters
    ----------
    points
        Shape `(n, d)`.
    second
        Shape `(n,)` bool.
    labels
        Codes `(n,)`, −1 where there is none.
    units
        Unit of each image, any values; each is its own if None.

    Returns
    -------
    list of OfLabel
        The largest difference first; what cannot be tested last.
    """
    from scipy.stats import false_discovery_control

    labels, second = np.asarray(labels, np.int64), np.asarray(second, bool)
    names = np.arange(len(labels)) if units is None else np.asarray(units)
    codes, counts = np.unique(labels[labels >= 0], return_counts=True)
    rng = np.random.default_rng(seed)
    lines = []
    for code in codes[np.argsort(-counts, kind="stable")][:MOST].tolist():
        sides = [np.flatnonzero((labels == code) & (second == side)) for side in (False, True)]
        sizes = [len(side) for side in sides]
        drawn = [
            side if len(side) <= IMAGES else np.sort(rng.choice(side, IMAGES, replace=False))
            for side in sides
        ]
        rows = np.concatenate(drawn)
        test = mmd_test(
            points[rows], sides_of(second[rows], names[rows]), permutations=permutations,
            seed=seed, progress=progress,
        )  # fmt: skip
        lines.append(OfLabel(code, sizes[0], sizes[1], test, None))
    known = [at for at, line in enumerate(lines) if line.test.p is not None]
    if known:
        adjusted = false_discovery_control([lines[at].test.p for at in known])
        for at, p in zip(known, adjusted, strict=True):
            lines[at] = replace(lines[at], p_adjusted=float(p))
    return sorted(lines, key=lambda line: -(line.test.effect or -np.inf))
