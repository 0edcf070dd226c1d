"""What a request may choose from: the rows, and what was left out and why."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.choices.stored import Choices
from core.curate.requests import CurateRequest, SplitRequest
from core.errors import InputError
from core.selection import Selections
from core.storage.store import Workspace


@dataclass(frozen=True, slots=True)
class Pool:
    """What a request may choose from.

    Attributes
    ----------
    rows
        Rows that may be chosen, ascending int64.
    already
        Rows that count as taken, ascending int64; none of them is in `rows`.
    apart
        Rows that a test set must be unlike; none of them, and none of their units, is in `rows`.
    title
        What the pool is, in words: "all images", "slice “new”".
    notes
        What was left out and why, each a sentence.
    """

    rows: np.ndarray
    already: np.ndarray
    title: str
    notes: tuple[str, ...] = ()
    apart: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


def pool_of(
    request: CurateRequest | SplitRequest, opened: Any, view: Any, workspace: Workspace
) -> Pool:
    """Return what a request may choose from; quick, and nothing that computes is loaded.

    Parameters
    ----------
    opened, view
        The set or part, and what was decided about it (`Desk.view`).

    Raises
    ------
    InputError
        Nothing is left to choose from, or `next` is asked for and nothing is labelled.
    NotFoundError
        There is no such slice or selection.
    """
    rows, title = _named_pool(request.pool, opened, view, workspace)
    total, notes = len(rows), []
    rows = np.intersect1d(rows, view.working)
    if len(rows) < total:
        notes.append(f"{total - len(rows):,} excluded or dropped are not in the pool")
    already = np.zeros(0, np.int64)
    if isinstance(request, CurateRequest):
        already, said = _already(request, opened, view, workspace)
        rows, notes = np.setdiff1d(rows, already), [*notes, *said]
    for name in request.without:
        left = np.setdiff1d(rows, view.slice(name).rows)
        notes.append(f"{len(rows) - len(left):,} of slice “{name}” are left out")
        rows = left
    apart = already[:0]
    if isinstance(request, CurateRequest) and request.scenario == "test":
        apart = np.unique(np.concatenate([already, *(view.slice(s).rows for s in request.without)]))
        rows, said = _other_units(rows, apart, opened)
        notes, already = [*notes, *said], already[:0]
    if not len(rows):
        told = f" ({'; '.join(notes)})" if notes else ""
        raise InputError(f"the pool is empty: nothing is left of {title}{told}; take a larger one")
    return Pool(rows, already, title, tuple(notes), apart)


def _named_pool(pool: str, opened: Any, view: Any, workspace: Workspace) -> tuple[np.ndarray, str]:
    """Return the rows a pool names, ascending, and what it is called."""
    kind, _, name = pool.partition(":")
    if kind == "slice":
        return np.asarray(view.slice(name).rows, dtype=np.int64), f"slice “{name}”"
    if kind == "selection":
        rows = Selections(workspace).load(name, opened.key)
        return np.unique(np.asarray(rows, dtype=np.int64)), f"a selection of {len(rows):,}"
    if kind == "unlabelled":
        rows = np.setdiff1d(np.arange(len(opened)), labelled_rows(opened, view))
        return rows, f"unlabelled {view.noun}s"
    return np.arange(len(opened), dtype=np.int64), f"all {view.noun}s"


def labelled_rows(opened: Any, view: Any) -> np.ndarray:
    """Return the rows that have a label, given by the source or by a person; ascending int64."""
    has = np.zeros(len(opened), bool)
    if "label" in opened.items:
        has[:] = (opened.items["label"].astype("string").fillna("") != "").to_numpy(dtype=bool)
    for row, label in view.labels.items():
        has[row] = bool(label)
    return np.flatnonzero(has)


def _already(
    request: CurateRequest, opened: Any, view: Any, workspace: Workspace
) -> tuple[np.ndarray, list[str]]:
    """Return the rows that count as taken (next) or must be kept apart from (test), in words."""
    if request.scenario == "first":
        return np.zeros(0, np.int64), []
    if request.labelled is not None:
        rows = np.asarray(view.slice(request.labelled).rows, dtype=np.int64)
        word = "count as taken" if request.scenario == "next" else "are kept apart"
        return rows, [f"{len(rows):,} of slice “{request.labelled}” {word}"]
    if request.scenario == "next":
        rows = np.intersect1d(labelled_rows(opened, view), view.working)
        if not len(rows):
            raise InputError(
                "nothing is labelled yet, so there is nothing to go on from: choose a first set, "
                "or name the slice that is labelled"
            )
        return rows, [f"{len(rows):,} labelled {view.noun}s count as taken"]
    lines = Choices(workspace).list(opened.name, view)
    names = [line.slice for line in lines if line.slice and line.scenario != "test"]
    if not names:
        return np.zeros(0, np.int64), []
    rows = np.unique(np.concatenate([view.slice(name).rows for name in names]))
    told = ", ".join(f"“{name}”" for name in sorted(set(names)))
    return rows, [f"kept apart from the {len(rows):,} that earlier choices took: {told}"]


def _other_units(rows: np.ndarray, apart: np.ndarray, opened: Any) -> tuple[np.ndarray, list[str]]:
    """Return a test pool without the units that what was chosen before belongs to."""
    if not len(apart) or "unit" not in opened.items:
        return rows, []
    units = opened.items["unit"].astype("string")
    same = units.iloc[rows].isin(units.iloc[apart].dropna()).to_numpy(dtype=bool)
    if not same.any():
        return rows, []
    return rows[~same], [f"{int(same.sum()):,} of the same units as those are left out"]
