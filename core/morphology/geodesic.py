"""From one form to another along the images themselves: the shortest way through near neighbours.

A straight axis crosses where no form exists; a way through neighbours does not. It can take a false
short cut where the graph has too many neighbours, so it is found three times, with half and with
twice as many, and the lengths are told.
"""

from dataclasses import dataclass

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
    """

    rows: np.ndarray
    length: float
    chord: float
    straightness: float
    steps: np.ndarray
    k: int


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
    Tenenbaum, de Silva and Langford (2000), doi:10.1126/science.290.5500.2319.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    if start == end:
        raise InputError("gradient: both ends are the same image")
    n, held = neighbors.indices.shape
    if held < k:
        raise InputError(f"gradient: {k} neighbours are needed, the graph has {held}")
    to = np.asarray(neighbors.indices)[:, :k].reshape(-1)
    at = np.repeat(np.arange(n), k)
    apart = pair_distances(unit, np.arange(n), np.asarray(neighbors.indices)[:, :k]).reshape(-1)
    kept = apart <= np.quantile(apart, LONGEST)
    # a length of 0 would be no link at all in a sparse table
    links = csr_matrix((np.maximum(apart[kept], 1e-12), (at[kept], to[kept])), shape=(n, n))
    links = links.maximum(links.T)
    far, before = dijkstra(links, directed=False, indices=start, return_predecessors=True)
    gap = unit[end].astype(np.float64) - unit[start]
    chord = float(np.sqrt(gap @ gap))
    if not np.isfinite(far[end]):
        none = np.zeros(0)
        return Path(none.astype(np.int64), np.inf, chord, np.nan, none, k)
    rows = [end]
    while rows[-1] != start:
        rows.append(int(before[rows[-1]]))
    way = np.array(rows[::-1], np.int64)
    steps = np.linalg.norm(np.diff(unit[way].astype(np.float64), axis=0), axis=1)
    length = float(steps.sum())
    return Path(way, length, chord, chord / length if length else np.nan, steps, k)


def geodesics(
    unit: np.ndarray, neighbors: Neighbors, start: int, end: int, *, k: int = K
) -> dict[int, Path]:
    """Return the ways with half of k, k and twice k neighbours, as far as the graph has them."""
    held = neighbors.indices.shape[1]
    wanted = sorted({max(2, k // 2), min(k, held), min(2 * k, held)})
    return {one: geodesic(unit, neighbors, start, end, k=one) for one in wanted}
