"""Full coverage: every micro-cluster gets its quota, the image in its middle first.

With more clusters than images to choose, coarser clusters are cut anew: a quota over more groups
than there are places would leave out whole regions by size alone.
"""

from dataclasses import dataclass

import numpy as np

from core.clusters.micro import find_micro_clusters
from core.curate.kcenter import farthest_first
from core.curate.picks import STAGE, Budget, Picks, PickSpace, Pool, picks
from core.curate.shares import allot
from core.progress import Progress

OBJECTIVE = (
    "share of the pool stood for: the cosine of each image with the most similar chosen one of its"
    " own group, as a mean over the pool"
)

#: Times that groups are cut anew at most, each coarser, until no more wait than can be covered.
CUTS = 6


@dataclass(frozen=True, slots=True)
class Groups:
    """A partition of a pool: the group of each row of the set `(N,)`, −1 outside; and notes."""

    labels: np.ndarray
    notes: tuple[str, ...] = ()


def uncovered(labels: np.ndarray, pool: Pool) -> np.ndarray:
    """Return the groups that hold images of the pool and none already chosen."""
    groups = np.unique(labels[pool.rows])
    return np.setdiff1d(groups[groups >= 0], labels[pool.already])


def groups_for(space: PickSpace, n: int, pool: Pool, *, seed: int, progress: Progress) -> Groups:
    """Return micro-clusters of which no more than n wait to be covered.

    The stored ones where that holds; else, or without any, the pool is cut anew into as many
    groups as images are or will be chosen, or fewer where what is chosen shares groups.
    """
    waiting = 0
    if space.micro is not None:
        labels = np.asarray(space.micro.labels)
        waiting = len(uncovered(labels, pool))
        if waiting <= n:
            return Groups(labels)
    rows = np.sort(np.concatenate([pool.rows, pool.already]))
    labels = np.full(len(space.unit), -1, np.int32)
    wanted = n + len(pool.already)
    for _ in range(CUTS):
        own = find_micro_clusters(
            space.unit[rows], key="choice", seed=seed, mean_size=max(1.0, len(rows) / wanted),
            progress=progress,
        )  # fmt: skip
        labels[rows] = own.labels
        left = len(uncovered(labels, pool))
        if left <= n:
            break
        wanted = max(1, int(wanted * n / left))
    if not waiting:
        return Groups(labels)
    said = (
        f"{waiting:,} micro-clusters without a chosen image are more than the {n:,} images to"
        f" choose; {int(own.labels.max()) + 1:,} coarser groups were made."
    )
    return Groups(labels, (said,))


def quotas(labels: np.ndarray, pool: Pool, n: int, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how many images to choose in each group.

    A group of s images (of the pool and already chosen) gets a share in proportion to s^alpha of
    all that are or will be chosen, one at least, what is already chosen in it counted in.

    Returns
    -------
    groups, counts : numpy.ndarray
        Groups of the pool `(K,)`, largest first, and images to choose in each `(K,)`.
    """
    groups, sizes = np.unique(labels[pool.rows], return_counts=True)
    have = np.zeros(max(int(labels.max()), 0) + 1, np.int64)
    np.add.at(have, labels[pool.already][labels[pool.already] >= 0], 1)
    have = have[groups]
    order = np.lexsort((groups, -(sizes + have)))
    groups, sizes, have = groups[order], sizes[order], have[order]
    return groups, allot(sizes, have, alpha, n)


def quota(
    space: PickSpace,
    n: int | None,
    pool: Pool,
    *,
    alpha: float = 0.5,
    seed: int = 0,
    until: float | None = None,
    progress: Progress | None = None,
) -> Picks:
    """Choose from every micro-cluster, large and small.

    Parameters
    ----------
    space
        Unit vectors and the stored micro-clusters.
    n
        How many, at most the pool's size; None is one for each stored micro-cluster that none
        was chosen of yet.
    pool
        Rows to choose from and those already chosen.
    alpha
        Power of the group's size that its quota is in proportion to.
    seed
        Seed of groups that are cut anew.
    until
        Stop once the next 1 % of the pool adds less than this share of what is stood for.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        One of each group first, the largest group first, then the second ones. `clusters` holds
        their groups. In a group the medoid comes first, then each time the farthest from those
        chosen in it.
    """
    progress = progress or Progress()
    if n is None:
        n = len(pool)
        if space.micro is not None:
            n = max(1, len(uncovered(np.asarray(space.micro.labels), pool)))
    found = groups_for(space, n, pool, seed=seed, progress=progress)
    groups, counts = quotas(found.labels, pool, n, alpha)
    members, seeds = _by_group(found.labels, pool.rows), _by_group(found.labels, pool.already)
    chosen, base = [], 0.0
    for place, (group, count) in enumerate(zip(groups.tolist(), counts.tolist(), strict=True)):
        rows, before = members[group], seeds.get(group, np.empty(0, np.int64))
        order, gains, there = _inside(space.unit, rows, before, count)
        base += there
        chosen.append(_turns(order, gains, place, group))
        progress.report(STAGE, place + 1, len(groups))
    table = np.concatenate(chosen)
    table = table[np.lexsort((table["place"], table["turn"]))]
    gains = table["gain"] / len(pool)
    kept = Budget(n, until, len(pool), base / len(pool)).kept(gains)
    table = table[:kept]
    return picks(table["row"], gains[:kept], OBJECTIVE, table["group"].copy(), found.notes)


TURN = np.dtype([("row", "i8"), ("turn", "i8"), ("place", "i8"), ("group", "i4"), ("gain", "f8")])


def _turns(order: np.ndarray, gains: np.ndarray, place: int, group: int) -> np.ndarray:
    """Return the picks of one group, with their turn in it and its place among groups."""
    table = np.empty(len(order), TURN)
    table["row"], table["gain"], table["turn"] = order, gains, np.arange(len(order))
    table["place"], table["group"] = place, group
    return table


def _by_group(labels: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    """Return the rows of each group, ascending."""
    if not len(rows):
        return {}
    order = rows[np.argsort(labels[rows], kind="stable")]
    groups, starts = np.unique(labels[order], return_index=True)
    return dict(zip(groups.tolist(), np.split(order, starts[1:]), strict=True))


def _inside(
    unit: np.ndarray, rows: np.ndarray, seeds: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Choose inside one group: rows in order, similarity that each adds, and what was there."""
    if len(rows) == 1 and not len(seeds):
        return rows[:count], np.ones(count), 0.0
    points = unit[rows]
    best = np.zeros(len(rows), np.float32)
    if len(seeds):
        best = np.maximum(0, (points @ unit[seeds].T).max(axis=1))
    there = float(best.sum(dtype=np.float64))
    if not count:
        return rows[:0], np.empty(0), there
    order = farthest_first(points, count, unit[seeds] if len(seeds) else None)
    reached = np.maximum(points @ points[order].T, best[:, None])
    sums = np.maximum.accumulate(reached, axis=1).sum(axis=0, dtype=np.float64)
    return rows[order], np.diff(sums, prepend=there), there
