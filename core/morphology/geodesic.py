"""From one form to another along the images themselves: the shortest way through near neighbours.

A straight axis crosses where no form exists; a way through neighbours does not. It can take a false
short cut where the graph has too many neighbours, so it is found three times, with half and with
twice as many, and the lengths are told.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from core.errors import InputError
from core.model import Neighbors
from core.space import pair_distances

#: Neighbours that are linked, and the quantile of link lengths above which a link is dropped.
K, LONGEST = 15, 0.99


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the graph.

    Attributes
    ----------
    rows
        From the start to the end, both included; empty where there is no way.
    length, chord
        Sum of the distances along it, and the distance of its ends.
    straightness
        Chord over length, 1 for a straight way; NaN where there is none.
    steps
        Distance of each step.
    k
        Neighbours that were linked.
    bridges
        Of each step, whether nothing but this one link holds its two sides together: they have no
        neighbour in common.
    position, residual
        Shape `(n,)`: where each row lies along the way, 0 at the start and 1 at the end, and how
        far beside it; NaN where it cannot be reached. On the way itself the position is the share
        of the length walked so far, and the residual 0.
    """

    rows: np.ndarray
    length: float
    chord: float
    straightness: float
    steps: np.ndarray
    k: int
    bridges: np.ndarray
    position: np.ndarray
    residual: np.ndarray


def geodesic(unit: np.ndarray, neighbors: Neighbors, start: int, end: int, *, k: int = K) -> Path:
    """Return the shortest way between two rows through the graph of near neighbours.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    neighbors
        The graph; a link holds if either end counts the other among its k nearest. The longest
        hundredth of the links is left out.
    start, end
        Rows.

    Raises
    ------
    InputError
        The rows are the same, or the graph has fewer neighbours.

    Notes
    -----
    Tenenbaum, de Silva and Langford (2000), doi:10.1126/science.290.5500.2319. A row beside the way
    is placed by its two distances through the graph, a to the start and b to the end, as if they
    were straight: at (a² − b² + L²) / 2L², L the length (de Silva and Tenenbaum 2004, Sparse
    multidimensional scaling using landmark points). A bridge is a local bridge of Granovetter
    (1973), doi:10.1086/225469.
    """
    from scipy.sparse.csgraph import dijkstra

    if start == end:
        raise InputError("gradient: both ends are the same image")
    n, held = neighbors.indices.shape
    if held < k:
        raise InputError(f"gradient: {k} neighbours are needed, the graph has {held}")
    links = _links(unit, neighbors, k)
    far, before = dijkstra(links, directed=False, indices=[start, end], return_predecessors=True)
    gap = unit[end].astype(np.float64) - unit[start]
    chord = float(np.sqrt(gap @ gap))
    if not np.isfinite(far[0, end]):
        none, nowhere = np.zeros(0), np.full(n, np.nan)
        rows = none.astype(np.int64)
        return Path(rows, np.inf, chord, np.nan, none, k, none.astype(bool), nowhere, nowhere)
    walked = [end]
    while walked[-1] != start:
        walked.append(int(before[0, walked[-1]]))
    way = np.array(walked[::-1], np.int64)
    steps = np.linalg.norm(np.diff(unit[way].astype(np.float64), axis=0), axis=1)
    length = float(steps.sum())
    position, residual = _beside(far[0], far[1], float(far[0, end]))
    straight = chord / length if length else np.nan
    return Path(way, length, chord, straight, steps, k, _bridges(links, way), position, residual)


def _links(unit: np.ndarray, neighbors: Neighbors, k: int) -> Any:
    """Return the lengths of the links `(n, n)`, sparse and the same both ways."""
    from scipy.sparse import csr_matrix

    n, near = len(neighbors.indices), np.asarray(neighbors.indices)[:, :k]
    at = np.repeat(np.arange(n), k)
    apart = pair_distances(unit, np.arange(n), near).reshape(-1)
    kept = apart <= np.quantile(apart, LONGEST)
    # a length of 0 would be no link at all in a sparse table
    lengths = (np.maximum(apart[kept], 1e-12), (at[kept], near.reshape(-1)[kept]))
    links = csr_matrix(lengths, shape=(n, n))
    return links.maximum(links.T)


def _beside(
    from_start: np.ndarray, from_end: np.ndarray, length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where rows lie along and beside a way, from their distances through the graph."""
    there = np.isfinite(from_start) & np.isfinite(from_end) & (length > 0)
    position = np.full(len(from_start), np.nan)
    residual = position.copy()
    a, b = from_start[there] ** 2, from_end[there] ** 2
    position[there] = (a - b + length**2) / (2 * length**2)
    square = a - (position[there] * length) ** 2
    square[square < 1e-12 * length**2] = 0.0  # what rounding leaves
    residual[there] = np.sqrt(square)
    return position, residual


def _bridges(links: Any, way: np.ndarray) -> np.ndarray:
    """Return which steps of a way join rows without a neighbour in common."""
    near = [set(links.indices[links.indptr[row] : links.indptr[row + 1]]) for row in way.tolist()]
    return np.array([not one & two for one, two in pairwise(near)], bool)


def geodesics(
    unit: np.ndarray, neighbors: Neighbors, start: int, end: int, *, k: int = K
) -> dict[int, Path]:
    """Return the ways with half of k, k and twice k neighbours, as far as the graph has them."""
    held = neighbors.indices.shape[1]
    wanted = sorted({max(2, k // 2), min(k, held), min(2 * k, held)})
    return {one: geodesic(unit, neighbors, start, end, k=one) for one in wanted}


def stops(path: Path, places: int) -> list[tuple[float, int]]:
    """Return the place and the row, −1 for none, of every picture of a strip along a way.

    A way of no more rows than there are places is shown whole, each row where it lies. Of a longer
    one each of the evenly spaced places shows the row nearest to it within half a step, the ends
    always; a place without one stays empty.
    """
    if not len(path.rows):
        return []
    at = np.concatenate([[0.0], np.cumsum(path.steps)])
    at = at / at[-1] if at[-1] else np.linspace(0, 1, len(path.rows))
    if len(path.rows) <= places:
        return list(zip(at.tolist(), path.rows.tolist(), strict=True))
    targets = np.linspace(0, 1, places)
    nearest = np.rint(at * (places - 1)).astype(np.int64)
    found = []
    for place, target in enumerate(targets.tolist()):
        here = np.flatnonzero(nearest == place)
        row = int(path.rows[here[np.abs(at[here] - target).argmin()]]) if len(here) else -1
        found.append((target, row))
    return found
