"""Clusters that a choice covers and a random one would: exact, in all, by size, and by budget."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.curate.coverage import (
    BINS,
    RandomCoverage,
    bin_name,
    covered,
    miss_probability,
    new_cluster_probability,
    random_coverage,
    size_bin,
)
from core.report.subject import Subject

#: Standard deviations to each side in which 95 of 100 random choices lie.
SIDES = 1.959964
#: Budgets of the curve, up to the choice's own.
BUDGETS = 40


@dataclass(frozen=True, slots=True)
class Groups:
    """A grouping as a report sees it: only what is in the pool or taken already.

    Attributes
    ----------
    labels
        Group `(N,)` of every row of the set, numbered as the set has them.
    there
        Groups with an item here, ascending.
    sizes
        Their items here `(K,)`; `pool`: those that could be chosen.
    taken
        Which of them what is taken already covers.
    """

    labels: np.ndarray
    there: np.ndarray
    sizes: np.ndarray
    pool: np.ndarray
    taken: np.ndarray
    total: int

    @property
    def open_sizes(self) -> np.ndarray:
        """Items in the pool of every group that a choice has still to reach, 1 or more."""
        found: np.ndarray = self.pool[~self.taken]
        return found

    def hit(self, rows: np.ndarray) -> np.ndarray:
        """Return which groups `(K,)` some rows cover, with what is taken already."""
        found: np.ndarray = covered(self.labels, rows, int(self.there.max(initial=-1)) + 1)
        return found[self.there] | self.taken

    def random(self, n: int, some: np.ndarray | None = None) -> RandomCoverage:
        """Return what n random items of the pool cover, of all groups or of `some` `(K,)`."""
        some = np.ones(len(self.there), bool) if some is None else some
        found = random_coverage(self.pool[some & ~self.taken], self.total, n)
        sure = int((some & self.taken).sum())
        return RandomCoverage(
            found.mean + sure, found.sd, found.clusters + sure, found.ceiling + sure
        )


def groups_of(subject: Subject, labels: np.ndarray) -> Groups:
    """Return a grouping restricted to what the report is about."""
    labels = np.asarray(labels)
    top = int(labels.max(initial=-1)) + 1
    pool = _counts(labels[subject.pool], top)
    taken = _counts(labels[subject.already], top)
    there = np.flatnonzero(pool + taken)
    return Groups(
        labels, there, (pool + taken)[there], pool[there], taken[there] > 0, len(subject.pool)
    )


def _counts(labels: np.ndarray, top: int) -> np.ndarray:
    return np.bincount(labels[labels >= 0], minlength=top)


def band_of(found: RandomCoverage) -> dict[str, float]:
    """Return mean, standard deviation, and the range in which 95 of 100 random choices lie."""
    mean = min(found.mean, float(found.ceiling))  # which rounding may exceed by 1e-13
    low, high = mean - SIDES * found.sd, mean + SIDES * found.sd
    return {
        "mean": mean, "sd": found.sd,
        "low": max(0.0, low), "high": min(float(found.ceiling), high),
    }  # fmt: skip


def coverage_of(groups: Groups, chosen: np.ndarray) -> dict[str, Any]:
    """Return the coverage of a choice beside random ones of the same size, in all and by size."""
    n, hit = len(chosen), groups.hit(chosen)
    whole = groups.random(n)
    bins = []
    place = size_bin(groups.sizes)
    for at in range(len(BINS)):
        some = place == at
        if some.any():
            band = band_of(groups.random(n, some))
            bins.append(
                {"size": bin_name(at), "clusters": int(some.sum()), "covered": int(hit[some].sum())}
                | {f"random_{name}": value for name, value in band.items()}
            )
    return {
        "clusters": whole.clusters, "covered": int(hit.sum()), "ceiling": whole.ceiling,
        "random": band_of(whole), "bins": bins,
        "next_random": new_cluster_probability(groups.pool, hit, groups.total, n),
        "random_needs": random_needs(groups, int(hit.sum())),
    }  # fmt: skip


def random_needs(groups: Groups, wanted: int) -> int | None:
    """Return how many random items cover so many groups on average; None for all of the pool.

    The least n whose expectation is `wanted` or more.
    """
    low, high = 0, groups.total
    sizes, sure = groups.open_sizes, int(groups.taken.sum())

    def reached(n: int) -> float:
        return sure + len(sizes) - float(miss_probability(sizes, groups.total, n).sum())

    while low < high:
        middle = (low + high) // 2
        if reached(middle) >= wanted - 1e-9:
            high = middle
        else:
            low = middle + 1
    return low if low < groups.total else None


def missed_by_random(groups: Groups, n: int) -> np.ndarray:
    """Return the exact chance `(K,)` that n random items of the pool miss each group."""
    missed = miss_probability(groups.pool, groups.total, n)
    missed[groups.taken] = 0.0
    return missed


def curve_of(subject: Subject, micro: Groups, independent: Groups) -> dict[str, Any]:
    """Return coverage by budget, for the first m of the choice and for m random items.

    A choice without an order is taken in a seeded random one.
    """
    order = subject.chosen
    if not subject.ordered:
        order = np.random.default_rng([subject.seed, 0xC0]).permutation(order)
    budgets = np.unique(np.round(np.linspace(0, subject.n, BUDGETS + 1)).astype(int))[1:]
    own, other = _reached(micro, order), _reached(independent, order)
    bands = [band_of(micro.random(int(n))) for n in budgets]
    return {
        "budgets": [int(n) for n in budgets],
        "curated": [int(own[n - 1]) for n in budgets],
        "random_mean": [band["mean"] for band in bands],
        "random_low": [band["low"] for band in bands],
        "random_high": [band["high"] for band in bands],
        "ceiling": [micro.random(int(n)).ceiling for n in budgets],
        "independent_curated": [int(other[n - 1]) for n in budgets],
        "independent_random_mean": [independent.random(int(n)).mean for n in budgets],
        "independent_clusters": len(independent.there),
        "chosen": subject.n, "clusters": len(micro.there), "ordered": subject.ordered,
    }  # fmt: skip


def _reached(groups: Groups, order: np.ndarray) -> np.ndarray:
    """Return how many groups the first 1, 2, … items cover."""
    place = np.full(int(groups.labels.max(initial=-1)) + 1, -1, np.int64)
    place[groups.there] = np.arange(len(groups.there))
    mine = place[groups.labels[order]]
    new = np.zeros(len(order), np.int64)
    _, first = np.unique(mine, return_index=True)
    new[first] = 1
    new[groups.taken[mine]] = 0
    return np.cumsum(new) + int(groups.taken.sum())
