"""The design of a comparison: which images make one observation, in which group and block.

An observation is what is compared and exchanged: the images of one unit in one group. Nothing here
looks at vectors, so that a page can show a design before anything is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

#: Fewest observations of a group that is tested, and of one that has a distance.
TESTED, MEASURED = 3, 2
#: Share of units that must lie in several groups for the design to be a paired one.
PAIRED = 0.5
#: Why a row is in no group, by its code there.
OUT = {-1: "without a group", -2: "in several of the slices", -3: "in a group not chosen"}


@dataclass(frozen=True, slots=True)
class Told:
    """A warning: what to look out for, and what to do."""

    code: str
    level: str
    text: str

    def to_json(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {"code": self.code, "level": self.level, "text": self.text}


@dataclass(frozen=True, slots=True)
class Factor:
    """A block or covariate of every row of the set.

    Attributes
    ----------
    name
        The column.
    values
        Numbers `(n,)` float64, NaN missing; of categories the code, NaN missing.
    names
        The categories by code; None for numbers.
    """

    name: str
    values: np.ndarray
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a design is made from.

    Attributes
    ----------
    rows
        Rows looked at, ascending.
    groups
        Group of every row of the set `(n,)`; below 0 one of `OUT`.
    names
        The groups by code.
    units
        Unit of every row `(n,)` from 0.
    kind
        "column", "copies" or "image": what makes a unit.
    block, covariates
        None and () where there are none.
    """

    rows: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]
    units: np.ndarray
    kind: str
    block: Factor | None = None
    covariates: tuple[Factor, ...] = ()


@dataclass(frozen=True)
class Design:
    """Observations, each one unit in one group, ordered by group and first row.

    Attributes
    ----------
    names
        The groups by code.
    rows, place
        Rows of the set that are used, ascending, and the observation of each.
    group, unit, images
        Of each observation `(m,)`: code of its group, number of its unit, how many images.
    blocks
        Block of each `(m,)` int64; None without.
    covariates
        By name: numbers `(m,)` or indicator columns `(m, k)`.
    numeric
        Names of the covariates that are numbers.
    paired
        Whether units lie in several groups, and groups are exchanged within units.
    left_out
        Rows that are not used, by reason.
    notes
        What else is to be said.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    place: np.ndarray
    group: np.ndarray
    unit: np.ndarray
    images: np.ndarray
    blocks: np.ndarray | None
    covariates: Mapping[str, np.ndarray]
    numeric: tuple[str, ...]
    paired: bool
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()
    warnings: tuple[Told, ...] = field(default=())

    @property
    def sizes(self) -> np.ndarray:
        """Observations of each group."""
        return np.bincount(self.group, minlength=len(self.names))

    @property
    def tested(self) -> np.ndarray:
        """Codes of the groups that are tested, ascending."""
        return np.flatnonzero(self.sizes >= TESTED)

    def of_groups(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the observations of some groups, and their groups numbered from 0."""
        inside = np.flatnonzero(np.isin(self.group, codes))
        return inside, np.searchsorted(codes, self.group[inside])


def design_of(given: Given) -> Design:
    """Return the observations of a comparison.

    Notes
    -----
    A unit in several groups is an observation in each. Where half of the units or more are, groups
    are exchanged within units; where it is fewer, those units are left out, since what they show
    in one group is not independent of what they show in another.
    """
    left: dict[str, int] = {}
    rows = _complete(given, left)
    rows, paired, notes = _crossed(given, rows, left)
    pairs = np.stack([given.groups[rows], given.units[rows]], axis=1).astype(np.int64)
    group, unit, place = _observations(pairs)
    images = np.bincount(place, minlength=len(group))
    blocks = None
    if given.block is not None and not paired:
        codes, unlike = _commonest(given.block.values[rows], place, len(group))
        blocks = np.unique(codes, return_inverse=True)[1].astype(np.int64).reshape(-1)
        notes += _unlike(given.block.name, unlike)
    elif given.block is not None:
        notes.append(
            f"Column {given.block.name!r} is not used as a block: groups are exchanged within "
            "units already, which is finer."
        )
    if paired:
        blocks = np.unique(unit, return_inverse=True)[1].astype(np.int64).reshape(-1)
    covariates = {}
    for one in given.covariates:
        covariates[one.name], told = _covariate(one, rows, place, len(group))
        notes += told
    numeric = tuple(one.name for one in given.covariates if one.names is None)
    return Design(
        given.names, rows, place, group, unit, images, blocks, covariates, numeric, paired, left,
        tuple(notes),
    )  # fmt: skip


