"""Near-duplicates: how near is too near, which images belong together, and exact search for them.

Two images are near-duplicates if their distance is at most τ. What is near to what is near belongs
to one group; for taking duplicates out, a group must also have a diameter of at most 2 τ, else
long chains of slightly different images would count as one.
"""

from collections.abc import Iterator

import numpy as np

from core.model import Neighbors
from core.progress import Progress

STAGE = "near-duplicates"

#: What float32 inner products of unit vectors may be off by.
SLACK = 1e-5
#: Rows and columns of one block of inner products.
ROWS, COLUMNS = 1024, 16_384


def duplicate_threshold(neighbors: Neighbors) -> float:
    """Return τ, a third of the median distance to the nearest other item.

    Identical items are left out of the median: they say nothing of how far different ones are.
    0 where all items are identical, or there is one only.
    """
    if neighbors.distances.shape[1] == 0:
        return 0.0
    nearest = np.asarray(neighbors.distances, dtype=np.float64)
    apart = np.where(nearest > 0, nearest, np.inf).min(axis=1)
    apart = apart[np.isfinite(apart)]
    return float(np.median(apart)) / 3 if len(apart) else 0.0


def join(first: np.ndarray, second: np.ndarray, total: int) -> np.ndarray:
    """Return the group of each of `total` items, where pairs belong together.

    Parameters
    ----------
    first, second
        The pairs `(m,)`, numbers from 0 to total − 1.

    Returns
    -------
    numpy.ndarray
        Shape `(total,)` int64, groups numbered from 0 by their first item.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(first), np.int8), (first, second)), shape=(total, total))
    return by_first(connected_components(links, directed=False)[1])


def by_first(groups: np.ndarray) -> np.ndarray:
    """Return groups `(n,)` numbered anew from 0, int64, by the first item of each."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[place]


def graph_pairs(neighbors: Neighbors, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of items that the graph knows to be within τ, each once or twice."""
    row, column = np.nonzero(np.asarray(neighbors.distances) <= np.float32(tau))
    return row, np.asarray(neighbors.indices)[row, column].astype(np.int64)


def duplicate_groups(
    neighbors: Neighbors, tau: float, unit: np.ndarray | None = None
) -> np.ndarray:
    """Return the near-duplicate group of every item.

    Parameters
    ----------
    neighbors
        The graph.
    tau
        Distance up to which two items are near-duplicates.
    unit
        Unit vectors `(n, d)`: with them, a group of a diameter above 2 τ is cut by complete
        linkage at 2 τ. Without them a group is all that hangs together.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` int64, numbered from 0 by the first item of each; most items are alone.
    """
    if unit is None:
        return join(*graph_pairs(neighbors, tau), len(neighbors.indices))
    from core.quality.near import near_groups, near_pairs, same_vectors

    same = same_vectors(unit)
    return near_groups(unit, near_pairs(neighbors, unit, tau, same), tau, same=same)


def keepers(unit: np.ndarray, groups: np.ndarray, kept_first: np.ndarray) -> np.ndarray:
    """Return the one item of each near-duplicate group that stays.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    groups
        Group of every item `(n,)`, −1 for items that are not looked at.
    kept_first
        Items `(n,)` bool that stay before others, such as labelled ones.

    Returns
    -------
    numpy.ndarray
        Rows, ascending int64: the only item of a group, else one of `kept_first`, else the one
        with the least sum of squared distances to the others; ties go to the lower row.
    """
    looked = np.flatnonzero(groups >= 0)
    sizes = np.bincount(groups[looked], minlength=1)
    alone = looked[sizes[groups[looked]] == 1]
    kept = [alone]
    shared = looked[sizes[groups[looked]] > 1]
    shared = shared[np.argsort(groups[shared], kind="stable")]
    ends = np.flatnonzero(np.diff(groups[shared])) + 1
    for rows in np.split(shared, ends) if len(shared) else []:
        vectors = unit[rows].astype(np.float64)
        away = ((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1)
        order = np.lexsort((rows, np.round(away, 12), ~kept_first[rows]))
        kept.append(rows[order[:1]])
    return np.sort(np.concatenate(kept))


def cross_pairs(
    unit: np.ndarray,
    side: np.ndarray,
    tau: float,
    progress: Progress | None = None,
    most: int = 1_000_000,
) -> np.ndarray:
    """Find every pair of items on different sides within a distance; exact, no pair is skipped.

    Items are sorted along their first principal direction. A projection never lengthens a
    distance, so only pairs whose projections are within τ can be; those are compared in blocks,
    and what float32 cannot decide is measured in float64.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)` float32.
    side
        Shape `(n,)` integers; a pair counts if they differ. −1 is left out.
    tau
        The distance.
    most
        Stop when there are this many.

    Returns
    -------
    numpy.ndarray
        Shape `(m, 2)` int64: the pairs, the lower row first, in ascending order.
    """
    progress = progress or Progress()
    rows = np.flatnonzero(np.asarray(side) >= 0)
    along = unit[rows] @ _direction(unit[rows])
    rows, along = rows[(order := np.argsort(along, kind="stable"))], along[order]
    found, count = [np.zeros((0, 2), np.int64)], 0
    for first, second in _windows(along, tau + 1e-5):
        progress.report(STAGE, first.start, len(rows))
        near = unit[rows[first]] @ unit[rows[second]].T
        apart = side[rows[first]][:, None] != side[rows[second]][None, :]
        at, to = np.nonzero(apart & (near >= 1 - tau * tau / 2 - SLACK))
        pairs = np.stack([rows[first][at], rows[second][to]], axis=1)
        found.append(pairs[_within(unit, pairs, tau)])
        count += len(found[-1])
        if count >= most:
            break
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs, axis=0)


def _direction(unit: np.ndarray) -> np.ndarray:
    """Return about the first principal direction `(d,)` of length one, float32; any is right."""
    sample = unit[:: max(1, len(unit) // 5000)].astype(np.float64)
    centred = sample - sample.mean(axis=0) if len(sample) else sample
    vector: np.ndarray = np.ones(unit.shape[1])
    vector += np.random.default_rng(0).standard_normal(unit.shape[1])
    for _ in range(12):
        vector /= np.linalg.norm(vector)
        turned = centred.T @ (centred @ vector)
        if np.linalg.norm(turned) < 1e-12:
            break
        vector = turned
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _windows(along: np.ndarray, reach: float) -> Iterator[tuple[slice, slice]]:
    """Yield blocks of sorted places, and the later ones (their own too) within reach of them."""
    for start in range(0, len(along), ROWS):
        end = min(start + ROWS, len(along))
        last = int(np.searchsorted(along, along[end - 1] + reach, side="right"))
        for column in range(start, last, COLUMNS):
            yield slice(start, end), slice(column, min(column + COLUMNS, last))


def _within(unit: np.ndarray, pairs: np.ndarray, tau: float) -> np.ndarray:
    """Return which pairs are within τ, measured in float64."""
    keep = np.zeros(len(pairs), bool)
    for start in range(0, len(pairs), 100_000):
        part = pairs[start : start + 100_000]
        away = unit[part[:, 0]].astype(np.float64) - unit[part[:, 1]]
        keep[start : start + len(part)] = np.sqrt(np.einsum("ij,ij->i", away, away)) <= tau
    return keep
