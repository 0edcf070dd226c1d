"""Which groups of images grew or shrank: counts of each cluster on the two sides.

Images of one unit come and go together, so that p is found by dealing units; residuals of single
clusters get theirs in the same splits.
"""

from dataclasses import dataclass

import numpy as np

from core.drift.result import DriftTest, permuted, undefined
from core.drift.units import Sides, complete, deals, least_p
from core.progress import Progress
from core.quality.balance import holm
from core.quality.threads import calm_threads

STAGE, NAME = "two-sample test", "Occupancy of clusters"
#: Clusters of the pool.
CLUSTERS = 20


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Counts of clusters on two sides.

    Attributes
    ----------
    test
        χ² over all clusters; effect Cramér's V.
    first, second
        Images of each cluster on each side `(m,)`.
    residual
        Standardised residual of the second side `(m,)`: above 0 a cluster grew.
    residual_p
        Its two-sided p by the same splits, after Holm over the clusters.
    """

    test: DriftTest
    first: np.ndarray
    second: np.ndarray
    residual: np.ndarray
    residual_p: np.ndarray


def pooled_clusters(points: np.ndarray, clusters: int = CLUSTERS, seed: int = 0) -> np.ndarray:
    """Return the k-means cluster of each image `(n,)`, fitted on both sets together.

    Clusters fitted on one set alone would favour it.
    """
    from sklearn.cluster import KMeans

    count = max(1, min(clusters, len(np.unique(points, axis=0))))
    model = KMeans(count, n_init=4, random_state=seed)
    with calm_threads(np.size(points)):
        return np.asarray(model.fit_predict(np.asarray(points, np.float64)), np.int64)


def occupancy_test(
    clusters: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> Occupancy:
    """Test whether the two sides fill the clusters alike.

    Parameters
    ----------
    clusters
        Codes `(n,)` from 0, of clusters found on both sides together.
    sides
        Which is which; whole units are dealt anew.

    Notes
    -----
    Haberman (1973), doi:10.2307/2529686 (standardised residuals); Holm (1979).
    """
    clusters = np.asarray(clusters, np.int64)
    m = int(clusters.max(initial=0)) + 1
    hot = (clusters[:, None] == np.arange(m)).astype(np.float64)
    size = hot.sum(axis=0)
    count = (sides.second @ hot, (~sides.second) @ hot)
    nothing = np.zeros(m)
    why = sides.too_few or ("" if (size > 0).sum() > 1 else "there is one cluster only")
    if why:
        return Occupancy(undefined(NAME, why), count[1], count[0], nothing, np.ones(m))
    n = float(len(clusters))

    def residuals(second: np.ndarray) -> np.ndarray:
        b = second.sum(axis=1, keepdims=True)
        expected = b * size / n
        spread = np.sqrt(np.maximum(expected * (1 - size / n) * (1 - b / n), 1e-300))
        found: np.ndarray = np.where(size > 0, (second @ hot - expected) / spread, 0.0)
        return found

    def statistic(residual: np.ndarray) -> np.ndarray:
        """Return χ² from standardised residuals: of each (1 − share) times its square."""
        total: np.ndarray = (residual**2 * (1 - size / n)).sum(axis=1)
        return total

    progress = progress or Progress()
    observed = residuals(sides.second[None])
    whole = float(statistic(observed)[0])
    others, larger, done = [], np.zeros(m), 0
    for dealt in deals(sides, permutations, seed):
        progress.report(STAGE, done, permutations)
        done += len(dealt)
        shown = residuals(dealt)
        others.append(statistic(shown))
        larger += (np.abs(shown) >= np.abs(observed) - 1e-10).sum(axis=0)
    values = np.concatenate(others or [np.zeros(0)])
    v = float(np.sqrt(whole / n))
    least = least_p(sides, permutations)
    test = permuted(NAME, v, "Cramér's V", whole, values, least, complete(sides))
    return Occupancy(test, count[1], count[0], observed[0], holm((1 + larger) / (done + 1)))
