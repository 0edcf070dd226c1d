"""How far two groupings of the same images agree."""

import numpy as np


def best_jaccards(labels: np.ndarray, rows: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return, for each cluster, its overlap with the most similar one found in a subset.

    Parameters
    ----------
    labels
        Cluster of each row `(n,)`, numbered from 0 without gaps; −1 is none.
    rows
        The subset `(m,)`.
    found
        What each of `rows` was grouped into `(m,)`, below 0 is none.

    Returns
    -------
    numpy.ndarray
        One value a cluster, float64: the largest |C ∩ D| / |C ∪ D| over the groups D found, C
        being the cluster's rows in the subset; NaN where the subset has none of them.
    """
    total = int(labels.max(initial=-1)) + 1
    here = labels[rows].astype(np.int64)
    best = np.full(total, np.nan)
    own = np.bincount(here[here >= 0], minlength=total)
    best[own > 0] = 0.0
    both = (here >= 0) & (found >= 0)
    if not both.any():
        return best
    groups = np.bincount(found[found >= 0])
    pairs, shared = np.unique(
        here[both] * len(groups) + found[both].astype(np.int64), return_counts=True
    )
    cluster, group = pairs // len(groups), pairs % len(groups)
    overlap = shared / (own[cluster] + groups[group] - shared)
    np.fmax.at(best, cluster, overlap)
    return best


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float | None:
    """Return the adjusted Rand index of two groupings, over rows that both put into a group.

    Parameters
    ----------
    first, second
        Group of each row `(n,)`, below 0 is none.

    Returns
    -------
    float or None
        1 for the same grouping, about 0 for unrelated ones; None with fewer than two such rows.

    Notes
    -----
    Hubert and Arabie (1985), doi:10.1007/BF01908075.
    """
    both = (first >= 0) & (second >= 0)
    n = int(both.sum())
    if n < 2:
        return None
    a, b = first[both].astype(np.int64), second[both].astype(np.int64)
    cells = np.unique(a * (int(b.max()) + 1) + b, return_counts=True)[1]
    together, in_a, in_b = (_pairs(c) for c in (cells, np.bincount(a), np.bincount(b)))
    expected = in_a * in_b / (n * (n - 1) / 2)
    most = (in_a + in_b) / 2
    return 1.0 if most == expected else float((together - expected) / (most - expected))


def _pairs(counts: np.ndarray) -> float:
    """Return how many pairs lie in groups of these sizes."""
    sizes = counts.astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())
