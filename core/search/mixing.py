"""Words beside pictures in one query, and where what stands out for words ends; NumPy only.

A text tower puts words in another region of the space than pictures: every picture is far from
every word, and a little less far from the right one (the modality gap; Liang et al. 2022). Bare
distances from a word and from a picture therefore do not compare, nor do those from two words. Each
example's distances are put on one scale first, so that the nearest fiftieth of the set is equally
near to each:

    d'(x) = m0 + (d(x) − m) · s0 / s,   m the median of d over the set,
                                        s the median less the .02 quantile,

with m0, s0 of the first positive words, whose distances so stay as they are. Why this scale, with
figures: docs/methods/search.md.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from core.search.ranking import chordal

#: Items from which the scale of an example is taken, spread evenly over larger sets.
SAMPLE = 20_000

#: The quantile of distances that counts as near, in the scale of an example.
_NEAR = 0.02

#: Fewest items that can stand out, and the largest share of all that can.
LEAST, MOST = 3, 0.9

#: Least variance of a side, as a share of that of all: items that are all but equal are no group.
_FLOOR = 0.0025


def sampled_rows(total: int) -> np.ndarray:
    """Return the rows, ascending int64, from which scales are taken."""
    return np.unique(np.linspace(0, total - 1, min(total, SAMPLE)).round().astype(np.int64))


def scales_of(cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and near-side spread `(e,)` of distances, from cosines `(n, e)`."""
    distances = chordal(np.asarray(cosines, np.float64))
    near, middle = np.quantile(distances, [_NEAR, 0.5], axis=0)
    spread = middle - near
    return middle, np.where(spread > 1e-9, spread, 1.0)


def mixed_distances(
    n_items: int,
    cosine_blocks: Iterable[tuple[slice, np.ndarray]],
    n_positives: int,
    scales: tuple[np.ndarray, np.ndarray],
    reference: int,
    *,
    every: bool = False,
) -> np.ndarray:
    """Return how far every item is from examples of several kinds.

    The rule is that of `core.search.ranking`, on distances put on one scale.

    Parameters
    ----------
    n_items
        Items of the set.
    cosine_blocks
        Slices of rows, together all, each with the cosines `(rows, p + q)` between its items and
        the examples, the p positives first.
    n_positives
        p, at least 1.
    scales
        Median and spread of each example's distances, as `scales_of` returns them.
    reference
        The example whose scale is taken.
    every
        Whether items should be near to all positives (their mean distance) and not to one.

    Returns
    -------
    numpy.ndarray
        Shape `(n_items,)` float64, in row order; may be below 0 for items very near to a picture.
    """
    found = np.empty(n_items, np.float64)
    middle, spread = scales
    for part, cosines in cosine_blocks:
        standard = (chordal(cosines) - middle) / spread
        scaled = middle[reference] + spread[reference] * standard
        like = scaled[:, :n_positives]
        distances = like.mean(axis=1) if every else like.min(axis=1)
        if cosines.shape[1] > n_positives:
            nearer = distances - scaled[:, n_positives:].min(axis=1)
            distances = distances + np.maximum(nearer, 0.0)
        found[part] = distances
    return found


def standing_out(distances: np.ndarray) -> float | None:
    """Return the distance at which what stands out for words ends; None if nothing does.

    The distances are split in two where two normal distributions, one a side, leave the least
    error (Kittler and Illingworth 1986, eq. 8); the split counts if it describes them better than
    one normal distribution does, by more than its three further parameters cost (BIC).

    Parameters
    ----------
    distances
        Of all items, ascending `(n,)`.
    """
    total = len(distances)
    if total < 3 * LEAST:
        return None
    values = np.asarray(distances, np.float64) - float(np.median(distances))
    whole = float(values.var())
    if whole <= 1e-12:
        return None
    sums, squares = np.cumsum(values), np.cumsum(values * values)
    near = np.arange(LEAST, min(total - LEAST, int(MOST * total)) + 1)
    far = total - near
    floor = _FLOOR * whole
    inside = _variance(sums[near - 1], squares[near - 1], near, floor)
    outside = _variance(sums[-1] - sums[near - 1], squares[-1] - squares[near - 1], far, floor)
    first, second = near / total, far / total
    error = first * np.log(inside / first**2) + second * np.log(outside / second**2)
    error[np.diff(values)[near - 1] <= 0] = np.inf  # equal distances stay together
    best = int(np.argmin(error))
    if total * (np.log(whole) - error[best]) <= 3 * np.log(total):
        return None
    return float(distances[near[best] - 1])


def _variance(sums: np.ndarray, squares: np.ndarray, counts: np.ndarray, floor: float) -> Any:
    """Return variances from sums and sums of squares; never below what equal items would have."""
    return np.maximum(squares / counts - (sums / counts) ** 2, floor)
