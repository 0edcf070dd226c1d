"""Low budget: the most typical image of each of as many groups as there are places (TypiClust)."""

import warnings

import numpy as np

from core.clusters.micro import DIMS
from core.curate.kcenter import farthest_first
from core.curate.picks import STAGE, Budget, Picks, PickSpace, Pool, picks
from core.maps.pca import principal_components
from core.progress import Progress

OBJECTIVE = "share of the pool whose group (k-means, one group for each place) has a chosen image"

#: Neighbours over which typicality is taken.
NEIGHBOURS = 20
#: Most groups; more places get further images of the same groups, farthest first.
MOST_GROUPS = 2000
#: Groups where no number is given: at most so many, of so many images each in the mean, as in the
#: paper, which makes at most 500 and leaves out those of fewer than five.
OPEN_GROUPS, OPEN_SIZE = 500, 5
#: Up to this many images k-means looks at all of them in every step.
WHOLE = 20_000


def mean_distance(space: PickSpace, pool: Pool, count: int, progress: Progress) -> np.ndarray:
    """Return each pool image's mean distance `(m,)` to its nearest others in the set.

    From the stored graph; without one, from neighbours found anew inside the pool.
    """
    if space.neighbors is not None:
        near = space.neighbors.distances[pool.rows, :count]
    else:
        from core.neighbors import find_neighbors

        near = find_neighbors(
            space.unit[pool.rows], key="pool", k=count, progress=progress
        ).distances
    if not near.shape[1]:
        return np.zeros(len(pool))
    return near.mean(axis=1, dtype=np.float64)


def low_budget(
    space: PickSpace,
    n: int | None,
    pool: Pool,
    *,
    seed: int = 0,
    until: float | None = None,
    progress: Progress | None = None,
) -> Picks:
    """Choose the most typical image of each group of k-means.

    k-means makes one group for each image that is or will be chosen, at most 2,000, from the 64
    principal components of the pool and of what is already chosen. Groups without a chosen image
    come first, the largest first; of each the image of least mean distance to its 20 nearest is
    chosen, later ones (where there are more places than groups) farthest first.

    Parameters
    ----------
    space
        Unit vectors and the neighbour graph.
    n
        How many, at most the pool's size; None is a fifth of the pool, at most 500.
    pool
        Rows to choose from and those already chosen.
    seed
        Seed of k-means.
    until
        Stop once the next 1 % of the pool adds less than this share of what is covered.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        `clusters` holds the group of each.

    Notes
    -----
    Hacohen, Dekel and Weinshall (2022), Active learning on a budget, arXiv:2202.02794.
    """
    progress = progress or Progress()
    n = min(OPEN_GROUPS, -(-len(pool) // OPEN_SIZE)) if n is None else n
    everyone = np.concatenate([pool.rows, pool.already])
    progress.report(STAGE, 0, n, "grouping images")
    groups = _k_means(space.unit[everyone], min(n + len(pool.already), MOST_GROUPS), seed)
    own, before = groups[: len(pool)], groups[len(pool) :]
    sizes = np.bincount(own, minlength=int(groups.max()) + 1)
    have = np.bincount(before, minlength=len(sizes))
    order = np.lexsort((np.arange(len(sizes)), -sizes, have))
    order = order[sizes[order] > 0]
    lonely = mean_distance(space, pool, NEIGHBOURS, progress)
    lists = [
        _inside(space, pool, np.flatnonzero(own == group), lonely, -(-n // len(order)), n)
        for group in order.tolist()
    ]
    chosen, turns = _by_turns(lists, n)
    gains = np.where((turns == 0) & (have[own[chosen]] == 0), sizes[own[chosen]], 0) / len(pool)
    kept = Budget(n, until, len(pool), float(sizes[have > 0].sum()) / len(pool)).kept(gains)
    progress.report(STAGE, n, n)
    chosen = chosen[:kept]
    return picks(pool.rows[chosen], gains[:kept], OBJECTIVE, own[chosen].astype(np.int32))


def _inside(
    space: PickSpace, pool: Pool, members: np.ndarray, lonely: np.ndarray, least: int, n: int
) -> np.ndarray:
    """Return members of a group in order of choice: the most typical, then farthest first."""
    first = members[np.argmin(lonely[members])]
    rest = members[members != first]
    # A group smaller than its share leaves places to others: then every order must be longer.
    wanted = min(len(rest), n if least > 1 else 0)
    if not wanted:
        return np.array([first])
    start = space.unit[pool.rows[[first]]]
    order = farthest_first(space.unit[pool.rows[rest]], wanted, start)
    return np.concatenate([[first], rest[order]])


def _by_turns(lists: list[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Take the first of every list, then the second, and so on, until there are n."""
    members = np.concatenate(lists)
    turns = np.concatenate([np.arange(len(part)) for part in lists])
    places = np.repeat(np.arange(len(lists)), [len(part) for part in lists])
    order = np.lexsort((places, turns))[:n]
    return members[order], turns[order]


def _k_means(unit: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the k-means group of each row, numbered without gaps."""
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    points = unit
    if unit.shape[1] > DIMS:
        points = principal_components(unit, DIMS, seed=seed).scores
    count = min(count, len(points))
    settings = {"n_clusters": count, "n_init": 1, "random_state": seed % 2**32}
    if len(points) <= WHOLE:
        model = KMeans(max_iter=100, **settings)
    else:
        model = MiniBatchKMeans(batch_size=4096, max_iter=30, **settings)
    with warnings.catch_warnings():  # fewer different images than groups: some stay empty
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = model.fit_predict(points)
    groups: np.ndarray = np.unique(found, return_inverse=True)[1].reshape(-1)
    return groups
