"""Two sides of a comparison, and other ways to deal whole units to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np

from core.errors import InputError

#: Units a side needs to be tested, and splits up to which all are looked at.
FEWEST, ALL = 10, 10_000
#: Splits dealt at a time.
BLOCK = 128


@dataclass(frozen=True, slots=True)
class Sides:
    """Which images are of the second set, and which belong together.

    Attributes
    ----------
    second
        Shape `(n,)` bool.
    unit
        Shape `(n,)` int64 from 0: the unit of each image, all of one unit on one side.
    of_unit
        Shape `(units,)` bool: the side of each unit.
    """

    second: np.ndarray
    unit: np.ndarray
    of_unit: np.ndarray

    @property
    def counts(self) -> tuple[int, int]:
        """Units of the first and the second side."""
        there = int(self.of_unit.sum())
        return len(self.of_unit) - there, there

    @property
    def too_few(self) -> str:
        """Why the sides cannot be tested; "" where they can."""
        least = min(self.counts)
        if least >= FEWEST:
            return ""
        return f"one side has {least} unit{'s' * (least != 1)}: a test needs {FEWEST} on each"


def sides_of(second: np.ndarray, units: np.ndarray | None = None) -> Sides:
    """Return the sides of a comparison.

    Parameters
    ----------
    second
        Shape `(n,)` bool: whether each image is of the second set.
    units
        Unit of each image, any values; each is its own if None. A unit that has images on both
        sides counts as two.
    """
    second = np.asarray(second, bool)
    names = np.arange(len(second)) if units is None else np.unique(units, return_inverse=True)[1]
    if len(names) != len(second):
        raise InputError(f"units: {len(names)} for {len(second)} images")
    _, unit = np.unique(names.reshape(-1) * 2 + second, return_inverse=True)
    of_unit = np.zeros(int(unit.max(initial=-1)) + 1, bool)
    of_unit[unit] = second
    return Sides(second, unit.astype(np.int64), of_unit)


def deals(sides: Sides, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Yield other splits of the units, as sides of images `(b, n)` bool, a block at a time.

    As many units are on each side as there are. Drawn by the seed; where there are no more than
    10,000 splits, each once instead.
    """
    from itertools import combinations

    total, there = len(sides.of_unit), sides.counts[1]
    if comb(total, there) <= ALL:
        every = [list(one) for one in combinations(range(total), there)]
        observed = np.flatnonzero(sides.of_unit).tolist()
        others = [one for one in every if one != observed]
        for start in range(0, len(others), BLOCK):
            part = others[start : start + BLOCK]
            dealt = np.zeros((len(part), total), bool)
            for row, one in zip(dealt, part, strict=True):
                row[one] = True
            yield dealt[:, sides.unit]
        return
    rng = np.random.default_rng(seed)
    for start in range(0, permutations, BLOCK):
        count = min(BLOCK, permutations - start)
        dealt = rng.permuted(np.broadcast_to(sides.of_unit, (count, total)), axis=1)
        yield dealt[:, sides.unit]


def complete(sides: Sides) -> bool:
    """Tell whether there are so few splits that all are looked at."""
    return comb(len(sides.of_unit), sides.counts[1]) <= ALL


def least_p(sides: Sides, permutations: int) -> float:
    """Return the least p that can come of a statistic that knows which side is which."""
    splits = comb(len(sides.of_unit), sides.counts[1])
    return 1 / splits if splits <= ALL else 1 / (permutations + 1)
