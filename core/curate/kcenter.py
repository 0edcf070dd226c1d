"""k-center: each next image is the one farthest from all chosen (Gonzalez 1985).

Exact at any size: an image's distance to those chosen a while ago is an upper bound of its distance
now, so each next one is looked for among the farthest of then, a window of up to two thousand, for
as long as one of them is farther than the bounds of all others. Only then are all brought up to
date, many picks in one product of matrices.
"""

import numpy as np

from core.curate.near import central_row, nearest_squared, squared_distances
from core.curate.picks import STAGE, Budget, Picks, Pool, picks
from core.progress import Progress

OBJECTIVE = (
    "how far the pool's images are at most from a chosen one (chordal distance, 2 before the"
    " first): what each choice took off"
)

#: Distance that counts before anything is chosen: the largest there is between unit vectors.
FARTHEST = 2.0
#: Values of a window's vectors, and its fewest and most rows.
WINDOW_VALUES, WINDOW_LEAST, WINDOW_MOST = 500_000, 256, 2048
#: Picks after which a window is made smaller.
COMPACT = 32


class Farthest:
    """Finds the row farthest from all centres; for most rows an upper bound of that is enough.

    Parameters
    ----------
    points
        Rows `(m, d)` float32.
    bounds
        Squared distance `(m,)` of each to the nearest centre that is there already; rows that are
        not to be found have −1. Kept and changed.
    """

    def __init__(self, points: np.ndarray, bounds: np.ndarray) -> None:
        self.points, self.bounds = points, bounds
        self.waiting: list[int] = []  # centres that rows outside the window have not seen
        self.size = int(np.clip(WINDOW_VALUES // points.shape[1], WINDOW_LEAST, WINDOW_MOST))
        self._open()

    def _open(self) -> None:
        """Bring all rows up to date; the farthest become the window, of equals the lowest."""
        if self.waiting:
            found = nearest_squared(self.points, self.points[self.waiting])
            np.minimum(self.bounds, found, out=self.bounds)
            self.bounds[self.waiting] = -1.0
            self.waiting = []
        n = len(self.bounds)
        self.window, self.outside = np.arange(n), -1.0
        if self.size < n:
            limit = np.partition(self.bounds, n - self.size)[n - self.size]
            above = np.flatnonzero(self.bounds > limit)
            equal = np.flatnonzero(self.bounds == limit)[: self.size - len(above)]
            self.window = np.sort(np.concatenate([above, equal]))
            rest = np.ones(n, bool)
            rest[self.window] = False
            self.outside = float(self.bounds[rest].max())
        self.far = self.bounds[self.window]
        self.near = self.points[self.window].astype(np.float64)
        self.norms = np.einsum("ij,ij->i", self.near, self.near)

    def find(self) -> tuple[int, float]:
        """Return the farthest row and its squared distance."""
        at = int(np.argmax(self.far))
        if self.far[at] < self.outside:
            self._open()
            at = int(np.argmax(self.far))
        return int(self.window[at]), float(self.far[at])

    def add(self, row: int) -> None:
        """Make a row of the window a centre."""
        at = int(np.searchsorted(self.window, row))
        here = self.near[at]
        found = self.norms - 2 * (self.near @ here) + self.norms[at]
        np.minimum(self.far, np.maximum(found, 0, out=found), out=self.far)
        self.far[at] = -1.0  # chosen: never again, and no longer waiting to be covered
        self.waiting.append(row)
        if len(self.waiting) % COMPACT == 0:
            self._narrow()

    def _narrow(self) -> None:
        """Leave out rows of the window that can no longer be the farthest of all."""
        kept = self.far >= self.outside
        if 0 < kept.sum() < len(kept) / 2:
            self.window, self.far = self.window[kept], self.far[kept]
            self.near, self.norms = self.near[kept], self.norms[kept]


def farthest_first(points: np.ndarray, count: int, seeds: np.ndarray | None = None) -> np.ndarray:
    """Return `count` rows of a small table, farthest first.

    Parameters
    ----------
    points
        Rows `(m, d)`.
    count
        How many, at most m.
    seeds
        Rows `(s, d)` chosen before; without any, the first is the medoid, the row of least summed
        squared distance to the others.
    """
    if seeds is None or not len(seeds):
        start = central_row(points)
        order, bounds = [start], squared_distances(points, points[start : start + 1])[:, 0]
        bounds[start] = -1
    else:
        order, bounds = [], nearest_squared(points, seeds)
    while len(order) < count:
        row = int(np.argmax(bounds))
        order.append(row)
        np.minimum(bounds, squared_distances(points, points[row : row + 1])[:, 0], out=bounds)
        bounds[row] = -1
    return np.array(order[:count], dtype=np.int64)


def k_center(
    unit: np.ndarray,
    n: int,
    pool: Pool,
    *,
    until: float | None = None,
    progress: Progress | None = None,
) -> Picks:
    """Choose images so that none of the pool is far from a chosen one.

    Greedy farthest-first traversal, exact at any size; its radius is at most twice the best
    possible. Without images already chosen the first is the one nearest the pool's mean.

    Parameters
    ----------
    unit
        Unit rows `(N, d)` float32 of the whole set.
    n
        How many, at most the pool's size.
    pool
        Rows to choose from and those already chosen, from which distances are counted too.
    until
        Stop once the next 1 % of the pool takes off less than this share of what was taken off.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        The gain of a pick is by how much it lowered the coverage radius, 2 at the outset.

    Notes
    -----
    Gonzalez (1985), doi:10.1016/0304-3975(85)90224-5.
    """
    progress = progress or Progress()
    points = unit if len(pool) == len(unit) else unit[pool.rows]
    middle = central_row(points)
    alone = nearest_squared(points, points[[middle]])
    start = FARTHEST - float(np.sqrt(alone.max()))  # what one image in the middle would take off
    rows: list[int] = []
    gains: list[float] = []
    radius = FARTHEST
    if len(pool.already):
        search = Farthest(points, nearest_squared(points, unit[pool.already]))
        radius = float(np.sqrt(search.find()[1]))
    else:
        alone[middle] = -1.0
        search = Farthest(points, alone)
        rows.append(middle)
        gains.append(start)
        radius -= start
    budget = Budget(n, until, len(pool), FARTHEST - radius - sum(gains) - start)
    while not budget.enough(gains):
        row = search.find()[0]
        search.add(row)
        rows.append(row)
        left = float(np.sqrt(max(0.0, search.find()[1]))) if len(rows) < len(pool) else 0.0
        gains.append(radius - left)
        radius = left
        progress.report(STAGE, len(rows), n)
    kept = budget.kept(gains)
    return picks(pool.rows[np.array(rows[:kept], dtype=np.int64)], gains[:kept], OBJECTIVE)
