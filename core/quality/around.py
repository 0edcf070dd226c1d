"""Who vouches for whom: the nearest items whose nearness counts.

An item that lies near others is an ordinary one, but not every neighbour is a witness. Items of the
same unit (frames of a video, near-duplicates) are not; of another unit one item is enough; and what
a person took out of the working set vouches for nothing, or faulty pictures would excuse the rest
of their kind.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.model import Neighbors
from core.progress import Progress
from core.space import blocks, pair_distances

STAGE = "outliers"

#: Candidates beyond those asked for that are ranked exactly.
MARGIN = 8


@dataclass(frozen=True, slots=True)
class Around:
    """The nearest witnesses of every item: rows `(n, k)` int64, chordal distances ascending."""

    indices: np.ndarray
    distances: np.ndarray

    @property
    def k(self) -> int:
        """How many each item has."""
        return int(self.indices.shape[1])


def unit_places(units: np.ndarray | None, n: int) -> np.ndarray:
    """Return the unit of each item as numbers from 0 without gaps; its own where None is given."""
    if units is None:
        return np.arange(n)
    if len(units) != n:
        raise InputError(f"outliers: {len(units)} units for {n} vectors")
    places: np.ndarray = np.unique(np.asarray(units), return_inverse=True)[1].reshape(-1)
    return places


def vouching_rows(vouching: np.ndarray | None, n: int) -> np.ndarray:
    """Return which items vouch for others, bool `(n,)`; all where None is given."""
    if vouching is None:
        return np.ones(n, bool)
    found = np.asarray(vouching, dtype=bool)
    if found.shape != (n,):
        raise InputError(f"outliers: {len(found)} marks of who vouches for {n} vectors")
    return found


def most_witnesses(places: np.ndarray, vouching: np.ndarray) -> int:
    """Return how many witnesses every item can have: units that vouch, less its own."""
    return max(0, len(np.unique(places[vouching])) - 1)


def known_neighbors(neighbors: Neighbors | None, n: int) -> np.ndarray | None:
    """Return the rows of a neighbour graph `(n, m)`; None where there is none."""
    if neighbors is None:
        return None
    if len(neighbors.indices) != n:
        raise InputError(f"outliers: neighbours of {len(neighbors.indices)} items for {n}")
    return np.asarray(neighbors.indices)


def witnesses(
    unit: np.ndarray,
    known: np.ndarray | None,
    places: np.ndarray,
    vouching: np.ndarray,
    k: int,
    progress: Progress | None = None,
) -> Around:
    """Find the k nearest items of other units that vouch, one of each unit.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32.
    known
        Rows `(n, m)` of a neighbour graph, nearest first, −1 for none: looked at first, and all
        items searched only where it does not hold enough. None searches for every item.
    places
        Unit of each item `(n,)`, numbers from 0 without gaps.
    vouching
        Who vouches, bool `(n,)`.
    k
        Witnesses of each item, at most `most_witnesses`.

    Returns
    -------
    Around
        Distances are those of ‖x − y‖ in float64.
    """
    progress = progress or Progress()
    n = len(unit)
    indices, distances = np.zeros((n, k), np.int64), np.full((n, k), np.inf)
    waiting = np.arange(n)
    if known is not None and known.shape[1] >= k:
        enough = np.zeros(n, bool)
        for part in blocks(n, 4 * known.shape[1]):
            enough[part] = _from_graph(known[part], places, vouching, part, indices)
        rows = np.flatnonzero(enough)
        distances[rows] = pair_distances(unit, rows, indices[rows])
        waiting = np.flatnonzero(~enough)
    if len(waiting):
        search = _Search(unit, places, vouching)
        for part in blocks(len(waiting), len(search.columns)):
            rows = waiting[part]
            indices[rows], distances[rows] = search.nearest(rows, k)
            progress.report(STAGE, int(part.stop), len(waiting), "looking for witnesses")
    order = np.lexsort((indices, distances), axis=1)
    return Around(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )


def _from_graph(
    known: np.ndarray,
    places: np.ndarray,
    vouching: np.ndarray,
    part: slice,
    indices: np.ndarray,
) -> np.ndarray:
    """Fill `indices[part]` from a neighbour graph; return for which rows it held enough."""
    k = indices.shape[1]
    safe = np.maximum(known, 0)
    theirs = places[safe]
    usable = (known >= 0) & vouching[safe] & (theirs != places[part][:, None])
    marked = np.where(usable, theirs, -1 - np.arange(known.shape[1]))
    order = np.argsort(marked, axis=1, kind="stable")  # the nearer of one unit comes first
    ordered = np.take_along_axis(marked, order, axis=1)
    again = np.zeros(known.shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeated = np.empty_like(again)
    np.put_along_axis(repeated, order, again, axis=1)
    usable &= ~repeated
    first = np.argsort(~usable, axis=1, kind="stable")[:, :k]
    indices[part] = np.take_along_axis(safe, first, axis=1)
    enough: np.ndarray = usable.sum(axis=1) >= k
    return enough


class _Search:
    """Looks through all items that vouch, in blocks."""

    def __init__(self, unit: np.ndarray, places: np.ndarray, vouching: np.ndarray):
        rows = np.flatnonzero(vouching)
        self.columns = rows[np.argsort(places[rows], kind="stable")]
        self._unit, self._places = unit, places
        self._points = unit[self.columns]
        ordered = places[self.columns]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._names = ordered[self._starts]
        self._of = np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]])  # unit of each column

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest witnesses of some rows, `(m, k)`, and their distances."""
        cosines = self._unit[rows] @ self._points.T
        best = np.maximum.reduceat(cosines, self._starts, axis=1)
        best[self._places[rows][:, None] == self._names] = -np.inf
        # a few more than k, ranked again exactly: products in float32 cannot order near ones
        wide = min(k + MARGIN, best.shape[1])
        top = np.argpartition(-best, wide - 1, axis=1)[:, :wide]
        near = self._members(cosines, best, top)
        exact = pair_distances(self._unit, rows, near)
        exact[np.isinf(np.take_along_axis(best, top, axis=1))] = np.inf
        order = np.lexsort((near, exact), axis=1)[:, :k]
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(exact, order, axis=1)

    def _members(self, cosines: np.ndarray, best: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Return which item of each of the chosen units it is that lies nearest."""
        if len(self._starts) == len(self.columns):  # each is its own unit
            return self.columns[top]
        chosen = np.zeros(best.shape, bool)
        np.put_along_axis(chosen, top, True, axis=1)
        chosen &= np.isfinite(best)
        hit = chosen[:, self._of] & (cosines == best[:, self._of])
        found = np.zeros(best.shape, np.int64)
        row, column = np.nonzero(hit)
        found[row[::-1], self._of[column[::-1]]] = self.columns[column[::-1]]  # the first stays
        members: np.ndarray = np.take_along_axis(found, top, axis=1)
        return members
