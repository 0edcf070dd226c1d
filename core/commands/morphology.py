"""The command `morphology`: do groups of images differ, by how much, and along what?"""

import argparse
import json
from functools import cache
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.commands.verified import verified
from core.config import Settings
from core.errors import InputError

#: Pairs of groups printed to a person.
PRINTED = 20
#: What `--out` writes, by the end of the file's name.
KINDS = (".html", ".pdf", ".json")


def _morphology(options: argparse.Namespace, settings: Settings) -> int:
    if options.verify:
        if options.name or options.by or options.out:
            raise InputError("morphology: --verify checks a file; give nothing else with it")
        return _verify(options, settings)
    if not options.name:
        raise InputError("morphology: give the name of a set, or --verify FILE")
    return _compare(options, settings) if options.by or options.slice else _list(options, settings)


def _compare(options: argparse.Namespace, settings: Settings) -> int:
    """Compare as a job of this process, which the dashboard shows too."""
    from core.__main__ import terminal_progress
    from core.commands.written import target
    from core.comparing.subject import open_subject
    from core.keys import sealed
    from core.runner import open_workspace, run_here

    request, workspace = _request(options, settings), open_workspace(settings)
    subject = open_subject(request, workspace)  # a wrong name starts no job
    files = [target(file, KINDS, [subject.opened], workspace) for file in options.out or ()]
    with terminal_progress() as listen:
        title = f"{subject.opened.title}: compare {request.by}"
        result = run_here(settings, "morphology", request.to_json(), title, listen)
    _write(files, sealed(result), subject, settings)
    if options.json:
        print_json(sealed(result))
        return 0
    _tell(result)
    for file in files:
        print(file)
    return 0


def _write(files: list[Path], document: dict[str, Any], subject: Any, settings: Settings) -> None:
    """Write a comparison into each file, by the end of its name."""
    from core.commands.written import write_all
    from core.comparisons import Comparisons
    from core.comparisons.file import comparison_file
    from core.report.pdf import render_pdf

    @cache
    def html() -> bytes:
        comparison = Comparisons(subject.workspace).open(document["comparison"])
        return comparison_file(comparison, subject.opened, subject.workspace, settings)

    write_all(files, {
        ".html": html, ".pdf": lambda: render_pdf(html(), settings),
        ".json": lambda: json.dumps(document, indent=1, allow_nan=False).encode("ascii"),
    })  # fmt: skip


def _request(options: argparse.Namespace, settings: Settings) -> Any:
    from core.morphology.request import SLICES, MorphologyRequest

    by = options.by or SLICES
    if options.slice and by != SLICES:
        raise InputError("--slice: groups are slices or the values of --by, not both")
    return MorphologyRequest(
        options.name,
        by,
        groups=tuple(options.group or ()),
        slices=tuple(options.slice or ()),
        unit=options.unit,
        block=options.block,
        covariates=tuple(options.covariate or ()),
        aggregate="image" if options.each_image else "unit",
        within=options.within,
        preset=options.preset,
        pair=options.pair,
        poles=tuple(options.poles or ()),
        permutations=options.permutations,
        draws=options.draws,
        seed=settings.seed,
    )


def _list(options: argparse.Namespace, settings: Settings) -> int:
    """Print the comparisons there are of a set."""
    from dataclasses import asdict

    from core.comparisons import Comparisons
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    Library(workspace).open(options.name)
    lines = Comparisons(workspace).list(options.name)
    if options.out:
        raise InputError("morphology: --out is about a comparison; name its groups by --by")
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.key} {line.created} {line.title}: {line.headline}")
    if not lines:
        print(f"no comparisons of {options.name} yet; make one with --by COLUMN")
    return 0


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    """Compute a comparison again and compare; 0 if it is the same, 1 if not."""
    from core.comparing import verify

    return verified(options, settings, verify, "a comparison", print_json)


# -- in words --------------------------------------------------------------------------------------


