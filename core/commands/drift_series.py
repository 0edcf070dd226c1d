"""The commands `drift-series` and `drift-plan`: batches over time, and how large they must be."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from core.commands import drift_series_words
from core.commands.printed import print_json
from core.commands.verified import verified
from core.config import Settings
from core.drift.gate import Gate
from core.errors import InputError, VitrineError

#: Exit code where `--fail-on` holds; 2 is a mistake.
FAILED = 3
#: What `--out` writes, by the end of the file's name.
KINDS = (".html", ".pdf", ".json", ".csv")
#: Seconds between two looks at a watched folder.
LEAST, MOST = 1, 86_400


# -- batches ---------------------------------------------------------------------------------------


def _series(options: argparse.Namespace, settings: Settings) -> int:
    if options.verify:
        return _verify(options, settings)
    if not options.name:
        raise InputError("drift-series: name the set whose images the batches are, or give "
                         "--verify FILE")  # fmt: skip
    ways = [options.by, options.batch or options.slice, options.folder]
    if sum(way is not None for way in ways) > 1:
        raise InputError("drift-series: give one of --by, --batch or --slice, and --folder")
    if options.watch is not None and options.folder is None:
        raise InputError("--watch: name the folder with --folder")
    gate = _gate(options.fail_on)
    for file in options.out or []:
        _checked(Path(file).expanduser().absolute(), file)
    if not any(way is not None for way in ways):
        if gate is not None or options.reference or options.out:
            raise InputError("drift-series: name the batches with --by, --batch, --slice or "
                             "--folder")  # fmt: skip
        return _list(options, settings)
    if not options.reference:
        raise InputError("--reference: name what the batches are held against, such as SET or "
                         "SET:slice=NAME")  # fmt: skip
    if options.folder is not None:
        return _folder(options, settings, gate)
    return _told(_made(options, settings, _request(options, settings)), options, settings, gate)


def _gate(text: str | None) -> Gate | None:
    from core.drifting.series import GATE

    return None if text is None else Gate(text, GATE)


def _request(options: argparse.Namespace, settings: Settings) -> Any:
    from core.drift.series_request import SeriesRequest

    named = [
        *(options.batch or ()),
        *(f"{options.name}:slice={one}" for one in options.slice or ()),
    ]
    return SeriesRequest(
        options.reference, options.name if options.by else None, options.by, options.every,
        tuple(named), options.unit, options.share, options.like, options.permutations,
        settings.seed,
    )  # fmt: skip


def _made(options: argparse.Namespace, settings: Settings, request: Any) -> dict[str, Any]:
    """Compute as a job of this process, which the dashboard shows too."""
    from core.__main__ import terminal_progress
    from core.drifting.series_batches import open_batches
    from core.runner import open_workspace, run_here

    found = open_batches(request, open_workspace(settings))  # a wrong name starts no job
    told = "plan batches of" if request.plan_only else f"{len(found.batches)} batches against"
    with terminal_progress() as listen:
        title = f"{told} {found.reference.label}"
        return run_here(settings, "series", request.to_json(), title, listen)


def _told(
    result: dict[str, Any], options: argparse.Namespace, settings: Settings, gate: Gate | None
) -> int:
    """Print a series, and return 3 where the condition holds for its newest batch."""
    told = _judged(result, gate)
    for file in options.out or []:
        _write(Path(file).expanduser().absolute(), result, settings, told)
    if options.json:
        print_json(_document(result, settings, told))
    else:
        drift_series_words.tell(result)
    if told is None:
        return 0
    for line in drift_series_words.of_gate(told):
        print(line, file=sys.stderr)
    return FAILED if told["failed"] else 0


def _judged(result: dict[str, Any], gate: Gate | None) -> dict[str, Any] | None:
    """Return what became of the condition for the newest batch; None without one."""
    from core.drifting.series import gated

    if gate is None:
        return None
    judged = gate.judge(gated(result))
    return {
        "condition": gate.text, "failed": judged.failed, "figures": judged.used,
        "unknown": list(judged.unknown), "batch": result["batches"][-1]["name"],
    }  # fmt: skip


def _document(
    result: dict[str, Any], settings: Settings, told: dict[str, Any] | None
) -> dict[str, Any]:
    """Return a series as JSON that can be verified."""
    from core.drifting.series_again import document_of
    from core.drifts.series import SeriesKept
    from core.runner import open_workspace

    kept = SeriesKept(open_workspace(settings)).series(result["series"])
    return document_of(kept.key, kept.meta, told)


def _checked(path: Path, given: str) -> None:
    """Raise `InputError` where a series cannot be written to a file of this name."""
    if path.suffix.lower() not in KINDS:
        raise InputError(f"--out {given}: its name must end with {', '.join(KINDS)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")


def _write(
    path: Path, result: dict[str, Any], settings: Settings, told: dict[str, Any] | None
) -> None:
    """Write a series into a file, by the end of its name."""
    from core.drifts.report.series import render_series
    from core.drifts.series import SeriesKept
    from core.report.pdf import render_pdf
    from core.runner import open_workspace
    from core.storage.flushed import write_flushed
    from core.storage.store import storage_errors

    kept, kind = SeriesKept(open_workspace(settings)).series(result["series"]), path.suffix.lower()
    if kind == ".json":
        document = _document(result, settings, told)
        data = json.dumps(document, indent=1, allow_nan=False).encode("ascii")
    elif kind == ".csv":
        data = kept.batches.to_csv(index=False).encode()
    else:
        data = render_series(kept.meta, key=kept.key, created=kept.created)
        data = render_pdf(data, settings) if kind == ".pdf" else data
    with storage_errors(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_flushed(path, data)


def _list(options: argparse.Namespace, settings: Settings) -> int:
    """Print the series there are of a set."""
    from dataclasses import asdict

    from core.drifts.series import SeriesKept
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    Library(workspace).open(options.name)
    lines = SeriesKept(workspace).series_list(options.name)
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.key} {line.created} {line.title}: {line.sentence or 'a plan'}")
    if not lines:
        print(f"no series of {options.name} yet; make one with --reference SIDE and --by COLUMN")
    return 0


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    """Make a series again and compare; 0 if it is the same, 1 if not."""
    from core.drifting.series_again import verify

    given = (options.name, options.reference, options.by, options.batch, options.slice,
             options.folder, options.watch, options.fail_on, options.out)  # fmt: skip
    if any(one is not None for one in given):
        raise InputError("drift-series: --verify checks a file; give nothing else with it")
    return verified(options, settings, verify, "a series of batches", print_json)


# -- a watched folder ------------------------------------------------------------------------------


def _folder(options: argparse.Namespace, settings: Settings, gate: Gate | None) -> int:
    """Hold the batches of a folder against the reference, again whenever a new one is complete."""
    from core.drifting.series_watch import look

    folder = Path(options.folder).expanduser().absolute()
    if options.watch is None:
        return _told(_encoded(options, settings, folder, look(folder)), options, settings, gate)
    if not LEAST <= options.watch <= MOST:
        raise InputError(f"--watch {options.watch:g}: seconds from {LEAST} to {MOST:,}")
    _reference(options, settings)  # a wrong name ends the watching before it begins
    before, done = look(folder), None
    print(f"watching {folder}; Ctrl+C stops", file=sys.stderr)
    while True:
        time.sleep(options.watch)
        now = look(folder)
        ready, before = now.settled(before), now
        if not ready.batches or ready.batches == done:
            continue
        done = ready.batches
        try:
            code = _told(_encoded(options, settings, folder, ready), options, settings, gate)
        except VitrineError as error:
            from core.errors import JobCancelled

            if isinstance(error, JobCancelled):
                raise
            # what came with one batch must not end the watching
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
            continue
        if code:
            return code


def _encoded(
    options: argparse.Namespace, settings: Settings, folder: Path, found: Any
) -> dict[str, Any]:
    """Bring the set of batches up to date, and hold its batches against the reference."""
    from core.__main__ import terminal_progress
    from core.drift.series_request import SeriesRequest
    from core.drifting.series_watch import COLUMN, batch_set
    from core.runner import open_workspace, run_here

    reference, workspace = _reference(options, settings), open_workspace(settings)
    wanted = batch_set(options.name, folder, found, reference, workspace, settings.seed)
    with terminal_progress() as listen:
        title = f"{options.name}: batches of {folder.name}"
        made = run_here(settings, "run", wanted.to_json(), title, listen)
    for broken in [*made["broken"], *({"path": p, "reason": r} for p, r in found.unusable)]:
        print(f"not usable: {broken['path']}: {broken['reason']}", file=sys.stderr)
    request = SeriesRequest(
        options.reference, options.name, COLUMN, None, (), options.unit, options.share,
        options.like, options.permutations, settings.seed,
    )  # fmt: skip
    return _made(options, settings, request)


def _reference(options: argparse.Namespace, settings: Settings) -> Any:
    """Open the set that the reference is of."""
    from core.drift.request import Side
    from core.library import Library
    from core.runner import open_workspace

    side = Side.read(options.reference, "reference")
    return Library(open_workspace(settings)).open(side.name)


# -- a plan ----------------------------------------------------------------------------------------


def _plan(options: argparse.Namespace, settings: Settings) -> int:
    from core.drift.series_request import SeriesRequest

    request = SeriesRequest(options.name, unit=options.unit, share=options.share,
                            like=options.like, seed=settings.seed)  # fmt: skip
    result = _made(options, settings, request)
    if options.json:
        print_json(_document(result, settings, None))
    else:
        drift_series_words.tell_plan(result)
    return 0


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `drift-series` and `drift-plan` to an argparse sub-parser group."""
    from core.drift.periods import PERIODS

    one = commands.add_parser(
        "drift-series", parents=[common], help="batches over time against one reference"
    )
    one.add_argument("name", nargs="?", help="the set whose images the batches are; with "
                     "--folder, the set that is made of them")  # fmt: skip
    one.add_argument("--reference", metavar="SIDE", help="what batches are held against: SET, "
                     "SET/PART, SET:slice=NAME or SET:COLUMN=VALUE")  # fmt: skip
    one.add_argument("--by", metavar="COL", help="the column whose values, or periods, are batches")
    one.add_argument("--every", choices=PERIODS, help="the period, where --by holds dates")
    one.add_argument("--batch", action="append", metavar="SIDE", help="a batch, written as the "
                     "reference is; may be repeated, in the order of time")  # fmt: skip
    one.add_argument("--slice", action="append", metavar="NAME", help="a slice of the set that is "
                     "a batch; may be repeated, in the order of time")  # fmt: skip
    one.add_argument("--folder", metavar="FOLDER", help="each sub-folder is a batch; pictures "
                     "beside them are that of their day")  # fmt: skip
    one.add_argument("--watch", type=float, metavar="SECONDS", help="look into --folder again and "
                     "again, until Ctrl+C")  # fmt: skip
    one.add_argument("--permutations", type=int, default=999, metavar="N",
                     help="splits drawn for each batch, 99 to 9,999")  # fmt: skip
    one.add_argument("--fail-on", metavar="EXPR", help="exit with 3 where this holds for the "
                     "newest batch; of p, mmd2, outside, batch_units")  # fmt: skip
    one.add_argument("--out", action="append", metavar="FILE", help="write the batches: a file "
                     "that ends with .html, .pdf, .json or .csv; may be repeated")  # fmt: skip
    one.add_argument("--verify", metavar="FILE", help="make the series in FILE, which --json "
                     "printed or --out wrote, again and compare every number")  # fmt: skip
    _shared(one)
    one.set_defaults(do=_series)
    plan = commands.add_parser(
        "drift-plan", parents=[common], help="how many images a batch needs for drift to be seen"
    )
    plan.add_argument("name", metavar="SIDE", help="the reference: SET, SET:slice=NAME, …")
    _shared(plan)
    plan.set_defaults(do=_plan)


def _shared(one: argparse.ArgumentParser) -> None:
    one.add_argument("--unit", metavar="COL", help="images with one value here are one observation")
    one.add_argument("--share", type=float, default=0.05, metavar="X",
                     help="share of new images that is to be seen, such as 0.05")  # fmt: skip
    one.add_argument("--like", metavar="SIDE", help="what new images look like; else groups of the "
                     "reference are held back in turn")  # fmt: skip
    one.add_argument("--seed", type=int, help="seed of everything random")
