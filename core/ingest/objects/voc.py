"""Objects from a folder in Pascal VOC's form: an XML file a picture."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from core.errors import InputError
from core.imaging.files import reason_of_os_error
from core.ingest.folders import list_files, natural_key
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Found, corners_problem, number
from core.ingest.schemes import Reading

#: Largest annotation file that is read.
MOST_BYTES = 64 * 2**20
_SPLITS = ("train", "val", "test")
_SKIPPED = {"name", "bndbox", "part", "polygon", "actions", "point"}


def read(asked: Asked, reading: Reading) -> Annotations:
    """Return the objects of a folder of XML files.

    Corners count from 1 and belong to the box, as in VOC: a box from 1 to the width is as wide as
    the picture.

    Raises
    ------
    InputError
        There is no XML file below the folder.
    """
    folder = asked.place
    if not folder.is_dir():
        raise InputError(f"voc: {folder.name}: name the folder that holds Annotations")
    files = [path for path in list_files(folder).sizes if path.lower().endswith(".xml")]
    if not files:
        raise InputError(f"voc: {folder.name}: no .xml file in it or below")
    splits = _splits(folder)
    found = Annotations()
    for at, path in enumerate(sorted(files, key=natural_key)):
        if at % 100 == 0:
            reading.progress.report("scan", at, len(files), "reading annotations")
        try:
            _read_file(folder / path, found, splits)
        except (ValueError, OSError) as error:
            reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
            found.aside.append((path, reason))
    return found


def _splits(folder: Path) -> dict[str, str]:
    """Return the part of each picture, by its name without ending, from ImageSets."""
    found: dict[str, str] = {}
    for split in _SPLITS:
        for kind in ("Main", "Segmentation", "."):
            file = folder / "ImageSets" / kind / f"{split}.txt"
            if file.is_file():
                lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                found |= {line.split()[0]: split for line in lines if line.split()}
                break
    return found


def parse_xml(file: Path) -> ElementTree.Element:
    """Return an XML file's root; `ValueError` if it is damaged or could do harm.

    A document type, in which entities that grow without bound are defined, is refused unread.
    """
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES // 2**20} MiB of annotations")
    data = file.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("XML with a document type or in UTF-16, which is not read")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"damaged XML ({str(error)[:80]})") from error


def _read_file(file: Path, found: Annotations, splits: dict[str, str]) -> None:
    """Take the objects of one file."""
    root = parse_xml(file)
    if root.tag != "annotation":
        raise ValueError(f"no VOC annotation: its first element is <{root.tag[:40]}>")
    name = (root.findtext("filename") or "").strip() or file.stem
    found.pictures.setdefault(name)
    size = _size(root)
    split = splits.get(Path(name).stem) or splits.get(file.stem)
    for place, one in enumerate(root.iter("object"), 1):
        found.add(_object(one, name, place, size, split))


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    """Return the size that a file tells; None where it tells none, or zero."""
    sides = [number(root.findtext(f"size/{side}")) for side in ("width", "height")]
    width, height = sides
    return (int(width), int(height)) if width and height else None


def _object(
    one: ElementTree.Element, picture: str, place: int, size: Any, split: str | None
) -> Found:
    label = (one.findtext("name") or "").strip() or None
    corners = [number(one.findtext(f"bndbox/{c}")) for c in ("xmin", "ymin", "xmax", "ymax")]
    known: dict[str, Any] = {"split": split} if split else {}
    for child in one:
        if child.tag not in _SKIPPED and not len(child) and (child.text or "").strip():
            known[child.tag] = _plain((child.text or "").strip())
    left, top, right, bottom = corners
    if left is None or top is None or right is None or bottom is None:
        given = ", ".join(
            f"{c} {one.findtext(f'bndbox/{c}')!r:.20}" for c in ("xmin", "ymin", "xmax", "ymax")
        )
        return Found(picture, str(place), label, problem=f"a box that is not four numbers: {given}",
                     known=known, size=size)  # fmt: skip
    problem = corners_problem(left, top, right, bottom)
    box = (left - 1, top - 1, right - left + 1, bottom - top + 1)
    return Found(picture, str(place), label, box, problem=problem, known=known, size=size)


def _plain(text: str) -> Any:
    """Return a whole number as such, anything else as text."""
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 18 else text[:200]
