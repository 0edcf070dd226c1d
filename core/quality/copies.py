"""What was found of copies in a set: groups on four levels, their members, pairs and leaks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: From the surest to the least: equal bytes, equal pixels, near-duplicates, turned copies.
LEVELS = ("identical", "pixels", "near", "turned")
#: How sure it is that the members of a group are copies.
CONFIDENCES = ("certain", "likely", "possible")

GROUP_COLUMNS = {
    "group": np.int64, "level": object, "size": np.int64, "distinct": np.int64,
    "diameter": np.float64, "confidence": object, "conflict": bool, "keeper": np.int64,
    "keeper_reason": object,
}  # fmt: skip
MEMBER_COLUMNS = {
    "group": np.int64, "row": np.int64, "distance": np.float64, "way": np.int64,
    "bits": np.int64, "apart": np.float64, "stays": bool,
}  # fmt: skip
LEAK_COLUMNS = {
    "kind": object, "first": object, "second": object, "row": np.int64, "other": np.int64,
    "distance": np.float64, "level": object,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Copies in a set, as they are stored.

    Attributes
    ----------
    key
        The artefact's key. It covers labels, pinned images, slices and other sets as well; what
        only depends on which images belong together uses `units_key`.
    meta
        tau, source and text of the threshold; turned; counts by level; limits that were met.
    groups
        One row a group: group (number, over all levels), level, size, distinct (different
        pictures, by pixels; of level "pixels" different files), diameter (at most 2 tau; pictures
        whose pixels match count as near as these), confidence, conflict (two labels), keeper (a
        row) and keeper_reason.
    members
        One row a member, the keeper first: group, row, distance to the keeper (chordal), way (0 as
        it is, 1 to 7 turned as in `core.imaging.perceptual.TURNS`), bits in which the perceptual
        hashes differ (-1 unknown), apart (how far the pixels are apart, 1 the most that is still
        a copy; NaN where not compared), stays (the keeper, and what is never dropped: kept by a
        person, or labelled where others are not).
    leaks
        kind ("split", "slice", "set"), first and second (names), row, other (a row of this set;
        of the other set where kind is "set"), distance, level.
    pairs, pair_distance
        Pairs of near items `(m, 2)` int64, the lower row first, and distances `(m,)`, ascending.
    nearest
        Distance of each item to the nearest other picture `(n,)` float32.
    """

    key: str
    meta: dict[str, Any]
    groups: pd.DataFrame
    members: pd.DataFrame
    leaks: pd.DataFrame
    pairs: np.ndarray
    pair_distance: np.ndarray
    nearest: np.ndarray

    @classmethod
    def stored(cls, artefact: Any) -> "Duplicates":
        """Return what an artefact of kind "duplicates" holds (`core.storage.store.Artefact`)."""
        tables, arrays = artefact.tables, artefact.arrays
        return cls(
            artefact.key, artefact.meta, tables["groups"], tables["members"], tables["leaks"],
            arrays["pairs"], arrays["pair_distance"], arrays["nearest"],
        )  # fmt: skip

    @property
    def tau(self) -> float:
        """The distance up to which two items are near-duplicates."""
        return float(self.meta["tau"])

    @property
    def units_key(self) -> str:
        """What identifies which images belong together, and nothing else."""
        return str(self.meta["units_key"])

    def of_level(self, level: str) -> pd.DataFrame:
        """Return the groups of one level."""
        return self.groups[self.groups["level"] == level]

    def rows_of(self, group: int) -> np.ndarray:
        """Return the rows of a group, int64, the keeper first."""
        numbers = self.members["group"].to_numpy()
        begin, end = np.searchsorted(numbers, [group, group + 1])
        return self.members["row"].to_numpy()[begin:end]


def unit_groups(duplicates: Duplicates, n: int) -> np.ndarray:
    """Return the unit of every row: its group of near-duplicates, or itself.

    Units never vouch for one another: outliers, labels and splits treat one as a whole.

    Parameters
    ----------
    duplicates
        What was found.
    n
        Rows in the set.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` int64, numbered from 0 by the first row of each.
    """
    found = np.arange(n, dtype=np.int64)
    near = duplicates.of_level("near")["group"].to_numpy()
    inside = duplicates.members[duplicates.members["group"].isin(near)]
    if len(inside):
        rows = inside["row"].to_numpy(np.int64)
        first = pd.Series(rows).groupby(inside["group"].to_numpy()).transform("min")
        found[rows] = first.to_numpy(np.int64)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def empty_table(columns: dict[str, Any]) -> pd.DataFrame:
    """Return a table of no rows with these columns and types."""
    return pd.DataFrame({name: np.zeros(0, kind) for name, kind in columns.items()})
