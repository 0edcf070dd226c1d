"""From pictures taken in with their columns to the table of items."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from core.ingest.copies import Copies
from core.ingest.fields import find_roles
from core.ingest.items import item_table
from core.ingest.packed import Gathered, Taken
from core.ingest.schemes import Reading
from core.keys import item_id
from core.model import BrokenFile, Region, Scan

_BOX = ("box_x", "box_y", "box_w", "box_h")


def typed(values: Sequence[Any]) -> pd.Series:
    """Return Python values as a nullable column: numbers where all are, else text.

    Lists and objects become JSON text. Missing are None and numbers that are no number.
    """
    cells: list[Any] = [None if isinstance(v, float) and math.isnan(v) else v for v in values]
    there = [value for value in cells if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return pd.Series(cells, dtype="boolean")
    if there and all(isinstance(v, int | float) and not isinstance(v, bool) for v in there):
        if all(isinstance(value, int) and abs(value) < 2**63 for value in there):
            return pd.Series(cells, dtype="Int64")
        return pd.Series(cells, dtype="Float64")
    return pd.Series([None if v is None else _text(v) for v in cells], dtype="string")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return json.dumps(value, ensure_ascii=True, default=str)


def packed_table(taken: Sequence[Taken]) -> tuple[pd.DataFrame, list[BrokenFile]]:
    """Return the item table of pictures, and those whose box cannot be.

    Columns are understood by name as those of any table are (`core.ingest.fields`).
    """
    names = list(dict.fromkeys(name for one in taken for name in one.columns))
    frame = pd.DataFrame(
        {name: typed([one.columns.get(name) for one in taken]) for name in names},
        index=pd.RangeIndex(len(taken)),
    )
    roles = find_roles(frame)
    known = dict(roles.known)
    ids, rows, broken = [], [], []
    for row, one in enumerate(taken):
        values = [known[name][row] for name in _BOX] if _BOX[0] in known else [None]
        box = None if None in values else tuple(map(float, cast(list[float], values)))
        if box is not None and not (box[2] > 0 and box[3] > 0):
            broken.append(BrokenFile(one.path, f"box of width {box[2]:g} and height {box[3]:g}"))
            continue
        ids.append(item_id(one.sha256, Region(box)))  # type: ignore[arg-type]
        rows.append(row)
    known |= {"path": [one.path for one in taken], "item_id": [""] * len(taken)}
    given = {name: frame[name] for name in names if name not in roles.used}
    items = item_table(len(taken), known, given).iloc[rows].reset_index(drop=True)
    items["item_id"] = pd.Series(ids, dtype="string")
    return items, broken


def packed_scan(source: str, copies: Copies, root: str, found: Gathered, reading: Reading) -> Scan:
    """Return a scan of what was taken into a root of the copies; forget what is there no more."""
    if not found.broken:  # what could not be read this time may be there the next
        copies.forget_others(root, (one.path for one in found.taken))
    folder: Path = copies.folder / root
    folder.mkdir(parents=True, exist_ok=True)
    items, broken = packed_table(found.taken)
    reading.progress.report("scan", len(items), len(items))
    plain = not any(one.columns.keys() - {"label", "split"} for one in found.taken)
    return Scan(
        kind="folder" if plain else "table",
        source=source,
        root=str(folder),
        items=items,
        broken=(*found.broken, *broken),
        notes=tuple(found.notes),
    )
