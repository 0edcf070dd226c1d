"""Files of other hosts taken into the copies of one source, several at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import DecodeError, VitrineError
from core.imaging.files import EMPTY
from core.imaging.imagefile import NOT_AN_IMAGE, check_bytes
from core.ingest.copies import Copies, Copy
from core.ingest.fetching import ANSWERS, NOT_FOUND, transfer
from core.ingest.folders import IMAGE_SUFFIXES
from core.ingest.listing import Entry, look_at
from core.ingest.members import as_place, begins
from core.ingest.schemes import Reading
from core.model import BrokenFile

#: Transfers at a time, and files in one step between two looks whether to stop.
_AT_A_TIME, _STEP = 8, 64
#: Reasons that say something of the file, not of the way to it.
_LASTING = frozenset({NOT_FOUND, EMPTY, NOT_AN_IMAGE})


def is_picture_name(path: str) -> bool:
    """Tell whether a name has the ending of a picture's."""
    return PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to be had: what lists say of it, its file system, its address as it is stored."""

    entry: Entry
    file_system: Any
    address: str


class Transfers:
    """Takes files in.

    Parameters
    ----------
    copies, root
        Where copies are kept, and the folder among them of this source.
    reading
        Limits and progress.

    Attributes
    ----------
    stale
        Files that could not be looked at now and are taken as they were.
    """

    def __init__(self, copies: Copies, root: str, reading: Reading) -> None:
        self.copies, self.root, self.reading = copies, root, reading
        self.known: dict[str, Copy] = copies.known(root)
        self.stale = 0

    def note(self) -> list[str]:
        """Return what a person should know of how it went."""
        if not self.stale:
            return []
        return [f"{self.stale:,} files could not be looked at now and are taken as they were"]

    def take_all(self, wanted: Sequence[Wanted]) -> list[str | BrokenFile]:
        """Return the content hash of each file, or why it cannot be used."""
        answers: list[str | BrokenFile] = []
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for start in range(0, len(wanted), _STEP):  # in steps, so that cancelling takes effect
                self.reading.progress.report("scan", start, len(wanted), "fetching files")
                answers += pool.map(self._take, wanted[start : start + _STEP])
        return answers

    def _take(self, wanted: Wanted) -> str | BrokenFile:
        """Return the content hash of one file, fetched if this version of it is not known."""
        entry = wanted.entry
        known = self.known.get(entry.path)
        try:
            try:
                entry = look_at(wanted.file_system, entry)
            except DecodeError as error:
                if not str(error).startswith(ANSWERS):  # one that knows no HEAD may give the file
                    raise
            if entry.size == 0:
                return BrokenFile(entry.path, EMPTY)
            if known is not None and entry.version and known.version == entry.version:
                return known.sha256
            check_bytes(entry.size or 0, self.reading.limits)
            return self.fetch(wanted, entry, self.reading.limits.max_bytes)
        except DecodeError as error:
            if known is not None and str(error) not in _LASTING and entry.size is None:
                self.stale += 1
                return known.sha256
            return BrokenFile(entry.path, str(error))

    def fetch(self, wanted: Wanted, entry: Entry, most: int, *, whatever: bool = False) -> str:
        """Fetch one file and return its content hash.

        Parameters
        ----------
        wanted, entry
            The file, and what is known of it by now.
        most
            More bytes than this are refused.
        whatever
            Keep it, whether it is a picture and whether there is room or not.

        Raises
        ------
        DecodeError
            It cannot be had, or is no picture.
        """
        where = as_place({"kind": "remote", "address": wanted.address, "name": entry.path})
        with self.copies.part() as part:
            transfer(wanted.file_system, entry.name, part, most, entry.size)
            if not (whatever or is_picture_name(entry.path) or _is_picture(part)):
                raise DecodeError(NOT_AN_IMAGE)
            try:
                return self.copies.put(
                    self.root, entry.path, part, entry.version, where, keep=whatever
                )
            except OSError as error:
                if isinstance(error, VitrineError):
                    raise
                raise DecodeError(f"its copy cannot be written: {error.strerror}") from error


def _is_picture(part: Path) -> bool:
    with part.open("rb") as file:
        return begins(file.read(16)) is not None
