"""Sizes of classes against the shares that are wanted; NumPy alone, so that a page may ask."""

import math
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.quality.balance import holm


@dataclass(frozen=True, slots=True)
class AgainstTarget:
    """How far the sizes of classes are from a target.

    Attributes
    ----------
    counts, expected
        Items of each class, and how many the target asks for among as many: `(m,)`.
    effective
        exp(H), the number of equally large classes with the same entropy.
    ratio
        Largest over smallest class.
    statistic, p
        χ² and its p, m − 1 degrees of freedom; None where there is one class.
    residual
        Standardised residual `(m,)`: above 0 there are more than the target asks.
    residual_p
        Two-sided p of each, by Holm over the classes.
    """

    counts: np.ndarray
    expected: np.ndarray
    effective: float
    ratio: float
    statistic: float | None
    p: float | None
    residual: np.ndarray
    residual_p: np.ndarray


def against_target(counts: np.ndarray, target: np.ndarray | None = None) -> AgainstTarget:
    """Compare the sizes of classes with a target.

    Parameters
    ----------
    counts
        Items (better: units) of each class `(m,)`, 0 or more, and one at least.
    target
        Wanted shares `(m,)`, above 0, scaled to sum to 1; equal ones if None.

    Raises
    ------
    InputError
        There is no item, or a share is not above 0.

    Notes
    -----
    The same figures as `core.quality.balance.class_balance`, without SciPy: the tail of χ² has a
    closed form for whole degrees of freedom (Abramowitz and Stegun 26.4.4 and 26.4.5).
    """
    counts = np.asarray(counts, dtype=np.int64)
    total = int(counts.sum())
    if not len(counts) or counts.min() < 0 or not total:
        raise InputError("class balance: needs classes with one item or more")
    shares = np.full(len(counts), 1 / len(counts)) if target is None else np.asarray(target, float)
    if len(shares) != len(counts) or not (np.isfinite(shares) & (shares > 0)).all():
        raise InputError(f"class balance: the target needs {len(counts)} shares above 0")
    expected = total * shares / shares.sum()
    held = counts[counts > 0] / total
    effective = float(np.exp(-(held * np.log(held)).sum()))
    ratio = float(counts.max() / counts.min()) if counts.min() else math.inf
    if len(counts) < 2:
        nothing = np.zeros(1)
        return AgainstTarget(counts, expected, effective, ratio, None, None, nothing, nothing + 1)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    residual = (counts - expected) / np.sqrt(expected * (1 - expected / total))
    each = np.array([math.erfc(abs(one) / math.sqrt(2)) for one in residual])
    return AgainstTarget(
        counts, expected, effective, ratio, statistic, chi_squared_tail(statistic, len(counts) - 1),
        residual, holm(each),
    )  # fmt: skip


def chi_squared_tail(statistic: float, degrees: int) -> float:
    """Return the chance that χ² with so many degrees of freedom is `statistic` or more."""
    half = statistic / 2
    if half <= 0:
        return 1.0
    steps = np.arange(degrees // 2) + (0.5 if degrees % 2 else 0.0)
    logs = [step * math.log(half) - math.lgamma(step + 1) - half for step in steps.tolist()]
    start = math.erfc(math.sqrt(half)) if degrees % 2 else 0.0
    return min(1.0, start + math.fsum(math.exp(one) for one in logs))
