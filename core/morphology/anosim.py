"""Analysis of similarities: ranks of distances between groups against those within. Legacy.

Given beside the tests of means because older work reports it. It answers a vaguer question: groups
that differ in spread alone raise it too (Anderson and Walsh 2013).
"""

import numpy as np

from core.morphology.permanova import checked
from core.morphology.permute import Arrangements, arrangements
from core.morphology.result import (
    TestResult,
    least_p,
    p_error,
    p_value,
    undefined,
    why_undefined,
)
from core.progress import Progress

NAME = "ANOSIM"
STAGE = "ANOSIM"
#: Units up to which all pairs are ranked.
MOST = 5000
#: Values of the table of groups that one step holds in float64: 64 MB.
VALUES = 8_000_000

LEGACY = (
    "descriptive: ANOSIM cannot tell a difference in means from one in spread; "
    "PERMANOVA is the test"
)


def anosim(
    points: np.ndarray,
    groups: np.ndarray,
    permutations: int = 999,
    seed: int = 0,
    blocks: np.ndarray | None = None,
    *,
    progress: Progress | None = None,
) -> TestResult:
    """Compare the ranks of distances between groups with those within.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit, 5,000 at most.
    groups
        Codes `(n,)` from 0.
    permutations
        Arrangements drawn where there are more than 10,000; all of them else.
    blocks
        Block of each unit; groups are exchanged within blocks only.

    Returns
    -------
    TestResult
        Effect and statistic R: 1 where every distance between groups is larger than every one
        within, 0 on average where nothing differs. "undefined" for more than 5,000 units.

    Notes
    -----
    Clarke (1993), doi:10.1111/j.1442-9993.1993.tb00438.x; Anderson and Walsh (2013),
    doi:10.1890/12-2010.1.
    """
    points, groups = checked(points, groups)
    n = len(points)
    why = why_undefined(points, groups)
    if not why and n > MOST:
        why = f"{n:,} units, and all pairs are ranked for {MOST:,} at most"
    if why:
        return undefined(NAME, n, why)
    from scipy.spatial.distance import pdist, squareform

    return anosim_of_distances(
        squareform(pdist(points)), groups, permutations, seed, blocks, progress=progress
    )


def anosim_of_distances(
    distances: np.ndarray,
    groups: np.ndarray,
    permutations: int = 999,
    seed: int = 0,
    blocks: np.ndarray | None = None,
    *,
    progress: Progress | None = None,
) -> TestResult:
    """Compare the ranks of any distances `(n, n)`, as `anosim` does; at least two groups."""
    n = len(distances)
    table = _ranked(np.asarray(distances, np.float64))
    ways = arrangements(groups, blocks, permutations, seed)
    observed = float(_r(table, groups, groups[None, :])[0])
    others = _permuted(table, groups, ways, progress or Progress())
    p = p_value(observed, others)
    return TestResult(
        NAME, observed, "R", 0.0, observed, "R", p, ways.p_min,
        0.0 if ways.complete else p_error(p, len(others)), len(others), n, "ok",
        (LEGACY, *least_p(ways.p_min)),
    )  # fmt: skip


def _ranked(distances: np.ndarray) -> np.ndarray:
    """Return the ranks of distances: a symmetric table `(n, n)`, zeros on its diagonal."""
    from scipy.spatial.distance import squareform
    from scipy.stats import rankdata

    return np.asarray(squareform(rankdata(squareform(distances, checks=False))))


def _r(table: np.ndarray, groups: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """Return R of rows of codes `(b, n)` that deal the same groups."""
    n, m = len(table), int(groups.max()) + 1
    pairs = n * (n - 1) / 2
    sizes = np.bincount(groups, minlength=m)
    inside = float((sizes * (sizes - 1) / 2).sum())
    hot = (dealt[:, :, None] == np.arange(m)).astype(np.float64)  # b, n, m
    wide = hot.transpose(1, 0, 2).reshape(n, -1)
    within = ((table @ wide) * wide).sum(axis=0).reshape(len(dealt), m).sum(axis=1) / 2
    between = pairs * (pairs + 1) / 2 - within
    found: np.ndarray = (between / (pairs - inside) - within / inside) / (pairs / 2)
    return found


def _permuted(
    table: np.ndarray, groups: np.ndarray, ways: Arrangements, progress: Progress
) -> np.ndarray:
    """Return R of every arrangement."""
    step = max(1, VALUES // (len(table) * (int(groups.max()) + 1)))
    found = np.empty(len(ways.orders))
    for start in range(0, len(found), step):
        progress.report(STAGE, start, len(found))
        part = slice(start, start + step)
        found[part] = _r(table, groups, groups[ways.orders[part]])
    return found
