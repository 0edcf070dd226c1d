"""Copies, links and cropped pictures of files, in a folder with a list of what is where."""

import csv
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DecodeError, InputError, JobCancelled
from core.export.folder import Folder, trouble
from core.export.formats import Options
from core.export.makers import Maker, maker_of
from core.export.names import wanted_name, without_clashes
from core.export.sources import Source
from core.imaging.imagefile import Limits
from core.ingest.folders import printable
from core.progress import Progress

LIST = "exported.csv"

_STAGES = {"copies": "copying files", "links": "linking files", "crops": "cropping pictures"}


@dataclass(slots=True)
class Entry:
    """One file to write and the items that it stands for."""

    name: str
    source: Source
    items: list[Source] = field(default_factory=list)
    note: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What an export into a folder did.

    Attributes
    ----------
    folder, listing
        Where the files are, and the list of them.
    files, kept
        Files written now, and those that were there already with the same content.
    missing
        Path and reason of each that could not be read.
    """

    folder: Path
    listing: Path
    files: int
    kept: int
    missing: list[tuple[str, str]]


def export_files(
    sources: Sequence[Source],
    root: Path,
    folder: Path,
    to: str,
    options: Options,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write each item's file (or cropped picture) into a folder, with a list of them.

    A file that several items are regions or frames of is written once (by label once under each of
    their labels), but for crops. A file that is there already with the same content is kept, so
    that an export that was stopped goes on; one with other content is never replaced. A source
    that is gone is listed and does not stop the rest.

    Parameters
    ----------
    sources, root
        The items in order, and the set's folder.
    folder
        As `core.export.folder.checked_target` returns it.
    to
        copies, links or crops.

    Raises
    ------
    InputError
        The items have no pictures, or the folder holds other files of these names; nothing was
        written.
    StorageError
        The disk is full or refuses; the message says how many files are there, and they stay.
    """
    progress = progress or Progress()
    entries = _plan(sources, to, options)
    if sources and not entries:
        raise InputError("these items are vectors without pictures: there are no files to write")
    maker = maker_of(to, root, options, limits or Limits())
    written = kept = 0
    try:
        target = Folder(folder)
        there = _compare(entries, target, maker, progress)
    except OSError as error:
        raise trouble(f"writing into {folder}", error, "nothing was written") from error
    try:
        for number, entry in enumerate(entries):
            progress.report(_STAGES[to], number, len(entries))
            if entry.name in there:
                entry.done, kept = True, kept + 1
            elif _write(entry, target, maker):
                written += 1
        progress.report(_STAGES[to], len(entries), len(entries))
        listing = _write_list(target, entries)
    except OSError as error:
        raise _stopped(target, entries, maker, error) from error
    except (JobCancelled, KeyboardInterrupt):
        with suppress(OSError):
            _write_list(target, entries)
        raise
    missing = [(e.source.path, e.note) for e in entries if not e.done]
    return Written(folder, listing, written, kept, missing)


def _plan(sources: Sequence[Source], to: str, options: Options) -> list[Entry]:
    """Return the files to write, in the order of the items, with the names they get."""
    by_key: dict[Any, Entry] = {}
    for source in sources:
        if not source.path:
            continue
        key = (source.path, source.label if options.layout == "label" else "",
               source.region if to == "crops" else None)  # fmt: skip
        by_key.setdefault(key, Entry("", source)).items.append(source)
    entries = list(by_key.values())
    endings = [_crop_ending(e.source) if to == "crops" else None for e in entries]
    wanted = [
        wanted_name(entry.source, options.layout, ending)
        for entry, ending in zip(entries, endings, strict=True)
    ]
    for entry, name in zip(entries, without_clashes(wanted, [LIST]), strict=True):
        entry.name = name
    return entries


def _crop_ending(source: Source) -> str:
    """Return what a cropped picture's name ends with: where it lies in its file, and .png."""
    region = source.region
    parts = [] if region.frame is None else [f"frame{region.frame}"]
    if region.box is not None:
        parts += [f"{side:g}" for side in region.box]
    return "".join(f"_{part}" for part in parts).replace(".", ",") + ".png"


def _compare(entries: list[Entry], target: Folder, maker: Maker, progress: Progress) -> set[str]:
    """Return the names that are there with the right content; refuse if one has another."""
    there, other = set(), []
    for number, entry in enumerate(entries):
        progress.report("looking at the folder", number, len(entries))
        path = target.path(entry.name)
        if not os.path.lexists(path):
            continue
        try:
            same = maker.same(entry.source, path)
        except DecodeError:  # its source is gone; what was exported before stays
            continue
        if same:
            there.add(entry.name)
        else:
            other.append(entry.name)
    if other:
        raise InputError(
            f"{target.root} holds other content under {len(other):,} of these names, such as "
            f"{printable(other[0])}; nothing was written: choose a new or an empty folder"
        )
    return there


def _write(entry: Entry, target: Folder, maker: Maker) -> bool:
    """Write one file; False, with the reason noted, if its source cannot be read."""
    try:
        path = target.prepare(entry.name)
        entry.note = maker.make(entry.source, path)
    except DecodeError as error:
        entry.note = str(error)
        return False
    entry.done = True
    return True


def _stopped(target: Folder, entries: list[Entry], maker: Maker, error: OSError) -> Exception:
    """Return why the writing stopped, with what is there, after trying to list it."""
    with suppress(OSError):
        _write_list(target, entries)
    done = [entry.name for entry in entries if entry.done]
    told = f"{len(done):,} of {len(entries):,} files are there and stay"
    if done:
        told += f", the last is {printable(done[-1])}"
    return trouble(maker.doing(target.root), error, told)


def _write_list(target: Folder, entries: list[Entry]) -> Path:
    """Write the list of what was exported: one line an item, in the order of the files.

    It replaces an earlier list only if it goes on from it, as after an export that was stopped.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["row", "item_id", "path", "name", "note"])
    for entry in entries:
        for item in entry.items if entry.done or entry.note else ():
            name = entry.name if entry.done else ""
            lines.writerow([item.row, item.item_id, item.path, name, entry.note])
    data = text.getvalue().encode("utf-8", "backslashreplace")
    for number in range(1, 10_000):
        path = target.root / (LIST if number == 1 else f"exported ({number}).csv")
        old = None if not os.path.lexists(path) else _read(path)
        if old is None or data.startswith(old):
            _replace(path, data)
            break
        if old.startswith(data):  # stopped again, before it came as far as the last time
            break
    return path


def _read(path: Path) -> bytes:
    """Return a list that is there, or what no list is equal to."""
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b"\0"


def _replace(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there."""
    part = path.with_name(f".writing-{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
