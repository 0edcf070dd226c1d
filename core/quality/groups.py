"""Groups of copies as tables: members in order of keeping, widths, and how sure it is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.imaging.perceptual import hamming
from core.quality.conflicts import in_conflict
from core.quality.copies import (
    GROUP_COLUMNS,
    LEVELS,
    MEMBER_COLUMNS,
    empty_table,
)
from core.quality.keeper import Merits, rank_members
from core.quality.leaks import Links
from core.quality.lookalike import BACK
from core.quality.near import Alike, Closeness
from core.space import blocks

#: Points of a group whose distances are all measured; of a larger one the width is bounded.
MEASURED = 2000
#: Of τ: up to here vectors alone make a group likely.
SURE = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows which rows belong together.

    Attributes
    ----------
    levels
        For each level the group of every row `(n,)`.
    files, pictures, same
        Codes `(n,)` equal where bytes are equal; where pixels are too; where vectors are too.
    alike
        Pictures whose pixels were compared.
    pairs
        Pairs of rows `(m, 2)` whose vectors are near.
    hashes
        Perceptual hashes `(n, 8)`; 0 where unknown.
    """

    levels: dict[str, np.ndarray]
    files: np.ndarray
    pictures: np.ndarray
    same: np.ndarray
    alike: Alike
    pairs: np.ndarray
    hashes: np.ndarray

    def links(self, unit: np.ndarray) -> Links:
        """Return which rows are copies of which."""
        upright = self.alike.upright()
        pairs = np.concatenate([self.pairs, upright.pairs[upright.apart <= 1]])
        far = _apart(unit, pairs[:, 0], pairs[:, 1])
        return Links.of(self.files, self.pictures, self.same, pairs, far)


