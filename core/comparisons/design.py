"""The design that a request comes to on a set: for the job, and at once for the form.

Reads columns, slices and what the last check found; no vectors.
"""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from core.columns import as_numbers
from core.comparisons.cautions import cautions
from core.errors import InputError
from core.labelled.values import LabelColumn, coded, label_column
from core.morphology.design import Design, Factor, Given, described, design_of
from core.morphology.request import GROUPS, SLICES, MorphologyRequest
from core.opened.units import own_unit
from core.quality.copies import Duplicates, unit_groups

#: Groups named in an error.
_NAMED = 8


def preview(asked: MorphologyRequest, opened: Any, view: Any, findings: Any) -> dict[str, Any]:
    """Return the design of a comparison as JSON values, before anything is computed.

    Parameters
    ----------
    asked
        What is asked for.
    opened, view
        The set or part, and what was decided about it (`Desk.view`).
    findings
        `core.findings.Findings` of the workspace, for copies.

    Raises
    ------
    NotFoundError
        There is no such column, slice or group.
    InputError
        A column cannot be used as asked.
    """
    asked = settled(asked, opened)
    return describe(asked, planned(asked, opened, view, findings))


def settled(asked: MorphologyRequest, opened: Any) -> MorphologyRequest:
    """Return a request with the unit that the set itself names, where none is asked for."""
    if asked.unit is not None or asked.aggregate == "image":
        return asked
    return replace(asked, unit=own_unit(opened.items))


def planned(asked: MorphologyRequest, opened: Any, view: Any, findings: Any) -> Design:
    """Return the design of a comparison with its warnings; see `preview` for the errors."""
    groups = _groups(asked, opened, view)
    copies = _copies(opened, findings)
    units, kind = _units(asked, opened, copies)
    rows, gone = _rows(asked, opened, view)
    _check_pair(asked, opened, view, groups)
    given = Given(
        rows, groups.codes, groups.names, units, kind, _block(asked, opened, view),
        tuple(_covariate(name, opened, view) for name in asked.covariates),
    )  # fmt: skip
    found = design_of(given)
    notes = (*found.notes, *_alone(asked, opened, found))
    found = replace(found, left_out={**gone, **found.left_out}, notes=notes)
    return replace(found, warnings=cautions(asked, opened, view, found, copies))


def describe(asked: MorphologyRequest, design: Design) -> dict[str, Any]:
    """Return a design as JSON values, with the names that the request gives its parts."""
    kind = "column" if asked.unit else "image" if asked.aggregate == "image" else "copies"
    text = {"column": asked.unit, "image": "image", "copies": "image (copies count as one)"}[kind]
    words = {
        "unit": text, "unit_kind": kind, "by": asked.by,
        "block": None if design.paired else asked.block, "covariates": list(asked.covariates),
        "within": asked.within,
    }  # fmt: skip
    return described(design, words)


# -- groups ----------------------------------------------------------------------------------------


def _groups(asked: MorphologyRequest, opened: Any, view: Any) -> LabelColumn:
    """Return the group of every row; below 0 a reason of `OUT`."""
    if asked.by == SLICES:
        return _of_slices(asked, opened, view)
    found = _natural(label_column(opened, view, asked.by))
    if not found.names:
        raise InputError(f"by {asked.by!r}: no image has a value there; choose another column")
    if asked.groups:
        return _chosen(asked, found)
    if len(found.names) > GROUPS:
        raise InputError(
            f"by {asked.by!r}: {len(found.names):,} groups; at most {GROUPS} are compared: name "
            "some with groups"
        )
    return found


