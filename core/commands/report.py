"""The command `report`: a choice against random ones, as files, checked again, and compared."""

import argparse
import json
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.commands.verified import read_json_file, verified
from core.config import Settings
from core.errors import InputError


def _report(options: argparse.Namespace, settings: Settings) -> int:
    """Do what the options ask for: check, compare, list, or make a report."""
    tasks = [options.verify, options.compare, options.name or options.report]
    if sum(bool(task) for task in tasks) != 1:
        raise InputError("report: give the name of a set, --report ID, --verify or --compare")
    if options.verify:
        return _verify(options, settings)
    if options.compare:
        return _compare(options, settings)
    if not any((options.choice, options.slice, options.selection, options.report)):
        if options.html or options.pdf or isinstance(options.json, str):
            raise InputError(
                "report: a file is about one report; name it by --choice, --slice, --selection or "
                "--report"
            )
        return _list(options, settings)
    return _make(options, settings)


def _make(options: argparse.Namespace, settings: Settings) -> int:
    """Make a report, or open a stored one, and write the files asked for."""
    from core.reports import Reports
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    found = {"report": options.report}
    if not options.report:
        found = _as_job(options, settings, workspace)
    report = Reports(workspace).open(str(found["report"]))
    written = _files(options, report, workspace, settings)
    if options.json is True:
        print_json(report)
        return 0
    print(report["verdict"]["sentence"])
    for line in [*report["verdict"]["detail"], *report["sentences"]]:
        print(f"  {line}")
    print(f"report {found['report']}")
    for file in written:
        print(file)
    return 0


def _as_job(options: argparse.Namespace, settings: Settings, workspace: Any) -> dict[str, Any]:
    """Make a report as a job of this process, which the dashboard shows too."""
    from core.__main__ import terminal_progress
    from core.reporting import data_of
    from core.reports import ReportRequest
    from core.runner import run_here

    request = ReportRequest(
        options.name, options.choice, options.slice, options.selection, settings.seed, options.draws
    )
    data = data_of(request.name, workspace)  # a wrong name starts no job
    about = options.slice or "a choice"
    with terminal_progress() as listen:
        title = f"{data.opened.title}: report on {about}"
        return run_here(settings, "report", request.to_json(), title, listen)


def _files(
    options: argparse.Namespace, report: dict[str, Any], workspace: Any, settings: Settings
) -> list[Path]:
    """Write a report as HTML, PDF and JSON, those that were asked for; return the files."""
    wanted = {"html": options.html, "pdf": options.pdf}
    if isinstance(options.json, str):
        wanted["json"] = options.json
    wanted = {kind: file for kind, file in wanted.items() if file}
    if not wanted:
        return []
    opened = _opened(report, workspace)
    files = {kind: _target(file, opened, workspace) for kind, file in wanted.items()}
    made: dict[str, bytes] = {}
    if "json" in files:
        made["json"] = json.dumps(report, indent=1).encode("ascii")
    if "html" in files or "pdf" in files:
        from core.reportfiles import report_files

        made["html"] = report_files(report, opened, workspace, settings)
    if "pdf" in files:
        from core.report.pdf import render_pdf

        made["pdf"] = render_pdf(made["html"], settings)
    for kind, file in files.items():
        _write(file, made[kind])
    return list(files.values())


def _opened(report: dict[str, Any], workspace: Any) -> Any:
    """Return the set that a report is about; None where it is gone."""
    from core.curation import Desk
    from core.errors import VitrineError
    from core.library import Library

    try:
        return Library.with_desk(workspace, Desk(workspace)).open(report["set"]["name"])
    except VitrineError:
        return None


def _target(file: str, opened: Any, workspace: Any) -> Path:
    """Return where to write, absolute; never over an image of the set."""
    from core.export.folder import checked_file

    path = Path(file).expanduser().absolute()
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if opened is not None:
        checked_file(path, opened, workspace, picture=False)
    return path


def _write(file: Path, content: bytes) -> None:
    """Write a file through a temporary sibling."""
    from core.storage.flushed import write_flushed
    from core.storage.store import storage_errors

    with storage_errors(f"writing {file}"):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_flushed(file, content)


def _list(options: argparse.Namespace, settings: Settings) -> int:
    """Print the reports there are of a set."""
    from dataclasses import asdict

    from core.library import Library
    from core.reports import Reports
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    Library(workspace).open(options.name)
    lines = Reports(workspace).list(options.name)
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.id} {line.created} {line.slice or line.n}: {line.verdict}")
    if not lines:
        print(f"no reports of {options.name} yet; make one with --choice, --slice or --selection")
    return 0


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    """Make a report again and compare; 0 if it is the same, 1 if not."""
    from core.reporting import verify

    return verified(options, settings, verify, "a report", print_json)


def _compare(options: argparse.Namespace, settings: Settings) -> int:
    """Print two reports side by side, each by its id or its JSON file."""
    from core.report.compare import compare_reports
    from core.reports import Reports
    from core.runner import open_workspace

    kept = Reports(open_workspace(settings))
    first, second = (
        read_json_file(one, "a report") if Path(one).is_file() else kept.open(one)
        for one in options.compare
    )
    found = compare_reports(first, second)
    if options.json:
        print_json(found)
        return 0
    for row in found["rows"]:
        better = {"a": "  (first is better)", "b": "  (second is better)"}.get(row["better"], "")
        print(f"{row['title']}{better}\n  {row['a']}\n  {row['b']}")
    for name, (one, other) in found["same"].items():
        print(f"not the same: {name}: {one} and {other}")
    for line in found["sentences"]:
        print(line)
    return 0


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to an argparse sub-parser group.

    `common` is not a parent: here `--json` may be followed by a file.
    """
    report = commands.add_parser("report", help="a choice against random ones")
    report.add_argument("name", nargs="?", help="a set, or a part of one")
    report.add_argument("--workspace", help="folder Vitrine keeps everything in")
    which = report.add_mutually_exclusive_group()
    which.add_argument("--choice", metavar="KEY", help="report on this choice")
    which.add_argument("--slice", metavar="NAME", help="report on this slice")
    which.add_argument("--selection", metavar="ID", help="report on this selection")
    which.add_argument("--report", metavar="ID", help="a report that was made before")
    which.add_argument("--verify", metavar="FILE", help="make the report in FILE again and compare")
    which.add_argument("--compare", nargs=2, metavar=("A", "B"), help="two reports: ids or files")
    report.add_argument("--seed", type=int, help="seed of the random choices")
    report.add_argument("--draws", type=int, default=200, help="random choices to compare with")
    report.add_argument("--html", metavar="FILE", help="write one self-contained page")
    report.add_argument("--pdf", metavar="FILE", help="write a PDF, by the browser here")
    report.add_argument(
        "--json", nargs="?", const=True, default=False, metavar="FILE",
        help="print the report as JSON, or write it to FILE",
    )  # fmt: skip
    report.set_defaults(do=_report)
