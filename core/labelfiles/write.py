"""The labels of a set, as edited, into a file that other programs read."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import InputError
from core.export.folder import checked_file, checked_target
from core.export.whole import write_whole
from core.imaging.files import is_inside
from core.imaging.imagefile import Limits
from core.labelfiles.album import Album
from core.labelfiles.coco import write_coco
from core.labelfiles.cvat import write_cvat
from core.labelfiles.fiftyone import write_fiftyone
from core.labelfiles.folders import write_folder
from core.labelfiles.handed import has_frames
from core.labelfiles.labelstudio import write_label_studio
from core.labelfiles.pictures import proposals_of
from core.labelfiles.rows import Rows, rows_to_write
from core.labelfiles.yolo import write_yolo
from core.progress import Progress
from core.storage.store import Workspace, storage_errors

#: Formats, and what their files end with; "" is a folder.
FORMATS = {
    "csv": ".csv", "parquet": ".parquet", "coco": ".json", "labelstudio": ".json", "cvat": ".xml",
    "fiftyone": "", "yolo": "", "folder": "", "links": "",
}  # fmt: skip
#: Formats for other tools, and the folder of the pictures that may be written with them; beside a
#: file it bears the file's name too.
WITH_PICTURES = {"coco": "images", "cvat": "images", "labelstudio": "images",
                 "fiftyone": "data", "yolo": "images"}  # fmt: skip
#: What a path without an ending is written as.
_FOLDER = "folder"

#: Writes rows of a set to a file or folder and returns notes.
Writer = Callable[[Path, Rows, Any], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes
    ----------
    path
        The file or folder.
    images, labelled
        How many images there are, and how many of them have a label.
    counts
        How many have each label, the most first.
    notes
        Files that could not be copied, and other things a person should know.
    pictures, written
        The folder of the pictures that were written with the labels, and how many these are.
    missing
        Path and reason of each picture that could not be read.
    """

    path: Path
    format: str
    images: int
    labelled: int
    counts: dict[str, int]
    notes: tuple[str, ...] = ()
    pictures: Path | None = None
    written: int = 0
    missing: tuple[tuple[str, str], ...] = ()


def format_of(path: Path, wanted: str | None) -> str:
    """Return the format that is asked for, else the one that a file's ending says.

    Raises
    ------
    InputError
        There is no such format, or the ending tells none.
    """
    if wanted is not None:
        if wanted not in FORMATS:
            raise InputError(f"format {wanted[:40]!r}: use one of {', '.join(FORMATS)}")
        return wanted
    suffix = path.suffix.lower()
    found = next((name for name, ending in FORMATS.items() if ending and ending == suffix), None)
    if found is None and suffix:
        raise InputError(
            f"{path.name}: end it with .csv, .parquet, .json or .xml, or say the format: "
            f"{', '.join(FORMATS)}"
        )
    return found or _FOLDER


def check_place(
    path: Path, opened: Any, workspace: Workspace, format: str, *, replace: bool = False
) -> Path:
    """Return where to write, if it may be written there.

    Parameters
    ----------
    replace
        A file that is there may be written anew.

    Raises
    ------
    InputError
        It would lie with the set's own pictures or in the workspace, replace what is there or
        what the set was made from, or its folder does not exist.
    """
    if not FORMATS[format] or not replace:
        return checked_target(path, opened, workspace, folder=not FORMATS[format])
    if not path.parent.is_dir():
        raise InputError(f"the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it, or use the format folder")
    return checked_file(path, opened, workspace, picture=False)


def write_labels(
    opened: Any,
    view: Any,
    path: Path,
    format: str,
    *,
    slice: str | None = None,
    rows: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    replace: bool = False,
    pictures: bool | Path = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    proposals: Workspace | None = None,
) -> Written:
    """Write the labels of the working set, as edited.

    Parameters
    ----------
    opened
        A set or part.
    view
        What was decided about it.
    path
        The file; for "fiftyone", "yolo", "folder" and "links" a folder that is new or empty.
    format
        csv or parquet: a row an image with item_id, path and label; coco, labelstudio: JSON;
        cvat: XML; fiftyone, yolo: a folder as these read; folder: copies of the files, in a
        folder for each label; links: symbolic links instead of copies.
    slice, rows
        Only what is in this slice, or these rows; of both only what is in the working set.
    workspace
        Nothing is written into it, nor among the set's own pictures; None asks nothing, for a
        file that the caller made.
    replace
        Whether a file that is there may be written anew; never one that the set was made from.
    pictures
        Write the pictures too, for tools that are not to read the set's folder: into `images` of
        a folder (FiftyOne: `data`), beside a file into a folder of its name (`cells.xml`,
        `cells-images`), or into this folder. Frames and pages are always written so, as PNG,
        but for csv, parquet and coco, which tell them by their number.
    limits, progress
        Of reading pictures.
    proposals
        Where to look for what is proposed for a set; the workspace, if that is given.

    Raises
    ------
    InputError
        The place, the format or the slice cannot be used.
    StorageError
        The disk is full or refuses; a file is whole or not there.
    """
    format = format_of(path, format)
    if workspace is not None:
        path = check_place(path, opened, workspace, format, replace=replace)
    chosen = rows_to_write(opened, view, slice=slice, rows=rows)
    pictures = pictures or needs_pictures(opened, format, proposals or workspace)
    folder = _pictures_folder(path, format, chosen, pictures)
    if workspace is not None and folder is not None and FORMATS[format]:
        folder = checked_target(folder, opened, workspace, folder=True)
    album = Album(folder or path, limits or Limits(), progress or Progress())
    notes: list[str] = []
    write = _writer(format, opened, proposals or workspace, album, with_pictures=folder is not None)
    if FORMATS[format]:
        write_whole(path, lambda part: notes.extend(write(part, chosen, opened)))
    else:
        with storage_errors(f"writing {path}"):
            notes.extend(write(path, chosen, opened))
    counts = Counter(label for label in chosen.labels if label is not None)
    return Written(
        path, format, len(chosen), counts.total(), dict(counts.most_common()),
        tuple(notes), folder, album.written, tuple(album.missing),
    )  # fmt: skip


