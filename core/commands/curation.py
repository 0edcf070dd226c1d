"""The commands on slices and the curation log: slices, slice, log, undo, redo, bundle, replay."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError

#: Exit code of `replay` where the source is not the log's set.
DIFFERS = 2


def _opened(options: argparse.Namespace, settings: Settings) -> tuple[Any, Any]:
    """Return the desk and the set or part that the command names."""
    from core.curation import Desk
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    desk = Desk(workspace)
    return desk, Library.with_desk(workspace, desk).open(options.name)


def _target(text: str) -> Path:
    """Return the file to write; its folder must be there."""
    path = Path(text).expanduser().absolute()
    if not path.parent.is_dir():
        raise InputError(f"the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    return path


def _put(path: Path, data: bytes) -> None:
    """Write bytes as a file, whole or not at all."""
    from core.export.whole import write_whole

    def write(part: Path) -> None:
        part.write_bytes(data)

    write_whole(path, write)


# -- slices ----------------------------------------------------------------------------------------


def _slice_value(one: Any) -> dict[str, Any]:
    """Return a slice as JSON, without its rows."""
    return {
        "name": one.name, "count": one.count, "total": one.total, "missing": one.missing,
        "created": one.created, "updated": one.updated, "how": one.how,
    }  # fmt: skip


def _slices(options: argparse.Namespace, settings: Settings) -> int:
    from core.curation.words import counted

    desk, opened = _opened(options, settings)
    view = desk.view(opened)
    found = view.slices
    if options.json:
        print_json([_slice_value(one) for one in found])
        return 0
    for one in found:
        gone = f", {one.missing:,} of it not in the set any more" if one.missing else ""
        how = f", {one.how}" if one.how else ""
        print(f"{one.name}: {counted(one.count, view.noun)}{gone}{how}")
    if not found:
        print(f"no slices of {opened.name}; `slice {opened.name} NAME --ids FILE` makes one")
    return 0


def _slice(options: argparse.Namespace, settings: Settings) -> int:
    desk, opened = _opened(options, settings)
    event = _change(options, desk, opened)
    view = desk.view(opened)
    name = options.slice if event is None else event.fields.get("to", event.fields["name"])
    if options.delete:
        value: dict[str, Any] = {"name": name, "deleted": True}
    else:
        one = view.slice(name)
        value = _slice_value(one) | {"items": [opened.addresses[row] for row in one.rows.tolist()]}
    if options.json:
        print_json(value)
    elif event is None:
        print("\n".join(value["items"]))
    else:
        print(view.history(1)[0].text)
    return 0


def _change(options: argparse.Namespace, desk: Any, opened: Any) -> Any:
    """Do what the flags say and return the event; None where the slice is only looked at."""
    from core.curation.acts import stored

    name = options.slice
    if options.delete:
        return desk.act(opened, "slice.delete", name=name)
    if options.rename is not None:
        return desk.act(opened, "slice.rename", name=name, to=options.rename)
    if options.ids is None:
        return None
    rows = read_ids(Path(options.ids), opened)
    there = any(one.name == stored(name) for one in desk.view(opened).slices)
    how = f"from the list {Path(options.ids).name}"
    return desk.act(opened, "slice.set" if there else "slice.create", rows, name=name, how=how)


def read_ids(path: Path, opened: Any) -> np.ndarray:
    """Return the rows that a file names, one a line: an address or a path in the set.

    A path that several items have, as the frames of one file, stands for all of them.

    Raises
    ------
    InputError
        It cannot be read, names nothing, or a line names no item; the message has its number.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"{path}: cannot be read: {reason}") from error
    by_address = {address: row for row, address in enumerate(opened.addresses)}
    by_path: dict[str, list[int]] = {}
    if "path" in opened.items:
        for row, one in enumerate(opened.items["path"]):
            if isinstance(one, str):
                by_path.setdefault(one, []).append(row)
    rows: list[int] = []
    for number, line in enumerate(lines, 1):
        name = line.strip()
        found = [by_address[name]] if name in by_address else by_path.get(name)
        if name and not found:
            raise InputError(f"{path}, line {number}: {name!r} is no item of {opened.name!r}")
        rows += found or []
    if not rows:
        raise InputError(f"{path}: names no items; write an address or a path on each line")
    return np.unique(np.array(rows, np.int64))


# -- the log ---------------------------------------------------------------------------------------


def _log(options: argparse.Namespace, settings: Settings) -> int:
    if options.limit < 1:
        raise InputError(f"--limit {options.limit}: needs a number of 1 or more")
    desk, opened = _opened(options, settings)
    lines = desk.view(opened).history(limit=options.limit, slice=options.slice)
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        print(f"{line.number:>5} {line.when} {line.text}{' (undone)' if line.undone else ''}")
    if not lines:
        print(f"nothing was decided about {opened.name} yet")
    return 0


def _step(options: argparse.Namespace, settings: Settings) -> int:
    desk, opened = _opened(options, settings)
    event = desk.undo(opened) if options.command == "undo" else desk.redo(opened)
    text = desk.view(opened).history(1)[0].text if event else f"nothing to {options.command}"
    if options.json:
        print_json({"event": event.fields["event"] if event else None, "text": text})
    else:
        print(text)
    return 0


