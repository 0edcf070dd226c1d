"""The item table: one row an item, the columns that Vitrine fills and every one given."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.model import ITEM_COLUMNS

#: Names under which every set has computed values: a given column of the name is renamed.
RESERVED = frozenset({
    "cluster", "cluster probability", "outlier score", "micro cluster size", "neighbour distance",
})  # fmt: skip
_TYPES = {"frame": "Int64"} | dict.fromkeys(("box_x", "box_y", "box_w", "box_h"), "Float64")


def item_table(
    n_items: int, known: Mapping[str, Any], given: Mapping[str, pd.Series] | None = None
) -> pd.DataFrame:
    """Return the table of `n_items` items, in the order given.

    Parameters
    ----------
    n_items
        Number of rows.
    known
        Values of `ITEM_COLUMNS`, one a row; those left out are missing.
    given
        Metadata columns under their own names. One that has the name of a column of Vitrine's
        and another content is renamed with "_given".
    """
    columns: dict[str, Any] = {}
    for name in ITEM_COLUMNS:
        values = known.get(name)
        dtype = _TYPES.get(name, "string")
        if values is None:
            columns[name] = pd.Series([pd.NA] * n_items, dtype=dtype)
        elif name == "time" and isinstance(values, pd.Series):
            columns[name] = values.reset_index(drop=True)
        else:
            columns[name] = pd.Series(list(values), dtype=dtype)
    for name, series in (given or {}).items():
        column = series.reset_index(drop=True)
        own = _rows(n_items) if name == "row" else columns.get(name)
        if own is not None and same_values(own, column):
            continue
        if own is not None or name in RESERVED:
            name = free_name(f"{name}_given", {**(given or {}), **columns})
        columns[name] = column
    return pd.DataFrame(columns, index=pd.RangeIndex(n_items))


def _rows(n_items: int) -> pd.Series:
    """Return the positions that every table has without saying so."""
    return pd.Series(range(n_items), dtype="Int64")


def free_name(wanted: str, taken: Mapping[str, Any]) -> str:
    """Return `wanted`, numbered if it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def same_values(left: pd.Series, right: pd.Series) -> bool:
    """Tell whether two columns print the same values."""
    missing = left.isna().to_numpy(), right.isna().to_numpy()
    if not np.array_equal(*missing):
        return False
    return bool((left.astype("string") == right.astype("string")).fillna(True).all())
