"""What an archive or a listing holds: members with safe names, and what is wrong with others."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.imaging.imagefile import signature_of
from core.ingest.folders import NOT_UTF_8, printable

ESCAPES = "its name leads out of the archive: refused"
IS_LINK = "a link inside the archive: refused; pack the file itself"
NOT_REGULAR = "not a regular file: refused"
TWICE = "a second member of this name: only the first is used"
ENCRYPTED = "encrypted: unpack it with its password and give the folder"
#: An archive may unpack to this many times its size, and as many bytes more.
LARGEST_RATIO, FREE_BYTES = 200, 2**30
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file inside something larger.

    Attributes
    ----------
    path
        Relative, POSIX, free of "..".
    size
        Bytes, unpacked, as announced.
    place
        Where it is read again: what `core.ingest.originals` understands.
    read
        Returns its first bytes, at most as many as it is told, or raises `DecodeError`.
    """

    path: str
    size: int
    place: dict[str, Any]
    read: Callable[[int], bytes]


def safe_name(name: str) -> tuple[str, str]:
    """Return a member's name as a relative POSIX path, and "" or the reason to refuse it."""
    text = name.replace("\\", "/") if "/" not in name else name
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if text.startswith("/") or re.match(r"[A-Za-z]:", text) or ".." in parts or not parts:
        return printable(text), ESCAPES
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        return printable(text), "its name has control characters: refused"
    if text != printable(text):
        return printable(text), NOT_UTF_8
    if any(len(part.encode()) > _LONGEST for part in parts):
        return text, "its name is too long to be a file's"
    return "/".join(parts), ""


def is_aside(path: str) -> bool:
    """Tell whether a path is hidden or a system's own, as those a folder's scan passes over."""
    parts = path.casefold().split("/")
    return any((part.startswith(".") and part != "..") or part in _SYSTEM for part in parts)


_SYSTEM = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def begins(data: bytes) -> str | None:
    """Return the format of picture that bytes begin as; None if of none."""
    return signature_of(data[:16].ljust(16, b"\0"))  # plugins unpack without asking how much


def as_place(value: dict[str, Any]) -> str:
    """Return a place as it is stored."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def too_large(unpacked: int, packed: int) -> str:
    """Return why an archive is not unpacked, or "" if it may be."""
    if unpacked <= packed * LARGEST_RATIO + FREE_BYTES:
        return ""
    return (
        f"unpacks to {unpacked / 2**30:.1f} GiB from {packed / 2**20:.1f} MiB, which no pictures "
        "do: refused as an archive made to fill a disk"
    )
