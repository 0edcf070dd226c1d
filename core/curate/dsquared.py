"""D² sampling: draw each next image in proportion to its squared distance to those chosen.

The seeding of k-means++ (Arthur and Vassilvitskii 2007), and with weights, of density-weighted
choices. Distances change little from one pick to the next, so images are proposed by the
distances of a moment ago, and a proposal is kept with the probability by which its distance has
fallen since: exactly the same chances, with all distances brought up to date in batches only.
"""

import numpy as np

from core.clusters.table import DENSITY_NEIGHBOURS
from core.curate.cover import Cover
from core.curate.near import BLOCK, central_row, nearest_squared, squared_distances
from core.curate.picks import STAGE, Budget, Picks, PickSpace, Pool, picks
from core.curate.typical import mean_distance
from core.progress import Progress

OBJECTIVE = (
    "squared distance of each image to its nearest chosen one (4 before the first), weighted and"
    " summed: what each choice took off"
)

#: Squared distance that counts before anything is chosen: the largest there is.
FARTHEST = 4.0
#: Squared distances below are 0: the images are the same.
SAME = 1e-12
#: Picks proposed for at a time: this share of those chosen so far, within bounds.
PROPOSED, PROPOSED_LEAST, PROPOSED_MOST = 0.1, 16, 128
#: No image counts as denser than so many times the median: copies would take all chances.
DENSEST = 10.0


def density_of(space: PickSpace, pool: Pool, progress: Progress) -> np.ndarray:
    """Return the density of each image of the pool `(m,)`, its median 1.

    Density is 1 / mean distance to the 10 nearest, and at most 10 times the median.
    """
    distance = mean_distance(space, pool, DENSITY_NEIGHBOURS, progress)
    middle = float(np.median(distance))
    if middle <= 0:
        return np.ones(len(pool))
    found: np.ndarray = 1 / np.maximum(distance / middle, 1 / DENSEST)
    return found


class Potential:
    """Squared distances to the nearest chosen, and their weighted sum.

    Parameters
    ----------
    points
        Rows `(m, d)` float32.
    weights
        Shape `(m,)` float64.
    seeds
        Rows `(s, d)` chosen before, often none.
    cover
        Which rows each is near to, or None.
    """

    def __init__(
        self, points: np.ndarray, weights: np.ndarray, seeds: np.ndarray, cover: Cover | None
    ) -> None:
        self.points, self.weights, self.cover = points, weights, cover
        near = nearest_squared(points, seeds) if len(seeds) else np.full(len(points), FARTHEST)
        self.near = np.where(near < SAME, 0.0, near)

    def draw(self, count: int, most: int, trials: int, rng: np.random.Generator) -> list[int]:
        """Return one row at least and up to `most`, as `count` proposals allow.

        Each is the best of `trials` draws by what it takes off among its near rows.
        """
        sums = np.cumsum(self.near * self.weights)
        at = np.searchsorted(sums, rng.random(count) * sums[-1], side="right")
        at = np.minimum(at, len(sums) - 1)
        coins, before = rng.random(count), self.near[at]
        now, guess, proposed = before.copy(), self.near.copy(), self.points[at]
        taken: list[int] = []
        group: list[int] = []
        for i, row in enumerate(at.tolist()):
            if now[i] < SAME or coins[i] * before[i] >= now[i]:
                continue
            group.append(row)
            if len(group) == trials and len(taken) < most:
                taken.append(self._best(group, guess))
                group = []
                here = self.points[taken[-1:]]
                np.minimum(now, squared_distances(proposed, here)[:, 0], out=now)
                now[at == taken[-1]] = 0.0
        return taken or [self._best(group, guess)]

    def _best(self, group: list[int], near: np.ndarray) -> int:
        """Return the row that takes most off among its near rows, and bring those up to date."""
        if self.cover is None:
            return group[0]
        rows, after = [], []
        for row in group:
            part = slice(self.cover.starts[row], self.cover.starts[row + 1])
            rows.append(self.cover.items[part])
            after.append(np.minimum(near[rows[-1]], 2 - 2 * self.cover.similarities[part]))
        off = [
            float(self.weights[items] @ (near[items] - new))
            for items, new in zip(rows, after, strict=True)
        ]
        best = int(np.argmax(off))
        near[rows[best]] = after[best]
        return group[best]

    def take(self, rows: list[int]) -> np.ndarray:
        """Choose rows in this order; return what each takes off the weighted sum."""
        sums = np.zeros(len(rows) + 1)
        step = max(1, BLOCK // max(len(rows) + 1, self.points.shape[1]))
        for start in range(0, len(self.points), step):
            part = slice(start, start + step)
            found = squared_distances(self.points[part], self.points[rows])
            path = np.concatenate([self.near[part][:, None], found], axis=1)
            np.minimum.accumulate(path, axis=1, out=path)
            path[path < SAME] = 0.0
            sums += self.weights[part] @ path
            self.near[part] = path[:, -1]
        self.near[rows] = 0.0
        return -np.diff(sums)


def d_squared(
    unit: np.ndarray,
    n: int,
    pool: Pool,
    *,
    weights: np.ndarray | None = None,
    cover: Cover | None = None,
    seed: int = 0,
    until: float | None = None,
    progress: Progress | None = None,
) -> Picks:
    """Draw images in proportion to weight × squared distance to the nearest chosen.

    Parameters
    ----------
    unit
        Unit rows `(N, d)` float32 of the whole set.
    n
        How many, at most the pool's size.
    pool
        Rows to choose from and those already chosen.
    weights
        Weight `(len(pool),)` of each row of the pool, above 0; None is 1 each.
    cover
        Which of the pool's images each is near to (`core.curate.cover`): then each pick is the best
        of 2 + ln n draws, by what it takes off among these, as scikit-learn's k-means++ does.
    seed
        Seed of the draws.
    until
        Stop once the next 1 % of the pool takes off less than this share of what was taken off.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        Images equal to a chosen one come last, in row order, and add nothing.

    Notes
    -----
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA.
    """
    progress = progress or Progress()
    points = unit if len(pool) == len(unit) else unit[pool.rows]
    weights = np.ones(len(pool)) if weights is None else np.asarray(weights, np.float64)
    rng = np.random.default_rng(seed)
    state = Potential(points, weights, unit[pool.already], cover)
    trials = 1 if cover is None else 2 + int(np.log(n))
    alone = nearest_squared(points, points[[central_row(points)]])
    budget = Budget(n, until, len(pool), float(weights @ (alone - state.near)))
    rows: list[int] = []
    gains: list[float] = []
    while budget.kept(gains) == len(rows) < n and state.near.any():
        count = int(np.clip(PROPOSED * len(rows), PROPOSED_LEAST, PROPOSED_MOST))
        drawn = state.draw(count * trials, n - len(rows), trials, rng)
        gains += state.take(drawn).tolist()
        rows += drawn
        progress.report(STAGE, len(rows), n)
    if budget.kept(gains) == len(rows) < n:
        rest = np.setdiff1d(np.arange(len(pool)), rows)[: n - len(rows)].tolist()
        rows, gains = rows + rest, gains + [0.0] * len(rest)
    kept = budget.kept(gains)
    return picks(pool.rows[np.array(rows[:kept], dtype=np.int64)], gains[:kept], OBJECTIVE)
