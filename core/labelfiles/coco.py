"""Labels from and to JSON in COCO's form."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.curation.words import counted
from core.errors import InputError
from core.labelfiles.album import Album
from core.labelfiles.handed import handed_names
from core.labelfiles.labelstudio import file_of
from core.labelfiles.model import Box, Entry, LabelFile, named
from core.labelfiles.pictures import label_names, picture_sizes
from core.labelfiles.rows import Rows

_LISTS = ("images", "annotations", "categories")


def write_coco(part: Path, rows: Rows, opened: Any, album: Album | None = None) -> tuple[str, ...]:
    """Write images, annotations and categories; with an album, the pictures too.

    Without one a frame has its file's name and its number, `frame`, as only Vitrine reads it.

    Raises
    ------
    InputError
        Items have no pictures.
    """
    if not all(rows.paths):
        raise InputError("these items have no picture files: write their labels as csv or parquet")
    numbers = {name: number for number, name in enumerate(label_names(rows), 1)}
    images: dict[tuple[str, int | None], dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    sizes = picture_sizes(opened, rows)
    keys = list(zip(rows.paths, rows.frames, strict=True))
    names = {} if album is None else handed_names(opened.base.items)
    there = set(keys) if album is None else album.put(opened, list(dict.fromkeys(keys)), names)
    for place, (label, key, address) in enumerate(
        zip(rows.labels, keys, rows.addresses, strict=True)
    ):
        if key not in there:
            continue
        box = rows.boxes[place]
        shared = (address if box is None else key[0]), key[1]  # regions of a file share its image
        if shared not in images:
            images[shared] = _image(len(images) + 1, key, names.get(key), sizes[place])
            images[shared] |= {"item_id": address} if box is None else {}
        if label is None:
            continue
        annotation = {
            "id": len(annotations) + 1, "image_id": images[shared]["id"],
            "category_id": numbers[label], "iscrowd": 0,
        }  # fmt: skip
        size = sizes[place]
        if box is not None:
            annotation |= {"bbox": list(box), "area": box[2] * box[3], "segmentation": []}
            annotation |= {"item_id": address}
        elif size is not None:  # COCO has no label of a whole picture but the box of all of it
            annotation |= {"bbox": [0, 0, *size], "area": size[0] * size[1], "segmentation": []}
        annotations.append(annotation)
    value = {
        "info": {"description": f"labels of {opened.base.name}"},
        "images": list(images.values()),
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
    }
    part.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return () if album is None else album.notes


def _image(
    number: int, key: tuple[str, int | None], name: str | None, size: tuple[int, int] | None
) -> dict[str, Any]:
    """Return the entry of a picture; of a frame without a name of its own, with its number."""
    one: dict[str, Any] = {"id": number, "file_name": name or key[0]}
    one |= {} if size is None else {"width": size[0], "height": size[1]}
    return one | ({} if name or key[1] is None else {"frame": key[1]})


def read_coco(path: Path) -> LabelFile:
    """Return the labels of a file in COCO's form.

    `images` have `id` and `file_name`, `annotations` have `image_id` and `category_id`, and
    `categories` have `id` and `name`. Ids may be numbers or text, also mixed. An image without an
    annotation has no label; one with several has them all, and matching tells what to do.

    Raises
    ------
    InputError
        It is no JSON, or not of this form; the message says what is missing.
    OSError
        It cannot be read.
    """
    value = _load(path)
    for name in _LISTS:
        if not isinstance(value.get(name), list):
            raise InputError(
                f"{path.name}: no list “{name}”; labels are read from JSON in COCO's form, with "
                "images, annotations and categories"
            )
    names = _categories(value["categories"], path.name)
    given, unknown = _annotations(value["annotations"], names, path.name)
    entries: list[Entry] = []
    seen: set[str] = set()
    for image in _records(value["images"], "images", path.name):
        keys, number = _image_keys(image), _id(image.get("id"))
        if not keys or number is None:
            raise InputError(f"{path.name}: an image has no id or no file_name")
        seen.add(number)
        frame = image.get("frame") if type(image.get("frame")) is int else None
        found = given.get(number, [])
        entries += [
            Entry(address + keys, label, box, frame) for label, box, address in found
        ] or [Entry(keys, None, frame=frame)]  # fmt: skip
    notes = []
    if unknown:
        listed = ", ".join(sorted(unknown)[:5])
        notes.append(f"left out: annotations of categories that the file does not name: {listed}")
    astray = sum(len(found) for number, found in given.items() if number not in seen)
    if astray:
        told = counted(astray, "annotation")
        notes.append(f"left out: {told} of images that the file does not list")
    return LabelFile(path.name, "coco", "", (), tuple(entries), tuple(notes))


def _load(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: not JSON ({str(error)[:120]})") from error
    if not isinstance(value, dict):
        raise InputError(f"{path.name}: not in COCO's form: it must be an object with images, "
                         "annotations and categories")  # fmt: skip
    return value


def _records(values: list[Any], name: str, file: str) -> list[dict[str, Any]]:
    if not all(isinstance(one, dict) for one in values):
        raise InputError(f"{file}: what is in “{name}” must be objects")
    return values


def _id(value: Any) -> str | None:
    """Return an id as text, so that 7 and "7" are one; None where there is none."""
    return None if value is None or isinstance(value, dict | list | bool) else str(value)


def _categories(values: list[Any], file: str) -> dict[str, str]:
    """Return the name of each category by its id; the id itself where it has no name."""
    found: dict[str, str] = {}
    for one in _records(values, "categories", file):
        number, name = _id(one.get("id")), one.get("name")
        if number is None:
            raise InputError(f"{file}: a category has no id")
        found[number] = name.strip() if isinstance(name, str) and name.strip() else number
    return found


def _annotations(
    values: list[Any], names: Mapping[str, str], file: str
) -> tuple[dict[str, list[tuple[str, Box | None, tuple[tuple[str, str], ...]]]], set[str]]:
    """Return label, box and own address of each image's annotations, and unknown categories."""
    found: dict[str, list[tuple[str, Box | None, tuple[tuple[str, str], ...]]]] = defaultdict(list)
    unknown: set[str] = set()
    for one in _records(values, "annotations", file):
        image, category = _id(one.get("image_id")), _id(one.get("category_id"))
        if image is None or category is None:
            raise InputError(f"{file}: an annotation has no image_id or no category_id")
        if category in names:
            found[image].append((names[category], _box(one.get("bbox")), _address(one)))
        else:
            unknown.add(category)
    return found, unknown


def _box(value: Any) -> Box | None:
    """Return a box of four numbers with an area; None for anything else."""
    try:
        x, y, width, height = (float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return (x, y, width, height) if width > 0 and height > 0 else None


def _address(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the address that Vitrine's own files have beside COCO's fields."""
    value = record.get("item_id")
    return (("id", value),) if isinstance(value, str) and value else ()


def _image_keys(image: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what an image is called: its file, and the name it had before a tool renamed it."""
    extra = image.get("extra")
    names = [extra.get("name")] if isinstance(extra, dict) else []
    names.append(image.get("file_name"))
    return _address(image) + tuple(
        named(file_of(name.strip())) for name in names if isinstance(name, str) and name.strip()
    )
