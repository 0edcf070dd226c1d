"""Nearest neighbours of every item: one graph that maps, clusters and the inspector share.

Inner products of unit vectors are ranked by faiss: all pairs up to a size, beyond it an inverted
file (vectors grouped around centres, of which the nearest few are searched) whose recall is
measured on a sample and raised until it is good enough. See `docs/methods/neighbours.md`.
"""

from collections.abc import Callable

import numpy as np

from core.model import Neighbors
from core.progress import Progress
from core.space import pair_distances, unit_rows

STAGE = "neighbours"

#: Candidates beyond k that are ranked again exactly, since faiss ranks in float32.
MARGIN = 8
#: Queries handed to faiss at a time: between two of them work can be cancelled.
QUERIES = 4096
#: Rows on which the recall of the approximate search is measured, and the recall asked for.
SAMPLE = 1000
WANTED_RECALL = 0.98

Search = Callable[[np.ndarray, int], np.ndarray]


def find_neighbors(
    vectors: np.ndarray,
    *,
    key: str,
    k: int = 90,
    exact_up_to: int = 100_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Neighbors:
    """Find the k nearest neighbours of every row, itself left out.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    key
        The artefact's key, passed on.
    k
        Neighbours for each row; at most n − 1 are kept.
    exact_up_to
        Compare all pairs up to this many rows, search approximately beyond.
    seed
        Seed of the approximate index and of the recall sample.
    progress
        Told about finished rows as stage "neighbours".

    Returns
    -------
    Neighbors
        Indices `(n, k)` int32 and chordal distances `(n, k)` float32 in row order, nearest first,
        ties by lower row. Duplicates of an item are its neighbours at distance 0. `recall` is the
        share of approximate neighbours no further than the true k-th (1.0 where exact).

    Raises
    ------
    InputError
        A vector is not finite or has no length, or the arguments make no sense.
    """
    progress = progress or Progress()
    progress.report(STAGE, 0, len(vectors))
    unit = unit_rows(vectors)
    n = len(unit)
    k = max(0, min(k, n - 1))
    if k == 0:
        return Neighbors(key, np.zeros((n, 0), np.int32), np.zeros((n, 0), np.float32), True, 1.0)
    if n <= exact_up_to:
        indices, distances = _search_all(unit, k, _exact(unit), progress)
        return Neighbors(key, indices, distances, exact=True, recall=1.0)
    search, recall = _approximate(unit, k, seed, progress)
    indices, distances = _search_all(unit, k, search, progress)
    return Neighbors(key, indices, distances, exact=False, recall=recall)


def _exact(unit: np.ndarray) -> Search:
    """Return a search over all rows (what `IndexFlatIP` does, without its copy of the vectors)."""
    import faiss

    def search(queries: np.ndarray, count: int) -> np.ndarray:
        found: np.ndarray = faiss.knn(queries, unit, count, metric=faiss.METRIC_INNER_PRODUCT)[1]
        return found

    return search


def _approximate(unit: np.ndarray, k: int, seed: int, progress: Progress) -> tuple[Search, float]:
    """Build an inverted file over unit rows and widen its search until recall is as wanted."""
    import faiss

    n, dims = unit.shape
    # Centres need 39 training points each or more; beyond 4,096 finding them costs too much.
    lists = max(1, int(min(4096, 4 * np.sqrt(n), n // 39)))
    progress.report(STAGE, 0, n, "grouping vectors")
    # Half precision halves the memory; candidates are ranked again in full precision.
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dims), dims, lists, faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
    )  # fmt: skip
    index.cp.seed, index.cp.max_points_per_centroid = seed + 1, 64
    index.train(unit)
    for start in range(0, n, 16 * QUERIES):
        index.add(unit[start : start + 16 * QUERIES])
        progress.report(STAGE, 0, n, "indexing")

    def search(queries: np.ndarray, count: int) -> np.ndarray:
        found: np.ndarray = index.search(queries, count)[1]
        return found

    rows = np.sort(np.random.default_rng(seed).choice(n, min(SAMPLE, n), replace=False))
    truth = _rank(unit, rows, _exact(unit)(unit[rows], min(n, k + 1 + MARGIN)), k)[1][:, -1:]
    index.nprobe = min(8, lists)
    while True:
        progress.report(STAGE, 0, n, f"measuring recall, {index.nprobe} of {lists} groups")
        found = _rank(unit, rows, search(unit[rows], min(n, k + 1 + MARGIN)), k)[1]
        recall = float((found <= truth + 1e-6).mean())
        if recall >= WANTED_RECALL or index.nprobe >= lists:
            return search, recall
        index.nprobe = min(2 * index.nprobe, lists)


def _search_all(
    unit: np.ndarray, k: int, search: Search, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbours `(n, k)` of all rows and their distances, block by block."""
    n = len(unit)
    indices, distances = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    for start in range(0, n, QUERIES):
        rows = np.arange(start, min(start + QUERIES, n))
        candidates = search(unit[rows], min(n, k + 1 + MARGIN))
        indices[rows], distances[rows] = _rank(unit, rows, candidates, k)
        short = rows[np.isinf(distances[rows, -1])]
        if len(short):  # the groups searched held fewer than k
            candidates = _exact(unit)(unit[short], min(n, k + 1 + MARGIN))
            indices[short], distances[short] = _rank(unit, short, candidates, k)
        progress.report(STAGE, int(rows[-1]) + 1, n)
    return indices, distances


def _rank(
    unit: np.ndarray, rows: np.ndarray, candidates: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Order candidate neighbours by exact distance, leave the row itself out, keep k.

    Candidates of −1 (an inverted file that found too few) come last, at infinite distance.
    """
    missing = (candidates < 0) | (candidates == rows[:, None])
    safe = np.where(missing, rows[:, None], candidates)
    distances = pair_distances(unit, rows, safe).astype(np.float32)
    distances[missing] = np.inf
    order = np.lexsort((safe, distances), axis=1)[:, :k]
    return (
        np.take_along_axis(safe, order, axis=1).astype(np.int32),
        np.take_along_axis(distances, order, axis=1),
    )
