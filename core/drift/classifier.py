"""The classifier two-sample test: can a linear model tell which set an image is from?

The model is fitted on half of the units and asked about the other half, so that its p is exact; the
area under the curve is how well it can, .5 not at all, 1 always.
"""

import numpy as np

from core.drift.result import DriftTest, undefined
from core.drift.units import Sides

NAME = "Classifier test"
#: Images that the model is fitted on at most; more cost time and change little.
MOST = 20_000
#: An AUC below which a model tells two sets apart hardly better than by chance.
BY_CHANCE = 0.6


def classifier_test(points: np.ndarray, sides: Sides, *, seed: int = 0) -> DriftTest:
    """Test two sets by a logistic regression that has not seen half of the units.

    Parameters
    ----------
    points
        Shape `(n, d)`: the images of both.
    sides
        Which is which; whole units are fitted on or asked about.

    Returns
    -------
    DriftTest
        Effect is the AUC over units with DeLong's 95 % interval; p is one-sided, Mann and
        Whitney's, exact where a side has few units.

    Notes
    -----
    Lopez-Paz and Oquab (2017), arXiv:1610.06545; DeLong, DeLong and Clarke-Pearson (1988),
    doi:10.2307/2531595.
    """
    from scipy.stats import mannwhitneyu
    from sklearn.linear_model import LogisticRegression

    if sides.too_few:
        return undefined(NAME, sides.too_few)
    points = np.asarray(points, np.float64)
    if float(points.var(axis=0).sum()) < 1e-12:
        return undefined(NAME, "all images are the same")
    fitted = _half(sides, seed)[sides.unit]
    rows = np.flatnonzero(fitted)
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    points = points - points[rows].mean(axis=0)
    # one scale for all: with each component on its own, noise weighs as much as what differs
    spread = np.square(points[rows]).sum(axis=1).mean()
    points *= np.sqrt(points.shape[1] / max(float(spread), 1e-12))
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    model.fit(points[rows], sides.second[rows])
    asked = np.flatnonzero(~fitted)
    score = model.decision_function(points[asked])
    names, place = np.unique(sides.unit[asked], return_inverse=True)
    mean = np.bincount(place, score) / np.bincount(place)
    two = sides.of_unit[names]
    area, low, high = delong(mean[~two], mean[two])
    p = float(mannwhitneyu(mean[two], mean[~two], alternative="greater").pvalue)
    return DriftTest(NAME, area, "AUC", low, high, area, p, None, 0.0, 0)


def _half(sides: Sides, seed: int) -> np.ndarray:
    """Return the units that are fitted on `(units,)`: half of each side."""
    rng = np.random.default_rng(seed)
    fitted = np.zeros(len(sides.of_unit), bool)
    for side in (False, True):
        mine = rng.permutation(np.flatnonzero(sides.of_unit == side))
        fitted[mine[: len(mine) // 2]] = True
    return fitted


def delong(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Return the AUC of scores of two groups with DeLong's 95 % interval.

    Ranks of both together and of each alone give the components (Sun and Xu 2014,
    doi:10.1109/LSP.2014.2337313).
    """
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    together = rankdata(np.concatenate([first, second]))
    above = (together[n:] - rankdata(second)) / n
    below = 1 - (together[:n] - rankdata(first)) / m
    area = float(above.mean())
    error = np.sqrt(below.var(ddof=1) / n + above.var(ddof=1) / m) if min(n, m) > 1 else np.nan
    return area, float(max(0.0, area - 1.959964 * error)), float(min(1.0, area + 1.959964 * error))
