"""What the buttons of the selection bar do: select anew, write into the log, or start a job.

An act is about what is ticked, else about what is selected.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.selection_ops import select
from components.state import link, noun, services
from components.words import map_name, number, plural
from core.errors import InputError
from core.partplan import PartRequest, part_name

#: Longest name a slice can have.
NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act did.

    Attributes
    ----------
    message
        In words, for the status line.
    changed
        What the page is told: "selection" where it changed, "curation" where the log did, with
        the number of its last event.
    again
        The act that takes it back ("undo") or does it again ("redo"); "" for neither.
    way
        Text and address of a link; None for none.
    job
        The job it started; "" for none.
    """

    message: str
    changed: dict[str, Any] = field(default_factory=dict)
    again: str = ""
    way: tuple[str, str] | None = None
    job: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What goes into the outcome store, never twice the same."""
        return {**self.changed, "message": self.message, "at": time.time_ns()}


@dataclass(frozen=True, slots=True)
class Given:
    """What an act is given: the open set, what is selected and ticked, the fields of the bar."""

    opened: Any
    selection: dict[str, Any] | None
    ticks: dict[str, Any] | None
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a field's text, "" where it is empty."""
        return str(self.fields.get(name) or "").strip()

    def target(self) -> dict[str, Any]:
        """Return the selection that the act is about: what is ticked, else what is selected.

        Raises
        ------
        InputError
            There is neither.
        """
        if self.ticks and self.ticks.get("count"):
            return select(self.opened, "rows", self.ticks)
        if self.selection and self.selection.get("selection"):
            return self.selection
        raise InputError("Nothing is selected. Lasso, filter or tick some images first.")

    def rows(self) -> np.ndarray:
        """Return the rows that the act is about."""
        rows: np.ndarray = services().selections.load(self.target()["selection"], self.opened.key)
        return rows

    def counted(self, count: int) -> str:
        """Return a number with what one item is called."""
        return plural(count, noun(self.opened))


def perform(
    act: str,
    now: Mapping[str, Any],
    ticks: dict[str, Any] | None,
    fields: Mapping[str, Any],
) -> Outcome:
    """Do what a button says.

    Parameters
    ----------
    act
        One of `ACTS`.
    now
        {"set", "selection": {"selection", "count", "total"} or None}, as the bar was drawn.
    ticks
        What is ticked, as `gallery.ticks_bar` has it.
    fields
        The bar's fields by name.

    Raises
    ------
    InputError, NotFoundError
        There is nothing to do it to, or a field cannot be used.
    """
    opened = services().library.open(now["set"])
    return ACTS[act](Given(opened, now.get("selection"), ticks, fields))


def version(view: Any) -> int:
    """Return the number of the last event of a log; 0 of an empty one."""
    last = view.history(1)
    return int(last[0].number) if last else 0


def in_words(selection: Mapping[str, Any] | None) -> str:
    """Return how a selection was made, as a sentence; "" where nobody knows."""
    board = services().selections
    if not selection or not selection.get("selection") or not hasattr(board, "describe"):
        return ""
    return str(board.describe(selection["selection"]))


def default_name(selection: Mapping[str, Any] | None, view: Any) -> str:
    """Return a name for a slice of a selection that no slice has yet."""
    words = in_words(selection) or "slice"
    words = words[:1].upper() + words[1:]
    taken = {one.name for one in view.slices}
    name, at = words[:NAME_LENGTH].strip(), 2
    while name in taken:
        name = f"{words[: NAME_LENGTH - 4].strip()} {at}"
        at += 1
    return name


# -- the selection itself --------------------------------------------------------------------------


def _chosen(given: Given, op: str, told: str, **more: Any) -> Outcome:
    """Make another selection of the present one."""
    found = select(given.opened, op, {"base": given.target()["selection"], **more})
    return Outcome(f"{told}: {number(found['count'])} selected.", {"selection": found})


def _show(given: Given) -> Outcome:
    name = given.text("show")
    found = select(given.opened, "slice", {"slice": name})
    return Outcome(f"{given.counted(found['count'])} shown.", {"selection": found})


def _clear(given: Given) -> Outcome:
    return Outcome("Selection cleared.", {"selection": None})