def _tell(result: dict[str, Any]) -> None:
    """Print what a comparison found for a person: effect first, then how sure it is."""
    design = result["design"]
    print(result["headline"])
    groups = ", ".join(f"{one['name']} {one['units']:,}" for one in design["groups"])
    print(
        f"{design['n_images']:,} images, {design['n_units']:,} units ({design['unit']}): {groups}"
    )
    for one in design["warnings"]:
        print(f"{one['level']}: {one['text']}")
    for reason, count in design["left_out"].items():
        print(f"left out: {count:,} {reason}")
    for note in design["notes"]:
        print(f"note: {note}")
    for test in result["tests"]:
        print(_line(test))
    _tell_distances(result["distances"])
    card = result["metric_card"]
    if card is not None:
        print(f"metric card: {card['verdict']}. {card['text']}")
    print(f"comparison {result['comparison']}")


def _line(test: dict[str, Any]) -> str:
    """Return a test in one line, its effect first."""
    name = f"{test['name']} ({test['term']})"
    if test["status"] != "ok":
        return f"{name}: {'; '.join(test['warnings'])}"
    ci = test["ci"]
    between = f" ({ci[0]:.3f} to {ci[1]:.3f})" if ci else ""
    care = f"; {'; '.join(test['warnings'])}" if test["warnings"] else ""
    return (
        f"{name}: {test['effect_name']} {test['effect']:.3f}{between}, {test['statistic_name']} "
        f"{test['statistic']:.4g}, p {test['p']:.2g} (at least {test['p_min']:.2g}, "
        f"{test['permutations']:,} arrangements, {test['n_units']:,} units){care}"
    )


def _tell_distances(lines: list[dict[str, Any]]) -> None:
    far = sorted(lines, key=lambda one: -one["distance"])
    for one in far[:PRINTED]:
        ci = one["ci"]
        between = f" ({ci[0]:.3f} to {ci[1]:.3f})" if ci else ""
        print(f"  {one['a']} – {one['b']}: {one['distance']:.3f}{between}")
    if len(far) > PRINTED:
        print(f"  and {len(far) - PRINTED:,} nearer pairs: --json has them")


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `morphology` to an argparse sub-parser group."""
    from core.morphology.request import PRESETS

    one = commands.add_parser(
        "morphology", parents=[common], help="do groups differ, by how much, and along what"
    )
    one.add_argument("name", nargs="?", help="the set, or a part as SET/KEY")
    one.add_argument("--by", metavar="COL", help="the column whose values are the groups")
    one.add_argument("--group", action="append", metavar="VALUE", help="only this value of --by; "
                     "may be repeated")  # fmt: skip
    one.add_argument("--slice", action="append", metavar="NAME", help="a slice that is a group, "
                     "instead of --by; may be repeated")  # fmt: skip
    one.add_argument("--unit", metavar="COL", help="what is compared, such as specimens: images "
                     "with one value here are one observation")  # fmt: skip
    one.add_argument("--each-image", action="store_true", help="take every image for a unit")
    one.add_argument("--block", metavar="COL", help="groups are exchanged within its values only")
    one.add_argument("--covariate", action="append", metavar="COL", help="what else may explain "
                     "the differences; may be repeated")  # fmt: skip
    one.add_argument("--within", metavar="SLICE", help="look at the images of this slice only")
    one.add_argument("--preset", choices=PRESETS, help="add the analysis of Lürig and others")
    one.add_argument("--pair", metavar="COL", help="sides or sexes, for the preset")
    one.add_argument("--poles", nargs=2, metavar=("A", "B"), help="ends of the preset's axis")
    one.add_argument("--permutations", type=int, default=999, metavar="N",
                     help="arrangements drawn, 99 to 9,999")  # fmt: skip
    one.add_argument("--draws", type=int, default=1000, metavar="N",
                     help="trees drawn again for the support of branches")  # fmt: skip
    one.add_argument("--seed", type=int, help="seed of everything random")
    one.add_argument("--out", action="append", metavar="FILE", help="write the report: a file that "
                     "ends with .html, .pdf or .json; may be repeated")  # fmt: skip
    one.add_argument("--verify", metavar="FILE", help="compute the comparison in FILE, which "
                     "--json printed or --out wrote, again and compare every number")  # fmt: skip
    one.set_defaults(do=_morphology)
