"""What is known to be a copy or faulty, so that it is not chosen: from the check of the set."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.findings import Findings
from core.storage.store import Workspace

#: Picture issues that make an image useless, whatever the set is for; the others may be meant.
FAULTS = ("dark", "light", "low_information")


@dataclass(frozen=True, slots=True)
class Known:
    """What the last check of a set says about taking images out.

    Attributes
    ----------
    tau
        Distance up to which two images are near-duplicates.
    groups
        Group of copies of every row `(n,)` int64.
    faulty
        Rows too dark, too light or almost empty, by the thresholds of now, that nobody kept.
    key
        What identifies all this.
    """

    tau: float
    groups: np.ndarray
    faulty: np.ndarray
    key: list[Any]


def known_of(opened: Any, view: Any, workspace: Workspace) -> Known | None:
    """Return what the last check of a set or part found; None where there is none that fits it."""
    return known_from(Findings(workspace).check(opened), opened, view)


def known_from(check: Any, opened: Any, view: Any) -> Known | None:
    """Return what a check found (`core.findings.Check`, or None), as `known_of`."""
    from core.quality.copies import Duplicates, unit_groups

    if check is None or check.duplicates is None:
        return None
    copies = Duplicates.stored(check.duplicates)
    faulty = np.zeros(len(opened), bool)
    for name, found in (check.pictures or {}).items():
        if name in FAULTS and not found.unsuited:
            faulty[found.rows] = True
    faulty[view.decided_about("pictures")] = False
    rows = np.flatnonzero(faulty)
    groups = unit_groups(copies, len(opened))
    return Known(copies.tau, groups, rows, [copies.tau, groups, rows])


def left_of(rows: np.ndarray, already: np.ndarray, known: Known) -> np.ndarray:
    """Return rows of a pool without faulty ones and with one of each group of copies, the first.

    None of a group that has a row in `already`. Which one stays is the job's to tell; there are as
    many.
    """
    good = np.setdiff1d(rows, known.faulty)
    good = good[~np.isin(known.groups[good], known.groups[already])]
    return np.sort(good[np.unique(known.groups[good], return_index=True)[1]])
