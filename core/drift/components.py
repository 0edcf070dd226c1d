"""One direction at a time: Kolmogorov and Smirnov on components, and sliced distances."""

from dataclasses import dataclass

import numpy as np

from core.quality.balance import holm

#: Components looked at, and directions of the sliced distance.
COMPONENTS, SLICES = 20, 500
#: Units of a side up to which the p of a component is exact.
EXACT = 500


@dataclass(frozen=True, slots=True)
class ComponentTests:
    """A test of each component: statistic, p after Holm, share of variance, all `(m,)`."""

    statistic: np.ndarray
    p: np.ndarray
    share: np.ndarray


def component_tests(
    points: np.ndarray, second: np.ndarray, components: int = COMPONENTS
) -> ComponentTests:
    """Compare two sets along the principal components of both together.

    Parameters
    ----------
    points
        Shape `(n, d)`: one row a unit, since images of one unit are no separate witnesses.
    second
        Shape `(n,)` bool.

    Notes
    -----
    Two-sample tests of Kolmogorov and Smirnov, Holm's adjustment over the components.
    """
    from scipy.stats import ks_2samp

    points = np.asarray(points, np.float64)
    centred = points - points.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    kept = int(min(components, (values > 1e-9 * max(values[0], 1e-300)).sum()))
    along = centred @ axes[:kept].T
    # the exact p of many units costs seconds and is the same to three digits
    how = "auto" if max((~second).sum(), second.sum()) <= EXACT else "asymp"
    found = [ks_2samp(column[~second], column[second], method=how) for column in along.T]
    p = np.array([float(one.pvalue) for one in found])
    share = values[:kept] ** 2 / max(float((values**2).sum()), 1e-300)
    return ComponentTests(np.array([float(one.statistic) for one in found]), holm(p), share)


def sliced_distance(
    first: np.ndarray, second: np.ndarray, *, slices: int = SLICES, seed: int = 0
) -> float:
    """Return the sliced Wasserstein distance of order 2.

    The root of the mean over random directions of the squared distance between the sorted
    projections, at 1,000 quantiles (Bonneel et al. 2015, doi:10.1007/s10851-014-0506-3).
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    rng = np.random.default_rng(seed)
    ways = rng.standard_normal((first.shape[1], slices))
    ways /= np.linalg.norm(ways, axis=0)
    if len(first) == len(second):
        gap = np.sort(first @ ways, axis=0) - np.sort(second @ ways, axis=0)
    else:
        at = (np.arange(1000) + 0.5) / 1000
        gap = np.quantile(first @ ways, at, axis=0) - np.quantile(second @ ways, at, axis=0)
    return float(np.sqrt((gap**2).mean()))
