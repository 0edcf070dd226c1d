"""Labels of regions in YOLO's form: a text file of boxes beside each picture's copy."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from core.curation.words import counted
from core.errors import DecodeError, InputError
from core.export.folder import Folder
from core.imaging.files import open_regular
from core.imaging.imagefile import (
    QUARTER_TURNS,
    Limits,
    failures_in_words,
    open_image,
    orientation,
)
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Found
from core.ingest.objects.yolo import read as read_objects
from core.ingest.schemes import Reading
from core.labelfiles.album import Album
from core.labelfiles.folders import write_folder
from core.labelfiles.model import Box, Entry, LabelFile, named
from core.labelfiles.pictures import by_picture, label_names
from core.labelfiles.rows import Rows

_DESCRIBED = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_NAMED = 3


def write_yolo(
    target: Path, rows: Rows, opened: Any, album: Album | None = None
) -> tuple[str, ...]:
    """Write data.yaml, images/ with the pictures, and labels/ with a file for each.

    Whole pictures go into a folder for each label, from which YOLO learns to classify.

    Parameters
    ----------
    album
        Where the pictures go, `images` of the folder.

    Raises
    ------
    InputError
        The folder holds something; some items are regions and some whole pictures; or a picture's
        size is not known.
    OSError
        The disk is full or refuses.
    """
    whole = sum(box is None for box in rows.boxes)
    if whole == len(rows):
        return write_folder(target, rows, opened, links=False, album=album)
    if whole:
        raise InputError(
            f"{counted(whole, 'item')} of these are whole pictures and the others regions, which "
            "YOLO keeps apart: write a slice of each"
        )
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty; name a new or an empty folder")
    album = album or Album(target / "images")
    pictures = by_picture(opened, rows, "YOLO", relative=True, album=album)
    names = label_names(rows)
    numbers = {name: number for number, name in enumerate(names)}
    folder, bare = Folder(target), 0
    for picture in pictures:
        lines = []
        for place in picture.places:
            label = rows.labels[place]
            if label is None:
                bare += 1
                continue
            x, y, w, h = picture.share(rows.boxes[place] or ())
            lines.append(f"{numbers[label]} {x + w / 2:.8f} {y + h / 2:.8f} {w:.8f} {h:.8f}\n")
        labels = folder.prepare(f"labels/{PurePosixPath(picture.name).with_suffix('.txt')}")
        labels.write_text("".join(lines), encoding="utf-8")
    described = ["path: .", "train: images", "val: images", f"nc: {len(names)}", "names:"]
    described += [f"  {number}: {json.dumps(name)}" for name, number in numbers.items()]
    (target / "data.yaml").write_text("\n".join(described) + "\n", encoding="utf-8")
    notes = (f"left out: {counted(bare, 'region')} without a label",) if bare else ()
    return notes + album.notes


def holds_yolo(folder: Path) -> bool:
    """Tell whether a folder is a data set in YOLO's form."""
    described = any((folder / name).is_file() for name in _DESCRIBED)
    return described or ((folder / "labels").is_dir() and (folder / "images").is_dir())


def read_yolo(folder: Path) -> LabelFile:
    """Return the labels of the boxes of a data set in YOLO's form, whose pictures are there.

    Raises
    ------
    InputError
        It is not of this form; the message says what is wrong.
    OSError
        It cannot be read.
    """
    found = read_objects(Asked("yolo", folder), Reading())
    base = folder.resolve()
    sizes: dict[str, tuple[int, int] | str] = {}
    entries, left = [], [f"{name}: {reason}" for name, reason in found.aside]
    for one in found.objects:
        if one.problem:
            left.append(f"{one.picture}: {one.problem}")
            continue
        size = sizes.setdefault(one.picture, _size_of(base / one.picture))
        if isinstance(size, str):
            left.append(f"{one.picture}: {size}")
            continue
        name = one.picture.removeprefix("images/")
        entries.append(Entry((named(name),), one.label, _box(one, size)))
    more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
    notes = (f"left out: {'; '.join(left[:_NAMED])}{more}",) if left else ()
    if not entries:
        raise InputError(f"{folder.name}: no box in it can be read. {' '.join(notes)}".strip())
    return LabelFile(folder.name, "yolo", "", (), tuple(entries), notes)


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
    """Return a region in pixels; of a polygon the box around it."""
    if one.box is not None:
        x, y, w, h = one.box
    else:
        across = [value for ring in one.rings for value in ring[0::2]]
        down = [value for ring in one.rings for value in ring[1::2]]
        x, y = min(across), min(down)
        w, h = max(across) - x, max(down) - y
    return x * size[0], y * size[1], w * size[0], h * size[1]
