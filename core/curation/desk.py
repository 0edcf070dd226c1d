"""What pages ask: do an act, take it back, and what was decided so far."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Kind
from core.curation.acts import IN_PARTS, check_act, stored
from core.curation.bundle import LOG_NAME, pack_log, provenance, zipped
from core.curation.events import Event
from core.curation.fold import State, Steps, fold, go_on
from core.curation.journal import Draft, Journal
from core.curation.lists import StoredLists
from core.curation.manifest import Selection, build_manifest
from core.curation.roster import Roster, Universe, items_of
from core.curation.source import last_source, opening
from core.curation.themes import check_themes
from core.curation.view import CurationView
from core.errors import InputError
from core.storage.store import Workspace, check_name

#: Views kept, so that pages may ask often.
_VIEWS = 32


class Book:
    """One set's log in this process: the file, its lists, and what it comes to.

    Attributes
    ----------
    events
        The whole log.
    steps, state
        Which acts count and what they come to, on the set that `turn_to` named.
    """

    def __init__(self, workspace: Workspace, name: str):
        folder = workspace.root / "curation" / check_name(name)
        self.journal = Journal(folder / LOG_NAME)
        self.lists = StoredLists(folder / "ids")
        self._key = ""
        self._forget(Universe(Roster([], []), self.lists))

    def _forget(self, universe: Universe) -> None:
        self.events: list[Event] = []
        self.steps, self.state = Steps(), State(universe)

    @property
    def roster(self) -> Roster:
        """Return the set's items."""
        return self.state.universe.roster

    def turn_to(self, base: Any) -> None:
        """Read what is new in the log, and apply it to the set as it is now."""
        if base.key != self._key:
            roster = Roster.of_items(base.items, base.addresses, base.request.get("source"))
            self._forget(Universe(roster, self.lists))
            self._key = base.key
        events, before = self.journal.read(), self.events
        if events is before:
            return
        found = None
        if len(events) >= len(before) > 0 and events[len(before) - 1] == before[-1]:
            found = go_on(self.steps, self.state, events, len(before))
        self.steps, self.state = found or fold(events, self.state.universe)
        self.events = events

    def write(self, base: Any, drafts: Sequence[Draft]) -> Event | None:
        """Append events, after what the set is now if that is news; return the last."""
        first = opening(base, self.roster, last_source(self.events), self.lists)
        if not first and not drafts:
            return None
        event = self.journal.append([*first, *drafts])[-1]
        self.turn_to(base)
        return event


class Desk:
    """The curation logs of a workspace; may be asked from any thread and process.

    A log belongs to a whole set: acts in a part of it are acts in the set.
    """

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._lock = RLock()
        self._books: dict[str, Book] = {}
        self._views: dict[tuple[str, str], tuple[State, CurationView]] = {}

    def _book(self, base: Any) -> Book:
        """Return a set's book, up to date; the caller holds the lock."""
        if base.name not in self._books:
            self._books[base.name] = Book(self._workspace, base.name)
        book = self._books[base.name]
        book.turn_to(base)
        return book

    @contextmanager
    def _writing(self, base: Any) -> Iterator[Book]:
        """Be the only writer of a set's log, in this process and any other."""
        with self._workspace.lock(f"curation/{base.name}"), self._lock:
            yield self._book(base)

    # -- acts ----------------------------------------------------------------------------------

    def act(
        self, opened: Any, kind: str, rows: Sequence[int] | np.ndarray | None = None, **fields: Any
    ) -> Event:
        """Do an act and write it into the log.

        Parameters
        ----------
        opened
            A set, or a part of one.
        kind, fields
            See docs/curation-log.md; a field that is None was not given.
        rows
            Rows of `opened`, where the kind is about items: in any order, but for theme.split,
            where they come part after part.

        Raises
        ------
        InputError
            It cannot be done: unknown slice, name taken, nothing selected; nothing is written.
        StorageError
            The disk is full or refuses; nothing is written.
        """
        places = None
        if rows is not None:
            places = parted_rows(opened, rows) if kind in IN_PARTS else base_rows(opened, rows)
        checked = check_act(kind, fields, None if places is None else len(places))
        with self._writing(opened.base) as book:
            if kind.startswith("theme."):
                check_themes(opened, book.state, checked, rows)
            if kind.startswith("slice."):
                problem = book.state.refusal(kind, checked["name"], checked.get("to"))
                if problem:
                    raise InputError(problem)
            items = None if places is None else _store_items(book, places, checked.get("sizes"))
            event = book.write(opened.base, [Draft(kind, checked, items)])
            assert event is not None
            return event

    def undo(self, opened: Any) -> Event | None:
        """Take back the last act that counts; None where there is none."""
        return self._step(opened, "undo")

    def redo(self, opened: Any) -> Event | None:
        """Do again what was undone last, unless something was done since; None if nothing was."""
        return self._step(opened, "redo")

    def _step(self, opened: Any, kind: str) -> Event | None:
        with self._writing(opened.base) as book:
            numbers = book.steps.done if kind == "undo" else book.steps.undone
            if not numbers:
                return None
            return book.write(opened.base, [Draft(kind, {"event": numbers[-1]})])

    # -- reading -------------------------------------------------------------------------------

    def view(self, opened: Any) -> CurationView:
        """Return what was decided about the rows of a set or part, as the log is now.

        Raises
        ------
        ArtifactCorruptError
            The log is damaged; the message names file, line and what to do.
        """
        with self._lock:
            book, name = self._book(opened.base), (opened.name, opened.key)
            kept = self._views.get(name)
            if kept is not None and kept[0] is book.state:
                return kept[1]
            rows = opened.base_rows if opened.is_part else None
            view = CurationView(book.state, book.steps, book.events, rows)
            self._views.pop(name, None)
            self._views[name] = (book.state, view)
            while len(self._views) > _VIEWS:
                del self._views[next(iter(self._views))]
            return view

    def columns(self, opened: Any) -> dict[str, tuple[Kind, pd.Series]]:
        """Return the columns that decisions make, in row order: decision, edited label, slice.

        Those that say nothing are left out; the same Series come back while the log is the same.
        "label, edited" is the label with the edits applied.
        """
        return self.view(opened).columns(lambda: opened.items.get("label"))

    # -- exports -------------------------------------------------------------------------------

    def manifest(
        self,
        opened: Any,
        slice: str | None = None,
        rows: Sequence[int] | np.ndarray | None = None,
    ) -> bytes:
        """Return the manifest of the whole set, or restricted to a slice or to rows of `opened`."""
        with self._writing(opened.base) as book:
            book.write(opened.base, [])
            return build_manifest(book.events, book.state, _selection(book, opened, slice, rows))

    def bundle(
        self,
        opened: Any,
        slice: str | None = None,
        rows: Sequence[int] | np.ndarray | None = None,
    ) -> bytes:
        """Return a zip of manifest.json, log.jsonl and provenance.json.

        Parameters
        ----------
        slice, rows
            Restrict the manifest to a slice, or to rows of `opened`; neither takes the whole set,
            also where `opened` is a part.

        Raises
        ------
        InputError
            No slice has this name, rows are empty, or both are given.
        """
        base = opened.base
        with self._writing(base) as book:
            book.write(base, [])
            chosen = _selection(book, opened, slice, rows)
            return zipped(
                {
                    "manifest.json": build_manifest(book.events, book.state, chosen),
                    LOG_NAME: pack_log(book.events, book.lists, chosen),
                    "provenance.json": provenance(opened, self._workspace.read_set(base.name)),
                }
            )


