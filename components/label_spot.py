"""Checking some of many before all get a label: which are drawn, and what their check allows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components import label_frame
from components.state import services
from core.errors import InputError
from core.quality.spotcheck import SpotCheck, draw_checks, spot_check

#: Images looked at first, and further ones at a time.
FIRST, STEP = 30, 15


def rows_of(found: Any, view: Any, pool: str) -> np.ndarray:
    """Return the rows of the working set that a pool names.

    Raises
    ------
    InputError
        It names none, or none of them is left.
    NotFoundError
        The slice, selection or theme is gone.
    """
    kind, _, name = pool.partition(":")
    if kind == "slice" and name:
        rows = view.slice(name).rows
    elif kind == "selection" and name:
        rows = services().selections.load(name, found.key)
    elif kind == "theme" and name.isdigit():
        rows = found.cluster_rows(int(name), "themes")
    else:
        raise InputError("Choose what to label: a slice, a theme or a selection.")
    left = np.intersect1d(rows, view.working)
    if not len(left):
        raise InputError("Nothing is left of it: all of it was taken out of the working set.")
    return left


def drawn(rows: np.ndarray) -> np.ndarray:
    """Return rows in the order in which they are checked; the same whenever it is asked."""
    return draw_checks(rows, seed=len(rows))


def judged(rows: np.ndarray, seen: int, wrong: Sequence[int]) -> SpotCheck:
    """Return what the first images that were drawn tell of all rows; some of them are wrong."""
    seen = min(seen, len(rows))
    return spot_check(seen - len(wrong), len(wrong), len(rows))


def more(told: SpotCheck) -> int:
    """Return how many images to show next; 0 where enough are seen, or too many are wrong."""
    left = told.total - told.right - told.wrong
    return min(left, max(told.more, STEP)) if told.more else 0


def further(found: Any, view: Any, asked: Mapping[str, Any], wrong: Sequence[int]) -> int:
    """Return how many further images to look at, after those that were asked about."""
    rows = rows_of(found, view, asked["pool"])
    return more(judged(rows, int(asked["count"]), wrong))


def apply(
    desk: Any, found: Any, asked: Mapping[str, Any], wrong: Sequence[int], *, sure: bool
) -> Any:
    """Give all images of a pool but the wrong ones a label, as one act.

    Parameters
    ----------
    desk, found
        Where it is written, and the open set.
    asked
        What was checked: its pool, the label, and how many were looked at.
    wrong
        Those that were marked.
    sure
        Whether the check has to be enough.

    Raises
    ------
    InputError
        The check is not enough, or nothing is left.
    """
    view = desk.view(found)
    rows = rows_of(found, view, asked["pool"])
    told = judged(rows, int(asked["count"]), wrong)
    if sure and not told.enough:
        raise InputError("The images have changed since they were checked: check some again.")
    left = np.setdiff1d(rows, wrong)
    if not len(left):
        raise InputError("All of them are marked as wrong: nothing is left to label.")
    why = reason(found, view, asked["pool"], told)
    return desk.act(found, "relabel", left, label=asked["label"], about="labels", reason=why)


def reason(found: Any, view: Any, pool: str, told: SpotCheck) -> str:
    """Return why many images got a label, for the log."""
    checked_ = told.right + told.wrong
    title = label_frame.title_of(found, view, pool)
    return f"{title}, {told.right:,} of {checked_:,} checked at random were right"[:500]
