"""The command `cutout`: the same images, cut out by their masks, as a set of their own."""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings

#: Images without a mask that are named to a person.
_SHOWN = 5


def _cutout(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.curation import Desk
    from core.cutting import CutoutRequest, find_masks
    from core.library import Library
    from core.runner import open_workspace, run_here

    name = options.as_name or f"{options.name} cut out"
    request = CutoutRequest(options.name, name, options.masks, options.column, options.crop)
    workspace = open_workspace(settings)
    opened = Library.with_desk(workspace, Desk(workspace)).open(options.name)
    find_masks(opened, folder=options.masks, column=options.column)  # a fault starts no job
    with terminal_progress() as listen:
        title = f"{options.name}: cut out"
        result = run_here(settings, "cutout", request.to_json(), title, listen)
    if options.json:
        print_json(result)
    else:
        _tell(name, result)
    return 0


def _tell(name: str, result: dict[str, Any]) -> None:
    print(f"{name}: {result['images']:,} images cut out by their masks")
    without = result["without"]
    for path, why in without[:_SHOWN]:
        print(f"  without: {path}: {why}")
    if len(without) > _SHOWN:
        print(f"  and {len(without) - _SHOWN:,} more without a mask")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `cutout` to an argparse sub-parser group."""
    cutout = commands.add_parser(
        "cutout", parents=[common], help="cut the images of a set out by their masks"
    )
    cutout.add_argument("name", help="the set")
    cutout.add_argument("--masks", metavar="FOLDER", help="where the masks lie")
    cutout.add_argument("--column", metavar="C", help="or the column that names them")
    cutout.add_argument("--as", dest="as_name", metavar="NEW", help="the new set's name")
    cutout.add_argument("--crop", action="store_true", help="also cut each image to its object")
    cutout.set_defaults(do=_cutout)
