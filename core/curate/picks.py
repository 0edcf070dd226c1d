"""What choosing works on and what it gives: the space, the pool, the picks and when to stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from core.errors import InputError
from core.model import Clustering, Neighbors

STAGE = "choosing"

#: The step of a rule "until the next 1 % of the pool adds less than …".
STEP_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class PickSpace:
    """Where choosing happens; everything is in row order of the whole set.

    Attributes
    ----------
    unit
        Unit vectors `(N, d)` float32.
    neighbors
        The stored neighbour graph, or None: then what needs one finds it itself.
    micro
        The stored micro-clusters, or None: then what needs groups finds them itself.
    labels
        Stratum of every row `(N,)`, any values, for "balanced"; missing values (None, NaN, an
        empty text) are a stratum of their own.
    """

    unit: np.ndarray
    neighbors: Neighbors | None = None
    micro: Clustering | None = None
    labels: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class StrategyOptions:
    """What can be set on a strategy; each says which one reads it.

    Attributes
    ----------
    alpha
        coverage: a group of s images gets a quota in proportion to s^alpha; 1 is proportional,
        0 equal.
    beta
        density: chance in proportion to distance² × density^beta; 0 is plain D² sampling.
    gamma
        balanced: a stratum of N images gets a number in proportion to N^gamma; 0 is equal.
    edge_share
        edges: share of the choice spent on edge cases.
    column
        balanced: the name of the column that `PickSpace.labels` holds, for messages.
    inside
        balanced: the strategy inside each stratum.
    """

    alpha: float = 0.5
    beta: float = 1.0
    gamma: float = 0.0
    edge_share: float = 0.2
    column: str | None = None
    inside: str = "representative"

    def __post_init__(self) -> None:
        """Raise `InputError` for a number that makes no sense."""
        for name, low, high in (
            ("alpha", 0, 1), ("beta", -10, 10), ("gamma", 0, 1), ("edge_share", 0, 1),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name}: give a number from {low} to {high}")


@dataclass(frozen=True, slots=True)
class Picks:
    """Rows chosen, in order of choice.

    Attributes
    ----------
    rows
        Rows of the set `(n,)` int64, distinct.
    gains
        What each added to the objective at its turn `(n,)` float64; they sum to `total`.
    total
        The objective of the whole choice above that of what was there before.
    objective
        What is measured, in words.
    clusters
        Group of each pick `(n,)` int32 in the partition that was used (the micro-clusters, or
        coarser ones cut for this choice); None where the strategy has no groups.
    notes
        What a person should know, in sentences; often empty.
    """

    rows: np.ndarray
    gains: np.ndarray
    total: float
    objective: str
    clusters: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def first(self, count: int) -> "Picks":
        """Return the first `count` of these picks."""
        gains = self.gains[:count]
        groups = None if self.clusters is None else self.clusters[:count]
        return Picks(
            self.rows[:count], gains, float(gains.sum()), self.objective, groups, self.notes
        )


def picks(
    rows: Sequence[int] | np.ndarray,
    gains: Sequence[float] | np.ndarray,
    objective: str,
    clusters: np.ndarray | None = None,
    notes: tuple[str, ...] = (),
) -> Picks:
    """Return `Picks` with the total of their gains."""
    gained = np.asarray(gains, dtype=np.float64)
    return Picks(
        np.asarray(rows, dtype=np.int64), gained, float(gained.sum()), objective, clusters, notes
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """Rows `(m,)` to choose from and rows already chosen, both ascending, without overlap."""

    rows: np.ndarray
    already: np.ndarray

    def __len__(self) -> int:
        """Return how many there are to choose from."""
        return len(self.rows)


def make_pool(
    n_items: int, candidates: np.ndarray | None = None, already: np.ndarray | None = None
) -> Pool:
    """Return the rows to choose from: the candidates (None is all) without those already chosen.

    Raises
    ------
    InputError
        A row does not exist.
    """
    taken = _rows("already", already, n_items)
    rows = np.arange(n_items) if candidates is None else _rows("candidates", candidates, n_items)
    return Pool(np.setdiff1d(rows, taken, assume_unique=True), taken)


def _rows(name: str, rows: np.ndarray | None, n_items: int) -> np.ndarray:
    """Return distinct rows, ascending, as int64."""
    if rows is None or not len(rows):
        return np.empty(0, np.int64)
    found = np.unique(np.asarray(rows, dtype=np.int64))
    if found[0] < 0 or found[-1] >= n_items:
        raise InputError(f"{name}: rows must lie between 0 and {n_items - 1}")
    return found


@dataclass(slots=True)
class Budget:
    """How many to choose: at most `n`, or fewer once the next 1 % of the pool adds too little.

    Parameters
    ----------
    n
        Most picks.
    until
        Stop when a step of 1 % of the pool adds less than this share of what is there; None never.
    pool
        Images in the pool.
    base
        The objective of what was chosen before, which counts as being there; less, where an
        objective has no natural zero, that of one image in the middle alone.
    """

    n: int
    until: float | None
    pool: int
    base: float = 0.0

    @property
    def step(self) -> int:
        """Return the picks of one step."""
        return max(1, ceil(STEP_SHARE * self.pool))

    def enough(self, gains: Sequence[float]) -> bool:
        """Tell whether to stop after these picks."""
        if len(gains) >= self.n:
            return True
        if self.until is None or len(gains) % self.step:
            return False
        return self.kept(gains) < len(gains)

    def kept(self, gains: Sequence[float] | np.ndarray) -> int:
        """Return how many of these picks to keep: those before the first step that adds too little.

        A step is judged only if something was there before it.
        """
        most = min(self.n, len(gains))
        if self.until is None:
            return most
        sums = self.base + np.concatenate([[0.0], np.cumsum(gains[:most], dtype=np.float64)])
        for end in range(self.step, most + 1, self.step):
            before = sums[end - self.step]
            if before > 0 and sums[end] - before < self.until * before:
                return end - self.step
        return most
