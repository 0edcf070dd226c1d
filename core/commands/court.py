"""The commands `court` and `nuisance`: which encoder for what, and what explains the clusters?"""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings


def _court(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.courts.request import CourtRequest
    from core.judging.bench import names_of, open_case
    from core.runner import open_workspace, run_here

    if options.list:
        return _list(options, settings, "list")
    request = CourtRequest(
        options.name, tuple(options.encoder or ()), options.label, options.unit, options.copies,
        options.clusters, options.sample, settings.seed,
    )  # fmt: skip
    case = open_case(request.name, open_workspace(settings), column=request.column,
                     unit=request.unit, sample=request.sample, seed=request.seed)  # fmt: skip
    names_of(request, case.opened)  # a wrong name starts no job
    with terminal_progress() as listen:
        title = f"{case.opened.title}: compare encoders"
        result = run_here(settings, "court", request.to_json(), title, listen)
    if options.json:
        print_json(result)
    else:
        _tell_court(result)
    return 0


def _nuisance(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.courts.request import NuisanceRequest
    from core.judging.bench import open_case
    from core.runner import open_workspace, run_here

    if options.list:
        return _list(options, settings, "nuisances")
    request = NuisanceRequest(
        options.name, tuple(options.column or ()), options.label, options.unit, options.masks,
        options.against, options.permutations, options.sample, settings.seed,
    )  # fmt: skip
    case = open_case(request.name, open_workspace(settings), column=request.column,
                     unit=request.unit, sample=request.sample, seed=request.seed)  # fmt: skip
    with terminal_progress() as listen:
        title = f"{case.opened.title}: what explains the clusters"
        result = run_here(settings, "nuisance", request.to_json(), title, listen)
    if options.json:
        print_json(result)
    else:
        _tell_nuisance(result)
    return 0


def _list(options: argparse.Namespace, settings: Settings, method: str) -> int:
    """Print the courts, or the tests of nuisances, there are of a set."""
    from dataclasses import asdict

    from core.courts import Courts
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    Library(workspace).open(options.name)
    lines = getattr(Courts(workspace), method)(options.name)
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.key} {line.created} {line.text}")
    if not lines:
        print(f"none of {options.name} yet")
    return 0


# -- in words --------------------------------------------------------------------------------------


def _tell_court(result: dict[str, Any]) -> None:
    """Print what a court found for a person: what is recommended, then every encoder's figures."""
    print(result["text"])
    print(f"{result['n']:,} of {result['total']:,} images; labels: {result['column'] or 'none'}")
    for note in result["notes"]:
        print(f"note: {note}")
    for one in result["recommendations"]:
        print(f"{one['title']}: {one['text']}")
    for one in result["encoders"]:
        cost = one["cost"]
        took = "" if cost["cpu_seconds"] is None else (
            f", {cost['cpu_seconds']:.1f} CPU s for 1,000 pictures")  # fmt: skip
        print(f"{one['name']}: {cost['dims']:,} dims, {cost['bytes']:,} bytes an image{took}")
        print(f"  metric card: {one['card']['verdict']}. {one['card']['text']}")
        for name, figure in one["figures"].items():
            print(f"  {name}: {figure['text']}")
    names = [one["name"] for one in result["encoders"]]
    for pair in result["overlap"]["pairs"]:
        print(f"{names[pair['a']]} and {names[pair['b']]} share {100 * pair['value']:.1f} % of "
              f"{result['overlap']['k']} neighbours")  # fmt: skip
    for one in result["overlap"]["without"]:
        print(f"all together without {one['name']}: {100 * one['kept']['value']:.1f} % of the "
              "neighbours stay")  # fmt: skip
    for text in result["warnings"]:
        print(f"caution: {text}")
    print(f"court {result['court']}")


def _tell_nuisance(result: dict[str, Any]) -> None:
    """Print what explains the clusters for a person."""
    print(result["text"])
    print(f"{result['n']:,} of {result['total']:,} images; clusters: {result['clusters']}; "
          f"labels: {result['column'] or 'none'}")  # fmt: skip
    for note in result["notes"]:
        print(f"note: {note}")
    for one in result["factors"]:
        print(f"{one['title']}: {one['text']}")
        if one["advice"]:
            print(f"  {one['advice']}")
    for when in ("before", "after"):
        told = (result["label"] or {}).get(when)
        if told and told["probe"] and result[when]:
            print(f"labels by the vectors of {result[when]['title']}: "
                  f"{100 * told['probe']['accuracy']:.1f} %")  # fmt: skip
    print(f"nuisance {result['nuisance']}")


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `court` and `nuisance` to an argparse sub-parser group."""
    court = commands.add_parser(
        "court", parents=[common], help="which encoder suits which question on these images"
    )
    court.add_argument("name", help="the set, or a part as SET/KEY")
    court.add_argument("--encoder", action="append", metavar="NAME", help="an encoder to hear "
                       "beside the set's own and the pixel baseline; may be repeated")  # fmt: skip
    court.add_argument("--label", metavar="COL", help="the column that says which images are alike")
    court.add_argument("--unit", metavar="COL", help="images with one value here are one")
    court.add_argument("--copies", metavar="COL", help="images with one value here are known "
                       "copies")  # fmt: skip
    court.add_argument("--clusters", choices=("themes", "micro", "none"), default="themes",
                       help="whose stability is measured")  # fmt: skip
    court.add_argument("--sample", type=int, default=2_000, metavar="N", help="most images")
    _shared(court)
    court.set_defaults(do=_court)

    nuisance = commands.add_parser(
        "nuisance", parents=[common], help="do background, light, size or a column explain the "
        "clusters"
    )  # fmt: skip
    nuisance.add_argument("name", help="the set, or a part as SET/KEY")
    nuisance.add_argument("--column", action="append", metavar="COL", help="a column to test; may "
                          "be repeated")  # fmt: skip
    nuisance.add_argument("--label", metavar="COL", help="the labels that may explain clusters")
    nuisance.add_argument("--unit", metavar="COL", help="images with one value here are one")
    nuisance.add_argument("--masks", metavar="FOLDER|COL", help="masks of the objects: the ground "
                          "is what lies around them; else the rim of each picture")  # fmt: skip
    nuisance.add_argument("--against", metavar="SET", help="another set of these pictures, to see "
                          "what it changed: cut out, or a column regressed out")  # fmt: skip
    nuisance.add_argument("--permutations", type=int, default=499, metavar="N",
                          help="arrangements drawn, 99 to 9,999")  # fmt: skip
    nuisance.add_argument("--sample", type=int, default=5_000, metavar="N", help="most images")
    _shared(nuisance)
    nuisance.set_defaults(do=_nuisance)


def _shared(one: argparse.ArgumentParser) -> None:
    one.add_argument("--seed", type=int, help="seed of everything random")
    one.add_argument("--device", help="auto, cpu, cuda or mps")
    one.add_argument("--list", action="store_true", help="list what was found before, and end")
