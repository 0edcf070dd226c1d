"""The job that exports what takes long: files into a folder, large sheets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.config import Settings
from core.curation.desk import Desk
from core.export import export_folder, export_set
from core.export.folder import checked_target
from core.export.formats import TOOLS, in_a_folder
from core.export.handing import hand_over, settled
from core.export.request import ExportRequest, rows_asked_for
from core.imaging.imagefile import Limits
from core.library import Library, OpenSet
from core.progress import Progress
from core.storage.store import Workspace

#: Files that could not be read are named in a job's result up to this many; the list has all.
NAMED = 100


def run_export(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Export what a request asks for and return what was done, as JSON values.

    Parameters
    ----------
    request
        As `ExportRequest.to_json` returns it.

    Returns
    -------
    dict
        {"set", "to", "items", "target", "files": paths written or, for a folder, its list,
        "written", "kept", "missing": [{"path", "reason"}] (100 at most), "missing_count",
        "notes", "seconds"}.

    Raises
    ------
    VitrineError
        What it names does not exist, its target cannot be written to, or the disk is full.
    """
    progress = progress or Progress()
    asked = ExportRequest.from_json(request)
    opened = Library.with_desk(workspace, Desk(workspace)).open(asked.name)
    asked = settled(asked, opened, workspace)
    folder = in_a_folder(asked.to, asked.options)
    target = checked_target(asked.target, opened, workspace, folder=folder)
    found = perform_export(asked, opened, workspace, settings, target, progress)
    return found | {"seconds": progress.finish()}


def perform_export(
    asked: ExportRequest,
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    target: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Export into a target that was checked; see `run_export`."""
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    rows = rows_asked_for(asked, opened, workspace)
    count = len(opened) if rows is None else len(rows)
    told = {"set": opened.name, "to": asked.to, "items": count, "target": str(target)}
    if asked.to in TOOLS:
        handed = hand_over(
            opened, workspace, asked.to, target, rows, options=asked.options, limits=limits,
            progress=progress,
        )  # fmt: skip
        written = handed.pictures or len(handed.files)
        return told | _files(handed.files, written, 0, handed.missing, handed.notes)
    if not in_a_folder(asked.to, asked.options):
        files = export_set(
            opened, workspace, asked.to, target, rows, options=asked.options, slice=asked.slice,
            limits=limits, progress=progress,
        )  # fmt: skip
        return told | _files(files, len(files), 0, ())
    done = export_folder(
        opened, workspace, asked.to, target, rows, options=asked.options, limits=limits,
        progress=progress,
    )  # fmt: skip
    return told | _files([done.listing], done.files, done.kept, done.missing)


def _files(
    files: Sequence[Path],
    written: int,
    kept: int,
    missing: Sequence[tuple[str, str]],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what was written, as JSON values."""
    return {
        "files": [str(file) for file in files],
        "written": written,
        "kept": kept,
        "missing": [{"path": path, "reason": why} for path, why in missing[:NAMED]],
        "missing_count": len(missing),
        "notes": list(notes),
    }
