"""Tar archives (plain, gzip, bzip2, xz), as WebDataset writes its shards, read in one pass."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from core.errors import DecodeError
from core.imaging.files import file_size, open_regular
from core.ingest.members import (
    IS_LINK,
    NOT_REGULAR,
    TWICE,
    Member,
    safe_name,
    too_large,
)
from core.model import BrokenFile

CUT_OFF = "ends before its end mark: it may be cut off; what was read before is used"
_BLOCK = 512
_FAILURES = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)
_MAGIC = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\xfd7": "xz"}


def packing_of(prefix: bytes) -> str:
    """Return how a file is packed as a whole, by its first bytes: gz, bz2, xz or "" (not)."""
    return _MAGIC.get(prefix[:2], "")


def unpacked(file: BinaryIO, packing: str) -> BinaryIO:
    """Return the stream of a file that is packed as a whole."""
    if packing == "gz":
        stream: Any = gzip.GzipFile(fileobj=file)
    elif packing == "bz2":
        stream = bz2.BZ2File(file)
    elif packing == "xz":
        stream = lzma.LZMAFile(file)  # noqa: SIM115 - as long as the file under it
    else:
        return file
    return cast(BinaryIO, stream)


def is_tar(path: Path) -> bool:
    """Tell whether a file's first block, unpacked, is the header of a tar archive.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    try:
        with open_regular(path) as file:
            packing = packing_of(file.read(4))
            file.seek(0)
            head = unpacked(file, packing).read(_BLOCK)
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (*_FAILURES, DecodeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        return False
    return True


def tar_members(file: BinaryIO, place: dict[str, Any]) -> Iterator[Member | BrokenFile]:
    """Give the regular files of a tar archive in its order, and what is refused.

    A member is to be read before the next is asked for. An archive that is cut off or damaged
    gives what comes before, then one broken file that says so.

    Parameters
    ----------
    file
        The archive, open as long as members are read.
    place
        What is known of the archive; each member's place adds to it.

    Raises
    ------
    DecodeError
        It is no tar archive, or nothing of it can be read.
    """
    name, packed = str(place["name"]), file_size(file)
    packing = packing_of(file.read(4))
    file.seek(0)
    stream = unpacked(file, packing)
    try:
        archive = tarfile.open(fileobj=stream, mode="r:", errorlevel=1)  # noqa: SIM115
    except _FAILURES as error:
        raise DecodeError(f"not a whole tar archive ({_short(error)}): copy it again") from error
    seen: set[str] = set()
    total = 0
    while True:
        try:
            info = archive.next()
        except _FAILURES as error:
            yield BrokenFile(name, f"{CUT_OFF} ({_short(error)})")
            return
        if info is None:
            break
        archive.members = []  # type: ignore[attr-defined] # else it keeps every header
        if info.isdir():
            continue
        total += info.size
        reason = too_large(total, packed) if packing else ""
        if reason:
            yield BrokenFile(name, reason)
            return
        yield _member(archive, info, seen, place | {"packing": packing})
    if not _ended_well(archive, stream):
        yield BrokenFile(name, CUT_OFF)


def _member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, seen: set[str], place: dict[str, Any]
) -> Member | BrokenFile:
    path, reason = safe_name(info.name)
    if not reason and (info.issym() or info.islnk()):
        reason = IS_LINK
    if not reason and (not info.isreg() or info.issparse()):
        reason = NOT_REGULAR
    if not reason and path in seen:
        reason = TWICE
    if reason:
        return BrokenFile(path, reason)
    seen.add(path)
    where = place | {"member": info.name, "offset": info.offset_data, "size": info.size}

    def read(count: int) -> bytes:
        try:
            stream = archive.extractfile(info)
            data = stream.read(count) if stream is not None else b""
        except _FAILURES as error:
            raise DecodeError(f"truncated: the archive ends inside it ({_short(error)})") from error
        if len(data) < min(count, info.size):
            raise DecodeError("truncated: the archive ends inside it")
        return data

    return Member(path, info.size, where, read)


def _ended_well(archive: tarfile.TarFile, stream: BinaryIO) -> bool:
    """Tell whether reading stopped at the end mark, a block of zeros.

    tarfile takes a damaged header, and a cut between two members, for the end.
    """
    try:
        stream.seek(archive.offset)
        block = stream.read(_BLOCK)
    except _FAILURES:
        return False
    return len(block) == _BLOCK and not block.strip(b"\0")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def read_tar_member(path: Path, place: dict[str, Any]) -> bytes:
    """Return one member's bytes again, from its place in an archive that is not packed.

    Raises
    ------
    OSError, DecodeError
        The archive cannot be opened; who called compares the bytes' hash.
    """
    with open_regular(path) as file:
        file.seek(place["offset"])
        return file.read(place["size"])
