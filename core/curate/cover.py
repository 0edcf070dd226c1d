"""Which images each candidate would stand for, and how well: the sparse table of similarities.

Similarity is the cosine of unit vectors, 1 − d²/2, and never below 0.
"""

from dataclasses import dataclass

import numpy as np

from core.curate.picks import STAGE, Pool
from core.model import Neighbors
from core.progress import Progress

#: Values of one block of similarities (float32): 64 MB.
BLOCK = 16_000_000
#: Rows on which it is estimated how many similarities are still of use.
SAMPLE = 512
#: Neighbours asked for where the stored graph cannot serve, and the fewest (mean) that can.
NEIGHBOURS, LEAST = 100, 50


@dataclass(frozen=True, slots=True)
class Cover:
    """For candidate j, `items[starts[j]:starts[j + 1]]` are those it can stand for.

    `similarities` `(m,)` float32 belongs to `items` `(m,)` int32; both number the pool's images
    from 0, in row order; `starts` is `(n + 1,)` int64.
    """

    starts: np.ndarray
    items: np.ndarray
    similarities: np.ndarray

    def gain(self, j: int, best: np.ndarray) -> float:
        """Return how much candidate j would add to the summed similarity."""
        part = slice(self.starts[j], self.starts[j + 1])
        more = self.similarities[part] - best[self.items[part]]
        return float(more[more > 0].sum(dtype=np.float64))

    def take(self, j: int, best: np.ndarray) -> None:
        """Raise the best similarity of every item that candidate j stands for."""
        part = slice(self.starts[j], self.starts[j + 1])
        items = self.items[part]
        best[items] = np.maximum(best[items], self.similarities[part])

    def gains(self, best: np.ndarray) -> np.ndarray:
        """Return the gain of every candidate `(n,)` float64."""
        n = len(self.starts) - 1
        found = np.zeros(n)
        step = max(1, BLOCK * n // max(1, len(self.items)))
        for start in range(0, n, step):
            stop = min(start + step, n)
            part = slice(self.starts[start], self.starts[stop])
            more = np.maximum(self.similarities[part] - best[self.items[part]], 0)
            sums = np.concatenate([[0.0], np.cumsum(more, dtype=np.float64)])
            edges = self.starts[start : stop + 1] - self.starts[start]
            found[start:stop] = np.diff(sums[edges])
        return found


def candidate_blocks(n: int) -> list[slice]:
    """Return slices of candidates whose similarities to all n images fit into one block."""
    step = max(1, BLOCK // max(1, n))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def share_of_use(points: np.ndarray, best: np.ndarray) -> float:
    """Return the share of all pairs whose similarity is above the item's best, on a sample."""
    n = len(points)
    some = np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64)
    found = points[some] @ points.T
    return float((found > best[some, None]).mean())


def above(points: np.ndarray, best: np.ndarray, progress: Progress) -> Cover:
    """Return every similarity that is above what its item has; no other can ever add anything.

    Parameters
    ----------
    points
        Unit rows `(n, d)` float32 of the pool.
    best
        Similarity `(n,)` float32 of each to the nearest chosen so far, 0 at least.
    progress
        Told about candidates done.
    """
    n = len(points)
    counts = np.zeros(n, np.int64)
    items, similarities = [], []
    for part in candidate_blocks(n):
        found = points[part] @ points.T
        of_use = found > best
        counts[part] = of_use.sum(axis=1)
        items.append(np.nonzero(of_use)[1].astype(np.int32))
        similarities.append(found[of_use])
        progress.report(STAGE, 0, n, "comparing all pairs")
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Cover(starts, np.concatenate(items), np.concatenate(similarities))


def from_graph(pool: Pool, neighbors: Neighbors) -> Cover:
    """Return the similarities of a neighbour graph: j stands for the items it is a neighbour of.

    Neighbours outside the pool are left out; everyone stands for itself.
    """
    from scipy.sparse import csr_matrix

    n = len(pool)
    whole = n == len(neighbors.indices)
    indices = neighbors.indices if whole else neighbors.indices[pool.rows]
    distances = neighbors.distances if whole else neighbors.distances[pool.rows]
    place = np.full(len(neighbors.indices), -1, np.int32)
    place[pool.rows] = np.arange(n, dtype=np.int32)
    columns = place[indices]
    kept = columns >= 0
    values = (1 - distances * distances / 2).astype(np.float32)
    kept &= values > 0
    starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1) + 1)])
    own = starts[1:] - 1  # the last entry of each row is the item itself
    others = np.ones(starts[-1], bool)
    others[own] = False
    items, similarities = np.empty(starts[-1], np.int32), np.ones(starts[-1], np.float32)
    items[others], similarities[others] = columns[kept], values[kept]
    items[own] = np.arange(n, dtype=np.int32)
    table = csr_matrix((similarities, items, starts), shape=(n, n)).tocsc()
    return Cover(table.indptr.astype(np.int64), table.indices, table.data)


def graph_of(pool: Pool, unit: np.ndarray, stored: Neighbors | None, progress: Progress) -> Cover:
    """Return the sparse table of a pool, from the stored graph where it has enough neighbours.

    A graph of the whole set has few neighbours left inside a small pool; a new one is made then.
    """
    if stored is not None and stored.indices.shape[1]:
        inside = np.zeros(len(unit), bool)
        inside[pool.rows] = True
        mean = inside[stored.indices[pool.rows[:: max(1, len(pool) // 2000)]]].sum(axis=1).mean()
        if mean >= min(LEAST, len(pool) - 1):
            return from_graph(pool, stored)
    from core.neighbors import find_neighbors

    own = find_neighbors(unit[pool.rows], key="pool", k=NEIGHBOURS, progress=progress)
    return from_graph(Pool(np.arange(len(pool)), np.empty(0, np.int64)), own)
