"""Which image of a group of copies to keep, and why: the rule, and what never goes.

In this order: kept by a person, labelled where others are not, fewest issues, most pixels,
sharpest, nearest to the middle of the group, first by id.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Rows gathered at a time to find what lies in the middle of groups.
ROWS = 4096
#: Digits by which sharpness, and distances to the middle, must differ to decide.
SHARP_DIGITS, AWAY_DIGITS = 3, 9


@dataclass(frozen=True, slots=True)
class Merits:
    """What speaks for keeping each item.

    Attributes
    ----------
    pinned, labelled
        Whether a person kept it, and whether it has a label: bool `(n,)`.
    issues
        Picture issues it has `(n,)`.
    pixels, sharpness
        Width times height, and sharpness `(n,)`; 0 where unknown.
    order
        Place of its id among all ids `(n,)`.
    """

    pinned: np.ndarray
    labelled: np.ndarray
    issues: np.ndarray
    pixels: np.ndarray
    sharpness: np.ndarray
    order: np.ndarray


def merits_of(
    ids: np.ndarray,
    table: pd.DataFrame,
    issues: np.ndarray,
    labelled: np.ndarray,
    pinned: np.ndarray,
) -> Merits:
    """Gather what speaks for each item.

    Parameters
    ----------
    ids
        Item ids `(n,)`.
    table
        What was measured of each picture: width, height, sharpness; missing where it was not.
    issues
        Number of picture issues of each `(n,)`.
    labelled, pinned
        Bool `(n,)`.
    """

    def column(name: str) -> np.ndarray:
        values = table[name].to_numpy(np.float64, na_value=np.nan)
        return np.asarray(np.nan_to_num(values), np.float64)

    order = np.empty(len(ids), np.int64)
    order[np.argsort(ids.astype(str), kind="stable")] = np.arange(len(ids))
    pixels = (column("width") * column("height")).astype(np.int64)
    return Merits(pinned, labelled, issues, pixels, column("sharpness"), order)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Members of groups in order of keeping.

    Attributes
    ----------
    rows
        The members `(m,)`, group after group, the keeper of each first.
    starts
        Where each group begins `(g,)`.
    stays
        Whether each must stay `(m,)`: the keeper, and what a person kept or labelled.
    reasons
        Why the keeper of each group is it `(g,)`.
    """

    rows: np.ndarray
    starts: np.ndarray
    stays: np.ndarray
    reasons: list[str]


def rank_members(
    rows: np.ndarray, starts: np.ndarray, unit: np.ndarray | None, merits: Merits
) -> Ranked:
    """Order the members of every group, the one to keep first.

    Parameters
    ----------
    rows
        The members `(m,)`, group after group.
    starts
        Where each group begins `(g,)`, the first at 0.
    unit
        Unit vectors `(n, d)` by which the middle is found; None where members are equal.
    merits
        What speaks for each item of the set.
    """
    sizes = np.diff([*starts, len(rows)])
    group = np.repeat(np.arange(len(starts)), sizes)
    away = np.zeros(len(rows)) if unit is None else _away(unit, rows, starts, sizes)
    some = merits.labelled[rows]
    all_labelled = np.repeat(np.logical_and.reduceat(some, starts), sizes) if len(rows) else some
    labelled = some & ~all_labelled
    keys = np.stack([
        ~merits.pinned[rows], ~labelled, merits.issues[rows], -merits.pixels[rows],
        -np.round(merits.sharpness[rows], SHARP_DIGITS), np.round(away, AWAY_DIGITS),
        merits.order[rows],
    ]).astype(np.float64)  # fmt: skip
    order = np.lexsort([rows, *keys[::-1], group])
    keys = keys[:, order]
    stays = (merits.pinned[rows] | labelled)[order]
    stays[starts] = True
    decided = (keys[:, starts] != keys[:, starts + 1]).argmax(axis=0)
    return Ranked(rows[order], starts, stays, _reasons(decided, keys, starts, sizes))


def _away(unit: np.ndarray, rows: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the squared distance of every member to the middle of its group.

    It orders members as the sum of their squared distances to the others does.
    """
    found = np.empty(len(rows))
    for first, last in _runs(sizes):
        begin, end = starts[first], starts[last] + sizes[last]
        if first == last and sizes[first] > ROWS:
            found[begin:end] = _away_from_mean(unit, rows[begin:end])
            continue
        vectors = unit[rows[begin:end]].astype(np.float64)
        inside = sizes[first : last + 1]
        means = np.add.reduceat(vectors, starts[first : last + 1] - begin) / inside[:, None]
        vectors -= np.repeat(means, inside, axis=0)
        found[begin:end] = np.einsum("ij,ij->i", vectors, vectors)
    return found


def _runs(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the first and last of groups that together have about `ROWS` members."""
    first, total = 0, 0
    for at, size in enumerate(sizes.tolist()):
        if total and total + size > ROWS:
            yield first, at - 1
            first, total = at, 0
        total += size
    if len(sizes):
        yield first, len(sizes) - 1


def _away_from_mean(unit: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the squared distance of many rows to their mean, some at a time."""
    pieces = [rows[at : at + ROWS] for at in range(0, len(rows), ROWS)]
    total = sum(unit[piece].sum(axis=0, dtype=np.float64) for piece in pieces)
    mean = np.asarray(total) / len(rows)
    return np.concatenate([((unit[piece] - mean) ** 2).sum(axis=1) for piece in pieces])


def _reasons(
    decided: np.ndarray, keys: np.ndarray, starts: np.ndarray, sizes: np.ndarray
) -> list[str]:
    """Return in words which rule set each keeper before the next best."""
    found = []
    values, others = keys[:, starts].T.tolist(), keys[:, starts + 1].T.tolist()
    for rule, value, other, size in zip(
        decided.tolist(), values, others, sizes.tolist(), strict=True
    ):
        found.append(_reason(rule, value, other, size))
    return found


def _reason(rule: int, value: list[float], other: list[float], size: int) -> str:
    """Return why the first was set before the second."""
    if rule == 0:
        return "kept by a person"
    if rule == 1:
        return "it has a label, others do not"
    if rule == 2:
        return f"fewest picture issues: {int(value[2])}, the next has {int(other[2])}"
    if rule == 3:
        next_best = f"the next has {int(-other[3]):,}" if other[3] else "others are not measured"
        return f"most pixels: {int(-value[3]):,}, {next_best}"
    if rule == 4:
        return f"sharpest: {-value[4]:.3f}, the next {-other[4]:.3f}"
    if rule == 5 and size > 2:
        return "in the middle of the group"
    return "nothing sets them apart: first by id"
