"""How one exported file is made: a copy, a link or a cropped picture of its source."""

import hashlib
import io
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from core.errors import DecodeError
from core.export.folder import publish, source_file
from core.export.formats import Options
from core.export.sources import Source
from core.imaging.decode import WHOLE, load_picture
from core.imaging.files import open_regular, reason_of_os_error
from core.imaging.imagefile import Limits

CHUNK = 2**20


class Maker(Protocol):
    """Makes one file; trouble with its source is a `DecodeError`, with the target an `OSError`."""

    def same(self, source: Source, path: Path) -> bool:
        """Tell whether `path` is already what `make` would put there."""
        ...

    def make(self, source: Source, path: Path) -> str:
        """Put the file at `path`, which is free; return a note on it, "" if there is none."""
        ...

    def doing(self, folder: Path) -> str:
        """Return what is done, for an error's first words."""
        ...


def maker_of(to: str, root: Path, options: Options, limits: Limits) -> Maker:
    """Return what makes the files of a format."""
    if to == "copies":
        return Copies(root)
    if to == "links":
        return HardLinks(root) if options.hard else Links(root)
    return Crops(root, limits)


def _reading(read: Callable[[], bytes]) -> bytes:
    """Read, with a failure told as one of the source."""
    try:
        return read()
    except OSError as error:
        raise DecodeError(reason_of_os_error(error)) from error


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a new file under its name only once it is whole."""
    part = path.with_name(f".writing-{os.getpid()}")
    part.unlink(missing_ok=True)
    try:
        write(part)
        publish(part, path)
    finally:
        part.unlink(missing_ok=True)


class Copies:
    """Copies with the bytes and the times of their sources."""

    def __init__(self, root: Path):
        self._root = root

    def doing(self, folder: Path) -> str:
        """Return what is done."""
        return f"copying into {folder}"

    def same(self, source: Source, path: Path) -> bool:
        """Compare size, then bytes."""
        found = source_file(source, self._root)
        if path.is_symlink() or not path.is_file():
            return False
        if path.stat().st_size != found.stat().st_size:
            return False
        with path.open("rb") as old, open_regular(found, follow=False) as new:
            while True:
                part = _reading(lambda: new.read(CHUNK))
                if old.read(CHUNK) != part:
                    return False
                if not part:
                    return True

    def make(self, source: Source, path: Path) -> str:
        """Copy; note a file whose bytes are no longer those that the set was made from."""
        found, state = source_file(source, self._root), hashlib.sha256()

        with ExitStack() as stack:
            try:
                file = stack.enter_context(open_regular(found, follow=False))
            except OSError as error:
                raise DecodeError(reason_of_os_error(error)) from error

            def write(part: Path) -> None:
                with part.open("xb") as out:
                    while data := _reading(lambda: file.read(CHUNK)):
                        state.update(data)
                        out.write(data)
                times = os.fstat(file.fileno())
                os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))

            _write_whole(path, write)
        changed = source.region == WHOLE and state.hexdigest() != source.item_id
        return "has changed since the set was made" if changed else ""


class Links:
    """Symbolic links to the sources, whole paths."""

    def __init__(self, root: Path):
        self._root = root

    def doing(self, folder: Path) -> str:
        """Return what is done."""
        return f"linking into {folder}"

    def same(self, source: Source, path: Path) -> bool:
        """Tell whether it is a link to this file."""
        found = source_file(source, self._root)
        return path.is_symlink() and path.readlink() == found

    def make(self, source: Source, path: Path) -> str:
        """Link."""
        path.symlink_to(source_file(source, self._root))
        return ""


class HardLinks(Links):
    """Hard links: further names of the same files, on the same disk."""

    def doing(self, folder: Path) -> str:
        """Return what is done."""
        return f"hard-linking into {folder} (both must be on one disk)"

    def same(self, source: Source, path: Path) -> bool:
        """Tell whether it is the same file."""
        found = source_file(source, self._root)
        return not path.is_symlink() and path.is_file() and path.samefile(found)

    def make(self, source: Source, path: Path) -> str:
        """Link."""
        path.hardlink_to(source_file(source, self._root))
        return ""


class Crops:
    """What each item shows, as PNG: its region or frame, upright, RGB, masked parts mid-grey."""

    def __init__(self, root: Path, limits: Limits):
        self._root, self._limits = root, limits

    def doing(self, folder: Path) -> str:
        """Return what is done."""
        return f"writing cropped pictures into {folder}"

    def _png(self, source: Source) -> bytes:
        """Return an item's picture as a PNG file; the same picture gives the same bytes."""
        file = source.file(self._root)
        found = load_picture(file.path, file.region, root=self._root, limits=self._limits)
        buffer = io.BytesIO()
        found.image.save(buffer, "PNG")
        return buffer.getvalue()

    def same(self, source: Source, path: Path) -> bool:
        """Compare bytes."""
        return not path.is_symlink() and path.is_file() and path.read_bytes() == self._png(source)

    def make(self, source: Source, path: Path) -> str:
        """Cut it out and write it."""
        data = self._png(source)

        def write(part: Path) -> None:
            with part.open("xb") as out:
                out.write(data)

        _write_whole(path, write)
        return ""
