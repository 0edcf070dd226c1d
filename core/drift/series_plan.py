"""How many images a batch needs: new ones planted into batches of the reference, and counted.

A batch is seen where its MMD² to the rest of the reference is above what draws of as many units of
the reference itself give. That is the permutation test's critical value up to its Monte Carlo
error, so that no permutations are needed and many sizes can be looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.drift.kernel import bandwidth, square_distances
from core.progress import Progress
from core.quality.threads import calm_threads

STAGE = "plan"
#: Sizes of a batch and shares of new images on the curve.
SIZES, SHARES = (10, 20, 40, 80, 160, 320, 640), (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
#: Batches without and with new images that are drawn for each size, and units held at most.
NULLS, REPEATS, MOST = 1000, 200, 1500
#: Units of the reference, and of what is new, below which nothing is planned.
FEWEST, STRANGERS = 40, 10


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a batch with new images is seen.

    Attributes
    ----------
    sizes
        Units of a batch.
    shares
        Shares of it that are new.
    power
        `power[size][share]`: the part of batches that are seen; None where the share is less than
        half a unit.
    alpha
        Level of the test of one batch.
    """

    sizes: tuple[int, ...]
    shares: tuple[float, ...]
    power: tuple[tuple[float | None, ...], ...]
    alpha: float

    def needed(self, share: float, wanted: float = 0.8) -> float | None:
        """Return the least size of a batch with that power at one of `shares`; None where none.

        Between two sizes the line through their logarithms is followed.
        """
        at = self.shares.index(share)
        before: tuple[int, float] | None = None
        for size, line in zip(self.sizes, self.power, strict=True):
            value = line[at]
            if value is None:
                continue
            if value >= wanted:
                if before is None:
                    return float(size)
                part = (wanted - before[1]) / (value - before[1])
                return float(before[0] * (size / before[0]) ** part)
            before = size, value
        return None


def plan(
    reference: np.ndarray,
    strangers: np.ndarray,
    *,
    shares: Sequence[float] = SHARES,
    sizes: Sequence[int] = SIZES,
    alpha: float = 0.05,
    draws: tuple[int, int] = (NULLS, REPEATS),
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan | None:
    """Return how often new images are seen, for sizes of batches and shares of new ones.

    Parameters
    ----------
    reference, strangers
        Points of units `(n, d)`, `(m, d)`: the known set, and what may come.
    sizes
        Units of a batch; those above half of the reference are left out.
    alpha
        Level of one batch, such as .05 over the batches of a series.
    draws
        Batches without, and with, new images that are drawn for each size.

    Returns
    -------
    Plan or None
        None where the reference has fewer than 40 units, or there are fewer than 10 strangers.
    """
    if len(reference) < FEWEST or len(strangers) < STRANGERS:
        return None
    rng = np.random.default_rng(seed)
    known, new = (_drawn(points, MOST, rng) for points in (reference, strangers))
    table = _Table.of(known, new)
    fitting = tuple(size for size in sizes if 2 * size <= len(known))
    progress = progress or Progress()
    nulls, repeats = max(draws[0], round(20 / alpha)), draws[1]
    power = []
    for at, size in enumerate(fitting):
        progress.report(STAGE, at, len(fitting))
        usual = [table.distance(size, 0, rng) for _ in range(nulls)]
        critical = float(np.quantile(usual, 1 - alpha, method="higher"))
        line: list[float | None] = []
        for share in shares:
            count = round(share * size)
            if share * size < 0.5 or count > len(new):
                line.append(None)
                continue
            found = [table.distance(size, count, rng) > critical for _ in range(repeats)]
            line.append(float(np.mean(found)))
        power.append(tuple(line))
    return Plan(fitting, tuple(shares), tuple(power), alpha)


def mean_plan(plans: Sequence[Plan]) -> Plan:
    """Return the mean of plans with different strangers, all of the same sizes and shares."""
    first = plans[0]
    sizes = tuple(size for size in first.sizes if all(size in one.sizes for one in plans))
    lines = []
    for size in sizes:
        held = [one.power[one.sizes.index(size)] for one in plans]
        columns = [[value for value in column if value is not None]
                   for column in zip(*held, strict=True)]  # fmt: skip
        lines.append(tuple(float(np.mean(one)) if one else None for one in columns))
    return Plan(sizes, first.shares, tuple(lines), first.alpha)


def _drawn(points: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    if len(points) <= most:
        return points
    return points[np.sort(rng.choice(len(points), most, replace=False))]


@dataclass(frozen=True)
class _Table:
    """A kernel table of `known` rows of the reference and then strangers, with its sums."""

    table: np.ndarray
    known: int
    #: Sum of each row over the reference, and of the reference's own part.
    beside: np.ndarray
    total: float

    @classmethod
    def of(cls, known: np.ndarray, new: np.ndarray) -> "_Table":
        n = len(known)
        with calm_threads((n + len(new)) ** 2):
            square = square_distances(np.concatenate([known, new]).astype(np.float64))
            table = np.exp(-square / (bandwidth(square[:n, :n]) or 1.0))
        beside = table[:, :n].sum(axis=1)
        return cls(table, n, beside, float(beside[:n].sum()))

    def distance(self, size: int, count: int, rng: np.random.Generator) -> float:
        """Return the unbiased MMD² of a batch with `count` strangers to the rest.

        As many of the reference are set aside whatever is planted, so that sizes do not differ.
        """
        aside = rng.choice(self.known, size, replace=False)
        inner = float(self.table[np.ix_(aside, aside)].sum())
        rest = self.known - size
        own = self.total - 2 * float(self.beside[aside].sum()) + inner
        if not count:
            within, across = inner, float(self.beside[aside].sum()) - inner
        else:
            new = self.known + rng.choice(len(self.table) - self.known, count, replace=False)
            batch = np.concatenate([aside[: size - count], new])
            within = float(self.table[np.ix_(batch, batch)].sum())
            to_aside = float(self.table[np.ix_(batch, aside)].sum())
            across = float(self.beside[batch].sum()) - to_aside
        return (
            (within - size) / (size * (size - 1)) + (own - rest) / (rest * (rest - 1))
            - 2 * across / (size * rest)
        )  # fmt: skip
