"""Labels of boxes from the folders of YOLO and Pascal VOC, read as objects are."""

from pathlib import Path

from core.errors import DecodeError, InputError
from core.imaging.files import open_regular
from core.imaging.imagefile import (
    QUARTER_TURNS,
    Limits,
    failures_in_words,
    open_image,
    orientation,
)
from core.ingest.objects import voc, yolo
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Found
from core.ingest.schemes import Reading
from core.labelfiles.model import Box, Entry, LabelFile, named

_DESCRIBED = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "obj.names")
_NAMED = 3


def holds_yolo(folder: Path) -> bool:
    """Tell whether a folder is a data set in YOLO's form, of Ultralytics or of Darknet."""
    described = any((folder / name).is_file() for name in _DESCRIBED)
    return described or ((folder / "labels").is_dir() and (folder / "images").is_dir())


def holds_voc(folder: Path) -> bool:
    """Tell whether a folder is a data set in Pascal VOC's form, also with FiftyOne's folders."""
    return any(any((folder / name).glob("*.xml")) for name in ("Annotations", "labels"))


def read_yolo(folder: Path) -> LabelFile:
    """Return the labels of the boxes of a data set in YOLO's form, whose pictures are there.

    Raises
    ------
    InputError
        It is not of this form; the message says what is wrong.
    OSError
        It cannot be read.
    """
    return _label_file(folder, "yolo", yolo.read(Asked("yolo", folder), Reading()))


def read_voc(folder: Path) -> LabelFile:
    """Return the labels of the boxes of a data set in Pascal VOC's form; see `read_yolo`."""
    return _label_file(folder, "voc", voc.read(Asked("voc", folder), Reading()))


def _label_file(folder: Path, form: str, found: Annotations) -> LabelFile:
    base = folder.resolve()
    sizes: dict[str, tuple[int, int] | str] = {}
    entries, left = [], [f"{name}: {reason}" for name, reason in found.aside]
    for one in found.objects:
        size = sizes.get(one.picture)
        if size is None and one.relative and not one.problem:
            size = sizes.setdefault(one.picture, _size_of(base / one.picture))
        problem = one.problem or (size if isinstance(size, str) else "")
        if problem:
            left.append(f"{one.picture}: {problem}")
            continue
        name = one.picture.removeprefix("images/")
        scale = size if isinstance(size, tuple) else (1, 1)
        entries.append(Entry((named(name),), one.label, _box(one, scale)))
    more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
    notes = (f"left out: {'; '.join(left[:_NAMED])}{more}",) if left else ()
    if not entries:
        raise InputError(f"{folder.name}: no box in it can be read. {' '.join(notes)}".strip())
    return LabelFile(folder.name, form, "", (), tuple(entries), notes)


def _size_of(path: Path) -> tuple[int, int] | str:
    """Return width and height of a picture, upright; or why they cannot be read."""
    try:
        with failures_in_words(), open_regular(path) as file:
            image = open_image(file, Limits())
            width, height = image.size
            return (height, width) if orientation(image)[0] in QUARTER_TURNS else (width, height)
    except DecodeError as error:
        return str(error)


def _box(one: Found, size: tuple[int, int]) -> Box:
    """Return a region in pixels, scaled by the picture's size; of a polygon the box around it."""
    if one.box is not None:
        x, y, w, h = one.box
    else:
        across = [value for ring in one.rings for value in ring[0::2]]
        down = [value for ring in one.rings for value in ring[1::2]]
        x, y = min(across), min(down)
        w, h = max(across) - x, max(down) - y
    return x * size[0], y * size[1], w * size[0], h * size[1]
