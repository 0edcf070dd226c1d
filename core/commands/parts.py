"""The commands `part` and `parts`: map some images of a set on their own, and list what was."""

import argparse
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from core.config import Settings
from core.errors import VitrineError


def _rows(options: argparse.Namespace, library: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the rows that a slice or a theme holds, and how they were chosen."""
    opened = library.open(options.name)
    if options.slice is None:
        chosen = {"how": "cluster", "cluster": options.cluster}
        return opened.cluster_rows(options.cluster), chosen
    from core.curation import Desk

    view = Desk(library.workspace).view(opened)
    return np.asarray(view.slice(options.slice).rows), {"how": "slice", "slice": options.slice}


def _part(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.curation import Desk
    from core.library import Library
    from core.parts import PartRequest, plan
    from core.runner import open_workspace, run_here
    from core.selection import Selections

    workspace = open_workspace(settings)
    library = Library.with_desk(workspace, Desk(workspace))
    selection = options.selection or ""
    if options.slice is not None or options.cluster is not None:
        rows, how = _rows(options, library)
        selection = Selections(library.workspace).save(library.open(options.name).key, rows, how)
    maps = tuple(dict.fromkeys(options.map or ["umap"]))
    request = PartRequest(
        options.name, selection, maps, options.dims, settings.seed, options.title, options.fresh
    )
    made_of = plan(request, library)  # a wrong name or an empty selection starts no job
    title = options.title or f"{len(made_of.base_rows):,} of {made_of.base.name}"
    with terminal_progress() as listen:
        result = run_here(settings, "part", request.to_json(), title, listen)
    if options.json:
        print(json.dumps(result))
        return 0
    print(
        f"{result['name']}: {result['title']}, {result['clusters']['count']:,} themes, "
        f"{100 * result['clusters']['noise_share']:.0f} % unassigned"
    )
    for found in result["maps"]:
        moved = "" if found["m2"] is None else f": m² {found['m2']:.3f} from where the images lay"
        print(f"  map {found['method']}{moved}{' ' if found['notice'] else ''}{found['notice']}")
    return 0


def _parts(options: argparse.Namespace, settings: Settings) -> int:
    from core.library import Library
    from core.runner import open_workspace

    library = Library(open_workspace(settings))
    problem = ""
    try:
        library.open(options.name)
    except VitrineError as error:
        if not library.parts(options.name):
            raise
        problem = str(error)  # the set is gone or damaged: its parts are named all the same
    lines = [replace(line, problem=line.problem or problem) for line in library.parts(options.name)]
    if options.json:
        print(json.dumps([asdict(line) for line in lines]))
        return 0
    for line in lines:
        state = line.problem or f"{line.count:,} images, maps {', '.join(line.maps) or 'none yet'}"
        print(f"{line.name} in {line.parent}: {line.title}: {state}")
    if not lines:
        print(f"no parts of {options.name}; `part {options.name} --cluster 0` makes one")
    return 0


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `part` and `parts` to an argparse sub-parser group."""
    part = commands.add_parser(
        "part", parents=[common], help="map and cluster some images of a set on their own"
    )
    part.add_argument("name", help="the set, or a part as SET/KEY; alone, a part gets the map")
    which = part.add_mutually_exclusive_group()
    which.add_argument("--selection", metavar="ID", help="a selection's id")
    which.add_argument("--slice", metavar="SLICE", help="a slice's name")
    which.add_argument(
        "--cluster", metavar="K", type=int, help="a theme, counted from 0; -1: what none holds"
    )
    part.add_argument(
        "--map", action="append", choices=("umap", "tsne", "pca"), help="may be repeated"
    )
    part.add_argument("--dims", type=int, default=2, choices=(2, 3), help="dimensions of the map")
    part.add_argument("--seed", type=int, help="seed of maps and clusters")
    part.add_argument("--title", default="", help="what to call it")
    part.add_argument("--fresh", action="store_true", help="do not start from the map it is on")
    part.set_defaults(do=_part)
    parts = commands.add_parser("parts", parents=[common], help="list the parts of a set")
    parts.add_argument("name", help="the set")
    parts.set_defaults(do=_parts)