def _complete(given: Given, left: dict[str, int]) -> np.ndarray:
    """Return the rows that have a group, a block and all covariates; count the others."""
    rows = given.rows
    for one in (given.block, *given.covariates):
        if one is None:
            continue
        known = ~np.isnan(one.values[rows])
        in_group = given.groups[rows] >= 0
        gone = int((in_group & ~known).sum())
        if gone:
            left[f"without {one.name}"] = gone
        rows = rows[known | ~in_group]
    codes = given.groups[rows]
    for code, reason in OUT.items():
        if (codes == code).any():
            left[reason] = int((codes == code).sum())
    return np.asarray(rows[codes >= 0])


def _crossed(
    given: Given, rows: np.ndarray, left: dict[str, int]
) -> tuple[np.ndarray, bool, list[str]]:
    """Decide what to do with units in several groups; see `design_of`."""
    table = pd.DataFrame({"unit": given.units[rows], "group": given.groups[rows]})
    kinds = table.drop_duplicates().groupby("unit", sort=True)["group"].size()
    crossed = kinds.index[kinds.to_numpy() > 1].to_numpy()
    if not len(crossed):
        return rows, False, []
    if given.kind == "column" and len(crossed) >= PAIRED * len(kinds):
        single = len(kinds) - len(crossed)
        text = (
            f"{len(crossed):,} of {len(kinds):,} units have images in several groups: each is an "
            "observation in each of them, and groups are exchanged within units (a paired design)."
        )
        return rows, True, [text] + ([_single(single)] if single else [])
    inside = np.isin(given.units[rows], crossed)
    reason = "units in several groups" if given.kind == "column" else "copies in several groups"
    left[reason] = int(inside.sum())
    said = f"{len(crossed):,} {'units lie' if len(crossed) > 1 else 'unit lies'} in several groups"
    if given.kind != "column":
        said = f"{len(crossed):,} pictures have copies in several groups"
    return rows[~inside], False, [f"{said} and cannot be counted for one: left out."]


def _single(count: int) -> str:
    many = "units lie" if count > 1 else "unit lies"
    return f"{count:,} {many} in one group only and cannot be tested."


def _observations(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return group and unit of each observation, by group and first row, and each row's place."""
    if not len(pairs):
        none = np.zeros(0, np.int64)
        return none, none, none
    kinds, first, place = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    order = np.lexsort((first, kinds[:, 0]))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return kinds[order, 0], kinds[order, 1], rank[place.reshape(-1)]


def _commonest(codes: np.ndarray, place: np.ndarray, m: int) -> tuple[np.ndarray, int]:
    """Return the commonest code of each observation, ties by code, and how many disagree."""
    table = pd.DataFrame({"place": place, "code": codes.astype(np.int64)})
    counts = table.value_counts(sort=False).reset_index(name="count")
    ordered = counts.sort_values(["place", "count", "code"], ascending=[True, False, True])
    found = ordered.drop_duplicates("place")["code"].to_numpy()
    return found, int((counts["place"].value_counts() > 1).sum())


def _unlike(name: str, count: int) -> list[str]:
    if not count:
        return []
    many = "units have" if count > 1 else "unit has"
    return [f"{count:,} {many} several values of {name!r}: the commonest counts."]


def _covariate(
    one: Factor, rows: np.ndarray, place: np.ndarray, m: int
) -> tuple[np.ndarray, list[str]]:
    """Return a covariate's columns for each observation: numbers are averaged."""
    values = one.values[rows]
    if one.names is None:
        return np.bincount(place, values, m) / np.maximum(np.bincount(place, minlength=m), 1), []
    codes, unlike = _commonest(values, place, m)
    kinds = np.unique(codes)
    return (codes[:, None] == kinds[1:]).astype(np.float64), _unlike(one.name, unlike)


def rows_of(place: np.ndarray, m: int) -> Sequence[np.ndarray]:
    """Return, for each observation, where its images are among the rows used."""
    order = np.argsort(place, kind="stable")
    return np.split(order, np.cumsum(np.bincount(place, minlength=m))[:-1]) if m else []


def described(design: Design, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return a design as JSON values; `words` are those that the request gives it."""
    images = np.bincount(design.group, design.images, len(design.names)).astype(int)
    tested = set(design.tested.tolist())
    groups = [
        {"name": name, "code": code, "units": int(units), "images": int(images[code]),
         "tested": code in tested}
        for code, (name, units) in enumerate(zip(design.names, design.sizes, strict=True))
    ]  # fmt: skip
    return {
        **words, "paired": design.paired, "n_images": len(design.rows),
        "n_units": len(design.group), "specimens": len(np.unique(design.unit)),
        "left_out": dict(design.left_out), "groups": groups,
        "blocks": None if design.blocks is None else len(np.unique(design.blocks)),
        "warnings": [one.to_json() for one in design.warnings], "notes": list(design.notes),
    }  # fmt: skip
