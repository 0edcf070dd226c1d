"""Clusters that a random choice covers: the exact expectation and variance.

Drawing n of N items without replacement misses a cluster of s items with probability
q_s = C(N − s, n) / C(N, n), the hypergeometric chance of no hit. Everything below follows from q_s
and q_{s+t}, the chance to miss two clusters at once, and is summed over different sizes only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, lgamma

import numpy as np

from core.errors import InputError

#: Size bins of a report: the smallest size of each.
BINS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class RandomCoverage:
    """How many of K clusters a random choice of n items covers.

    Attributes
    ----------
    mean, sd
        Exact expectation and standard deviation of the number covered.
    clusters
        K.
    ceiling
        Clusters that a choice of n items can cover at most, min(n, K).
    """

    mean: float
    sd: float
    clusters: int
    ceiling: int


def _check(total: int, n: int) -> None:
    """Raise `InputError` unless 0 ≤ n ≤ total."""
    if not 0 <= n <= total:
        raise InputError(
            f"a choice of {n} items: give a number from 0 to {total}, the items there are"
        )


def miss_probability(sizes: np.ndarray, total: int, n: int) -> np.ndarray:
    """Return the chance that n random items of `total` hold none of a cluster.

    Parameters
    ----------
    sizes
        Sizes of clusters, any shape, each from 0 to `total`.
    total
        Items there are.
    n
        Items drawn without replacement.

    Returns
    -------
    numpy.ndarray
        q_s of the shape of `sizes`, float64; exactly 0 where s + n > total.

    Raises
    ------
    InputError
        n or a size is below 0 or above `total`.
    """
    _check(total, n)
    sizes = np.asarray(sizes, dtype=np.int64)
    if sizes.size and not 0 <= sizes.min() <= sizes.max() <= total:
        raise InputError(f"cluster sizes must lie between 0 and the {total} items there are")
    distinct, place = np.unique(sizes, return_inverse=True)
    logs = np.array([_log_miss(int(s), total, n) for s in distinct])
    missed: np.ndarray = np.exp(logs)[place].reshape(sizes.shape)
    return missed


def _log_miss(size: int, total: int, n: int) -> float:
    """Return log(C(total − size, n) / C(total, n)); −∞ where no such draw exists."""
    if size + n > total:
        return -inf
    rest = total - n
    return (lgamma(total - size + 1) - lgamma(rest - size + 1)) - (
        lgamma(total + 1) - lgamma(rest + 1)
    )


def random_coverage(sizes: Sequence[int] | np.ndarray, total: int, n: int) -> RandomCoverage:
    """Return how many clusters a random choice of n items covers.

    Parameters
    ----------
    sizes
        Size `(K,)` of every cluster; together at most `total`, less where some items are in none.
    total
        Items there are.
    n
        Items drawn.

    Returns
    -------
    RandomCoverage
        With mean K − Σ q_s and variance Σ_i q_i (1 − q_i) + Σ_{i≠j} (q_{s_i + s_j} − q_i q_j).

    Raises
    ------
    InputError
        n is below 0 or above `total`, a size is below 1, or the sizes exceed the total.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    _check(total, n)
    if sizes.size and sizes.min() < 1:
        raise InputError("cluster sizes must be 1 or more")
    if int(sizes.sum()) > total:
        raise InputError(f"clusters hold {int(sizes.sum())} items, more than the {total} there are")
    distinct, counts = np.unique(sizes, return_counts=True)
    missed = miss_probability(distinct, total, n)
    both = miss_probability(np.minimum(distinct[:, None] + distinct[None, :], total), total, n)
    both[distinct[:, None] + distinct[None, :] > total] = 0.0
    pairs = counts[:, None] * counts[None, :] - np.diag(counts)
    spread = float((counts * missed * (1 - missed)).sum())
    spread += float((pairs * (both - np.outer(missed, missed))).sum())
    return RandomCoverage(
        mean=float(len(sizes) - (counts * missed).sum()),
        sd=float(np.sqrt(max(0.0, spread))),
        clusters=len(sizes),
        ceiling=min(n, len(sizes)),
    )


def size_bin(sizes: np.ndarray) -> np.ndarray:
    """Return the bin of each size: 0 for 1, 1 for 2–3, 2 for 4–7, and so on; the last is 32+."""
    return np.searchsorted(np.array(BINS), np.asarray(sizes), side="right") - 1


def bin_name(at: int) -> str:
    """Return what a size bin is called: "1", "2–3", …, "32 or more"."""
    if at == len(BINS) - 1:
        return f"{BINS[at]} or more"
    low, high = BINS[at], BINS[at + 1] - 1
    return str(low) if low == high else f"{low}–{high}"


def covered(labels: np.ndarray, chosen: np.ndarray, clusters: int) -> np.ndarray:
    """Return which clusters a choice covers.

    Parameters
    ----------
    labels
        Cluster of every item `(N,)`, −1 for none.
    chosen
        Rows chosen.
    clusters
        How many clusters there are.

    Returns
    -------
    numpy.ndarray
        Shape `(clusters,)`, bool.
    """
    hit = np.zeros(clusters, bool)
    mine = np.asarray(labels)[np.asarray(chosen, dtype=np.int64)]
    hit[mine[mine >= 0]] = True
    return hit


def new_cluster_probability(
    sizes: Sequence[int] | np.ndarray, hit: np.ndarray, total: int, n: int
) -> float:
    """Return the chance that one more random item opens a cluster that the choice lacks.

    Items of clusters not covered yet, over the items not chosen yet; 0 when all are chosen.
    """
    _check(total, n)
    if n == total:
        return 0.0
    return float(np.asarray(sizes)[~np.asarray(hit, dtype=bool)].sum() / (total - n))


def expected_new_cluster_probability(
    sizes: Sequence[int] | np.ndarray, total: int, n: int
) -> float:
    """Return that chance for a random choice of n: Σ s q_s / (N − n); 0 when all are chosen."""
    _check(total, n)
    if n == total:
        return 0.0
    sizes = np.asarray(sizes, dtype=np.int64)
    return float((sizes * miss_probability(sizes, total, n)).sum() / (total - n))
