"""Labels as CVAT's XML for images, version 1.1: a tag for a whole picture, a box for a region."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from core.curation.words import counted
from core.errors import InputError
from core.labelfiles.album import Album
from core.labelfiles.model import Box, Entry, LabelFile, named
from core.labelfiles.pictures import by_picture, label_names
from core.labelfiles.rows import Rows

#: Larger files are not read as a whole.
MOST_BYTES = 512 * 2**20
#: What XML 1.0 has no way to write.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHAPES = ("polygon", "polyline", "points", "ellipse", "mask", "cuboid", "skeleton")


def write_cvat(part: Path, rows: Rows, opened: Any, album: Album | None = None) -> tuple[str, ...]:
    """Write the labels of pictures and regions, to be imported as “CVAT for images 1.1”.

    Raises
    ------
    InputError
        Items have no pictures or are frames without an album, or a text holds what XML cannot.
    """
    pictures = by_picture(opened, rows, "CVAT", relative=False, album=album)
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    ElementTree.SubElement(task, "name").text = _text(opened.base.name)
    ElementTree.SubElement(task, "size").text = str(len(pictures))
    labels = ElementTree.SubElement(task, "labels")
    for name in label_names(rows):
        label = ElementTree.SubElement(labels, "label")
        ElementTree.SubElement(label, "name").text = _text(name)
        ElementTree.SubElement(label, "attributes")
    for number, picture in enumerate(pictures):
        image = ElementTree.SubElement(root, "image", id=str(number), name=_text(picture.name))
        if picture.width is not None:
            image.set("width", str(picture.width))
            image.set("height", str(picture.height))
        for place in picture.places:
            label_text, box = rows.labels[place], rows.boxes[place]
            if label_text is None:
                continue
            if box is None:
                ElementTree.SubElement(image, "tag", label=_text(label_text), source="manual")
                continue
            x, y, w, h = box
            ElementTree.SubElement(
                image, "box", label=_text(label_text), source="manual", occluded="0",
                xtl=_number(x), ytl=_number(y), xbr=_number(x + w), ybr=_number(y + h), z_order="0",
            )  # fmt: skip
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(part, encoding="utf-8", xml_declaration=True)
    bare = sum(box is not None and label is None
               for box, label in zip(rows.boxes, rows.labels, strict=True))  # fmt: skip
    told = (f"left out: {counted(bare, 'region')} without a label",) if bare else ()
    return told + (() if album is None else album.notes)


def _text(value: str) -> str:
    """Return a text that XML can hold."""
    if _NO_XML.search(value):
        raise InputError(
            f"{value[:60]!r} holds a character that XML cannot: write the labels as csv, parquet "
            "or coco, or change it"
        )
    return value


def _number(value: float) -> str:
    return repr(round(float(value), 4))


def read_cvat(path: Path) -> LabelFile:
    """Return the labels of a file in CVAT's form for images.

    Tags are labels of whole pictures, boxes of regions. Other shapes are left out and counted.

    Raises
    ------
    InputError
        It is no XML, holds declarations that Vitrine does not read, or is not of this form; the
        message says which.
    OSError
        It cannot be read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path.name}: more than {MOST_BYTES // 2**20} MiB; split it")
    data = path.read_bytes()
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data.replace(b"\0", b""), re.I):
        raise InputError(f"{path.name}: declares a document type, which Vitrine does not read")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path.name}: not XML ({str(error)[:120]})") from error
    if root.tag != "annotations":
        what = "VOC's form, of objects in one picture" if root.tag == "annotation" else root.tag
        raise InputError(
            f"{path.name}: not CVAT's form for images, which begins with “annotations”: it is "
            f"{what[:60]}"
        )
    images = root.findall("image")
    if not images:
        video = (
            " It is of a video: export it as “CVAT for images”."
            if root.find("track") is not None
            else ""
        )
        raise InputError(f"{path.name}: names no image.{video}")
    entries: list[Entry] = []
    left = 0
    for image in images:
        name = (image.get("name") or "").strip()
        if not name:
            raise InputError(f"{path.name}: image {image.get('id', '?')[:20]} has no name")
        keys = (named(name),)
        found = [Entry(keys, label, box) for label, box in _labels(image, name, path.name)]
        left += sum(len(image.findall(shape)) for shape in _SHAPES)
        entries += found or [Entry(keys, None)]
    notes = (f"left out: {counted(left, 'shape')} that are no boxes",) if left else ()
    return LabelFile(path.name, "cvat", "", (), tuple(entries), notes)


def _labels(image: ElementTree.Element, name: str, file: str) -> Iterator[tuple[str, Box | None]]:
    """Give the label and region of each annotation of an image."""
    for one in image:
        if one.tag not in {"tag", "box"}:
            continue
        label = (one.get("label") or "").strip()
        if not label:
            raise InputError(f"{file}: {name}: a {one.tag} has no label")
        if one.tag == "tag":
            yield label, None
            continue
        try:
            left, top, right, bottom = (
                float(one.attrib[side]) for side in ("xtl", "ytl", "xbr", "ybr")
            )
        except (KeyError, ValueError) as error:
            raise InputError(f"{file}: {name}: a box needs xtl, ytl, xbr and ybr") from error
        yield label, (left, top, right - left, bottom - top)