def _bundle(options: argparse.Namespace, settings: Settings) -> int:
    from core.export.folder import checked_file
    from core.runner import open_workspace

    desk, opened = _opened(options, settings)
    target = _target(options.out)
    checked_file(target, opened, open_workspace(settings), picture=False)
    rows = np.arange(len(opened)) if opened.is_part and options.slice is None else None
    data = desk.bundle(opened, slice=options.slice, rows=rows)
    _put(target, data)
    if options.json:
        print_json({"set": opened.name, "slice": options.slice, "file": str(target)})
    else:
        print(target)
    return 0


def _replay(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.ingest.naming import canonical, is_elsewhere
    from core.progress import Progress
    from core.replay import replay
    from core.runner import open_workspace

    target = _target(options.out) if options.out else None
    source = canonical(options.source)
    log = Path(options.log).expanduser()
    if target is not None and target.exists():
        own = {log.resolve()} | (set() if is_elsewhere(source) else {Path(source).resolve()})
        if own & {target.resolve(), *target.resolve().parents}:
            raise InputError(f"--out {target}: lies in the source or is the log; name another file")
    with terminal_progress() as listen:
        found = replay(
            log, source, open_workspace(settings), settings, slice=options.slice,
            progress=Progress(listen),
        )  # fmt: skip
    if target is not None:
        _put(target, found.manifest)
    if options.json:
        print_json(_replay_value(found, target))
    elif target is not None:
        print(f"{target}: {found.items:,} items, {found.events:,} events")
    else:
        sys.stdout.buffer.write(found.manifest)
        sys.stdout.buffer.flush()
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if found.same:
        return 0
    print(f"{'note' if options.allow_changes else 'error'}: {found.statement()}", file=sys.stderr)
    return 0 if options.allow_changes else DIFFERS


def _replay_value(found: Any, target: Path | None) -> dict[str, Any]:
    """Return what `replay --json` prints; of long lists the first hundred."""
    import hashlib

    return {
        "same": found.same,
        "statement": found.statement(),
        "manifest": str(target) if target else None,
        "sha256": hashlib.sha256(found.manifest).hexdigest(),
        "items": found.items,
        "events": found.events,
        "counts": {
            "missing": len(found.missing), "new": len(found.new), "renamed": len(found.renamed),
            "left_out": found.left_out,
        },
        "missing": found.missing[:100],
        "new": found.new[:100],
        "renamed": [list(pair) for pair in found.renamed[:100]],
        "reordered": found.reordered,
        "notes": list(found.notes),
    }  # fmt: skip


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the commands to an argparse sub-parser group."""
    _add_slices(commands, common)
    log = commands.add_parser("log", parents=[common], help="what was decided, newest first")
    log.add_argument("name", help="the set or part")
    log.add_argument("--slice", help="only what was done to this slice")
    log.add_argument("--limit", type=int, default=200, help="how many lines at most")
    log.set_defaults(do=_log)

    for word, told in (("undo", "take back the last act"), ("redo", "do again what was undone")):
        step = commands.add_parser(word, parents=[common], help=told)
        step.add_argument("name", help="the set")
        step.set_defaults(do=_step, command=word)
    _add_bundles(commands, common)


def _add_slices(commands: Any, common: argparse.ArgumentParser) -> None:
    slices = commands.add_parser("slices", parents=[common], help="list the slices of a set")
    slices.add_argument("name", help="the set or part")
    slices.set_defaults(do=_slices)

    one = commands.add_parser(
        "slice", parents=[common], help="show, save, rename or delete a slice"
    )
    one.add_argument("name", help="the set or part")
    one.add_argument("slice", help="the slice's name")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--ids", metavar="FILE", help="save it: an item's address or path on a line")
    what.add_argument("--rename", metavar="NAME", help="give it another name")
    what.add_argument("--delete", action="store_true", help="delete it; undo brings it back")
    one.set_defaults(do=_slice)


def _add_bundles(commands: Any, common: argparse.ArgumentParser) -> None:
    bundle = commands.add_parser(
        "bundle", parents=[common], help="write manifest, log and provenance as one zip"
    )
    bundle.add_argument("name", help="the set or part")
    bundle.add_argument("--out", required=True, metavar="FILE.zip", help="the file to write")
    bundle.add_argument("--slice", help="restrict the manifest to this slice")
    bundle.set_defaults(do=_bundle)

    again = commands.add_parser(
        "replay", parents=[common], help="apply a log to a source: the manifest again"
    )
    again.add_argument("log", help="log.jsonl or a bundle")
    again.add_argument("source", help="what `run` takes: a folder, a table, a file, sample:digits")
    again.add_argument("--out", metavar="FILE", help="file for the manifest; else it is printed")
    again.add_argument("--slice", help="restrict the manifest to this slice")
    again.add_argument(
        "--allow-changes", action="store_true", help="a source that differs is no failure"
    )
    again.add_argument("--workers", type=int, help="decoding threads")
    again.set_defaults(do=_replay)
