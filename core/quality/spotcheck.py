"""Checking some of many at random: how sure a label for a whole group may be.

A cluster, a slice or a selection is labelled in one act only after some of it, drawn at random,
were looked at. What they tell is a lower bound of the share that is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputError

#: The share that must be right, z of its one-sided confidence of 95 %, and fewest images to check.
LEAST, Z, FEWEST = 0.9, 1.644854, 10


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """What the images checked so far tell of a group.

    Attributes
    ----------
    right, wrong, total
        Images checked and found right or wrong, and images of the group.
    share
        Share of the checked ones that was right; None before the first.
    low
        Lower bound of the share that is right in the whole group (one-sided, 95 %).
    more
        How many more must be checked, all of them right, until `low` reaches `least`; None where
        even that would not do.
    enough
        Whether at least 10 (or all) were checked and `low` is at least `least`.
    text
        All this in a sentence.
    """

    right: int
    wrong: int
    total: int
    least: float
    share: float | None
    low: float
    more: int | None
    enough: bool
    text: str


def draw_checks(
    rows: Sequence[int] | np.ndarray, *, units: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """Return rows in the order in which to check them: at random, one of each unit first.

    The order does not depend on how many will be checked, so that going on needs no new draw.

    Parameters
    ----------
    rows
        The group.
    units
        Unit of every row of the set `(n,)`; None takes each row as its own.
    """
    unique = np.unique(np.asarray(rows, dtype=np.int64))
    mixed = unique[np.random.default_rng(seed).permutation(len(unique))]
    if units is None:
        return mixed
    _, first = np.unique(np.asarray(units)[mixed], return_index=True)
    ahead = np.zeros(len(mixed), bool)
    ahead[first] = True
    return np.concatenate([mixed[ahead], mixed[~ahead]])


def spot_check(right: int, wrong: int, total: int, least: float = LEAST) -> SpotCheck:
    """Tell what was learned from the images of a group that were checked.

    Parameters
    ----------
    right, wrong
        Checked images whose label would be right, and wrong.
    total
        Images of the group.
    least
        Share of the group that must be right.

    Raises
    ------
    InputError
        More were checked than there are, or a number is below 0.

    Notes
    -----
    Wilson's bound, with the sample as much larger as it says more of a small group: n (N − 1) /
    (N − n) of N. Where all are checked, the bound is the share itself.
    """
    if min(right, wrong) < 0 or total < 1 or right + wrong > total:
        raise InputError(f"spot check: {right} right and {wrong} wrong of {total} cannot be")
    if not 0 < least < 1:
        raise InputError(f"spot check: the share must lie between 0 and 1, not {least}")
    checked = right + wrong
    low = _bound(right, checked, total)
    fewest = min(FEWEST, total)
    more = next(
        (n for n in range(max(0, fewest - checked), total - checked + 1)
         if _bound(right + n, checked + n, total) >= least), None,
    )  # fmt: skip
    enough = more == 0
    share = right / checked if checked else None
    text = _text(right, checked, low, more, least)
    return SpotCheck(right, wrong, total, least, share, low, more, enough, text)


def _bound(right: int, checked: int, total: int) -> float:
    """Return the lower bound of the share right in a group."""
    if not checked:
        return 0.0
    if checked == total:
        return right / total
    share, said = right / checked, checked * (total - 1) / (total - checked)
    middle = share + Z * Z / (2 * said)
    half = Z * float(np.sqrt(share * (1 - share) / said + Z * Z / (4 * said * said)))
    return max(0.0, (middle - half) / (1 + Z * Z / said))


def _text(right: int, checked: int, low: float, more: int | None, least: float) -> str:
    if more == 0:
        return f"{right:,} of {checked:,} checked are right: at least {100 * low:.0f} % of all are."
    if more is None:
        return (
            f"{right:,} of {checked:,} checked are right: too many are wrong to label all of it "
            "at once. Take out what does not belong, or label a smaller group."
        )
    seen = f"{right:,} of {checked:,} checked are right, which shows {100 * low:.0f} % of all; "
    then = f"check {more:,} more: if they are right, {100 * least:.0f} % are sure"
    return f"{seen if checked else ''}{then}"
