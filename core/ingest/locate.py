"""Files that a table names: where they are, and whether they may be used."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.imaging.files import OUTSIDE, FileHashes, is_inside, reason_of_os_error
from core.imaging.imagefile import Limits
from core.ingest.folders import NOT_UTF_8, hash_usable, printable
from core.progress import Progress

#: Folders beside a table in which its relative paths are looked for, after its own.
IMAGE_FOLDERS = ("", "images", "img", "data", "root")
_PROBES = 50


@dataclass(frozen=True, slots=True)
class LocatedFile:
    """One cell: as given, relative to the root if the file is there, or why it is not usable."""

    given: str
    path: str | None = None
    size: int = 0
    reason: str = ""
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """A column's files, one a row, and the folder that their paths are relative to."""

    root: Path
    files: list[LocatedFile]

    def hashed(self, hashes: FileHashes, limits: Limits, progress: Progress) -> "Located":
        """Return the same with hashes, or with the reason why a file is no picture."""
        sizes = {file.path: file.size for file in self.files if file.path is not None}
        answers = {
            path: (digest, reason)
            for path, digest, reason in hash_usable(self.root, sizes, hashes, limits, progress)
        }
        done = []
        for file in self.files:
            if file.path is not None:
                digest, reason = answers[file.path]
                file = replace(file, sha256=digest, reason=reason)
            done.append(file)
        return Located(self.root, done)


def locate_files(
    cells: Sequence[Any], folder: Path, *, root: Path | None = None, optional: bool = False
) -> Located:
    """Find the files that cells name.

    A path written out, absolute or with "..", may lie anywhere: the root then is the common
    parent of all. A path that seems to lie in the root but leads out of it by a link may not.

    Parameters
    ----------
    cells
        Paths, absolute or relative to `folder`, or to its sub-folder of images.
    folder
        The table's folder, resolved.
    root
        The root if it is settled already; files outside are refused.
    optional
        An empty cell is no fault.

    Raises
    ------
    InputError
        The files have no common parent (they are on several drives).
    """
    texts = ["" if not isinstance(cell, str) else cell.strip() for cell in cells]
    base = _best_base(texts, folder)
    places = [_place(text, base) if text else None for text in texts]
    outside = [place for place in places if place is not None and place[1]]
    if root is None:
        root = folder
        away = [place[0].parent for place in outside if not is_inside(place[0], folder)]
        if away:
            near = [p[0].parent for p in places if p is not None and is_inside(p[0], folder)]
            root = common_parent(*away, *near)
    parents: dict[Path, Path] = {}
    files = []
    for text, place in zip(texts, places, strict=True):
        if place is None:
            files.append(LocatedFile("", reason="" if optional else "no path given"))
        else:
            files.append(_look(text, place[0], root, parents))
    return Located(root, files)


def common_parent(*folders: Path) -> Path:
    """Return the folder that all of these lie in; `InputError` if they are on several drives."""
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise InputError("the table's files are on several drives; use one") from error


def _best_base(texts: Sequence[str], folder: Path) -> Path:
    """Return the folder in which most of the first relative paths are files."""
    probes = [text for text in dict.fromkeys(texts) if text][:_PROBES]
    bases = [folder / name for name in IMAGE_FOLDERS]
    hits = [sum(_exists(base / _slashes(text)) for text in probes) for base in bases]
    return bases[hits.index(max(hits))]


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _slashes(text: str) -> str:
    """Return a path with Windows' separators turned, where it has no others."""
    return text.replace("\\", "/") if "\\" in text and "/" not in text else text


def _place(text: str, base: Path) -> tuple[Path, bool]:
    """Return where a cell points to and whether it may lie outside the table's folder."""
    path = Path(_slashes(text))
    written_out = path.is_absolute() or ".." in path.parts
    full = Path(os.path.normpath(base / path))
    if written_out and "\0" not in text:
        full = full.parent.resolve() / full.name
    return full, written_out


def _look(text: str, full: Path, root: Path, parents: dict[Path, Path]) -> LocatedFile:
    """Look at one file: there, regular, and inside the root after every link."""
    given = printable(text)
    if not is_inside(full, root):
        return LocatedFile(given, reason="lies outside the folder")
    try:
        state = full.lstat()
        parent = full.parent
        if parent not in parents:
            parents[parent] = parent.resolve(strict=True)
        target = parents[parent] / full.name
        if stat.S_ISLNK(state.st_mode):
            target = full.resolve(strict=True)
            state = full.stat()
        if not is_inside(target, root):
            return LocatedFile(given, reason=OUTSIDE)
        if not stat.S_ISREG(state.st_mode):
            return LocatedFile(given, reason="not a regular file")
    except OSError as error:
        return LocatedFile(given, reason=reason_of_os_error(error))
    except (ValueError, RuntimeError):  # a zero byte; a loop of links
        return LocatedFile(given, reason="not a usable path")
    path = full.relative_to(root).as_posix()
    if path != printable(path):
        return LocatedFile(given, reason=NOT_UTF_8)
    return LocatedFile(given, path, state.st_size)
