"""One line of a curation log: its form, its checksum, and its place in the chain."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Version of the log's form, in its first line.
FORMAT = 1

#: Lines that tell what the set is, and lines that move along the acts; all others are acts.
SET_KINDS = ("start", "change")
STEP_KINDS = ("undo", "redo")

_OWN = frozenset({"number", "when", "kind", "items", "previous", "checksum"})


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, characters as they are."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Attributes
    ----------
    number
        1 for the first line, without gaps.
    when
        UTC, to the second, ISO 8601.
    kind
        What was done; see docs/curation-log.md.
    fields
        What belongs to this kind: a name, a reason, a label.
    items
        Which items: {"count", "digest"} of an address list, and "addresses" where it is short;
        None where the kind has none.
    previous, checksum
        SHA-256 (hex) of the line before ("" for the first) and of this one.
    """

    number: int
    when: str
    kind: str
    fields: dict[str, Any]
    items: dict[str, Any] | None
    previous: str
    checksum: str

    @property
    def count(self) -> int:
        """Return the number of items it is about."""
        return int(self.items["count"]) if self.items else 0

    @property
    def is_act(self) -> bool:
        """Tell whether a person did this to the set, so that it can be undone."""
        return self.kind not in SET_KINDS and self.kind not in STEP_KINDS

    def line(self) -> bytes:
        """Return the line as it is stored, with its newline."""
        return f"{canonical(_record(self) | {'checksum': self.checksum})}\n".encode()


def _record(event: Event) -> dict[str, Any]:
    """Return what a line's checksum covers."""
    record = {
        **event.fields,
        "number": event.number,
        "when": event.when,
        "kind": event.kind,
        "previous": event.previous,
    }
    return record if event.items is None else record | {"items": event.items}


def checksum_of(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record's canonical JSON."""
    return hashlib.sha256(canonical(record).encode()).hexdigest()


def make_event(
    last: Event | None,
    when: str,
    kind: str,
    fields: Mapping[str, Any],
    items: Mapping[str, Any] | None = None,
) -> Event:
    """Return the event that follows `last` (None for the first of a log)."""
    clash = _OWN & fields.keys()
    if clash:
        raise ValueError(f"a field cannot be called {sorted(clash)[0]!r}")
    number, previous = (last.number + 1, last.checksum) if last else (1, "")
    bare = Event(
        number, when, kind, dict(fields), dict(items) if items is not None else None, previous, ""
    )
    return Event(number, when, kind, bare.fields, bare.items, previous, checksum_of(_record(bare)))


def read_event(line: bytes, last: Event | None) -> Event:
    """Return the event of a line (without its newline) that follows `last`.

    Raises
    ------
    ValueError
        It is not whole, or not what was written after `last`; the message says why.
    """
    try:
        text = line.decode()
        record = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(record, dict) or not _OWN - {"items"} <= record.keys():
        raise ValueError("is not an event")
    bare = {name: value for name, value in record.items() if name != "checksum"}
    if canonical(record) != text or record["checksum"] != checksum_of(bare):
        raise ValueError("differs from its checksum")
    number, previous = (last.number + 1, last.checksum) if last else (1, "")
    if record["number"] != number or record["previous"] != previous:
        raise ValueError("does not follow from the line before it")
    if last is None and (record["kind"] != "start" or "format" not in record):
        raise ValueError("is not the start of a log")
    fields = {name: value for name, value in record.items() if name not in _OWN}
    return Event(
        number, record["when"], record["kind"], fields, record.get("items"), previous,
        record["checksum"],
    )  # fmt: skip
