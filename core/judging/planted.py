"""Whether drift that is planted is seen: a test of 100 images against 100, many times.

A class is given more room in one of the two samples, by a known share; how often the kernel test
of Drift tells the two apart says which encoder sees a change in the mix of classes.
"""

import numpy as np

from core.drift.draws import chosen, discrepancies, kernel_table
from core.drift.kernel import bandwidth, square_distances
from core.judging.figure import Figure, between, nothing, parts_of, percent, share_of_means

STAGE = "planted drift"
#: Images a side, shares planted, draws of each, and arrangements of each test.
SIDE, SHARES, DRAWS, PERMUTATIONS = 100, (0.05, 0.1, 0.2, 0.4), 50, 199
ALPHA = 0.05
#: The share that the sentence tells of.
TOLD = 0.2


def planted_drift(
    unit: np.ndarray, codes: np.ndarray, units: np.ndarray, *, seed: int = 0
) -> Figure:
    """Return how often a planted change of the mix of classes is seen.

    Parameters
    ----------
    unit
        Unit vectors `(m, d)`.
    codes, units
        Label, below 0 for none, and unit of each `(m,)`; no unit is on both sides.

    Returns
    -------
    Figure
        The mean over planted shares of 5, 10, 20 and 40 % of the share of draws with p ≤ .05; the
        same draws for every encoder of the same images and seed.
    """
    labelled = np.flatnonzero(np.asarray(codes) >= 0)
    side = min(SIDE, len(labelled) // 4)
    if side < 20 or len(np.unique(codes[labelled])) < 2:
        return nothing("Planting drift needs two labels and 80 labelled images.")
    seen: dict[float, list[float]] = {share: [] for share in SHARES}
    for draw in range(DRAWS):
        rng = np.random.default_rng([seed, draw])
        for share in SHARES:
            found = _draw(codes, units, labelled, side, share, rng)
            if found is None:
                continue
            p = _p(unit[np.concatenate(found)], len(found[0]), rng)
            seen[share].append(float(p <= ALPHA))
    every = [one for values in seen.values() for one in values]  # in the order of the seed
    if len(every) < DRAWS:
        return nothing("No label has images enough to be planted.")
    by_share = {share: float(np.mean(values)) for share, values in seen.items() if values}
    value, low, high, count = share_of_means(np.array(every))
    text = (
        f"{percent(value)}{between(low, high)} of planted changes are seen by a test of {side} "
        f"against {side} images"
    )
    if TOLD in by_share:
        text += f"; of those that give one label {percent(TOLD)} more, {percent(by_share[TOLD])}"
    details = {"by_share": {f"{share:g}": by_share[share] for share in by_share}, "side": side,
               "draws": DRAWS, "permutations": PERMUTATIONS}  # fmt: skip
    return Figure(value, low, high, ALPHA, count, f"{text}.", details, parts_of(np.array(every)))


def _draw(
    codes: np.ndarray,
    units: np.ndarray,
    labelled: np.ndarray,
    side: int,
    share: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return two samples of one image a unit; one label has a larger share of the second."""
    order = rng.permutation(labelled)
    order = order[np.unique(units[order], return_index=True)[1]]  # one image of each unit
    order = rng.permutation(order)
    extra = max(1, round(share * side))
    label = codes[order]
    counts = np.bincount(label)
    # enough of it must be left over for the extra ones, beside its usual share of both sides
    able = np.flatnonzero(counts >= extra + 2 * side * counts / max(1, len(order)))
    if not len(able):
        return None
    planted = rng.choice(able)
    mine = order[label == planted]
    extras, rest = mine[:extra], np.concatenate([mine[extra:], order[label != planted]])
    rest = rng.permutation(rest)
    if len(rest) < 2 * side - extra:
        return None
    first = rest[:side]
    return first, np.concatenate([extras, rest[side : 2 * side - extra]])


def _p(points: np.ndarray, first: int, rng: np.random.Generator) -> float:
    """Return the p-value of the kernel test of the first rows against the others."""
    total = len(points)
    table = kernel_table(points, bandwidth(square_distances(points)))
    deals = np.stack([np.arange(total), *(rng.permutation(total) for _ in range(PERMUTATIONS))])
    one = chosen(deals[:, :first], total)
    found = discrepancies(table, one, 1 - one)
    return float((1 + (found[1:] >= found[0] - 1e-10).sum()) / (PERMUTATIONS + 1))
