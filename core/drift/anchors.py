"""How different is "different"? The same measure for differences that one can picture."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.drift.draws import chosen, discrepancies, kernel_table
from core.drift.kernel import square_distances
from core.progress import Progress

STAGE = "scale"
#: Draws of each anchor; images a side in a draw; shares that are replaced.
DRAWS, IMAGES, SHARES = 20, 500, (0.01, 0.05, 0.2)
#: Units of each side that samples are drawn from at most.
FROM = 1500


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the measure gives for a known difference: mean, and 95 % of the draws."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The measure of two sets beside known differences.

    Attributes
    ----------
    value, low, high
        Unbiased MMD² of the two, mean and 95 % of the draws.
    anchors
        Half of the first set against the other half; the same with 1, 5 and 20 % replaced by
        images of the second; and changed pictures against the same pictures as they are.
    images
        Images a side in each draw.
    """

    value: float
    low: float
    high: float
    anchors: tuple[Anchor, ...]
    images: int


def scale_of(
    first: np.ndarray,
    second: np.ndarray,
    scale: float,
    changed: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Scale | None:
    """Return the difference of two sets beside known ones, all with as many images a side.

    Parameters
    ----------
    first, second
        Points of the units `(n, d)`, `(m, d)`.
    scale
        The kernel's squared width, of the pool of both.
    changed
        By name: pictures of the first set as they are, and as changed `(k, d)` each.

    Returns
    -------
    Scale or None
        None where the first set has fewer than 20 units, or the second fewer than 10.
    """
    size = min(IMAGES, len(first) // 2, len(second))
    if len(first) < 20 or size < 10:
        return None
    rng = np.random.default_rng(seed)
    (progress or Progress()).report(STAGE)
    one, two = (
        side if len(side) <= FROM else side[rng.permutation(len(side))[:FROM]]
        for side in (np.asarray(first, np.float64), np.asarray(second, np.float64))
    )
    size = min(size, len(one) // 2)
    table, total = kernel_table(np.concatenate([one, two]), scale), len(one) + len(two)
    halves = np.array([rng.permutation(len(one))[: 2 * size] for _ in range(draws)])
    strange = np.array([len(one) + rng.permutation(len(two))[:size] for _ in range(draws)])
    half, other = chosen(halves[:, :size], total), halves[:, size:]
    whole = discrepancies(table, half, chosen(strange, total))
    by_share = {}
    for share in (0.0, *SHARES):
        count = max(round(share * size), int(share > 0))
        mixed = np.concatenate([other[:, count:], strange[:, :count]], axis=1)
        by_share[share] = discrepancies(table, half, chosen(mixed, total))
    told = {0.0: "two halves of the first set"}
    told |= {share: f"{100 * share:.0f} % replaced by the second set" for share in SHARES}
    anchors = [_anchor(told[share], values) for share, values in by_share.items()]
    for name, (as_is, after) in (changed or {}).items():
        if min(len(as_is), len(after)) >= 10:
            anchors.append(_anchor(name, _halves(as_is, after, scale, draws, rng)))
    return Scale(float(np.mean(whole)), *_range(whole), tuple(anchors), size)


def discrepancy(first: np.ndarray, second: np.ndarray, scale: float) -> float:
    """Return the unbiased MMD² of two sets with kernel exp(−d² / scale)."""
    n, m = len(first), len(second)
    table = np.exp(-square_distances(np.concatenate([first, second])) / scale)
    own = (table[:n, :n].sum() - n) / (n * (n - 1)) + (table[n:, n:].sum() - m) / (m * (m - 1))
    return float(own - 2 * table[:n, n:].mean())


def _halves(
    as_is: np.ndarray, after: np.ndarray, scale: float, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the measure for pictures against other pictures that were changed."""
    n, total = len(as_is), len(as_is) + len(after)
    table = kernel_table(np.concatenate([as_is, after]).astype(np.float64), scale)
    order = np.array([rng.permutation(n) for _ in range(draws)])
    one, two = order[:, : n // 2], n + order[:, n // 2 :]
    return discrepancies(table, chosen(one, total), chosen(two, total))


def _anchor(name: str, values: np.ndarray) -> Anchor:
    return Anchor(name, float(np.mean(values)), *_range(values))


def _range(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
