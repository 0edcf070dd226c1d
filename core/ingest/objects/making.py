"""The item table of objects: each a region of its picture, and each that cannot be used named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.errors import DecodeError, InputError
from core.imaging.shapes import polygon_text
from core.ingest.fields import parse_time
from core.ingest.items import free_name, item_table
from core.ingest.objects.asked import Asked
from core.ingest.objects.cutting import object_id, outline_box, reaches_over, region_of_object
from core.ingest.objects.found import Annotations, Box, Found
from core.ingest.objects.shelf import Shelf, Shot
from core.model import BrokenFile, Region, Scan

#: Columns of an object beyond those of every item.
PICTURE, OBJECT, COUNT, OUTLINE = "picture", "object", "objects in picture", "outline"
SIDES = ("object_x", "object_y", "object_w", "object_h")
_ROLES = ("label", "group", "unit", "source", "time")


@dataclass(frozen=True, slots=True)
class _Placed:
    """An object that can be used: its picture, own box, outline and region."""

    found: Found
    shot: Shot
    box: Box
    outline: str
    region: Region


@dataclass(slots=True)
class _Made:
    placed: list[_Placed] = field(default_factory=list)
    broken: list[BrokenFile] = field(default_factory=list)
    over: int = 0


def make_scan(source: str, asked: Asked, found: Annotations, shelf: Shelf) -> Scan:
    """Return the objects of a source as items, in the order of the annotations.

    Raises
    ------
    InputError
        The annotations hold no object.
    """
    if not found.objects:
        first = f": {found.aside[0][0]}: {found.aside[0][1]}" if found.aside else ""
        raise InputError(f"{asked.scheme}: {asked.place.name} holds no object{first}")
    made = _place_all(asked, found.objects, shelf)
    broken = [BrokenFile(name, reason) for name, reason in found.aside] + made.broken
    return Scan(
        kind="table",
        source=source,
        root=str(shelf.root),
        items=_table(made.placed),
        broken=tuple(broken),
        notes=(*found.notes, *_notes(found, made)),
    )


def _place_all(asked: Asked, objects: Sequence[Found], shelf: Shelf) -> _Made:
    made = _Made()
    for one in objects:
        shot = shelf.shots[one.picture]
        try:
            placed = _place(asked, one, shot)
        except (DecodeError, ValueError) as error:
            named = f"object {one.name}" + (f" ({one.label})" if one.label else "")
            made.broken.append(BrokenFile(shot.path or one.picture, f"{named}: {error}"))
            continue
        made.over += reaches_over(placed.box, (shot.width, shot.height))
        made.placed.append(placed)
    return made


def _place(asked: Asked, one: Found, shot: Shot) -> _Placed:
    """Return where an object lies in its picture; `DecodeError` or `ValueError` if it cannot."""
    if one.problem:
        raise DecodeError(one.problem)
    if shot.reason:
        raise DecodeError(f"its picture cannot be used: {shot.reason}")
    size = (shot.width, shot.height)
    if one.size is not None and one.size != size:
        turn = " (its EXIF turns it)" if shot.turned and one.size == size[::-1] else ""
        raise DecodeError(
            f"annotated in a picture of {one.size[0]} × {one.size[1]}, the file has"
            f" {size[0]} × {size[1]}{turn}: annotations and picture do not fit together"
        )
    outline = one.shape
    if one.rings:
        across, down = size if one.relative else (1, 1)
        rings = [[v * (down if at % 2 else across) for at, v in enumerate(r)] for r in one.rings]
        outline = polygon_text(rings)
    box = one.box
    if box is not None and one.relative:
        x, y, w, h = box
        box = x * size[0], y * size[1], w * size[0], h * size[1]
    if asked.cut == "mask" and not outline:
        raise DecodeError("no outline to cut it out by (cut=box takes boxes)")
    if box is None:
        box = outline_box(outline, size)
    rounded = tuple(round(v, 3) for v in box)
    box = rounded[0], rounded[1], rounded[2], rounded[3]
    mask = outline if asked.cut == "mask" else None
    return _Placed(one, shot, box, outline, region_of_object(box, size, asked.context, mask))


def _table(placed: Sequence[_Placed]) -> pd.DataFrame:
    """Return the item table of objects."""
    first: dict[str, str] = {}
    for one in placed:
        first.setdefault(one.shot.sha256, one.shot.path)
    known: dict[str, Any] = {
        "item_id": [object_id(one.shot.sha256, one.region) for one in placed],
        "path": [one.shot.path for one in placed],
        "mask": [one.region.mask for one in placed],
        "label": [one.found.label for one in placed],
    }
    boxes = [one.region.box or (0.0, 0.0, 0.0, 0.0) for one in placed]
    for at, name in enumerate(("box_x", "box_y", "box_w", "box_h")):
        known[name] = [box[at] for box in boxes]
    told = _told(placed)
    for role in _ROLES[1:]:
        if role in told:
            known[role] = told.pop(role)
    units = list(known.get("unit", [None] * len(placed)))
    known["unit"] = [
        first[one.shot.sha256] if pd.isna(unit) else unit
        for one, unit in zip(placed, units, strict=True)
    ]
    if "time" in known:
        known["time"] = parse_time(pd.Series(list(known["time"]), dtype="string"))
    own = _given(placed)
    taken = {*own, OUTLINE, *told}
    others = {free_name(f"{n}_given", dict.fromkeys(taken)) if n in {*own, OUTLINE} else n: column
              for n, column in told.items()}  # fmt: skip
    return item_table(len(placed), known, own | others)


def _given(placed: Sequence[_Placed]) -> dict[str, pd.Series]:
    """Return the columns that every object has."""
    pictures = [one.shot.sha256 for one in placed]
    names = _numbered([(one.shot.path, one.found.name) for one in placed])
    given: dict[str, pd.Series] = {
        PICTURE: pd.Series(pictures, dtype="string"),
        OBJECT: pd.Series(names, dtype="string"),
    }
    for at, name in enumerate(SIDES):
        given[name] = pd.Series([one.box[at] for one in placed], dtype="Float64")
    if any(one.outline and one.region.mask is None for one in placed):
        outlines = [one.outline or None if one.region.mask is None else None for one in placed]
        given[OUTLINE] = pd.Series(outlines, dtype="string")
    given[COUNT] = counts_of(given[PICTURE])
    return given


def counts_of(pictures: pd.Series) -> pd.Series:
    """Return how many objects the picture of each has."""
    return pictures.map(pictures.value_counts()).astype("Int64")


def _numbered(keys: Sequence[tuple[str, str]]) -> list[str]:
    """Return the names of objects; one that comes again in its picture gets " (2)"."""
    seen: Counter[tuple[str, str]] = Counter()
    names = []
    for key in keys:
        seen[key] += 1
        names.append(key[1] if seen[key] == 1 else f"{key[1]} ({seen[key]})")
    return names


def _told(placed: Sequence[_Placed]) -> dict[str, pd.Series]:
    """Return what annotations tell beside, a column each: numbers where all are such."""
    names = list(dict.fromkeys(name for one in placed for name in one.found.known))
    columns = {}
    for name in names:
        values = [one.found.known.get(name) for one in placed]
        columns[name] = _typed(values)
    return columns


def _typed(values: Sequence[Any]) -> pd.Series:
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(abs(value) < 2**63 for value in present):
        return pd.Series(values, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series([None if v is None else float(v) for v in values], dtype="Float64")
    return pd.Series([None if v is None else str(v) for v in values], dtype="string")


def _notes(found: Annotations, made: _Made) -> list[str]:
    notes = []
    with_one = {one.picture for one in found.objects}
    bare = sum(name not in with_one for name in found.pictures)
    if bare:
        notes.append(f"{bare:,} of {len(found.pictures):,} pictures have no object")
    if made.over:
        reach = "1 box reaches" if made.over == 1 else f"{made.over:,} boxes reach"
        notes.append(f"{reach} over the border of the picture, cut there")
    repeated = Counter((one.found.picture, one.found.name) for one in made.placed)
    again = sum(count > 1 for count in repeated.values())
    if again:
        come = "1 id comes" if again == 1 else f"{again:,} ids come"
        notes.append(f"{come} more than once; the second is called “id (2)”")
    return notes
