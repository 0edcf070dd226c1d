"""What a check found as columns, by which a map can be coloured and images filtered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Kind
from core.findings.check import Check
from core.findings.model import LEVELS
from core.quality.pictures import ISSUES

#: Names of the columns that a check makes; those of picture issues are made by `picture_column`.
GROUP, OUTLIER, LABEL = "duplicate group", "outlier score", "label quality"

#: A near-duplicate group says most of an image; the levels in the order of being written.
_WRITTEN = ("turned", "identical", "pixels", "near")


@dataclass(frozen=True, slots=True)
class CheckColumn:
    """One column: its name, what to call it, what it holds, and how to read it."""

    name: str
    label: str
    kind: Kind
    read: Callable[[], pd.Series]


def picture_column(issue: str) -> str:
    """Return the name of the column with the score of a picture issue."""
    return f"picture {issue}"


def check_columns(check: Check) -> Iterator[CheckColumn]:
    """Yield the columns of a check; those that would say nothing are left out."""
    cases = check.cases("duplicates")
    if cases is not None and len(cases):
        yield CheckColumn(
            GROUP, "Duplicate group", "category",
            lambda: check.once("group names", lambda: group_names(check)),
        )  # fmt: skip
    outliers, labels = check.outlier_table, check.labels
    if outliers is not None and outliers["score"].notna().any():
        yield CheckColumn(OUTLIER, "Outlier score", "number", lambda: outliers["score"])
    if labels is not None and np.isfinite(labels.arrays["quality"]).any():
        yield CheckColumn(
            LABEL, "Label quality", "number",
            lambda: pd.Series(np.asarray(labels.arrays["quality"])),
        )  # fmt: skip
    for name, found in (check.pictures or {}).items():
        known = found.score[np.isfinite(found.score)]
        if len(known) and known.min() < known.max():
            label = f"{ISSUES[name].title}, picture score"
            yield CheckColumn(picture_column(name), label, "number", _series(found.score))


def _series(values: np.ndarray) -> Callable[[], pd.Series]:
    return lambda: pd.Series(values)


def group_names(check: Check) -> pd.Series:
    """Return the key of the group of copies that each image is in; missing where it is in none.

    Of several the widest that a worklist has: near-duplicates before identical pixels or bytes.
    """
    values: np.ndarray[Any, Any] = np.full(check.n, None, dtype=object)
    cases = check.cases("duplicates")
    if cases is not None:
        keys = np.array([cases.key(at) for at in range(len(cases))], dtype=object)
        for level in _WRITTEN:
            mine = (cases.kind == LEVELS.index(level))[cases.owner]
            values[cases.rows[mine]] = keys[cases.owner[mine]]
    return pd.Series(values, dtype="string")
