"""The command `export`: a set, a part, a selection or a slice to files other tools read."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from core.config import Settings


def _target(options: argparse.Namespace, opened: Any, how: Any) -> Path:
    """Return where to write, absolute."""
    from core.export.request import default_target

    if options.out:
        return Path(options.out).expanduser().absolute()
    return default_target(opened, options.to, how)


def _export(options: argparse.Namespace, settings: Settings) -> int:
    """Export to files at once; to a folder as a job, which the dashboard shows too."""
    from core.curation import Desk
    from core.export.formats import Options, in_a_folder
    from core.export.handing import needs_pictures
    from core.export.request import ExportRequest
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    opened = Library.with_desk(workspace, Desk(workspace)).open(options.name)
    how = Options(
        options.absolute, options.null, options.layout, options.hard, options.escape_formulas,
        options.pictures or needs_pictures(opened, workspace, options.to),
    )  # fmt: skip
    asked = ExportRequest(
        options.name, options.to, str(_target(options, opened, how)), options.selection,
        options.slice, options.cluster, how,
    )  # fmt: skip
    do = _as_job if in_a_folder(options.to, how) else _at_once
    _tell(do(asked, opened, workspace, settings), options.json)
    return 0


def _at_once(asked: Any, opened: Any, workspace: Any, settings: Settings) -> dict[str, Any]:
    """Write one file in this process; one that is there is replaced."""
    from core.__main__ import terminal_progress
    from core.export.folder import checked_file
    from core.export.job import perform_export
    from core.progress import Progress

    target = Path(asked.target)
    beside = [target.with_suffix(".csv")] if asked.to == "npy" else []
    for file in (target, *beside):
        checked_file(file, opened, workspace, picture=asked.to == "sheet-png")
    with terminal_progress() as listen:
        progress = Progress(listen)
        return perform_export(asked, opened, workspace, settings, target, progress)


def _as_job(asked: Any, opened: Any, workspace: Any, settings: Settings) -> dict[str, Any]:
    """Write into a folder as a job of this process."""
    from core.__main__ import terminal_progress
    from core.export.request import checked_request
    from core.runner import run_here

    request, title = checked_request(asked, opened, workspace)
    with terminal_progress() as listen:
        return run_here(settings, "export", request, title, listen)


def _tell(done: dict[str, Any], as_json: bool) -> None:
    """Print what was written."""
    if as_json:
        text = json.dumps(done, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = "".join(f"{file}\n" for file in done["files"])
    sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace"))
    sys.stdout.buffer.flush()
    for note in () if as_json else done["notes"]:
        print(note, file=sys.stderr)
    if as_json or not done["missing_count"]:
        return
    noun = "file" if done["missing_count"] == 1 else "files"
    print(f"{done['missing_count']:,} {noun} could not be read:", file=sys.stderr)
    for missing in done["missing"][:20]:
        print(f"  {missing['path']}: {missing['reason']}", file=sys.stderr)


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to an argparse sub-parser group."""
    export = commands.add_parser("export", parents=[common], help="write a set to files")
    export.add_argument("name", help="a set, or a part of one")
    export.add_argument(
        "--to",
        required=True,
        metavar="FORMAT",
        help="csv, parquet, npy, paths, coco, cvat, labelstudio, counts, manifest, sheet-png, "
        "sheet-pdf; into a folder copies, links, crops, fiftyone, yolo",
    )
    export.add_argument("--out", help="file or folder to write; NAME.FORMAT here if not given")
    which = export.add_mutually_exclusive_group()
    which.add_argument("--selection", metavar="ID", help="only the images of this selection")
    which.add_argument("--slice", metavar="NAME", help="only the images of this slice")
    which.add_argument("--cluster", metavar="K", type=int, help="only the images of this theme")
    export.add_argument("--absolute", action="store_true", help="paths: whole paths")
    export.add_argument("--null", action="store_true", help="paths: end each with a NUL byte")
    export.add_argument(
        "--layout", metavar="L", default="tree",
        help="folders: tree (as the set's own), flat (all in one) or label (one a label)",
    )  # fmt: skip
    export.add_argument(
        "--pictures", action="store_true",
        help="coco, cvat, labelstudio, fiftyone: a folder that holds the pictures too",
    )  # fmt: skip
    export.add_argument("--hard", action="store_true", help="links: hard ones")
    export.add_argument(
        "--escape-formulas", action="store_true",
        help="csv: an apostrophe before what a spreadsheet would run",
    )  # fmt: skip
    export.set_defaults(do=_export)
