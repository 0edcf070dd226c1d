"""How near the images of a set are to each other, for moving the threshold of near-duplicates."""

from typing import Any

import numpy as np

#: Bars of a histogram, and the pairs that a check keeps at most.
BINS, MOST_PAIRS = 60, 1_000_000


def histogram(check: Any, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Count the distances from each image to the one nearest to it.

    Returns
    -------
    edges : numpy.ndarray
        float64 `(bins + 1,)`, from 0; all zero where no distance is known.
    counts : numpy.ndarray
        int64 `(bins,)`.
    """
    nearest = _nearest(check)
    top = float(nearest[-1]) if len(nearest) else 0.0
    if top <= 0:
        counts = np.zeros(bins, np.int64)
        counts[0] = len(nearest)
        return np.zeros(bins + 1), counts
    counts, edges = np.histogram(nearest, bins=bins, range=(0.0, top))
    return edges, counts


def at_threshold(check: Any, tau: float) -> tuple[int, int]:
    """Count what would be near-duplicates at a threshold: (pairs, images in them).

    Of pairs that lie further apart than any that the check kept (`reach`) only the images are
    counted, and the pairs that are known.
    """
    if check.duplicates is None:
        return 0, 0
    distance = check.duplicates.arrays["pair_distance"]
    pairs = int(np.searchsorted(distance, tau, side="right"))
    if pairs < len(distance):
        return pairs, int(np.searchsorted(_first_pairs(check), pairs, side="left"))
    known = len(_first_pairs(check))
    return pairs, max(known, int(np.searchsorted(_nearest(check), tau, side="right")))


def reach(check: Any) -> float:
    """Return up to which threshold the pairs of a check are all known."""
    if check.duplicates is None:
        return 0.0
    meta, distance = check.duplicates.meta, check.duplicates.arrays["pair_distance"]
    if len(distance) >= MOST_PAIRS:
        return float(distance[-1])
    return float(meta.get("reach") or 1.0) * float(meta["tau"])


def _nearest(check: Any) -> np.ndarray:
    """Return the distances from each image to its nearest, ascending; unknown ones left out."""
    if check.duplicates is None:
        return np.zeros(0)

    def make() -> np.ndarray:
        values = np.asarray(check.duplicates.arrays["nearest"], dtype=np.float64)
        return np.sort(values[np.isfinite(values)])

    found: np.ndarray = check.once("nearest", make)
    return found


def _first_pairs(check: Any) -> np.ndarray:
    """Return, ascending, the place of the first pair that each image is in: int64."""

    def make() -> np.ndarray:
        pairs = np.asarray(check.duplicates.arrays["pairs"], dtype=np.int64)
        first: np.ndarray = np.unique(pairs.ravel(), return_index=True)[1] // 2
        return np.sort(first)

    found: np.ndarray = check.once("first pairs", make)
    return found
