"""Labels as a folder tree: a folder for each label, with copies of its files or links to them."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import DecodeError, InputError
from core.export.folder import Folder
from core.export.makers import Copies, Crops, Links, Maker
from core.export.names import safe_name, without_clashes
from core.export.sources import sources_of
from core.ingest.folders import labels_and_splits
from core.labelfiles.album import Album
from core.labelfiles.handed import handed_names
from core.labelfiles.names import with_copy
from core.labelfiles.rows import Rows

#: At the top of a tree: which label each folder stands for, where a name could not be the label.
FOLDERS = "folders.csv"


def write_folder(
    target: Path, rows: Rows, opened: Any, album: Album | None = None, *, links: bool
) -> tuple[str, ...]:
    """Put the files of rows into a folder for each label and return notes.

    Parameters
    ----------
    target
        New or empty.
    rows
        Whole files, or frames of files, which are written as PNG.
    album
        What frames are read with, and who is told how far it is.
    links
        Symbolic links instead of copies; of whole files only.

    Raises
    ------
    InputError
        The folder holds something, or the items are no whole files.
    OSError
        The disk is full or refuses.
    """
    if not rows.are_pictures or (links and not rows.are_files):
        raise InputError(
            f"a folder tree{' of links' if links else ''} holds whole "
            f"{'files' if links else 'pictures'}, and these items are parts of files or have none: "
            "write their labels as csv, parquet or coco"
        )
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty; name a new or an empty folder")
    folder = Folder(target)
    names, mapping = _names(rows, opened)
    album = album or Album(target)
    files = (Links if links else Copies)(opened.root)
    frames = Crops(opened.root, album.limits)
    for number, (source, name) in enumerate(zip(sources_of(opened, rows.rows), names, strict=True)):
        album.progress.report("writing pictures", number, len(names))
        try:
            maker: Maker = files if source.region.frame is None else frames
            maker.make(source, folder.prepare(name))
        except DecodeError as error:
            album.miss(source.path, error)
            continue
        album.written += 1
    if mapping:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([("folder", "label"), *mapping.items()])
        (target / FOLDERS).write_bytes(text.getvalue().encode())
    return album.notes


def read_mapping(folder: Path) -> dict[str, str]:
    """Return which label each folder of a tree stands for; {} where their names are the labels."""
    path = folder / FOLDERS
    if not path.is_file():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (ValueError, csv.Error) as error:
        raise InputError(f"{folder.name}/{FOLDERS}: not a table ({error})") from error
    if not rows or rows[0] != ["folder", "label"]:
        return {}
    return {row[0]: row[1] for row in rows[1:] if len(row) == 2}


def _names(rows: Rows, opened: Any) -> tuple[list[str], dict[str, str]]:
    """Return each file's name below the tree, and which label each folder is, where that differs.

    The folders are read as an import would read them: if that gives other labels, the mapping
    tells the right ones.
    """
    labels = list(dict.fromkeys(label for label in rows.labels if label is not None))
    folder = _folders(labels)
    lasts = _told_apart(rows, [safe_name(last) for last in _lasts(rows, opened)])
    wanted = [
        last if label is None else f"{folder[label]}/{last}"
        for label, last in zip(rows.labels, lasts, strict=True)
    ]
    names = without_clashes(wanted, [FOLDERS])
    if labels_and_splits(names)[0] == rows.labels:
        return names, {}
    return names, {folder[label]: label for label in labels}


def _lasts(rows: Rows, opened: Any) -> list[str]:
    """Return the last name of each file, or what a frame is called as a picture of its own."""
    frames = any(frame is not None for frame in rows.frames)
    known = handed_names(opened.base.items) if frames else {}
    names = [path if frame is None else known[path, frame]
             for path, frame in zip(rows.paths, rows.frames, strict=True)]  # fmt: skip
    return [name.rpartition("/")[2] for name in names]


def _folders(labels: Sequence[str]) -> dict[str, str]:
    """Return a folder for each label, no two of which are one where capitals do not count."""
    used, found = {FOLDERS}, {}
    for label in labels:
        wanted = free = _folder(label)
        number = 2
        while unicodedata.normalize("NFC", free).casefold() in used:
            free, number = f"{wanted} ({number})", number + 1
        used.add(unicodedata.normalize("NFC", free).casefold())
        found[label] = free
    return found


def _folder(label: str) -> str:
    """Return a label as a folder below the tree, nested where it has slashes."""
    return "/".join(safe_name(part) for part in label.split("/") if part.strip(" .")) or "_"


def _told_apart(rows: Rows, lasts: Sequence[str]) -> list[str]:
    """Return file names where the copies of one file tell which they are, if that matters.

    It does where copies have different labels, or some of them are not written.
    """
    ids = [address.partition(":")[0] for address in rows.addresses]
    labels: dict[str, set[str | None]] = {}
    for item_id, label in zip(ids, rows.labels, strict=True):
        labels.setdefault(item_id, set()).add(label)
    found = []
    for place, (item_id, last) in enumerate(zip(ids, lasts, strict=True)):
        number = int(rows.addresses[place].partition(":")[2] or 1)
        told = rows.apart[place] or len(labels[item_id]) > 1
        found.append(with_copy(last, number) if told else last)
    return found
