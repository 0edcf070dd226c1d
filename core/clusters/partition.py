"""An independent grouping of a set: k-means that never looks at the micro-clusters.

A choice that was made to cover the micro-clusters covers them by design. Whether it covers the set
is asked of groups that it did not know: k-means by Lloyd's algorithm, made top down so that many
groups stay quick. See `docs/methods/report.md`.
"""

import numpy as np

from core.clusters.table import by_size
from core.errors import InputError
from core.maps.pca import principal_components
from core.progress import Progress
from core.space import unit_rows

STAGE = "independent grouping"

#: Principal components kept, groups that one k-means makes at most, and its rounds.
DIMS, BRANCH, ROUNDS = 64, 48, 12
#: Points from which the centres of an upper level are found; every point goes to its nearest.
SAMPLE = 20_000


def independent_groups(clusters: int, n: int) -> int:
    """Return how many groups to make: as many as clusters, but no more than items chosen.

    With more groups than items chosen every choice, good or bad, hits about one group an item, and
    the figure could not tell them apart. Declared here, before anything is looked at.

    Parameters
    ----------
    clusters
        The micro-clusters there are.
    n
        Items chosen.
    """
    return max(1, min(clusters, max(2, n)))


def independent_labels(
    unit: np.ndarray,
    micro: np.ndarray,
    universe: np.ndarray,
    n: int,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the independent grouping of some rows `(N,)` int32, −1 for the others.

    Parameters
    ----------
    unit
        Vectors `(N, d)` of the whole set.
    micro
        Micro-cluster `(N,)` of every row; only how many there are is looked at.
    universe
        The rows to group: those that can be chosen, and those that are taken already.
    n
        How many of them are chosen or taken.
    """
    k = independent_groups(len(np.unique(np.asarray(micro)[universe])), n)
    labels = np.full(len(unit), -1, np.int32)
    whole = len(universe) == len(unit)
    labels[universe] = independent_partition(unit if whole else unit[universe], k, seed, progress)
    return labels


def independent_partition(
    unit: np.ndarray, k: int, seed: int = 0, progress: Progress | None = None
) -> np.ndarray:
    """Part items into k groups by k-means, level by level.

    Parameters
    ----------
    unit
        Vectors `(n, d)`; scaled to unit length here, and to 64 principal components if d is larger.
    k
        Groups wanted, 1 or more; there cannot be more than different points.
    seed
        The same seed gives the same groups on one machine.
    progress
        Told about items that have their group, as stage "independent grouping".

    Returns
    -------
    numpy.ndarray
        Group `(n,)` int32 of every row, 0 is the largest; every row has one.

    Raises
    ------
    InputError
        k is below 1, or a vector is not finite or has no length.

    Notes
    -----
    Lloyd (1982), doi:10.1109/TIT.1982.1056489, from k-means++ starts (Arthur and Vassilvitskii
    2007). A level makes at most 48 groups and shares the k groups out among them by items × root
    mean square distance from the centre, so that wide regions get more, as k-means does.
    """
    progress = progress or Progress()
    progress.report(STAGE, 0, len(unit))
    if k < 1:
        raise InputError(f"independent grouping: k must be 1 or more, not {k}")
    space = unit_rows(unit)
    n = len(space)
    if n == 0:
        return np.zeros(0, np.int32)
    if space.shape[1] > DIMS:
        space = principal_components(space, DIMS, seed=seed).scores
    space = np.ascontiguousarray(space, dtype=np.float32)
    rng = np.random.default_rng([seed, 0x9A7])
    labels = np.empty(n, np.int64)
    waiting, used, finished = [(np.arange(n), min(k, n))], 0, 0
    while waiting:
        rows, wanted = waiting.pop()
        if wanted > BRANCH:
            waiting += _branch(space, rows, wanted, rng)
            continue
        labels[rows] = used + _kmeans(space[rows], wanted, rng)
        used += wanted
        finished += len(rows)
        progress.report(STAGE, finished, n)
    return by_size(labels)


def _branch(
    space: np.ndarray, rows: np.ndarray, wanted: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, int]]:
    """Part rows into some regions, each with how many of the wanted groups it gets."""
    levels = int(np.ceil(np.log(wanted) / np.log(BRANCH)))
    count = int(np.ceil(wanted ** (1 / levels)))
    points = space[rows]
    found = _kmeans(points, count, rng)
    regions = [np.flatnonzero(found == one) for one in range(count)]
    regions = [one for one in regions if len(one)]
    if len(regions) == 1:  # identical points: no centre is nearer than another
        return [(rows, BRANCH)]
    sizes = np.array([len(one) for one in regions])
    width = np.array([_width(points[one]) for one in regions])
    shares = _shared_out(wanted, sizes, sizes * width)
    return [(rows[one], int(share)) for one, share in zip(regions, shares, strict=True)]


def _width(points: np.ndarray) -> float:
    """Return the root mean square distance of points `(m, d)` from their mean."""
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


def _shared_out(wanted: int, sizes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share groups out by weight: at least one each, at most one an item, largest remainder.

    Parameters
    ----------
    wanted
        Groups, from the number of regions to the number of items.
    sizes, weights
        Items `(m,)` and weight `(m,)` of each region; weights may be all 0.
    """
    shares = np.ones(len(sizes), np.int64)
    weights = np.where(sizes > 1, np.maximum(weights, 1e-12), 0.0)
    while (left := wanted - int(shares.sum())) > 0:
        room = sizes - shares
        open_weights = np.where(room > 0, weights, 0.0)
        ideal = left * open_weights / open_weights.sum()
        given = np.minimum(np.floor(ideal).astype(np.int64), room)
        if not given.any():  # less than one each: the largest remainders
            order = np.lexsort((np.arange(len(sizes)), -ideal))
            order = order[room[order] > 0][:left]
            given[order] = 1
        shares += given
    return shares


def _kmeans(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return the group `(n,)`, 0 to k − 1, of each point by Lloyd's algorithm; some may be empty.

    Centres come from a sample where there are many points.
    """
    n = len(points)
    if k <= 1:
        return np.zeros(n, np.int64)
    if k >= n:
        return np.arange(n)
    some = points if n <= SAMPLE else points[np.sort(rng.choice(n, SAMPLE, replace=False))]
    centres = _plus_plus(some, k, rng)
    before = np.zeros(0, np.int64)
    for _ in range(ROUNDS):
        nearest = _nearest(some, centres)
        if np.array_equal(nearest, before):
            break
        before = nearest
        counts = np.bincount(nearest, minlength=k)
        sums = np.zeros((k, points.shape[1]), np.float64)
        np.add.at(sums, nearest, some)
        full = counts > 0
        centres[full] = sums[full] / counts[full, None]
    return _nearest(points, centres)


def _plus_plus(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return k starting centres, each drawn with chance ∝ squared distance to those before."""
    centres = np.empty((k, points.shape[1]), np.float32)
    centres[0] = points[rng.integers(len(points))]
    far = np.square(points - centres[0]).sum(axis=1, dtype=np.float64)
    for at in range(1, k):
        total = np.cumsum(far)
        here = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        centres[at] = points[min(here, len(points) - 1)]
        far = np.minimum(far, np.square(points - centres[at]).sum(axis=1, dtype=np.float64))
    return centres


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the nearest centre `(n,)` of each point, equals go to the first."""
    half = 0.5 * np.square(centres).sum(axis=1)
    found = np.empty(len(points), np.int64)
    step = max(1, 4_000_000 // len(centres))
    for start in range(0, len(points), step):
        part = slice(start, start + step)
        found[part] = np.argmax(points[part] @ centres.T - half, axis=1)
    return found
