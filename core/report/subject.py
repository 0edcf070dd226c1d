"""What a report is about: a choice, where it was made from, and the groups it is measured by."""

from dataclasses import dataclass, field

import numpy as np

from core.errors import InputError
from core.model import Neighbors


@dataclass(frozen=True, slots=True)
class Subject:
    """A choice of items and all that a report's numbers are made from; rows are those of the set.

    Attributes
    ----------
    unit
        Unit vectors `(N, d)` float32 of the whole set.
    neighbors
        The neighbour graph of the same rows.
    micro, independent
        Group `(N,)` of every row: micro-clusters, and the independent grouping.
    chosen
        Rows chosen, int64 `(n,)`, in the order of choice where it has one.
    pool
        Rows that could be chosen; holds all of `chosen` and none of `already`.
    already
        Rows that count as taken, in the choice and in every random one alike.
    labels
        A label `(N,)` of objects, None where there is none; None if the set has no labels.
    ordered
        Whether `chosen` is in the order of choice.
    tau
        Distance up to which two items are near-duplicates.
    seed, draws
        Of the random choices, and how many of them.
    """

    unit: np.ndarray
    neighbors: Neighbors
    micro: np.ndarray
    independent: np.ndarray
    chosen: np.ndarray
    pool: np.ndarray
    already: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    labels: np.ndarray | None = None
    ordered: bool = True
    tau: float = 0.0
    seed: int = 0
    draws: int = 200

    def __post_init__(self) -> None:
        """Check that the rows fit together.

        Raises
        ------
        InputError
            Nothing is chosen, something twice, or something that is not in the pool.
        """
        n, total = len(self.chosen), len(self.unit)
        if n == 0:
            raise InputError("the choice holds no image: a report needs at least one")
        if len(np.unique(self.chosen)) < n:
            raise InputError("the choice holds an image twice; each counts once")
        for rows in (self.chosen, self.pool, self.already):
            if len(rows) and not 0 <= rows.min() <= rows.max() < total:
                raise InputError(f"rows must be whole numbers from 0 to {total - 1}")
        mask = np.zeros(total, bool)
        mask[self.pool] = True
        if not mask[self.chosen].all():
            raise InputError("the choice holds an image that is not in the pool it is compared in")
        if mask[self.already].any():
            raise InputError("an image counts both as taken already and as one that can be chosen")

    @property
    def n(self) -> int:
        """How many items are chosen."""
        return len(self.chosen)

    @property
    def universe(self) -> np.ndarray:
        """The rows that all figures are about, ascending: the pool and what is taken already."""
        return np.union1d(self.pool, self.already)

    @property
    def whole(self) -> bool:
        """Whether the choice is all of the pool: then every random one is the same."""
        return self.n == len(self.pool)


def random_choices(subject: Subject) -> np.ndarray:
    """Return the random choices `(draws, n)` int32, each of n different rows of the pool.

    Choice b depends on the seed and b only, so that the first stay when more are drawn.
    """
    drawn = np.empty((subject.draws, subject.n), np.int32)
    for at in range(subject.draws):
        rng = np.random.default_rng([subject.seed, at])
        drawn[at] = rng.choice(subject.pool, subject.n, replace=False, shuffle=False)
    return drawn
