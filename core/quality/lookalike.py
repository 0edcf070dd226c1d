"""Pictures whose perceptual hashes are near: candidates for near-duplicates, nothing more."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from core.imaging.perceptual import hamming

#: Bits that may differ.
BITS = 4
#: Hashes compared at a time.
BLOCK = 2048


def lookalike_pairs(
    hashes: np.ndarray, usable: np.ndarray | None = None, bits: int = BITS
) -> np.ndarray:
    """Find every pair of pictures whose hashes differ in a few bits.

    The 64 bits are cut into one piece more than may differ, so that the hashes of a pair agree in
    at least one piece whole; only those are compared (Manku, Jain and Das Sarma 2007,
    doi:10.1145/1242572.1242592).

    Parameters
    ----------
    hashes
        Shape `(n,)` uint64; or `(n, 8)`, turned and mirrored as `perceptual_hashes` returns them:
        then a picture as it is is compared with the others in all eight ways.
    usable
        Shape `(n,)` bool: one-coloured and almost empty pictures have meaningless hashes and are
        to be left out.
    bits
        Bits that may differ, 0 to 16.

    Returns
    -------
    numpy.ndarray
        Shape `(m, 3)` int64: the lower row, the higher, and in which of the ways the latter was
        turned (0 is as it is); for each pair the way that differs least. Ascending.
    """
    table = hashes[:, None] if hashes.ndim == 1 else hashes
    rows = np.arange(len(table)) if usable is None else np.flatnonzero(usable)
    plain = table[rows, 0]
    found = [np.zeros((0, 4), np.int64)]
    for way in range(table.shape[1]):
        turned = table[rows, way]
        for first, second in _agreeing(plain, turned, bits):
            differ = hamming(plain[first][:, None], turned[second][None, :])
            at, to = np.nonzero(differ <= bits)
            one, two = rows[first[at]], rows[second[to]]
            apart = one != two
            low, high = np.minimum(one, two)[apart], np.maximum(one, two)[apart]
            count = differ[at, to][apart].astype(np.int64)
            found.append(np.stack([low, high, count, np.full(len(low), way)], axis=1))
    pairs = np.concatenate(found)
    pairs = pairs[np.lexsort(pairs.T[::-1])]  # by rows, then the fewest bits, then the way
    fresh = np.ones(len(pairs), bool)
    fresh[1:] = (pairs[1:, :2] != pairs[:-1, :2]).any(axis=1)
    return pairs[fresh][:, [0, 1, 3]]


def _agreeing(
    plain: np.ndarray, turned: np.ndarray, bits: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield blocks of places that agree in one of the pieces."""
    edges = np.linspace(0, 64, bits + 2).astype(int).tolist()
    for low, high in pairwise(edges):
        mask = np.uint64((1 << (high - low)) - 1)
        left, right = ((v >> np.uint64(low)) & mask for v in (plain, turned))
        by_left, by_right = np.argsort(left, kind="stable"), np.argsort(right, kind="stable")
        values, counts = np.unique(left, return_counts=True)
        begins = np.searchsorted(right[by_right], values, side="left")
        stops = np.searchsorted(right[by_right], values, side="right")
        places: np.ndarray = np.stack([np.cumsum(counts), counts, begins, stops], axis=1)
        for end, count, begin, stop in places.tolist():
            start = end - count
            for at in range(start, end, BLOCK):
                for to in range(begin, stop, BLOCK):
                    yield by_left[at : min(at + BLOCK, end)], by_right[to : min(to + BLOCK, stop)]
