"""Labels for other tools: CVAT, FiftyOne, Label Studio, YOLO and COCO, with pictures or without."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.export.coco import write_coco
from core.export.formats import PICTURES_BESIDE, TOOLS, Options, in_a_folder
from core.export.request import ExportRequest, check_empty
from core.export.sources import curated_view
from core.imaging.imagefile import Limits
from core.library import OpenSet
from core.progress import Progress
from core.storage.store import Workspace, storage_errors


@dataclass(frozen=True, slots=True)
class Handed:
    """What was written for another tool.

    Attributes
    ----------
    files
        The files of labels, or the folder of a data set.
    pictures
        How many pictures were written with them.
    missing
        Path and reason of each picture that could not be read.
    notes
        What else a person should know.
    """

    files: list[Path]
    pictures: int = 0
    missing: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def settled(asked: ExportRequest, opened: OpenSet, workspace: Workspace) -> ExportRequest:
    """Return a request with the pictures, if its tool cannot do without them in this set."""
    if asked.options.pictures or not needs_pictures(opened, workspace, asked.to):
        return asked
    return replace(asked, options=replace(asked.options, pictures=True))


def needs_pictures(opened: OpenSet, workspace: Workspace, to: str) -> bool:
    """Tell whether a format is of no use without the pictures of a set."""
    from core.labelfiles.write import needs_pictures as needed

    return to in TOOLS and needed(opened, to, workspace)


def hand_over(
    opened: OpenSet,
    workspace: Workspace,
    to: str,
    target: Path,
    rows: Sequence[int] | np.ndarray | None = None,
    *,
    options: Options | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Handed:
    """Write the labels of the working set, or of what of some rows is in it, for another tool.

    Parameters
    ----------
    to
        coco, cvat, fiftyone, labelstudio or yolo.
    target
        A file, or a folder that is new or empty; it was checked.
    options
        With `pictures` all of them are written into the folder too.

    Raises
    ------
    InputError
        The items have no pictures, none is in the working set, or the folder is not empty.
    StorageError
        The disk is full or refuses.
    """
    from core.labelfiles.album import Album
    from core.labelfiles.write import write_labels

    options, limits, progress = options or Options(), limits or Limits(), progress or Progress()
    view = curated_view(opened, workspace)
    file, pictures = target, None
    if in_a_folder(to, options):
        check_empty(target)
        with storage_errors(f"writing into {target}"):
            target.mkdir(exist_ok=True)
            if to in PICTURES_BESIDE:
                file, pictures = target / PICTURES_BESIDE[to], target / "images"
                file.parent.mkdir(exist_ok=True)
    if to == "coco":
        chosen = np.arange(len(opened)) if rows is None else np.asarray(rows, dtype=np.int64)
        album = None if pictures is None else Album(pictures, limits, progress)
        write_coco(file, opened, workspace, chosen, album)
        return (
            Handed([file]) if album is None else Handed([file], album.written, tuple(album.missing))
        )
    done = write_labels(
        opened, view, file, to, rows=None if rows is None else np.asarray(rows).tolist(),
        proposals=workspace, pictures=pictures or options.pictures, limits=limits,
        progress=progress,
    )  # fmt: skip
    asked = len(opened) if rows is None else len(rows)
    out = asked - done.images
    notes = (f"left out: {out:,} that are not in the working set",) if out else ()
    return Handed([file], done.written, done.missing, notes + done.notes)
