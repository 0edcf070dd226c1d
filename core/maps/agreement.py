"""How far two structures of the same items agree on who is near whom: maps, or vector spaces.

For every item the share of its k nearest in one structure that are among its k nearest in the
other. Found exactly and without SciPy, since the process that serves pages computes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from core.errors import InputError

#: Neighbours compared.
NEIGHBOURS = 15

#: Up to so many items every one is measured, beyond it a sample of so many.
EVERY_UP_TO = 100_000
ANCHORS = 2000

#: Points in one tile of the search on a map, and tiles looked at first.
TILE = 32
FIRST = 9

#: A distance this much above another, as a share of it, still is a tie.
TIE = 1e-6


class Structure(Protocol):
    """Something in which items have neighbours."""

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest `(m, k)` of rows, −1 where there are fewer, and the reach `(m,)`.

        The reach is the distance of the k-th.
        """

    def distances(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the distances `(m, k)` of rows to others; infinite where they are not known."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two structures agree.

    Attributes
    ----------
    shares
        For every item `(n,)` float32 in [0, 1]; NaN where it was not measured.
    mean, low, high
        Mean over the items measured, and its 95 % interval (normal; items count as independent,
        though they share neighbours, so it is a little too narrow).
    chance
        What random placing gives, k / (n − 1).
    k, measured
        Neighbours compared, and items measured; 0 where nothing can be.
    """

    shares: np.ndarray
    mean: float
    low: float
    high: float
    chance: float
    k: int
    measured: int


def measure_agreement(
    first: Structure,
    second: Structure,
    n: int,
    *,
    k: int = NEIGHBOURS,
    every: int = EVERY_UP_TO,
    anchors: int = ANCHORS,
    seed: int = 0,
) -> Agreement:
    """Measure how far two structures of the same n items agree on nearest neighbours.

    Parameters
    ----------
    first, second
        The structures; row r is the same item in both.
    n
        Number of items.
    k
        Neighbours compared; lowered below n / 2.
    every, anchors, seed
        Every item is measured up to `every`; beyond, a seeded sample of `anchors`, each against
        all items.

    Returns
    -------
    Agreement
        Shares, their mean with an interval, and the chance level.

    Notes
    -----
    The share is |N₁(i) ∩ N₂(i)| / k (Chen and Buja 2009, doi:10.1198/jasa.2009.0111, whose
    LCMC is its mean less k / (n − 1)); symmetric, and unlike Jaccard's index its expectation
    under random placing is known. An item as near as the k-th counts as a neighbour too, in
    either structure, so that duplicates, whose order is arbitrary, are no disagreement.
    """
    k = min(k, (n - 1) // 2)
    shares = np.full(n, np.nan, np.float32)
    if k < 1:
        return Agreement(shares, np.nan, np.nan, np.nan, np.nan, 0, 0)
    rows = np.arange(n)
    if n > every:
        rows = np.sort(np.random.default_rng(seed).choice(n, min(anchors, n), replace=False))
    near, reach = zip(*(s.nearest(rows, k) for s in (first, second)), strict=True)
    kept = _within(second, rows, near[0], reach[1]) + _within(first, rows, near[1], reach[0])
    enough = (near[0] >= 0).all(axis=1) & (near[1] >= 0).all(axis=1)
    shares[rows[enough]] = kept[enough] / (2 * k)
    return summarise(shares, k, k / (n - 1))


def summarise(shares: np.ndarray, k: int, chance: float) -> Agreement:
    """Return an agreement with the mean and interval of its shares."""
    known = shares[~np.isnan(shares)].astype(np.float64)
    if not len(known):
        return Agreement(shares, np.nan, np.nan, np.nan, chance, k, 0)
    mean = float(known.mean())
    half = 1.96 * float(known.std(ddof=1)) / np.sqrt(len(known)) if len(known) > 1 else 0.0
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    return Agreement(shares, mean, low, high, chance, k, len(known))


def _within(
    structure: Structure, rows: np.ndarray, near: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """Return how many of `near` `(m, k)` lie within the reach of a structure."""
    apart = structure.distances(rows, np.maximum(near, 0))
    inside = apart <= (reach * (1 + TIE))[:, None]
    return np.asarray((inside & (near >= 0)).sum(axis=1))


class Graph:
    """Neighbours in a vector space, as its neighbour graph has them.

    Parameters
    ----------
    indices, distances
        The graph `(m, K)`.
    rows
        Rows of the graph that stand for items 0, 1, … here; what is not among them is left out.
        An item of whose neighbours fewer than k remain is not measured. None for all, as it is.
    """

    def __init__(self, indices: np.ndarray, distances: np.ndarray, rows: np.ndarray | None = None):
        if rows is None:
            self._indices, self._distances = np.asarray(indices), np.asarray(distances)
            return
        here = np.full(len(indices), -1, np.int64)
        here[rows] = np.arange(len(rows))
        found = here[np.asarray(indices)[rows]]
        order = np.argsort(found < 0, axis=1, kind="stable")
        self._indices = np.take_along_axis(found, order, axis=1)
        apart = np.take_along_axis(np.asarray(distances)[rows], order, axis=1)
        self._distances = np.where(self._indices < 0, np.inf, apart)

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest of rows and their reach."""
        if self._indices.shape[1] < k:
            return np.full((len(rows), k), -1), np.full(len(rows), -np.inf)
        return self._indices[rows, :k], self._distances[rows, k - 1].astype(np.float64)

    def distances(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the distances of rows to others; infinite where the graph has none."""
        found = np.full(others.shape, np.inf)
        indices, apart = self._indices[rows], self._distances[rows]
        for column in range(indices.shape[1]):
            same = others == indices[:, column, None]
            np.copyto(found, apart[:, column, None], where=same)
        return found


class Plane:
    """Neighbours on a map, found exactly.

    The points are cut into tiles of 32 (strips of equal count along x, tiles of equal count along
    y). The nearest of a tile's points lie in the tiles whose boxes are no farther than the
    farthest k-th neighbour found in the first nine.

    Parameters
    ----------
    coordinates
        Points `(n, 2 or 3)`.

    Raises
    ------
    InputError
        A coordinate is not finite.
    """

    def __init__(self, coordinates: np.ndarray):
        self._points = np.asarray(coordinates, dtype=np.float64)
        if not np.isfinite(self._points).all():
            raise InputError("agreement: the map holds coordinates that are not finite")
        self._order, self._starts = _tiles(self._points)
        sorted_points = self._points[self._order]
        self._low = np.minimum.reduceat(sorted_points, self._starts, axis=0)
        self._high = np.maximum.reduceat(sorted_points, self._starts, axis=0)
        self._ends = np.append(self._starts[1:], len(self._points))

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest of rows and their reach."""
        near, reach = np.full((len(rows), k), -1), np.full(len(rows), -np.inf)
        for tile, slots in self._asked(rows):
            asked = rows[slots]
            gaps = self._gaps(tile)
            first = max(FIRST, -(-(k + 1) // TILE) + 1)
            close = np.arange(len(gaps))
            if len(gaps) > first:
                close = np.argpartition(gaps, first)[:first]
            others, apart = self._apart(asked, close)
            bound = _smallest(apart, k)[1].max()
            if 0 < bound < np.inf and len(gaps) > first:
                others, apart = self._apart(asked, np.flatnonzero(gaps <= bound))
            chosen, farthest = _smallest(apart, k)
            near[slots], reach[slots] = others[chosen], np.sqrt(farthest)
        return near, reach

    def distances(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the distances of rows to others."""
        apart = self._points[rows][:, None, :] - self._points[others]
        return np.asarray(np.sqrt((apart**2).sum(axis=2)))

    def _asked(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each tile that holds some of the rows, with the places of those in `rows`."""
        tile_of = np.empty(len(self._points), np.int64)
        tile_of[self._order] = np.repeat(np.arange(len(self._starts)), self._ends - self._starts)
        tiles = tile_of[rows]
        slots = np.argsort(tiles, kind="stable")
        found, begin = np.unique(tiles[slots], return_index=True)
        for tile, part in zip(found, np.split(slots, begin[1:]), strict=True):
            yield int(tile), part

    def _gaps(self, tile: int) -> np.ndarray:
        """Return the squared distance `(tiles,)` from a tile's box to every other."""
        gaps = np.maximum(self._low - self._high[tile], self._low[tile] - self._high)
        return np.asarray((np.maximum(gaps, 0.0) ** 2).sum(axis=1))

    def _apart(self, rows: np.ndarray, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the points of some tiles, and the squared distances of rows to them."""
        others = np.concatenate([self._order[self._starts[t] : self._ends[t]] for t in tiles])
        apart = np.zeros((len(rows), len(others)))
        for axis in range(self._points.shape[1]):
            apart += np.subtract.outer(self._points[rows, axis], self._points[others, axis]) ** 2
        apart[rows[:, None] == others[None, :]] = np.inf
        return others, apart


def _tiles(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows ordered by tile, and where each tile begins in that order."""
    n = len(points)
    if not n:
        raise InputError("agreement: the map has no points")
    strips = max(1, round(np.sqrt(n / TILE)))
    edges = np.arange(strips + 1) * n // strips
    across = np.argsort(points[:, 0], kind="stable")
    strip = np.repeat(np.arange(strips), np.diff(edges))
    order = across[np.lexsort((points[across, 1], strip))]
    starts = [np.arange(a, b, TILE) for a, b in pairwise(edges)]
    return order, np.concatenate(starts)


def _smallest(apart: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns `(m, k)` of each row's k smallest values, and the largest of those."""
    if apart.shape[1] <= k:
        k = apart.shape[1]
        chosen = np.broadcast_to(np.arange(k), apart.shape)
    else:
        chosen = np.argpartition(apart, k - 1, axis=1)[:, :k]
    return chosen, np.take_along_axis(apart, chosen, axis=1).max(axis=1)
