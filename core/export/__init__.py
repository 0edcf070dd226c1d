"""Writes a set, a part, a selection or a slice to files that other tools read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.export.files import LIST, Written, export_files
from core.export.formats import (
    FORMATS,
    LAYOUTS,
    TOOLS,
    Format,
    Options,
    format_of,
    in_a_folder,
)
from core.export.handing import hand_over
from core.export.sheet import MOST, collect
from core.export.sheet_pdf import write_pdf
from core.export.sheet_png import write_png
from core.export.sources import (
    checked_rows,
    chosen_rows,
    curated_columns,
    curated_view,
    sources_of,
)
from core.export.tables import (
    export_table,
    load_vectors,
    write_csv,
    write_npy,
    write_parquet,
    write_paths,
)
from core.export.whole import write_whole
from core.imaging.imagefile import Limits
from core.library import OpenSet
from core.opened.objects import counts_by_picture
from core.progress import Progress
from core.storage.store import Workspace

__all__ = [
    "FORMATS",
    "LAYOUTS",
    "LIST",
    "MOST",
    "Format",
    "Options",
    "Written",
    "chosen_rows",
    "export_folder",
    "export_set",
    "export_table",
    "format_of",
    "load_vectors",
]

#: The column of `core.curation` that holds the labels people gave.
EDITED = "label, edited"


def export_set(
    opened: OpenSet,
    workspace: Workspace,
    to: str,
    target: Path,
    rows: Sequence[int] | np.ndarray | None = None,
    *,
    options: Options | None = None,
    slice: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a set, or some of its rows, to one file and return the files written.

    Parameters
    ----------
    to
        csv: the table. parquet: the table and a column `vector`. npy: the vectors, and the table
        beside them as CSV with the same stem. paths: one path a line. coco: JSON in COCO's form,
        decisions applied and told. cvat, labelstudio: labels for these tools. counts: how many
        objects of each class a picture has. manifest: a zip of the manifest, the log of decisions
        and the provenance. sheet-png, sheet-pdf: a contact sheet.
    target
        The file to write; its folder must exist.
    rows
        Rows to keep, in the order given; None keeps all.
    slice
        The name of the slice that `rows` are, for a sheet's title and the manifest.

    Raises
    ------
    InputError
        The format is unknown, is one of a folder, or the target's folder does not exist.
    StorageError
        The disk is full or refuses.
    """
    options = options or Options()
    if in_a_folder(to, options):
        raise InputError(f"format {to!r} is one of a folder; give export_folder one")
    if not target.parent.is_dir():
        raise InputError(f"the folder {target.parent} does not exist; make it first")
    keep = checked_rows(opened, rows)
    if to in {"csv", "parquet", "npy"}:
        return _write_table(opened, workspace, to, target, keep, options)
    if to == "manifest":
        data = _bundle(opened, workspace, None if rows is None else keep, slice)
        write_whole(target, lambda part: _put(part, data))
        return [target]
    if to in TOOLS:
        return hand_over(opened, workspace, to, target, keep, options=options).files
    if to == "counts":
        counted = counts_by_picture(opened, curated_view(opened, workspace), keep)
        write_csv(target, counted, escape_formulas=options.escape_formulas)
        return [target]
    if to == "paths":
        found, root = sources_of(opened, keep), opened.root
        write_paths(target, found, root, absolute=options.absolute, null=options.null)
        return [target]
    sheet = collect(
        sources_of(opened, keep, curated_columns(opened, workspace).get(EDITED)), opened.root,
        workspace, to, title=str(getattr(opened, "title", "") or opened.name),
        about=f"slice “{slice}”" if slice else "", of=len(opened), limits=limits, progress=progress,
    )  # fmt: skip
    (write_png if to == "sheet-png" else write_pdf)(target, sheet)
    return [target]


def export_folder(
    opened: OpenSet,
    workspace: Workspace,
    to: str,
    folder: Path,
    rows: Sequence[int] | np.ndarray | None = None,
    *,
    options: Options | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write the files of a set, or of some of its rows, into a folder.

    Parameters
    ----------
    to
        copies, links or crops.
    folder
        As `core.export.folder.checked_target` returns it.

    Raises
    ------
    InputError, StorageError
        As `core.export.files.export_files`.
    """
    options = options or Options()
    keep = checked_rows(opened, rows)
    edited = curated_columns(opened, workspace).get(EDITED) if options.layout == "label" else None
    return export_files(
        sources_of(opened, keep, edited), opened.root, folder, to, options,
        limits=limits, progress=progress,
    )  # fmt: skip


def _write_table(
    opened: OpenSet, workspace: Workspace, to: str, target: Path, keep: np.ndarray,
    options: Options,
) -> list[Path]:  # fmt: skip
    """Write the table, the vectors, or both."""
    table = export_table(opened, curated_columns(opened, workspace)).iloc[keep]
    vectors = None if to == "csv" else load_vectors(opened, workspace)[keep]
    if to == "npy" and target.suffix != ".npy":
        target = target.with_name(f"{target.name}.npy")
    written = [target]
    if vectors is not None and to == "parquet":
        write_parquet(target, table, vectors)
    elif vectors is not None:
        written.append(target.with_suffix(".csv"))
        write_npy(target, vectors)
    if to != "parquet":
        write_csv(written[-1], table, escape_formulas=options.escape_formulas)
    return written


def _bundle(
    opened: OpenSet, workspace: Workspace, rows: np.ndarray | None, slice: str | None
) -> bytes:
    """Return the zip of manifest, log and provenance."""
    from core.curation import Desk

    desk = Desk(workspace)
    if slice:
        return bytes(desk.bundle(opened, slice=slice))
    if rows is None and getattr(opened, "is_part", False):
        rows = np.arange(len(opened))  # no rows would be the whole set
    return bytes(desk.bundle(opened, rows=rows))


def _put(path: Path, data: bytes) -> None:
    """Write bytes; a function, so that a lambda returns nothing."""
    path.write_bytes(data)
