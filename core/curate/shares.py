"""How many to choose in each group: in proportion to a power of its size, within bounds."""

import numpy as np


def shares(weights: np.ndarray, least: np.ndarray, most: np.ndarray, total: int) -> np.ndarray:
    """Divide a number between groups in proportion to weights, each within its bounds.

    The share of group c is λ·w_c, kept between `least` and `most`, with the λ that makes the
    shares sum to the total; what is left by rounding down goes to the largest remainders, of
    equals to the first.

    Parameters
    ----------
    weights
        Shape `(K,)`, above 0.
    least, most
        Bounds `(K,)`, whole numbers.
    total
        To be divided; less than Σ least gives `least` to the groups of largest weight first (each
        whole, as far as it goes), more than Σ most gives `most`.

    Returns
    -------
    numpy.ndarray
        Shape `(K,)` int64, summing to the total where the bounds allow.
    """
    least, most = np.asarray(least, np.int64), np.asarray(most, np.int64)
    if total >= most.sum():
        return most.copy()
    if total <= least.sum():
        order = np.lexsort((np.arange(len(weights)), -np.asarray(weights, np.float64)))
        left = np.clip(total - (np.cumsum(least[order]) - least[order]), 0, least[order])
        found = np.zeros(len(least), np.int64)
        found[order] = left
        return found
    low, high = 0.0, float((most / weights).max())
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * weights, least, most).sum() < total:
            low = middle
        else:
            high = middle
    exact = np.clip(low * weights, least, most)
    found = np.minimum(np.floor(exact + 1e-9).astype(np.int64), most)
    while (left := total - int(found.sum())) > 0:
        open_groups = np.flatnonzero(found < most)
        rest = np.round(exact[open_groups] - found[open_groups], 9)
        found[open_groups[np.argsort(-rest, kind="stable")[:left]]] += 1
    return found


def allot(sizes: np.ndarray, have: np.ndarray, power: float, n: int) -> np.ndarray:
    """Return how many to choose in each group.

    Together with what is there, a group gets a share in proportion to its size to a power, one at
    least, as many as it has at most. With more groups waiting than places, the largest of them get
    one each and the others nothing.

    Parameters
    ----------
    sizes
        Items `(K,)` that can be chosen in each group, 1 or more.
    have
        Items `(K,)` of each that are chosen already.
    power
        Power of the group's size, `sizes + have`.
    n
        Items to choose.

    Returns
    -------
    numpy.ndarray
        Shape `(K,)` int64, summing to min(n, Σ sizes).
    """
    all_of = sizes + have
    order = np.lexsort((np.arange(len(sizes)), -all_of))
    waiting = order[have[order] == 0]
    counts = np.zeros(len(sizes), np.int64)
    if len(waiting) >= n:
        counts[waiting[:n]] = 1
        return counts
    least = np.maximum(have, 1)[order]
    weights = all_of[order].astype(np.float64) ** power
    counts[order] = shares(weights, least, all_of[order], n + int(have.sum()))
    return counts - have


def in_turn(counts: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say whose turn it is when groups take turns in proportion to their counts.

    Parameters
    ----------
    counts
        Turns `(K,)` of each group.
    order
        Rank `(K,)` of each group: who goes first of equals.

    Returns
    -------
    group, turn : numpy.ndarray
        Shape `(Σ counts,)`: the group of each turn, and which of its own turns it is, from 0.
    """
    group = np.repeat(np.arange(len(counts)), counts)
    turn = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    time = (turn + 0.5) / counts[group]
    sequence = np.lexsort((order[group], time))
    return group[sequence], turn[sequence]
