"""Facility location: images that together are most similar to the whole pool.

The objective is Σ_i max_{j chosen} s_ij over the pool's images i, with the cosine s (0 at least).
It is monotone and submodular, so taking the largest gain each time reaches at least 63 % of the
best (Nemhauser et al. 1978), and a gain computed earlier is an upper bound of the gain now, so
only the top of a heap needs computing anew (Minoux 1978).

Exact up to a size without a table of all pairs: once something is chosen, a similarity below the
item's best so far can never add anything, and what remains is small enough to be kept.
"""

import heapq

import numpy as np

from core.curate.cover import Cover, above, candidate_blocks, graph_of, share_of_use
from core.curate.near import central_row, nearest_squared
from core.curate.picks import STAGE, Budget, Picks, PickSpace, Pool, picks
from core.progress import Progress

OBJECTIVE = (
    "similarity to the pool: the cosine of each image with its most similar chosen one, summed"
)
SPARSE = OBJECTIVE + " over pairs of near neighbours"

#: Compare all pairs up to this many images in the pool.
EXACT_UP_TO = 20_000
#: Similarities kept at most: 8 bytes each.
KEPT = 48_000_000
#: Candidates whose gains are computed anew together while no table exists yet.
BATCH = 256


class Facility:
    """The state of a choice: what each image has, and what each candidate could still add.

    Parameters
    ----------
    space, pool
        Where to choose, and from what; images already chosen count from the start.
    exact_up_to
        Largest pool of which all pairs are compared.
    progress
        Told about the pairs compared.

    Attributes
    ----------
    base
        The objective at the start, above that of one image in the middle alone; often negative.
    """

    def __init__(self, space: PickSpace, pool: Pool, exact_up_to: int, progress: Progress) -> None:
        self.pool, self.progress = pool, progress
        whole = len(pool) == len(space.unit)
        self.points = space.unit if whole else space.unit[pool.rows]
        self.best = np.zeros(len(pool), np.float32)
        if len(pool.already):
            near = nearest_squared(self.points, space.unit[pool.already])
            self.best = np.maximum(0, 1 - near / 2).astype(np.float32)
        middle = np.maximum(0, self.points @ self.points[central_row(self.points)])
        self.base = float((self.best - middle).sum(dtype=np.float64))
        self.exact = len(pool) <= exact_up_to
        self.cover: Cover | None = None
        self.chosen: list[int] = []
        self.gains: list[float] = []
        if not self.exact:
            self.cover = graph_of(pool, space.unit, space.neighbors, progress)
            self.upper = self.cover.gains(self.best)
        elif len(pool) ** 2 <= KEPT:
            self.cover = above(self.points, self.best, progress)
            self.upper = self.cover.gains(self.best)
        else:
            self.upper = np.concatenate(
                [self._compare(part) for part in candidate_blocks(len(pool))]
            )

    def _compare(self, part: slice | np.ndarray) -> np.ndarray:
        """Return the gains of some candidates, from their similarities to all images."""
        self.progress.report(STAGE, 0, len(self.pool), "comparing all pairs")
        more = self.points[part] @ self.points.T
        more -= self.best
        gained: np.ndarray = np.maximum(more, 0, out=more).sum(axis=1, dtype=np.float64)
        return gained

    def take(self, j: int) -> None:
        """Choose image j of the pool; what it adds is noted."""
        if self.cover is not None:
            gain = self.cover.gain(j, self.best)
            self.cover.take(j, self.best)
        else:
            found = self.points @ self.points[j]
            gain = float(np.maximum(found - self.best, 0).sum(dtype=np.float64))
            np.maximum(self.best, found, out=self.best)
        self.chosen.append(j)
        self.gains.append(gain)
        self.upper[j] = -1.0

    def greedy(self, budget: Budget) -> None:
        """Choose the best next image until the budget is spent."""
        while self.cover is None and not budget.enough(self.gains):
            if share_of_use(self.points, self.best) * len(self.pool) ** 2 <= KEPT:
                self.cover = above(self.points, self.best, self.progress)
            else:
                self.take(self._best_of_batches())
        if self.cover is not None:
            self._lazy(self.cover, budget)

    def _best_of_batches(self) -> int:
        """Return the candidate of largest gain, computing as few gains anew as it takes."""
        stale = self.upper.copy()  # of those computed now, −1: their gain is in `upper`
        while True:
            batch = np.argpartition(stale, -BATCH)[-BATCH:]
            self.upper[batch] = np.where(self.upper[batch] < 0, -1.0, self._compare(batch))
            stale[batch] = -1.0
            top = int(np.argmax(np.where(stale < 0, self.upper, -2.0)))
            if self.upper[top] >= stale.max():
                return top

    def _lazy(self, cover: Cover, budget: Budget) -> None:
        """Choose from a heap of upper bounds; of equals the lowest row comes first."""
        heap = [(-bound, j) for j, bound in enumerate(self.upper.tolist()) if bound >= 0]
        heapq.heapify(heap)
        fresh = np.full(len(self.upper), -1, np.int64)
        while heap and not budget.enough(self.gains):
            bound, j = heap[0]
            if fresh[j] == len(self.chosen):
                heapq.heappop(heap)
                self.take(j)
                self.progress.report(STAGE, len(self.chosen), budget.n)
            else:
                fresh[j] = len(self.chosen)
                self.upper[j] = min(-bound, cover.gain(j, self.best))
                heapq.heapreplace(heap, (-self.upper[j], j))

    def result(self, kept: int) -> Picks:
        """Return the first `kept` images chosen."""
        rows = self.pool.rows[np.array(self.chosen[:kept], dtype=np.int64)]
        return picks(rows, self.gains[:kept], OBJECTIVE if self.exact else SPARSE)


def facility_location(
    space: PickSpace,
    n: int,
    pool: Pool,
    *,
    until: float | None = None,
    exact_up_to: int = EXACT_UP_TO,
    progress: Progress | None = None,
) -> Picks:
    """Choose images that together are most similar to the pool.

    Parameters
    ----------
    space
        Unit vectors, and the neighbour graph that a large pool is chosen with.
    n
        How many, at most the pool's size.
    pool
        Rows to choose from, all of which are to be represented, and rows already chosen, which
        represent them from the start.
    until
        Stop once the next 1 % of the pool adds less than this share of the similarity there is.
    exact_up_to
        Largest pool of which all pairs are compared. In a larger one an image can only stand for
        images that have it among their neighbours in the graph.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        Gains never increase, but for rounding.

    Notes
    -----
    Minoux (1978), doi:10.1007/BFb0006528; Nemhauser, Wolsey and Fisher (1978),
    doi:10.1007/BF01588971; the same choice as `apricot.FacilityLocationSelection` (Schreiber,
    Bilmes and Noble 2020, arXiv:1906.03543) makes from the same similarities.
    """
    state = Facility(space, pool, exact_up_to, progress or Progress())
    budget = Budget(n, until, len(pool), state.base)
    state.greedy(budget)
    return state.result(budget.kept(state.gains))
