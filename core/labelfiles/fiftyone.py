"""Labels as a FiftyOne data set on disk: metadata.json and samples.json in a folder.

It is the form without a version number, which FiftyOne reads as plain JSON whatever its own
version is; `fiftyone.Dataset.from_dir(folder, fiftyone.types.FiftyOneDataset)` opens it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.curation.words import counted
from core.errors import InputError
from core.labelfiles.album import Album
from core.labelfiles.coco import read_coco
from core.labelfiles.model import Box, Entry, LabelFile, named
from core.labelfiles.pictures import by_picture, label_names
from core.labelfiles.rows import Rows

SAMPLES, METADATA, LABELS = "samples.json", "metadata.json", "labels.json"
#: The field of the labels, and that of what is proposed.
FIELD, PROPOSED = "ground_truth", "proposal"
_CLASS = {"Classification", "Classifications", "Detections"}


def write_fiftyone(
    target: Path,
    rows: Rows,
    opened: Any,
    album: Album | None = None,
    proposals: Mapping[int, tuple[str, float]] | None = None,
) -> tuple[str, ...]:
    """Write a sample a picture into a folder; without an album the pictures stay where they are.

    Whole pictures have a `Classification`, regions `Detections`, in the field `ground_truth`; what
    the last propagation proposes for a picture without a label is in `proposal`.

    Raises
    ------
    InputError
        The folder holds something, items have no pictures or are frames without an album, or a
        region's picture has no known size.
    OSError
        The disk is full or refuses.
    """
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty; name a new or an empty folder")
    proposals, samples, proposed = proposals or {}, [], 0
    root = Path(opened.root).resolve() if album is None else album.folder
    for picture in by_picture(opened, rows, "FiftyOne", relative=True, album=album):
        first = picture.places[0]
        sample: dict[str, Any] = {
            "filepath": _beside(root / picture.name, target), "tags": [], "vitrine_path":
            picture.name,
        }  # fmt: skip
        if picture.width is not None:
            sample["metadata"] = {
                "_cls": "ImageMetadata", "width": picture.width, "height": picture.height,
            }  # fmt: skip
        if rows.boxes[first] is None:
            sample["item_id"], label = rows.addresses[first], rows.labels[first]
            if label is not None:
                sample[FIELD] = {"_cls": "Classification", "label": label}
            elif int(rows.rows[first]) in proposals:
                said, sure = proposals[int(rows.rows[first])]
                sample[PROPOSED] = {"_cls": "Classification", "label": said, "confidence": sure}
                proposed += 1
        else:
            sample[FIELD] = {"_cls": "Detections", "detections": [
                {"_cls": "Detection", "label": rows.labels[place], "item_id": rows.addresses[place],
                 "bounding_box": list(picture.share(rows.boxes[place] or ()))}
                for place in picture.places
            ]}  # fmt: skip
        samples.append(sample)
    target.mkdir(exist_ok=True)
    about = {
        "name": opened.base.name, "media_type": "image",
        "info": {"description": f"labels of {opened.base.name}, written by Vitrine"},
        "default_classes": label_names(rows),
    }  # fmt: skip
    for name, value in ((SAMPLES, {"samples": samples}), (METADATA, about)):
        text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        (target / name).write_text(text, encoding="utf-8")
    told = (f"{counted(proposed, 'proposal')} written as “{PROPOSED}”",) if proposed else ()
    return told + (() if album is None else album.notes)


def _beside(path: Path, folder: Path) -> str:
    """Return a picture's path as seen from the folder; whole where it is on another drive."""
    try:
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    except ValueError:
        return str(path)


def holds_fiftyone(folder: Path) -> bool:
    """Tell whether a folder is a data set of FiftyOne's."""
    return (folder / SAMPLES).is_file() or (
        (folder / LABELS).is_file() and (folder / "data").is_dir()
    )


def read_fiftyone(folder: Path, column: str | None = None) -> LabelFile:
    """Return the labels of a data set that FiftyOne, or Vitrine, wrote into a folder.

    Parameters
    ----------
    folder
        Holds samples.json (`FiftyOneDataset`), or labels.json beside data/
        (`FiftyOneImageClassificationDataset`, `COCODetectionDataset`).
    column
        The field whose labels are meant; None takes `ground_truth`, else the only one there is.

    Raises
    ------
    InputError
        It is not of this form, or the field cannot be told; the message says which there are.
    OSError
        It cannot be read.
    """
    if not (folder / SAMPLES).is_file():
        return _read_labels(folder)
    value = _load(folder / SAMPLES)
    samples = value.get("samples")
    if not isinstance(samples, list) or not all(isinstance(one, dict) for one in samples):
        raise InputError(f"{folder.name}/{SAMPLES}: no list “samples” of objects")
    fields = [name for name in dict.fromkeys(name for one in samples for name in one)
              if any(_is_label(one.get(name)) for one in samples)]  # fmt: skip
    field = _field(folder.name, fields, column)
    entries: list[Entry] = []
    for sample in samples:
        keys = _keys(folder, sample)
        found = list(_labels(sample.get(field), keys, _size(sample), f"{folder.name}/{SAMPLES}"))
        entries += found or [Entry(keys, None)]
    return LabelFile(folder.name, "fiftyone", field, tuple(fields), tuple(entries))


