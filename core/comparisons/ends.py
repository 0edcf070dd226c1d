"""What a gradient runs between: the images of a group, or one image, by what people call them."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError, NotFoundError
from core.labelled.values import EDITED, OWN, label_column
from core.morphology.request import SLICES

#: Hex digits by which an image may be named, at the least; values listed in a message.
SHORTEST, LISTED = 6, 8


@dataclass(frozen=True, slots=True)
class End:
    """One end of a gradient.

    Attributes
    ----------
    title
        What it is called.
    rows
        Its images, ascending int64; one for an image.
    image
        Whether it is one image and no group.
    """

    title: str
    rows: np.ndarray
    image: bool


def group_end(opened: Any, view: Any, by: str, name: str, allowed: np.ndarray) -> End:
    """Return the images of a group.

    Parameters
    ----------
    opened, view
        The set or part, and what was decided about it.
    by
        A column of categories, or "slices".
    name
        A value of it, or a slice.
    allowed
        Rows that may be looked at, ascending.

    Raises
    ------
    NotFoundError
        There is no such column, value or slice.
    InputError
        The column holds no categories, or none of its images may be looked at.
    """
    if by == SLICES:
        found = view.slice(name)
        title, rows = found.name, np.asarray(found.rows, np.int64)
    else:
        column = label_column(opened, view, by)
        if name not in column.names:
            known = ", ".join(f"“{one}”" for one in column.names[:LISTED]) or "none"
            more = f" and {len(column.names) - LISTED} more" if len(column.names) > LISTED else ""
            raise NotFoundError(
                f"no image has “{name}” in the column {by!r}; its values are {known}{more}"
            )
        title, rows = name, np.flatnonzero(column.codes == column.names.index(name))
    left = np.intersect1d(rows, allowed)
    if not len(left):
        raise InputError(f"“{title}”: none of its images is left to look at")
    return End(title, left, image=False)


def image_end(opened: Any, text: str) -> End:
    """Return one image by its id, path, file name or row; see `find_image`."""
    row = find_image(opened, text)
    return End(image_title(opened, row), np.array([row], np.int64), image=True)


def image_title(opened: Any, row: int) -> str:
    """Return what an image is called: its file's name, else its number."""
    path = opened.items["path"].iat[row] if "path" in opened.items else None
    name = path.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(path, str) else ""
    frame = opened.items["frame"].iat[row] if "frame" in opened.items else None
    if name and isinstance(frame, int | np.integer):
        return f"{name} #{int(frame)}"
    return name or f"no. {row}"


def find_image(opened: Any, text: str) -> int:
    """Return the row of an image that a person names.

    Parameters
    ----------
    opened
        The set or part.
    text
        Its id or address, its path or file name, its row ("12" or "no. 12"), or the beginning of
        its id; looked for in this order.

    Raises
    ------
    NotFoundError
        There is none.
    InputError
        It could be several.
    """
    wanted = text.strip()
    row = int(opened.find_rows([wanted])[0])
    if row >= 0:
        return row
    found = _by_path(opened, wanted)
    number = re.fullmatch(r"(?:no\. ?|#|row )?(\d{1,9})", wanted)
    if not len(found) and number and int(number[1]) < len(opened):
        return int(number[1])
    if not len(found) and re.fullmatch(rf"[0-9a-fA-F]{{{SHORTEST},64}}", wanted):
        ids = opened.items["item_id"].astype("string")
        found = np.flatnonzero(ids.str.startswith(wanted.lower()).fillna(False).to_numpy(bool))
    if not len(found):
        raise NotFoundError(
            f"no image “{wanted[:80]}” in {opened.name!r}: give its id, its path or file name, or "
            "its number"
        )
    if len(found) > 1:
        raise InputError(f"“{wanted[:80]}” could be {len(found):,} images: give the whole path")
    return int(found[0])


def _by_path(opened: Any, wanted: str) -> np.ndarray:
    """Return the rows whose path, or else whose file name, is the one wanted."""
    if "path" not in opened.items:
        return np.zeros(0, np.int64)
    paths = opened.items["path"].astype("string").fillna("")
    found = np.flatnonzero((paths == wanted).to_numpy(bool)) if wanted else np.zeros(0, np.int64)
    if not len(found) and wanted and "/" not in wanted:
        found = np.flatnonzero(paths.str.endswith(f"/{wanted}").to_numpy(bool))
    return found


def named_end(opened: Any, view: Any, text: str, by: str | None) -> dict[str, str]:
    """Return what a text names: {"by", "group"} or {"item"}.

    Parameters
    ----------
    by
        The column, or "slices"; None looks among the labels, then the slices, then the images.

    Raises
    ------
    NotFoundError
        It names none of them.
    """
    if by is None or by in {OWN, EDITED}:
        if text in label_column(opened, view).names:
            return {"by": OWN, "group": text}
    elif by != SLICES and text in label_column(opened, view, by).names:
        return {"by": by, "group": text}
    if by in {None, SLICES} and any(one.name == text for one in view.slices):
        return {"by": SLICES, "group": text}
    try:
        return {"item": opened.addresses[find_image(opened, text)]}
    except NotFoundError:
        where = {None: "a label, a slice", SLICES: "a slice"}.get(by, f"a value of {by!r}")
        raise NotFoundError(
            f"“{text[:80]}” is neither {where} nor an image of {opened.name!r}; "
            "--by says which column groups are values of"
            if by is None
            else f"“{text[:80]}” is neither {where} nor an image of {opened.name!r}"
        ) from None
