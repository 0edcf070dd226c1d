"""The two sides of a comparison, opened: which images of which set, and what belongs together.

Reads columns, slices and what the last check found; no vectors, so that a form can ask at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.columns import holds_dates
from core.curation.source import portable_name
from core.drift.periods import period_rows
from core.drift.request import SLICE, DriftRequest, Side
from core.errors import InputError
from core.labelled.values import coded, label_column
from core.opened.units import own_unit
from core.quality.copies import Duplicates, unit_groups

#: Units that a side needs for a test.
FEWEST = 10
_NAMED = 8


@dataclass(frozen=True)
class OpenSide:
    """One side of a comparison.

    Attributes
    ----------
    side
        As it was asked for.
    opened, view
        Its set or part, and what was decided about it.
    rows
        Rows compared, ascending int64.
    units
        Unit of each of `rows`, any codes int64.
    unit_kind
        "column", "copies" or "file": what made the units.
    notes
        What is to be said of it.
    rest
        Whether images of the other side are left out of this one, because it holds all of them.
    """

    side: Side
    opened: Any
    view: Any
    rows: np.ndarray
    units: np.ndarray
    unit_kind: str
    notes: tuple[str, ...] = ()
    rest: bool = False

    @property
    def label(self) -> str:
        """What it is called: a name that tells both sides apart."""
        return f"the rest of {self._whole}" if self.rest else self._whole

    @property
    def _whole(self) -> str:
        """What all images of the side are called, with those that are left out."""
        title = self.opened.title
        if self.side.column is None:
            return str(title)
        if self.side.column == SLICE:
            return f"{self.side.value} ({title})"
        return f"{self.side.column} {self.side.value} ({title})"

    def told(self) -> dict[str, Any]:
        """Return the side as JSON values."""
        return {
            "text": self.side.text, "label": self.label, "set": self.opened.name,
            "n_images": len(self.rows), "n_units": len(np.unique(self.units)),
            "unit_kind": self.unit_kind, "imageset": self.opened.key,
            "embeddings": self.opened.embeddings, "noun": self.view.noun,
            **({"rest": True} if self.rest else {}),
        }  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """Both sides, with what is on both left out.

    Attributes
    ----------
    first, second
        The reference, and what is held against it.
    left_out
        Reason to count of images.
    notes
        What is to be said of the design.
    """

    first: OpenSide
    second: OpenSide
    left_out: dict[str, int]
    notes: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """Return the design as JSON values."""
        return {
            "a": self.first.told(), "b": self.second.told(), "left_out": self.left_out,
            "notes": list(self.notes),
        }  # fmt: skip


def open_sides(
    asked: DriftRequest,
    open_set: Callable[[str], Any],
    view_of: Callable[[Any], Any],
    findings: Any,
) -> Sides:
    """Open both sides of a comparison.

    Parameters
    ----------
    asked
        What is asked for.
    open_set, view_of
        `Library.open` and `Desk.view`.
    findings
        `core.findings.Findings` of the workspace, for copies.

    Raises
    ------
    NotFoundError
        There is no such set, slice or column.
    InputError
        The sides have other encoders, no image has the value, or both hold the same images.
    """
    one, two = (open_side(side, asked.unit, open_set, view_of, findings) for side in asked.sides)
    _check_encoders(one.opened, two.opened)
    one, two, left_out, told = _apart(one, two)
    notes = dict.fromkeys([*one.notes, *two.notes, *told])
    return Sides(one, two, left_out, tuple(notes))


def _apart(one: OpenSide, two: OpenSide) -> tuple[OpenSide, OpenSide, dict[str, int], list[str]]:
    """Return the sides without shared images, how many are left out and why, and notes.

    What is on both sides shows no difference. Where one side is wholly within the other, as a
    choice is within what it was chosen from, it is held against the rest of that one.
    """
    sides = {"A": one, "B": two}
    ids = {name: set(_ids(side)) for name, side in sides.items()}
    shared = ids["A"] & ids["B"]
    if not shared:
        return one, two, {}, []
    inside = [name for name in sides if ids[name] == shared]
    if len(inside) == 2:
        raise InputError(f"{one.side.text!r} and {two.side.text!r} hold the same images: nothing "
                         "is left to compare")  # fmt: skip
    if not inside:
        one, two = (_without(side, shared) for side in (one, two))
        many = "images are" if len(shared) > 1 else "image is"
        note = f"{len(shared):,} {many} on both sides and left out of both."
        return one, two, {"on both sides": len(shared)}, [note]
    (name,) = inside
    part, whole = sides[name], sides["B" if name == "A" else "A"]
    rest = replace(_without(whole, shared), rest=True)
    note = (f"All of {part.label} is in {whole.label} too: it is held against the other "
            f"{len(rest.rows):,} images of {whole.label}.")  # fmt: skip
    left_out = {f"on both sides, and kept in {name} alone": len(shared)}
    return (part, rest, left_out, [note]) if name == "A" else (rest, part, left_out, [note])


def other_encoder(one: Any, two: Any) -> str:
    """Return why two sets cannot be compared as they are, with what to do; "" where they can."""
    if one.spec.key == two.spec.key:
        return ""
    names = portable_name(one.spec.name), portable_name(two.spec.name)
    what = f"{names[0]} and {names[1]}" if names[0] != names[1] else f"{names[0]}, other weights"
    source = two.base.request.get("source", "SOURCE")
    encoder = one.base.request.get("encoder", "ENCODER")
    return (
        f"{one.name!r} and {two.name!r} were encoded by different encoders ({what}): their vectors "
        f"cannot be compared. Encode the second as the first: run {source!r} --name "
        f"{second_name(two.base.name)!r} --encoder {encoder!r}"
    )


def second_name(name: str) -> str:
    """Return the name of a set that is encoded again for a comparison."""
    return f"{name} again"[:80]


def _check_encoders(one: Any, two: Any) -> None:
    if why := other_encoder(one, two):
        raise InputError(why)


def open_side(
    side: Side,
    unit: str | None,
    open_set: Callable[[str], Any],
    view_of: Callable[[Any], Any],
    findings: Any,
) -> OpenSide:
    """Open one side: its rows, and the unit of each; see `open_sides` for the errors."""
    opened = open_set(side.name)
    view = view_of(opened)
    rows = np.asarray(view.working, np.int64)
    if side.column == SLICE:
        rows = np.intersect1d(view.slice(side.value).rows, rows)
    elif side.column is not None:
        rows = np.intersect1d(_with_value(side, opened, view), rows)
    if not len(rows):
        raise InputError(f"{side.text!r}: no image of the working set is in it")
    units, kind, notes = _units(unit, opened, rows, findings)
    return OpenSide(side, opened, view, rows, units, kind, notes)


def _with_value(side: Side, opened: Any, view: Any) -> np.ndarray:
    """Return the rows that have the value in the column."""
    column = str(side.column)
    if column == "label":
        found = label_column(opened, view)
        names, codes = found.names, found.codes
    else:
        opened.column(column)  # NotFoundError lists the columns there are
        values = opened.values(column)
        if holds_dates(values):
            rows = period_rows(values, str(side.value))
            if rows is not None:
                return rows
        known = coded(column, values)
        names, codes = known.names, known.codes
    if side.value not in names:
        there = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        raise InputError(f"{side.text!r}: no image has {side.value!r} there; there are {there}")
    return np.flatnonzero(codes == names.index(str(side.value)))


def _units(
    unit: str | None, opened: Any, rows: np.ndarray, findings: Any
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Return the unit of each row, what makes a unit, and what is to be said of that."""
    unit = unit or own_unit(opened.items)
    if unit is not None:
        opened.column(unit)
        found = coded(unit, opened.values(unit))
        units = found.codes[rows]
        alone = np.flatnonzero(units < 0)
        units = units.copy()
        units[alone] = len(found.names) + np.arange(len(alone))
        told = f"{len(alone):,} of {opened.name!r} without {unit!r} count as units of their own."
        return units, "column", (told,) if len(alone) else ()
    check = findings.check(opened)
    stored = None if check is None or check.stale else check.duplicates
    if stored is not None:
        return unit_groups(Duplicates.stored(stored), len(opened))[rows], "copies", ()
    codes = pd.factorize(opened.items["item_id"])[0].astype(np.int64)
    told = f"Copies were not looked for in {opened.name!r}: check it on Quality, or name the unit."
    return codes[rows], "file", (told,)


def _ids(side: OpenSide) -> list[str]:
    return side.opened.items["item_id"].iloc[side.rows].tolist()


def _without(side: OpenSide, shared: set[str]) -> OpenSide:
    kept = np.array([one not in shared for one in _ids(side)], bool)
    return replace(side, rows=side.rows[kept], units=side.units[kept])
