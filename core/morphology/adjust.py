"""p-values of one table, adjusted for how many of them there are."""

from collections.abc import Sequence

import numpy as np


def adjusted(p: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted for the false discovery rate of their table.

    None stays None and is not counted. Benjamini and Hochberg (1995),
    doi:10.1111/j.2517-6161.1995.tb02031.x.

    >>> adjusted([0.01, None, 0.04, 0.03])
    [0.03, None, 0.04, 0.04]
    """
    known = [at for at, one in enumerate(p) if one is not None]
    values = np.array([p[at] for at in known], np.float64)
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(len(values), 0, -1)
    least = np.minimum.accumulate(values[order] * len(values) / ranks)
    found: list[float | None] = [None] * len(p)
    for place, value in zip(order.tolist(), least.tolist(), strict=True):
        found[known[place]] = min(1.0, value)
    return found
