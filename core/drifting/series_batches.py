"""The reference and the batches of a series, opened: which images each has, and their points."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.columns import as_numbers, column_kind, holds_dates
from core.curation import Desk
from core.drift.periods import PERIODS, period_for, period_texts
from core.drift.request import SLICE, Side
from core.drift.series import FEWEST
from core.drift.series_request import MOST, SeriesRequest
from core.drifts.sides import OpenSide, open_side, other_encoder
from core.errors import InputError
from core.findings import Findings
from core.ingest.folders import natural_key
from core.labelled.values import coded, label_column
from core.library import Library
from core.space import unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache


@dataclass(frozen=True)
class Batch:
    """One batch.

    Attributes
    ----------
    name, part
        What it is called, and its images.
    side
        How a comparison of two sets names it, such as "SET:COLUMN=VALUE".
    left_out
        Images that are of the reference too.
    """

    name: str
    part: OpenSide
    side: str
    left_out: int = 0


@dataclass(frozen=True)
class Batches:
    """A reference and what is held against it.

    Attributes
    ----------
    reference, batches
        The reference, and the batches in their order.
    like
        What new images look like, for the plan; None where groups of the reference are held back.
    every
        The period of a batch; "" where they are no periods.
    notes
        What is to be said of the design.
    """

    workspace: Workspace
    asked: SeriesRequest
    reference: OpenSide
    batches: tuple[Batch, ...]
    like: OpenSide | None
    every: str = ""
    notes: tuple[str, ...] = ()

    def points(self, part: OpenSide) -> np.ndarray:
        """Return the mean unit vector of each unit of a part `(u, d)` float64, units by code."""
        spec = part.opened.spec
        cache = VectorCache(self.workspace.root / "vectors" / spec.key, spec)
        rows = unit_rows(cache.load(part.opened.items["item_id"].iloc[part.rows].tolist()))
        place = np.unique(part.units, return_inverse=True)[1].reshape(-1)
        count = np.bincount(place)
        order = np.argsort(place, kind="stable")
        starts = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
        sums = np.add.reduceat(rows[order].astype(np.float64), starts, axis=0)
        return np.asarray(sums / count[:, None])


def open_batches(asked: SeriesRequest, workspace: Workspace) -> Batches:
    """Open what a request names.

    Raises
    ------
    NotFoundError
        There is no such set, slice or column.
    InputError
        Encoders differ, a column has no batches or too many, or all batches are the reference's.
    """
    desk, findings = Desk(workspace), Findings(workspace)
    library = Library.with_desk(workspace, desk)

    def opened(side: Side) -> OpenSide:
        return open_side(side, asked.unit, library.open, desk.view, findings)

    reference = opened(asked.side)
    every = ""
    if asked.by is not None:
        whole = opened(Side(asked.of or asked.name))
        batches, every = _by_column(asked, whole)
    else:
        batches = [_named(Side.read(text), opened) for text in asked.batches]
    for one in batches:
        _same_encoder(reference, one.part)
    kept, notes = _without_reference(reference, batches)
    if batches and not kept:
        raise InputError(
            f"every image of the batches is in the reference {asked.reference!r}: name a part of "
            "it as the reference, such as SET:COLUMN=VALUE or SET:slice=NAME"
        )
    like = None if asked.like is None else opened(Side.read(asked.like, "like"))
    if like is not None:
        _same_encoder(reference, like)
    sides = [reference, *(one.part for one in kept[:1])]
    told = [note for side in sides for note in side.notes]
    return Batches(
        workspace, asked, reference, tuple(kept), like, every,
        tuple(dict.fromkeys([*told, *notes])),
    )  # fmt: skip


def _same_encoder(reference: OpenSide, part: OpenSide) -> None:
    if why := other_encoder(reference.opened, part.opened):
        raise InputError(why)


def _named(side: Side, opened: Callable[[Side], OpenSide]) -> Batch:
    part = opened(side)
    name = part.opened.title if side.column is None else str(side.value)
    return Batch(str(name), part, side.text)


def _by_column(asked: SeriesRequest, whole: OpenSide) -> tuple[list[Batch], str]:
    """Return the batches of a column in their order, the latest 200, and the period they are."""
    name = str(asked.by)
    values = _values(name, whole)
    every = ""
    if holds_dates(values):
        every = asked.every or period_for(values.iloc[whole.rows])
        texts = period_texts(values, every)[whole.rows]
        order = sorted(set(texts.tolist()) - {""})
    else:
        if asked.every is not None:
            raise InputError(
                f"every {asked.every!r}: column {name!r} holds no dates; {', '.join(PERIODS)} are "
                "for columns that do"
            )
        texts, order = _categories(name, values, whole)
    if not order:
        raise InputError(f"column {name!r}: no image of {whole.opened.name!r} has a value there")
    counts = [int((texts == text).sum()) for text in order[-MOST:]]
    if len(order) > MOST and np.median(counts) < FEWEST:
        raise InputError(
            f"column {name!r} makes {len(order):,} batches; at most {MOST}: use dates with a "
            "longer --every, or a column with fewer values"
        )
    of = whole.opened.name
    return [
        Batch(text, _part(whole, np.flatnonzero(texts == text), name, text), f"{of}:{name}={text}")
        for text in order[-MOST:]
    ], every


def _values(name: str, whole: OpenSide) -> pd.Series:
    if name == "label":
        found = label_column(whole.opened, whole.view)
        texts = np.array([*found.names, None], dtype=object)[found.codes]
        return pd.Series(texts, dtype="string")
    if name == SLICE:
        raise InputError("by 'slice': name the slices as batches, SET:slice=NAME")
    whole.opened.column(name)  # NotFoundError lists the columns there are
    values: pd.Series = whole.opened.values(name)
    return values


def _categories(name: str, values: pd.Series, whole: OpenSide) -> tuple[np.ndarray, list[str]]:
    """Return the value of each image as text, and the values in the order of time or of name."""
    found = coded(name, values)
    texts = np.array([*found.names, ""], dtype=object)[found.codes][whole.rows]
    there = sorted(set(texts.tolist()) - {""}, key=natural_key)
    if column_kind(values) is not None and pd.api.types.is_numeric_dtype(values):
        return texts, sorted(there, key=float)
    times = whole.opened.items.get("time")
    if times is not None and holds_dates(times):
        seconds = as_numbers(times)[whole.rows]
        began = {text: _first(seconds[texts == text]) for text in there}
        if all(np.isfinite(one) for one in began.values()):
            there = sorted(there, key=lambda text: began[text])
    return texts, there


def _first(seconds: np.ndarray) -> float:
    known = seconds[np.isfinite(seconds)]
    return float(known.min()) if len(known) else float("nan")


def _part(whole: OpenSide, at: np.ndarray, column: str, value: str) -> OpenSide:
    side = replace(whole.side, column=column, value=value)
    return replace(whole, side=side, rows=whole.rows[at], units=whole.units[at])


def _without_reference(reference: OpenSide, batches: list[Batch]) -> tuple[list[Batch], list[str]]:
    """Return the batches without images of the reference, which stays as it is, and notes."""
    known = set(_ids(reference))
    kept, notes, inside, shared = [], [], [], 0
    for one in batches:
        new = np.array([item not in known for item in _ids(one.part)], bool)
        if not new.any():
            inside.append(one.name)
            continue
        left = int((~new).sum())
        shared += left
        part = replace(one.part, rows=one.part.rows[new], units=one.part.units[new])
        kept.append(replace(one, part=part, left_out=left))
    if inside:
        told = ", ".join(inside[:5]) + (" and more" if len(inside) > 5 else "")
        notes.append(f"Of the reference, so no batch: {told}.")
    if shared:
        are = "image is" if shared == 1 else "images are"
        notes.append(f"{shared:,} {are} of the reference too and left out of the batches.")
    return kept, notes


def _ids(part: OpenSide) -> list[str]:
    ids: list[str] = part.opened.items["item_id"].iloc[part.rows].tolist()
    return ids
