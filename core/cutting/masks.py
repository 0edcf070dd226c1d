"""The masks of a set's images: found by name in a folder, or named in a column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import InputError, NotFoundError
from core.library import OpenSet

#: Endings of files that may be masks.
ENDINGS = frozenset({".png", ".gif", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".webp"})
#: What may stand before or behind a picture's name in the name of its mask.
MARKS = ("mask", "masks", "seg", "seg0", "segmentation", "label", "gt", "matte", "alpha")


@dataclass(frozen=True, slots=True)
class Masks:
    """Which images of a set have a mask.

    Attributes
    ----------
    rows
        Rows that have one, ascending int64.
    files
        Their masks, absolute, one a row of `rows`.
    without
        Path and reason of each image that has none.
    """

    rows: np.ndarray
    files: tuple[Path, ...]
    without: tuple[tuple[str, str], ...] = ()


def find_masks(
    opened: OpenSet, *, folder: str | Path | None = None, column: str | None = None
) -> Masks:
    """Find the mask of each image of a set.

    Parameters
    ----------
    opened
        A set whose items are whole picture files.
    folder
        Where masks lie, with sub-folders: a mask has its picture's name, or that with "_mask",
        "-seg" or the like before or behind it, and any ending. Where several masks in different
        sub-folders have one name, that in the picture's own sub-folder counts.
    column
        Instead: the column that names them, relative to the set's folder or absolute.

    Raises
    ------
    InputError
        Neither or both are given, the items are no pictures, or no image has a mask.
    NotFoundError
        There is no such folder or column.
    """
    if (folder is None) == (column is None):
        raise InputError("masks: give the folder they lie in, or the column that names them")
    if opened.kind not in {"folder", "table", "vectors"} or "path" not in opened.items:
        raise InputError(f"{opened.name!r} is no set of picture files: nothing to cut out")
    paths = ["" if pd.isna(one) else str(one) for one in opened.items["path"]]
    if folder is not None:
        found = _in_folder(paths, Path(folder).expanduser().absolute())
    else:
        found = _in_column(opened, str(column))
    rows = [row for row, one in enumerate(found) if isinstance(one, Path)]
    left = [(paths[row], str(one)) for row, one in enumerate(found) if not isinstance(one, Path)]
    if not rows:
        where = folder if folder is not None else f"column {column!r}"
        raise InputError(f"masks: {where}: no image of {opened.name!r} has one; {left[0][1]}")
    files = tuple(one for one in found if isinstance(one, Path))
    return Masks(np.array(rows, np.int64), files, tuple(left))


def _in_folder(paths: Sequence[str], folder: Path) -> list[Path | str]:
    """Return the mask of each picture, or why it has none."""
    if not folder.is_dir():
        raise NotFoundError(f"masks: there is no folder {folder}")
    by_name: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".") and file.is_file():
            by_name.setdefault(file.stem.casefold(), []).append(file)
    return [_mask_of(Path(path), folder, by_name) for path in paths]


def _mask_of(path: Path, folder: Path, by_name: Mapping[str, list[Path]]) -> Path | str:
    stem = path.stem.casefold()
    marked = [f"{stem}{joint}{mark}" for mark in MARKS for joint in "_-."]
    marked += [f"{mark}{joint}{stem}" for mark in MARKS for joint in "_-."]
    for name in (stem, *marked):
        held = by_name.get(name, [])
        own = [one for one in held if one.relative_to(folder).parent == path.parent]
        held = own if own and len(held) > 1 else held
        if len(held) == 1:
            return held[0]
        if held:
            return f"{len(held)} masks are named {held[0].name}"
    return "no mask has its name"


def _in_column(opened: OpenSet, column: str) -> list[Path | str]:
    if column not in opened.items:
        have = ", ".join(str(name) for name in opened.items.columns if name != "item_id")
        raise NotFoundError(f"no column {column!r} in {opened.name!r}; its columns are: {have}")
    found: list[Path | str] = []
    for value in opened.items[column]:
        file = None if pd.isna(value) else opened.root / str(value)
        if file is None or not str(value).strip():
            found.append("its cell is empty")
        else:
            found.append(file if file.is_file() else f"no file {value}")
    return found
