"""Rows to write, gathered by the picture they are of, for formats that have a record a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.curation.words import counted
from core.errors import InputError
from core.labelfiles.rows import Rows
from core.labelled.stored import Labelled
from core.storage.store import Workspace


@dataclass(slots=True)
class PictureRows:
    """A picture and the places in `Rows` of the items that are of it.

    `width` and `height` are those of the whole picture; None where the set does not know them.
    """

    path: str
    width: int | None
    height: int | None
    places: list[int] = field(default_factory=list)

    def share(self, box: tuple[float, ...]) -> tuple[float, float, float, float]:
        """Return a box as shares of the picture's sides."""
        assert self.width is not None
        assert self.height is not None
        x, y, w, h = box
        return x / self.width, y / self.height, w / self.width, h / self.height


def by_picture(opened: Any, rows: Rows, tool: str, *, relative: bool) -> list[PictureRows]:
    """Return the pictures of some rows in their order.

    Parameters
    ----------
    tool
        The format's name, for what is said against it.
    relative
        Whether boxes are written as shares of the sides, for which these must be known.

    Raises
    ------
    InputError
        Items have no picture, are frames of a file, or a picture's size is not known.
    """
    if not all(rows.paths):
        raise InputError("these items have no picture files: write their labels as csv or parquet")
    frames = sum(frame is not None for frame in rows.frames)
    if frames:
        raise InputError(
            f"{counted(frames, 'item')} of these are frames or pages of a file, which {tool} "
            "cannot name: write their labels as csv, parquet or coco"
        )
    sizes = picture_sizes(opened, rows)
    found: dict[Any, PictureRows] = {}
    for place, (path, box) in enumerate(zip(rows.paths, rows.boxes, strict=True)):
        if relative and box is not None and sizes[place] is None:
            raise InputError(
                f"{path}: its width and height are not known, and {tool} needs them: run the set "
                "again, or write the labels as csv, parquet or coco"
            )
        width, height = sizes[place] or (None, None)
        key = path if box is not None else (path, place)  # whole pictures are a record each
        found.setdefault(key, PictureRows(path, width, height)).places.append(place)
    return list(found.values())


def picture_sizes(opened: Any, rows: Rows) -> list[tuple[int, int] | None]:
    """Return width and height of each row's whole picture; None where the set does not know."""
    table = opened.items.iloc[rows.rows]
    if not {"width", "height"} <= set(table.columns):
        return [None] * len(rows)
    pairs = zip(table["width"].tolist(), table["height"].tolist(), strict=True)
    return [None if pd.isna(w) or pd.isna(h) or w <= 0 or h <= 0 else (int(w), int(h))
            for w, h in pairs]  # fmt: skip


def label_names(rows: Rows) -> list[str]:
    """Return the labels of some rows, each once, sorted."""
    return sorted({label for label in rows.labels if label is not None})


def proposals_of(workspace: Workspace | None, opened: Any) -> Mapping[int, tuple[str, float]]:
    """Return label and confidence that the last propagation proposes for rows of a set.

    Only one that was made of the set as it is now counts.
    """
    if workspace is None:
        return {}
    kept = Labelled(workspace)
    for line in kept.list(opened.name, "propagate"):
        if line.imageset == opened.key:
            table = kept.propagation(line.key).proposals
            return {
                int(row): (str(label), float(sure))
                for row, label, sure in zip(
                    table["row"], table["proposed"], table["confidence"], strict=True
                )
            }
    return {}
