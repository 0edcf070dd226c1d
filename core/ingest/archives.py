"""Zip and tar archives and Parquet files of pictures as sources, one or many (shards)."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import DecodeError, InputError, StorageError
from core.imaging.files import OUTSIDE, is_inside, open_regular, reason_of_os_error
from core.ingest.copies import Copies
from core.ingest.folders import IMAGE_SUFFIXES, natural_key, printable
from core.ingest.packed import Gathered, Packer
from core.ingest.packed_items import packed_scan
from core.ingest.parquet_images import gather_rows, holds_pictures
from core.ingest.schemes import Reading
from core.ingest.tars import is_tar, tar_members
from core.ingest.zips import MAGIC, zip_members
from core.keys import digest
from core.model import BrokenFile, Scan

_ZIPS = (".zip",)
_TARS = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")
_PARQUET = (".parquet", ".pq")
#: Endings of files that may be archives of pictures.
ARCHIVES = _ZIPS + _TARS + _PARQUET
_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MOST = 100_000
NO_ARCHIVE = "no image, and no archive with images in it"


def kind_by_name(name: str) -> str:
    """Return zip, tar or parquet by a file's ending; "" if it has none of these."""
    name = name.lower()
    kinds = (("zip", _ZIPS), ("tar", _TARS), ("parquet", _PARQUET))
    return next((kind for kind, endings in kinds if name.endswith(endings)), "")


def archive_kind(path: Path) -> str:
    """Return zip, tar or parquet if a file holds pictures of its own, by name or first bytes.

    Raises
    ------
    InputError
        It is a damaged Parquet file.
    OSError
        It cannot be opened.
    """
    kind = kind_by_name(path.name)
    if kind == "parquet":
        return kind if holds_pictures(path) else ""
    if kind:
        return kind
    with open_regular(path) as file:
        if file.read(4) == MAGIC:
            return "zip"
    return "tar" if is_tar(path) else ""


def stamp_of(path: Path) -> str:
    """Return what tells one version of a local file from another."""
    state = path.stat()
    return f"{state.st_size}-{state.st_mtime_ns}"


def gather_archive(
    path: Path,
    kind: str,
    copies: Copies,
    root: str,
    reading: Reading,
    version: str,
    prefix: str = "",
) -> Gathered:
    """Take in the pictures of one archive.

    Parameters
    ----------
    path, kind
        The archive, and what `archive_kind` says of it.
    copies, root, reading
        Where copies are kept, the source's folder there, limits.
    version
        Of the archive.
    prefix
        Folder before each path, where a source has several archives.

    Raises
    ------
    InputError
        Nothing of it can be read; the message names it.
    """
    try:
        if kind == "parquet":
            return gather_rows(path, copies, root, reading, version, prefix)
        packer = Packer(copies, root, reading, version, prefix)
        place = {"kind": kind, "file": str(path), "name": path.name}
        with open_regular(path) as file:
            members = zip_members(file, place) if kind == "zip" else tar_members(file, place)
            for member in members:
                packer.take(member)
        return packer.done()
    except DecodeError as error:
        raise InputError(f"{printable(path.name)}: {error}") from error
    except OSError as error:
        if isinstance(error, InputError | StorageError):
            raise
        raise InputError(f"{printable(path.name)}: {reason_of_os_error(error)}") from error


def copies_of(reading: Reading, source: str) -> Copies:
    """Return where copies are kept; `InputError` where nothing may be written."""
    if reading.files_folder is None:
        raise InputError(f"{printable(source)}: a folder to keep copies of its pictures is needed")
    return Copies(reading.files_folder)


def scan_archive(source: str, path: Path, kind: str, reading: Reading) -> Scan:
    """Return the pictures of one archive.

    Raises
    ------
    InputError
        Nothing of it can be read.
    """
    path = path.resolve(strict=True)
    root = f"{kind}-{digest('archive', str(path))[:20]}"
    with copies_of(reading, source) as copies:
        found = gather_archive(path, kind, copies, root, reading, stamp_of(path))
        return packed_scan(source, copies, root, found, reading)


