"""Durable addresses of rows: an item's id, numbered where a set holds the same item again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def occurrences(item_ids: pd.Series) -> np.ndarray:
    """Return, for every row, the how-many-eth row with its item id it is: int64 `(n,)`, from 1."""
    counts = np.ones(len(item_ids), np.int64)
    repeated = item_ids.duplicated(keep=False).to_numpy()
    if repeated.any():  # counting groups costs far more than looking whether there are any
        ids = item_ids[repeated]
        counts[repeated] += ids.groupby(ids).cumcount().to_numpy()
    return counts


def make_addresses(item_ids: pd.Series, counts: np.ndarray) -> list[str]:
    """Return `id` for the first row of an item and `id:k` for its k-th, k ≥ 2."""
    made: list[str] = item_ids.tolist()
    for row in np.flatnonzero(counts > 1).tolist():
        made[row] = f"{made[row]}:{counts[row]}"
    return made


def positions(known: pd.Index, wanted: Sequence[str]) -> np.ndarray:
    """Return where each wanted address is among the known ones, -1 where it is not."""
    if not len(wanted):
        return np.zeros(0, np.int64)
    found: np.ndarray = known.get_indexer(pd.Index(list(wanted), dtype=object))
    return found.astype(np.int64)
