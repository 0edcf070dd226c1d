"""Item columns as a person meets them: which there are, how to colour by them, how to filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.errors import InputError

Kind = Literal["category", "number", "text"]

#: Categories with a colour and a legend entry of their own; the rest share `OTHER`.
NAMED = 40
OTHER = 255

#: Columns that tell where an item lies and not what it is.
_HIDDEN = {"item_id", "box_x", "box_y", "box_w", "box_h", "mask", "frame"}
#: The same of objects in pictures (`core.ingest.objects`), which have the first of these.
_OBJECTS = ("object_x", "picture", "outline")


@dataclass(frozen=True, slots=True)
class Column:
    """A column to colour or filter by: its name, how it is shown, and what it holds.

    `dates` tells that the numbers are moments, in seconds since 1970 (UTC).
    """

    name: str
    label: str
    kind: Kind
    dates: bool = False


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
    hidden = _HIDDEN | (set(_OBJECTS[1:]) if _OBJECTS[0] in items else set())
    for name in items.columns:
        if name in hidden:
            continue
        kind = column_kind(items[name])
        if kind is not None:
            found.append(Column(str(name), str(name), kind, holds_dates(items[name])))
    return sorted(found, key=lambda c: c.name != "label")


def holds_dates(values: pd.Series) -> bool:
    """Tell whether a column holds moments."""
    return bool(pd.api.types.is_datetime64_any_dtype(values))


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return a column as float64 `(n,)`, missing and unreadable values NaN; times in seconds."""
    if holds_dates(values):
        plain = values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz else values
        micros = plain.to_numpy("datetime64[us]").astype(np.int64)  # columns differ in their unit
        return np.where(values.isna(), np.nan, micros / 1e6)
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
    ranks, names, counts = _ranked(values)
    # One more place at the end, for rank -1: no value.
    code_of = np.full(len(names) + 1, OTHER, np.uint8)
    code_of[: min(NAMED, len(names))] = np.arange(1, min(NAMED, len(names)) + 1)
    code_of[-1] = 0
    legend = _legend(names, counts, int((ranks < 0).sum()), missing)
    return Colouring(by, kind, code_of[ranks], legend)


def _ranked(values: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank the categories of a column, the commonest first, ties by name.

    Without a Python step for every value: a column of texts has as many as the set has items.

    Returns
    -------
    ranks : numpy.ndarray
        The rank of each value `(n,)` int64; -1 where it is missing.
    names, counts : numpy.ndarray
        The categories by rank, as text, and how often each occurs.
    """
    texts = np.array(_as_names(values), dtype=object)
    texts[texts == ""] = None
    found, names = pd.factorize(texts)
    counts = np.bincount(found[found >= 0], minlength=len(names))
    order = np.argsort(names, kind="stable")
    order = order[np.argsort(-counts[order], kind="stable")]
    rank_of = np.empty(len(names) + 1, np.int64)
    rank_of[order], rank_of[-1] = np.arange(len(names)), -1
    return rank_of[found], names[order], counts[order]


def _legend(names: np.ndarray, counts: np.ndarray, missing: int, word: str) -> tuple[Entry, ...]:
    """Return the legend of a category: named ones, the others as one, the missing last."""
    named = zip(names[:NAMED].tolist(), counts[:NAMED].tolist(), strict=True)
    entries = [Entry(i, name, count) for i, (name, count) in enumerate(named, 1)]
    rest = len(names) - NAMED
    if rest > 0:
        entries.append(Entry(OTHER, f"{rest} others", int(counts[NAMED:].sum())))
    if missing:
        entries.append(Entry(0, word, missing))
    return tuple(entries)


def name_counts(values: pd.Series) -> pd.Series:
    """Return how often each category occurs, the commonest first, ties by name."""
    _, names, counts = _ranked(values)
    return pd.Series(counts, index=pd.Index(names, dtype=object))


def find_categories(
    counts: pd.Series, text: str = "", limit: int = NAMED
) -> tuple[list[Entry], int]:
    """Return the commonest categories whose name contains `text`, and how many do.

    Parameters
    ----------
    counts
        As `name_counts` returns them.
    text
        Part of a name, in any case; "" finds all.
    limit
        How many are returned.
    """
    names = counts.index.to_series().astype("string")
    mask = names.str.contains(text, case=False, regex=False) if text else names.notna()
    found = counts[mask.to_numpy(dtype=bool)]
    entries = [Entry(i + 1, str(n), int(c)) for i, (n, c) in enumerate(found.iloc[:limit].items())]
    return entries, len(found)


def missing_mask(values: pd.Series, kind: Kind) -> np.ndarray:
    """Return which values of a column are missing, bool `(n,)`: empty, or no finite number."""
    return np.isnan(as_numbers(values)) if kind == "number" else _as_names(values) == ""


def filter_rows(
    values: pd.Series,
    kind: Kind,
    *,
    names: Sequence[str] | None = None,
    low: float | str | None = None,
    high: float | str | None = None,
    text: str | None = None,
    missing: bool | None = None,
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
        Wanted range of a column of numbers or dates, both ends included. A date is ISO 8601
        ("2026-11-21" is the whole day, in UTC) or seconds since 1970.
    text
        Wanted part of a text, in any case.
    missing
        True for the rows without a value, False for those with one; stands alone.

    Raises
    ------
    InputError
        Nothing to filter by was given, too much was, or the range is empty or unreadable.
    """
    if missing is not None:
        if names is not None or text is not None or low is not None or high is not None:
            raise InputError("missing: cannot be joined with categories, a range or a text")
        return np.flatnonzero(missing_mask(values, kind) == bool(missing))
    if names is not None:
        wanted = [str(n) for n in names]
        return np.flatnonzero(pd.Series(_as_names(values)).isin(wanted).to_numpy())
    if text is not None:
        found = values.astype("string").fillna("").str.contains(text, case=False, regex=False)
        return np.flatnonzero(found.to_numpy(dtype=bool))
    if low is None and high is None:
        raise InputError("filter: give categories, a range, a text, or missing")
    return _rows_between(values, low, high)


def _rows_between(values: pd.Series, low: Any, high: Any) -> np.ndarray:
    """Return the rows whose number or date lies in a range, both ends included."""
    plain = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    dates = holds_dates(values)
    if not (plain or dates):
        raise InputError("filter: a range needs a column of numbers or dates")
    least, most = _bound("low", low, dates), _bound("high", high, dates)
    if least is not None and most is not None and least > most:
        raise InputError(f"filter: the range {low} to {high} is empty; swap its ends")
    numbers = as_numbers(values)
    inside = ~np.isnan(numbers)
    if least is not None:
        inside &= numbers >= least
    if most is not None:
        inside &= numbers <= most
    return np.flatnonzero(inside)


def _bound(field: str, value: Any, dates: bool) -> float | None:
    """Return one end of a range as a number; the end of a range of days is the day's end."""
    if value is None:
        return None
    text = str(value).strip()
    try:
        if dates and not isinstance(value, int | float):
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            if field == "high" and len(text) == len("2026-11-21"):
                moment += timedelta(days=1, microseconds=-1)
            return moment.timestamp()
        number = float(text)
    except (ValueError, OverflowError):
        number = float("nan")
    if not np.isfinite(number):
        wanted = "a date such as 2026-11-21" if dates else "a number"
        raise InputError(f"{field}: {value!r} is not {wanted}")
    return number