def _natural(found: LabelColumn) -> LabelColumn:
    """Return a column with its names in the order of the numbers in them: 2 before 10."""
    order = sorted(range(len(found.names)), key=lambda at: _as_numbered(found.names[at]))
    rank = np.empty(len(order) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return LabelColumn(found.name, rank[found.codes], tuple(found.names[at] for at in order))


def _as_numbered(name: str) -> list[tuple[str, float, str]]:
    """Return a name to sort by: its parts before numbers, the numbers, and the name itself."""
    parts = re.findall(r"(\D*)(\d+(?:\.\d+)?)?", name, re.ASCII)
    return [(text, float(number or -1), name) for text, number in parts]


def _chosen(asked: MorphologyRequest, found: LabelColumn) -> LabelColumn:
    """Return a column with the groups that are asked for, in their order."""
    there = {name: at for at, name in enumerate(found.names)}
    missing = [name for name in asked.groups if name not in there]
    if missing:
        known = ", ".join(found.names[:_NAMED]) + (", …" if len(found.names) > _NAMED else "")
        raise InputError(
            f"groups: {missing[0]!r:.60} is no value of {asked.by!r}; there are {known}"
        )
    place = np.full(len(found.names) + 1, -3, np.int64)
    place[-1] = -1
    place[[there[name] for name in asked.groups]] = np.arange(len(asked.groups))
    return LabelColumn(found.name, place[found.codes], asked.groups)


def _of_slices(asked: MorphologyRequest, opened: Any, view: Any) -> LabelColumn:
    codes = np.full(len(opened), -1, np.int64)
    for code, name in enumerate(asked.slices):
        rows = view.slice(name).rows
        codes[rows] = np.where(codes[rows] == -1, code, -2)
    return LabelColumn(SLICES, codes, asked.slices)


def _check_pair(asked: MorphologyRequest, opened: Any, view: Any, groups: LabelColumn) -> None:
    """Refuse a column of sides without categories, and ends of an axis that are no groups."""
    if asked.pair is not None:
        label_column(opened, view, asked.pair)
    stray = [pole for pole in asked.poles if pole not in groups.names]
    if stray:
        raise InputError(f"poles: {stray[0]!r:.60} is not among the groups compared")


# -- rows and units --------------------------------------------------------------------------------


def _rows(asked: MorphologyRequest, opened: Any, view: Any) -> tuple[np.ndarray, dict[str, int]]:
    """Return the rows looked at, and how many are out beforehand by reason."""
    working = np.asarray(view.working, np.int64)
    gone = {"excluded or dropped": len(opened) - len(working)}
    if asked.within is not None:
        inside = np.intersect1d(view.slice(asked.within).rows, working)
        gone["outside the slice"] = len(working) - len(inside)
        working = inside
    return working, {reason: count for reason, count in gone.items() if count}


def _copies(opened: Any, findings: Any) -> np.ndarray | None:
    """Return the group of copies of every row `(n,)`; None where they were not looked for."""
    check = findings.check(opened)
    stored = None if check is None or check.stale else check.duplicates
    return None if stored is None else unit_groups(Duplicates.stored(stored), len(opened))


def _units(
    asked: MorphologyRequest, opened: Any, copies: np.ndarray | None
) -> tuple[np.ndarray, str]:
    """Return the unit of every row, and what makes a unit."""
    if asked.unit is not None:
        opened.column(asked.unit)  # NotFoundError lists the columns there are
        found = coded(asked.unit, opened.values(asked.unit))
        units = found.codes.copy()
        alone = np.flatnonzero(units < 0)
        units[alone] = len(found.names) + np.arange(len(alone))
        return units, "column"
    if asked.aggregate == "image":
        return np.arange(len(opened), dtype=np.int64), "image"
    if copies is not None:
        return copies, "copies"
    codes = np.unique(opened.items["item_id"].to_numpy(dtype=object), return_inverse=True)[1]
    return codes.astype(np.int64).reshape(-1), "copies"


def _alone(asked: MorphologyRequest, opened: Any, design: Design) -> list[str]:
    """Return what is to be said of images without a unit."""
    if asked.unit is None:
        return []
    named = coded(asked.unit, opened.values(asked.unit)).codes[design.rows] >= 0
    count = int((~named).sum())
    if not count:
        return []
    each = "images have" if count > 1 else "image has"
    return [f"{count:,} {each} no value of {asked.unit!r} and count as units of their own."]


# -- blocks and covariates -------------------------------------------------------------------------


def _block(asked: MorphologyRequest, opened: Any, view: Any) -> Factor | None:
    if asked.block is None:
        return None
    return _categories(label_column(opened, view, asked.block))


def _covariate(name: str, opened: Any, view: Any) -> Factor:
    if opened.column(name).kind == "number":
        return Factor(name, as_numbers(opened.values(name)))
    found = label_column(opened, view, name)
    if len(found.names) > GROUPS:
        raise InputError(
            f"covariate {name!r}: {len(found.names):,} categories; at most {GROUPS} can be used"
        )
    return replace(_categories(found), name=name)


def _categories(found: LabelColumn) -> Factor:
    values = np.where(found.codes < 0, np.nan, found.codes.astype(np.float64))
    return Factor(found.name, values, found.names)