def level_tables(
    evidence: Evidence, unit: np.ndarray, merits: Merits, labels: np.ndarray, tau: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables "groups" and "members" of all levels.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)`.
    merits
        What speaks for keeping each item.
    labels
        Label of each item as a number, -1 for none.
    tau
        The distance of near-duplicates.
    """
    groups, members, count = [], [], 0
    for level in LEVELS:
        if level not in evidence.levels:
            continue
        rows, starts = grouped_rows(evidence.levels[level])
        if not len(starts):
            continue
        table, inside = _level(level, rows, starts, evidence, unit, merits, labels, tau)
        table["group"] += count
        inside["group"] += count
        count += len(table)
        groups.append(table)
        members.append(inside)
    if not groups:
        return empty_table(GROUP_COLUMNS), empty_table(MEMBER_COLUMNS)
    return pd.concat(groups, ignore_index=True), pd.concat(members, ignore_index=True)


def grouped_rows(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of groups of two or more, group after group by first row, and the starts."""
    inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)[1:]
    shared = np.flatnonzero(counts[inverse] > 1)
    first = np.full(len(counts), len(codes))
    np.minimum.at(first, inverse, np.arange(len(codes)))
    owner = first[inverse[shared]]
    rows = shared[np.lexsort((shared, owner))]
    owner = first[inverse[rows]]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    return rows, starts


def _level(
    level: str,
    rows: np.ndarray,
    starts: np.ndarray,
    evidence: Evidence,
    unit: np.ndarray,
    merits: Merits,
    labels: np.ndarray,
    tau: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the groups and members of one level, numbered from 0."""
    equal = level in {"identical", "pixels"}
    ranked = rank_members(rows, starts, None if equal else unit, merits)
    sizes = np.diff([*starts, len(rows)])
    numbers = np.repeat(np.arange(len(starts)), sizes)
    keeper = np.repeat(ranked.rows[starts], sizes)
    members = pd.DataFrame({"group": numbers, "row": ranked.rows})
    members["distance"] = 0.0 if equal else _apart(unit, keeper, ranked.rows)
    if not equal:
        same = evidence.same
        members.loc[same[keeper] == same[ranked.rows], "distance"] = 0.0
    members["way"], members["apart"] = _compared(evidence, keeper, ranked.rows)
    members["bits"] = _bits(evidence.hashes, keeper, ranked.rows, members["way"].to_numpy())
    members["stays"] = ranked.stays
    kinds = evidence.files if equal else evidence.pictures
    distinct = _distinct(kinds[ranked.rows], numbers, len(starts))
    width = np.zeros(len(starts)) if equal else _widths(level, ranked.rows, starts, evidence, unit,
                                                        tau)  # fmt: skip
    table = pd.DataFrame({
        "group": np.arange(len(starts)), "level": level, "size": sizes, "distinct": distinct,
        "diameter": width,
        "confidence": "certain" if equal else _confidence(members, distinct, tau),
        "conflict": in_conflict(ranked.rows, starts, labels), "keeper": ranked.rows[starts],
        "keeper_reason": ranked.reasons,
    })  # fmt: skip
    return table[list(GROUP_COLUMNS)], members[list(MEMBER_COLUMNS)]


def _apart(unit: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the distances between rows, pair by pair, float64."""
    found = np.empty(len(first))
    for part in blocks(len(first), unit.shape[1]):
        away = unit[first[part]].astype(np.float64) - unit[second[part]]
        found[part] = np.sqrt(np.einsum("ij,ij->i", away, away))
    return found


def _compared(
    evidence: Evidence, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how the pixels of pairs of rows compare: way, and apart (NaN where not compared)."""
    way, apart = np.zeros(len(first), np.int64), np.full(len(first), np.nan)
    pictures, alike = evidence.pictures, evidence.alike
    apart[pictures[first] == pictures[second]] = 0.0
    if not len(alike.pairs):
        return way, apart
    total = len(pictures)

    def keys(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        one, two = pictures[one], pictures[two]
        return np.minimum(one, two) * total + np.maximum(one, two)

    known = keys(alike.pairs[:, 0], alike.pairs[:, 1])
    order = np.lexsort((alike.apart, known))
    wanted = keys(first, second)
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    hit = (known[order][at] == wanted) & np.isnan(apart)
    found = alike.way[order][at[hit]]
    backwards = pictures[first[hit]] > pictures[second[hit]]  # the other one was turned
    way[hit] = np.where(backwards, BACK[found], found)
    apart[hit] = alike.apart[order][at[hit]]
    return way, apart


def _bits(hashes: np.ndarray, first: np.ndarray, second: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Return in how many bits perceptual hashes differ; -1 where one is unknown."""
    bits = hamming(hashes[first, 0], hashes[second, way]).astype(np.int64)
    unknown = (hashes[first, 0] == 0) | (hashes[second, 0] == 0)
    return np.where(unknown, -1, bits)


def _distinct(kinds: np.ndarray, numbers: np.ndarray, count: int) -> np.ndarray:
    """Return how many different kinds each group holds."""
    pairs = np.unique(np.stack([numbers, kinds]), axis=1)
    return np.bincount(pairs[0], minlength=count).astype(np.int64)


def _widths(
    level: str,
    rows: np.ndarray,
    starts: np.ndarray,
    evidence: Evidence,
    unit: np.ndarray,
    tau: float,
) -> np.ndarray:
    """Return the largest distance between two members of each group."""
    same = evidence.same
    represent, points = np.unique(same, return_index=True, return_inverse=True)[1:]
    alike = evidence.alike if level == "turned" else evidence.alike.upright()
    space = Closeness(unit, represent, tau, points[alike.pairs], alike.apart)
    found = np.zeros(len(starts))
    ends = [*starts[1:].tolist(), len(rows)]
    by_size: dict[int, list[tuple[int, np.ndarray]]] = {}
    for number, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        held = np.unique(points[rows[start:end]])
        if len(held) > MEASURED:
            found[number] = 2 * tau
        elif len(held) > 1:
            by_size.setdefault(len(held), []).append((number, held))
    for held_by in by_size.values():
        numbers = np.array([number for number, _ in held_by])
        stacked = np.stack([held for _, held in held_by])
        for part in blocks(len(stacked), stacked.shape[1] * max(unit.shape[1], stacked.shape[1])):
            found[numbers[part]] = space.matrices(stacked[part]).max(axis=(1, 2))
    return found


def _confidence(members: pd.DataFrame, distinct: np.ndarray, tau: float) -> np.ndarray:
    """Return how sure each group is: by its member that is least like the keeper.

    Certain where pixels match and the vectors are near; likely where either pixels match or the
    vectors are very near; else possible.
    """
    near = members["distance"].to_numpy()
    matches = members["apart"].to_numpy() <= 1
    grade = np.where(matches & (near <= tau), 2, np.where(matches | (near <= SURE * tau), 1, 0))
    least = pd.Series(grade).groupby(members["group"].to_numpy()).min().to_numpy()
    return np.array(["possible", "likely", "certain"], object)[least]
