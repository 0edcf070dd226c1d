"""Rows to write, gathered by the picture they are of, for formats that have a record a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.curation.words import counted
from core.errors import InputError
from core.labelfiles.album import Album
from core.labelfiles.handed import Key, handed_names
from core.labelfiles.rows import Rows
from core.labelled.stored import Labelled
from core.storage.store import Workspace


@dataclass(slots=True)
class PictureRows:
    """A picture and the places in `Rows` of the items that are of it.

    `name` is what the tool knows it by: where it lies in the set's folder or, written as a file
    beside the labels, there. `width` and `height` are those of the whole picture; None where the
    set does not know them.
    """

    key: Key
    name: str
    width: int | None
    height: int | None
    places: list[int] = field(default_factory=list)

    def share(self, box: tuple[float, ...]) -> tuple[float, float, float, float]:
        """Return a box as shares of the picture's sides."""
        assert self.width is not None
        assert self.height is not None
        x, y, w, h = box
        return x / self.width, y / self.height, w / self.width, h / self.height


def by_picture(
    opened: Any, rows: Rows, tool: str, *, relative: bool, album: Album | None = None
) -> list[PictureRows]:
    """Return the pictures of some rows in their order.

    Parameters
    ----------
    tool
        The format's name, for what is said against it.
    relative
        Whether boxes are written as shares of the sides, for which these must be known.
    album
        Where the pictures are written; None where they stay in the set's folder. Those that cannot
        be read are left out, and its notes tell which.

    Raises
    ------
    InputError
        Items have no picture, a picture's size is not known, or, without an album, items are
        frames of a file.
    """
    if not all(rows.paths):
        raise InputError("these items have no picture files: write their labels as csv or parquet")
    frames = sum(frame is not None for frame in rows.frames)
    if frames and album is None:
        raise InputError(
            f"{counted(frames, 'item')} of these are frames or pages of a file, which {tool} "
            "cannot name: have the pictures written too"
        )
    names = {} if album is None else handed_names(opened.base.items)
    sizes = picture_sizes(opened, rows)
    found: dict[Any, PictureRows] = {}
    for place, (path, frame, box) in enumerate(
        zip(rows.paths, rows.frames, rows.boxes, strict=True)
    ):
        if relative and box is not None and sizes[place] is None:
            raise InputError(
                f"{path}: its width and height are not known, and {tool} needs them: run the set "
                "again, or write the labels as csv, parquet or coco"
            )
        width, height = sizes[place] or (None, None)
        key: Key = (path, frame)
        record = key if box is not None else (key, place)  # whole pictures are a record each
        one = PictureRows(key, names.get(key, path), width, height)
        found.setdefault(record, one).places.append(place)
    pictures = list(found.values())
    if album is None:
        return pictures
    there = album.put(opened, list(dict.fromkeys(one.key for one in pictures)), names)
    return [one for one in pictures if one.key in there]


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
