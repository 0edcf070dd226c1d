"""Sparse, dense and single micro-clusters: where a set is thin, where it repeats itself.

Sparse clusters have at most three items, or a density in the lowest decile of the clusters; dense
ones a density in the highest. Density is 1 / mean distance to the ten nearest neighbours anywhere.
"""

from typing import Literal

import numpy as np
import pandas as pd

from core.errors import InputError

Crowd = Literal["sparse", "dense", "single"]
CROWDS: tuple[Crowd, ...] = ("sparse", "dense", "single")

#: Most items of a cluster that is sparse whatever its density, and the share of clusters that
#: makes the thin and the crowded end.
FEW = 3
DECILE = 0.1


def crowd_of(table: pd.DataFrame, kind: Crowd) -> np.ndarray:
    """Return the clusters of a crowd, those first that show it most.

    Parameters
    ----------
    table
        As `core.clusters.table` makes it: `cluster`, `size` and `density` (NaN if unknown).
    kind
        "sparse" and "single" come with the least dense first, "dense" with the densest.

    Returns
    -------
    numpy.ndarray
        Cluster numbers, int64; of equally dense ones the smaller first, then by number.

    Raises
    ------
    InputError
        There is no such crowd.
    """
    sizes = table["size"].to_numpy(np.int64)
    density = table["density"].to_numpy(np.float64)
    there = sizes > 0
    if kind == "single":
        chosen = sizes == 1
    elif kind == "sparse":
        low, high = _ends(density[there])
        chosen = there & ((sizes <= FEW) | ((density <= low) & (density < high)))
    elif kind == "dense":
        low, high = _ends(density[there])
        chosen = there & (density >= high) & (density > low)
    else:
        raise InputError(f"crowd {kind!r}: use one of {', '.join(CROWDS)}")
    rows = np.flatnonzero(chosen)
    rank = np.nan_to_num(density[rows], nan=np.inf) * (-1 if kind == "dense" else 1)
    order = np.lexsort((table["cluster"].to_numpy()[rows], sizes[rows], rank))
    numbers: np.ndarray = table["cluster"].to_numpy(np.int64)[rows[order]]
    return numbers


def _ends(density: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest decile of known densities; NaN where none is known."""
    known = density[np.isfinite(density)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [DECILE, 1 - DECILE])
    return float(low), float(high)
