"""How many images a batch needs for a change of some size to be seen."""

import numpy as np


def classifier_power(share: float, n: int, auc_of_new: float = 1.0, alpha: float = 0.05) -> float:
    """Return the power of the classifier test where a share of a batch is new.

    Parameters
    ----------
    share
        Share of the batch that is of the new kind, 0 to 1.
    n
        Units of each side that the model is asked about.
    auc_of_new
        How well the model tells the new kind from the old, .5 to 1.

    Notes
    -----
    The AUC is ½ + share (AUC_new − ½). Its standard error where nothing differs is √(1 / 6n), and
    at an area A that of Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747.
    """
    from scipy.stats import norm

    area = 0.5 + share * (auc_of_new - 0.5)
    null = np.sqrt((2 * n + 1) / (12 * n * n))
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    error = np.sqrt(
        (area * (1 - area) + (n - 1) * (one - area**2) + (n - 1) * (two - area**2)) / n**2
    )
    return float(norm.sf((norm.isf(alpha) * null - (area - 0.5)) / max(error, 1e-12)))


def images_needed(
    share: float, auc_of_new: float = 1.0, power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Return the fewest units of each side for that power; None where more than ten million."""
    low, high = 2, 2
    while classifier_power(share, high, auc_of_new, alpha) < power:
        low, high = high, high * 2
        if high > 10_000_000:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if classifier_power(share, middle, auc_of_new, alpha) < power:
            low = middle
        else:
            high = middle
    return high