def _load(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: not JSON ({str(error)[:120]})") from error
    if not isinstance(value, dict):
        raise InputError(f"{path.name}: must be an object")
    return value


def _is_label(value: Any) -> bool:
    return isinstance(value, dict) and value.get("_cls") in _CLASS


def _field(name: str, fields: list[str], column: str | None) -> str:
    """Return the field whose labels are read; "" where no sample has any."""
    if column is not None:
        if column not in fields:
            there = ", ".join(fields) or "none"
            raise InputError(
                f"{name}: no labels in a field {column!r}; fields with labels: {there}"
            )
        return column
    if FIELD in fields or not fields:
        return FIELD if fields else ""
    own = [one for one in fields if one != PROPOSED]
    if len(own) > 1:
        raise InputError(f"{name}: labels in {', '.join(own[:8])}: say which field")
    return own[0] if own else ""


def _keys(folder: Path, sample: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what a sample calls its picture, Vitrine's own fields first."""
    keys = []
    if isinstance(sample.get("item_id"), str):
        keys.append(("id", sample["item_id"]))
    if isinstance(sample.get("vitrine_path"), str):
        keys.append(named(sample["vitrine_path"]))
    path = sample.get("filepath")
    if isinstance(path, str) and path.strip():
        keys.append(named(os.path.normpath(folder.resolve() / path)))
    if not keys:
        raise InputError(f"{folder.name}/{SAMPLES}: a sample has no filepath")
    return tuple(keys)


def _size(sample: Mapping[str, Any]) -> tuple[float, float] | None:
    about = sample.get("metadata")
    if not isinstance(about, dict):
        return None
    width, height = about.get("width"), about.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return float(width), float(height)
    return None


def _labels(
    value: Any, keys: tuple[tuple[str, str], ...], size: tuple[float, float] | None, file: str
) -> Iterator[Entry]:
    """Give an entry for each label of a field."""
    if not _is_label(value):
        return
    if value["_cls"] == "Detections":
        for one in value.get("detections") or []:
            yield _detection(one, keys, size, file)
        return
    many = value.get("classifications") if value["_cls"] == "Classifications" else [value]
    for one in many or []:
        if isinstance(one, dict) and isinstance(one.get("label"), str) and one["label"].strip():
            yield Entry(keys, one["label"].strip())


def _detection(
    one: Any, keys: tuple[tuple[str, str], ...], size: tuple[float, float] | None, file: str
) -> Entry:
    """Return an entry for a region."""
    try:
        x, y, w, h = (float(side) for side in one["bounding_box"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file}: a detection needs bounding_box, four numbers") from error
    box: Box | None = None
    if size is not None:
        box = (x * size[0], y * size[1], w * size[0], h * size[1])
    elif not isinstance(one.get("item_id"), str):
        raise InputError(
            f"{file}: a sample with detections has no width and height in its metadata: "
            "compute_metadata() in FiftyOne writes them"
        )
    own = (("id", one["item_id"]),) if isinstance(one.get("item_id"), str) else ()
    label = one.get("label")
    return Entry(own + keys, label.strip() or None if isinstance(label, str) else None, box)


def _read_labels(folder: Path) -> LabelFile:
    """Return the labels of a data set with one file of labels."""
    value = _load(folder / LABELS)
    if isinstance(value.get("annotations"), list):
        return read_coco(folder / LABELS)
    classes, labels = value.get("classes"), value.get("labels")
    if not isinstance(labels, dict):
        raise InputError(f"{folder.name}/{LABELS}: no object “labels”")
    entries = []
    for name, given in labels.items():
        keys = (named(name),)
        if isinstance(given, list) and any(isinstance(one, dict) for one in given):
            raise InputError(
                f"{folder.name}/{LABELS}: regions without the pictures' sizes: export as "
                "FiftyOneDataset instead"
            )
        if type(given) is int and isinstance(classes, list) and 0 <= given < len(classes):
            given = classes[given]
        entries.append(Entry(keys, str(given).strip() or None if given is not None else None))
    return LabelFile(folder.name, "fiftyone", "", (), tuple(entries))