def scan_shards(source: str, paths: Sequence[Path], beside: Sequence[BrokenFile], key: str,
                reading: Reading) -> Scan:  # fmt: skip
    """Return the pictures of several archives as one set; one that is damaged is named.

    Parameters
    ----------
    source
        As given.
    paths, beside
        The archives, and what is named with them and is not one.
    key
        Where they lie: the identity of the folder of copies.
    reading
        Limits and progress.
    """
    root = f"shards-{digest('shards', key)[:20]}"
    found = Gathered(broken=list(beside))
    prefixes = prefixes_of([path.name for path in paths])
    with copies_of(reading, source) as copies:
        for path, prefix in zip(paths, prefixes, strict=True):
            try:
                kind = archive_kind(path)
                found.add(gather_archive(path, kind, copies, root, reading, stamp_of(path), prefix))
            except StorageError:
                raise
            except (InputError, OSError) as error:
                reason = error if isinstance(error, InputError) else reason_of_os_error(error)
                found.broken.append(BrokenFile(printable(path.name), str(reason)))
        return packed_scan(source, copies, root, found, reading)


def prefixes_of(names: Sequence[str]) -> list[str]:
    """Return a folder name for each archive: its own without the ending, made different."""
    stems: list[str] = []
    for name in names:
        stem = name
        while kind_by_name(stem) or stem.lower().endswith((".gz", ".bz2", ".xz")):
            stem = stem.rpartition(".")[0]
        stem = stem or name
        stems.append(stem if stem not in stems else f"{stem}-{len(stems) + 1}")
    return [f"{stem}/" for stem in stems]


def shards_in(folder: Path) -> tuple[list[Path], list[BrokenFile]]:
    """Return the archives below a folder that has no picture files, as shards are kept; else none.

    The other files are named as such. Looking ends at the first picture, so that a large folder
    is not listed twice.
    """
    found: list[str] = []
    others: dict[str, str] = {}
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith("."):
                continue
            if Path(name).suffix.lower() in IMAGE_SUFFIXES:
                return [], []
            full = Path(here) / name
            path = full.relative_to(folder).as_posix()
            if full.is_symlink() and not _stays(full, folder):
                others[path] = OUTSIDE
            elif kind_by_name(name) and _may_hold(full):
                found.append(path)
            else:
                others[path] = NO_ARCHIVE
    found.sort(key=natural_key)
    beside = [BrokenFile(printable(path), others[path]) for path in sorted(others, key=natural_key)]
    return [folder / path for path in found], beside


def _stays(link: Path, folder: Path) -> bool:
    """Tell whether a link leads to a file of the folder, or of the hub's cache it is part of.

    There `datasets--name/snapshots/…` holds links to `datasets--name/blobs/…`.
    """
    target, root = Path(os.path.realpath(link)), Path(os.path.realpath(folder))
    own = next((p for p in (root, *root.parents) if p.name.startswith("datasets--")), None)
    return is_inside(target, root) or (own is not None and target.parent == own / "blobs")


def _may_hold(path: Path) -> bool:
    try:
        return bool(archive_kind(path))
    except (InputError, OSError):  # it is named when it is read
        return True


def expand(pattern: str) -> tuple[list[Path], list[BrokenFile]]:
    """Return the files that "shards-{000..009}.tar" or "shards-*.tar" names, and those not there.

    Raises
    ------
    InputError
        It names more than 100,000.
    """
    names = [pattern]
    while _BRACES.search(names[0]):
        first = _BRACES.search(names[0])
        assert first is not None
        low, high = int(first[1]), int(first[2])
        if not 0 <= high - low < _MOST or len(names) * (high - low + 1) > _MOST:
            raise InputError(f"{printable(pattern)}: {{{first[1]}..{first[2]}}} is no short range")
        numbers = [str(number).zfill(len(first[1])) for number in range(low, high + 1)]
        names = [_BRACES.sub(number, name, count=1) for name in names for number in numbers]
    found: list[Path] = []
    missing: list[BrokenFile] = []
    for name in names:
        path = Path(name)
        if "*" in path.name or "?" in path.name:
            here = path.parent.glob(path.name) if path.parent.is_dir() else ()
            found += sorted(here, key=lambda one: natural_key(one.name))
        elif path.is_file():
            found.append(path)
        else:
            missing.append(BrokenFile(printable(path.name), "file not found"))
    return found, missing
