"""What a test says: effect first, with its units, permutations and warnings."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

#: Sum of squares below which all points count as one, and the fewest units of a group.
NOTHING, FEWEST = 1e-12, 3

Status = Literal["ok", "undefined"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test.

    Attributes
    ----------
    name
        Method, in words.
    effect, effect_name, effect_null
        Size of the effect, what it is, and what it is on average where nothing differs.
    statistic, statistic_name
        What was permuted.
    p, p_min, p_error
        p-value; the least one that these units could give; its Monte Carlo standard error, 0 where
        all arrangements were looked at.
    permutations
        How many arrangements beside the observed one were looked at.
    n_units
        Units compared.
    status, warnings
        "undefined" where there is nothing to test; why, and what to be careful of.
    """

    __test__ = False  # not a class of tests

    name: str
    effect: float | None
    effect_name: str
    effect_null: float | None
    statistic: float | None
    statistic_name: str
    p: float | None
    p_min: float | None
    p_error: float | None
    permutations: int
    n_units: int
    status: Status
    warnings: tuple[str, ...] = ()


def undefined(name: str, n_units: int, why: str) -> TestResult:
    """Return a test that has no answer, and why."""
    return TestResult(
        name, None, "", None, None, "", None, None, None, 0, n_units, "undefined", (why,)
    )


def p_value(observed: float, permuted: np.ndarray) -> float:
    """Return (1 + permuted ones at least as large) / (permuted ones + 1).

    What rounding made smaller by less than one part in 10¹⁰ counts as large. Phipson and Smyth
    (2010), doi:10.2202/1544-6115.1585: a permutation p is never 0.
    """
    slack = 1e-10 * max(1.0, abs(observed))
    return (1 + int((permuted >= observed - slack).sum())) / (len(permuted) + 1)


def p_error(p: float, permutations: int) -> float:
    """Return the Monte Carlo standard error of a p-value."""
    return sqrt(p * (1 - p) / max(1, permutations))


def why_undefined(points: np.ndarray, groups: np.ndarray) -> str:
    """Return why groups of points cannot be compared; "" where they can.

    Parameters
    ----------
    points
        Shape `(n, d)`, one a unit.
    groups
        Codes `(n,)` from 0.
    """
    counts = np.bincount(groups, minlength=1)
    if (counts > 0).sum() < 2:
        return "there are not two groups to compare"
    least = int(counts[counts > 0].min())
    if least < FEWEST:
        return f"a group has {least} unit{'s' * (least != 1)}: every group needs {FEWEST}"
    for part in (points[:64], points):  # more units only add to the sum of squares
        centred = part - part.mean(axis=0)
        if float(np.einsum("ij,ij->", centred, centred)) >= NOTHING:
            return ""
    return "all units lie in one place"


def least_p(p_min: float, alpha: float = 0.05) -> tuple[str, ...]:
    """Return the warning that p cannot be small, if it cannot."""
    if p_min <= alpha:
        return ()
    return (
        f"with so few units p cannot be below {p_min:.2g}: significance at {alpha} is out of reach",
    )
