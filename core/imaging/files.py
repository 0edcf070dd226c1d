"""Opening files that others wrote, and their content hashes.

Only regular files are opened (a pipe or device would block or never end), and a file that is
reached through a root never lies outside it.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Protocol

from core.errors import DecodeError
from core.progress import Progress

EMPTY = "empty file (0 bytes)"
OUTSIDE = "symbolic link leading out of the folder"


class FileHashes(Protocol):
    """Gives content hashes of files, from memory where that is safe."""

    def sha256_of(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes; raise `OSError` when it cannot be read."""
        ...

    def sha256_of_many(
        self, paths: Iterable[Path], progress: Progress | None = None
    ) -> dict[Path, str | OSError]:
        """Return the SHA-256 of every file, or the error that reading it raised."""
        ...


def is_inside(path: Path, root: Path) -> bool:
    """Tell whether a resolved path is `root` (resolved too) or lies below it."""
    return path == root or root in path.parents


#: Folders whose files are copies of what lies elsewhere, with what makes a missing one again.
_kept: dict[Path, Callable[[Path], bool]] = {}


def restore_below(folder: Path, restore: Callable[[Path], bool]) -> None:
    """Have the files below a folder made again by `restore` when they are opened and missing.

    Parameters
    ----------
    folder
        Copies of what lies elsewhere, as `core.ingest.originals` keeps.
    restore
        Given the missing file's path; tells whether it is there now, or raises `DecodeError` with
        the reason why it cannot be.
    """
    _kept[Path(os.path.realpath(folder))] = restore


def fetched(path: Path) -> Path:
    """Return a path; where it is that of a missing copy, the copy is made again first.

    Raises
    ------
    DecodeError
        The copy cannot be made again; the message is the reason.
    """
    if _kept and not path.exists():
        real = Path(os.path.realpath(path))
        for folder, restore in _kept.items():
            if folder in real.parents:
                restore(real)
                break
    return path


def resolve_inside(path: Path, root: Path) -> Path:
    """Return `path` (relative to `root`, or absolute) free of links, checked to lie in `root`.

    Raises
    ------
    DecodeError
        It leads out of `root`, or is a copy that cannot be made again.
    OSError
        It does not exist or is a loop of links.
    """
    fetched(root / path)
    root = root.resolve(strict=True)
    try:
        resolved = (root / path).resolve(strict=True)
    except RuntimeError as error:  # a loop of links, before Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if not is_inside(resolved, root):
        raise DecodeError(
            OUTSIDE if (root / path).is_symlink() else "path leading out of the folder"
        )
    return resolved


@contextmanager
def open_regular(path: Path, *, follow: bool = True) -> Iterator[BufferedReader]:
    """Open a regular file for reading in bytes.

    `follow=False` is for a path that is resolved already: a link found there was swapped in since.

    Raises
    ------
    DecodeError
        It is not a regular file, or a copy that cannot be made again.
    OSError
        It cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NONBLOCK", 0)  # opening a pipe returns instead of waiting for a writer
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(fetched(path), flags)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DecodeError("not a regular file")
        yield file


def file_size(file: IO[bytes]) -> int:
    """Return the size in bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def reason_of_os_error(error: OSError) -> str:
    """Return an operating system error in words, free of paths."""
    if isinstance(error, FileNotFoundError):
        return "file not found"
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 (64 hex digits) of a regular file's bytes; raise `OSError` if it fails."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except DecodeError as error:
        raise OSError(errno.EINVAL, str(error)) from error


def _hash_or_error(path: Path) -> str | OSError:
    try:
        return sha256_of_file(path)
    except OSError as error:
        return error


def sha256_of_files(
    paths: Iterable[Path], progress: Progress | None = None
) -> dict[Path, str | OSError]:
    """Return the SHA-256 of every file, or the error that reading it raised, hashed in threads."""
    unique = list(dict.fromkeys(paths))
    progress = progress or Progress()
    found: dict[Path, str | OSError] = {}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        step = 256
        for start in range(0, len(unique), step):  # in steps, so that cancelling takes effect
            part = unique[start : start + step]
            found.update(zip(part, pool.map(_hash_or_error, part), strict=True))
            progress.report("scan", len(found), len(unique), "reading files")
    return found


class PlainHashes:
    """File hashes without a memory: every file is read."""

    def sha256_of(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes; raise `OSError` when it cannot be read."""
        return sha256_of_file(path)

    def sha256_of_many(
        self, paths: Iterable[Path], progress: Progress | None = None
    ) -> dict[Path, str | OSError]:
        """Return the SHA-256 of every file, or the error that reading it raised."""
        return sha256_of_files(paths, progress)
