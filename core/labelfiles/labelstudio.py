"""Labels as Label Studio's JSON: a task a picture, with annotations and predictions."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from core.curation.words import counted
from core.errors import InputError
from core.ingest.fields import SYNONYMS
from core.labelfiles.album import Album
from core.labelfiles.model import Box, Entry, LabelFile, named
from core.labelfiles.pictures import PictureRows, by_picture
from core.labelfiles.rows import Rows

#: Where Label Studio serves files of a folder of its computer.
LOCAL = "/data/local-files/?d="
#: Name of the control and of the picture, as the labelling interface has them too.
CONTROL, PICTURE = "label", "image"
_NAMED = ("label", *SYNONYMS["label"], "labels", "choice")


def write_label_studio(
    part: Path,
    rows: Rows,
    opened: Any,
    album: Album | None = None,
    proposals: Mapping[int, tuple[str, float]] | None = None,
) -> tuple[str, ...]:
    """Write a task a picture.

    A label is an annotation; what the last propagation proposes for a picture without one is a
    prediction with its score. The interface needs `<Choices name="label" toName="image">` for
    whole pictures, `<RectangleLabels name="label" toName="image">` for regions.

    Raises
    ------
    InputError
        Items have no pictures or are frames without an album, or a region's picture has no known
        size.
    """
    proposals = proposals or {}
    tasks, predicted = [], 0
    for picture in by_picture(opened, rows, "Label Studio", relative=True, album=album):
        given = [r for r in (_result(rows, place, picture, rows.labels[place])
                             for place in picture.places) if r]  # fmt: skip
        told = [_prediction(rows, place, picture, proposals) for place in picture.places]
        data = {PICTURE: LOCAL + quote(picture.name), "path": picture.name}
        if rows.boxes[picture.places[0]] is None:
            data["item_id"] = rows.addresses[picture.places[0]]
        predictions = [one for one in told if one]
        predicted += len(predictions)
        tasks.append({
            "data": data,
            "annotations": [{"result": given}] if given else [],
            "predictions": predictions,
        })  # fmt: skip
    part.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    notes = (f"{counted(predicted, 'proposal')} written as predictions",) if predicted else ()
    return notes + (() if album is None else album.notes)


def _result(rows: Rows, place: int, picture: PictureRows, label: str | None) -> dict[str, Any]:
    """Return a label as Label Studio has it; {} for none."""
    if label is None:
        return {}
    box = rows.boxes[place]
    made: dict[str, Any] = {"from_name": CONTROL, "to_name": PICTURE}
    if box is None:
        return made | {"type": "choices", "value": {"choices": [label]}}
    x, y, w, h = (100 * share for share in picture.share(box))
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [label]}
    size = {"original_width": picture.width, "original_height": picture.height}
    return made | size | {"type": "rectanglelabels", "value": value, "image_rotation": 0}


def _prediction(
    rows: Rows, place: int, picture: PictureRows, proposals: Mapping[int, tuple[str, float]]
) -> dict[str, Any] | None:
    """Return what is proposed for an item without a label."""
    found = proposals.get(int(rows.rows[place]))
    if found is None or rows.labels[place] is not None:
        return None
    result = _result(rows, place, picture, found[0])
    return {"model_version": "Vitrine proposals", "score": found[1], "result": [result]}


def is_label_studio(value: Any) -> bool:
    """Tell whether JSON is a list of tasks: with `data`, or flat with a picture, as JSON-MIN."""
    return isinstance(value, list) and bool(value) and all(
        isinstance(one, dict) and ("data" in one or PICTURE in one) for one in value
    )  # fmt: skip


def read_label_studio(name: str, tasks: list[Any], column: str | None = None) -> LabelFile:
    """Return the labels of tasks: what people annotated; predictions are counted and left out.

    Parameters
    ----------
    name
        Of the file.
    tasks
        What its JSON holds, as `is_label_studio` tells.
    column
        The control (`from_name`) whose labels are meant, where the tasks have several.

    Raises
    ------
    InputError
        A task names no picture, or it cannot be told which control is meant.
    """
    found = [list(_answers(name, task)) for task in tasks]
    controls = list(dict.fromkeys(control for answers in found for control, *_ in answers))
    wanted = _control(name, controls, column)
    entries: list[Entry] = []
    waiting = 0
    for task, answers in zip(tasks, found, strict=True):
        keys = _keys(name, task)
        mine = [Entry(keys, label, box) for control, label, box in answers if control == wanted]
        entries += mine or [Entry(keys, None)]
        waiting += not mine and bool(task.get("predictions"))
    notes = []
    if waiting:
        notes.append(f"{counted(waiting, 'task')} with predictions only, which no one confirmed")
    return LabelFile(name, "labelstudio", wanted, tuple(controls), tuple(entries), tuple(notes))


def _control(name: str, controls: list[str], column: str | None) -> str:
    """Return the control whose labels are read; "" where there is no annotation."""
    if column is not None:
        if column not in controls:
            there = ", ".join(controls) or "none"
            raise InputError(f"{name}: no annotation of a control {column!r}; there are {there}")
        return column
    if len(controls) < 2:
        return controls[0] if controls else ""
    likely = [one for one in controls if one.lower() in _NAMED]
    if len(likely) == 1:
        return likely[0]
    raise InputError(f"{name}: annotations of {', '.join(controls[:8])}: say which are the labels")


def _answers(name: str, task: dict[str, Any]) -> Iterator[tuple[str, str, Box | None]]:
    """Give control, label and region of each answer to a task."""
    if "data" not in task:
        yield from _flat(task)
        return
    annotations = task.get("annotations", task.get("completions")) or []
    if not isinstance(annotations, list):
        raise InputError(f"{name}: “annotations” of a task must be a list")
    for annotation in annotations:
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result") or []:
            value = result.get("value") if isinstance(result, dict) else None
            kind = str(result.get("type")) if isinstance(value, dict) else ""
            if value is None or kind not in {"choices", "rectanglelabels"}:
                continue
            box = _box(value, result) if kind == "rectanglelabels" else None
            for label in _texts(value.get(kind)):
                yield str(result.get("from_name") or CONTROL), label, box


def _flat(task: dict[str, Any]) -> Iterator[tuple[str, str, Box | None]]:
    """Give the answers of JSON-MIN, where each control is a field."""
    known = {PICTURE, "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time",
             "path", "item_id"}  # fmt: skip
    for control, value in task.items():
        if control in known:
            continue
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                for label in _texts(one.get("rectanglelabels")):
                    yield control, label, _box(one, one)
        elif isinstance(value, str | dict):
            for label in _texts(value.get("choices") if isinstance(value, dict) else value):
                yield control, label, None


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one.strip() for one in values if isinstance(one, str) and one.strip()]


def _box(value: Mapping[str, Any], sizes: Mapping[str, Any]) -> Box | None:
    """Return a region in pixels of percents of the picture's sides; None where it is none."""
    try:
        width, height = float(sizes["original_width"]), float(sizes["original_height"])
        x, y, w, h = (float(value[side]) / 100 for side in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError):
        return None
    return (x * width, y * height, w * width, h * height) if w > 0 and h > 0 else None


def _keys(name: str, task: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what a task calls its picture: Vitrine's own fields, then the address it shows."""
    data = task.get("data", task)
    if not isinstance(data, dict):
        raise InputError(f"{name}: “data” of a task must be an object")
    keys = []
    if isinstance(data.get("item_id"), str):
        keys.append(("id", data["item_id"]))
    if isinstance(data.get("path"), str) and data["path"]:
        keys.append(named(data["path"]))
    address = data.get(PICTURE) or next(
        (value for value in data.values() if isinstance(value, str) and "/" in value), None
    )
    if isinstance(address, str) and address.strip():
        keys.append(named(file_of(address.strip())))
    if not keys:
        raise InputError(f"{name}: a task names no picture: needs “{PICTURE}” in its data")
    return tuple(dict.fromkeys(keys))


def file_of(address: str) -> str:
    """Return the file that an address shows."""
    parts = urlsplit(address)
    if parts.path.endswith("/local-files/"):
        return parse_qs(parts.query, keep_blank_values=True).get("d", [address])[0]
    if parts.scheme in {"http", "https", "s3", "gs", "azure-blob"} or address.startswith("/data/"):
        return unquote(parts.path).lstrip("/")
    return address
