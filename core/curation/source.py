"""What a log's first line says of the set it belongs to."""

import json
from typing import Any
from urllib.parse import unquote

from core.curation.events import FORMAT, SET_KINDS, Event, canonical
from core.curation.journal import Draft
from core.curation.lists import Lists, StoredLists, digest_of
from core.curation.roster import Roster
from core.encoders.fitted.names import is_derived, shortened


def portable_name(encoder: str) -> str:
    """Return an encoder's name without the folders of this machine in it.

    >>> portable_name("timm:vit_tiny?checkpoint=/home/me/net.pth&pool=avg")
    'timm:vit_tiny?checkpoint=net.pth&pool=avg'
    >>> portable_name("ensemble:timm:local-dir:/home/me/net+pixels?weights=2,1")
    'ensemble:timm:local-dir:net+pixels?weights=2,1'
    """
    if is_derived(encoder):
        return shortened(encoder, portable_name)
    base, mark, query = encoder.partition("?")
    head, local, folder = base.partition("local-dir:")
    if base.startswith(_FILES):
        head, local, folder = base.partition(":")
    elif base.startswith("open_clip:") and not local and ":hf-hub:" not in base:
        head, local, folder = base.rpartition(":")  # a tag, or a folder or file with the weights
    options = [option.partition("=") for option in query.split("&")] if mark else []
    shown = [
        f"{name}{equals}{_shortened(value) if name in _PATHS else value}"
        for name, equals, value in options
    ]
    return f"{head}{local}{_last(folder) if local else folder}{mark}{'&'.join(shown)}"


#: Encoders that are files, and options that are a path or several.
_FILES, _PATHS = ("onnx:", "torchscript:", "exported:"), frozenset({"checkpoint", "path", "files"})


def _shortened(value: str) -> str:
    """Return paths, joined by commas, without their folders."""
    return ",".join(_last(one) for one in unquote(value).split(","))


def _last(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def describe(base: Any) -> tuple[dict[str, Any], list[str]]:
    """Return what is known of a set but its items, and the paths that could not be used.

    The second is what a replay leaves out although it may be able to read it: each path as its
    JSON, as often as items of it were set aside, sorted.
    """
    fields = {
        "set": base.name,
        "source": base.kind,
        "encoder": portable_name(base.spec.name),
        "encoder_key": base.spec.key,
        "seed": int(base.request.get("seed", 0)),
    }
    return fields, sorted(canonical(file.path) for file in base.broken)


def opening(base: Any, roster: Roster, last: Event | None, lists: StoredLists) -> list[Draft]:
    """Return the event that must be written before any other: what the set is now, if it is news.

    Its lists are stored first.

    Raises
    ------
    StorageError
        The disk is full or refuses.
    """
    fields, aside = describe(base)
    if last is not None and _tells(last, fields, roster, aside):
        return []
    for lines in (roster.addresses, roster.path_lines):
        lists.put(lines)
    fields["set_aside"] = {"count": len(aside), "digest": lists.put(aside)}
    if last is None:
        return [Draft("start", {"format": FORMAT, **fields}, roster.items)]
    return [Draft("change", fields, roster.items)]


def _tells(last: Event, fields: dict[str, Any], roster: Roster, aside: list[str]) -> bool:
    told = {name: last.fields.get(name) for name in fields}
    same = told == fields and last.items == roster.items
    return same and last.fields["set_aside"]["digest"] == digest_of(aside)


def last_source(events: list[Event]) -> Event | None:
    """Return the last event that tells what the set is; None in an empty log."""
    return next((event for event in reversed(events) if event.kind in SET_KINDS), None)


def read_aside(event: Event | None, lists: Lists) -> list[str]:
    """Return the paths, each as often as items of it were set aside, that an event recorded."""
    if event is None:
        return []
    return [json.loads(line) for line in lists.get(event.fields["set_aside"]["digest"])]
