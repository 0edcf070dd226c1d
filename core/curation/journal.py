"""The log file of one set: read and verified, appended to, never rewritten.

An event counts once its line is whole. A line cut off at the end, by a process killed while it
wrote, is no damage: it is set aside and the next event takes its place. Anything else that is not
as it was written is damage, and said.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from core.curation.events import Event, make_event, read_event
from core.curation.form import check_form
from core.curation.lists import write_all
from core.errors import ArtifactCorruptError
from core.storage.flushed import sync_folder
from core.storage.store import now, storage_errors


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a number and a place."""

    kind: str
    fields: Mapping[str, Any]
    items: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What some bytes of a log hold.

    `events` are those of its whole lines, which end at byte `end`. `tail` is a last event that
    lacks only its newline; `torn` the bytes of one that was cut off.
    """

    events: list[Event]
    end: int
    tail: Event | None = None
    torn: bytes = b""


def parse(data: bytes, where: Path, last: Event | None = None) -> Parsed:
    """Return the events in `data`, which follow `last`, each checked against the chain.

    Raises
    ------
    ArtifactCorruptError
        A byte was changed, and the message names the file and the line; or an event is none that
        this version can apply.
    """
    *whole, rest = data.split(b"\n")
    events: list[Event] = []
    for line in whole:
        try:
            last = read_event(line, last)
        except ValueError as error:
            number = last.number + 1 if last else 1
            raise _damaged(where, number, str(error)) from None
        check_form(last)
        events.append(last)
    end = len(data) - len(rest)
    if not rest:
        return Parsed(events, end)
    try:
        tail = read_event(rest, last)
    except ValueError as error:
        if not _is_cut_off(rest):
            number = last.number + 1 if last else 1
            raise _damaged(where, number, str(error)) from None
        return Parsed(events, end, torn=rest)
    check_form(tail)
    return Parsed(events, end, tail=tail)


def _is_cut_off(data: bytes) -> bool:
    """Tell whether bytes without a newline are the beginning of a line, or never reached the disk.

    The beginning of one JSON object holds no whole object; a line whose newline was changed does.
    """
    if b"\0" in data:
        return True
    try:
        json.JSONDecoder().raw_decode(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return True
    return False


def _damaged(where: Path, number: int, reason: str) -> ArtifactCorruptError:
    return ArtifactCorruptError(
        f"{where}, line {number}: {reason}; put the file back from a copy (every bundle has one), "
        f"or move {where.parent} away to begin a new log"
    )


class Journal:
    """One log; what was read once is not read again while the file only grows.

    Not for several threads at once: its owner has a lock. Writers also hold the log's lock, which
    keeps other processes out.
    """

    def __init__(self, path: Path):
        self.path = path
        self._forget()

    def _forget(self) -> None:
        self._whole: list[Event] = []
        self._parsed = Parsed([], 0)
        self._end = 0
        self._seen: tuple[int, ...] = ()
        self.events: list[Event] = []

    def stamp(self) -> tuple[int, ...]:
        """Return what changes with the file: inode, size and time; () while there is none."""
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            with storage_errors(f"reading {self.path}"):
                raise error
        return state.st_ino, state.st_size, state.st_mtime_ns

    def read(self) -> list[Event]:
        """Return all events; a new list whenever there are others than before.

        Raises
        ------
        ArtifactCorruptError
            A byte was changed; the message names the file, the line and what to do.
        """
        stamp = self.stamp()
        if stamp == self._seen:
            return self.events
        grown = bool(self._seen) and stamp[:1] == self._seen[:1] and stamp[1] > self._seen[1]
        if not grown:
            self._forget()
        if stamp:
            with storage_errors(f"reading {self.path}"), self.path.open("rb") as file:
                file.seek(self._end)
                data = file.read()
            try:
                found = parse(data, self.path, self._whole[-1] if self._whole else None)
            except ArtifactCorruptError:
                self._forget()
                raise
            self._whole += found.events
            self._parsed, self._end = found, self._end + found.end
            self.events = [*self._whole, *([found.tail] if found.tail else [])]
        self._seen = stamp
        return self.events

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Write events at the end, flushed to the disk, and return them.

        Raises
        ------
        StorageError
            The disk is full or refuses; the log is as it was.
        """
        before = self.read()
        if self._parsed.torn:
            self._set_aside(self._parsed.torn)
        new: list[Event] = []
        for draft in drafts:
            last = new[-1] if new else before[-1] if before else None
            new.append(make_event(last, now(), draft.kind, draft.fields, draft.items))
        data = b"\n" if self._parsed.tail else b""
        self._write(data + b"".join(event.line() for event in new))
        return new

    def _write(self, data: bytes) -> None:
        with storage_errors(f"writing {self.path}"):
            first = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileIO(self.path, "a") as file:
                size = os.fstat(file.fileno()).st_size
                try:
                    write_all(file, data)
                except BaseException:
                    with suppress(OSError):  # else it is a torn line, set aside by the next writer
                        file.truncate(size)
                    raise
            if first:
                sync_folder(self.path.parent)
                sync_folder(self.path.parent.parent)

    def _set_aside(self, torn: bytes) -> None:
        """Move a line that was cut off into the file `torn` beside the log."""
        with storage_errors(f"writing {self.path}"):
            with FileIO(self.path.with_name("torn"), "a") as file:
                write_all(file, torn + b"\n")
            os.truncate(self.path, self._end)
        self.read()
