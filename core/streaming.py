"""The job "stream": a sequence without the frames that repeat, stored, and a slice of the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core.choices.slices import free_slice_name, has_slice
from core.choices.stored import mark_of, slice_of
from core.choosing import Data
from core.columns import as_numbers, column_kind
from core.config import Settings
from core.curate.duplicates import duplicate_threshold
from core.curation import Desk
from core.curation.acts import slice_name
from core.errors import InputError, NotFoundError
from core.findings.streams import Stream, Streams
from core.ingest.folders import natural_key
from core.keys import artefact_key
from core.library import Library, OpenSet
from core.model import Neighbors
from core.opened.clips import clips_of
from core.progress import Progress
from core.quality.stream import Filtered, filter_stream
from core.quality.stream_request import StreamRequest
from core.quality.unlike import FLOOR
from core.storage.partrecords import is_part_name, read_part
from core.storage.store import Workspace, library_versions, now

FORMAT = 1

#: Thresholds, as shares of the one asked for, at which it is told how much would be kept.
CURVE = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def run_stream(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Thin a sequence as a request asks, keep what was found, and make the slice.

    Parameters
    ----------
    request
        As `StreamRequest.to_json` returns it.
    workspace, settings
        Where the set lies and the result is kept.
    progress
        Told about the work; may cancel.

    Returns
    -------
    dict
        {"set", "stream": its key, "slice": name or "", "frames", "kept", "share", "tau", "source",
        "window", "by", "within", "sequences", "curve", "text", "notes", "seconds"}.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = StreamRequest.from_json(request)
    workspace.sweep()
    progress.report("frames")
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    if opened.neighbors is None:
        raise NotFoundError(f"{asked.name!r} has no neighbours yet: run the set to its end first")
    view = desk.view(opened)
    asked = _by_clip(asked, opened)
    order, sequence, by = frames_of(opened, np.asarray(view.working, np.int64), asked)
    tau, source = _threshold(asked, opened, opened.neighbors, workspace)
    plain = {name: value for name, value in asked.to_json().items() if name != "slice"}
    key = artefact_key("stream", FORMAT, plain, opened.key, opened.embeddings, tau, order, sequence)
    if not workspace.has("stream", key):
        if asked.slice and slice_of(key, view) != asked.slice:
            has_slice(asked.slice, view, None)
        with workspace.lock(f"stream/{key}", progress):
            if not workspace.has("stream", key):
                names = _names(opened, asked, sequence, order)
                told = {"by": by, "tau": tau, "source": source}
                _compute(asked, opened, order, sequence, names, told, key, workspace, progress)
    stream = Streams(workspace).open(key)
    with workspace.lock(f"slices/{asked.name}", progress):
        name = _make_slice(asked, stream, opened, workspace)
    return stream.told() | {"slice": name, "seconds": progress.finish()}


def _by_clip(asked: StreamRequest, opened: OpenSet) -> StreamRequest:
    """Return a request that walks each clip on its own, where times begin anew with each."""
    clips = clips_of(opened.items)
    alone = asked.within is None and asked.by is None
    if not alone or clips is None or clips.dates or len(clips.names) < 2:
        return asked
    return replace(asked, within="unit")


def frames_of(
    opened: OpenSet, rows: np.ndarray, asked: StreamRequest
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the frames in the order of their sequences.

    Parameters
    ----------
    rows
        The rows that may be kept, such as the working set.

    Returns
    -------
    order : numpy.ndarray
        These rows, sequence after sequence, int64.
    sequence : numpy.ndarray
        Number of the sequence of each, from 0.
    by : str
        What puts them in order, in words.
    """
    if not len(rows):
        raise InputError("nothing is left to thin: every image is excluded or dropped")
    sequence = np.zeros(len(rows), np.int64)
    if asked.within is not None:
        texts = _column(opened, asked.within).iloc[rows].astype("string")
        sequence = np.asarray(pd.factorize(texts.fillna(""))[0], np.int64)
    place, by = _places(opened, asked)
    order = np.lexsort((rows, place[rows], sequence))
    return rows[order], sequence[order], by


def _places(opened: OpenSet, asked: StreamRequest) -> tuple[np.ndarray, str]:
    """Return where each row stands in its sequence `(n,)`, and what says so."""
    items = opened.items
    if asked.by is not None:
        values = _column(opened, asked.by)
        numbers = as_numbers(values)
        if np.isfinite(numbers).all():
            return numbers, f"column “{asked.by}”"
        texts = values.astype("string").fillna("")
        if (texts == "").any():
            raise InputError(
                f"column {asked.by!r} has no value for {int((texts == '').sum()):,} images: order "
                "by a column that has one for each, or leave it out to go by path"
            )
        return _ranks([natural_key(text) for text in texts]), f"column “{asked.by}”"
    if "time" in items and items["time"].notna().all():
        return as_numbers(items["time"]), "time"
    paths = items["path"].astype("string").fillna("").tolist()
    frames = as_numbers(items["frame"]) if "frame" in items else np.zeros(len(items))
    keys = [
        (natural_key(path), frame)
        for path, frame in zip(paths, np.nan_to_num(frames).tolist(), strict=True)
    ]
    return _ranks(keys), "path and frame"


