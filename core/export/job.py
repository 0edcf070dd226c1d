"""The job that exports what takes long: files into a folder, large sheets."""

from pathlib import Path
from typing import Any

from core.config import Settings
from core.curation.desk import Desk
from core.export import export_folder, export_set, format_of
from core.export.folder import checked_target
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
        "seconds"}.

    Raises
    ------
    VitrineError
        What it names does not exist, its target cannot be written to, or the disk is full.
    """
    progress = progress or Progress()
    asked = ExportRequest.from_json(request)
    opened = Library.with_desk(workspace, Desk(workspace)).open(asked.name)
    target = checked_target(asked.target, opened, workspace, folder=format_of(asked.to).folder)
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
    if not format_of(asked.to).folder:
        files = export_set(
            opened, workspace, asked.to, target, rows, options=asked.options, slice=asked.slice,
            limits=limits, progress=progress,
        )  # fmt: skip
        return told | {
            "files": [str(file) for file in files], "written": len(files), "kept": 0,
            "missing": [], "missing_count": 0,
        }  # fmt: skip
    done = export_folder(
        opened, workspace, asked.to, target, rows, options=asked.options, limits=limits,
        progress=progress,
    )  # fmt: skip
    return told | {
        "files": [str(done.listing)],
        "written": done.files,
        "kept": done.kept,
        "missing": [{"path": path, "reason": why} for path, why in done.missing[:NAMED]],
        "missing_count": len(done.missing),
    }
