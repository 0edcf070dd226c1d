"""Pictures that lie elsewhere: s3://, gs://, https:// and whatever fsspec opens.

Each file is fetched once, to be hashed and decoded, and again only when it is a new version or
when its copy had to make room and its pixels are wanted. What was known of a file stays in use
while its host is out of reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import DecodeError, InputError
from core.imaging.imagefile import NOT_AN_IMAGE
from core.ingest.archives import (
    archive_kind,
    copies_of,
    gather_archive,
    kind_by_name,
    prefixes_of,
)
from core.ingest.copies import ARCHIVES
from core.ingest.credentials import conceal, put_away, without_secrets
from core.ingest.fetching import NOT_ALLOWED, open_place
from core.ingest.folders import labels_and_splits
from core.ingest.listing import Entry, list_place, look_at
from core.ingest.packed import Gathered, Taken
from core.ingest.packed_items import packed_scan
from core.ingest.schemes import Reading
from core.ingest.transfers import Transfers, Wanted, is_picture_name
from core.keys import digest
from core.model import BrokenFile, Scan

#: Bytes of the largest archive or table that is fetched.
_LARGEST = 2**40
_TABLES = (".csv", ".tsv")
_ARRAYS = (".npy", ".npz", ".gz", "ubyte")


@dataclass(frozen=True, slots=True)
class _Place:
    """A source elsewhere, opened."""

    source: str
    file_system: Any
    transfers: Transfers

    def wanted(self, entry: Entry) -> Wanted:
        """Return a listed file with the address under which it is stored."""
        address = f"{self.source.rstrip('/')}/{entry.below}" if entry.below else self.source
        return Wanted(entry, self.file_system, address)


def scan_named(source: str, reading: Reading) -> Scan:
    """Return what lies at an address: a folder of pictures or of archives, or one file of either.

    Raises
    ------
    InputError
        Nothing is there, it cannot be reached or not be listed, or credentials are missing; the
        message has none of them.
    """
    source = put_away(source)
    root = f"remote-{digest('remote', without_secrets(source))[:20]}"
    with copies_of(reading, source) as copies:
        file_system, path = open_place(source)
        reading.progress.report("scan", note="listing files")
        entries, refused = list_place(file_system, path, source)
        place = _Place(source, file_system, Transfers(copies, root, reading))
        if len(entries) == 1 and not entries[0].below and not refused:
            found = _one_file(place, entries[0], reading)
            if isinstance(found, Scan):
                return found
        else:
            found = _many_files(place, entries)
        found.broken += refused
        found.notes += place.transfers.note()
        return packed_scan(source, copies, root, found, reading)


def _many_files(place: _Place, entries: Sequence[Entry]) -> Gathered:
    """Take in a folder: of pictures, or of archives if there are no pictures."""
    pictures = [one for one in entries if _may_be_picture(one.path)]
    archives = [one for one in entries if kind_by_name(one.path)]
    if archives and not any(is_picture_name(one.path) for one in pictures):
        found, used = _take_archives(place, archives), archives
    else:
        found, used = _take_pictures(place, pictures), pictures
    others = sorted(set(entries) - set(used))
    found.broken += [BrokenFile(one.path, NOT_AN_IMAGE) for one in others]
    return found


def _may_be_picture(path: str) -> bool:
    """Tell whether a file is fetched: its name says a picture, or nothing at all."""
    return is_picture_name(path) or not PurePosixPath(path).suffix


def _take_pictures(place: _Place, entries: Sequence[Entry]) -> Gathered:
    answers = place.transfers.take_all([place.wanted(entry) for entry in entries])
    taken = [
        (entry.path, answer)
        for entry, answer in zip(entries, answers, strict=True)
        if isinstance(answer, str)
    ]
    found = Gathered(broken=[answer for answer in answers if isinstance(answer, BrokenFile)])
    if not taken and any(one.reason == NOT_ALLOWED for one in found.broken):
        raise InputError(f"{conceal(place.source)}: {NOT_ALLOWED}")
    labels, splits = labels_and_splits([path for path, _ in taken])
    for row, (path, content) in enumerate(taken):
        columns: dict[str, Any] = {"label": labels[row]} if labels[row] else {}
        if splits:
            columns["split"] = splits[row]
        found.taken.append(Taken(path, content, columns))
    return found


# -- archives and other files that hold many pictures ----------------------------------------------


def _take_archives(place: _Place, entries: Sequence[Entry]) -> Gathered:
    """Fetch archives one after the other and take in what each holds."""
    prefixes = prefixes_of([entry.path for entry in entries])
    found = Gathered()
    for entry, prefix in zip(entries, prefixes, strict=True):
        place.transfers.reading.progress.report("scan", note=f"fetching {entry.path}")
        try:
            local, version = _fetched(place, entry)
            kind = archive_kind(local)
            if not kind:
                raise InputError(f"{entry.path}: no images in it")
            found.add(_gathered(place, local, kind, version, prefix))
        except (InputError, DecodeError) as error:
            found.broken.append(BrokenFile(entry.path, str(error)))
    return found


def _gathered(place: _Place, local: Path, kind: str, version: str, prefix: str) -> Gathered:
    to = place.transfers
    return gather_archive(local, kind, to.copies, to.root, to.reading, version, prefix)


def _one_file(place: _Place, entry: Entry, reading: Reading) -> Gathered | Scan:
    """Return what one file holds: an archive, a table, vectors, or a picture by itself."""
    name = entry.path.lower()
    known = kind_by_name(name)
    if not known and not name.endswith(_TABLES + _ARRAYS):
        found = _take_pictures(place, [entry])
        if not found.taken:
            raise InputError(f"{conceal(place.source)}: {found.broken[0].reason}")
        return found
    try:
        local, version = _fetched(place, entry)
        kind = "" if name.endswith(_TABLES) else archive_kind(local)
        if kind:
            return _gathered(place, local, kind, version, "")
    except (InputError, DecodeError) as error:
        raise InputError(f"{conceal(place.source)}: {error}") from error
    from core.ingest.addressed import scan_beside
    from core.ingest.source import scan

    if name.endswith((*_TABLES, ".parquet", ".pq")):
        beside = scan_beside(place.source, local, reading)
        if beside is not None:
            return beside
    here = scan(
        str(local), files_folder=reading.files_folder, known_hashes=reading.hashes,
        limits=reading.limits, progress=reading.progress,
    )  # fmt: skip
    return replace(here, source=place.source)


def _fetched(place: _Place, entry: Entry) -> tuple[Path, str]:
    """Return a file's copy here, fetched if this version of it is not, and its version."""
    to = place.transfers
    entry = look_at(place.file_system, entry)
    path = f"{ARCHIVES}/{entry.path}"
    local, known = to.copies.folder / to.root / path, to.known.get(path)
    current = known is not None and bool(entry.version) and known.version == entry.version
    if current and known is not None and local.is_file():
        return local, known.sha256
    wanted = place.wanted(entry)
    return local, to.fetch(wanted, replace(entry, path=path), _LARGEST, whatever=True)
