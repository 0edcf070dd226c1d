"""What a gradient looks at: its ends, the images it places, their units and columns of numbers.

All of it is found before any vector is read, so that a wrong name costs nothing.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.columns import as_numbers
from core.comparisons.ends import End, group_end, image_end
from core.errors import InputError, NotFoundError
from core.findings import Findings
from core.labelled.values import label_column
from core.morphology.gradient_request import SLICES, GradientRequest
from core.quality.copies import Duplicates, unit_groups

#: Columns of measures of the pictures themselves begin so; they are no work of the vectors.
MEASURED = "picture "
#: Columns of groups that were made from the vectors.
MADE = ("cluster", "micro cluster size", "duplicate group", "cluster probability")
#: How a slice was made, where the vectors had a part in it.
_BY_VECTORS = re.compile(r"\b(lasso|box) on |nearest to|\bTheme\b|\bcluster|\bid [0-9a-f]{8,}")
#: Images whose positions a gradient needs at the least.
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """What a gradient looks at.

    Attributes
    ----------
    asked
        The request, images named by their addresses.
    opened, view
        The set or part, and what was decided about it.
    rows
        Rows of the images that are placed, ascending int64 `(m,)`.
    ends
        Both ends; empty along a principal axis.
    side
        Shape `(m,)` int8: 0 and 1 are of the first and the second end, −1 of neither.
    units
        Unit of each placed image `(m,)` int64.
    unit_kind
        "column", "copies", or "items" where nobody looked for copies.
    groups
        What each placed image is a member of, as text `(m,)`; "" of nothing.
    captions
        What each placed image is called by the column of the groups, else by its label; "" by
        neither.
    columns
        Values `(m,)` float64 of each column of numbers, NaN for none.
    left_out
        Images that are not placed, by the reason.
    warnings, notes
        {"code", "level", "text"} each, and further sentences.
    """

    asked: GradientRequest
    opened: Any
    view: Any
    rows: np.ndarray
    ends: tuple[End, ...]
    side: np.ndarray
    units: np.ndarray
    unit_kind: str
    groups: np.ndarray
    captions: np.ndarray
    columns: dict[str, np.ndarray]
    left_out: dict[str, int] = field(default_factory=dict)
    warnings: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def observations(self) -> np.ndarray:
        """Number of the observation of each placed image `(m,)`: one a unit at each end."""
        pairs = self.units * 3 + self.side + 1
        found: np.ndarray = np.unique(pairs, return_inverse=True)[1].reshape(-1)
        return found


def subject_of(asked: GradientRequest, opened: Any, view: Any, findings: Findings) -> Subject:
    """Find what a request names in an open set.

    Raises
    ------
    NotFoundError
        There is no such column, value, slice or image.
    InputError
        A column cannot be used so, an end has no images, or both ends are the same.
    """
    allowed = np.asarray(view.working, np.int64)
    left_out = {"excluded or dropped": len(opened) - len(allowed)}
    if asked.within is not None:
        inside = np.intersect1d(allowed, view.slice(asked.within).rows)
        left_out[f"not in the slice “{asked.within}”"] = len(allowed) - len(inside)
        allowed = inside
    ends, shared = _apart(_ends(asked, opened, view, allowed))
    left_out["in both groups"] = len(shared)
    placed = np.unique(np.concatenate([allowed[:0], *(end.rows for end in ends)]))
    rows = np.setdiff1d(np.union1d(allowed, placed), shared) if asked.everyone else placed
    if not asked.everyone:
        left_out["in neither group"] = len(allowed) - len(np.intersect1d(allowed, rows))
    if len(rows) < FEWEST:
        raise InputError("gradient: there are not two images to put in order")
    side = np.full(len(rows), -1, np.int8)
    for number, end in enumerate(ends):
        side[np.searchsorted(rows, end.rows)] = number
    units, kind, notes = _units(asked, opened, findings)
    return Subject(
        _portable(asked, opened, ends), opened, view, rows, ends, side, units[rows], kind,
        _groups(side, ends), _captions(asked, opened, view, rows), _columns(asked, opened, rows),
        {why: n for why, n in left_out.items() if n}, tuple(_warnings(asked, opened, view, kind)),
        tuple(notes),
    )  # fmt: skip


def _ends(asked: GradientRequest, opened: Any, view: Any, allowed: np.ndarray) -> tuple[End, ...]:
    """Return both ends; () along a principal axis."""
    if asked.kind == "principal":
        return ()
    found = []
    for group, item in ((asked.a, asked.from_item), (asked.b, asked.to_item)):
        if item is not None:
            found.append(image_end(opened, item))
        else:
            found.append(group_end(opened, view, str(asked.by), str(group), allowed))
    if all(end.image for end in found) and found[0].rows[0] == found[1].rows[0]:
        raise InputError("from_item and to_item are the same image: choose two")
    if found[0].title == found[1].title:  # two folders may hold files of one name
        found = [replace(end, title=f"{end.title} (no. {end.rows[0]})") for end in found]
    return tuple(found)


def _apart(ends: tuple[End, ...]) -> tuple[tuple[End, ...], np.ndarray]:
    """Return two groups without the images that both have, and the rows of those."""
    if not ends or any(end.image for end in ends):
        return ends, np.zeros(0, np.int64)
    both = np.intersect1d(ends[0].rows, ends[1].rows)
    left = tuple(replace(end, rows=np.setdiff1d(end.rows, both)) for end in ends)
    for end in left:
        if not len(end.rows):
            raise InputError(f"“{end.title}”: all its images are in the other group too")
    return left, both


def _portable(asked: GradientRequest, opened: Any, ends: tuple[End, ...]) -> GradientRequest:
    """Return the request with images named by their addresses."""
    if not ends:
        return asked
    names = [opened.addresses[int(end.rows[0])] if end.image else None for end in ends]
    return replace(asked, from_item=names[0], to_item=names[1])


def _groups(side: np.ndarray, ends: tuple[End, ...]) -> np.ndarray:
    """Return the title of the end that each image is of, "" of neither."""
    titles = np.array([*(end.title for end in ends), ""], dtype=object)
    return np.asarray(titles[side])


def _captions(asked: GradientRequest, opened: Any, view: Any, rows: np.ndarray) -> np.ndarray:
    """Return what each image is called: by the column of the groups, else by its label."""
    column = label_column(opened, view, None if asked.by == SLICES else asked.by)
    names = np.array([*column.names, ""], dtype=object)
    return np.asarray(names[column.codes[rows]])


def _units(
    asked: GradientRequest, opened: Any, findings: Findings
) -> tuple[np.ndarray, str, list[str]]:
    """Return the unit of every row, what it comes from, and what is to be said of it."""
    if asked.unit is not None:
        opened.column(asked.unit)  # NotFoundError lists the columns there are
        codes, names = pd.factorize(opened.values(asked.unit).astype("string").replace("", pd.NA))
        units = np.asarray(codes, np.int64)
        alone = np.flatnonzero(units < 0)
        units[alone] = len(names) + np.arange(len(alone))
        told = [] if not len(alone) else [
            f"{len(alone):,} images without a value of “{asked.unit}” count as units of their own."
        ]  # fmt: skip
        return units, "column", told
    check = findings.check(opened)
    stored = None if check is None else check.duplicates
    if stored is not None:
        return unit_groups(Duplicates.stored(stored), len(opened)), "copies", []
    return np.asarray(pd.factorize(opened.items["item_id"])[0], np.int64), "items", []


def numeric_columns(opened: Any) -> list[str]:
    """Return the columns of numbers that were not computed from the vectors."""
    return [
        one.name
        for one in opened.columns()
        if one.kind == "number" and (one.name in opened.items or one.name.startswith(MEASURED))
    ]


def _columns(asked: GradientRequest, opened: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns to correlate with; of those nobody named only what varies."""
    found = {}
    for name in asked.correlate or numeric_columns(opened):
        opened.column(name)  # NotFoundError lists the columns there are
        values = as_numbers(opened.values(name))[rows]
        known = values[np.isfinite(values)]
        if asked.correlate and not len(known):
            raise InputError(f"correlate {name!r}: these images have no numbers there")
        if asked.correlate or len(np.unique(known)) > 1:
            found[name] = values
    return found