def base_rows(opened: Any, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the whole set's rows, ascending int64 and each once, of rows of a set or part.

    Raises
    ------
    InputError
        A row is none of `opened`.
    """
    found = np.asarray(rows)
    if not len(found):
        return np.zeros(0, np.int64)
    total = len(opened.items)
    whole = found.ndim == 1 and np.issubdtype(found.dtype, np.integer)
    if not whole or found.min() < 0 or found.max() >= total:
        raise InputError(f"rows must be whole numbers from 0 to {total - 1}")
    found = np.unique(found.astype(np.int64))
    if not opened.is_part:
        return found
    return np.unique(np.asarray(opened.base_rows, dtype=np.int64)[found])


def parted_rows(opened: Any, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the whole set's rows, int64 in the order given, of rows of a set or part.

    Raises
    ------
    InputError
        A row is none of `opened`, or comes twice.
    """
    once = base_rows(opened, rows)
    found = np.asarray(rows, dtype=np.int64)
    if len(once) != len(found):
        raise InputError("rows: a row comes twice; each belongs to one part")
    return np.asarray(opened.base_rows, dtype=np.int64)[found] if opened.is_part else found


def _store_items(book: Book, places: np.ndarray, sizes: Sequence[int] | None) -> dict[str, Any]:
    """Store the addresses of rows, if they are many, and return an event's `items`.

    They are sorted, in each of the parts where there are `sizes` of parts.
    """
    named = book.roster.addresses
    ends = np.cumsum(sizes if sizes is not None else [len(places)]).tolist()
    addresses = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        addresses += sorted([named[place] for place in places[start:end].tolist()])
    items = items_of(addresses)
    if "addresses" not in items:
        book.lists.put(addresses)
    if sizes is None:
        book.state.universe.learn(items["digest"], places)
    return items


def _selection(
    book: Book, opened: Any, slice: str | None, rows: Sequence[int] | np.ndarray | None
) -> Selection | None:
    """Return what a manifest is restricted to; None for the whole set."""
    universe = book.state.universe
    if slice is not None and rows is not None:
        raise InputError("restrict to a slice or to rows, not to both")
    if slice is not None:
        slice = stored(slice)
        problem = book.state.refusal("slice.set", slice)
        if problem:
            raise InputError(problem)
        return Selection(slice, universe.addresses(book.state.slices[slice].codes))
    if rows is None:
        return None
    places = base_rows(opened, rows)
    if not len(places):
        raise InputError("nothing is selected: select at least one image first")
    return Selection(None, universe.addresses(places))
