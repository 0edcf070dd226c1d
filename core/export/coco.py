"""A set in COCO's form, with what was decided: objects kept, left out, relabelled, and moved."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.export.sources import curated_view
from core.export.whole import write_whole
from core.imaging import rle, shapes
from core.ingest.objects.making import OBJECT, PICTURE, SIDES
from core.library import OpenSet
from core.opened.objects import has_objects, labels_of, outline_of
from core.storage.records import region_of
from core.storage.store import Workspace

if TYPE_CHECKING:
    from core.labelfiles.album import Album
    from core.labelfiles.handed import Key

NO_PICTURE = "some of these items have no picture: export them as csv or parquet"


def write_coco(
    target: Path,
    opened: OpenSet,
    workspace: Workspace,
    rows: np.ndarray,
    album: "Album | None" = None,
) -> None:
    """Write a set, or some of its rows, as JSON in COCO's form.

    `images`, `annotations` and `categories` are what any program reads: the working set, labels
    and boxes as edited. What was taken out of it, or has no label, is in `left_out`, in the same
    form, with the reason; nothing that was decided is lost. Under `attributes` an annotation has
    what Vitrine knows of it: `decision`, `reason`, `label_given`, `bbox_given`.

    Parameters
    ----------
    album
        Where the pictures are written too, frames as PNG; None leaves them where they are. What
        cannot be read is left out.

    Raises
    ------
    InputError
        The items have no pictures.
    """
    names: dict[Key, str] = {}
    if album is not None:
        rows, names = _written(opened, rows, album)
    value = coco_value(opened, curated_view(opened, workspace), rows, names)
    data = _text(value).encode()

    def put(part: Path) -> None:
        part.write_bytes(data)

    write_whole(target, put)


def _written(
    opened: OpenSet, rows: np.ndarray, album: "Album"
) -> tuple[np.ndarray, dict["Key", str]]:
    """Write the pictures of rows; return the rows whose picture is there, and the names."""
    from core.labelfiles.handed import handed_names, keys_of

    keys = keys_of(opened.items.iloc[rows])
    if not all(path for path, _ in keys):
        raise InputError(NO_PICTURE)
    names = handed_names(opened.base.items)
    there = album.put(opened, list(dict.fromkeys(keys)), names)
    return rows[[key in there for key in keys]], names


def coco_value(
    opened: OpenSet, view: Any, rows: np.ndarray, handed: Mapping["Key", str] | None = None
) -> dict[str, Any]:
    """Return what `write_coco` writes, as JSON values; `handed` names pictures written too."""
    if "path" not in opened.items or opened.items["path"].iloc[rows].isna().any():
        raise InputError(NO_PICTURE)
    labels = labels_of(opened, view).astype(object)
    names = sorted({str(label) for label in labels.iloc[rows].dropna() if str(label)})
    numbers = {name: number for number, name in enumerate(names, 1)}
    out = set(view.excluded.tolist())
    images: dict[Key, dict[str, Any]] = {}
    kept: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    table: list[dict[str, Any]] = [
        {str(name): value for name, value in one.items()}
        for one in opened.items.iloc[rows].to_dict("records")
    ]
    ids = _ids(opened, rows)
    for at, row in enumerate(rows.tolist()):
        values = table[at]
        image = _image_of(images, values, opened, handed or {})
        given = labels.iat[row]
        label = given if isinstance(given, str) else ""
        one = {"id": ids[at], "image_id": image["id"]}
        if label:
            one["category_id"] = numbers[label]
        one |= _place(values, view.boxes.get(row)) | {"item_id": opened.addresses[row]}
        told = _attributes(values, label, view, row)
        one |= {"attributes": told} if told else {}
        (left_out if row in out or not label else kept).append(one)
    value = {
        "info": {"description": f"{opened.base.name}, exported by Vitrine"},
        "images": list(images.values()),
        "annotations": kept,
        "categories": [{"id": numbers[name], "name": name} for name in names],
    }
    return value | ({"left_out": left_out} if left_out else {})


def _ids(opened: OpenSet, rows: np.ndarray) -> Sequence[int]:
    """Return the numbers of the objects: those of the source where they can be, else from 1 on."""
    if OBJECT in opened.items:
        names = opened.items[OBJECT].astype("string")
        whole = names.str.fullmatch(r"[1-9]\d{0,15}").fillna(False).to_numpy(dtype=bool)
        if whole.all() and names.is_unique:
            return [int(name) for name in names.iloc[rows]]
    return range(1, len(rows) + 1)


def _image_of(
    images: dict["Key", dict[str, Any]],
    values: dict[str, Any],
    opened: OpenSet,
    names: Mapping["Key", str],
) -> dict[str, Any]:
    """Return the entry of an item's picture, made when it is first met."""
    frame = region_of(values).frame
    key = (str(values["path"]), frame)
    if key not in images:
        one: dict[str, Any] = {"id": len(images) + 1, "file_name": names.get(key, key[0])}
        for side in ("width", "height"):
            if not pd.isna(values.get(side)):
                one[side] = int(values[side])
        one |= {} if frame is None or key in names else {"frame": frame}
        if has_objects(opened):
            one["item_id"] = str(values[PICTURE])
        images[key] = one
    return images[key]


