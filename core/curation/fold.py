"""The log applied to the set: which acts count, and what they come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.curation.acts import ACTS, DECISIONS, OUT, TOPICS
from core.curation.events import SET_KINDS, STEP_KINDS, Event
from core.curation.form import impossible
from core.curation.roster import Universe


@dataclass(slots=True)
class Steps:
    """Which acts count: `done`, the last one last, and `undone`, what redo would bring back."""

    done: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Go on by one event.

        Raises
        ------
        ArtifactCorruptError
            It undoes or redoes another act than the one whose turn it was, or is of a kind that
            this version does not know.
        """
        if event.kind in STEP_KINDS:
            source, target = (
                (self.done, self.undone) if event.kind == "undo" else (self.undone, self.done)
            )
            if not source or source[-1] != event.fields.get("event"):
                raise impossible(event, f"it cannot {event.kind} that event")
            target.append(source.pop())
        elif event.kind in ACTS:
            self.done.append(event.number)
            self.undone.clear()
        elif event.kind not in SET_KINDS:
            raise impossible(event, f"{event.kind!r} is unknown, a newer Vitrine wrote it: update")

    def copy(self) -> "Steps":
        """Return a copy."""
        return Steps(list(self.done), list(self.undone))


@dataclass(frozen=True, slots=True)
class SliceState:
    """A slice: its items' numbers, ascending, and what is known of it."""

    name: str
    codes: np.ndarray
    created: str
    updated: str
    how: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class SplitState:
    """A theme that was split: by which event, the themes that were one with it, and its parts.

    `parts` are items' numbers, ascending in each.
    """

    event: Event
    themes: tuple[int, ...]
    parts: tuple[np.ndarray, ...]


@dataclass(slots=True)
class ThemeState:
    """Names that themes of one clustering were given, which were merged, and which split."""

    names: dict[int, str] = field(default_factory=dict)
    merged: list[tuple[int, ...]] = field(default_factory=list)
    splits: list[SplitState] = field(default_factory=list)

    def group(self, cluster: int) -> tuple[int, ...]:
        """Return the themes that are one with this one, ascending; itself alone if none is."""
        return next((group for group in self.merged if cluster in group), (cluster,))

    def rename(self, cluster: int, to: str) -> None:
        """Name a theme, and those merged with it; "" takes the name off."""
        for one in self.group(cluster):
            self.names.pop(one, None)
            if to:
                self.names[one] = to

    def merge(self, clusters: Sequence[int], to: str) -> None:
        """Make themes one; they bear `to`, else the first name one of them has."""
        name = to or next((self.names[c] for c in clusters if c in self.names), "")
        group = tuple(sorted({one for cluster in clusters for one in self.group(cluster)}))
        self.merged = sorted([g for g in self.merged if not set(g) & set(group)] + [group])
        self.rename(group[0], name)

    def copy(self) -> "ThemeState":
        """Return a copy."""
        return ThemeState(dict(self.names), list(self.merged), list(self.splits))


