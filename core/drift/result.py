"""What a test of two sets says: how much they differ first, then how sure that is."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class DriftTest:
    """One test of two sets.

    Attributes
    ----------
    name
        Method, in words.
    effect, effect_name, low, high
        Size of the difference, what it is, and its 95 % interval where the method has one.
    statistic
        What was compared with other splits.
    p, p_min, p_error
        p-value, the least that could be, and its Monte Carlo standard error; None where undefined.
    permutations
        Splits looked at beside the observed one; 0 where p is exact.
    status, notice
        "undefined" where nothing can be said, and why.
    """

    name: str
    effect: float | None
    effect_name: str
    low: float | None
    high: float | None
    statistic: float | None
    p: float | None
    p_min: float | None
    p_error: float | None
    permutations: int
    status: Literal["ok", "undefined"] = "ok"
    notice: str = ""


def undefined(name: str, why: str) -> DriftTest:
    """Return a test that has no answer, and why."""
    return DriftTest(name, None, "", None, None, None, None, None, None, 0, "undefined", why)


def permuted(
    name: str,
    effect: float,
    effect_name: str,
    statistic: float,
    others: np.ndarray,
    p_min: float,
    exact: bool = False,
) -> DriftTest:
    """Return a test from its statistic in other splits; larger is more different."""
    slack = 1e-10 * max(1.0, abs(statistic))
    p = (1 + int((others >= statistic - slack).sum())) / (len(others) + 1)
    error = 0.0 if exact else sqrt(p * (1 - p) / max(1, len(others)))
    return DriftTest(name, effect, effect_name, None, None, statistic, p, p_min, error, len(others))
