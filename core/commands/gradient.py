"""The command `gradient`: a strip of images from one form to another."""

import argparse
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError

#: Correlations printed for a person.
PRINTED = 5


def _gradient(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.comparisons import Comparisons
    from core.comparisons.gradient_subject import open_subject
    from core.curation import Desk
    from core.findings import Findings
    from core.library import Library
    from core.runner import open_workspace, run_here

    workspace = open_workspace(settings)
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    opened = library.open(options.name)
    files = [_target(file, opened, workspace) for file in options.out or ()]
    request = _request(options, settings, opened, desk.view(opened))
    open_subject(request, library, desk, Findings(workspace))  # a wrong name starts no job
    with terminal_progress() as listen:
        title = f"{opened.title}: gradient"
        result = run_here(settings, "gradient", request.to_json(), title, listen)
    kept = Comparisons(workspace)
    gradient = kept.open_gradient(result["gradient"])
    _write(files, gradient, opened, workspace, settings)
    if options.json:
        print_json(result)
        return 0
    _tell(result)
    _tell_metric(kept.card_of(opened.name, gradient.meta["embeddings"]), opened.name)
    for file in files:
        print(file)
    return 0


def _request(options: argparse.Namespace, settings: Settings, opened: Any, view: Any) -> Any:
    """Return what the options ask for; the ends are groups, slices or images."""
    from core.comparisons.ends import named_end
    from core.morphology.gradient_request import GradientRequest

    kind = options.kind or "means"
    fields: dict[str, Any] = {}
    if kind != "principal":
        if not (options.start and options.end):
            raise InputError("gradient: give --from and --to, or --kind principal")
        ends = [named_end(opened, view, text, options.by) for text in (options.start, options.end)]
        columns = {end["by"] for end in ends if "by" in end}
        if len(columns) > 1:
            raise InputError(
                f"gradient: “{options.start}” and “{options.end}” are of different columns "
                f"({' and '.join(sorted(columns))}): say which by --by"
            )
        fields = {"by": next(iter(columns), None)}
        for end, group, item in zip(ends, "ab", ("from_item", "to_item"), strict=True):
            fields |= {group: end.get("group"), item: end.get("item")}
    elif options.start or options.end:
        raise InputError("gradient: a principal axis has no ends: leave out --from and --to")
    else:
        fields = {"by": options.by}
    return GradientRequest(
        options.name, kind, **fields, axis=options.axis, unit=options.unit, within=options.within,
        among=options.among, places=options.places, k=options.k,
        correlate=tuple(options.correlate or ()), seed=settings.seed,
    )  # fmt: skip


def _target(file: str, opened: Any, workspace: Any) -> Path:
    """Return where to write, absolute; never over an image of the set."""
    from core.comparisons.strip_files import TYPES
    from core.export.folder import checked_file

    path = Path(file).expanduser().absolute()
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if path.suffix.lower().removeprefix(".") not in TYPES:
        raise InputError(f"{path.name}: end the name with .{', .'.join(TYPES)}")
    checked_file(path, opened, workspace, picture=True)
    return path


def _write(
    files: list[Path], gradient: Any, opened: Any, workspace: Any, settings: Settings
) -> None:
    """Write a gradient as the files asked for."""
    from core.comparisons.strip_files import strip_file
    from core.imaging.imagefile import Limits
    from core.storage.flushed import write_flushed
    from core.storage.store import storage_errors

    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    for file in files:
        kind = file.suffix.lower().removeprefix(".")
        content = strip_file(gradient, kind, opened, workspace, limits)
        with storage_errors(f"writing {file}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_flushed(file, content)


def _tell(result: dict[str, Any]) -> None:
    """Print what was found for a person."""
    print(result["text"])
    for place in result["places"]:
        if place["row"] is None:
            print(f"  {place['target']:6.2f}  (no image)")
            continue
        at = "     –" if place["t"] is None else f"{round(place['t'], 2) or 0.0:6.2f}"
        print(f"  {at}  row {place['row']:<6} {place['text']}" + "  (bridge)" * place["bridge"])
    known = [one for one in result["correlations"] if one["r"] is not None]
    for one in sorted(known, key=lambda one: -abs(one["r"]))[:PRINTED]:
        print(f"  {one['column']}: r = {one['r']:.2f}, p = {one['p_adjusted']:.3g} (adjusted)")
    for warning in result["warnings"]:
        print(f"  {warning['level']}: {warning['text']}")
    print(f"gradient {result['gradient']}")


def _tell_metric(held: Any, name: str) -> None:
    """Print whether distances mean anything here, as a comparison of the set found."""
    if held is None:
        print(f"metric card: not looked at yet; morphology {name} --by COLUMN looks")
    else:
        print(f"metric card: {held[1]['verdict']}. {held[1]['text']}")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `gradient` to an argparse sub-parser group."""
    from core.morphology.gradient_request import KINDS

    gradient = commands.add_parser(
        "gradient", parents=[common], help="a strip of images from one form to another"
    )
    gradient.add_argument("name", help="the set, or a part as SET/KEY")
    told = "a group, a slice, or an image by its id, path, file name or row"
    gradient.add_argument("--from", dest="start", metavar="A", help=told)
    gradient.add_argument("--to", dest="end", metavar="B", help="likewise")
    gradient.add_argument(
        "--by", metavar="C", help="the column of the groups, or slices; else the label"
    )
    gradient.add_argument("--kind", choices=tuple(KINDS), help="means (the default), …")
    gradient.add_argument("--axis", type=int, default=1, metavar="N", help="which principal axis")
    gradient.add_argument("--unit", metavar="C", help="what has one value here counts once")
    gradient.add_argument("--within", metavar="SLICE", help="look at its images only")
    gradient.add_argument(
        "--among", choices=("ends", "all"), help="place the images of both groups, or all"
    )
    gradient.add_argument("--places", type=int, default=9, metavar="N", help="places of the strip")
    gradient.add_argument("--k", type=int, default=15, help="neighbours that a geodesic links")
    gradient.add_argument(
        "--correlate", action="append", metavar="C", help="a column of numbers; may be repeated; "
        "else all that were not computed from the vectors",
    )  # fmt: skip
    gradient.add_argument("--seed", type=int, help="seed of everything random")
    gradient.add_argument(
        "--out", action="append", metavar="FILE", help="write the strip as .png or .svg, the "
        "positions as .csv, the figures as .json; may be repeated",
    )  # fmt: skip
    gradient.set_defaults(do=_gradient)
