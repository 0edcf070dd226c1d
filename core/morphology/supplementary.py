"""What the axes of an ordination go with: columns that took no part in making them.

Rank correlations, each tested by dealing the column's values to other units.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.errors import InputError
from core.morphology.adjust import adjusted
from core.morphology.permute import arrangements
from core.morphology.result import p_value
from core.progress import Progress

STAGE = "supplementary variables"
#: Fewest units with a value, and most whose arrangements are all looked at (7! = 5,040).
FEWEST, FEW = 4, 7


@dataclass(frozen=True, slots=True)
class Correlation:
    """One column against one axis.

    Attributes
    ----------
    column, axis
        Name of the column; the axis, from 1.
    r
        Spearman's rank correlation; None where column or axis has one value only.
    p, p_adjusted
        Two-sided, and after Benjamini and Hochberg over all columns and axes given; None also for
        a column that has one value in each block, which exchanging within blocks cannot test.
    n
        Units that have a value.
    """

    column: str
    axis: int
    r: float | None
    p: float | None
    p_adjusted: float | None
    n: int


def correlate(
    scores: np.ndarray,
    columns: Mapping[str, np.ndarray],
    *,
    blocks: np.ndarray | None = None,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Correlation]:
    """Correlate columns with axes.

    Parameters
    ----------
    scores
        Shape `(n, k)`, one row a unit.
    columns
        Values `(n,)` of each by name, NaN for none.
    blocks
        Block of each unit: values are exchanged within blocks only.
    permutations
        How many to draw; of seven units or fewer all orders are looked at.

    Returns
    -------
    list of Correlation
        Column by column, axis by axis.

    Raises
    ------
    InputError
        A column has another length.

    Notes
    -----
    Spearman (1904), doi:10.2307/1412159. Units that resemble each other by descent or place are
    not exchangeable: p is then too small.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2:
        raise InputError(f"supplementary variables: scores of shape {scores.shape}")
    progress = progress or Progress()
    found: list[Correlation] = []
    for place, (name, values) in enumerate(columns.items()):
        progress.report(STAGE, place, len(columns))
        value = np.asarray(values, np.float64)
        if value.shape != (len(scores),):
            raise InputError(f"column {name!r}: {value.shape} for {len(scores)} units")
        rows = np.flatnonzero(np.isfinite(value))
        own = None if blocks is None else np.asarray(blocks)[rows]
        found += _column(name, scores[rows], value[rows], own, permutations, seed)
    family = adjusted([one.p for one in found])
    return [replace(one, p_adjusted=p) for one, p in zip(found, family, strict=True)]


def _column(
    name: str,
    scores: np.ndarray,
    value: np.ndarray,
    blocks: np.ndarray | None,
    permutations: int,
    seed: int,
) -> list[Correlation]:
    """Correlate one column, without missing values, with every axis."""
    n, k = scores.shape
    ranked = _standard(ranks(value)[:, None])[:, 0] if n >= FEWEST else np.zeros(n)
    axes = _standard(np.column_stack([ranks(scores[:, at]) for at in range(k)])) if n else scores
    usable = (np.abs(axes).sum(axis=0) > 0) & bool(np.abs(ranked).sum() > 0)
    if not usable.any():
        return [Correlation(name, at + 1, None, None, None, n) for at in range(k)]
    observed = ranked @ axes
    others = np.array([ranked[order] @ axes for order in orders(n, blocks, permutations, seed)])
    others = others.reshape(-1, k)  # blocks of one unit each have no other order
    found, testable = [], _varies(value, blocks)
    for at, r in enumerate(observed.tolist()):
        p = p_value(abs(r), np.abs(others[:, at])) if usable[at] and testable else None
        clipped = min(1.0, max(-1.0, r)) if usable[at] else None
        found.append(Correlation(name, at + 1, clipped, p, None, n))
    return found


def _varies(value: np.ndarray, blocks: np.ndarray | None) -> bool:
    """Return whether a column has different values in a block."""
    if blocks is None:
        return True
    place = np.unique(blocks, return_inverse=True)[1].reshape(-1)
    low, high = np.full(place.max() + 1, np.inf), np.full(place.max() + 1, -np.inf)
    np.minimum.at(low, place, value)
    np.maximum.at(high, place, value)
    return bool((high > low).any())


def ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks `(n,)` from 1; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    shared: np.ndarray = (last - (count - 1) / 2)[place.reshape(-1)]
    return shared


def _standard(table: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and length 1; 0 where a column has one value only."""
    centred = table - table.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(np.where(length > 1e-12, centred / np.where(length > 0, length, 1), 0.0))


def orders(n: int, blocks: np.ndarray | None, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Yield other orders of n units, within blocks: all where there are few, else drawn.

    Drawn one at a time, so that many units need no table of all orders.
    """
    if n <= FEW:
        yield from arrangements(np.arange(n), blocks, permutations, seed, names=True).orders
        return
    if permutations < 1:
        raise InputError(f"permutations must be 1 or more, not {permutations}")
    rng = np.random.default_rng(seed)
    if blocks is None:
        for _ in range(permutations):
            yield rng.permutation(n)
        return
    place = np.unique(blocks, return_inverse=True)[1].reshape(-1)
    home = np.argsort(place, kind="stable")
    for _ in range(permutations):
        order = np.empty(n, np.int64)
        order[home] = np.lexsort((rng.random(n), place))
        yield order
