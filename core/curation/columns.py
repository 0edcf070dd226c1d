"""What decisions come to as columns, to colour and filter by."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.columns import Kind, column_kind

if TYPE_CHECKING:
    from core.curation.view import CurationView

_WORDS = {"keep": "kept", "drop": "dropped", "exclude": "excluded"}


def make_columns(
    view: "CurationView", labels: pd.Series | None
) -> dict[str, tuple[Kind, pd.Series]]:
    """Return the columns decision, edited label and slice; those that say nothing are left out.

    Parameters
    ----------
    view
        What was decided about the rows.
    labels
        The set's own labels of these rows, or None.
    """
    found: dict[str, tuple[Kind, pd.Series]] = {}
    if any(len(view.decisions[kind]) for kind in _WORDS):
        values = np.full(len(view), None, dtype=object)
        for kind, word in _WORDS.items():
            values[view.decisions[kind]] = word
        found["decision"] = ("category", pd.Series(values, dtype="string"))
    if view.has_labels:
        series = view.edited(labels)
        found["label, edited"] = (column_kind(series) or "category", series)
    if any(one.count for one in view.slices):
        found["slice"] = ("category", _slice_column(view))
    return found


def edited_labels(
    labels: pd.Series | None, count: int, rows: np.ndarray, words: np.ndarray
) -> pd.Series:
    """Return labels of `count` rows where those of `rows` are `words` now, "" being none."""
    values = np.full(count, None, dtype=object)
    if labels is not None:
        values[:] = labels.astype("string").astype(object)
        values[pd.isna(values)] = None
    values[rows] = words
    values[rows[words == ""]] = None
    return pd.Series(values, dtype="string")


def _slice_column(view: "CurationView") -> pd.Series:
    """Return the names of each row's slices, joined; rows of the same slices at once."""
    names: list[str | None] = [None]
    code = np.zeros(len(view), np.int64)
    for one in view.slices:
        before, at = np.unique(code[one.rows], return_inverse=True)
        first = len(names)
        names += [f"{names[c]} + {one.name}" if c else one.name for c in before]
        code[one.rows] = first + at
    return pd.Series(np.array(names, dtype=object)[code], dtype="string")
