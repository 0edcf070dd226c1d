"""What was decided, by the rows of a set or a part of it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Kind
from core.curation.acts import DECISIONS, OUT, check_topic, stored
from core.curation.columns import edited_labels, make_columns
from core.curation.edited import boxes_set, boxes_waiting
from core.curation.events import SET_KINDS, Event
from core.curation.fold import State, Steps, label_given
from core.curation.shown import HistoryLine, SliceView
from core.curation.words import sentence
from core.errors import NotFoundError
from core.opened.splits import ThemeSplit


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
        self._topics: dict[str, np.ndarray] = {}
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

    def decided_about(self, topic: str) -> np.ndarray:
        """Return of which rows it was decided about a topic, or that need no decision any more.

        Parameters
        ----------
        topic
            One of `core.curation.acts.TOPICS`.

        Returns
        -------
        numpy.ndarray
            Bool `(n,)`, read-only: true where an act about the topic says that the row is kept,
            included or relabelled, or where the row is out of the working set, whatever for.
            A `relabel` is about labels; a `relabel.each` only if it says so.
        """
        if topic not in self._topics:
            marks = self._state.settled[check_topic(topic)][self._base]
            self._topics[topic] = (marks > 0) | self._out
            self._topics[topic].flags.writeable = False
        return self._topics[topic]

    def decision_about(self, row: int, topic: str) -> tuple[str, str] | None:
        """Return what makes a row decided about a topic: the act's kind, and its reason.

        What took the row out of the working set goes first, whatever it is about.
        """
        number = self._state.settled[check_topic(topic)][self._base[row]]
        if self._out[row]:
            number = self._decided[row]
        event = self._state.acts.get(int(number))
        return (event.kind, event.fields.get("reason", "")) if event else None

    def about_reason(self, row: int, topic: str) -> str | None:
        """Return the reason of what makes a row decided about a topic; None where it is not."""
        found = self.decision_about(row, topic)
        return found[1] if found else None

    # -- boxes of objects ----------------------------------------------------------------------

    @cached_property
    def boxes(self) -> dict[int, tuple[float, float, float, float]]:
        """By row, the box that a person gave the object: x, y, width, height in pixels."""
        return boxes_set(self._state, self._here)

    @cached_property
    def boxes_waiting(self) -> np.ndarray:
        """The rows, ascending, whose box was edited, or its edit undone, since the last run."""
        return boxes_waiting(self._state, self._here)

    # -- labels and themes ---------------------------------------------------------------------

    @cached_property
    def _labelled(self) -> np.ndarray:
        return self._state.labelled[self._base]

    @cached_property
    def _label_part(self) -> np.ndarray:
        return self._state.label_part[self._base]

    @cached_property
    def _edits(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose label was edited, ascending, and their new labels as objects."""
        rows = np.flatnonzero(self._labelled)
        which = self._labelled[rows].astype(np.int64) << 32 | self._label_part[rows]
        keys, at = np.unique(which, return_inverse=True)
        acts = self._state.acts
        words = [label_given(acts[key >> 32], key & 0xFFFFFFFF) for key in keys.tolist()]
        return rows, np.array(words, dtype=object)[at]

    def label_of(self, row: int) -> str | None:
        """Return the label a person gave a row, "" where one took it off, None where neither."""
        event = self._state.acts.get(int(self._labelled[row]))
        return label_given(event, int(self._label_part[row])) if event else None

    @property
    def has_labels(self) -> bool:
        """Tell whether the label of a row here was edited."""
        return bool(self._labelled.any())

    @cached_property
    def labels(self) -> dict[int, str]:
        """Every row whose label was edited, with its new label; "" where it was taken off."""
        rows, words = self._edits
        return dict(zip(rows.tolist(), words.tolist(), strict=True))

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
        """What one item is called: image, object or frame; vector where there are no pictures."""
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
            self._columns = make_columns(self, labels() if self.has_labels else None)
        return dict(self._columns)

    def edited(self, labels: pd.Series | None) -> pd.Series:
        """Return the labels of the rows here with the edits applied; missing where there is none.

        Parameters
        ----------
        labels
            The set's own labels of the rows here; None where it has none.
        """
        return edited_labels(labels, len(self), *self._edits)
