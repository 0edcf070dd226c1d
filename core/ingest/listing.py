"""What lies at an address: every file with its size and what tells its versions apart."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from core.errors import DecodeError, InputError
from core.ingest.credentials import conceal
from core.ingest.fetching import why
from core.ingest.folders import natural_key
from core.ingest.members import is_aside, safe_name
from core.model import BrokenFile

_VERSIONS = (
    "ETag", "etag", "e_tag", "Content-MD5", "md5Hash", "generation", "LastModified",
    "Last-Modified", "last_modified", "mtime", "updated", "modified", "created",
)  # fmt: skip
#: Folders below one another that are entered: a server may show a folder inside itself.
_DEEPEST = 32
_MOST = 5_000_000


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One file elsewhere.

    Attributes
    ----------
    path
        Relative to the source, safe as the path of its copy.
    name
        As its file system names it.
    size
        Bytes; None is not known.
    version
        What changes with its content; "" is not known.
    below
        What is put after the source's address to name it; "" where the source is the file.
    """

    path: str
    name: str
    size: int | None = None
    version: str = ""
    below: str = ""


def list_place(file_system: Any, path: str, source: str) -> tuple[list[Entry], list[BrokenFile]]:
    """Return the files at a place in natural order, and what is refused or cannot be listed.

    Parameters
    ----------
    file_system, path
        As `core.ingest.fetching.open_place` gives them.
    source
        The address, for messages.

    Raises
    ------
    InputError
        Nothing is there, or it cannot be reached or listed.
    """
    on_the_web = path.startswith(("http://", "https://"))
    try:
        if on_the_web:
            if PurePosixPath(urlsplit(path).path).suffix and not path.endswith("/"):
                return [_single(path)], []
            path = path.rstrip("/") + "/"
            found, refused = _walk(file_system, path)
        else:
            file_system.invalidate_cache()  # what was listed before may have changed
            about = file_system.info(path)
            if about["type"] != "directory":
                return [_entry(PurePosixPath(path).name, path, about, "")], []
            flat = "_find" in type(file_system).__dict__ or "find" in type(file_system).__dict__
            if flat:
                found, refused = file_system.find(path, detail=True), []
            else:
                found, refused = _walk(file_system, path)
    except InputError:
        raise
    except Exception as error:  # each library has errors of its own
        raise InputError(f"{conceal(source)}: {why(error, path)}") from error
    entries = _entries(found, path, refused)
    if not entries and not refused:
        told = "no links to files: the server shows no list" if on_the_web else "nothing is there"
        raise InputError(f"{conceal(source)}: {told}")
    return entries, refused


def _single(path: str) -> Entry:
    name, reason = safe_name(unquote(PurePosixPath(urlsplit(path).path).name))
    return Entry(name if not reason else "file", path)


def _walk(file_system: Any, path: str) -> tuple[dict[str, Any], list[BrokenFile]]:
    """Return every file below a folder, level by level; one that cannot be listed is named."""
    found: dict[str, Any] = {}
    refused: list[BrokenFile] = []
    folders = [(path, 0)]
    seen = {path.rstrip("/")}
    while folders:
        here, depth = folders.pop()
        try:
            listed = file_system.ls(here, detail=True)
        except Exception as error:
            if depth == 0:
                raise
            refused.append(BrokenFile(_below(here, path), f"folder: {why(error, path)}"))
            continue
        for about in listed:
            name = about["name"]
            if "?" in name or "#" in name:  # links that sort a list
                continue
            if about["type"] == "directory":
                if depth < _DEEPEST and name.rstrip("/") not in seen:
                    seen.add(name.rstrip("/"))
                    folders.append((name, depth + 1))
            else:
                found[name] = about
        if len(found) > _MOST:
            raise InputError(f"more than {_MOST:,} files: name a folder inside")
    return found, refused


def _below(name: str, path: str) -> str:
    """Return what a name has after the folder's."""
    start = path.rstrip("/") + "/"
    if name.startswith(start):
        return name[len(start) :]
    return name.lstrip("/").removeprefix(start.lstrip("/"))


def _entries(found: dict[str, Any], path: str, refused: list[BrokenFile]) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for name, about in found.items():
        below = _below(name, path)
        web = name.startswith(("http://", "https://"))
        safe, reason = safe_name(unquote(below) if web else below)
        if reason:
            refused.append(BrokenFile(safe, reason.replace("the archive", "the folder")))
        elif not is_aside(safe) and safe not in entries:
            entries[safe] = _entry(safe, name, about, below)
    return sorted(entries.values(), key=lambda entry: natural_key(entry.path))


def _entry(path: str, name: str, about: dict[str, Any], below: str) -> Entry:
    size = about.get("size")
    told = [f"{key}={about[key]}" for key in _VERSIONS if about.get(key)]
    version = f"{size} {' '.join(told)}" if told else ""
    return Entry(path, name, size, version, below)


def look_at(file_system: Any, entry: Entry) -> Entry:
    """Return an entry with size and version, asked of the host where the list did not tell.

    Raises
    ------
    DecodeError
        It is not there, or cannot be asked for.
    """
    if entry.version:
        return entry
    try:
        told = _entry(entry.path, entry.name, file_system.info(entry.name), entry.below)
    except Exception as error:
        raise DecodeError(why(error, entry.name)) from error
    return replace(entry, size=told.size, version=told.version)
