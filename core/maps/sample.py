"""An even sample of a map: every tile is there, crowded ones are thinned.

A random sample shows the crowd and loses the rare. This one takes from every tile in proportion
to the square root of what lies in it, at least one point, so that single points far from all
others are always seen. What each drawn point stands for is kept as its weight, so that density
can be undone. `assets/map_data.js` orders the points of a map by the same rule.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError

#: Map coordinates are uint16.
SPAN = 65535

#: Tiles of a map; as many cells of a map in three dimensions.
TILES = 64
CELLS = 16

#: Points of a map in three dimensions that are drawn at most.
CUBE = 20_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows `(m,)` int64, ascending, and the points `(m,)` float64 that each of them stands for."""

    rows: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Cube:
    """A drawn part of a map in three dimensions.

    `rows` `(m,)` int64 ascending, their `places` `(m, 3)` uint16 in a cube of one scale, and the
    `total` number of points they were taken from.
    """

    rows: np.ndarray
    places: np.ndarray
    total: int


def even_sample(points: np.ndarray, most: int, *, side: int = TILES, seed: int = 0) -> Sample:
    """Take points evenly from the tiles of a map.

    Points are ordered by r / √c, where c is the number of points in their tile and r their place
    in a random order within it; equals go by the emptier tile. The sample is the beginning of this
    order, so every tile gives in proportion to √c and gives its first point before any gives its
    second, and a smaller sample is part of a larger one.

    Parameters
    ----------
    points
        `(n, 2)` or `(n, 3)` uint16.
    most
        Points to take; all if there are no more.
    side
        Tiles along each side, a power of two. Where more tiles hold points than may be taken, it
        is halved until each can give one.
    seed
        The same seed gives the same sample.

    Returns
    -------
    Sample
        The weights of each tile's points sum to the points in it.

    Raises
    ------
    InputError
        The points have another shape, `most` is below 1, or `side` is no power of two.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] not in {2, 3}:
        raise InputError(f"points: need shape (n, 2) or (n, 3), not {points.shape}")
    if most < 1:
        raise InputError(f"most: needs to be 1 or more, not {most}")
    if side < 1 or side & (side - 1):
        raise InputError(f"side: needs to be a power of two, not {side}")
    n = len(points)
    if n <= most:
        return Sample(np.arange(n), np.ones(n))
    while True:
        tiles, counts = _tiles(points, side)
        if len(counts) <= most or side == 1:
            break
        side //= 2
    rank = _rank_within(tiles, counts, seed)
    size = counts[tiles]
    rows = np.sort(np.lexsort((tiles, size, rank / np.sqrt(size)))[:most])
    taken = np.bincount(tiles[rows], minlength=len(counts))
    return Sample(rows, counts[tiles[rows]] / taken[tiles[rows]])


def _tiles(points: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the tiles that hold points; return each point's `(n,)` and their sizes."""
    along = (points.astype(np.int64) * side) // (SPAN + 1)
    flat = along @ (side ** np.arange(points.shape[1]))
    _, tiles, counts = np.unique(flat, return_inverse=True, return_counts=True)
    return tiles.reshape(-1), counts


def _rank_within(tiles: np.ndarray, counts: np.ndarray, seed: int) -> np.ndarray:
    """Return each point's place `(n,)`, from 0, in a random order of its tile."""
    shuffled = np.random.default_rng(seed).permutation(len(tiles))
    grouped = shuffled[np.argsort(tiles[shuffled], kind="stable")]
    rank = np.empty(len(tiles), np.int64)
    rank[grouped] = np.arange(len(tiles)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank


def cube_places(coordinates: np.ndarray) -> np.ndarray:
    """Return coordinates `(n, 3)` as uint16 in a cube: one scale for all axes, in its middle."""
    given = np.asarray(coordinates, dtype=np.float64)
    if not len(given):
        return np.zeros((0, 3), np.uint16)
    low, high = given.min(axis=0), given.max(axis=0)
    span = float((high - low).max())
    unit = (given - (low + high) / 2) / span if span > 0 else np.zeros_like(given)
    return np.clip(np.rint((unit + 0.5) * SPAN), 0, SPAN).astype(np.uint16)


def cube(coordinates: np.ndarray, *, most: int = CUBE, seed: int = 0) -> Cube:
    """Return what is drawn of a map in three dimensions: an even sample of its points.

    Raises
    ------
    InputError
        The map has another number of dimensions.
    """
    if np.ndim(coordinates) != 2 or np.shape(coordinates)[1] != 3:
        raise InputError("this map has two dimensions; it is drawn as a map")
    places = cube_places(coordinates)
    rows = even_sample(places, most, side=CELLS, seed=seed).rows
    return Cube(rows, places[rows], len(places))
