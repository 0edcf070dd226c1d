"""Objects in pictures, each an item: COCO, VOC, YOLO, tables of boxes, and masks."""

from importlib import import_module

from core.ingest.objects.asked import Asked, is_of_objects, parse
from core.ingest.objects.making import make_scan
from core.ingest.objects.shelf import find_pictures
from core.ingest.schemes import Reading
from core.model import Scan

__all__ = ["Asked", "is_of_objects", "parse", "scan_named"]


def scan_named(source: str, reading: Reading) -> Scan:
    """Return the objects that a source of annotations names, each an item.

    Parameters
    ----------
    source
        `coco:FILE`, `voc:FOLDER`, `yolo:FOLDER` or its data.yaml, `boxes:TABLE`, `masks:FOLDER`,
        with options behind a `?`: see docs/methods/objects.md.
    reading
        Hashes, limits and progress.

    Returns
    -------
    Scan
        One item an object, cropped to its box or cut out by its outline. Each object that cannot
        be used is among `broken` with its picture, its name and the reason.

    Raises
    ------
    InputError
        The source as a whole cannot be used; the message names the file and what is missing.
    """
    asked = parse(source)
    reading.progress.report("scan", note="reading annotations")
    reader = import_module(f"core.ingest.objects.{asked.scheme}")
    found = reader.read(asked, reading)
    beside = asked.place if asked.place.is_dir() else asked.place.parent
    shelf = find_pictures(found.pictures, beside, asked.images, reading)
    made = make_scan(source, asked, found, shelf)
    reading.progress.report("scan", len(made.items), len(made.items))
    return made
