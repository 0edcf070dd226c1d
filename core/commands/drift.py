"""The command `drift`: are two sets the same, where do they differ, and a gate for pipelines."""

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from core.commands import drift_words
from core.commands.printed import print_json
from core.commands.verified import verified
from core.commands.written import target, write_all
from core.config import Settings
from core.drift.request import MAPS, PERMUTED, PLACED
from core.errors import InputError

#: Exit code where `--fail-on` holds; 2 is a mistake.
FAILED = 3
#: What `--out` writes, by the end of the file's name.
KINDS = (".html", ".pdf", ".json")


def _drift(options: argparse.Namespace, settings: Settings) -> int:
    if options.verify:
        if options.a or options.out or options.fail_on:
            raise InputError("drift: --verify checks a file; give nothing else with it")
        return _verify(options, settings)
    if not options.a:
        raise InputError("drift: give the reference and what is held against it, or --verify FILE")
    return _compare(options, settings) if options.b else _list(options, settings)


def _compare(options: argparse.Namespace, settings: Settings) -> int:
    """Compare as a job of this process, which the dashboard shows too; 3 where the gate holds."""
    from core.__main__ import terminal_progress
    from core.drifting.document import document_of
    from core.drifting.pool import open_pool
    from core.drifts import Drifts
    from core.drifts.gated import gate, judged
    from core.runner import open_workspace, run_here

    asked = gate(options.fail_on) if options.fail_on is not None else None
    request = _request(options, settings)
    workspace = open_workspace(settings)
    pool = open_pool(request, workspace)  # a wrong name starts no job
    opened = [part.opened for part in pool.parts]
    files = [target(file, KINDS, opened, workspace) for file in options.out or []]
    with terminal_progress() as listen:
        title = f"{pool.parts[1].label} against {pool.parts[0].label}"
        result = run_here(settings, "drift", request.to_json(), title, listen)
    drift = Drifts(workspace).open(result["drift"])
    verdict = judged(asked, drift.meta) if asked else None
    document = document_of(drift.key, drift.meta, drift.images, verdict)
    _write(files, document, drift, opened, settings)
    if options.json:
        print_json(document)
    else:
        drift_words.tell(document)
        for file in files:
            print(file)
    if verdict is None:
        return 0
    for line in drift_words.of_gate(verdict):
        print(line, file=sys.stderr)
    return FAILED if verdict["failed"] else 0


def _request(options: argparse.Namespace, settings: Settings) -> Any:
    from core.drift.request import DriftRequest

    return DriftRequest(
        options.a,
        options.b,
        unit=options.unit,
        label=options.label,
        permutations=options.permutations,
        approximate=options.approximate,
        explain=not options.no_changes,
        seed=settings.seed,
        spatial=options.spatial,
        map=options.map,
    )


def _list(options: argparse.Namespace, settings: Settings) -> int:
    """Print the comparisons there are of a set."""
    from dataclasses import asdict

    from core.drifts import Drifts
    from core.library import Library
    from core.runner import open_workspace

    if options.out or options.fail_on is not None:
        raise InputError("drift: name two sets; --out and --fail-on are about a comparison")
    workspace = open_workspace(settings)
    Library(workspace).open(options.a)
    lines = Drifts(workspace).list(options.a)
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.key} {line.created} {line.title}: {line.sentence}")
    if not lines:
        print(f"no comparisons of {options.a} yet; make one with drift {options.a} OTHER")
    return 0


# -- files -----------------------------------------------------------------------------------------


def _write(
    files: list[Path], document: dict[str, Any], drift: Any, opened: list[Any], settings: Settings
) -> None:
    """Write a comparison into each file, by the end of its name."""
    from core.drifts.file import drift_file
    from core.report.pdf import render_pdf
    from core.runner import open_workspace

    first, second = opened
    page = cache(lambda: drift_file(drift, first, second, open_workspace(settings), settings))
    write_all(files, {
        ".html": page,
        ".pdf": lambda: render_pdf(page(), settings),
        ".json": lambda: json.dumps(document, indent=1, allow_nan=False).encode("ascii"),
    })  # fmt: skip


# -- the check of a file ---------------------------------------------------------------------------


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    """Compute a comparison again and compare; 0 if it is the same, 1 if not."""
    from core.drifting.again import verify

    return verified(options, settings, verify, "a comparison", print_json)


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `drift` to an argparse sub-parser group."""
    side = "SET, SET/PART, SET:slice=NAME or SET:COLUMN=VALUE"
    one = commands.add_parser(
        "drift", parents=[common], help="are two sets the same, and where do they differ"
    )
    one.add_argument("a", nargs="?", metavar="A", help=f"the reference: {side}")
    one.add_argument("b", nargs="?", metavar="B", help="what is held against it; without, the "
                     "comparisons of A are listed")  # fmt: skip
    one.add_argument("--unit", metavar="COL", help="images with one value here belong together")
    one.add_argument("--label", metavar="COL", help="the labels whose own look is compared")
    one.add_argument("--permutations", type=int, default=PERMUTED, metavar="N",
                     help="splits drawn for each test, 99 to 9,999")  # fmt: skip
    one.add_argument("--approximate", action="store_true", help="test all units of large sets, by "
                     "random features, instead of a sample")  # fmt: skip
    one.add_argument("--no-changes", action="store_true", help="encode no changed pictures: no "
                     "blur, brightness and JPEG on the scale")  # fmt: skip
    one.add_argument("--spatial", type=int, nargs="?", const=PLACED, default=0, metavar="N",
                     help="compare where in the frame too: features by place of N images a side "
                     f"({PLACED} if no number is given)")  # fmt: skip
    one.add_argument("--map", choices=MAPS, default=MAPS[0], help="the map of both sets: pca, or "
                     "umap, which follows groups and takes longer")  # fmt: skip
    one.add_argument("--seed", type=int, help="seed of everything random")
    one.add_argument("--fail-on", metavar="EXPR", help="end with exit code 3 where this holds, for "
                     "example 'p<0.01 and auc>0.6'")  # fmt: skip
    one.add_argument("--out", action="append", metavar="FILE", help="write the report: a file that "
                     "ends with .html, .pdf or .json; may be repeated")  # fmt: skip
    one.add_argument("--verify", metavar="FILE", help="compute the comparison in FILE, which "
                     "--json printed or --out wrote, again and compare every number")  # fmt: skip
    one.set_defaults(do=_drift)
