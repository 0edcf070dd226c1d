"""The slices that choices and divisions make: their names, and when one is there already."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.choices.stored import SPLITS, Choice, Splits, mark_of, slice_of
from core.curate.requests import CurateRequest, SplitRequest
from core.curate.strategies import STRATEGIES
from core.curation import Desk
from core.curation.acts import slice_name
from core.errors import InputError
from core.storage.store import Workspace

#: Words before a slice's own name, by scenario.
_BEFORE = {"first": "", "next": "Next batch, ", "test": "Test set, "}


def free_slice_name(name: str, view: Any) -> str:
    """Return a name that no slice has: itself, or with a number behind."""
    used, tried, number = {one.name for one in view.slices}, name, 1
    while tried in used:
        number += 1
        tried = f"{name} ({number})"
    return tried


def first_name(asked: CurateRequest, count: int, view: Any) -> str:
    """Return the name that a choice's slice is first given; "" where none is wanted."""
    if asked.slice is not None:
        return slice_name(asked.slice) if asked.slice else ""
    title = STRATEGIES[asked.strategy].title
    return free_slice_name(f"{_BEFORE[asked.scenario]}{title} {count:,}", view)


def has_slice(name: str, view: Any, rows: Sequence[int] | np.ndarray | None) -> bool:
    """Tell whether there is a slice of this name with just these rows.

    Raises
    ------
    InputError
        There is one with others; None stands for rows that are not known yet.
    """
    wanted = slice_name(name)
    there = next((one for one in view.slices if one.name == wanted), None)
    if there is None:
        return False
    if rows is None or there.missing or not np.array_equal(there.rows, np.sort(rows)):
        raise InputError(
            f"there is a slice “{wanted}” already, with other images: choose another name"
        )
    return True


def make_slice(asked: CurateRequest, choice: Choice, opened: Any, workspace: Workspace) -> str:
    """Make the slice of a choice, unless it is there, and return its name; "" for none.

    Raises
    ------
    InputError
        The name that is asked for belongs to another slice.
    """
    if asked.slice == "":
        return ""
    desk = Desk(workspace)
    view = desk.view(opened)
    if asked.slice and has_slice(asked.slice, view, choice.rows):
        return slice_name(asked.slice)
    there = slice_of(choice.key, view)
    same = bool(there) and np.array_equal(view.slice(there).rows, np.sort(choice.rows))
    if asked.slice is None and same:
        return there
    name = first_name(asked, len(choice.rows), view)
    desk.act(opened, "slice.create", choice.rows, name=name, how=how_of(choice))
    return name


def how_of(choice: Choice) -> str:
    """Return in a sentence how the images of a choice were chosen."""
    meta = choice.meta
    more = f", given {meta['n_already']:,} taken before" if meta["n_already"] else ""
    return (
        f"{STRATEGIES[meta['strategy']].title}: {meta['n']:,} of {meta['n_pool']:,} "
        f"({meta['pool']}){more}, seed {meta['seed']}, {mark_of(choice.key)}"
    )


def free_prefix(word: str, view: Any) -> str:
    """Return a first word that no slice begins with: itself, or with a number behind."""
    names, tried, number = [one.name for one in view.slices], word, 1
    while any(name.startswith(f"{tried} ") and name[len(tried) + 1 :] in SPLITS for name in names):
        number += 1
        tried = f"{word} {number}"
    return tried


def split_slices(
    asked: SplitRequest, kept: Splits, opened: Any, workspace: Workspace
) -> dict[str, str]:
    """Make the slices of a division, those that are not there, and return their names by split.

    Raises
    ------
    InputError
        A name that is asked for belongs to another slice; none is made then.
    """
    if asked.slices == "":
        return {}
    desk = Desk(workspace)
    view = desk.view(opened)
    rows = {name: kept.rows(name) for name in SPLITS if len(kept.rows(name))}
    found = {} if asked.slices else _made_before(kept.key, rows, view)
    prefix = asked.slices or free_prefix("Split", view)
    wanted = {name: f"{prefix} {name}" for name in rows if name not in found}
    missing = [name for name in wanted if not has_slice(wanted[name], view, rows[name])]
    for name in missing:
        how = f"{name} of a split of {kept.meta['pool']}, {mark_of(kept.key)}"
        desk.act(opened, "slice.create", rows[name], name=wanted[name], how=how)
    return {name: found.get(name) or slice_name(wanted[name]) for name in rows}


def _made_before(key: str, rows: dict[str, np.ndarray], view: Any) -> dict[str, str]:
    """Return the slices that a division made and that still hold just its rows."""
    mine = [one for one in view.slices if mark_of(key) in one.how and not one.missing]
    return {
        name: one.name
        for name, wanted in rows.items()
        for one in mine
        if np.array_equal(one.rows, wanted)
    }
