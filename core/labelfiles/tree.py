"""Labels from a folder tree: the folder that a picture lies in is its label."""

import os
from collections import Counter
from pathlib import Path

from core.curation.words import counted
from core.errors import InputError
from core.imaging.files import FileHashes, PlainHashes, reason_of_os_error
from core.imaging.imagefile import Limits
from core.ingest.folders import labels_and_splits, natural_key, printable, why_not
from core.labelfiles.folders import FOLDERS, read_mapping
from core.labelfiles.model import Entry, LabelFile
from core.labelfiles.names import split_copy
from core.progress import Progress

#: Where FiftyOne puts the pictures without a label.
UNLABELED = "_unlabeled"


def read_tree(
    folder: Path, hashes: FileHashes | None = None, progress: Progress | None = None
) -> LabelFile:
    """Return the labels of a folder tree, whose pictures are known by their content.

    The label is the folder's name (`a/b` in nested ones), as when a set is made from a folder;
    folders train, val, test and the like at the top are no part of it. A picture at the top has
    no label. Links to files are followed; links to folders are not.

    Parameters
    ----------
    hashes
        Gives content hashes, from memory where it can.

    Raises
    ------
    InputError
        There is no picture in it.
    """
    found, notes = _pictures(folder)
    if not found:
        raise InputError(f"{folder.name}: no pictures in this folder")
    progress = progress or Progress()
    read = (hashes or PlainHashes()).sha256_of_many([folder / path for path in found], progress)
    labels = _labels(found, read_mapping(folder))
    entries = []
    for path, label in zip(found, labels, strict=True):
        answer = read[folder / path]
        if isinstance(answer, OSError):
            notes[reason_of_os_error(answer)] += 1
            continue
        entries.append(Entry(_keys(folder, path, answer), label))
    told = tuple(f"left out: {counted(n, 'file')}: {why}" for why, n in notes.most_common())
    return LabelFile(folder.name, "folder", "", (), tuple(entries), told)


def _labels(paths: list[str], mapping: dict[str, str]) -> list[str | None]:
    """Return each path's label: its folder, or what the folder stands for."""
    if not mapping:
        found = labels_and_splits(paths)[0]
        return [None if label == UNLABELED else label for label in found]
    folders = [path.rpartition("/")[0] for path in paths]
    return [mapping.get(name, name) or None for name in folders]


def _keys(folder: Path, path: str, digest: str) -> tuple[tuple[str, str], ...]:
    """Return how a file is known: by what it links to, its content, its name, its path."""
    keys: list[tuple[str, str]] = []
    if (folder / path).is_symlink():
        keys.append(("path", str((folder / path).resolve())))
    original, number = split_copy(path)
    if number:
        keys.append(("id", f"{digest}:{number}"))
    keys += [("id", digest), ("name", path.rpartition("/")[2]), ("path", path)]
    if number:
        keys.append(("name", original.rpartition("/")[2]))
    return tuple(keys)


def _pictures(folder: Path) -> tuple[list[str], Counter[str]]:
    """Return the relative paths of what may be pictures, in natural order, and what is not."""
    found: list[str] = []
    left: Counter[str] = Counter()
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            full = Path(here) / name
            path = full.relative_to(folder).as_posix()
            if name.startswith(".") or path == FOLDERS or path != printable(path):
                continue
            try:
                problem = why_not(full, full.stat().st_size, Limits())
            except OSError as error:
                problem = reason_of_os_error(error)
            if problem is None:
                found.append(path)
            else:
                left[problem] += 1
    return sorted(found, key=natural_key), left
