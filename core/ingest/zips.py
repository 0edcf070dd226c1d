"""Zip archives, read member by member: nothing is unpacked outside the folder of copies."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import DecodeError
from core.imaging.files import file_size, open_regular
from core.ingest.members import (
    ENCRYPTED,
    ESCAPES,
    IS_LINK,
    TWICE,
    Member,
    safe_name,
    too_large,
)
from core.model import BrokenFile

#: First bytes of a zip archive, empty ones and those after a stub left out.
MAGIC = b"PK\x03\x04"
_LOCAL = struct.Struct("<4s5H3I2H")
_FAILURES = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error,
    OSError, ValueError,
)  # fmt: skip


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what reading a zip archive raises into a `DecodeError`."""
    try:
        yield
    except DecodeError:
        raise
    except _FAILURES as error:
        if isinstance(error, OSError) and error.errno:
            raise  # of the archive, not of the member
        text = " ".join(str(error).split())
        if isinstance(error, NotImplementedError):
            reason = "packed by a method that cannot be read here: pack it again with deflate"
        elif "CRC" in text:
            reason = "damaged: its bytes do not match its checksum"
        else:
            reason = f"damaged archive member ({text[:120] or type(error).__name__})"
        raise DecodeError(reason) from error


def zip_members(file: BinaryIO, place: dict[str, Any]) -> Iterator[Member | BrokenFile]:
    """Give the regular files of a zip archive in its order, and what is refused.

    Parameters
    ----------
    file
        The archive, open as long as members are read.
    place
        What is known of the archive; each member's place adds to it.

    Raises
    ------
    DecodeError
        It is no zip archive, is cut off, or unpacks to far more than it holds.
    """
    try:
        archive = zipfile.ZipFile(file)  # type: ignore[arg-type]
    except (*_FAILURES, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())[:120]
        raise DecodeError(
            f"not a whole zip archive ({text}): it may be cut off; copy it again"
        ) from error
    infos = [info for info in archive.infolist() if not info.is_dir()]
    reason = too_large(sum(info.file_size for info in infos), file_size(file))
    if reason:
        raise DecodeError(reason)
    seen: set[str] = set()
    for info in infos:
        path, reason = safe_name(
            info.orig_filename if "\\" in info.orig_filename else info.filename
        )
        if "\0" in info.orig_filename:
            reason = ESCAPES
        mode = info.external_attr >> 16
        if not reason and stat.S_ISLNK(mode):
            reason = IS_LINK
        if not reason and info.flag_bits & 0x1:
            reason = ENCRYPTED
        if not reason and path in seen:
            reason = TWICE
        if reason:
            yield BrokenFile(path, reason)
            continue
        seen.add(path)
        where = place | {"member": info.filename, "offset": info.header_offset,
                         "packed": info.compress_size, "method": info.compress_type}  # fmt: skip
        yield Member(path, info.file_size, where, _reader(archive, info))


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    def read(count: int) -> bytes:
        with in_words(), archive.open(info) as member:
            data = member.read(count)
            if count >= info.file_size and len(data) != info.file_size:
                raise DecodeError("damaged: ends before its announced size")
            return data

    return read


def read_zip_member(path: Path, place: dict[str, Any], most: int) -> bytes:
    """Return one member's bytes again, without reading the archive's directory.

    Raises
    ------
    DecodeError
        It cannot be read; who called compares its hash.
    OSError
        The archive cannot be opened.
    """
    with in_words(), open_regular(path) as file:
        if place["method"] not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with zipfile.ZipFile(file) as archive, archive.open(place["member"]) as member:
                return member.read(most)
        file.seek(place["offset"])
        head = _LOCAL.unpack(file.read(_LOCAL.size))
        if head[0] != MAGIC:
            raise DecodeError("the archive was changed since the run: run the set again")
        file.seek(head[9] + head[10], 1)
        data = file.read(place["packed"])
        if place["method"] == zipfile.ZIP_STORED:
            return data
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
