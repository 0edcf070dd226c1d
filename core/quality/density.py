"""Two other ways to find outliers: GLOSH on a graph of witnesses, and isolation forests.

GLOSH says how much thinner it is around an item than in the densest part of the cluster that it
falls out of; an isolation forest how few random cuts leave it alone. Both respect units and who
vouches, as the default does; neither is it, since on image embeddings both find less.
"""

import numpy as np

from core.progress import Progress
from core.quality.around import STAGE, Around

#: Witnesses whose distance is the core distance, as for themes.
MIN_SAMPLES = 5
#: Trees of an isolation forest, and items that each is grown from.
TREES, GROWN_FROM = 300, 256
#: Items nearer than this are the same: a density has to be finite.
SAME = 1e-6
#: Items scored at a time.
STEP = 8192


def least_cluster(n: int) -> int:
    """Return the least size of a cluster among n items, as for themes."""
    return max(5, round(0.5 * n**0.5))


def glosh_scores(
    around: Around,
    vouching: np.ndarray,
    *,
    min_samples: int = MIN_SAMPLES,
    min_cluster_size: int | None = None,
) -> np.ndarray:
    """Score items by GLOSH, the global-local outlier score from hierarchies.

    Parameters
    ----------
    around
        Witnesses of each item `(n, k)`, nearest first.
    vouching
        Who vouches, bool `(n,)`. The hierarchy is of these; every other item gets the score that it
        would have beside its nearest witness.
    min_samples
        The witness whose distance is the core distance; the last where there are fewer.
    min_cluster_size
        Least size of a cluster; `least_cluster` of the items that vouch if None.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` float64 in [0, 1]: (λ of the densest point of the item's cluster − λ at which
        the item leaves it) / the former.

    Notes
    -----
    Campello, Moulavi, Zimek and Sander (2015), doi:10.1145/2733381. The spanning tree is that of
    the graph of witnesses, its pieces joined at distance 2, the largest there is; with all items
    as witnesses it is exact.
    """
    from hdbscan._hdbscan_linkage import label
    from hdbscan._hdbscan_tree import condense_tree, outlier_scores

    core = np.maximum(around.distances[:, min(min_samples, around.k) - 1], SAME)
    rows = np.flatnonzero(vouching)
    tree = label(_spanning_tree(around, core, rows))
    condensed = condense_tree(tree, min_cluster_size or least_cluster(len(rows)))
    score = np.zeros(len(core))
    score[rows] = outlier_scores(condensed)
    others = np.flatnonzero(~np.asarray(vouching))
    if len(others):
        score[others] = _beside(around, core, rows, condensed, others)
    return np.clip(score, 0, 1)


def _spanning_tree(around: Around, core: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the edges (from, to, distance) of a tree of least mutual reachability, ascending."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    n, k = len(rows), around.k
    place = np.full(len(core), -1, np.int64)
    place[rows] = np.arange(n)
    first, second = np.repeat(np.arange(n), k), place[around.indices[rows]].reshape(-1)
    gap = around.distances[rows].reshape(-1)
    reach = np.maximum(np.maximum(gap, core[rows][first]), core[rows][second])
    low, high = np.minimum(first, second), np.maximum(first, second)
    once = np.unique(low * n + high, return_index=True)[1]  # twice would be added up
    edges = coo_array((reach[once], (low[once], high[once])), shape=(n, n))
    tree = minimum_spanning_tree(edges).tocoo()
    pieces, piece = connected_components(tree, directed=False)
    heads = np.unique(piece, return_index=True)[1]
    start = np.concatenate([tree.row, np.repeat(heads[:1], pieces - 1)])
    end = np.concatenate([tree.col, heads[1:]])
    length = np.concatenate([tree.data, np.full(pieces - 1, 2.0)])
    order = np.lexsort((end, start, length))
    found = np.column_stack([start, end, length])[order]
    return np.ascontiguousarray(found, dtype=np.float64)


def _beside(
    around: Around, core: np.ndarray, rows: np.ndarray, condensed: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Score items that are not in the hierarchy by their nearest witness's cluster."""
    densest = _densest(condensed)
    parent = np.zeros(len(core), np.int64)
    leaves = condensed["child"] < len(rows)
    parent[rows[condensed["child"][leaves]]] = condensed["parent"][leaves]
    near = around.indices[others]
    reach = np.maximum(np.maximum(around.distances[others], core[others][:, None]), core[near])
    nearest = near[np.arange(len(others)), reach.argmin(axis=1)]
    most = densest[parent[nearest]]
    leaving = np.minimum(1 / reach.min(axis=1), most)
    found: np.ndarray = np.where(most > 0, (most - leaving) / np.where(most > 0, most, 1), 0)
    return found


def _densest(condensed: np.ndarray) -> np.ndarray:
    """Return the largest λ in each cluster of a condensed tree, or below it, by its number."""
    parents, children = condensed["parent"], condensed["child"]
    found = np.zeros(int(max(parents.max(), children.max())) + 1)
    np.maximum.at(found, parents, condensed["lambda_val"])
    for line in np.flatnonzero(children >= parents.min())[::-1]:  # children are numbered later
        parent, child = parents[line], children[line]
        found[parent] = max(found[parent], found[child])
    return found


def isolation_scores(
    unit: np.ndarray,
    places: np.ndarray,
    vouching: np.ndarray,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Score items by how few random cuts isolate them.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32.
    places
        Unit of each item `(n,)`; the forest is grown from one item a unit, drawn by the seed.
    vouching
        Who vouches, bool `(n,)`; the forest is grown from these.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` float64 in (0, 1), as Liu, Ting and Zhou (2008) define it,
        doi:10.1109/ICDM.2008.17: near 1 for what is soon alone, .5 and less for ordinary items.
    """
    from sklearn.ensemble import IsolationForest

    progress = progress or Progress()
    turn = np.random.default_rng(seed).permutation(np.flatnonzero(vouching))
    one = np.sort(turn[np.unique(places[turn], return_index=True)[1]])
    progress.report(STAGE, 0, len(unit), "growing trees")
    grown = min(GROWN_FROM, len(one))
    forest = IsolationForest(n_estimators=TREES, max_samples=grown, random_state=seed).fit(
        unit[one]
    )
    score = np.empty(len(unit))
    for start in range(0, len(unit), STEP):
        part = slice(start, start + STEP)
        score[part] = -forest.score_samples(unit[part])
        progress.report(STAGE, min(start + STEP, len(unit)), len(unit))
    return score
