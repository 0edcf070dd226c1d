"""A measured figure: a value with its interval, or why there is none."""

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import numpy as np

#: z of a two-sided 95 % interval.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an encoder.

    Attributes
    ----------
    value, low, high
        The figure and its 95 % interval; None where there is none.
    chance
        What nothing but chance reaches; None where that has no meaning.
    n
        Units or pictures it rests on.
    text
        What was found in a sentence; or why there is nothing.
    details
        Further figures, JSON values.
    parts
        What the value is the mean of, by what it is of (a unit, a picture, a draw): the same for
        every encoder, so that two are compared part by part. Not stored.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    n: int = 0
    text: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    parts: dict[int, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        return {name: value for name, value in asdict(self).items() if name != "parts"}


def nothing(why: str) -> Figure:
    """Return that there is no figure, and why."""
    return Figure(text=why)


def known(value: float) -> float | None:
    """Return a number, None where it is not finite."""
    return float(value) if isfinite(value) else None


def percent(value: float | None) -> str:
    """Return a share as people write it.

    >>> percent(0.9731)
    '97.3 %'
    """
    return "–" if value is None else f"{100 * value:.1f} %"


def between(low: float | None, high: float | None) -> str:
    """Return an interval in brackets, "" where there is none."""
    return "" if low is None or high is None else f" ({percent(low)} to {percent(high)})"


def share_of_means(
    values: np.ndarray, units: np.ndarray | None = None
) -> tuple[float, float, float, int]:
    """Return a mean of shares, its 95 % interval from the spread between units, and their number.

    A share of 0 or 1 throughout is not known to be one: the interval is never narrower than
    Agresti and Coull's for as many units.

    Parameters
    ----------
    values
        A share of each observation `(m,)`, 0 to 1.
    units
        Unit of each `(m,)`; each its own if None.
    """
    held = np.array(list(parts_of(values, units).values()))
    count = len(held)
    mean = float(held.mean())
    middle = (mean * count + 2) / (count + 4)
    spread = float(held.var(ddof=1)) / count if count > 1 else 0.25
    half = Z * float(np.sqrt(max(spread, middle * (1 - middle) / (count + 4))))
    return mean, max(0.0, mean - half), min(1.0, mean + half), count


def parts_of(values: np.ndarray, units: np.ndarray | None = None) -> dict[int, float]:
    """Return the mean of each unit's values; each value by its place where there are no units."""
    values = np.asarray(values, np.float64)
    if units is None:
        return dict(enumerate(values.tolist()))
    names, place = np.unique(units, return_inverse=True)
    means = np.bincount(place.reshape(-1), values) / np.bincount(place.reshape(-1))
    return {int(name): float(mean) for name, mean in zip(names, means, strict=True)}


def behind(one: Figure, best: Figure) -> bool:
    """Tell whether a figure is below another by more than chance explains.

    Part by part where both have parts (the 95 % interval of the mean difference lies below 0),
    else where the intervals are apart.
    """
    common = one.parts.keys() & best.parts.keys()
    if len(common) >= 10:
        away = np.array([one.parts[name] - best.parts[name] for name in sorted(common)])
        error = float(away.std(ddof=1)) / np.sqrt(len(away))
        return bool(away.mean() + Z * error < 0)
    if one.high is None or best.low is None:
        return False
    return one.high < best.low