def _place(values: dict[str, Any], edited: Sequence[float] | None) -> dict[str, Any]:
    """Return bbox, area and segmentation of an item; of a whole picture all of it."""
    own: Sequence[Any] = edited or [values.get(side) for side in SIDES]
    known = [float(side) for side in own if side is not None and not pd.isna(side)]
    given = known if len(known) == 4 else region_of(values).box
    if given is None:
        return {"iscrowd": 0} | _whole(values)
    box = [round(float(side), 3) for side in given]
    outline = outline_of(values)
    crowd = values.get("iscrowd")
    found: dict[str, Any] = {
        "bbox": box, "area": round(box[2] * box[3], 3), "segmentation": [],
    }  # fmt: skip
    if shapes.is_shape(outline):
        found |= _segmentation(outline)
    return found | {"iscrowd": 0 if crowd is None or pd.isna(crowd) else int(crowd)}


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """Return the box of all of a picture: COCO has no other label of it; {} without its size."""
    width, height = values.get("width"), values.get("height")
    if pd.isna(width) or pd.isna(height):
        return {}
    sides = [int(width), int(height)]
    return {"bbox": [0, 0, *sides], "area": sides[0] * sides[1], "segmentation": []}


def _segmentation(outline: str) -> dict[str, Any]:
    """Return an outline as COCO writes it, and its area in pixels."""
    rings = shapes.rings_of(outline)
    if rings is not None:
        area = sum(_area(np.asarray(ring)) for ring in rings)
        return {"segmentation": rings, "area": round(area, 3)}
    runs = shapes.runs_of(outline)
    assert runs is not None  # it is one of the two
    counts, width, height = runs
    written = {"size": [height, width], "counts": rle.compress(counts.tolist())}
    return {"segmentation": written, "area": int(counts[1::2].sum())}


def _area(ring: np.ndarray) -> float:
    """Return the area of a polygon x1, y1, x2, y2, … by the shoelace formula."""
    x, y = ring[0::2], ring[1::2]
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _attributes(values: dict[str, Any], label: str, view: Any, row: int) -> dict[str, Any]:
    """Return what was decided about an item, beside COCO's own fields."""
    told: dict[str, Any] = {}
    decision = view.decision_of(row)
    if decision is not None:
        told["decision"] = decision[0]
        told |= {"reason": decision[1]} if decision[1] else {}
    if not label:
        told.setdefault("decision", "no label")
    if view.label_of(row) is not None:
        given = values.get("label")
        told["label_given"] = None if given is None or pd.isna(given) else str(given)
    if row in view.boxes:
        told["bbox_given"] = [float(values[side]) for side in SIDES]
    return told


def _text(value: dict[str, Any]) -> str:
    """Return JSON with a line for each record, so that two exports can be compared line by line."""
    parts = []
    for name, content in value.items():
        if isinstance(content, list):
            lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in content)
            text = f"[\n{lines}\n]" if content else "[]"
        else:
            text = json.dumps(content, ensure_ascii=False)
        parts.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
