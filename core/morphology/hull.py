"""How much room a group takes up along the first axes: its convex hull, of equally many units.

A hull grows with every unit that is added, so groups are compared at the size of the smallest one.
It hangs on the outermost units and looks at three axes at most: an illustration, not a test.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress

STAGE = "hulls"
#: Units a group needs, and axes at most.
FEWEST, AXES = 20, 3

NOTE = "illustrative: along the first axes only, and it hangs on the outermost units"


@dataclass(frozen=True, slots=True)
class Hull:
    """The hull of one group, of as many units as the smallest group has.

    Attributes
    ----------
    volume
        Mean over draws: a volume along three axes, an area along two, a length along one.
    low, high
        95 % of draws. They show what the choice of units does, not how sure the volume is; of the
        smallest group there is one draw only and they are the volume.
    units
        Units of each draw.
    """

    volume: float
    low: float
    high: float
    units: int


def rarefied_hull(
    scores: np.ndarray,
    groups: np.ndarray,
    draws: int = 200,
    seed: int = 0,
    *,
    progress: Progress | None = None,
) -> list[Hull | None]:
    """Return the hull of each group, by code; None for groups of fewer than 20 units.

    Parameters
    ----------
    scores
        Shape `(n, k)`, coordinates on the first axes, k ≤ 3.
    groups
        Codes `(n,)` from 0.
    draws
        Samples, without replacement, of as many units as the smallest group of 20 or more has.
    seed
        Of the samples.

    Raises
    ------
    InputError
        More than three axes, or lengths differ.

    Notes
    -----
    Cornwell et al. (2006), doi:10.1890/0012-9658(2006)87[1465:ATTFHF]2.0.CO;2, for the hull;
    Gotelli and Colwell (2001), doi:10.1046/j.1461-0248.2001.00230.x, for rarefaction.
    """
    scores, groups = np.asarray(scores, np.float64), np.asarray(groups, np.int64)
    if scores.ndim != 2 or not 1 <= scores.shape[1] <= AXES:
        raise InputError(f"hull: needs one to {AXES} axes, not shape {scores.shape}")
    if groups.shape != (len(scores),):
        raise InputError(f"hull: {groups.shape} groups for {len(scores)} units")
    sizes = np.bincount(groups)
    large = sizes[sizes >= FEWEST]
    if not len(large):
        return [None] * len(sizes)
    least, rng, progress = int(large.min()), np.random.default_rng(seed), progress or Progress()
    found: list[Hull | None] = []
    for code, size in enumerate(sizes.tolist()):
        progress.report(STAGE, code, len(sizes))
        found.append(None if size < FEWEST else _drawn(scores[groups == code], least, draws, rng))
    return found


def _drawn(rows: np.ndarray, least: int, draws: int, rng: np.random.Generator) -> Hull:
    """Return the hull of samples of `least` rows."""
    if len(rows) == least:
        only = volume(rows)
        return Hull(only, only, only, least)
    sizes = [volume(rows[rng.choice(len(rows), least, replace=False)]) for _ in range(draws)]
    low, high = np.quantile(sizes, [0.025, 0.975])
    return Hull(float(np.mean(sizes)), float(low), float(high), least)


def volume(rows: np.ndarray) -> float:
    """Return the volume (area, length) of the convex hull of rows `(n, k)`; 0 where it is flat."""
    from scipy.spatial import ConvexHull, QhullError

    if rows.shape[1] == 1:
        return float(np.ptp(rows))
    try:
        return float(ConvexHull(rows).volume)
    except QhullError:  # all rows lie on a line or in a plane
        return 0.0
