"""Columns of a table: their types, and which of them Vitrine understands."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

PATH_NAMES = (
    "path", "filepath", "file_path", "file", "filename", "file_name", "image_path", "image_file",
    "image_filename", "image", "img_path", "img", "images", "filepaths",
    "image_name", "img_name",
)  # fmt: skip
SYNONYMS = {
    "label": (
        "label", "class", "species", "category", "target", "class_name", "label_name",
        "category_name",
    ),
    "group": ("group",),
    "unit": ("unit", "specimen", "individual", "video"),
    "source": ("source",),
    "time": ("time", "date", "timestamp", "datetime"),
}  # fmt: skip
MASK_NAMES = ("mask", "mask_path", "mask_file")
_BOX_NAMES = (
    ("box_x", "box_y", "box_w", "box_h"),
    ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
    ("x", "y", "w", "h"),
)
_CORNER_NAMES = (("xmin", "ymin", "xmax", "ymax"), ("x_min", "y_min", "x_max", "y_max"))
_BOX_LISTS = ("bbox", "box")
_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None", "-")
_TIME_FORMATS = ("ISO8601", "%Y:%m:%d %H:%M:%S")  # the second is EXIF's


def from_text(values: Sequence[str]) -> pd.Series:
    """Return a column of text cells as numbers where every one is, else as text.

    "007" is text: its zeros are part of a name. An empty cell is missing; in a column of numbers
    so are "NA", "NaN", "null" and the like.
    """
    text = pd.Series(list(values), dtype=object).map(str.strip)
    missing = text.isin(_MISSING)
    if not missing.all() and not text.str.match(r"[+-]?0\d").any():
        numbers = pd.to_numeric(text.where(~missing, None), errors="coerce")
        if (numbers.notna() | missing).all():
            whole = text[~missing].str.fullmatch(r"[+-]?\d{1,18}").all()
            return numbers.astype("Float64").astype("Int64" if whole else "Float64")
    return text.where(text != "", None).astype("string")


def find_column(frame: pd.DataFrame, names: Sequence[str]) -> str | None:
    """Return the first of `names` that a table has, whatever the case of its letters."""
    lower: dict[str, str] = {}
    for name in frame.columns:
        lower.setdefault(str(name).strip().lower().replace(" ", "_"), name)
    return next((lower[name] for name in names if name in lower), None)


def is_text(column: pd.Series) -> bool:
    """Tell whether a column holds text."""
    return isinstance(column.dtype, pd.StringDtype)


def parse_time(column: pd.Series) -> pd.Series:
    """Return dates and times as such; numbers, and text of any ambiguous form, stay as given."""
    if not is_text(column) or column.isna().all():
        return column
    for form in _TIME_FORMATS:
        try:
            return pd.to_datetime(column, format=form)
        except (ValueError, TypeError, OverflowError):
            continue
    return column


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that Vitrine understands, ready for the item table.

    `known` maps names of `ITEM_COLUMNS` to values; `used` are the table's own columns that are
    told in full by one of the same name there.
    """

    known: dict[str, Any]
    used: frozenset[str]


def find_roles(frame: pd.DataFrame) -> Roles:
    """Return label, group, unit, source, time and box columns of a table, by common names."""
    known: dict[str, Any] = {}
    used: set[str] = set()
    for role, names in SYNONYMS.items():
        column = find_column(frame, names)
        if column is None:
            continue
        known[role] = (
            parse_time(frame[column]) if role == "time" else frame[column].astype("string")
        )
        if column == role:
            used.add(column)
    boxes = _find_boxes(frame)
    if boxes is not None:
        values, columns = boxes
        for index, name in enumerate(("box_x", "box_y", "box_w", "box_h")):
            known[name] = [None if np.isnan(row[index]) else float(row[index]) for row in values]
        used |= {name for name in columns if name in known}
    return Roles(known, frozenset(used))


def _find_boxes(frame: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Return boxes `(n, 4)` as x, y, width, height, NaN where there is none, and their columns."""
    for names, corners in [(n, False) for n in _BOX_NAMES] + [(n, True) for n in _CORNER_NAMES]:
        columns = [find_column(frame, [name]) for name in names]
        found = [name for name in columns if name is not None]
        if len(found) == 4 and all(pd.api.types.is_numeric_dtype(frame[name]) for name in found):
            values = np.column_stack([frame[n].to_numpy(float, na_value=np.nan) for n in found])
            if corners:
                values[:, 2:] -= values[:, :2]
            return _whole_boxes(values), tuple(found)
    column = find_column(frame, _BOX_LISTS)
    if column is not None and is_text(frame[column]):
        rows = [_four_numbers(text) for text in frame[column]]
        if any(row is not None for row in rows):
            blank = (math.nan,) * 4
            return _whole_boxes(np.array([row or blank for row in rows], float)), (column,)
    return None


def _whole_boxes(values: np.ndarray) -> np.ndarray:
    """Make a box missing in full where any of its numbers is missing."""
    values[~np.isfinite(values).all(axis=1)] = np.nan
    return values


def _four_numbers(text: Any) -> tuple[float, ...] | None:
    """Return the four numbers of a list written as text; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        values = json.loads(text if text.startswith("[") else f"[{text.strip('() ')}]")
        numbers = tuple(float(value) for value in values)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return numbers if len(numbers) == 4 else None
