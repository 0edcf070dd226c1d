"""A set of the same images, each cut out by its mask, on neutral grey.

What is made is a table, a source like any other, from which the new set is run. Nothing is copied:
a mask is part of an item's region.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core.config import Settings
from core.curation import Desk
from core.cutting.masks import Masks, find_masks
from core.cutting.request import CutoutRequest
from core.errors import DecodeError, InputError, VitrineError
from core.imaging.imagefile import Limits
from core.imaging.regions import load_mask
from core.library import Library, OpenSet
from core.model import ITEM_COLUMNS
from core.progress import Progress
from core.request import RunRequest
from core.storage.flushed import write_flushed
from core.storage.store import Workspace, check_name, read_json, storage_errors, write_json

#: Share of a box's sides that is left around an object that is cropped.
MARGIN = 0.05
#: Columns that Vitrine fills itself, which the new set's own run fills anew.
_OWN = frozenset({*ITEM_COLUMNS, "width", "height", "format", "mode", "notes"})
_KEPT = ("label", "group", "unit", "source", "time")


def run_cutout(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Cut the images of a set out by their masks, and run the new set.

    Parameters
    ----------
    request
        As `CutoutRequest.to_json` returns it.

    Returns
    -------
    dict
        What `core.pipeline.run` says of the new set, with "of": the set, "images": how many have a
        mask, "without": path and reason of the first hundred that have none.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done.
    """
    from core.pipeline import run

    progress = progress or Progress()
    asked = CutoutRequest.from_json(request)
    progress.report("masks")
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    masks = find_masks(opened, folder=asked.folder, column=asked.column)
    wanted = cut_out(
        opened, masks, asked.cutout, workspace, settings, view=desk.view(opened), crop=asked.crop,
        progress=progress,
    )  # fmt: skip
    made = run(wanted, workspace, settings, progress)
    return made | {"of": asked.name, "images": len(masks.rows), "without": masks.without[:100]}


def cut_out(
    opened: OpenSet,
    masks: Masks,
    name: str,
    workspace: Workspace,
    settings: Settings,
    *,
    view: Any = None,
    crop: bool = False,
    progress: Progress | None = None,
) -> RunRequest:
    """Write the table of a new set, and return what is to be run to make that.

    Parameters
    ----------
    opened, masks
        The set, and its masks.
    name
        Of the new set.
    workspace, settings
        Where the table is kept (`sources/`); limits on pictures.
    view
        What was decided about the set (`Desk.view`): labels as edited, excluded images left out;
        None takes the set as it is.
    crop
        Also cut each image to its object, with 5 % of the object's sides around it.

    Raises
    ------
    InputError
        A set of that name is there and is not a cut-out of this one, or the name cannot be used.
    """
    progress = progress or Progress()
    check_name(name)
    if name == opened.name:
        raise InputError(f"name {name!r}: that is the set itself; give the cut-out another one")
    if name in workspace.set_names() and (about(workspace, name) or {}).get("of") != opened.name:
        raise InputError(f"name {name!r}: there is another set of this name; choose another")
    table = _table(opened, masks, view)
    if crop:
        boxes = _boxes(opened, table, settings, progress)
        table = table.assign(**{side: boxes[:, at] for at, side in enumerate(_BOX)})
    folder = workspace.root / "sources" / name
    folder.mkdir(parents=True, exist_ok=True)
    told = {"of": opened.name, "imageset": opened.key, "crop": crop, "images": len(table)}
    write_json(folder / "cutout.json", told)
    source = folder / "cutout.parquet"
    data = io.BytesIO()
    table.to_parquet(data, index=False)
    with storage_errors(f"writing {source.name}"):
        write_flushed(source, data.getvalue())
    asked = opened.request
    maps = tuple(asked.get("maps") or ("pca",))
    return RunRequest(
        str(source), name, str(asked["encoder"]), maps, int(asked.get("dims", 2)),
        int(asked.get("seed", 0)),
    )  # fmt: skip


_BOX = ("box_x", "box_y", "box_w", "box_h")


def _table(opened: OpenSet, masks: Masks, view: Any) -> pd.DataFrame:
    """Return the rows of the new set's table: paths, masks, and what is known of the images."""
    rows, files = masks.rows, np.array([str(one) for one in masks.files], dtype=object)
    if view is not None:
        kept = np.isin(rows, view.working)
        rows, files = rows[kept], files[kept]
    items = opened.items.iloc[rows]
    given = [c for c in items.columns if c not in _OWN]
    known = [c for c in _KEPT if c in items.columns and items[c].notna().any()]
    table = items[[*known, *given]].reset_index(drop=True)
    if view is not None:
        edited = view.columns(lambda: opened.items.get("label")).get("label, edited")
        if edited is not None:
            table["label"] = edited[1].iloc[rows].reset_index(drop=True).astype("string")
    paths = [str((opened.root / str(path)).absolute()) for path in items["path"]]
    table = table.rename(columns={"path": "path_given", "mask": "mask_given"})
    table.insert(0, "path", paths)
    table.insert(1, "mask", files)
    return table


def _boxes(
    opened: OpenSet, table: pd.DataFrame, settings: Settings, progress: Progress
) -> np.ndarray:
    """Return the box of each object with its margin `(n, 4)`: x, y, width, height; NaN unknown."""
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    found = np.full((len(table), 4), np.nan)
    for at, mask in enumerate(table["mask"]):
        progress.report("masks", at, len(table))
        try:
            found[at] = _box(Path(mask), limits)
        except (DecodeError, OSError):  # the run names what is wrong with it
            continue
    return found


def _box(mask: Path, limits: Limits) -> tuple[float, float, float, float]:
    with Image.open(mask) as file:
        turned = file.getexif().get(0x0112, 1) in {5, 6, 7, 8}
        size = file.size[::-1] if turned else file.size
    left, top, right, bottom = (
        load_mask(mask.name, mask.parent, size, size, limits).getbbox() or (0, 0, *size)
    )  # fmt: skip
    around, above = MARGIN * (right - left), MARGIN * (bottom - top)
    x, y = max(0.0, left - around), max(0.0, top - above)
    return x, y, min(size[0], right + around) - x, min(size[1], bottom + above) - y


def about(workspace: Workspace, name: str) -> dict[str, Any] | None:
    """Return what a set is a cut-out of: "of", "imageset", "crop", "images"; None if it is none."""
    file = workspace.root / "sources" / name / "cutout.json"
    if not file.is_file():
        return None
    try:
        return read_json(file)
    except VitrineError:  # what a page says beside a set must not stop it
        return None


def cutouts_of(workspace: Workspace, name: str) -> list[str]:
    """Return the sets that are cut-outs of a set, by name."""
    found = [
        one for one in workspace.set_names() if (about(workspace, one) or {}).get("of") == name
    ]
    return sorted(found)