class State:
    """What the acts that count come to.

    Attributes
    ----------
    slices
        By name, in the order they were made.
    decided, labelled
        int32 by item number: the event that decided about the item last, or labelled it last;
        0 where none did.
    label_part
        int32 by item number: which of that event's labels it was given; 0 where there is one.
    settled
        By topic, int32 by item number: the last event that says the item is right as it is in
        this respect, or was made right; 0 where none does.
    boxes
        By item number, the event that set an object's box last.
    themes
        By the clustering's key.
    acts
        The events that count, by number.
    """

    def __init__(self, universe: Universe):
        self.universe = universe
        self.slices: dict[str, SliceState] = {}
        self.decided = np.zeros(universe.size, np.int32)
        self.labelled = np.zeros(universe.size, np.int32)
        self.label_part = np.zeros(universe.size, np.int32)
        self.settled = {topic: np.zeros(universe.size, np.int32) for topic in TOPICS}
        self.boxes: dict[int, int] = {}
        self.themes: dict[str, ThemeState] = {}
        self.acts: dict[int, Event] = {}

    def copy(self) -> "State":
        """Return a copy that `apply` may change."""
        other = State(self.universe)
        other.slices = dict(self.slices)
        other.decided, other.labelled = self.decided.copy(), self.labelled.copy()
        other.label_part = self.label_part.copy()
        other.settled = {topic: marks.copy() for topic, marks in self.settled.items()}
        other.boxes = dict(self.boxes)
        other.themes = {key: themes.copy() for key, themes in self.themes.items()}
        other.acts = dict(self.acts)
        return other

    def apply(self, event: Event) -> None:
        """Apply one act.

        Raises
        ------
        ArtifactCorruptError
            It speaks of a slice that is not there, or makes one that is.
        """
        if event.kind.startswith("theme."):
            self._apply_theme(event)
            self.acts[event.number] = event
            return
        if event.kind == "relabel.each":
            self._apply_each(event)
            self.acts[event.number] = event
            return
        codes, size = self.universe.codes(event), self.universe.size
        if event.kind in DECISIONS:
            self.decided = _marked(self.decided, codes, event.number, size)
            if event.kind not in OUT:  # an exclusion counts as long as it lasts, for every topic
                self._settle(event, codes)
        elif event.kind == "relabel":
            self.labelled = _marked(self.labelled, codes, event.number, size)
            self.label_part = _marked(self.label_part, codes, 0, size)
            self._settle(event, codes, "labels")
        elif event.kind == "box":
            self.boxes |= dict.fromkeys(codes.tolist(), event.number)
        else:
            self._apply_slice(event, codes)
        self.acts[event.number] = event

    def _settle(self, event: Event, codes: np.ndarray, *topics: str) -> None:
        """Mark items as decided about what an event says that it is about, and `topics`."""
        for topic in {*topics, event.fields.get("about") or ""} - {""}:
            self.settled[topic] = _marked(
                self.settled[topic], codes, event.number, self.universe.size
            )

    def _apply_each(self, event: Event) -> None:
        """Give each part of an event's items its label.

        Labels for many items at once, from a file or a computation, do not say that somebody
        looked at each: what was decided about the labels before is open again, unless the event
        is about labels.
        """
        codes, sizes = self.universe.in_order(event), event.fields["sizes"]
        part = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        size = self.universe.size
        self.labelled = _marked(self.labelled, codes, event.number, size)
        self.label_part = _marked(self.label_part, codes, part, size)
        self.settled["labels"] = _marked(self.settled["labels"], codes, 0, size)
        self._settle(event, codes)

    def _apply_theme(self, event: Event) -> None:
        themes = self.themes.setdefault(event.fields["clustering"], ThemeState())
        if event.kind == "theme.rename":
            themes.rename(event.fields["cluster"], event.fields["to"])
        elif event.kind == "theme.split":
            group = themes.group(event.fields["cluster"])
            themes.splits.append(SplitState(event, group, self.universe.parts(event)))
        else:
            themes.merge(event.fields["clusters"], event.fields.get("to", ""))

    def _apply_slice(self, event: Event, codes: np.ndarray) -> None:
        name = event.fields["name"]
        problem = self.refusal(event.kind, name, event.fields.get("to"))
        if problem:
            raise impossible(event, problem)
        if event.kind == "slice.create":
            how = event.fields.get("how", "")
            names = frozenset({name})
            self.slices[name] = SliceState(name, codes, event.when, event.when, how, names)
        elif event.kind == "slice.delete":
            del self.slices[name]
        elif event.kind == "slice.rename":
            to = event.fields["to"]
            old = self.slices[name]
            new = replace(old, name=to, updated=event.when, names=old.names | {to})
            self.slices = {s.name: s for s in (new if s is old else s for s in self._all())}
        else:
            old = self.slices[name]
            how = event.fields.get("how", "") if event.kind == "slice.set" else old.how
            kept = _CHANGES[event.kind](old.codes, codes)
            self.slices[name] = replace(old, codes=kept, updated=event.when, how=how)

    def _all(self) -> list[SliceState]:
        return list(self.slices.values())

    def refusal(self, kind: str, name: str, to: str | None = None) -> str:
        """Return why a slice act cannot be done now, in words; "" if it can."""
        if kind == "slice.create":
            return self._taken(name, "")
        if name not in self.slices:
            known = ", ".join(f"“{n}”" for n in self.slices) or "none yet"
            return f"there is no slice “{name}”; the slices are: {known}"
        if kind == "slice.rename":
            return f"the slice is called “{name}” already" if to == name else self._taken(to, name)
        return ""

    def _taken(self, wanted: str | None, own: str) -> str:
        """Return that a name is taken: names that differ in capitals alone would be mixed up."""
        folded = str(wanted).casefold()
        taken = next((n for n in self.slices if n != own and n.casefold() == folded), None)
        return f"there is a slice “{taken}” already: choose another name" if taken else ""


_CHANGES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "slice.add": lambda old, given: np.union1d(old, given),
    "slice.remove": lambda old, given: np.setdiff1d(old, given, assume_unique=True),
    "slice.set": lambda old, given: given,
}


def label_given(event: Event, part: int) -> str:
    """Return the label that an event gives the items of one of its parts."""
    fields = event.fields
    return str(fields["labels"][part] if event.kind == "relabel.each" else fields["label"])


def _marked(
    array: np.ndarray, codes: np.ndarray, number: int | np.ndarray, size: int
) -> np.ndarray:
    """Write an event's number at its items, in place where the array is long enough."""
    if len(array) < size:
        array = np.concatenate([array, np.zeros(size - len(array), array.dtype)])
    array[codes] = number
    return array


def fold(events: Sequence[Event], universe: Universe) -> tuple[Steps, State]:
    """Return which acts of a log count, and what they come to.

    Raises
    ------
    ArtifactCorruptError
        An event cannot stand where it stands, or an address list is damaged.
    """
    steps = Steps()
    for event in events:
        steps.take(event)
    universe.link(events)
    state = State(universe)
    for number in steps.done:
        state.apply(events[number - 1])
    return steps, state


def go_on(
    steps: Steps, state: State, events: Sequence[Event], done: int
) -> tuple[Steps, State] | None:
    """Return a fold of `events` from one of the first `done`; None where it must begin anew."""
    new = events[done:]
    if any(event.kind in STEP_KINDS for event in new):
        return None
    steps, state = steps.copy(), state.copy()
    state.universe.link(new)
    for event in new:
        steps.take(event)
        if event.is_act:
            state.apply(event)
    return steps, state
