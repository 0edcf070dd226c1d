"""A folder of images: which files count, what is wrong with the others, labels from sub-folders."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from core.errors import DecodeError
from core.imaging.files import (
    EMPTY,
    OUTSIDE,
    FileHashes,
    is_inside,
    open_regular,
    reason_of_os_error,
)
from core.imaging.imagefile import NOT_AN_IMAGE, Limits, check_bytes, signature_of
from core.imaging.video import VIDEO_SUFFIXES
from core.ingest.items import item_table
from core.model import BrokenFile, Scan
from core.progress import Progress

#: Files with these names' endings are taken for pictures unopened; decoding them tells the truth.
IMAGE_SUFFIXES = frozenset(
    {
        ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif",
        ".icns", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo",
        ".pbm", ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".sgi", ".tga", ".tif",
        ".tiff", ".webp",
    }
)  # fmt: skip
#: Endings of archives, which are sources of their own.
ARCHIVE_SUFFIXES = (
    ".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz",
)  # fmt: skip
AN_ARCHIVE = "an archive: name it as a source of its own, beside this folder if you like"
A_VIDEO = "a video: add it as video:PATH"
NOT_UTF_8 = "file name is not valid UTF-8: rename it"
SPLITS = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
_SYSTEM_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


@dataclass(slots=True)
class Listing:
    """Files found below a folder: relative POSIX paths with sizes, and what cannot be used."""

    sizes: dict[str, int] = field(default_factory=dict)
    broken: list[BrokenFile] = field(default_factory=list)
    links_not_followed: int = 0

    def refuse(self, path: str, reason: str) -> None:
        """Note a path that cannot be used."""
        self.broken.append(BrokenFile(printable(path), reason))


def printable(path: str) -> str:
    """Return a path that can be stored and shown: bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def natural_key(path: str) -> tuple:
    """Return a sort key: folder by folder, numbers by value, letters without case."""
    parts = [
        [(0, int(run), "") if run.isdecimal() else (1, 0, run) for run in re.findall(r"\d+|\D+", p)]
        for p in path.casefold().split("/")
    ]
    return (parts, path)


def list_files(root: Path) -> Listing:
    """Return every file below a resolved folder but hidden and system ones.

    Links to files inside are files of their own. Links to folders inside are not followed: what
    they show is listed at its own place, and no cycle can arise.
    """
    listing = Listing()
    folders = [""]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(root / here if here else root) as entries:
                found = list(entries)
        except OSError as error:
            listing.refuse(here or ".", f"folder {reason_of_os_error(error)}")
            continue
        for entry in found:
            name = entry.name
            if name.startswith(".") or name.casefold() in _SYSTEM_NAMES:
                continue
            path = f"{here}/{name}" if here else name
            try:
                if _enter(entry, path, root, listing):
                    folders.append(path)
            except OSError as error:
                listing.refuse(path, reason_of_os_error(error))
    return listing


def _enter(entry: os.DirEntry, path: str, root: Path, listing: Listing) -> bool:
    """Note one directory entry; True when it is a folder to look into."""
    if entry.is_symlink():
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            listing.refuse(path, "symbolic link to nothing")
            return False
        if not is_inside(target, root):
            listing.refuse(path, OUTSIDE)
            return False
        if target.is_dir():
            listing.links_not_followed += 1
            return False
    elif entry.is_dir():
        return True
    if not entry.is_file():
        listing.refuse(path, "not a regular file")
    elif path != printable(path):
        listing.refuse(path, NOT_UTF_8)
    else:
        listing.sizes[path] = entry.stat().st_size
    return False


def why_not(path: Path, size: int, limits: Limits) -> str | None:
    """Return why a file cannot be a picture, as far as is seen without decoding; else None.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    if size == 0:
        return EMPTY
    try:
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            with open_regular(path) as file:
                if signature_of(file.read(16)) is None:
                    packed = path.name.lower().endswith(ARCHIVE_SUFFIXES)
                    if path.suffix.lower() in VIDEO_SUFFIXES:
                        return A_VIDEO
                    return AN_ARCHIVE if packed else NOT_AN_IMAGE
        check_bytes(size, limits)
    except DecodeError as error:
        return str(error)
    return None


def labels_and_splits(paths: Sequence[str]) -> tuple[list[str | None], list[str] | None]:
    """Return each path's label, its parent folder, and splits where first folders are such.

    Files directly in the root (or in a split's folder) have no label.
    """
    parents = [PurePosixPath(path).parent.parts for path in paths]
    splits = None
    if parents and all(parts and parts[0].casefold() in SPLITS for parts in parents):
        splits = [parts[0] for parts in parents]
        parents = [parts[1:] for parts in parents]
    return ["/".join(parts) or None for parts in parents], splits


def hash_usable(
    root: Path,
    sizes: Mapping[str, int],
    hashes: FileHashes,
    limits: Limits,
    progress: Progress,
) -> Iterator[tuple[str, str | None, str]]:
    """Give (path, SHA-256, "") for every file that may be a picture, (path, None, reason) else."""
    reasons: dict[str, str] = {}
    for path, size in sizes.items():
        try:
            reason = why_not(root / path, size, limits)
        except OSError as error:
            reason = reason_of_os_error(error)
        if reason is not None:
            reasons[path] = reason
    usable = {path: root / path for path in sizes if path not in reasons}
    found = hashes.sha256_of_many(usable.values(), progress)
    for path in sizes:
        answer = found[usable[path]] if path in usable else reasons[path]
        if path in usable and isinstance(answer, str):
            yield path, answer, ""
        else:
            yield path, None, reason_of_os_error(answer) if isinstance(answer, OSError) else answer


def scan_folder(
    source: str, folder: Path, hashes: FileHashes, limits: Limits, progress: Progress
) -> Scan:
    """Return what a folder holds, in natural order of the paths."""
    root = folder.resolve(strict=True)
    progress.report("scan", note="listing files")
    listing = list_files(root)
    sizes = {path: listing.sizes[path] for path in sorted(listing.sizes, key=natural_key)}
    paths, ids = [], []
    for path, digest, reason in hash_usable(root, sizes, hashes, limits, progress):
        if digest is None:
            listing.refuse(path, reason)
        else:
            paths.append(path)
            ids.append(digest)
    labels, splits = labels_and_splits(paths)
    given = {} if splits is None else {"split": pd.Series(splits, dtype="string")}
    notes: tuple[str, ...] = ()
    if listing.links_not_followed:
        notes = (f"{listing.links_not_followed} links to folders inside were not followed",)
    progress.report("scan", len(paths), len(paths))
    return Scan(
        kind="folder",
        source=source,
        root=str(root),
        items=item_table(len(paths), {"item_id": ids, "path": paths, "label": labels}, given),
        broken=tuple(sorted(listing.broken, key=lambda file: natural_key(file.path))),
        notes=notes,
    )
