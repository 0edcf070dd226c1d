"""Which items are exported, and the file that each of them comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.imaging.decode import WHOLE, ItemFile
from core.library import OpenSet
from core.model import Region
from core.selection import Selections
from core.storage.records import region_of
from core.storage.store import Workspace

_REGION = ("box_x", "box_y", "box_w", "box_h", "mask", "frame")


@dataclass(frozen=True, slots=True)
class Source:
    """One item and its file: `path` as the set has it, "" where the item is only a vector."""

    row: int
    item_id: str
    path: str
    region: Region
    label: str

    def file(self, root: Path) -> ItemFile:
        """Return where the item's pixels lie."""
        return ItemFile(self.item_id, root / self.path, self.region, root)


def checked_rows(opened: OpenSet, rows: Sequence[int] | np.ndarray | None) -> np.ndarray:
    """Return the rows to export, int64, in the order given; all of them for None.

    Raises
    ------
    InputError
        A row is not one of the set's.
    """
    if rows is None:
        return np.arange(len(opened))
    kept = np.asarray(rows, dtype=np.int64)
    if len(kept) and not (kept.min() >= 0 and kept.max() < len(opened)):
        raise InputError(f"rows: those of {opened.name!r} are 0 to {len(opened) - 1}")
    return kept


def chosen_rows(
    opened: OpenSet,
    workspace: Workspace,
    *,
    selection: str | None = None,
    slice: str | None = None,
    cluster: int | None = None,
) -> np.ndarray | None:
    """Return the rows that a selection, a slice or a theme names; None where nothing is named.

    Raises
    ------
    InputError
        More than one of them is named.
    NotFoundError
        There is none such; a selection must be of this very set.
    """
    given = [value for value in (selection, slice, cluster) if value not in (None, "")]
    if len(given) > 1:
        raise InputError("name one of a selection, a slice and a cluster, not several")
    if selection:
        return Selections(workspace).load(selection, opened.key)
    if slice:
        return np.asarray(curated_view(opened, workspace).slice(slice).rows, dtype=np.int64)
    return None if cluster is None else opened.cluster_rows(cluster)


def curated_view(opened: OpenSet, workspace: Workspace) -> Any:
    """Return what people decided about a set, as `core.curation` shows it."""
    from core.curation import Desk

    return Desk(workspace).view(opened)


def curated_columns(opened: OpenSet, workspace: Workspace) -> dict[str, pd.Series]:
    """Return what people decided, one value an item; {} where nothing was decided.

    Decisions, edited labels and slices as `core.curation` calls them, and `theme_name`, the name
    given to an item's theme, missing where none was given.
    """
    from core.curation import Desk

    desk = Desk(workspace)
    found = {name: series for name, (_, series) in desk.columns(opened).items()}
    themes = opened.clustering("themes")
    names = desk.view(opened).theme_names(themes.key) if themes is not None else {}
    if themes is not None and names:
        given = [names.get(int(label)) for label in themes.labels]
        found["theme_name"] = pd.Series(given, dtype="string")
    return found


def sources_of(opened: OpenSet, rows: np.ndarray, edited: pd.Series | None = None) -> list[Source]:
    """Return the items of some rows with their files, in the order of the rows.

    Parameters
    ----------
    edited
        Labels of all items of the set as people left them; missing where one was taken off.
    """
    table = opened.items.iloc[rows]
    labels = _texts(table, "label")
    if edited is not None:
        labels = edited.iloc[rows].astype("string").fillna("").tolist()
    kept = [name for name in _REGION if name in table]
    plain = not kept or bool(table[kept].isna().all(axis=None))
    regions: list[Region] = [WHOLE] * len(table)
    if not plain:
        regions = [region_of({str(k): v for k, v in r.items()}) for r in
                   table[kept].to_dict("records")]  # fmt: skip
    return [
        Source(int(row), item_id, path, region, label)
        for row, item_id, path, region, label in zip(
            rows, _texts(table, "item_id"), _texts(table, "path"), regions, labels, strict=True
        )
    ]


def _texts(table: pd.DataFrame, name: str) -> list[str]:
    """Return a column as text, "" where it says nothing or is not there."""
    if name not in table:
        return [""] * len(table)
    return [str(value) for value in table[name].astype("string").fillna("")]
