"""Arrangements of groups over units: all of them where they are few, else drawn by a seed.

Units are exchanged within blocks only. What is exchanged are whole units, never the images in one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial, lgamma, prod

import numpy as np

from core.errors import InputError

#: Arrangements up to which all are looked at.
ALL = 10_000


@dataclass(frozen=True, slots=True)
class Arrangements:
    """Other ways to deal the groups to the units.

    Attributes
    ----------
    orders
        Shape `(b, n)` integer: the unit whose group each unit gets; the observed one is not there.
    complete
        Whether these are all there are.
    p_min
        The least p that can come of them for a statistic that does not know groups by name.
    """

    orders: np.ndarray
    complete: bool
    p_min: float


def arrangements(
    groups: np.ndarray,
    blocks: np.ndarray | None,
    permutations: int,
    seed: int,
    *,
    names: bool = False,
) -> Arrangements:
    """Return arrangements of groups over units.

    Parameters
    ----------
    groups
        Codes `(n,)` from 0.
    blocks
        Block of each unit `(n,)`; groups are exchanged inside a block only. None is one block.
    permutations
        How many to draw where there are more than `ALL`.
    seed
        Seed of the draw.
    names
        Whether the statistic changes when two groups swap their names; of one that compares means
        it does not, and the least p is then larger.

    Raises
    ------
    InputError
        The number of permutations is below 1, or lengths differ.
    """
    if permutations < 1:
        raise InputError(f"permutations must be 1 or more, not {permutations}")
    place = np.zeros(len(groups), np.int64)
    if blocks is not None:
        if len(blocks) != len(groups):
            raise InputError(f"blocks: {len(blocks)} for {len(groups)} units")
        place = np.unique(blocks, return_inverse=True)[1].reshape(-1)
    table = np.zeros((int(place.max(initial=0)) + 1, int(groups.max(initial=0)) + 1), np.int64)
    np.add.at(table, (place, groups), 1)
    count = _count(table)
    alike = 1 if names else _alike(table)
    if count <= ALL:
        orders = np.array(list(_all(groups, place)), np.int64).reshape(count, len(groups))
        same = (groups[orders] == groups).all(axis=1)
        return Arrangements(orders[~same], True, alike / count)
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(place == block) for block in range(len(table))]
    if len(members) == 1:
        orders, order = np.empty((permutations, len(groups)), np.int32), np.empty(len(groups), int)
        for row in orders:
            order[:] = members[0]
            rng.shuffle(order)
            row[:] = order
    else:
        orders = np.empty((permutations, len(groups)), np.int64)
        for order in orders:
            for rows in members:
                order[rows] = rng.permutation(rows)
    return Arrangements(orders, False, max(1 / (permutations + 1), min(1.0, alike / count)))


def _count(table: np.ndarray) -> int:
    """Return how many different arrangements there are, of blocks × groups; at most 10¹³."""
    size = sum(lgamma(sum(row) + 1) - sum(lgamma(n + 1) for n in row) for row in table.tolist())
    if size > 30:  # e³⁰, more than any number of permutations that is asked for
        return 10**13
    return prod(factorial(int(row.sum())) // prod(factorial(int(n)) for n in row) for row in table)


def _alike(table: np.ndarray) -> int:
    """Return how many arrangements only swap the names of groups, the observed one included."""
    _, times = np.unique(table[:, table.sum(axis=0) > 0], axis=1, return_counts=True)
    return prod(factorial(int(n)) if n <= 20 else 10**18 for n in times)


def _all(groups: np.ndarray, place: np.ndarray) -> Iterator[np.ndarray]:
    """Yield every arrangement once, as the unit whose group each gets."""
    members = [np.flatnonzero(place == block) for block in np.unique(place)]
    for dealt in product(*(list(_deals(groups[rows].tolist())) for rows in members)):
        order = np.empty(len(groups), np.int64)
        for rows, codes in zip(members, dealt, strict=True):
            own = groups[rows]
            sources = {code: iter(rows[own == code].tolist()) for code in set(codes)}
            order[rows] = [next(sources[code]) for code in codes]
        yield order


def _deals(codes: list[int]) -> Iterator[list[int]]:
    """Yield the different orders of a list with repeats."""
    if not codes:
        yield []
        return
    for first in sorted(set(codes)):
        rest = codes.copy()
        rest.remove(first)
        for deal in _deals(rest):
            yield [first, *deal]


def least_p(groups: np.ndarray, blocks: np.ndarray | None, permutations: int) -> float:
    """Return the least p that `arrangements` could give, without making any of them.

    Parameters are those of `arrangements`; the statistic is one that compares means.
    """
    place = np.zeros(len(groups), np.int64)
    if blocks is not None:
        place = np.unique(blocks, return_inverse=True)[1].reshape(-1)
    table = np.zeros((int(place.max(initial=0)) + 1, int(groups.max(initial=0)) + 1), np.int64)
    np.add.at(table, (place, groups), 1)
    count = _count(table)
    least = min(1.0, _alike(table) / count)
    return least if count <= ALL else max(1 / (permutations + 1), least)
