"""What this sample could have shown: differences planted into the reference, and how often seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.drift.draws import chosen, discrepancies, kernel_table
from core.drift.kernel import bandwidth, square_distances
from core.progress import Progress

STAGE = "power"
#: Repeats of each share; pairs of them that are split anew, and how often; units a side at most.
REPEATS, PAIRS, PERMUTATIONS, MOST = 100, 5, 199, 500
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class Power:
    """How often MMD² at level .05 sees a share of strangers in a batch.

    Attributes
    ----------
    shares, power
        Planted shares, and the part of the repeats in which they were seen.
    seen
        The least share with power .8 or more, on the line between planted ones; None where none.
    units
        Units of the batch, and of the reference it is held against.
    """

    shares: tuple[float, ...]
    power: tuple[float, ...]
    seen: float | None
    units: tuple[int, int]


def planted_power(
    reference: np.ndarray,
    strangers: np.ndarray,
    units: int,
    *,
    shares: Sequence[float] = SHARES,
    repeats: int = REPEATS,
    alpha: float = 0.05,
    seed: int = 0,
    progress: Progress | None = None,
) -> Power | None:
    """Plant strangers into batches of the reference, and count how often they are seen.

    Parameters
    ----------
    reference, strangers
        Points of units `(n, d)`, `(m, d)`: the known set, and what may come.
    units
        Units of a batch; at most half of the reference, and 500.

    Returns
    -------
    Power or None
        None where reference or strangers have fewer than 20 units.
    """
    if min(len(reference), len(strangers)) < 20 or units < 10:
        return None
    rng = np.random.default_rng(seed)
    size = min(units, len(reference) // 2, MOST)
    one, two = (
        side if len(side) <= 2 * MOST else side[rng.permutation(len(side))[: 2 * MOST]]
        for side in (np.asarray(reference, np.float64), np.asarray(strangers, np.float64))
    )
    rest, known = min(len(one) - size, MOST), len(one)
    points = np.concatenate([one, two])
    table = kernel_table(points, bandwidth(square_distances(points)))
    progress = progress or Progress()
    found = []
    for at, share in enumerate(shares):
        progress.report(STAGE, at, len(shares))
        count = min(max(1, round(share * size)), len(two))
        held, batches = [], []
        for _ in range(repeats):
            order = rng.permutation(known)
            new = known + rng.choice(len(two), count, replace=False)
            held.append(order[:rest])
            batches.append(np.concatenate([order[rest : rest + size - count], new]))
        found.append(_seen(table, np.array(held), np.array(batches), alpha, rng))
    return Power(tuple(shares), tuple(found), reached(shares, found), (size, rest))


def _seen(
    table: np.ndarray,
    held: np.ndarray,
    batches: np.ndarray,
    alpha: float,
    rng: np.random.Generator,
) -> float:
    """Return the part of batches `(b, size)` that are seen to differ from `(b, rest)` of the known.

    What must be exceeded is the 1 − alpha quantile over splits of some of the pairs: those of one
    share differ little in it, and each pair's own would cost a hundred times as much.
    """
    total, rest = len(table), held.shape[1]
    observed = discrepancies(table, chosen(held, total), chosen(batches, total))
    dealt = []
    for one, two in zip(held[:PAIRS], batches[:PAIRS], strict=True):
        rows = np.tile(np.concatenate([one, two]), (PERMUTATIONS, 1))
        dealt.append(rng.permuted(rows, axis=1))
    splits = np.concatenate(dealt)
    others = discrepancies(table, chosen(splits[:, :rest], total), chosen(splits[:, rest:], total))
    return float((observed > np.quantile(others, 1 - alpha, method="higher")).mean())


def reached(shares: Sequence[float], power: Sequence[float], wanted: float = 0.8) -> float | None:
    """Return the share at which the line through the powers first reaches what is wanted."""
    for at, value in enumerate(power):
        if value >= wanted:
            if at == 0 or value == power[at - 1]:
                return float(shares[at])
            part = (wanted - power[at - 1]) / (value - power[at - 1])
            return float(shares[at - 1] + part * (shares[at] - shares[at - 1]))
    return None
