"""Balanced: a strategy inside each stratum of a label or column, rare values lifted."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.curate.picks import Picks, PickSpace, Pool, StrategyOptions, picks
from core.curate.shares import allot, in_turn
from core.errors import InputError


def strata(labels: np.ndarray) -> np.ndarray:
    """Return the stratum of each row `(N,)` int64, without gaps; missing values are one."""
    values = pd.Series(np.asarray(labels, dtype=object))
    missing = values.isna() | (values.astype(str).str.strip() == "")
    codes, found = pd.factorize(values.where(~missing, None).astype("str").where(~missing, None))
    return np.where(codes < 0, len(found), codes).astype(np.int64)


def balanced(
    space: PickSpace,
    n: int | None,
    pool: Pool,
    options: StrategyOptions,
    within: Callable[[int | None, Pool], Picks],
) -> Picks:
    """Choose inside each stratum, in numbers that are in proportion to its size to a power.

    Parameters
    ----------
    space
        `labels` gives the strata; a missing value is a stratum of its own.
    n
        How many, at most the pool's size. None leaves it to `within` when to stop in each.
    pool
        Rows to choose from and those already chosen; a stratum's number counts both.
    options
        `gamma`, the power: 0 is the same number for each, 1 is in proportion. A stratum gets one
        at least and no more than it has; what is left goes to the others.
    within
        Chooses a number from a pool.

    Returns
    -------
    Picks
        The strata take turns; a pick's gain is in the objective of its own stratum.

    Raises
    ------
    InputError
        There are no labels.
    """
    if space.labels is None or len(space.labels) != len(space.unit):
        column = f"column {options.column!r}" if options.column else "a label or column"
        raise InputError(f"balanced: need a value of {column} for every image")
    codes = strata(space.labels)
    present, sizes = np.unique(codes[pool.rows], return_counts=True)
    have = np.bincount(codes[pool.already], minlength=int(codes.max()) + 1)[present]
    counts = allot(sizes, have, options.gamma, n) if n is not None else sizes
    parts: list[Picks] = []
    for code, count in zip(present.tolist(), counts.tolist(), strict=True):
        inside = Pool(
            pool.rows[codes[pool.rows] == code], pool.already[codes[pool.already] == code]
        )
        parts.append(within(count if n is not None else None, inside) if count else _nothing())
    taken = np.array([len(part.rows) for part in parts])
    group, turn = in_turn(taken, np.argsort(np.argsort(-sizes, kind="stable")))
    at = np.concatenate([[0], np.cumsum(taken)])[group] + turn
    rows = np.concatenate([part.rows for part in parts])[at]
    gains = np.concatenate([part.gains for part in parts])[at]
    objective = next(part.objective for part in parts if part.objective)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return picks(rows, gains, f"{objective}; inside each value", None, notes)


def _nothing() -> Picks:
    """Return the choice of a stratum that gets no place."""
    return picks([], [], "")
