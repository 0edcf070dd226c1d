"""The commands `import-labels` and `export-labels`."""

import argparse
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError

#: Of what a file names and the set does not have, as many are listed as JSON.
_LISTED = 100
#: And as many for a person.
_SHOWN = 5


def _opened(options: argparse.Namespace, settings: Settings) -> tuple[Any, Any, Any]:
    """Return the workspace, the desk and the set or part that the command names."""
    from core.curation import Desk
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    desk = Desk(workspace)
    return workspace, desk, Library.with_desk(workspace, desk).open(options.name)


# -- import-labels ---------------------------------------------------------------------------------


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.labelfiles import apply_labels, match_labels, read_labels
    from core.progress import Progress
    from core.storage.catalog import Catalog

    workspace, desk, opened = _opened(options, settings)
    with terminal_progress() as listen, Catalog(workspace.root / "catalog.sqlite") as hashes:
        file = read_labels(options.file, options.column, hashes=hashes, progress=Progress(listen))
    view = desk.view(opened)
    matched = match_labels(opened, file, view, clear=options.clear)
    if not len(matched.rows) and not matched.without_label:
        raise InputError(f"{file.name}: {_nothing(file, matched, view.noun)}")
    event = None
    if not options.dry_run:
        event = apply_labels(desk, opened, matched, options.reason or f"from {file.name}")
    if options.json:
        print_json(_import_value(options, opened, file, matched, event))
    else:
        _tell(file, matched, event, view.noun, dry=options.dry_run)
    return 0


def _nothing(file: Any, matched: Any, noun: str) -> str:
    """Return why nothing of a file could be taken."""
    from core.curation.words import counted

    if not file.entries:
        return "it names no images"
    trouble = matched.ambiguous or matched.unmatched
    if not trouble:
        return "none of its lines has a label"
    what, why = trouble[0]
    if len(file.entries) == 1:
        return f"its one {noun} was not found: {what}: {why}"
    return f"none of its {counted(len(file.entries), noun)} was found; the first: {what}: {why}"


def _import_value(
    options: argparse.Namespace, opened: Any, file: Any, matched: Any, event: Any
) -> dict[str, Any]:
    return {
        "set": opened.name,
        "file": file.name,
        "format": file.format,
        "column": file.column,
        "entries": len(file.entries),
        "matched": len(matched.rows),
        "changed": matched.changed,
        "same": matched.same,
        "without_label": matched.without_label,
        "by": matched.by,
        "new_labels": matched.unknown[:_LISTED],
        "unmatched_count": len(matched.unmatched),
        "unmatched": [list(pair) for pair in matched.unmatched[:_LISTED]],
        "ambiguous_count": len(matched.ambiguous),
        "ambiguous": [list(pair) for pair in matched.ambiguous[:_LISTED]],
        "notes": [*file.notes, *matched.notes],
        "dry_run": options.dry_run,
        "event": event.number if event else None,
    }


def _tell(file: Any, matched: Any, event: Any, noun: str, *, dry: bool) -> None:
    """Print what a file of labels did, or would do, for a person."""
    from core.curation.words import counted

    column = f", column {file.column!r}" if file.column else ""
    print(f"{file.name} ({file.format}{column}): {counted(len(file.entries), noun)}")
    ways = ", ".join(f"{count:,} by {way}" for way, count in matched.by.items())
    print(f"  {len(matched.rows):,} found in the set{f' ({ways})' if ways else ''}")
    if dry:
        print(f"  {matched.changed:,} would get another label, {matched.same:,} have it already")
    elif event is None:
        print("  every one has its label already: nothing was written")
    else:
        print(f"  {event.count:,} have another label now, {matched.same:,} had it already")
    if matched.without_label:
        print(f"  {matched.without_label:,} have no label in the file")
    if matched.unknown:
        more = " and more" if len(matched.unknown) > _SHOWN else ""
        print(f"  labels that are new to the set: {', '.join(matched.unknown[:_SHOWN])}{more}")
    for told, pairs in (("not taken", matched.unmatched), ("not clear", matched.ambiguous)):
        for key, why in pairs[:_SHOWN]:
            print(f"  {told}: {key}: {why}")
        if len(pairs) > _SHOWN:
            print(f"  {told}: {len(pairs) - _SHOWN:,} more")
    for note in (*file.notes, *matched.notes):
        print(f"  {note}")


# -- export-labels ---------------------------------------------------------------------------------


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from core.imaging.imagefile import Limits
    from core.labelfiles import format_of, write_labels

    workspace, desk, opened = _opened(options, settings)
    target = Path(options.out).expanduser().absolute()
    done = write_labels(
        opened, desk.view(opened), target, format_of(target, options.format),
        slice=options.slice, workspace=workspace, replace=True, pictures=options.pictures,
        limits=Limits(settings.max_pixels, settings.max_file_mb * 2**20),
    )  # fmt: skip
    value = {
        "set": opened.name,
        "path": str(done.path),
        "format": done.format,
        "images": done.images,
        "labelled": done.labelled,
        "counts": done.counts,
        "notes": list(done.notes),
        "pictures": None if done.pictures is None else str(done.pictures),
        "written": done.written,
    }
    if options.json:
        print_json(value)
        return 0
    print(
        f"{done.path}: {done.labelled:,} of {done.images:,} images have one of "
        f"{len(done.counts):,} labels"
    )
    if done.pictures is not None:
        print(f"  {done.pictures}: {done.written:,} pictures")
    for note in done.notes:
        print(f"  {note}")
    return 0


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `import-labels` and `export-labels` to an argparse sub-parser group."""
    take = commands.add_parser(
        "import-labels", parents=[common], help="take labels from a table, a folder or another tool"
    )
    take.add_argument("name", help="the set, or a part as SET/KEY")
    take.add_argument("file", help="a .csv, .parquet, .json or .xml file, or a folder")
    take.add_argument("--column", metavar="C", help="the column of the labels, if none is found")
    take.add_argument("--dry-run", action="store_true", help="say what would change, and stop")
    take.add_argument(
        "--clear",
        action="store_true",
        help="take the label off images whose label in the file is empty",
    )
    take.add_argument("--reason", help="for the log, instead of the file's name")
    take.set_defaults(do=_import)

    give = commands.add_parser(
        "export-labels", parents=[common], help="write the labels of the working set, as edited"
    )
    give.add_argument("name", help="the set, or a part as SET/KEY")
    give.add_argument("out", help="the file (.csv, .parquet, .json for COCO, .xml) or a new folder")
    give.add_argument(
        "--format",
        metavar="F",
        help="csv, parquet, coco, labelstudio, cvat, fiftyone, yolo, folder (copies) or links; "
        "else by name",
    )
    give.add_argument("--slice", metavar="S", help="only what is in this slice")
    give.add_argument(
        "--pictures", action="store_true",
        help="write the pictures beside the labels; frames and pages always are",
    )  # fmt: skip
    give.set_defaults(do=_export)
