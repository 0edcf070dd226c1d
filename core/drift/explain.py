"""Which columns, labels and picture measures tell two sets apart, one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core.drift.units import Sides, deals

#: Categories of a column that are looked at one by one; the rest are one.
MOST = 50
#: Share of a side's images that must have a value.
ENOUGH = 0.2


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one column differs between two sides.

    Attributes
    ----------
    column
        Its name.
    kind
        "number" or "category".
    effect
        Number: chance that a value of the second side is above one of the first, ties half, .5 is
        no difference. Category: Cramér's V, 0 is none.
    p, p_adjusted
        By dealing units anew, and after Benjamini and Hochberg over the columns.
    first, second
        Number: medians. Category: None.
    most
        Category: the value whose share changed most, with its shares on both sides.
    n
        Images that have a value.
    """

    column: str
    kind: Literal["number", "category"]
    effect: float
    p: float
    p_adjusted: float
    first: float | None
    second: float | None
    most: tuple[str, float, float] | None
    n: int


def explain(
    columns: Mapping[str, pd.Series],
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> list[Explanation]:
    """Return how each column differs between two sides, the most different first.

    Parameters
    ----------
    columns
        Values of each image `(n,)`, numbers or texts, missing ones too. Columns that a side hardly
        has, that are the same everywhere or different everywhere are left out.
    sides
        Which is which; whole units are dealt anew.
    """
    from scipy.stats import false_discovery_control

    found = []
    for name, values in columns.items():
        one = _numbers(values) if pd.api.types.is_numeric_dtype(values) else _categories(values)
        if one is None:
            continue
        known, table, text = one
        sizes = [int((known & (sides.second == side)).sum()) for side in (False, True)]
        if min(sizes) < max(2, ENOUGH * min((~sides.second).sum(), sides.second.sum())):
            continue
        found.append((name, known, table, text))
    lines = [_line(*one, sides, permutations, seed) for one in found]
    if not lines:
        return []
    adjusted = false_discovery_control([line.p for line in lines])
    told = [replace(line, p_adjusted=float(p)) for line, p in zip(lines, adjusted, strict=True)]
    return sorted(told, key=lambda line: (line.p_adjusted, -_size(line), line.column))


def _size(line: Explanation) -> float:
    """Return an effect on one scale for both kinds: 0 is none, 1 is all."""
    return abs(2 * line.effect - 1) if line.kind == "number" else line.effect


def _numbers(values: pd.Series) -> tuple[np.ndarray, np.ndarray, None] | None:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    if len(np.unique(numbers[known])) < 2:
        return None
    return known, numbers, None


def _categories(values: pd.Series) -> tuple[np.ndarray, np.ndarray, list[str]] | None:
    texts = values.astype("string")
    known = texts.notna().to_numpy()
    counts = texts.value_counts()
    if len(counts) < 2 or len(counts) == known.sum():
        return None
    names = [str(one) for one in counts.index[:MOST]]
    codes = pd.Categorical(texts, categories=names).codes.astype(np.int64)
    if len(counts) > MOST:
        codes[known & (codes < 0)] = len(names)
        names.append("other values")
    return known, codes, names


def _line(
    name: str,
    known: np.ndarray,
    values: np.ndarray,
    names: list[str] | None,
    sides: Sides,
    permutations: int,
    seed: int,
) -> Explanation:
    second = sides.second
    if names is None:
        ranks = np.zeros(len(values))
        ranks[known] = pd.Series(values[known]).rank().to_numpy()
        weights = ranks[:, None]
    else:
        weights = (values[:, None] == np.arange(len(names))).astype(np.float64)
        weights[~known] = 0
    observed = _statistic(second[None], weights, known, names is None)[0]
    larger = done = 0
    for dealt in deals(sides, permutations, seed):
        others = _statistic(dealt, weights, known, names is None)
        larger += int((others >= observed - 1e-10 * max(1.0, observed)).sum())
        done += len(dealt)
    p = (1 + larger) / (1 + done)
    mine, other = known & second, known & ~second
    n, m = int(other.sum()), int(mine.sum())
    if names is None:
        effect = (weights[mine, 0].sum() - m * (m + 1) / 2) / (n * m)
        medians = float(np.median(values[other])), float(np.median(values[mine]))
        return Explanation(name, "number", float(effect), p, p, *medians, None, n + m)
    shares = weights[other].sum(axis=0) / n, weights[mine].sum(axis=0) / m
    at = int(np.abs(shares[1] - shares[0]).argmax())
    most = names[at], float(shares[0][at]), float(shares[1][at])
    v = float(np.sqrt(observed / (n + m)))
    return Explanation(name, "category", v, p, p, None, None, most, n + m)


def _statistic(
    second: np.ndarray, weights: np.ndarray, known: np.ndarray, ranked: bool
) -> np.ndarray:
    """Return how different two sides are, for sides `(b, n)`: `(b,)`."""
    inside = second & known
    m = inside.sum(axis=1).astype(np.float64)
    total = float(known.sum())
    n = total - m
    sums = inside @ weights
    if ranked:  # distance of the rank sum from its mean, in units of its spread without ties
        spread = np.sqrt(np.maximum(n * m * (total + 1) / 12, 1e-300))
        away: np.ndarray = np.abs(sums[:, 0] - m * (total + 1) / 2) / spread
        return away
    size = weights.sum(axis=0)
    expected = m[:, None] * size / total
    square = (sums - expected) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.nansum(
            square / expected + square / (size - expected), axis=1, where=size > 0
        )
    return found
