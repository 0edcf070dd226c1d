"""Where on the map one set outweighs the other: neighbours counted around every image.

Among the k nearest of the pool the images of the second set are counted; where nothing differs the
count is hypergeometric. Of so many tests the rate of false discoveries is held.
"""

from dataclasses import dataclass

import numpy as np

from core.drift.units import Sides
from core.model import Neighbors
from core.quality.conformal import discoveries

#: False discovery rate, and the fewest neighbours.
Q, LEAST = 0.05, 10


@dataclass(frozen=True, slots=True)
class LocalMap:
    """Local balance of two sets.

    Attributes
    ----------
    ratio
        Shape `(n,)`: log₂ of the second set's share among the neighbours over its share of all;
        above 0 the second is denser.
    p
        Two-sided, of each image.
    state
        Shape `(n,)` int8 after Benjamini and Hochberg: 1 new, −1 vanished, 0 neither.
    k
        Neighbours counted.
    """

    ratio: np.ndarray
    p: np.ndarray
    state: np.ndarray
    k: int


def neighbours_wanted(n: int) -> int:
    """Return how many neighbours a pool of n images is looked at with: √n, 10 at least."""
    return max(LEAST, int(np.sqrt(n)))


def local_map(
    neighbors: Neighbors,
    sides: Sides,
    *,
    k: int | None = None,
    q: float = Q,
    held: np.ndarray | None = None,
) -> LocalMap:
    """Return where the second set is denser or thinner than the first.

    Parameters
    ----------
    neighbors
        The graph of both sets together.
    sides
        Which is which. Neighbours of an image's own unit are not counted.
    k
        Neighbours to count; √n if None, as far as the graph has them.
    q
        False discovery rate.
    held
        Where only some images may be neighbours `(n,)` bool: those of a sample that was drawn
        without regard to where they lie. All if None.

    Notes
    -----
    Exact for a single image: its neighbours are a draw without replacement from the others.
    Benjamini and Hochberg (1995), whose rate also holds under this positive dependence.
    """
    from scipy.stats import hypergeom

    n = len(sides.second)
    k = min(k or neighbours_wanted(n), neighbors.indices.shape[1])
    near = np.asarray(neighbors.indices)[:, :k]
    other = sides.unit[near] != sides.unit[:, None]
    counted = other.sum(axis=1)
    there = (sides.second[near] & other).sum(axis=1)
    held = np.ones(n, bool) if held is None else held
    size = np.bincount(sides.unit, held, len(sides.of_unit)).astype(np.int64)[sides.unit]
    second = int((sides.second & held).sum()) - np.where(sides.second, size, 0)
    pool = int(held.sum()) - size
    low = hypergeom.cdf(there, pool, second, counted)
    high = hypergeom.sf(there - 1, pool, second, counted)
    p = np.minimum(1.0, 2 * np.minimum(low, high))
    expected = second / np.maximum(pool, 1)
    ratio = np.log2((there + 0.5) / (counted - there + 0.5)) - np.log2(
        np.maximum(expected, 1e-12) / np.maximum(1 - expected, 1e-12)
    )
    state = np.where(discoveries(p, q), np.sign(ratio), 0).astype(np.int8)
    return LocalMap(ratio, p, state, k)
