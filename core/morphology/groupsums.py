"""Sums of squares of many arrangements of groups, in single precision wherever that decides.

A permutation test only asks on which side of the observed value each arrangement lies. So group
sums are taken in single precision, and the few arrangements that lie nearer to the observed value
than several times the rounding that is expected of them are summed again in double precision. So
counts, and with them p, are those of double precision.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.progress import Progress

STAGE = "permutations"
#: Points dealt (arrangements × points), and bytes of group sums, that one thread holds: the sums
#: stay in its cache while every point is read once.
DEALT, SUMS = 1_000_000, 128 * 2**10
#: Threads at most: each holds some 30 MB, however many processors there are.
THREADS = 4
#: Times the expected rounding error that counts as near, and the slack for the ties of p.
SAFE, TIES = 4.0, 1e-6
#: Share of a group's sum of squares that a difference must leave to be taken as it is.
LOST = 1e-6


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of squares, each `(b,)`: between groups, and the denominator of F₂."""

    between: np.ndarray
    weighted: np.ndarray


def observed_sums(points: np.ndarray, groups: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the sums of groups as they are, and the trace of the covariance of each `(m,)`.

    A sum of squares within is the difference of two; where next to nothing is left of them, it is
    taken from the distances to the mean instead.
    """
    square = np.einsum("ij,ij->i", points, points)
    explained, within = (
        sums[0] for sums in _explained(points, square, groups.astype(np.int32)[None])
    )
    sizes = np.bincount(groups)
    for code in np.flatnonzero(within < LOST * explained):
        own = points[groups == code]
        within[code] = ((own - own.mean(axis=0)) ** 2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):  # of a group of one there is none
        variances = np.where(sizes > 1, within / (sizes - 1), np.nan)
    return float(explained.sum()), float((within * _weights(groups)).sum()), variances


def exact_sums(points: np.ndarray, groups: np.ndarray, orders: np.ndarray) -> Sums:
    """Return the sums of arrangements `orders` `(b, n)` of centred points, in double precision."""
    square, codes = np.einsum("ij,ij->i", points, points), groups.astype(np.int32)
    between, weighted = np.empty((2, len(orders)))
    for part in _parts(points, groups, len(orders)):
        explained, within = _explained(points, square, codes[orders[part]])
        between[part] = explained.sum(axis=1)
        weighted[part] = (within * _weights(groups)).sum(axis=1)
    return Sums(between, weighted)


def permuted_sums(
    points: np.ndarray,
    groups: np.ndarray,
    orders: np.ndarray,
    observed: tuple[float, float],
    progress: Progress,
) -> Sums:
    """Return the sums of arrangements, exact wherever they are near those observed.

    Parameters
    ----------
    points
        Shape `(n, d)` float64, centred.
    groups
        Codes `(n,)` from 0.
    orders
        Shape `(b, n)`: the unit whose group each unit gets.
    observed
        The sum between groups and the denominator of F₂ of the groups as they are.
    """
    square = np.einsum("ij,ij->i", points, points)
    scale = float(np.sqrt(square.mean())) or 1.0
    single = np.empty(points.shape, np.float32)
    np.divide(points, scale, out=single, casting="same_kind")  # no copy in double on the way
    square = square / scale**2
    seen = (observed[0] / scale**2, observed[1] / scale**2)
    weights, codes, shape = _weights(groups), groups.astype(np.int32), len(orders)
    between, weighted, near = np.empty(shape), np.empty(shape), np.zeros(shape, bool)

    def sums(part: slice) -> None:
        explained, within = _explained(single, square, codes[orders[part]])
        error = _error(explained, groups)
        between[part] = explained.sum(axis=1)
        weighted[part] = (within * weights).sum(axis=1)
        off = error.sum(axis=1), (error * weights).sum(axis=1)
        near[part] = _near((between[part], off[0]), (weighted[part], off[1]), seen)

    parts = deque(_parts(single, groups, shape))
    _shared(parts, sums, lambda done: progress.report(STAGE, min(done, shape), shape))
    between, weighted = between * scale**2, weighted * scale**2
    rows = np.flatnonzero(near)
    if len(rows):
        again = exact_sums(points, groups, orders[rows])
        between[rows], weighted[rows] = again.between, again.weighted
    return Sums(between, weighted)


def _shared(
    parts: deque[slice], work: Callable[[slice], None], report: Callable[[int], None]
) -> None:
    """Do all parts, in this thread and others.

    This one works too: were it to wait, the system would often begin two others on one processor.
    """

    def work_on() -> Iterator[slice]:
        while True:
            try:
                part = parts.popleft()
            except IndexError:  # none is left
                return
            work(part)
            yield part

    with ThreadPoolExecutor(max(1, _threads() - 1)) as pool:
        others = [pool.submit(list, work_on()) for _ in range(min(_threads(), len(parts)) - 1)]
        try:
            for part in work_on():
                report(part.stop)
        finally:
            parts.clear()  # cancelled: the others end with what they have in hand
        for other in others:
            other.result()


def _threads() -> int:
    return min(THREADS, os.cpu_count() or 1)


def _parts(points: np.ndarray, groups: np.ndarray, count: int) -> Iterator[slice]:
    """Yield slices of arrangements that fit a thread's cache, at least one for each of them."""
    width = points.itemsize * points.shape[1] * (int(groups.max()) + 1)
    step = min(DEALT // len(points), SUMS // max(1, width), -(-count // _threads()))
    step = max(1, step)
    for start in range(0, count, step):
        yield slice(start, start + step)


def _explained(
    points: np.ndarray, square: np.ndarray, dealt: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return ‖sum‖² / n and the sum of squares within, of each group, both `(b, m)` float64.

    The column of a point names its group in every arrangement, so that each is read once.
    """
    from scipy.sparse import csc_matrix

    b, n = dealt.shape
    sizes = np.bincount(dealt[0])
    m = len(sizes)
    rows = (dealt.T + np.arange(0, b * m, m, dtype=np.int32)).reshape(-1)
    starts = np.arange(0, n * b + 1, b, dtype=np.int32)
    hot = csc_matrix((np.ones(b * n, points.dtype), rows, starts), shape=(b * m, n), copy=False)
    sums = np.asarray(hot @ points).astype(np.float64, copy=False)
    explained = np.einsum("ij,ij->i", sums, sums).reshape(b, m) / np.maximum(sizes, 1)
    whole = np.bincount(rows, np.repeat(square, b), b * m).reshape(b, m)
    return explained, whole - explained


def _weights(groups: np.ndarray) -> np.ndarray:
    """Return what the sum of squares within each group counts for in the denominator of F₂."""
    sizes = np.bincount(groups).astype(np.float64)
    return np.asarray((1 - sizes / len(groups)) / np.maximum(sizes - 1, 1) * (sizes > 0))


def _error(explained: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return what `explained` is allowed to be off by, `(b, m)`, of points of mean square 1.

    A sum of k points takes k roundings of a running sum no larger than √n. Roundings of either sign
    add up like √k; `SAFE` times that is allowed, which is no strict bound.
    """
    n, sizes = len(groups), np.maximum(np.bincount(groups), 1)
    off = SAFE * np.finfo(np.float32).eps * np.sqrt(n * np.maximum(sizes, 1.0))
    return np.asarray(2 * np.sqrt(explained / sizes) * off + off**2 / sizes)


def _near(
    between: tuple[np.ndarray, np.ndarray],
    weighted: tuple[np.ndarray, np.ndarray],
    observed: tuple[float, float],
) -> np.ndarray:
    """Return which arrangements may lie on either side of one of the observed statistics.

    Each sum comes with its error. F₁ grows with the sum between groups, F₂ is their ratio.
    """
    value, off = between
    first = np.abs(value - observed[0]) <= off + TIES * (observed[0] + value)
    least, most = weighted[0] - weighted[1], weighted[0] + weighted[1]
    lost = least <= 0.5 * most  # all of it may be rounding: neither side is sure
    seen = observed[0] / observed[1]
    low = (value - off) / np.where(lost, 1, most)
    high = (value + off) / np.where(lost, 1, least)
    second = (low * (1 - TIES) <= seen) & (seen <= high * (1 + TIES))
    return np.asarray(first | lost | second)