def _ranks(keys: list[Any]) -> np.ndarray:
    """Return the place of each key among all, ties by row."""
    found = np.empty(len(keys))
    found[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return found


def _column(opened: OpenSet, name: str) -> pd.Series:
    """Return a column of the set's own table or a computed one."""
    if name in opened.items and column_kind(opened.items[name]) is not None:
        values: pd.Series = opened.items[name]
        return values
    return opened.values(name)


def _threshold(
    asked: StreamRequest, opened: OpenSet, neighbors: Neighbors, workspace: Workspace
) -> tuple[float, str]:
    """Return up to which distance a frame repeats another, and where that is from."""
    if asked.tau is not None:
        return float(asked.tau), "given"
    record = (read_part(workspace, opened.name) if is_part_name(opened.name)
              else workspace.read_set(opened.name))  # fmt: skip
    checked = record.get("quality") or {}
    key = checked.get("duplicates")
    if key and checked.get("imageset") == opened.key and workspace.has("duplicates", key):
        return float(workspace.read("duplicates", key).meta["tau"]), "the check of duplicates"
    third = max(duplicate_threshold(neighbors), FLOOR)
    return third, "a third of the usual distance to the nearest image"


def _names(
    opened: OpenSet, asked: StreamRequest, sequence: np.ndarray, order: np.ndarray
) -> list[str]:
    """Return the name of every sequence."""
    if asked.within is None:
        return ["all"]
    texts = _column(opened, asked.within).astype("string").fillna("no value")
    first = np.unique(sequence, return_index=True)[1]
    return [str(texts.iat[row]) for row in order[first].tolist()]


def _compute(
    asked: StreamRequest,
    opened: OpenSet,
    order: np.ndarray,
    sequence: np.ndarray,
    names: list[str],
    told: dict[str, Any],
    key: str,
    workspace: Workspace,
    progress: Progress,
) -> None:
    """Walk every sequence and store what is kept."""
    data = Data(opened, None, opened.neighbors, None, None)  # type: ignore[arg-type]
    unit = data.unit(workspace)[order]
    tau = float(told["tau"])
    kept, because, distance = _walk(unit, sequence, tau, asked.window, progress)
    curve = []
    for share in CURVE:
        at = min(2.0, share * tau)
        left = kept if share == 1 else _walk(unit, sequence, at, asked.window, progress)[0]
        curve.append((at, int(left.sum()), float(left.mean())))
    frames = np.bincount(sequence, minlength=len(names))
    stay = np.bincount(sequence[kept], minlength=len(names))
    tables = {
        "sequences": pd.DataFrame(
            {"sequence": names, "frames": frames, "kept": stay, "share": stay / frames}
        ),
        "curve": pd.DataFrame(curve, columns=["tau", "kept", "share"]),
    }
    arrays = {
        "order": order, "sequence": sequence, "kept": kept, "because": order[because],
        "distance": distance,
    }  # fmt: skip
    meta = {
        "format": FORMAT, "request": asked.to_json(), "name": opened.name, "imageset": opened.key,
        "embeddings": opened.embeddings, **told, "window": asked.window, "within": asked.within,
        "frames": len(order), "kept": int(kept.sum()), "share": float(kept.mean()),
        "sequences": len(names), "furthest": float(distance.max(initial=0)),
        "versions": library_versions(), "created": now(),
    }  # fmt: skip
    workspace.write("stream", key, meta=meta, arrays=arrays, tables=tables)


def _walk(
    unit: np.ndarray, sequence: np.ndarray, tau: float, window: int | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which frames are kept, the place of the kept one each is near to, and how near."""
    kept = np.zeros(len(unit), bool)
    because, distance = np.arange(len(unit)), np.zeros(len(unit))
    starts = np.flatnonzero(np.diff(sequence, prepend=-1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(unit)], strict=True):
        found: Filtered = filter_stream(unit[start:end], tau, window=window, progress=progress)
        kept[start + found.kept] = True
        because[start:end], distance[start:end] = start + found.because, found.distance
    return kept, because, distance


def _make_slice(asked: StreamRequest, stream: Stream, opened: OpenSet, workspace: Workspace) -> str:
    """Make the slice of the frames that are kept, unless it is there; "" for none."""
    if asked.slice == "":
        return ""
    desk = Desk(workspace)
    view = desk.view(opened)
    rows = stream.kept_rows
    if asked.slice and has_slice(asked.slice, view, rows):
        return slice_name(asked.slice)
    there = slice_of(stream.key, view)
    if asked.slice is None and there and np.array_equal(view.slice(there).rows, rows):
        return there
    name = slice_name(asked.slice or free_slice_name(f"Without repeats {len(rows):,}", view))
    how = f"{stream.text} {mark_of(stream.key)}"
    desk.act(opened, "slice.create", rows, name=name, how=how)
    return name
