"""Pictures that are no files of their own, taken into the folder of copies as items of a scan.

A member that is a picture becomes an item. Its sample's other members, as WebDataset groups them
by their name up to the first dot, become its columns: .json an object of values, .cls the label,
.txt a text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from core.errors import DecodeError, StorageError
from core.imaging.files import EMPTY, reason_of_os_error
from core.imaging.imagefile import NOT_AN_IMAGE, check_bytes
from core.ingest.copies import Copies
from core.ingest.fields import SYNONYMS
from core.ingest.folders import IMAGE_SUFFIXES, labels_and_splits
from core.ingest.members import Member, as_place, begins, is_aside
from core.ingest.schemes import Reading
from core.model import BrokenFile

#: Endings of members that hold columns of a sample, and the column of those that are one value.
_SIDES = {
    ".json": "", ".cls": "label", ".txt": "text", ".caption": "caption", ".cap": "caption",
    ".id": "id", ".index": "index", ".inx": "index",
}  # fmt: skip
_LARGEST_SIDE = 16 * 2**20
_SPLIT = re.compile(r"(train|training|val|valid|validation|dev|test|testing)(?=[-_./]|$)", re.I)
NO_PARTNER = "belongs to no picture: no member has its name and the ending of one"


@dataclass(frozen=True, slots=True)
class Taken:
    """One picture: its path below the root, content hash and columns."""

    path: str
    sha256: str
    columns: Mapping[str, Any]


@dataclass(slots=True)
class Gathered:
    """What one archive, table or listing gave."""

    taken: list[Taken] = field(default_factory=list)
    broken: list[BrokenFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Gathered") -> None:
        """Add what another one gave."""
        self.taken += other.taken
        self.broken += other.broken
        self.notes += [note for note in other.notes if note not in self.notes]


class Packer:
    """Takes the members of one archive in.

    Parameters
    ----------
    copies, root
        Where copies are kept, and the folder among them of this source.
    reading
        Limits and progress.
    version
        Of the archive: a picture known from this version is not read again.
    prefix
        Folder before each member's path, where a source has several archives.
    """

    def __init__(
        self, copies: Copies, root: str, reading: Reading, version: str, prefix: str = ""
    ) -> None:
        self._copies, self._root, self._reading = copies, root, reading
        self._version, self._prefix = version, prefix
        self._known = copies.known(root)
        self._pictures: list[tuple[str, str]] = []  # path in the archive, hash
        self._sides: dict[str, bytes] = {}
        self._broken: list[BrokenFile] = []

    def take(self, member: Member | BrokenFile) -> None:
        """Take one member in, or note why not."""
        self._reading.progress.report("scan", len(self._pictures), 0, "reading members")
        if isinstance(member, BrokenFile):
            if not is_aside(member.path):
                self._refuse(member.path, member.reason)
            return
        if is_aside(member.path):
            return
        try:
            self._look(member)
        except DecodeError as error:
            self._refuse(member.path, str(error))
        except StorageError:
            raise
        except OSError as error:
            self._refuse(member.path, f"its copy {reason_of_os_error(error)}")

    def _look(self, member: Member) -> None:
        path = PurePosixPath(member.path)
        suffix = path.suffix.lower()
        if suffix not in _SIDES and member.size == 0:
            raise DecodeError(EMPTY)
        if suffix in _SIDES and member.size <= _LARGEST_SIDE:
            self._sides[member.path] = member.read(member.size)
            return
        known = self._known.get(self._prefix + member.path)
        if known is not None and known.version == self._version:
            self._pictures.append((member.path, known.sha256))
            return
        if suffix not in IMAGE_SUFFIXES and begins(member.read(16)) is None:
            raise DecodeError(NOT_AN_IMAGE)
        check_bytes(member.size, self._reading.limits)
        self.keep(member.path, member.read(member.size), member.place)

    def keep(self, path: str, data: bytes, place: dict[str, Any]) -> None:
        """Take a picture's bytes in."""
        content = self._copies.put(
            self._root, self._prefix + path, data, self._version, as_place(place)
        )
        self._pictures.append((path, content))

    def _refuse(self, path: str, reason: str) -> None:
        self._broken.append(BrokenFile(self._prefix + path, reason))

    def done(self) -> Gathered:
        """Return the pictures with their columns, labels from folders where nothing says more."""
        paths = [path for path, _ in self._pictures]
        columns = self._columns(paths)
        labels, splits = labels_and_splits(without_top(paths))
        split = split_of(self._prefix)
        for row, values in enumerate(columns):
            if labels[row] and not any(name.lower() in SYNONYMS["label"] for name in values):
                values["label"] = labels[row]
            if splits or split:
                values.setdefault("split", splits[row] if splits else split)
        taken = [
            Taken(self._prefix + path, content, values)
            for (path, content), values in zip(self._pictures, columns, strict=True)
        ]
        return Gathered(taken, list(self._broken))

    def _columns(self, paths: list[str]) -> list[dict[str, Any]]:
        """Return each picture's columns from the other members of its sample."""
        samples: dict[str, list[tuple[str, str]]] = {}
        for path in self._sides:
            whole, first = _keys(path)
            samples.setdefault(whole, []).append((path, ""))
            if first != whole:
                more = PurePosixPath(path).name[len(PurePosixPath(first).name) + 1 :]
                samples.setdefault(first, []).append((path, more.rpartition(".")[0]))
        used: set[str] = set()
        rows: list[dict[str, Any]] = []
        for path in paths:
            values: dict[str, Any] = {}
            key = next((key for key in _keys(path) if key in samples), None)
            for side, part in samples.get(key, []) if key is not None else []:
                used.add(side)
                self._read_side(side, part, values)
            rows.append(values)
        for path in self._sides:
            if path not in used:
                self._refuse(path, NO_PARTNER)
        return rows

    def _read_side(self, path: str, part: str, values: dict[str, Any]) -> None:
        """Add one member's values to a sample's; what cannot be read is named once."""
        name = _SIDES[PurePosixPath(path).suffix.lower()]
        try:
            text = self._sides[path].decode("utf-8-sig").strip()
            if name:
                values[f"{part}_{name}" if part else name] = text
                return
            found = json.loads(text)
        except (ValueError, RecursionError):
            one = BrokenFile(self._prefix + path, "not JSON text in UTF-8: its columns are missing")
            if one not in self._broken:
                self._broken.append(one)
            return
        found = found if isinstance(found, dict) else {"json": found}
        for key, value in found.items():
            values.setdefault(f"{part}_{key}" if part else str(key), value)


def _keys(path: str) -> tuple[str, str]:
    """Return a member's name without its ending, and up to the first dot, with its folder."""
    pure = PurePosixPath(path)
    parent = "" if str(pure.parent) == "." else f"{pure.parent}/"
    return parent + pure.stem, parent + pure.name.partition(".")[0]


def split_of(prefix: str) -> str | None:
    """Return the part of a data set that a file's name begins with, as "train-00000-of-00002"."""
    found = _SPLIT.match(prefix)
    return found[0] if found else None


def without_top(paths: list[str]) -> list[str]:
    """Return paths without the one folder that all lie in: an archive of a folder has its name."""
    tops = {path.partition("/")[0] for path in paths if "/" in path}
    if len(tops) == 1 and all("/" in path for path in paths):
        return [path.partition("/")[2] for path in paths]
    return paths
