"""Names of exported files: safe on every system, inside their folder, none used twice.

A name that came from a source is never trusted with where a file is written: what could lead out
of a folder, end a line or be refused by some file system becomes an underscore. Two files that
want one name get " (2)", " (3)", in their order, compared without case as some systems do.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from core.export.formats import Layout
from core.export.sources import Source

#: Bytes of one name; file systems end at 255, and a number may be added.
LONGEST = 200

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\\/:*?"<>|]')
#: Names of which nothing needs to be changed, told quickly.
_PLAIN = re.compile(r"(?!.*[ .]\.)[A-Za-z0-9_-][A-Za-z0-9_ .()+,-]{0,150}[A-Za-z0-9_)]")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)


def safe_name(text: str, *, otherwise: str = "_") -> str:
    """Return a text as one file or folder name.

    No separators, control characters or what Windows forbids; no dots or spaces at its end; no
    leading dot, which would hide it; at most 200 bytes, its suffix kept.
    """
    if _PLAIN.fullmatch(text) and text.strip("_ .") and not _DEVICES.fullmatch(text):
        return text
    name = _UNSAFE.sub("_", text).rstrip(". ").lstrip(" ")
    if name.startswith("."):
        name = f"_{name[1:]}"
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    if not name.strip("_ ."):
        name = name.strip(". ") or otherwise
    return _shortened(name)


def _shortened(name: str) -> str:
    """Cut a name's stem until its bytes fit."""
    stem, suffix = _split(name)
    while stem and len(os.fsencode(stem + suffix)) > LONGEST:
        stem = stem[:-1]
    return (stem.rstrip(". ") or "_") + suffix


def _split(name: str) -> tuple[str, str]:
    """Return a name's stem and its suffix; a suffix longer than 12 characters is none."""
    suffix = PurePosixPath(name).suffix
    return (name, "") if not suffix or len(suffix) > 12 else (name[: -len(suffix)], suffix)


def wanted_name(source: Source, layout: Layout, suffix: str | None = None) -> str:
    """Return where a file should go below its folder, `/` between names; each name is safe.

    Parameters
    ----------
    layout
        tree: as below the set's folder. flat: the name alone. label: a folder for each label,
        nested where the label has slashes, so that the folder opens again with the same labels;
        an item without a label lies in no sub-folder.
    suffix
        Instead of the file's own.
    """
    parts = [part for part in source.path.split("/") if part not in {"", "."}] or ["_"]
    last = parts.pop()
    if suffix is not None:
        last = f"{_split(last)[0]}{suffix}"
    if layout == "flat":
        parts = []
    elif layout == "label":
        parts = [part for part in source.label.split("/") if part.strip()]
    return "/".join(safe_name(part) for part in [*parts, last])


def _folded(path: str) -> str:
    """Return what two names share where a file system ignores case and composition."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def without_clashes(wanted: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, numbered where one is used already, as a file or as a folder.

    Parameters
    ----------
    wanted
        Relative paths, `/` between names.
    taken
        Names that are not free.
    """
    names = list(wanted)
    used = {_folded(name) for name in taken}
    for folder in {name.rpartition("/")[0] for name in names}:  # mostly far fewer than names
        parts = folder.split("/")
        used |= {_folded("/".join(parts[:depth])) for depth in range(1, len(parts) + 1)}
    found: list[str] = []
    counts: dict[str, int] = {}
    for name in names:
        folder, slash, last = name.rpartition("/")
        stem, suffix = _split(last)
        key, number = _folded(name), 1
        free = key
        if key in used:  # numbers already given to this name need not be tried again
            number = counts.get(key, 1)
            while free in used:
                number += 1
                last = f"{stem} ({number}){suffix}"
                free = _folded(f"{folder}{slash}{last}")
            counts[key] = number
        used.add(free)
        found.append(f"{folder}{slash}{last}")
    return found
