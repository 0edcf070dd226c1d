"""What was decided, by the rows of a set or a part of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Kind, column_kind
from core.curation.acts import DECISIONS, OUT, stored
from core.curation.events import SET_KINDS, Event
from core.curation.fold import State, Steps
from core.curation.words import sentence
from core.errors import NotFoundError
from core.opened.splits import ThemeSplit

_DECISION_WORDS = {"keep": "kept", "drop": "dropped", "exclude": "excluded"}


@dataclass(frozen=True, slots=True)
class SliceView:
    """A slice, as a set or part sees it.

    Attributes
    ----------
    rows
        Ascending int64 rows of the set or part.
    count
        How many of its items are in this set or part.
    total
        How many it holds.
    missing
        How many of them the whole set does not have any more.
    created, updated
        UTC, ISO 8601.
    how
        How it was chosen, in words; "" where nobody said.
    """

    name: str
    rows: np.ndarray
    count: int
    total: int
    missing: int
    created: str
    updated: str
    how: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event in words; `undone` tells that it does not count now."""

    number: int
    when: str
    text: str
    undone: bool
    kind: str
    count: int


def _none() -> None:
    """Return that there are no labels."""


class CurationView:
    """What the log says about the rows of one set or part; never changes.

    Parameters
    ----------
    state, steps, events
        The log, folded.
    base_rows
        int64 `(m,)`: the whole set's row of each row here; None where this is the whole set.
    """

    def __init__(
        self,
        state: State,
        steps: Steps,
        events: Sequence[Event],
        base_rows: np.ndarray | None = None,
    ):
        self._state = state
        self._steps = steps
        self._events = events
        self._total = len(state.universe.roster)
        whole = np.arange(self._total)
        self._columns: dict[str, tuple[Kind, pd.Series]] | None = None
        self._splits: dict[str, tuple[ThemeSplit, ...]] = {}
        self._base = whole if base_rows is None else np.asarray(base_rows, dtype=np.int64)

    def __len__(self) -> int:
        """Return the number of rows here."""
        return len(self._base)

    # -- slices --------------------------------------------------------------------------------

    @cached_property
    def _here(self) -> np.ndarray:
        """The row here of each of the whole set's rows; -1 where it is not in this part."""
        found = np.full(self._total, -1, np.int64)
        found[self._base] = np.arange(len(self._base))
        return found

    def _rows(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows here, ascending, of item numbers."""
        rows = self._here[codes[codes < self._total]]
        return np.sort(rows[rows >= 0])

    @cached_property
    def slices(self) -> list[SliceView]:
        """The slices, in the order they were made; their rows are those of this set or part."""
        found = []
        for one in self._state.slices.values():
            rows = self._rows(one.codes)
            missing = int((one.codes >= self._total).sum())
            found.append(
                SliceView(
                    one.name, rows, len(rows), len(one.codes), missing, one.created, one.updated,
                    one.how,
                )
            )  # fmt: skip
        return found

    def slice(self, name: str) -> SliceView:
        """Return a slice.

        Raises
        ------
        NotFoundError
            No slice has this name; the message lists those there are.
        """
        wanted = stored(name)
        for one in self.slices:
            if one.name == wanted:
                return one
        known = ", ".join(f"“{s.name}”" for s in self.slices) or "none yet"
        raise NotFoundError(f"there is no slice “{name}”; the slices are: {known}")

    # -- decisions -----------------------------------------------------------------------------

    @cached_property
    def _decided(self) -> np.ndarray:
        """The event that decided last about each row here; 0 where none did."""
        return self._state.decided[self._base]

    @cached_property
    def _decision(self) -> np.ndarray:
        """The last decision about each row here: its place in `DECISIONS`, from 1; 0 is none."""
        acts = self._state.acts
        words = np.zeros(max(acts, default=0) + 1, np.uint8)
        for number, event in acts.items():
            if event.kind in DECISIONS:
                words[number] = DECISIONS.index(event.kind) + 1
        return words[self._decided]

    @cached_property
    def decisions(self) -> dict[str, np.ndarray]:
        """For include, exclude, keep and drop: the rows whose last decision it is, ascending."""
        return {
            kind: np.flatnonzero(self._decision == place) for place, kind in enumerate(DECISIONS, 1)
        }

    @cached_property
    def _out(self) -> np.ndarray:
        """Whether each row here is out of the working set."""
        return np.isin(self._decision, [DECISIONS.index(kind) + 1 for kind in OUT])

    @cached_property
    def excluded(self) -> np.ndarray:
        """The rows that are not in the working set: excluded or dropped; ascending."""
        return np.flatnonzero(self._out)

    @cached_property
    def working(self) -> np.ndarray:
        """The rows that are: all but those excluded or dropped; ascending."""
        return np.flatnonzero(~self._out)

    def decision_of(self, row: int) -> tuple[str, str] | None:
        """Return the last decision about a row and its reason; None where there is none."""
        event = self._state.acts.get(int(self._decided[row]))
        return (event.kind, event.fields.get("reason", "")) if event else None

    # -- labels and themes ---------------------------------------------------------------------

    @cached_property
    def _labelled(self) -> np.ndarray:
        return self._state.labelled[self._base]

    def label_of(self, row: int) -> str | None:
        """Return the label a person gave a row, "" where one took it off, None where neither."""
        event = self._state.acts.get(int(self._labelled[row]))
        return str(event.fields["label"]) if event else None

    @cached_property
    def labels(self) -> dict[int, str]:
        """Every row whose label was edited, with its new label; "" where it was taken off."""
        rows = np.flatnonzero(self._labelled)
        words = {
            n: str(self._state.acts[n].fields["label"]) for n in np.unique(self._labelled[rows])
        }
        return {int(row): words[self._labelled[row]] for row in rows}

    def theme_names(self, clustering: str) -> dict[int, str]:
        """Return the names given to themes of a clustering; merged ones share theirs."""
        themes = self._state.themes.get(clustering)
        if themes is None:
            return {}
        found = dict(themes.names)
        for group in themes.merged:
            if group[0] not in found:
                name = f"Themes {' + '.join(str(cluster + 1) for cluster in group[:4])}"
                found |= dict.fromkeys(group, name + (" + …" if len(group) > 4 else ""))
        return found

    def theme_merges(self, clustering: str) -> list[tuple[int, ...]]:
        """Return the groups of themes that were merged, each ascending."""
        themes = self._state.themes.get(clustering)
        return list(themes.merged) if themes else []

    def theme_splits(self, clustering: str) -> tuple[ThemeSplit, ...]:
        """Return the themes that were split, in that order, with the rows here of each part."""
        themes = self._state.themes.get(clustering)
        if themes is None or not themes.splits:
            return ()
        if clustering not in self._splits:
            self._splits[clustering] = tuple(
                ThemeSplit(one.event.checksum, one.themes, tuple(map(self._rows, one.parts)))
                for one in themes.splits
            )
        return self._splits[clustering]

    # -- the log -------------------------------------------------------------------------------

    @cached_property
    def _by_number(self) -> dict[int, Event]:
        return {event.number: event for event in self._events}

    @property
    def noun(self) -> str:
        """What one item is called: image, or vector where there are no pictures."""
        return str(self._state.universe.roster.noun)

    def _sentence(self, event: Event) -> str:
        return sentence(event, self.noun, self._by_number)

    @property
    def can_undo(self) -> str | None:
        """What undo would take back, in words; None where there is nothing."""
        done = self._steps.done
        return self._sentence(self._by_number[done[-1]]) if done else None

    @property
    def can_redo(self) -> str | None:
        """What redo would do again, in words; None where there is nothing."""
        undone = self._steps.undone
        return self._sentence(self._by_number[undone[-1]]) if undone else None

    def history(self, limit: int = 200, slice: str | None = None) -> list[HistoryLine]:
        """Return the newest events in words, newest first.

        Parameters
        ----------
        limit
            How many at most.
        slice
            Only what was done to this slice, also under its earlier names.
        """
        counting = set(self._steps.done)
        lines: list[HistoryLine] = []
        for event in reversed(self._events):
            if len(lines) >= limit:
                break
            if slice is None or self._is_about(event, slice):
                undone = event.is_act and event.number not in counting
                lines.append(
                    HistoryLine(
                        event.number, event.when, self._sentence(event), undone, event.kind,
                        event.count,
                    )
                )  # fmt: skip
        return lines

    def _is_about(self, event: Event, slice: str) -> bool:
        """Tell whether an event is about a slice."""
        slice = stored(slice)
        one = self._state.slices.get(slice)
        names = one.names if one else frozenset({slice})
        if event.kind not in SET_KINDS and "event" in event.fields:
            event = self._by_number.get(event.fields["event"], event)
        if not event.kind.startswith("slice."):
            return False
        return event.fields["name"] in names or event.fields.get("to") in names

    # -- columns -------------------------------------------------------------------------------

    def columns(self, labels: Callable[[], Any] = _none) -> dict[str, tuple[Kind, pd.Series]]:
        """Return what can be coloured and filtered by; columns that say nothing are left out.

        Parameters
        ----------
        labels
            Returns the set's own labels of the rows here, which "label, edited" begins from, or
            None; asked once, the columns are kept.
        """
        if self._columns is None:
            self._columns = self._make_columns(labels)
        return dict(self._columns)

    def _make_columns(self, labels: Callable[[], Any]) -> dict[str, tuple[Kind, pd.Series]]:
        found: dict[str, tuple[Kind, pd.Series]] = {}
        if any(len(self.decisions[kind]) for kind in _DECISION_WORDS):
            values = np.full(len(self), None, dtype=object)
            for kind, word in _DECISION_WORDS.items():
                values[self.decisions[kind]] = word
            found["decision"] = ("category", pd.Series(values, dtype="string"))
        if self._labelled.any():
            series = self._edited(labels())
            found["label, edited"] = (column_kind(series) or "category", series)
        if any(one.count for one in self.slices):
            found["slice"] = ("category", self._slice_column())
        return found

    def _edited(self, labels: pd.Series | None) -> pd.Series:
        values = np.full(len(self), None, dtype=object)
        if labels is not None:
            values[:] = labels.astype("string").astype(object)
            values[pd.isna(values)] = None
        for number in np.unique(self._labelled[self._labelled > 0]):
            label = str(self._state.acts[int(number)].fields["label"])
            values[self._labelled == number] = label or None
        return pd.Series(values, dtype="string")

    def _slice_column(self) -> pd.Series:
        """Return the names of each row's slices, joined; rows of the same slices at once."""
        names: list[str | None] = [None]
        code = np.zeros(len(self), np.int64)
        for one in self.slices:
            before, at = np.unique(code[one.rows], return_inverse=True)
            first = len(names)
            names += [f"{names[c]} + {one.name}" if c else one.name for c in before]
            code[one.rows] = first + at
        return pd.Series(np.array(names, dtype=object)[code], dtype="string")
