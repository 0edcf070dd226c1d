"""What a report is about: a choice, a slice or a selection, and the pool it is compared in."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.choices import Choices, slice_of
from core.errors import InputError
from core.reporting.data import Data
from core.reports import ReportRequest
from core.selection import Selections

#: How a choice that no strategy made is called.
BY_HAND = "Chosen by hand"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a report is about, before anything is measured.

    `rows` in the order of choice where `ordered`; `pool` holds them, `already` none of them;
    `told` is what the report's `choice` says of it.
    """

    rows: np.ndarray
    pool: np.ndarray
    already: np.ndarray
    ordered: bool
    told: dict[str, Any]


def chosen_of(asked: ReportRequest, data: Data) -> Chosen:
    """Return the rows a request names, and the pool they are compared in.

    Raises
    ------
    InputError
        Nothing is chosen, or the set has changed since.
    """
    if asked.choice:
        found = _of_choice(asked.choice, data)
    elif asked.slice:
        found = _of_slice(asked.slice, data)
    else:
        rows = Selections(data.workspace).load(str(asked.selection), data.opened.key)
        found = _by_hand(np.unique(np.asarray(rows, np.int64)), None, data)
    if not len(found.rows):
        what = f"slice “{asked.slice}”" if asked.slice else "the selection"
        raise InputError(f"{what} holds no {data.view.noun} of {data.opened.title!r}")
    return found


def _of_choice(key: str, data: Data) -> Chosen:
    """Return a stored choice, within the pool it was made from."""
    from core.curate.strategies import STRATEGIES

    choice = Choices(data.workspace).open(key)
    meta, request = choice.meta, choice.meta["request"]
    if meta["imageset"] != data.opened.key or meta["embeddings"] != data.opened.embeddings:
        raise InputError(
            f"choice {key[:12]} was made from {meta['name']!r} before it changed; choose again"
        )
    strategy = meta["strategy"]
    told = {
        "key": key, "slice": slice_of(key, data.view) or None, "strategy": strategy,
        "strategy_title": STRATEGIES[strategy].title, "budget": meta["budget"],
        "pool": {"title": meta["pool"]}, "scenario": request["scenario"], "seed": meta["seed"],
        "taken_out": dict(meta["taken_out"]),
    }  # fmt: skip
    already = np.asarray(choice.already, np.int64)
    pool = np.setdiff1d(np.union1d(choice.pool, choice.rows), already)
    return Chosen(choice.rows, pool, already, True, told)


def _of_slice(name: str, data: Data) -> Chosen:
    """Return a slice: as the choice that made it, where it still holds the same, else by hand."""
    one = data.view.slice(name)
    rows = np.asarray(one.rows, np.int64)
    for line in Choices(data.workspace).list(data.opened.name, data.view):
        if line.slice == one.name and line.count == len(rows):
            found = Choices(data.workspace).open(line.key)
            if line.imageset == data.opened.key and np.array_equal(np.sort(found.rows), rows):
                return _of_choice(line.key, data)
    return _by_hand(rows, name, data)


def _by_hand(rows: np.ndarray, name: str | None, data: Data) -> Chosen:
    """Return a slice or a selection; its pool is all that is not excluded, and it."""
    told = {
        "key": None, "slice": name, "strategy": "", "strategy_title": BY_HAND, "budget": None,
        "pool": {"title": f"all {data.view.noun}s"}, "scenario": None, "seed": None,
        "taken_out": {"near_duplicates": 0, "quality": 0},
    }  # fmt: skip
    pool = np.union1d(np.asarray(data.view.working, np.int64), rows)
    return Chosen(rows, pool, np.zeros(0, np.int64), False, told)
