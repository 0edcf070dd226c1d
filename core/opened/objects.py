"""The objects of one picture, and how many of each class every picture has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.ingest.objects.making import OUTLINE, PICTURE, SIDES

if TYPE_CHECKING:
    from core.opened.openset import OpenSet

Box = tuple[float, float, float, float]


def has_objects(opened: "OpenSet") -> bool:
    """Tell whether the items of a set or part are objects in pictures."""
    return {PICTURE, *SIDES} <= set(opened.items.columns)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """One object among the others of its picture.

    Attributes
    ----------
    rows
        The rows of the picture's objects, ascending, the asked one among them.
    boxes
        The box of each: x, y, width, height in pixels of the whole picture.
    labels
        The label of each, as edited; "" where there is none.
    size
        Width and height of the picture.
    """

    rows: tuple[int, ...]
    boxes: tuple[Box, ...]
    labels: tuple[str, ...]
    size: tuple[int, int]


def around(opened: "OpenSet", row: int, view: Any = None) -> Neighbourhood | None:
    """Return an object's picture; None where the item is no object or the size is not known.

    Parameters
    ----------
    view
        What was decided (`Desk.view`): labels and boxes as edited; None takes them as given.
    """
    opened.check_row(row)
    if not has_objects(opened):
        return None
    pictures = opened.items[PICTURE]
    rows = np.flatnonzero((pictures == pictures.iat[row]).fillna(False).to_numpy(dtype=bool))
    table = opened.items.iloc[rows]
    size = table[["width", "height"]].iloc[int(np.searchsorted(rows, row))]
    if size.isna().any() or not len(rows):
        return None
    given = table[list(SIDES)].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    edited = view.boxes if view is not None else {}
    boxes = []
    for at, one in enumerate(rows.tolist()):
        x, y, w, h = edited.get(one) or given[at].tolist()
        boxes.append((float(x), float(y), float(w), float(h)))
    labels = []
    for one, own in zip(rows.tolist(), table["label"].astype("string").fillna(""), strict=True):
        named = view.label_of(one) if view is not None else None
        labels.append(str(own) if named is None else str(named))
    return Neighbourhood(
        tuple(rows.tolist()), tuple(boxes), tuple(labels), (int(size.iloc[0]), int(size.iloc[1]))
    )


def labels_of(opened: "OpenSet", view: Any = None) -> pd.Series:
    """Return the label of every row, as edited; missing where there is none."""
    own: pd.Series = opened.items["label"]
    return own.astype("string") if view is None else view.edited(own)


def counts_by_picture(
    opened: "OpenSet", view: Any = None, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """Return a row a picture: its path, how many objects it has, and how many of each class.

    Objects that were taken out of the working set are not counted, but their picture is there,
    with 0 if they were all; labels count as edited. Pictures come in the order of the set. Where
    the items are no objects, each file is a picture and each of its items counts.

    Parameters
    ----------
    rows
        Count only these; None counts all.

    Raises
    ------
    InputError
        The items have no pictures.
    """
    items = opened.items
    if "path" not in items or items["path"].isna().any():
        raise InputError("these items have no pictures in which to count")
    pictures = items[PICTURE if has_objects(opened) else "path"].astype("string")
    asked = np.zeros(len(opened), bool)
    asked[slice(None) if rows is None else rows] = True
    counting = asked.copy()
    counting[view.excluded if view is not None else []] = False
    first = asked & ~pictures.where(asked).duplicated().to_numpy()
    labels = labels_of(opened, view).fillna("no label")
    counted = pd.crosstab(pictures[counting], labels[counting])
    counted = counted.reindex(pictures[first].tolist(), fill_value=0)
    classes = sorted(str(name) for name in counted.columns)
    return pd.DataFrame(
        {
            "path": items["path"][first].tolist(),
            "objects": counted.sum(axis=1).to_numpy(dtype=np.int64),
            **{f"objects: {name}": counted[name].to_numpy(dtype=np.int64) for name in classes},
        }
    )


def outline_of(values: dict[str, Any]) -> str:
    """Return an object's outline (`core.imaging.shapes`) from its row; "" where it has none."""
    for name in ("mask", OUTLINE):
        text = values.get(name)
        if isinstance(text, str) and text:
            return text
    return ""
