"""Which items a fit is made on: all, or as many whole units as fit in."""

import numpy as np


def codes(units: np.ndarray) -> np.ndarray:
    """Return units `(n,)` as numbers 0, 1, … in order of their names."""
    return np.asarray(np.unique(units, return_inverse=True)[1], dtype=np.int64)


def of_units(units: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Return rows, ascending, of units drawn at random until no further one fits in `limit`.

    Parameters
    ----------
    units
        What belongs together `(n,)`: a unit is taken whole or not at all, but for a first one
        that is larger than the limit by itself, of which rows are drawn.
    limit
        Most rows; where there are no more, all are returned.
    seed
        Of the draw.
    """
    n = len(units)
    if n <= limit:
        return np.arange(n)
    number = codes(units)
    rng = np.random.default_rng(seed)
    order = rng.permutation(int(number.max()) + 1)
    sizes = np.bincount(number)
    within = np.cumsum(sizes[order]) <= limit
    taken = order[: int(np.argmin(within)) if not within.all() else len(order)]
    if not len(taken):
        rows = np.flatnonzero(number == order[0])
        return np.sort(rng.choice(rows, limit, replace=False))
    return np.flatnonzero(np.isin(number, taken))


def one_each(units: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Return rows, ascending, to measure at: all up to `limit`, else one of each drawn unit."""
    n = len(units)
    if n <= limit:
        return np.arange(n)
    number, rng = codes(units), np.random.default_rng(seed)
    shuffled = rng.permutation(n)
    first = shuffled[np.unique(number[shuffled], return_index=True)[1]]
    if len(first) > limit:
        first = rng.choice(first, limit, replace=False)
    return np.sort(first)