def _warnings(
    asked: GradientRequest, opened: Any, view: Any, unit_kind: str
) -> list[dict[str, str]]:
    """Return what one must be careful of, before anything is computed."""
    found = []
    if asked.by in MADE and asked.kind != "principal":
        found.append(
            ("circular", "fail", f"The groups of “{asked.by}” were made from the same vectors: "
             "they differ along this axis by construction, and how well it tells them apart "
             "means nothing.")
        )  # fmt: skip
    for name in (asked.a, asked.b) if asked.by == SLICES else ():
        how = next((one.how for one in view.slices if one.name == name), "")
        if _BY_VECTORS.search(how):
            found.append(
                ("circular", "caution", f"The slice “{name}” was made by its place in the same "
                 f"vectors ({how.split(',')[0]}): that it lies at one end proves nothing.")
            )  # fmt: skip
    if not opened.spec.metric:
        found.append(
            ("metric", "caution", "Distances of this encoder are not meant to be meaningful: look "
             "at the metric card first.")
        )  # fmt: skip
    if unit_kind == "items":
        found.append(
            ("copies_unchecked", "caution", "Copies were not looked for, so near-duplicates count "
             "as several units. Name the column of specimens, or check the set's quality.")
        )  # fmt: skip
    return [{"code": code, "level": level, "text": text} for code, level, text in found]


def open_subject(asked: GradientRequest, library: Any, desk: Any, findings: Findings) -> Subject:
    """Open the set that a request names and find what it names there; see `subject_of`."""
    opened = library.open(asked.name)
    if asked.kind == "geodesic" and opened.neighbors is None:
        raise NotFoundError(f"{asked.name!r} has no neighbours yet: run the set to its end first")
    return subject_of(asked, opened, desk.view(opened), findings)
