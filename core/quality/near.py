"""Which items belong together: near pairs, and groups of them whose diameter is bounded.

Linking what is near to what is near (single linkage) makes chains: on a set of photographs a
distance of .3 joined 900 images, the furthest 1.57 apart. Here a group is first all that hangs
together, and is then cut by complete linkage until no two members are further than 2 τ apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from core.curate.duplicates import by_first, cross_pairs, graph_pairs, join
from core.model import Neighbors
from core.progress import Progress
from core.space import blocks

STAGE = "near-duplicates"

#: Points whose distances are all compared at once; above, balls are taken out first.
LARGEST = 2000
#: Balls taken out of what hangs together, and the least that is worth one.
BALLS, LEAST = 1000, 8
#: Points of one part of what hangs together that are compared with other parts.
FROM_EACH = 8
#: Squared distances below this are measured again as ‖x − y‖.
CLOSE = 1e-10


def _none() -> np.ndarray:
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Alike:
    """Pairs of pictures whose pixels were compared.

    Attributes
    ----------
    pairs
        Rows `(k, 2)` int64, the lower first, ascending.
    apart
        How far they are apart `(k,)`: at most 1 where one is a copy of the other.
    way
        How the second is turned against the first `(k,)`, 0 to 7 as in `TURNS`.
    bits
        In how many bits their perceptual hashes differ `(k,)`, turned in this way.
    """

    pairs: np.ndarray = field(default_factory=_none)
    apart: np.ndarray = field(default_factory=lambda: np.zeros(0))
    way: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    bits: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def upright(self) -> "Alike":
        """Return the pairs that are alike without turning one of them."""
        keep = self.way == 0
        return Alike(self.pairs[keep], self.apart[keep], self.way[keep], self.bits[keep])


def same_vectors(unit: np.ndarray) -> np.ndarray:
    """Return codes `(n,)` int64 that are equal where rows are equal bit for bit."""
    seen: dict[bytes, int] = {}
    found = np.empty(len(unit), np.int64)
    for row, values in enumerate(unit):
        found[row] = seen.setdefault(blake2b(values.tobytes(), digest_size=16).digest(), row)
    return found


def near_pairs(
    neighbors: Neighbors,
    unit: np.ndarray,
    tau: float,
    same: np.ndarray,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return pairs of items within τ that hang together all items that do.

    Parameters
    ----------
    neighbors
        The graph.
    unit
        Unit vectors `(n, d)` float32.
    tau
        The distance.
    same
        Codes `(n,)`: items with the same are at no distance, and need no pair.

    Returns
    -------
    numpy.ndarray
        Shape `(m, 2)` int64. Every pair that the graph holds, and where items have more near
        ones than the graph holds, pairs between what it leaves apart.
    """
    first, second = graph_pairs(neighbors, tau)
    apart = same[first] != same[second]
    pairs = np.stack([first[apart], second[apart]], axis=1)
    total, k = neighbors.indices.shape
    if not k or k >= total - 1:
        return pairs
    full = np.flatnonzero(np.asarray(neighbors.distances[:, -1]) <= np.float32(tau))
    if not len(full):
        return pairs
    parts = join(*_both(pairs, _links(same)), total)
    some = _some_of_each(full, parts, same)
    side = np.full(total, -1, np.int64)
    side[some] = parts[some]
    return np.concatenate([pairs, cross_pairs(unit, side, tau, progress)])


