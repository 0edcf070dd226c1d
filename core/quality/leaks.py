"""Copies of one image on both sides of a border: splits, slices, two sets."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.quality.copies import LEAK_COLUMNS, empty_table

#: Most lines kept for one pair of sides.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Links:
    """Which images are copies of which.

    Attributes
    ----------
    files, pictures, same
        Codes `(n,)` equal where bytes are equal; where pixels are too; where vectors are too.
    pairs
        Near codes of `same` `(m, 2)`, both ways.
    distance
        How far they are apart `(m,)`.
    """

    files: np.ndarray
    pictures: np.ndarray
    same: np.ndarray
    pairs: np.ndarray
    distance: np.ndarray

    @classmethod
    def of(
        cls,
        files: np.ndarray,
        pictures: np.ndarray,
        same: np.ndarray,
        pairs: np.ndarray,
        distance: np.ndarray,
    ) -> "Links":
        """Return links from pairs of rows."""
        codes = same[pairs]
        both = np.concatenate([codes, codes[:, ::-1]])
        return cls(files, pictures, same, both, np.concatenate([distance, distance]))


def leaks_between(
    links: Links, kind: str, names: tuple[str, str], first: np.ndarray, second: np.ndarray
) -> pd.DataFrame:
    """Find the images of one side that have a copy on the other.

    Parameters
    ----------
    links
        Which images are copies of which.
    kind
        "split", "slice" or "set".
    names
        What the sides are called.
    first, second
        Rows of each; what is on both is left out.

    Returns
    -------
    pandas.DataFrame
        One line for every image of the first that has a copy in the second: kind, first, second,
        row, other (its nearest copy), distance, level.
    """
    n = len(links.files)
    inside, there = np.zeros(n, bool), np.zeros(n, bool)
    inside[first], there[second] = True, True
    rows, others = np.flatnonzero(inside & ~there), np.flatnonzero(there & ~inside)
    if not len(rows) or not len(others):
        return empty_table(LEAK_COLUMNS)
    other, distance = np.full(n, -1, np.int64), np.full(n, np.inf)
    level = np.full(n, "near", object)
    _nearest_linked(links, rows, others, other, distance)
    for name, codes in (("near", links.same), ("pixels", links.pictures),
                        ("identical", links.files)):  # fmt: skip
        holder = np.full(int(codes.max()) + 1, -1, np.int64)
        holder[codes[others][::-1]] = others[::-1]
        hit = holder[codes[rows]] >= 0
        other[rows[hit]], distance[rows[hit]] = holder[codes[rows[hit]]], 0.0
        level[rows[hit]] = name
    leaked = rows[other[rows] >= 0]
    leaked = leaked[np.argsort(distance[leaked], kind="stable")][:MOST]
    return pd.DataFrame({
        "kind": kind, "first": names[0], "second": names[1], "row": leaked,
        "other": other[leaked], "distance": distance[leaked], "level": level[leaked],
    })  # fmt: skip


def _nearest_linked(
    links: Links, rows: np.ndarray, others: np.ndarray, other: np.ndarray, distance: np.ndarray
) -> None:
    """Fill in, for rows linked to others, the nearest of those and how far it is."""
    holder = np.full(int(links.same.max()) + 1, -1, np.int64)
    holder[links.same[others][::-1]] = others[::-1]
    reach = holder[links.pairs[:, 1]] >= 0
    pairs, far = links.pairs[reach], links.distance[reach]
    order = np.lexsort((pairs[:, 1], far, pairs[:, 0]))
    pairs, far = pairs[order], far[order]
    begin = np.searchsorted(pairs[:, 0], links.same[rows], side="left")
    found = begin < len(pairs)
    found[found] = pairs[begin[found], 0] == links.same[rows[found]]
    other[rows[found]] = holder[pairs[begin[found], 1]]
    distance[rows[found]] = far[begin[found]]
