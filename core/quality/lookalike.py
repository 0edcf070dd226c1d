"""Pictures whose perceptual hashes are near: candidates for near-duplicates, nothing more."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from core.imaging.perceptual import hamming

#: Bits that may differ.
BITS = 4
#: Pairs of hashes compared at a time.
BLOCK = 2_000_000
#: The way back of each way of turning: quarter turns go back, mirrored ones are their own.
BACK = np.array([0, 3, 2, 1, 4, 5, 6, 7])
#: Most pairs of different hashes that are looked at.
MOST = 2_000_000


def lookalike_pairs(
    hashes: np.ndarray,
    usable: np.ndarray | None = None,
    bits: int = BITS,
    most: int | None = None,
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
    most
        Stop after about this many pairs; None finds all.

    Returns
    -------
    numpy.ndarray
        Shape `(m, 3)` int64: the lower row, the higher, and in which of the ways the latter is to
        be turned (0 is as it is); for each pair the way that differs least. Ascending.
    """
    table = hashes[:, None] if hashes.ndim == 1 else hashes
    rows = np.arange(len(table)) if usable is None else np.flatnonzero(usable)
    plain = table[rows, 0]
    most = len(table) ** 2 * table.shape[1] if most is None else most
    found, total = [np.zeros((0, 4), np.int64)], 0
    for way in range(table.shape[1]):
        turned = table[rows, way]
        for first, second in _agreeing(plain, turned, bits):
            differ = hamming(plain[first], turned[second])
            near = differ <= bits
            one, two = rows[first[near]], rows[second[near]]
            apart = one != two
            low, high = np.minimum(one, two)[apart], np.maximum(one, two)[apart]
            count = differ[near][apart].astype(np.int64)
            ways = np.where(one < two, way, BACK[way])[apart]  # the lower one was turned, else
            found.append(np.stack([low, high, count, ways], axis=1))
            if (total := total + len(low)) > most:
                break
    pairs = np.concatenate(found)
    pairs = pairs[np.lexsort(pairs.T[::-1])]  # by rows, then the fewest bits, then the way
    fresh = np.ones(len(pairs), bool)
    fresh[1:] = (pairs[1:, :2] != pairs[:-1, :2]).any(axis=1)
    return pairs[fresh][:, [0, 1, 3]]


def candidate_pairs(hashes: np.ndarray, usable: np.ndarray, bits: int = BITS) -> np.ndarray:
    """Return pairs of pictures of near hashes, few of those whose hashes are all equal.

    Of pictures with the same hash each is paired with the first and with the one before, so that
    thousands of them make thousands of pairs and not millions; the first stands for them in pairs
    with others.

    Returns
    -------
    numpy.ndarray
        As `lookalike_pairs`.
    """
    table = hashes[:, None] if hashes.ndim == 1 else hashes
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(table[rows, 0], kind="stable")]
    fresh = np.ones(len(rows), bool)
    fresh[1:] = table[rows[1:], 0] != table[rows[:-1], 0]
    first = np.zeros(len(table), bool)
    first[rows[fresh]] = True
    found = lookalike_pairs(hashes, first, bits, MOST)
    later = np.flatnonzero(~fresh)
    heads = rows[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    one = np.concatenate([heads[later], rows[later - 1]])
    two = np.concatenate([rows[later], rows[later]])
    equal = np.stack([np.minimum(one, two), np.maximum(one, two), np.zeros_like(one)], axis=1)
    return np.unique(np.concatenate([found, equal]), axis=0)


def _agreeing(
    plain: np.ndarray, turned: np.ndarray, bits: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of places that agree in one of the pieces, about `BLOCK` at a time."""
    edges = np.linspace(0, 64, bits + 2).astype(int).tolist()
    for low, high in pairwise(edges):
        mask = np.uint64((1 << (high - low)) - 1)
        left, right = ((v >> np.uint64(low)) & mask for v in (plain, turned))
        order = np.argsort(right, kind="stable")
        begins = np.searchsorted(right[order], left, side="left")
        counts = np.searchsorted(right[order], left, side="right") - begins
        ends = np.cumsum(counts)
        start = 0
        while start < len(left):
            done = ends[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, done + BLOCK, side="right")))
            some = counts[start:stop]
            first = np.repeat(np.arange(start, stop), some)
            inside = np.arange(len(first)) - np.repeat(np.cumsum(some) - some, some)
            yield first, order[np.repeat(begins[start:stop], some) + inside]
            start = stop
