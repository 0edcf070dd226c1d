"""Objects from a table with a box a row: CSV or Parquet, corners or sides, pixels or shares."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.errors import InputError
from core.ingest.fields import PATH_NAMES, SYNONYMS, find_column
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Found, corners_problem, number, numbers, text_of
from core.ingest.schemes import Reading
from core.ingest.tables import read_table

#: Names of four columns, by what they hold; the first form of which a table has all is taken.
FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "xyxy": (
        ("xmin", "ymin", "xmax", "ymax"), ("x_min", "y_min", "x_max", "y_max"),
        ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"),
        ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"),
    ),
    "xywh": (
        ("box_x", "box_y", "box_w", "box_h"), ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
        ("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height"),
        ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
    ),
    "cxcywh": (
        ("cx", "cy", "w", "h"), ("cx", "cy", "width", "height"),
        ("x_center", "y_center", "width", "height"), ("xc", "yc", "w", "h"),
    ),
}  # fmt: skip
_LISTS = ("bbox", "box")
_IDS = ("object", "object_id", "id", "annotation_id", "box_id")
_NAMES = (*PATH_NAMES, "imageid", "image_id")
#: Shares may be a little above 1 by rounding.
_ROUNDING = 1.001


def read(asked: Asked, reading: Reading) -> Annotations:
    """Return the objects of a table, one a row.

    Raises
    ------
    InputError
        It cannot be read, or has no column of pictures or none of boxes.
    """
    if not asked.place.is_file():
        raise InputError(f"boxes: {asked.place.name}: name the table, CSV or Parquet")
    frame, notes = read_table(asked.place)
    paths = find_column(frame, _NAMES)
    if paths is None:
        raise InputError(
            f"{asked.place.name}: no column of pictures among "
            f"{', '.join(map(str, frame.columns))}; name it path, or one of "
            f"{', '.join(_NAMES[1:6])}"
        )
    form, columns = _columns(frame, asked.own.get("form", "auto"), asked.place.name)
    rows = _four(frame, columns)
    relative = _is_relative(rows, asked.own.get("unit", "auto"))
    found = Annotations(notes=list(notes))
    found.notes.append(
        f"boxes read as {_WORDS[form]}, {'shares of the sides' if relative else 'pixels'}"
    )
    named = find_column(frame, _IDS)
    roles, more = _others(frame, {paths, *columns, *([named] if named else [])})
    names = _texts(frame[named]) if named else [None] * len(frame)
    for at, (path, box, name) in enumerate(zip(_texts(frame[paths]), rows, names, strict=True)):
        known = {column: values[at] for column, values in more.items() if values[at] is not None}
        label = roles["label"][at] if "label" in roles else None
        known |= {r: v[at] for r, v in roles.items() if r != "label" and v[at] is not None}
        if path is None:
            found.aside.append((f"row {at + 1}", f"row {at + 1}: no picture given"))
            continue
        given = [frame[column].iloc[at] for column in columns]
        found.add(_object(path, name or str(at + 1), label, box, form, relative, given, known))
    return found


_WORDS = {
    "xyxy": "left, top, right, bottom",
    "xywh": "left, top, width, height",
    "cxcywh": "centre, width, height",
}


def _columns(frame: pd.DataFrame, wanted: str, file: str) -> tuple[str, list[str]]:
    """Return what the four numbers of a box are, and their columns or the one of lists."""
    forms = FORMS if wanted == "auto" else {wanted: FORMS[wanted]}
    for form, known in forms.items():
        for names in known:
            columns = [find_column(frame, [name]) for name in names]
            if None not in columns:
                return form, [str(column) for column in columns]
    column = find_column(frame, _LISTS)
    if column is not None:
        return ("xywh" if wanted == "auto" else wanted), [column]
    raise InputError(
        f"{file}: no columns of boxes: four such as xmin, ymin, xmax, ymax, or x, y, w, h, or"
        f" cx, cy, w, h, or a list bbox; it has {', '.join(map(str, frame.columns))}"
    )


def _four(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[float, ...] | None]:
    """Return the four numbers of each row; None where they are not."""
    if len(columns) == 1:
        texts = _texts(frame[columns[0]])
        split = [
            text.strip("[]() ").replace(",", " ").replace(";", " ").split() if text else []
            for text in texts
        ]
        return [numbers(words, 4) for words in split]
    cells = [frame[column].astype(object).tolist() for column in columns]
    return [numbers([None if pd.isna(v) else v for v in row], 4)
            for row in zip(*cells, strict=True)]  # fmt: skip


def _is_relative(rows: Sequence[tuple[float, ...] | None], unit: str) -> bool:
    """Tell whether boxes are shares of the picture's sides: said, or none is above 1."""
    if unit != "auto":
        return unit == "share"
    known = [row for row in rows if row is not None]
    return bool(known) and all(max(map(abs, row)) <= _ROUNDING for row in known)


def _texts(column: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else text_of(value) for value in column.astype(object)]


def _others(
    frame: pd.DataFrame, used: set[str]
) -> tuple[dict[str, list[str | None]], dict[str, list[Any]]]:
    """Return the columns that Vitrine understands, and all others."""
    roles: dict[str, list[str | None]] = {}
    taken = set(used)
    for role, names in SYNONYMS.items():
        column = find_column(frame.drop(columns=list(used)), names)
        if column is not None:
            roles[role] = _texts(frame[column])
            taken.add(column)
    more = {
        str(name): [None if pd.isna(v) else v for v in frame[name].astype(object)]
        for name in frame.columns
        if name not in taken
    }
    return roles, more


def _object(
    path: str, name: str, label: str | None, box: tuple[float, ...] | None, form: str,
    relative: bool, given: Sequence[Any], known: dict[str, Any],
) -> Found:  # fmt: skip
    if box is None:
        told = ", ".join("nothing" if pd.isna(v) else str(v)[:20] for v in given)
        problem = f"a box that is not four numbers: {told}"
        return Found(path, name, label, problem=problem, known=known)
    a, b, c, d = box
    problem = corners_problem(a, b, c, d) if form == "xyxy" else ""
    if form == "xyxy":
        made = (a, b, c - a, d - b)
    elif form == "cxcywh":
        made = (a - c / 2, b - d / 2, c, d)
    else:
        made = (a, b, c, d)
    if number(made[2]) is None or number(made[3]) is None:
        problem = "a box that is not finite"
    return Found(path, name, label, made, relative=relative, problem=problem, known=known)
