"""The commands `dedupe` and `filter-stream`: taking out copies, and frames that repeat."""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings

LEVELS = ("identical", "pixels", "near", "turned")

_WORDS = {"identical": "files of equal bytes", "pixels": "pictures of equal pixels",
          "near": "near-duplicates", "turned": "turned copies"}  # fmt: skip


# -- dedupe ----------------------------------------------------------------------------------------


def _dedupe(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.choosing import data_of
    from core.curation import Desk
    from core.quality.copies import Duplicates
    from core.quality.request import QualityRequest
    from core.runner import open_workspace, run_here

    turned = options.turned or options.level == "turned"
    request = QualityRequest(
        options.name, tau=options.tau, turned=turned, topics=("duplicates",), seed=settings.seed
    )
    workspace = open_workspace(settings)
    opened = data_of(options.name, workspace).opened  # a wrong name starts no job
    with terminal_progress() as listen:
        result = run_here(settings, "quality", request.to_json(), f"{opened.title}: copies", listen)
    key = result["keys"]["duplicates"]
    found = Duplicates.stored(workspace.read("duplicates", key))
    desk = Desk(workspace)
    plan = plan_of(found, desk.view(opened), options.level)
    if not options.dry_run:
        _apply(options, desk, opened, plan)
    if options.json:
        print_json(_as_json(plan, found, opened, options))
    else:
        _tell(plan, found, options)
    return 0


def plan_of(found: Any, view: Any, level: str) -> dict[str, Any]:
    """Return which images of a set are to go: all copies but those to keep.

    Parameters
    ----------
    found
        The copies (`core.quality.copies.Duplicates`).
    view
        What was decided about the set; what is out already is not counted again, and of a group
        one image in the set always stays.
    level
        One of the levels.

    Returns
    -------
    dict
        level, drop (rows, ascending), keep (the other rows of the working set), groups (how many
        lose an image), conflicts (groups left alone because their labels differ), text.
    """
    import numpy as np

    groups = found.of_level(level)
    calm = groups[~groups["conflict"].to_numpy(bool)]
    members = found.members[found.members["group"].isin(calm["group"])]
    inside = np.zeros(len(view), bool)
    inside[view.working] = True
    members = members[inside[members["row"].to_numpy()]]
    first = ~members["group"].duplicated().to_numpy()  # the best of those still in the set
    goes = members[~(first | members["stays"].to_numpy(bool))]
    drop = np.sort(goes["row"].to_numpy(np.int64))
    count = int(goes["group"].nunique())
    near = f", τ = {found.tau:.4g}" if level in {"near", "turned"} else ""
    copies, held = _some(len(drop), "copy", "copies"), _some(count, "group", "groups")
    return {
        "level": level, "drop": drop, "keep": np.setdiff1d(view.working, drop), "groups": count,
        "conflicts": int(groups["conflict"].sum()),
        "text": f"{_WORDS[level]}{near}: {copies} in {held}, the image to keep of each stays",
    }  # fmt: skip


def _some(count: int, one: str, many: str) -> str:
    """Return a count with its word: "1 group", "2 copies"."""
    return f"{count:,} {one if count == 1 else many}"


def _apply(options: argparse.Namespace, desk: Any, opened: Any, plan: dict[str, Any]) -> None:
    """Do what is asked for, as one act."""
    from core.choices.slices import has_slice

    if options.drop and len(plan["drop"]):
        desk.act(opened, "drop", plan["drop"], reason=plan["text"], about="duplicates")
    if options.slice and not has_slice(options.slice, desk.view(opened), plan["keep"]):
        how = f"Without {plan['text']}"
        desk.act(opened, "slice.create", plan["keep"], name=options.slice, how=how)


def _as_json(
    plan: dict[str, Any], found: Any, opened: Any, options: argparse.Namespace
) -> dict[str, Any]:
    ids = opened.items["item_id"].astype(str).to_numpy(object)
    numbers = found.of_level(plan["level"])
    groups = [
        {
            "items": ids[found.rows_of(int(line["group"]))].tolist(),
            "rows": found.rows_of(int(line["group"])).tolist(),
            "keeper": str(ids[int(line["keeper"])]),
            "reason": line["keeper_reason"],
            "confidence": line["confidence"],
            "conflict": bool(line["conflict"]),
            "diameter": float(line["diameter"]),
        }
        for line in numbers.to_dict("records")
    ]
    return {
        "set": opened.name, "level": plan["level"], "threshold": found.tau,
        "source": found.meta["source"], "groups": groups, "drop": ids[plan["drop"]].tolist(),
        "kept": len(plan["keep"]), "conflicts": plan["conflicts"], "done": _done(options, plan),
        "text": plan["text"],
    }  # fmt: skip


def _done(options: argparse.Namespace, plan: dict[str, Any]) -> list[str]:
    """Return what was done: "drop", "slice"."""
    if options.dry_run:
        return []
    dropped = ["drop"] if options.drop and len(plan["drop"]) else []
    return dropped + (["slice"] if options.slice else [])


def _tell(plan: dict[str, Any], found: Any, options: argparse.Namespace) -> None:
    """Print for a person what was found and done."""
    print(found.meta["text"])
    for level, counts in found.meta["counts"].items():
        groups, copies = counts["groups"], counts["copies"]
        print(
            f"  {_WORDS[level]}: {_some(groups, 'group', 'groups')}, "
            f"{_some(copies, 'copy', 'copies')}"
        )
    print(plan["text"])
    if plan["conflicts"]:
        groups = _some(plan["conflicts"], "group bears", "groups bear")
        left = "is" if plan["conflicts"] == 1 else "are"
        print(f"  {groups} different labels and {left} left to you")
    done = _done(options, plan)
    if "drop" in done:
        print(f"  dropped {len(plan['drop']):,}; undo takes it back")
    if "slice" in done:
        print(f"  slice “{options.slice}” holds the {len(plan['keep']):,} that stay")
    if not done:
        print("  nothing was changed: --drop takes the copies out, --slice NAME keeps the others")


# -- filter-stream ---------------------------------------------------------------------------------


def _filter_stream(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.choosing import data_of
    from core.findings.streams import Streams
    from core.quality.stream_request import StreamRequest
    from core.runner import open_workspace, run_here

    request = StreamRequest(
        options.name, options.tau, options.window, options.by, options.within,
        "" if options.no_slice else options.slice,
    )  # fmt: skip
    workspace = open_workspace(settings)
    opened = data_of(options.name, workspace).opened
    title = f"{opened.title}: stream filter"
    with terminal_progress() as listen:
        result = run_here(settings, "stream", request.to_json(), title, listen)
    if options.json:
        kept = Streams(workspace).open(result["stream"]).kept_rows
        ids = opened.items["item_id"].iloc[kept].astype(str).tolist()
        print_json(result | {"rows": kept.tolist(), "items": ids})
        return 0
    print(result["text"])
    print(f"  threshold from: {result['source']}")
    for line in result["sequences"] if len(result["sequences"]) > 1 else ():
        print(f"  {line['sequence']}: {line['kept']:,} of {line['frames']:,}")
    told = ", ".join(f"{line['tau']:.3g}: {line['kept']:,}" for line in result["curve"])
    print(f"  kept at other thresholds: {told}")
    for note in result["notes"]:
        print(f"  {note}")
    if result["slice"]:
        print(f"  slice “{result['slice']}”")
    return 0


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `dedupe` and `filter-stream` to an argparse sub-parser group."""
    _add_dedupe(commands, common)
    _add_stream(commands, common)


def _add_dedupe(commands: Any, common: argparse.ArgumentParser) -> None:
    dedupe = commands.add_parser(
        "dedupe", parents=[common], help="find copies in a set, and take them out"
    )
    dedupe.add_argument("name", help="the set, or a part as SET/KEY")
    dedupe.add_argument(
        "--level", choices=LEVELS, default="near",
        help="identical (bytes), pixels, near (the default, holds both) or turned",
    )  # fmt: skip
    dedupe.add_argument(
        "--tau", type=float, metavar="T", help="distance of near-duplicates; else learned"
    )
    dedupe.add_argument("--turned", action="store_true", help="look for turned copies as well")
    what = dedupe.add_mutually_exclusive_group()
    what.add_argument("--drop", action="store_true", help="drop the copies: one act, undoable")
    what.add_argument("--slice", metavar="NAME", help="keep the others as a slice of this name")
    dedupe.add_argument("--dry-run", action="store_true", help="tell, and change nothing")
    dedupe.add_argument("--seed", type=int, help="seed of everything random")
    dedupe.set_defaults(do=_dedupe)


def _add_stream(commands: Any, common: argparse.ArgumentParser) -> None:
    stream = commands.add_parser(
        "filter-stream", parents=[common], help="thin a sequence: leave out frames that repeat"
    )
    stream.add_argument("name", help="the set, or a part as SET/KEY")
    stream.add_argument(
        "--tau", type=float, metavar="T", help="a frame this near to a kept one is left out"
    )
    stream.add_argument(
        "--window", type=int, metavar="W", help="compare with the last W kept, not with all"
    )
    stream.add_argument(
        "--by", metavar="C", help="the column that orders frames; else time, or the path"
    )
    stream.add_argument("--within", metavar="C", help="the column that tells sequences apart")
    named = stream.add_mutually_exclusive_group()
    named.add_argument("--slice", metavar="NAME", help="name of the slice of kept frames")
    named.add_argument("--no-slice", action="store_true", help="make no slice")
    stream.set_defaults(do=_filter_stream)
