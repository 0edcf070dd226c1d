"""What a check found of a set and what is decided of it: what pages ask."""

import json
from collections.abc import Mapping
from threading import RLock
from typing import Any

import numpy as np

from core.errors import InputError, NotFoundError
from core.findings import deciding, distances
from core.findings.cases import OPEN, Cases
from core.findings.check import Check
from core.findings.describe import describe
from core.findings.model import Case, Preview, Summary, Worklist
from core.findings.telling import summarise
from core.quality.pictures import ISSUES
from core.storage.partrecords import is_part_name, read_part, write_part
from core.storage.store import Artefact, Workspace

#: Checks and stored results kept, so that pages may ask often.
_CHECKS, _STORED = 16, 64


def read_record(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the record of a set or part."""
    return read_part(workspace, name) if is_part_name(name) else workspace.read_set(name)


class Findings:
    """What checks found, and what is decided of it; may be asked from any thread."""

    def __init__(self, workspace: Workspace):
        self.workspace = workspace
        self._checks: dict[str, tuple[str, Check]] = {}
        self._stored: dict[tuple[str, str], Artefact] = {}
        self._lock = RLock()

    def _read(self, kind: str, key: str) -> Artefact:
        with self._lock:
            kept = self._stored.pop((kind, key), None)
        if kept is None:
            kept = self.workspace.read(kind, key)
        elif not self.workspace.has(kind, key):  # it was deleted since
            raise NotFoundError(f"no {kind} with the key {key}")
        with self._lock:
            self._stored[kind, key] = kept
            while len(self._stored) > _STORED:
                del self._stored[next(iter(self._stored))]
        return kept

    def check(self, opened: Any) -> Check | None:
        """Return what the last check of a set or part found; None where there was none."""
        record = read_record(self.workspace, opened.name).get("quality")
        if not isinstance(record, Mapping):
            return None
        there = [self.workspace.has(kind, str(record[kind])) for kind in _KINDS if record.get(kind)]
        state = json.dumps([opened.key, len(opened), record, there], sort_keys=True)
        with self._lock:
            kept = self._checks.pop(opened.name, None)
            if kept is None or kept[0] != state:
                kept = (state, Check(opened, record, self._read))
            self._checks[opened.name] = kept
            while len(self._checks) > _CHECKS:
                del self._checks[next(iter(self._checks))]
        return kept[1]

    def set_thresholds(self, opened: Any, values: Mapping[str, float | None]) -> dict[str, float]:
        """Move thresholds of picture issues for good; None takes one back to its default.

        Returns
        -------
        dict
            The thresholds that are not the default now, by issue.

        Raises
        ------
        InputError
            There is no such issue, or a threshold is not between 0 and 1; none is moved.
        NotFoundError
            The set was not checked yet.
        """
        given = {name: check_limit(name, value) for name, value in values.items()}
        with self.workspace.lock(f"record/{opened.name}"):
            record = read_record(self.workspace, opened.name)
            if not isinstance(record.get("quality"), Mapping):
                raise NotFoundError(f"{opened.name!r} was not checked yet: check it first")
            before = dict(record["quality"].get("pictures") or {})
            after = {**before, **given}
            moved = {
                name: after[name]
                for name in ISSUES
                if after.get(name) is not None and after[name] != ISSUES[name].threshold
            }
            if moved != before:
                changed = {**record, "quality": {**record["quality"], "pictures": moved}}
                if is_part_name(opened.name):
                    write_part(self.workspace, opened.name, changed)
                else:
                    self.workspace.write_set(opened.name, changed)
        return moved

    # -- cases ---------------------------------------------------------------------------------

    def worklist(
        self,
        opened: Any,
        view: Any,
        check: Check,
        topic: str,
        *,
        kind: str | None = None,
        state: str = "open",
        confidence: str | None = None,
        start: int = 0,
        limit: int = 50,
    ) -> Worklist:
        """Return a window of the cases of a topic, in the order they are listed.

        Parameters
        ----------
        opened, view, check
            The set or part, what was decided about it, and what its check found.
        topic, kind, confidence
            Which cases; `kind` None is all of the topic, without picture issues whose threshold
            does not suit the set.
        state
            "open", "decided" or "all".
        start, limit
            Which of them `cases` holds.

        Raises
        ------
        NotFoundError
            There is no such topic or kind.
        InputError
            There is no such state or confidence.
        """
        cases = check.cases(topic)
        deciding.check_filter(topic, kind, confidence)
        if state not in _STATES:
            raise InputError(f"state {state!r}: use open, decided or all")
        if cases is None:
            return Worklist(0, 0, 0, [], 0)
        states = check.states(topic, view)
        wanted = cases.wanted(kind, confidence)
        shown = np.flatnonzero(wanted & _STATES[state](states))
        window = shown[max(start, 0) : max(start, 0) + max(limit, 0)].tolist()
        found = [describe(opened, view, check, cases, at, int(states[at])) for at in window]
        total, left = int(wanted.sum()), int((wanted & (states == OPEN)).sum())
        return Worklist(total, left, total - left, found, len(shown))

    def case(self, opened: Any, view: Any, check: Check, key: str) -> Case:
        """Return a case by its key.

        Raises
        ------
        NotFoundError
            There is none, as the check is now.
        """
        for topic in _topics_of(key):
            cases = check.cases(topic)
            at = None if cases is None else cases.find(key)
            if cases is not None and at is not None:
                state = int(check.states(topic, view)[at])
                return describe(opened, view, check, cases, at, state)
        raise NotFoundError(
            "this finding is not on the list any more: the set was checked again, or a threshold "
            "was moved; choose another"
        )

    def next_key(
        self,
        opened: Any,
        view: Any,
        check: Check,
        topic: str,
        *,
        after: str | None = None,
        kind: str | None = None,
        confidence: str | None = None,
        state: str = "open",
    ) -> str | None:
        """Return the key of the case behind another, by default the next open one.

        `after` None, or a key that is not listed, begins at the first; None is returned behind the
        last.
        """
        return self._step(view, check, topic, after, kind, confidence, state, 1)

    def previous_key(
        self,
        opened: Any,
        view: Any,
        check: Check,
        topic: str,
        *,
        before: str | None = None,
        kind: str | None = None,
        confidence: str | None = None,
        state: str = "open",
    ) -> str | None:
        """Return the key of the case before another; None before the first. See `next_key`."""
        return self._step(view, check, topic, before, kind, confidence, state, -1)

    def _step(
        self,
        view: Any,
        check: Check,
        topic: str,
        key: str | None,
        kind: str | None,
        confidence: str | None,
        state: str,
        way: int,
    ) -> str | None:
        cases, shown = self._shown(view, check, topic, kind, confidence, state)
        if cases is None or not len(shown):
            return None
        at = None if key is None else cases.find(key)
        if at is None:
            return cases.key(int(shown[0 if way > 0 else -1]))
        place = int(np.searchsorted(shown, at, side="right" if way > 0 else "left"))
        place -= way < 0
        return cases.key(int(shown[place])) if 0 <= place < len(shown) else None

    def place(
        self,
        opened: Any,
        view: Any,
        check: Check,
        topic: str,
        key: str,
        *,
        kind: str | None = None,
        confidence: str | None = None,
        state: str = "open",
    ) -> int | None:
        """Return where a case is in a worklist, from 0; None where it is not in it."""
        cases, shown = self._shown(view, check, topic, kind, confidence, state)
        at = None if cases is None else cases.find(key)
        if at is None:
            return None
        place = int(np.searchsorted(shown, at))
        return place if place < len(shown) and shown[place] == at else None

    def _shown(
        self,
        view: Any,
        check: Check,
        topic: str,
        kind: str | None,
        confidence: str | None,
        state: str,
    ) -> tuple[Cases | None, np.ndarray]:
        """Return all cases of a topic, and which of them a worklist shows."""
        cases = check.cases(topic)
        deciding.check_filter(topic, kind, confidence)
        if state not in _STATES:
            raise InputError(f"state {state!r}: use open, decided or all")
        if cases is None:
            return None, np.zeros(0, np.int64)
        states = check.states(topic, view)
        return cases, np.flatnonzero(cases.wanted(kind, confidence) & _STATES[state](states))

    def summary(self, opened: Any, view: Any, check: Check) -> Summary:
        """Return what was found and decided of each topic, and the set before and after."""
        found: Summary = check.of_view("summary", view, lambda: summarise(opened, view, check))
        return found

    # -- decisions -----------------------------------------------------------------------------

    def decide(self, desk: Any, opened: Any, case: Case, decision: str, **given: Any) -> Any:
        """Decide one case; see `core.findings.deciding.decide`."""
        return deciding.decide(desk, opened, case, decision, **given)

    def bulk(
        self, desk: Any, opened: Any, view: Any, check: Check, topic: str, **given: Any
    ) -> Any:
        """Decide many cases in one act; see `core.findings.deciding.bulk`."""
        return deciding.bulk(desk, opened, view, check, topic, **given)

    def bulk_preview(
        self, opened: Any, view: Any, check: Check, topic: str, **given: Any
    ) -> Preview:
        """Return what `bulk` would do; see `core.findings.deciding.bulk_preview`."""
        return deciding.bulk_preview(opened, view, check, topic, **given)

    # -- the threshold of near-duplicates ------------------------------------------------------

    def at_threshold(self, check: Check, tau: float) -> tuple[int, int]:
        """Return how many pairs, and images in them, are within a distance of each other."""
        return distances.at_threshold(check, tau)

    def histogram(self, check: Check, bins: int = distances.BINS) -> tuple[np.ndarray, np.ndarray]:
        """Return edges and counts of the distances of images to their nearest."""
        return distances.histogram(check, bins)


_KINDS = ("pixels", "perturbations", "duplicates", "outliers", "labelcheck")
_STATES = {
    "open": lambda states: states == OPEN,
    "decided": lambda states: states != OPEN,
    "all": lambda states: states >= OPEN,
}
_WORDS = {"outlier": ("outliers",), "picture": ("pictures",), "label": ("labels",)}


def _topics_of(key: str) -> tuple[str, ...]:
    """Return the topic that a case's key can be of."""
    return _WORDS.get(str(key).partition("-")[0], ("duplicates",))


def check_limit(name: str, value: float | None) -> float | None:
    """Return a threshold of a picture issue if it can be one, else raise `InputError`."""
    if name not in ISSUES:
        raise InputError(f"no picture issue {name!r}: there are {', '.join(ISSUES)}")
    if value is None:
        return None
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not (plain and 0 <= value <= 1):
        raise InputError(f"threshold of {name}: must lie between 0 and 1, not {value!r:.40}")
    return float(value)