def _both(*pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two columns of several lists of pairs."""
    joined = np.concatenate(pairs)
    return joined[:, 0], joined[:, 1]


def _links(codes: np.ndarray) -> np.ndarray:
    """Return pairs `(m, 2)` that hold all items of a code together."""
    order = np.argsort(codes, kind="stable")
    equal = codes[order[1:]] == codes[order[:-1]]
    return np.stack([order[:-1][equal], order[1:][equal]], axis=1)


def _some_of_each(rows: np.ndarray, parts: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Return at most `FROM_EACH` different rows of every part, spread over it."""
    rows = rows[np.unique(same[rows], return_index=True)[1]]
    rows = rows[np.argsort(parts[rows], kind="stable")]
    found = []
    for piece in np.split(rows, np.flatnonzero(np.diff(parts[rows])) + 1):
        step = max(1, len(piece) // FROM_EACH)
        found.append(piece[::step][:FROM_EACH])
    return np.concatenate(found)


class Closeness:
    """Distances between points: of their vectors, or nearer where their pixels match.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    rows
        The row that stands for each point `(p,)`.
    tau
        Two points whose pixels are `apart` count as at most apart · τ.
    pairs, apart
        Pairs of points `(k, 2)` whose pixels were compared, and how far they are apart.
    """

    def __init__(
        self,
        unit: np.ndarray,
        rows: np.ndarray,
        tau: float,
        pairs: np.ndarray | None = None,
        apart: np.ndarray | None = None,
    ):
        self.unit, self.rows, self.tau = unit, rows, tau
        pairs = _none() if pairs is None else np.sort(pairs, axis=1)
        apart = np.zeros(len(pairs)) if apart is None else apart
        keys = pairs[:, 0] * len(rows) + pairs[:, 1]
        order = np.lexsort((apart, keys))
        keys, apart = keys[order], apart[order]
        fresh = np.ones(len(keys), bool)
        fresh[1:] = keys[1:] != keys[:-1]
        self._keys, self._apart = keys[fresh], apart[fresh]

    def matrices(self, points: np.ndarray) -> np.ndarray:
        """Return all distances `(g, s, s)` float64 within groups of points `(g, s)`."""
        vectors = self.unit[self.rows[points]].astype(np.float64)
        squares = np.einsum("gsd,gsd->gs", vectors, vectors)
        squared = squares[:, :, None] + squares[:, None, :]
        squared -= 2 * vectors @ vectors.transpose(0, 2, 1)
        found: np.ndarray = np.sqrt(np.maximum(squared, 0))
        group, at, to = np.nonzero(squared < CLOSE)
        for part in blocks(len(group), vectors.shape[2]):
            g, a, b = group[part], at[part], to[part]
            found[g, a, b] = np.linalg.norm(vectors[g, a] - vectors[g, b], axis=1)
        if len(self._keys):
            low = np.minimum(points[:, :, None], points[:, None, :])
            high = np.maximum(points[:, :, None], points[:, None, :])
            keys = low * len(self.rows) + high
            place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
            known = self._keys[place] == keys
            found[known] = np.minimum(found[known], self._apart[place[known]] * self.tau)
        return found

    def ball(self, point: int, others: np.ndarray, radius: float) -> np.ndarray:
        """Return which other points lie within a radius of one, by their vectors: bool."""
        centre = self.unit[self.rows[point]].astype(np.float64)
        inside = np.zeros(len(others), bool)
        for part in blocks(len(others), self.unit.shape[1]):
            away = self.unit[self.rows[others[part]]] - centre
            inside[part] = np.sqrt(np.einsum("ij,ij->i", away, away)) <= radius
        return inside


def near_groups(
    unit: np.ndarray,
    pairs: np.ndarray,
    tau: float,
    *,
    same: np.ndarray | None = None,
    alike: Alike | None = None,
    linking: bool = True,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return groups of items, no two members of which are further than 2 τ apart.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)` float32.
    pairs
        Pairs of rows `(m, 2)` within τ.
    tau
        The distance; a group's diameter is at most twice this.
    same
        Codes `(n,)`: items with the same one are the same picture, at no distance whatever their
        vectors; the first stands for all of them.
    alike
        Pictures whose pixels were compared: a pair that is `apart` 1 or less is near, and
        any pair is at most apart · τ apart.
    linking
        Whether pairs of `alike` bring items together; else they only bring them nearer.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` int64, numbered from 0 by the first item of each; most items are alone.
        Within a group every item is linked to the others through near ones of the same group.
    """
    progress = progress or Progress()
    same = np.arange(len(unit)) if same is None else same
    rows, points = np.unique(same, return_index=True, return_inverse=True)[1:]
    alike = alike or Alike()
    compared = points[alike.pairs]
    space = Closeness(unit, rows, tau, compared, alike.apart)
    links = np.concatenate([points[pairs], compared[(alike.apart <= 1) & linking]])
    links = links[links[:, 0] != links[:, 1]]
    groups = join(links[:, 0], links[:, 1], len(rows))
    found = groups.copy()
    degree = np.bincount(links.reshape(-1), minlength=len(rows))
    for whole in _wholes(groups):
        progress.report(STAGE, int(whole.max()), len(rows))
        for parts in _parted(space, whole, degree):
            for part in parts:
                found[part] = len(rows) + int(part[0])
    return by_first(found[points])


def _wholes(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield groups of three points or more, those of one size together: `(g, s)`, few at a time."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups, minlength=1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    for size in np.unique(sizes[sizes > 2]).tolist():
        at = starts[sizes == size]
        step = max(1, 500_000 // (size * size))
        for start in range(0, len(at), step):
            yield order[at[start : start + step, None] + np.arange(size)]


def _parted(space: Closeness, whole: np.ndarray, degree: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield the parts of those groups that are too wide."""
    if whole.shape[1] > LARGEST:
        for points in whole:
            yield _large(space, points, degree)
        return
    for block in blocks(len(whole), whole.shape[1] * space.unit.shape[1]):
        apart = space.matrices(whole[block])
        wide = np.flatnonzero(apart.max(axis=(1, 2)) > 2 * space.tau)
        for group in wide.tolist():
            yield _cut(whole[block][group], apart[group], space.tau)


def _cut(points: np.ndarray, apart: np.ndarray, tau: float) -> list[np.ndarray]:
    """Return what complete linkage at 2 τ leaves, and of that what hangs together within τ."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial.distance import squareform

    if len(points) < 2:
        return [points]
    labels = fcluster(linkage(squareform(apart, checks=False), "complete"), 2 * tau, "distance")
    at, to = np.nonzero((apart <= tau) & (labels[:, None] == labels[None, :]))
    links = coo_matrix((np.ones(len(at), np.int8), (at, to)), shape=apart.shape)
    labels = connected_components(links, directed=False)[1]
    return [points[labels == label] for label in range(int(labels.max()) + 1)]


def _large(space: Closeness, points: np.ndarray, degree: np.ndarray) -> list[np.ndarray]:
    """Return the parts of more points than can all be compared.

    The point with most near ones takes all within τ of it, which are within 2 τ of one another;
    then the next. What is left is cut across its longest direction into pieces for `_cut`.
    """
    parts: list[np.ndarray] = []
    left = points[np.argsort(-degree[points], kind="stable")]
    while len(left) > LARGEST and len(parts) < BALLS:
        inside = space.ball(int(left[0]), left, space.tau)
        inside[0] = True
        if inside.sum() < LEAST:
            break
        parts.append(np.sort(left[inside]))
        left = left[~inside]
    for piece in _pieces(space, np.sort(left)):
        parts += _cut(piece, space.matrices(piece[None])[0], space.tau)
    return parts


def _pieces(space: Closeness, points: np.ndarray) -> list[np.ndarray]:
    """Return points in pieces of at most `LARGEST`, neighbours along their longest direction."""
    if len(points) <= LARGEST:
        return [points] if len(points) else []
    sample = space.unit[space.rows[points[:: max(1, len(points) // LARGEST)]]].astype(np.float64)
    centred = sample - sample.mean(axis=0)
    longest = np.linalg.svd(centred, full_matrices=False)[2][0].astype(np.float32)
    along = np.concatenate(
        [space.unit[space.rows[points[part]]] @ longest
         for part in blocks(len(points), space.unit.shape[1])]
    )  # fmt: skip
    pieces = np.array_split(points[np.argsort(along, kind="stable")], -(-len(points) // LARGEST))
    return [np.sort(piece) for piece in pieces]
