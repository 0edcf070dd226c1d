"""Item columns as a person meets them: which there are, how to colour by them, how to filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core.errors import InputError

Kind = Literal["category", "number", "text"]

#: Categories with a colour and a legend entry of their own; the rest share `OTHER`.
NAMED = 40
OTHER = 255

#: Columns that tell where an item lies and not what it is.
_HIDDEN = {"item_id", "box_x", "box_y", "box_w", "box_h", "mask", "frame"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column to colour or filter by: its name, how it is shown, and what it holds."""

    name: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: colour code, name and number of items."""

    index: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Colouring:
    """One byte an item `(n,)` uint8, and what the bytes mean.

    For a category 0 is missing (or noise), 1 to 40 the largest categories, 255 all others; for a
    number 0 is missing and 1 to 255 run from `low` to `high`.
    """

    by: str
    kind: Kind
    codes: np.ndarray
    entries: tuple[Entry, ...]
    low: float | None = None
    high: float | None = None


def column_kind(values: pd.Series) -> Kind | None:
    """Return what a column holds; None if it is empty throughout."""
    present = values.dropna()
    if present.empty or (present.astype(str) == "").all():
        return None
    if pd.api.types.is_bool_dtype(values):
        return "category"
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        few = present.nunique() <= 12 and not pd.api.types.is_float_dtype(values)
        return "category" if few else "number"
    different = present.astype(str).nunique()
    return "text" if different > 200 and different > 0.5 * len(present) else "category"


def list_columns(items: pd.DataFrame) -> list[Column]:
    """Return the columns of an item table that say something, the label first."""
    found = []
    for name in items.columns:
        if name in _HIDDEN:
            continue
        kind = column_kind(items[name])
        if kind is not None:
            found.append(Column(str(name), str(name), kind))
    return sorted(found, key=lambda c: c.name != "label")


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return a column as float64 `(n,)`, missing and unreadable values NaN; times in seconds."""
    if pd.api.types.is_datetime64_any_dtype(values):
        seconds = values.astype("int64").to_numpy(dtype=np.float64) / 1e9
        return np.where(values.isna(), np.nan, seconds)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _as_names(values: pd.Series) -> np.ndarray:
    """Return a column as an object array of text, "" where it is missing."""
    return values.astype("string").fillna("").to_numpy(dtype=object)


def colour_by(values: pd.Series, by: str, kind: Kind, missing: str = "no value") -> Colouring:
    """Return the colour codes of one column; `missing` is what the legend calls no value.

    Categories are coded by size, the largest first, ties by name, so that the most frequent ones
    get the clearest colours. Numbers run between the column's own extremes.
    """
    if kind == "number":
        numbers = as_numbers(values)
        if np.isnan(numbers).all():
            return Colouring(by, kind, np.zeros(len(numbers), np.uint8), ())
        low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
        scaled = (numbers - low) / (high - low) if high > low else np.full(len(numbers), 0.5)
        codes = np.where(np.isnan(numbers), 0, 1 + np.nan_to_num(scaled) * 254).astype(np.uint8)
        return Colouring(by, kind, codes, (), low, high)
    names = _as_names(values)
    counts = pd.Series(names[names != ""]).value_counts()
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    code_of = {name: i + 1 if i < NAMED else OTHER for i, name in enumerate(order)}
    codes = np.fromiter((code_of.get(n, 0) for n in names), np.uint8, len(names))
    return Colouring(by, kind, codes, _legend(order, counts, int((names == "").sum()), missing))


def _legend(order: Sequence[str], counts: pd.Series, missing: int, word: str) -> tuple[Entry, ...]:
    """Return the legend of a category: named ones, the others as one, the missing last."""
    entries = [Entry(i + 1, name, int(counts[name])) for i, name in enumerate(order[:NAMED])]
    rest = order[NAMED:]
    if rest:
        total = int(sum(counts[name] for name in rest))
        entries.append(Entry(OTHER, f"{len(rest)} others", total))
    if missing:
        entries.append(Entry(0, word, missing))
    return tuple(entries)


def filter_rows(
    values: pd.Series,
    kind: Kind,
    *,
    names: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
    text: str | None = None,
) -> np.ndarray:
    """Return the rows, ascending int64, whose value is wanted.

    Parameters
    ----------
    values
        The column.
    kind
        What it holds.
    names
        Wanted categories; "" stands for a missing value.
    low, high
        Wanted range of a number, both ends included.
    text
        Wanted part of a text, in any case.

    Raises
    ------
    InputError
        Nothing to filter by was given, or the range is empty.
    """
    if names is not None:
        return np.flatnonzero(np.isin(_as_names(values).astype(str), [str(n) for n in names]))
    if text is not None:
        found = values.astype("string").fillna("").str.contains(text, case=False, regex=False)
        return np.flatnonzero(found.to_numpy(dtype=bool))
    if low is None and high is None:
        raise InputError("filter: give categories, a range or a text")
    if low is not None and high is not None and low > high:
        raise InputError(f"filter: the range {low} to {high} is empty; swap its ends")
    if kind != "number":
        raise InputError("filter: a range needs a column of numbers")
    numbers = as_numbers(values)
    inside = np.ones(len(numbers), bool)
    if low is not None:
        inside &= numbers >= low
    if high is not None:
        inside &= numbers <= high
    return np.flatnonzero(inside)
