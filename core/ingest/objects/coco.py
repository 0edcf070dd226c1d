"""Objects from JSON in COCO's form: boxes, polygons, and run lengths, compressed or not."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.imaging import rle, shapes
from core.imaging.files import reason_of_os_error
from core.ingest.fields import SYNONYMS
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Found, number, numbers, text_of
from core.ingest.schemes import Reading

#: Largest file that is read.
MOST_BYTES = 4 * 2**30
_LISTS = ("images", "annotations", "categories")
_IMAGE_OWN = {"id", "file_name", "width", "height", "coco_url", "flickr_url", "item_id"}
_OWN = {"id", "image_id", "category_id", "bbox", "segmentation", "area", "attributes", "keypoints",
        "num_keypoints", "item_id"}  # fmt: skip
#: Columns that an image's or an annotation's fields of these names become.
_ROLES = {name: role for role, names in SYNONYMS.items() for name in names if role != "label"}
_ROLES |= {"date_captured": "time"}


def read(asked: Asked, reading: Reading) -> Annotations:
    """Return the objects of a file: one each annotation.

    Ids may be numbers or text, boxes and sizes too. An image id that stands for two files, or a
    category id for two names, is never guessed: their objects are set aside with that reason.

    Raises
    ------
    InputError
        It is no JSON of this form; the message says what is missing.
    """
    value = _load(asked.place)
    for name in _LISTS[:2]:
        if not isinstance(value.get(name), list):
            raise InputError(
                f"{asked.place.name}: no list “{name}”; objects are read from JSON in COCO's form,"
                " with images, annotations and categories"
            )
    found = Annotations()
    images = _images(value["images"], found)
    names = _categories(value.get("categories"), found)
    for place, one in enumerate(value["annotations"]):
        if place % 5000 == 0:
            reading.progress.report("scan", place, len(value["annotations"]))
        if not isinstance(one, dict):
            found.aside.append((asked.place.name, f"annotation {place + 1}: is no object of JSON"))
            continue
        _take(one, place, images, names, found)
    return found


def _load(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(f"coco: {file.name}: name the file of annotations")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file.name}: more than {MOST_BYTES // 2**30} GiB of annotations")
        value = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file.name}: {reason_of_os_error(error)}") from error
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.name}: not JSON ({str(error)[:120]})") from error
    if not isinstance(value, dict):
        raise InputError(f"{file.name}: not in COCO's form: it must be an object with images, "
                         "annotations and categories")  # fmt: skip
    return value


#: What an image id stands for: its file, size, what is told of it, or why it cannot be used.
_Image = tuple[str, tuple[int, int] | None, dict[str, Any], str]


def _images(values: list[Any], found: Annotations) -> dict[str, _Image]:
    """Return the image of each id, with its trouble in words if it has one."""
    images: dict[str, _Image] = {}
    for place, one in enumerate(values, 1):
        key = text_of(one.get("id")) if isinstance(one, dict) else None
        name = one.get("file_name") if isinstance(one, dict) else None
        if key is None or not isinstance(name, str) or not name.strip():
            told = name if isinstance(name, str) and name.strip() else f"image {place}"
            found.aside.append((told, f"image {place} has no id or no file_name"))
            continue
        name = name.strip()
        found.pictures.setdefault(name)
        before = images.get(key)
        if before is not None and before[0] != name:
            trouble = f"image id {key} stands for {before[0]} and for {name}: which cannot be told"
            images[key] = (before[0], None, {}, trouble)
            continue
        sides = [number(one.get(side)) for side in ("width", "height")]
        size = (int(sides[0]), int(sides[1])) if sides[0] and sides[1] else None
        images[key] = (name, size, _plain_fields(one, _IMAGE_OWN), "")
    return images


def _categories(values: Any, found: Annotations) -> dict[str, tuple[str, str | None, str]]:
    """Return name, parent category and trouble of each category id."""
    named: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for one in values if isinstance(values, list) else []:
        key = text_of(one.get("id")) if isinstance(one, dict) else None
        if key is None:
            found.notes.append("a category without an id was passed over")
            continue
        name = text_of(one.get("name")) or key
        parent = text_of(one.get("supercategory"))
        if (name, parent) not in named[key]:
            named[key].append((name, parent))
    told: dict[str, tuple[str, str | None, str]] = {}
    for key, entries in named.items():
        names = list(dict.fromkeys(name for name, _ in entries))
        trouble = ""
        if len(names) > 1:
            trouble = f"category id {key} stands for {names[0]} and for {names[1]}"
        told[key] = (names[0], entries[0][1], trouble)
    return told


def _take(
    one: Mapping[str, Any],
    place: int,
    images: Mapping[str, _Image],
    names: Mapping[str, tuple[str, str | None, str]],
    found: Annotations,
) -> None:
    """Take one annotation, with what is wrong with it."""
    name = text_of(one.get("id")) or f"without id, number {place + 1}"
    key, kind = text_of(one.get("image_id")), text_of(one.get("category_id"))
    image = images.get(key or "")
    if image is None:
        found.aside.append((f"annotation {name}", f"its image id {key} is not in the file"))
        return
    picture, size, of_image, problem = image
    label: str | None = None
    known = {**of_image, **_plain_fields(one, _OWN)}
    if kind is not None:
        told = names.get(kind)
        label = told[0] if told else None
        problem = problem or (told[2] if told else f"its category {kind} is not in the file")
        if told and told[1] and told[1] != told[0]:
            known["supercategory"] = told[1]
    given = one.get("bbox")
    box = numbers(given, 4)
    if box is None and given not in (None, []):
        problem = problem or f"a box that is not four numbers: {json.dumps(given)[:60]}"
    rings, shape, trouble = _outline(one.get("segmentation"))
    if box is None and not rings and not shape:
        problem = problem or trouble or "neither a box nor an outline"
    elif trouble:
        known["outline_problem"] = trouble
    found.add(
        Found(
            picture, name, label, (box[0], box[1], box[2], box[3]) if box else None, rings, shape,
            problem=problem, known=known, size=size,
        )
    )  # fmt: skip


def _plain_fields(one: Mapping[str, Any], own: set[str]) -> dict[str, Any]:
    """Return fields of one value each by column, those in `attributes` among them."""
    more = one.get("attributes")
    fields = {**one, **(more if isinstance(more, dict) else {})}
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name in own or not isinstance(value, str | int | float | bool) or value == "":
            continue
        found[_ROLES.get(str(name).lower(), str(name))] = value
    return found


def _outline(value: Any) -> tuple[tuple[tuple[float, ...], ...], str, str]:
    """Return polygons, or run lengths as text, and what is wrong with an outline."""
    try:
        if isinstance(value, list) and value:
            rings = [value] if not isinstance(value[0], list | tuple) else value
            read = [numbers(ring, len(ring)) for ring in rings if isinstance(ring, list | tuple)]
            kept = [ring for ring in read if ring is not None]
            if len(kept) != len(rings):
                raise ValueError("polygons that are not all numbers")
            shapes.polygon_text(kept)  # says what is wrong
            return tuple(kept), "", ""
        if isinstance(value, dict):
            return (), _run_lengths(value), ""
    except ValueError as error:
        return (), "", f"its outline cannot be used: {error}"
    return (), "", ""


def _run_lengths(value: Mapping[str, Any]) -> str:
    size, counts = numbers(value.get("size"), 2), value.get("counts")
    if size is None:
        raise ValueError("run lengths without a size of two numbers")
    if isinstance(counts, str):
        runs = rle.expand(counts).tolist()
    elif isinstance(counts, list):
        given = numbers(counts, len(counts))
        if given is None or any(run != int(run) for run in given):
            raise ValueError("run lengths that are not whole numbers")
        runs = [int(run) for run in given]
    else:
        raise ValueError("run lengths without counts")
    return shapes.rle_text(runs, int(size[1]), int(size[0]))