def _nearest(given: Given, mode: str) -> Outcome:
    told = "Nearest added" if mode == "add" else "Nearest"
    return _chosen(given, "nearest", told, k=given.fields.get("k"), mode=mode)


def _joined(given: Given, op: str, told: str) -> Outcome:
    return _chosen(given, op, told, slice=given.text("with"))


# -- decisions, each one event of the log ----------------------------------------------------------


def _decided(given: Given, kind: str, told: str, **fields: Any) -> Outcome:
    """Write an act about the rows into the log."""
    rows, desk = given.rows(), services().curation
    if not len(rows):
        raise InputError("The selection is empty: there is nothing to do it to.")
    desk.act(given.opened, kind, rows, **fields)
    view = desk.view(given.opened)
    message = view.can_undo or f"{told} {given.counted(len(rows))}"
    return Outcome(f"{message}.", {"curation": version(view)}, again="undo")


def _judge(given: Given, kind: str, told: str) -> Outcome:
    return _decided(given, kind, told, reason=given.text("reason"))


def _relabel(given: Given) -> Outcome:
    return _decided(given, "relabel", "Labelled", label=given.text("label"))


def _save(given: Given) -> Outcome:
    target = given.target()
    name = given.text("name") or default_name(target, services().curation.view(given.opened))
    return _decided(given, "slice.create", f"Saved slice “{name}” with", name=name,
                    how=in_words(target))  # fmt: skip


def _to_slice(given: Given, kind: str, told: str) -> Outcome:
    name = given.text("slice")
    return _decided(given, kind, f"{told} slice “{name}”:", name=name)


def _step(given: Given, back: bool) -> Outcome:
    """Take the last act back, or do again what was taken back."""
    desk = services().curation
    before = desk.view(given.opened)
    words = before.can_undo if back else before.can_redo
    event = (desk.undo if back else desk.redo)(given.opened)
    if event is None and not words:
        return Outcome(f"Nothing to {'undo' if back else 'do again'}.")
    told = f"{'Undid' if back else 'Did again'}: {_lower(words or 'the last act')}."
    changed = {"curation": version(desk.view(given.opened))}
    return Outcome(told, changed, again="redo" if back else "undo")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# -- a map of these alone --------------------------------------------------------------------------


def _map(given: Given) -> Outcome:
    """Start the job that maps these images alone; where it will be is known before it has run."""
    found, target = given.opened, given.target()
    rows = services().selections.load(target["selection"], found.key)
    if not len(rows):
        raise InputError("The selection is empty: there is nothing to map.")
    method = given.text("map") or "umap"
    seed = int(found.request.get("seed", services().settings.seed))
    request = PartRequest(found.name, target["selection"], (method,), 2, seed)
    place = part_name(found, rows, seed)
    told = f"{map_name(method)} map of {number(len(rows))} of {found.title}"
    job = services().jobs.submit("part", request.to_json(), told)
    way = ("Open when ready", link("/explore", set=place, map=method))
    return Outcome(f"{told}: started.", way=way, job=job.id)


ACTS: dict[str, Callable[[Given], Outcome]] = {
    "show": _show,
    "clear": _clear,
    "invert": lambda given: _chosen(given, "invert", "Inverted"),
    "nearest": lambda given: _nearest(given, "replace"),
    "nearest-add": lambda given: _nearest(given, "add"),
    "join": lambda given: _joined(given, "union", "Added"),
    "take": lambda given: _joined(given, "difference", "Taken away"),
    "common": lambda given: _joined(given, "intersect", "In common"),
    "save": _save,
    "slice-add": lambda given: _to_slice(given, "slice.add", "Added to"),
    "slice-remove": lambda given: _to_slice(given, "slice.remove", "Removed from"),
    "slice-set": lambda given: _to_slice(given, "slice.set", "Chose anew"),
    "exclude": lambda given: _judge(given, "exclude", "Excluded"),
    "include": lambda given: _judge(given, "include", "Included"),
    "keep": lambda given: _judge(given, "keep", "Kept"),
    "drop": lambda given: _judge(given, "drop", "Dropped"),
    "relabel": _relabel,
    "undo": lambda given: _step(given, True),
    "redo": lambda given: _step(given, False),
    "map": _map,
}
