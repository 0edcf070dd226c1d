"""Part of a set, drawn at random by its units, and its part of the neighbour graph."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.model import Neighbors
from core.space import blocks, pair_distances, unit_rows

#: Neighbours that a row of a subset has, if the subset is large enough.
NEEDED = 15
#: Fewer units than this are not drawn: leaving one out would leave out a whole chapter.
FEWEST_UNITS = 10


def units_of(items: pd.DataFrame) -> tuple[np.ndarray | None, str]:
    """Return the unit of each item, and what to say of it.

    Returns
    -------
    units : numpy.ndarray or None
        Numbers `(n,)` int64; an item without a unit is its own. None where the table has no
        column `unit`, or too few of them.
    notice : str
        Why they are not used although there are some; "" otherwise.
    """
    if "unit" not in items or items["unit"].isna().all():
        return None, ""
    codes, names = pd.factorize(items["unit"].astype("string"))
    units = codes.astype(np.int64)
    alone = np.flatnonzero(units < 0)
    units[alone] = len(names) + np.arange(len(alone))
    count = len(names) + len(alone)
    if count < FEWEST_UNITS:
        return None, (
            f"There are only {count} units, so single images were drawn; images of one unit vouch "
            "for each other, which makes clusters look firmer than they are."
        )
    return units, ""


def draw(
    n: int, units: np.ndarray | None, share: float, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield, without end, the rows of random subsets, ascending int64.

    Parameters
    ----------
    n
        Rows to draw from.
    units
        Unit of each row `(n,)`: a unit is drawn whole or not at all. None draws rows.
    share
        Share of the units (or rows) that is drawn, without replacement.
    """
    if units is None:
        while True:
            yield np.sort(rng.choice(n, max(1, round(share * n)), replace=False))
    names = np.unique(units)
    while True:
        chosen = rng.choice(names, max(1, round(share * len(names))), replace=False)
        yield np.flatnonzero(np.isin(units, chosen))


def restrict(neighbors: Neighbors, rows: np.ndarray, vectors: np.ndarray) -> Neighbors:
    """Return the neighbour graph of some rows among themselves.

    Parameters
    ----------
    neighbors
        The graph of all rows.
    rows
        The subset `(m,)`, ascending; the result speaks of positions in it.
    vectors
        Vectors `(n, d)` of all rows; rows with too few neighbours left are searched again.

    Returns
    -------
    Neighbors
        min(15, m − 1) nearest others of each row. They are exact where the graph is.
    """
    place = np.full(len(neighbors.indices), -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    there = place[np.asarray(neighbors.indices)[rows]]
    k = min(NEEDED, len(rows) - 1)
    first = np.argsort(there < 0, axis=1, kind="stable")[:, :k]
    indices = np.take_along_axis(there, first, axis=1)
    distances = np.take_along_axis(np.asarray(neighbors.distances)[rows], first, axis=1)
    short = np.flatnonzero((there >= 0).sum(axis=1) < k)
    if len(short) or first.shape[1] < k:
        if first.shape[1] < k:
            short = np.arange(len(rows))
            indices = np.empty((len(rows), k), np.int32)
            distances = np.empty((len(rows), k), np.float32)
        indices[short], distances[short] = _search(unit_rows(vectors[rows]), short, k)
    return Neighbors("", indices, distances, neighbors.exact, neighbors.recall)


def _search(unit: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the `k` nearest other rows of some rows, by comparing all."""
    indices = np.empty((len(rows), k), np.int32)
    distances = np.empty((len(rows), k), np.float32)
    for part in blocks(len(rows), len(unit)):
        cosines = unit[rows[part]] @ unit.T
        cosines[np.arange(len(cosines)), rows[part]] = -2
        near = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        away = pair_distances(unit, rows[part], near)
        order = np.lexsort((near, away), axis=1)
        indices[part] = np.take_along_axis(near, order, axis=1)
        distances[part] = np.take_along_axis(away, order, axis=1)
    return indices, distances
