"""How far every item is from the nearest chosen one.

The stored neighbour graph answers for items that have a chosen one among their neighbours; for the
others all chosen ones are compared. Where that would take too long, a seeded sample of items is
asked instead of all, the same for every choice.
"""

import numpy as np

from core.model import Neighbors
from core.space import pair_distances

#: Multiplications that one report may spend on comparing, and the fewest items asked.
BUDGET = 6e11
FEWEST = 2000
#: Neighbours looked at first: most items find a chosen one among them.
FIRST = 12
#: Values of one block of cosines.
BLOCK = 16_000_000


def ask_rows(
    universe: np.ndarray, n: int, pool: int, k: int, dims: int, choices: int, seed: int
) -> np.ndarray:
    """Return the rows whose nearest chosen one is looked for: all, or a sample of them.

    Parameters
    ----------
    universe
        All rows, ascending.
    n, pool
        Items chosen, of how many.
    k
        Neighbours in the graph: with chance (1 − n/pool)^k none of them is chosen.
    dims
        Dimensions of a vector.
    choices
        How many choices will be measured.
    """
    missed = (1 - n / pool) ** k
    each = max(1.0, 2.0 * n * dims * missed * choices)
    most = int(max(FEWEST, BUDGET / each))
    if most >= len(universe):
        return universe
    rng = np.random.default_rng([seed, 0xA5])
    return np.sort(rng.choice(universe, most, replace=False))


class NearestChosen:
    """Distances from some rows to the nearest row of a choice.

    Parameters
    ----------
    unit
        Unit vectors `(N, d)` float32.
    neighbors
        The neighbour graph.
    rows
        Rows asked, int64 `(q,)`.
    """

    def __init__(self, unit: np.ndarray, neighbors: Neighbors, rows: np.ndarray):
        self._unit, self._rows = unit, rows
        self._near = np.ascontiguousarray(neighbors.indices[rows])
        self._far = np.ascontiguousarray(neighbors.distances[rows])
        self._asked = np.ascontiguousarray(unit[rows])
        self._mask = np.zeros(len(unit), bool)

    def __call__(self, chosen: np.ndarray) -> np.ndarray:
        """Return the chordal distance `(q,)` float64 of each row asked to its nearest chosen one.

        A chosen row is at distance 0 from itself.
        """
        mask = self._mask
        mask[:] = False
        mask[chosen] = True
        found = np.full(len(self._rows), np.nan)
        found[mask[self._rows]] = 0.0
        waiting = np.flatnonzero(np.isnan(found))
        for columns in (slice(0, FIRST), slice(FIRST, None)):
            waiting = self._among_neighbours(found, waiting, columns)
        if len(waiting):
            found[waiting] = self._among_all(waiting, np.asarray(chosen))
        return found

    def _among_neighbours(
        self, found: np.ndarray, waiting: np.ndarray, columns: slice
    ) -> np.ndarray:
        """Fill in rows with a chosen neighbour in these columns; return those still waiting."""
        near = self._near[waiting, columns]
        if not near.size:
            return waiting
        hits = self._mask[near]
        first = hits.argmax(axis=1)
        some = hits[np.arange(len(waiting)), first]
        at = waiting[some]
        found[at] = self._far[at, first[some] + (columns.start or 0)]
        return waiting[~some]

    def _among_all(self, waiting: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Return the distance of some rows to the nearest of all chosen ones."""
        best = np.empty(len(waiting), np.int64)
        others = self._unit[chosen]
        step = max(1, BLOCK // len(chosen))
        for start in range(0, len(waiting), step):
            part = slice(start, start + step)
            cosines = self._asked[waiting[part]] @ others.T
            best[part] = cosines.argmax(axis=1)
        rows = self._rows[waiting]
        return pair_distances(self._unit, rows, chosen[best][:, None])[:, 0]
