"""What is written of each row: its address, file, region and label as edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.ingest.objects.making import SIDES
from core.labelfiles.match import labels_now


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows to write, aligned lists.

    Attributes
    ----------
    rows
        int64 `(m,)`, ascending.
    labels
        As edited; None where there is none.
    paths
        Relative to the set's folder; "" where an item has no file.
    addresses
        The durable addresses. The first of identical files is `id:1` where it is `apart`, so that
        the label is that file's alone.
    apart
        Whether an item has identical ones in the set that are not among these rows.
    frames, boxes
        Where an item is a frame or a region of its file; else None. Boxes are as edited.
    masked
        Whether any item is a masked part of its file.
    """

    rows: np.ndarray
    labels: list[str | None]
    paths: list[str]
    addresses: list[str]
    apart: list[bool]
    frames: list[int | None]
    boxes: list[tuple[float, ...] | None]
    masked: bool

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    @property
    def are_files(self) -> bool:
        """Tell whether each item is a whole file."""
        return self.are_pictures and all(frame is None for frame in self.frames)

    @property
    def are_pictures(self) -> bool:
        """Tell whether each item is a whole file or a whole frame of one."""
        return all(self.paths) and not self.masked and all(box is None for box in self.boxes)


def rows_to_write(
    opened: Any, view: Any, *, slice: str | None = None, rows: Sequence[int] | None = None
) -> Rows:
    """Return the working set, or what of a slice or of some rows is in it.

    Raises
    ------
    InputError
        Nothing is left to write, or a slice and rows are both given.
    NotFoundError
        No slice has this name.
    """
    if slice is not None and rows is not None:
        raise InputError("name a slice or rows, not both")
    chosen = view.working
    if slice is not None:
        chosen = np.intersect1d(chosen, view.slice(slice).rows)
    elif rows is not None:
        chosen = np.intersect1d(chosen, np.asarray(rows, dtype=np.int64))
    if not len(chosen):
        raise InputError("no image of this is in the working set: there are no labels to write")
    table = opened.items.iloc[chosen]
    labels = [None if pd.isna(one) or not str(one) else str(one)
              for one in labels_now(opened, view).iloc[chosen].tolist()]  # fmt: skip
    frames = [None if one is None else int(one) for one in _values(table, "frame")]
    apart = _apart(opened, table["item_id"])
    addresses = [opened.addresses[row] for row in chosen.tolist()]
    addresses = [
        f"{address}:1" if alone and ":" not in address else address
        for address, alone in zip(addresses, apart, strict=True)
    ]
    paths = [str(one or "") for one in _values(table, "path")]
    masked = any(_values(table, "mask"))
    edited = getattr(view, "boxes", None) or {}
    boxes = [edited.get(row, box) for row, box in zip(chosen.tolist(), _boxes(table), strict=True)]
    return Rows(chosen, labels, paths, addresses, apart, frames, boxes, masked)


def _values(table: pd.DataFrame, name: str) -> list[Any]:
    if name not in table:
        return [None] * len(table)
    return [None if pd.isna(one) else one for one in table[name].tolist()]


def _boxes(table: pd.DataFrame) -> list[tuple[float, ...] | None]:
    """Return the region of each item: an object's own box, not what was cut out around it."""
    names = SIDES if set(SIDES) <= set(table.columns) else [f"box_{side}" for side in "xywh"]
    parts = [_values(table, name) for name in names]
    return [None if None in box else tuple(map(float, box)) for box in zip(*parts, strict=True)]


def _apart(opened: Any, ids: pd.Series) -> list[bool]:
    """Return which items have identical ones in the whole set that are not among these."""
    total, here = opened.base.items["item_id"].value_counts(), ids.value_counts()
    partial = set(here.index[here.to_numpy() < total.reindex(here.index).to_numpy()])
    return [item_id in partial for item_id in ids.tolist()]
