"""Which images to label next, kept with the slices that hold them."""

from typing import Any

import numpy as np
import pandas as pd

from core.choices.slices import free_slice_name
from core.choices.stored import mark_of
from core.errors import InputError
from core.labelled.stored import Labelled, NextBatch
from core.labelling.data import Data
from core.progress import Progress
from core.quality.batch import next_batch
from core.quality.propagate import verdict_of
from core.space import unit_rows

#: First words of the names of the two slices.
LABEL, EVALUATE = "To label", "For evaluation"


def batch(data: Data, progress: Progress) -> dict[str, Any]:
    """Choose images to label next, make their slices, and return what a job says of them.

    Raises
    ------
    InputError
        Fewer images wait for a label than are wanted.
    """
    asked, workspace = data.asked, data.workspace
    waiting, notes = _free(data)
    if len(waiting) < asked.n:
        more = f" ({'; '.join(notes)})" if notes else ""
        if not len(waiting):
            raise InputError(f"{data.title}: no more of them wait for a label{more}")
        raise InputError(
            f"a batch of {asked.n:,} images: only {len(waiting):,} of {data.title} wait for a "
            f"label{more}; ask for fewer"
        )
    key = data.key("batch", waiting, asked.n, float(asked.by_lot))
    if not workspace.has("batch", key):
        with workspace.lock(f"batch/{key}", progress):
            if not workspace.has("batch", key):
                _compute(data, waiting, notes, key, progress)
    found = Labelled(workspace).open(key)
    assert isinstance(found, NextBatch)
    with workspace.lock(f"slices/{asked.name}", progress):
        slices = _make_slices(data, found)
    told = ("column", "pool", "n", "to_label", "by_lot", "waiting", "notes", "text")
    return {"batch": key, "slices": slices, **{name: found.meta[name] for name in told}}


def _free(data: Data) -> tuple[np.ndarray, list[str]]:
    """Return the rows that wait and that no earlier batch holds, and what was left out."""
    marks = [mark_of(line.key) for line in Labelled(data.workspace).list(data.asked.name, "batch")]
    waiting, notes = data.waiting, list(data.notes)
    for one in data.view.slices:
        if any(mark in one.how for mark in marks):
            left = np.setdiff1d(waiting, one.rows)
            if len(left) < len(waiting):
                notes.append(f"{len(waiting) - len(left):,} of slice “{one.name}” wait already")
            waiting = left
    return waiting, notes


def _compute(
    data: Data, waiting: np.ndarray, notes: list[str], key: str, progress: Progress
) -> None:
    asked = data.asked
    progress.report("vectors")
    unit = unit_rows(data.vectors())
    told = verdict_of(unit, data.codes, waiting, progress=progress)
    blank = np.zeros(len(waiting))
    margins = blank if told is None else told.share - told.next_share
    found = next_batch(
        unit, margins, waiting, asked.n, units=data.units, seed=asked.seed, by_lot=asked.by_lot
    )
    rows = np.concatenate([found.unsure, found.by_lot])
    place = np.searchsorted(waiting, rows)
    names = np.array([*data.labels.names, None], dtype=object)
    if told is None:
        likeliest = second = np.full(len(rows), None, dtype=object)
        notes = [*notes, "too few images are labelled to tell what is unsure: spread out instead"]
    else:
        likeliest, second = names[told.best[place]], names[told.second[place]]
    why = ["spread" if told is None else "unsure"] * len(found.unsure)
    table = pd.DataFrame(
        {
            "row": rows, "why": pd.Series([*why, *["by lot"] * len(found.by_lot)], dtype="string"),
            "margin": np.concatenate([found.margin, np.full(len(found.by_lot), np.nan)]),
            "likeliest": pd.Series(likeliest, dtype="string"),
            "second": pd.Series(second, dtype="string"),
        }
    )  # fmt: skip
    slices = {
        "label": free_slice_name(f"{LABEL} {len(found.unsure):,}", data.view),
        "evaluate": free_slice_name(f"{EVALUATE} {len(found.by_lot):,}", data.view),
    }
    meta = data.meta() | {
        "n": len(rows), "to_label": len(found.unsure), "by_lot": len(found.by_lot),
        "waiting": len(waiting), "slices": slices, "notes": notes,
        "text": f"{len(found.unsure):,} images to label and {len(found.by_lot):,} by lot for "
                f"evaluation, of {len(waiting):,} that wait",
    }  # fmt: skip
    progress.report("storing")
    data.workspace.write("batch", key, meta=meta, tables={"chosen": table})


def _make_slices(data: Data, found: NextBatch) -> dict[str, str]:
    """Make the slices of a batch, unless they are there, and return their names."""
    lot = found.rows("by lot")
    rows = {"label": np.setdiff1d(found.chosen["row"], lot), "evaluate": lot}
    ways = {"label": "Unsure and spread out", "evaluate": "By lot, to evaluate on"}
    mark, names = mark_of(found.key), {}
    for what, mine in rows.items():
        if not len(mine):
            continue
        view = data.desk.view(data.opened)
        there = [one for one in view.slices if mark in one.how and ways[what] in one.how]
        if there:
            names[what] = there[0].name
            continue
        names[what] = free_slice_name(found.meta["slices"][what], view)
        how = f"{ways[what]}: {len(mine):,} of {found.meta['waiting']:,} without a label, {mark}"
        data.desk.act(data.opened, "slice.create", mine, name=names[what], how=how)
    return names
