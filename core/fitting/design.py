"""Named columns as numbers to regress on: what a residual is free of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.columns import as_numbers, column_kind, list_columns
from core.errors import InputError

#: Units that a category needs for its effect to be told from its images.
LEAST_UNITS = 3

#: The level that categories of fewer units share, where together they have enough.
RARE = "\0rare"


@dataclass(frozen=True, slots=True)
class Term:
    """One column in a design.

    Attributes
    ----------
    name
        The column.
    kind
        "number" or "category".
    middle, spread
        Mean and standard deviation of a number, each unit counting the same.
    levels
        The categories with a dummy each, in order of their names.
    rare
        Categories of too few units: they share one dummy, the last, if `pooled`; else they are
        left as they are.
    """

    name: str
    kind: str
    middle: float = 0.0
    spread: float = 1.0
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    pooled: bool = False

    @property
    def width(self) -> int:
        """The number of its columns in the design."""
        return 1 if self.kind == "number" else len(self.levels) + self.pooled

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": self.name, "kind": self.kind, "middle": self.middle, "spread": self.spread,
                "levels": list(self.levels), "rare": list(self.rare),
                "pooled": self.pooled}  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Term":
        """Return what `to_json` wrote."""
        return cls(**{**value, "levels": tuple(value["levels"]), "rare": tuple(value["rare"])})


def check_columns(items: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `InputError` for a column that is not there or that cannot be taken out."""
    for name in columns:
        if name not in items:
            there = [c.name for c in list_columns(items) if c.kind != "text" and c.name != "path"]
            raise InputError(
                f"columns: the set has no column {name!r}; it has {', '.join(there) or 'none'}"
            )
        kind = column_kind(items[name])
        if kind is None:
            raise InputError(f"columns: the column {name!r} is empty")
        if kind == "text" or name == "item_id":
            raise InputError(
                f"columns: {name!r} says something else of nearly every image, so what it tells "
                "cannot be told from the images themselves"
            )


def values_of(
    items: pd.DataFrame, columns: Sequence[str], kinds: Mapping[str, str] | None = None
) -> dict[str, np.ndarray]:
    """Return the columns' values, float64 for numbers and text for categories; NaN and "" if none.

    Parameters
    ----------
    items
        The item table.
    columns
        Names of columns.
    kinds
        What each column is to be read as, "number" or "category"; by default what it looks like.
        Whole numbers are categories while there are at most twelve different ones and, on average,
        five images or more of each.

    Raises
    ------
    InputError
        A column is not there, is empty, or is text.
    """
    if kinds is None:
        check_columns(items, columns)
        kinds = {name: _kind(items[name]) for name in columns}
    return {
        name: as_numbers(items[name]) if kinds[name] == "number" else _as_names(items[name])
        for name in columns
    }


def _kind(values: pd.Series) -> str:
    kind = column_kind(values)
    if kind == "category" and _is_numeric(values):
        return "category" if values.count() >= 5 * values.nunique() else "number"
    return str(kind)


def _is_numeric(values: pd.Series) -> bool:
    plain = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return plain or pd.api.types.is_datetime64_any_dtype(values)


def _as_names(values: pd.Series) -> np.ndarray:
    """Return a column as text, "" where it is missing; 1 and 1.0 are the same."""
    if _is_numeric(values):
        texts = ["" if np.isnan(value) else f"{value:.15g}" for value in as_numbers(values)]
        return np.array(texts, dtype=object)
    found: np.ndarray = values.astype("string").fillna("").to_numpy(dtype=object)
    return found


def known(values: dict[str, np.ndarray]) -> np.ndarray:
    """Return which rows `(n,)` have a value in every column."""
    parts = [
        ~np.isnan(column) if column.dtype.kind == "f" else column != ""
        for column in values.values()
    ]
    return np.logical_and.reduce(parts)


def terms_of(values: dict[str, np.ndarray], units: np.ndarray, share: np.ndarray) -> list[Term]:
    """Return how each column enters a design.

    Parameters
    ----------
    values
        What `values_of` returned, of rows that are all known.
    units
        The unit of each row `(n,)`, as numbers.
    share
        The weight of each row `(n,)`, such that each unit's add up to 1.

    Raises
    ------
    InputError
        A column says the same of every image, or has no two categories of three units or more.
    """
    return [
        _number(name, column, share) if column.dtype.kind == "f" else _category(name, column, units)
        for name, column in values.items()
    ]


def _number(name: str, column: np.ndarray, share: np.ndarray) -> Term:
    middle = float(np.average(column, weights=share))
    spread = float(np.sqrt(np.average(np.square(column - middle), weights=share)))
    if not spread > 1e-12 * max(1.0, abs(middle)):
        raise InputError(f"columns: {name!r} is the same for every image; leave it out")
    return Term(name, "number", middle, spread)


def _category(name: str, column: np.ndarray, units: np.ndarray) -> Term:
    pairs = pd.DataFrame({"level": column, "unit": units}).drop_duplicates()
    sizes = pairs.groupby("level")["unit"].size()
    levels = tuple(sorted(str(level) for level in sizes.index[sizes >= LEAST_UNITS]))
    rare = tuple(sorted(str(level) for level in sizes.index[sizes < LEAST_UNITS]))
    pooled = int(pairs.loc[pairs["level"].isin(rare), "unit"].nunique()) >= LEAST_UNITS
    if len(levels) + pooled < 2:
        raise InputError(
            f"columns: {name!r} has no two values with {LEAST_UNITS} independent images or more; "
            "leave it out"
        )
    return Term(name, "category", levels=levels, rare=rare, pooled=pooled)


def design_of(values: dict[str, np.ndarray], terms: Sequence[Term]) -> np.ndarray:
    """Return the design `(n, p)` float64; a row whose value a term does not know is NaN there.

    A rare value that was left as it is has NaN in all of its term's columns but counts as known:
    see `fill_rare`.
    """
    return np.concatenate([_columns_of(values[term.name], term) for term in terms], axis=1)


def _columns_of(column: np.ndarray, term: Term) -> np.ndarray:
    if term.kind == "number":
        scaled: np.ndarray = ((column.astype(np.float64) - term.middle) / term.spread)[:, None]
        return scaled
    place = {level: at for at, level in enumerate(term.levels)}
    if term.pooled:
        place |= dict.fromkeys(term.rare, len(term.levels))
    at = np.array([place.get(value, -1) for value in column], dtype=np.int64)
    dummies = np.zeros((len(column), term.width))
    dummies[np.flatnonzero(at >= 0), at[at >= 0]] = 1.0
    dummies[at < 0] = np.nan
    return dummies


def unknown(values: dict[str, np.ndarray], terms: Sequence[Term]) -> list[str]:
    """Return for each row why it cannot be placed in the design; "" where it can."""
    reasons = [""] * len(next(iter(values.values())))
    for term in terms:
        column = values[term.name]
        there = {*term.levels, *term.rare}
        for row, value in enumerate(column):
            if reasons[row]:
                continue
            if value == "" or value != value:
                reasons[row] = f"it has no value in the column {term.name!r}, which is taken out"
            elif term.kind == "category" and value not in there:
                reasons[row] = (
                    f"{value!r} was not among the values of {term.name!r} when the encoder "
                    "was fitted"
                )
    return reasons
