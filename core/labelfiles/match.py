"""A file of labels beside a set: which images it means, and what it would change."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.curation.acts import label_text, stored
from core.curation.events import Event
from core.errors import InputError, NotFoundError
from core.labelfiles.lookup import ABSENT, Lookup
from core.labelfiles.model import LabelFile

_WHOLE = re.compile(r"[0-9]+\.0")


@dataclass(frozen=True, slots=True)
class Matched:
    """What a file of labels says about the rows of a set.

    Attributes
    ----------
    rows
        int64 `(m,)`, ascending: the rows that the file labels, each once.
    labels
        Their labels in the file; "" where it takes the label off.
    differs
        Bool `(m,)`: whether the row has another label, or none, now.
    unmatched, ambiguous
        Pairs of what the file calls an image and, in words, why nothing is done about it: it is
        not in the set or its label cannot be kept; or it cannot be told which image or label is
        meant.
    without_label
        Entries of the file that have no label, and so change nothing.
    by
        How the images were recognised: number of entries by "id", "path" and "name".
    unknown
        Labels of the file that no image of the set has now, each once, in their order.
    notes
        What else a person should know.
    """

    rows: np.ndarray
    labels: list[str]
    differs: np.ndarray
    unmatched: list[tuple[str, str]]
    ambiguous: list[tuple[str, str]]
    without_label: int
    by: dict[str, int]
    unknown: list[str]
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> int:
        """Return how many images have the file's label already."""
        return int((~self.differs).sum())

    @property
    def changed(self) -> int:
        """Return how many images would get another label."""
        return int(self.differs.sum())


def labels_now(opened: Any, view: Any = None) -> pd.Series:
    """Return the labels of a set's rows as edited, missing where there is none.

    Parameters
    ----------
    view
        What was decided; None asks the set itself.
    """
    own = opened.items.get("label")
    if view is not None:
        return view.edited(own)
    try:
        return opened.values("label, edited")
    except NotFoundError:
        return pd.Series([None] * len(opened.items), dtype="string") if own is None else own


def match_labels(opened: Any, file: LabelFile, view: Any = None, *, clear: bool = False) -> Matched:
    """Find the images that a file of labels means, and compare its labels with those of the set.

    An image is known by its id, else by its path, else by its file name alone where only one
    image has it. Of identical files all get the label, unless the file tells them apart.

    Parameters
    ----------
    opened
        A set or part.
    file
        As `read_labels` returns it.
    view
        What was decided about the set; None asks the set.
    clear
        Take the label off images that the file has without one; else they stay as they are.

    Returns
    -------
    Matched
        Nothing is written; see `apply_labels`.
    """
    now = [stored(text) for text in labels_now(opened, view).fillna("").tolist()]
    file, notes = _whole_numbers(file, set(now))
    given, trouble = _collected(opened, file, view, clear)
    rows = np.array(sorted(given), dtype=np.int64)
    labels = [given[row] for row in rows.tolist()]
    differs = np.array(
        [now[r] != text for r, text in zip(rows.tolist(), labels, strict=True)], bool
    )
    known = set(now)
    unknown = dict.fromkeys(text for text in labels if text and text not in known)
    return Matched(
        rows, labels, differs, trouble.unmatched, trouble.ambiguous, trouble.without_label,
        dict(trouble.by), list(unknown), notes,
    )  # fmt: skip


@dataclass(slots=True)
class _Trouble:
    """What is counted while entries are gone through."""

    unmatched: list[tuple[str, str]]
    ambiguous: list[tuple[str, str]]
    by: Counter[str]
    without_label: int = 0


def _collected(
    opened: Any, file: LabelFile, view: Any, clear: bool
) -> tuple[dict[int, str], _Trouble]:
    """Return the label of each row that the file is clear about."""
    boxes = getattr(view, "boxes", None) or {}
    edited = {int(opened.base_rows[row]): box for row, box in boxes.items()}
    trouble = _Trouble([], [], Counter())
    each = file.format in {"csv", "parquet"}  # a table may well say it of all in a picture
    lookup = Lookup(opened.base, file.entries, edited, each=each)
    here = {row: place for place, row in enumerate(opened.base_rows.tolist())}
    said: dict[int, dict[str, str]] = {}
    problems: dict[str, str] = {}
    for entry in file.entries:
        if entry.label is None:
            trouble.without_label += 1
            if not clear:
                continue
        text = stored(entry.label or "")
        if text not in problems:
            problems[text] = _problem(text)
        found = lookup.rows_of(entry)
        if not found.rows:
            listed = trouble.unmatched if found.why == ABSENT else trouble.ambiguous
            listed.append((entry.key, found.why))
            continue
        rows = [here[row] for row in found.rows if row in here]
        problem = problems[text] if rows else "not in this part of the set"
        if problem:
            trouble.unmatched.append((entry.key, problem))
            continue
        trouble.by[found.how] += 1
        for row in rows:
            said.setdefault(row, {}).setdefault(text, entry.key)
    return _agreed(said, trouble), trouble


def _agreed(said: Mapping[int, Mapping[str, str]], trouble: _Trouble) -> dict[int, str]:
    """Return the rows that have one label; those with several are told."""
    given = {}
    told: set[tuple[str, str]] = set()
    for row, labels in said.items():
        if len(labels) == 1:
            given[row] = next(iter(labels))
            continue
        words = [f"“{text}”" if text else "no label" for text in labels]
        why = f"it has {len(words):,} labels in the file: {', '.join(words[:4])}"
        told.add((next(iter(labels.values())), why))
    trouble.ambiguous += sorted(told)
    return given


def _problem(label: str) -> str:
    """Return why a label cannot be kept; "" if it can."""
    try:
        label_text(label)
    except InputError as error:
        return str(error)
    return ""


def _whole_numbers(file: LabelFile, now: set[str]) -> tuple[LabelFile, tuple[str, ...]]:
    """Return a file whose labels "1.0", "2.0" are "1", "2", if that is what the set has.

    Programs write whole numbers so where one is missing.
    """
    labels = {entry.label for entry in file.entries if entry.label is not None}
    if not labels or not all(_WHOLE.fullmatch(text) for text in labels):
        return file, ()
    if labels & now or not {text[:-2] for text in labels} & now:
        return file, ()
    entries = tuple(
        replace(entry, label=entry.label[:-2] if entry.label else None) for entry in file.entries
    )
    return replace(file, entries=entries), ("labels such as 1.0 were taken for 1, as in the set",)


def apply_labels(desk: Any, opened: Any, matched: Matched, reason: str = "") -> Event | None:
    """Give a set the labels of a file, in one act that one undo takes back.

    Parameters
    ----------
    desk
        The curation log's desk.
    opened
        The set or part that `matched` is about.
    reason
        Where the labels come from, for the log.

    Returns
    -------
    Event or None
        None where every image has its label already: nothing is written.

    Raises
    ------
    InputError
        The file has more different labels than one act can give.
    """
    now = [stored(text) for text in labels_now(opened, desk.view(opened)).fillna("").tolist()]
    wanted: dict[str, list[int]] = {}
    for row, label in zip(matched.rows.tolist(), matched.labels, strict=True):
        if now[row] != label:
            wanted.setdefault(label, []).append(row)
    if not wanted:
        return None
    labels = sorted(wanted)
    rows = np.concatenate([wanted[label] for label in labels])
    sizes = [len(wanted[label]) for label in labels]
    event: Event = desk.act(
        opened, "relabel.each", rows, labels=labels, sizes=sizes, reason=reason or None
    )
    return event
