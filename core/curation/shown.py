"""A slice and a line of the history, as they are shown."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class SliceView:
    """A slice, as a set or part sees it.

    Attributes
    ----------
    rows
        Ascending int64 rows of the set or part.
    count
        How many of its items are in this set or part.
    total
        How many it holds.
    missing
        How many of them the whole set does not have any more.
    created, updated
        UTC, ISO 8601.
    how
        How it was chosen, in words; "" where nobody said.
    """

    name: str
    rows: np.ndarray
    count: int
    total: int
    missing: int
    created: str
    updated: str
    how: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event in words; `undone` tells that it does not count now."""

    number: int
    when: str
    text: str
    undone: bool
    kind: str
    count: int
