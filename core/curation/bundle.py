"""The bundle: manifest, log and provenance in one zip; and reading a log from wherever it is."""

import io
import json
import platform
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.curation.events import SET_KINDS, Event, canonical, checksum_of
from core.curation.journal import parse
from core.curation.lists import GivenLists, Lists, StoredLists, digest_of
from core.curation.manifest import Selection
from core.curation.roster import items_of
from core.curation.source import portable_name
from core.encoders.base import spec_to_dict
from core.errors import ArtifactCorruptError, InputError
from core.storage.store import library_versions, now

LOG_NAME = "log.jsonl"


def _needed(events: Sequence[Event]) -> Iterator[str]:
    """Yield the digest of every list that events name, each once, in order."""
    found: dict[str, None] = {}
    for event in events:
        items = event.items or {}
        if event.kind in SET_KINDS:
            names = (items["digest"], items["paths"], event.fields["set_aside"]["digest"])
            found |= dict.fromkeys(names)
        elif items and "addresses" not in items:
            found[items["digest"]] = None
    yield from found


def _list_line(lines: Sequence[str]) -> bytes:
    record = {"kind": "list", "digest": digest_of(lines), "lines": list(lines)}
    return f"{canonical(record)}\n".encode()


def pack_log(events: Sequence[Event], lists: Lists, selection: Selection | None) -> bytes:
    """Return a log as one self-contained file: its lines, then the lists that they name.

    A selection comes last: a line of its own, which follows from the last event but is none.
    """
    parts = [event.line() for event in events]
    parts += [_list_line(lists.get(digest)) for digest in _needed(events)]
    if selection is not None:
        addresses = sorted(selection.addresses)
        items = items_of(addresses)
        if "addresses" not in items:
            parts.append(_list_line(addresses))
        record = {
            "kind": "selection",
            "name": selection.name,
            "items": items,
            "previous": events[-1].checksum,
        }
        parts.append(f"{canonical(record | {'checksum': checksum_of(record)})}\n".encode())
    return b"".join(parts)


def provenance(opened: Any, record: dict[str, Any]) -> bytes:
    """Return what made the set: versions, encoder, seeds, keys and when this was written.

    Folders of this machine are left out, so that a bundle can be given away.
    """
    base, spec = opened.base, spec_to_dict(opened.base.spec)
    request = {n: v for n, v in base.request.items() if n not in {"source", "name"}}
    if "encoder" in request:
        request["encoder"] = portable_name(str(request["encoder"]))
    names = ("imageset", "embeddings", "neighbors", "projections", "clusterings")
    value = {
        "set": base.name,
        "exported": now(),
        "python": platform.python_version(),
        "libraries": library_versions(),
        "encoder": {**spec, "name": portable_name(spec["name"]), "key": base.spec.key},
        "request": request,
        "neighbours": (base.summary or {}).get("neighbors"),
        "keys": {name: record.get(name) for name in names},
        "part": opened.name if opened.is_part else None,
    }
    return f"{json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)}\n".encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files as a zip whose bytes depend on nothing but them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return data.getvalue()


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log and its lists; `selection` if it came from a bundle that was restricted.

    `torn` tells that a last line was cut off and does not count.
    """

    events: list[Event]
    lists: Lists
    selection: Selection | None
    torn: bool


def read_log(path: Path) -> ReadLog:
    """Return a log: a workspace's log.jsonl, one from a bundle, or the bundle itself.

    Raises
    ------
    InputError
        It is not there, or is no curation log.
    ArtifactCorruptError
        A byte of it was changed; the message names the line.
    """
    data = _log_bytes(path)
    chain, given, chosen = [], {}, None
    for line in data.split(b"\n"):
        kind = _kind_of(line)
        if kind == "list":
            name, lines = _read_list(line, path)
            given[name] = lines
        elif kind == "selection":
            chosen = line
        else:
            chain.append(line)
    if not chain[0].startswith(b"{"):
        raise InputError(f"{path}: not a curation log; give a log.jsonl or a bundle (.zip)")
    found = parse(b"\n".join(chain), path)
    events = [*found.events, *([found.tail] if found.tail else [])]
    if not events:
        raise InputError(f"{path}: the log is empty")
    lists = GivenLists(given, StoredLists(path.parent / "ids"))
    selection = _read_selection(chosen, events[-1], lists, path) if chosen else None
    return ReadLog(events, lists, selection, bool(found.torn))


def _log_bytes(path: Path) -> bytes:
    """Return the log's bytes, out of the bundle if it is one."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return archive.read(LOG_NAME)
        return path.read_bytes()
    except KeyError:
        raise InputError(f"{path}: has no {LOG_NAME} in it; give a bundle or a log") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ArtifactCorruptError(f"{path}: damaged zip ({error}); get another copy") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _kind_of(line: bytes) -> str:
    """Return what a line is if it is no event, by its first bytes alone where it is long."""
    if line.startswith(b'{"digest":"') and line[75:90] == b'","kind":"list"':
        return "list"
    return "selection" if b'"kind":"selection"' in line[:4096] else ""


def _read_list(line: bytes, path: Path) -> tuple[str, list[str]]:
    try:
        record = json.loads(line)
        name, lines = record["digest"], record["lines"]
        texts = isinstance(lines, list) and all(isinstance(one, str) for one in lines)
        if texts and digest_of(lines) == name:
            return name, lines
    except (ValueError, KeyError, TypeError):
        pass
    raise ArtifactCorruptError(
        f"{path}: the address list {line[11:75].decode(errors='replace')} differs from its "
        "checksum; get another copy"
    )


def _read_selection(line: bytes, last: Event, lists: Lists, path: Path) -> Selection:
    try:
        record = json.loads(line)
        checksum = record.pop("checksum")
        if checksum == checksum_of(record) and record["previous"] == last.checksum:
            items = record["items"]
            short = items.get("addresses")
            addresses = lists.get(items["digest"]) if short is None else short
            return Selection(record["name"], list(addresses))
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ArtifactCorruptError(f"{path}: the selection differs from its checksum; get another copy")
