"""Which clusters grew, shrank, are new or are gone, with the interval of the change."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from core.drift.occupancy import Occupancy
from core.drift.units import Sides
from core.quality.balance import wilson

State = Literal["new", "grew", "same", "shrank", "gone"]
#: A cluster of which one side has less than this part of the other side's share is new or gone.
TRACE = 0.1
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """How the share of one cluster differs between two sides.

    Attributes
    ----------
    cluster
        Its code.
    first, second
        Images on each side.
    share_first, share_second
        Share of the side's images.
    low, high
        95 % interval of `share_second` − `share_first`.
    residual, p_adjusted
        Standardised residual of the second side, and its p after Holm (`Occupancy`).
    state
        "same" where p is not below .05; "new" and "gone" where one side has less than a tenth of
        the other's share.
    """

    cluster: int
    first: int
    second: int
    share_first: float
    share_second: float
    low: float
    high: float
    residual: float
    p_adjusted: float
    state: State


def changes(clusters: np.ndarray, sides: Sides, found: Occupancy) -> list[Change]:
    """Return how each cluster changed, in the order of codes.

    Parameters
    ----------
    clusters
        Codes `(n,)` from 0.
    sides
        Which image is of which side and unit.
    found
        The test of occupancy of the same clusters.

    Notes
    -----
    The interval is Newcombe's hybrid of two score intervals (1998, doi:10.1002/(SICI)1097-0258
    (19980430)17:8<873::AID-SIM779>3.0.CO;2-I), each side's with as many images as its share,
    estimated from whole units, is worth (Kish 1965): images of one unit come and go together.
    """
    clusters = np.asarray(clusters, np.int64)
    totals = int((~sides.second).sum()), int(sides.second.sum())
    lines = []
    for code in range(len(found.first)):
        counts = int(found.first[code]), int(found.second[code])
        shares = [count / max(1, total) for count, total in zip(counts, totals, strict=True)]
        scores = [
            wilson(shares[side], _worth(clusters == code, sides, bool(side), shares[side]))
            for side in (0, 1)
        ]
        (low1, high1), (low2, high2) = scores
        gap = shares[1] - shares[0]
        low = gap - sqrt((shares[1] - low2) ** 2 + (high1 - shares[0]) ** 2)
        high = gap + sqrt((high2 - shares[1]) ** 2 + (shares[0] - low1) ** 2)
        p = float(found.residual_p[code])
        lines.append(
            Change(code, counts[0], counts[1], shares[0], shares[1], low, high,
                   float(found.residual[code]), p, _state(shares[0], shares[1], p))
        )  # fmt: skip
    return lines


def _state(first: float, second: float, p: float) -> State:
    if p >= ALPHA or first == second:
        return "same"
    if first < TRACE * second:
        return "new"
    if second < TRACE * first:
        return "gone"
    return "grew" if second > first else "shrank"


def _worth(inside: np.ndarray, sides: Sides, second: bool, share: float) -> int:
    """Return how many single images a side's share is worth."""
    mine = sides.second == second
    units = sides.unit[mine]
    size = np.bincount(units, minlength=len(sides.of_unit))
    held = np.bincount(units, inside[mine], len(sides.of_unit))
    there = size > 0
    count, total = int(there.sum()), float(size.sum())
    if count < 2 or share in (0.0, 1.0):
        return max(1, count)
    residual = held[there] - share * size[there]
    variance = count / (count - 1) * float((residual**2).sum()) / total**2
    return round(max(1.0, min(total, share * (1 - share) / max(variance, 1e-300))))
