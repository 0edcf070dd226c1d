"""Labels of regions in YOLO's form: a text file of boxes beside each picture's copy."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from core.curation.words import counted
from core.errors import InputError
from core.export.folder import Folder
from core.labelfiles.album import Album
from core.labelfiles.folders import write_folder
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