def needs_pictures(opened: Any, format: str, workspace: Workspace | None = None) -> bool:
    """Tell whether a format is of no use without the pictures of a set.

    Frames and pages are no files that a tool could open; pictures of archives and other hosts are
    copies in the workspace, which may give way to others.
    """
    home = None if workspace is None else workspace.root.resolve()
    if format == "fiftyone" and home is not None and is_inside(Path(opened.root).resolve(), home):
        return True
    return format in WITH_PICTURES and format != "coco" and has_frames(opened.items)


def _pictures_folder(path: Path, format: str, rows: Rows, wanted: bool | Path) -> Path | None:
    """Return the folder for pictures; None where they stay, or lie among the labels' own."""
    if format not in WITH_PICTURES:
        if wanted:
            told = ", ".join(WITH_PICTURES)
            raise InputError(f"format {format!r} has no pictures beside it; these have: {told}")
        return None
    frames = any(frame is not None for frame in rows.frames)
    if format == "yolo" and all(box is None for box in rows.boxes):
        return None  # a folder a label
    if not (wanted or format == "yolo" or (frames and format != "coco")):
        return None
    if isinstance(wanted, Path):
        return wanted
    name = WITH_PICTURES[format]
    return path.with_name(f"{path.stem}-{name}") if FORMATS[format] else path / name


def _writer(
    format: str, opened: Any, workspace: Workspace | None, album: Album, *, with_pictures: bool
) -> Writer:
    """Return what writes a format; two of them also take what is proposed for a set."""
    if format in _TABLES:
        return _TABLES[format]
    if format in _TREES:
        return partial(_TREES[format], album=album)
    beside = album if with_pictures else None
    if format in {"labelstudio", "fiftyone"}:
        both = {"labelstudio": write_label_studio, "fiftyone": write_fiftyone}[format]
        return partial(both, album=beside, proposals=proposals_of(workspace, opened))
    return partial({"coco": write_coco, "cvat": write_cvat}[format], album=beside)


# -- tables ----------------------------------------------------------------------------------------


def _table(rows: Rows) -> dict[str, list[Any]]:
    """Return the columns of a table of labels: regions only where there are some."""
    found: dict[str, list[Any]] = {"item_id": rows.addresses}
    if any(rows.paths):
        found["path"] = [path or None for path in rows.paths]
    if any(frame is not None for frame in rows.frames):
        found["frame"] = rows.frames
    if any(box is not None for box in rows.boxes):
        for place, side in enumerate("xywh"):
            found[f"box_{side}"] = [None if box is None else box[place] for box in rows.boxes]
    return found | {"label": rows.labels}


def _write_csv(part: Path, rows: Rows, opened: Any) -> tuple[str, ...]:
    columns = _table(rows)
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    part.write_bytes(b"".join(",".join(map(_cell, line)).encode() + b"\n" for line in lines))
    return ()


def _cell(value: Any) -> str:
    """Return a cell in double quotes where its text could be taken for something else."""
    text = "" if value is None else str(value)
    if any(mark in text for mark in ',;\t|"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _write_parquet(part: Path, rows: Rows, opened: Any) -> tuple[str, ...]:
    columns = _table(rows)
    kinds = {"frame": "Int64"} | {f"box_{side}": "Float64" for side in "xywh"}
    frame = pd.DataFrame({
        name: pd.Series(values, dtype=kinds.get(name, "string")) for name, values in columns.items()
    })  # fmt: skip
    frame.to_parquet(part, index=False)
    return ()


_TABLES: dict[str, Writer] = {"csv": _write_csv, "parquet": _write_parquet}
_TREES: dict[str, Callable[..., tuple[str, ...]]] = {
    "yolo": write_yolo,
    "folder": partial(write_folder, links=False),
    "links": partial(write_folder, links=True),
}
