"""The job that holds batches against a reference: from a request to a stored series.

Killed at any moment, either nothing is stored or the whole is.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from core.columns import as_numbers, holds_dates
from core.config import Settings
from core.curation.source import portable_name
from core.drift.request import PERMUTATIONS
from core.drift.series import BatchResult, Series, series
from core.drift.series_request import SeriesRequest
from core.drift.series_words import change_words, trend_words, verdict
from core.drifting.job import plain
from core.drifting.series_batches import Batch, Batches, open_batches
from core.drifting.series_planning import planned
from core.keys import artefact_key
from core.progress import Progress
from core.storage.store import Workspace, library_versions, now

FORMAT = 1


def run_series(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Hold batches against a reference as a request asks, and keep what was found.

    Parameters
    ----------
    request
        As `SeriesRequest.to_json` returns it.

    Returns
    -------
    dict
        {"series": its key, "text", "reference", "verdict", "batches", "trend", "change", "plan",
        "notes", "every", "encoder", "seed", "request", "versions", "seconds"}; JSON only. Without
        batches, "verdict", "trend" and "change" are None.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = SeriesRequest.from_json(request)
    workspace.sweep()
    progress.report("sides")
    found = open_batches(asked, workspace)
    key = key_of(found)
    if not workspace.has("driftseries", key):
        with workspace.lock(f"driftseries/{key}", progress):
            if not workspace.has("driftseries", key):
                meta = make(found, progress)
                progress.report("storing")
                meta |= {"format": FORMAT, "seconds": progress.finish()}
                table = pd.DataFrame(meta["batches"], columns=list(COLUMNS))
                workspace.write("driftseries", key, meta=meta, tables={"batches": table})
    return result_of(key, workspace.read("driftseries", key).meta)


#: Columns of the table of batches.
COLUMNS = ("name", "side", "images", "units", "left_out", "began", "ended", "distance", "low",
           "high", "p", "p_adjusted", "outside")  # fmt: skip
_TOLD = ("reference", "verdict", "batches", "trend", "change", "plan", "notes", "every", "encoder",
         "seed", "request", "versions", "seconds")  # fmt: skip


def key_of(found: Batches) -> str:
    """Return the key of a series: of what is asked and the data."""
    asked = {name: value for name, value in found.asked.to_json().items() if name != "name"}
    parts = [found.reference, *(one.part for one in found.batches)]
    parts += [found.like] if found.like is not None else []
    data = [
        (part.opened.key, part.opened.embeddings, part.opened.spec.key, part.rows, part.units)
        for part in parts
    ]
    names = [one.name for one in found.batches]
    return artefact_key("driftseries", FORMAT, asked, names, data)


def result_of(key: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job says of a series."""
    plan = meta["plan"] or {"text": "Too few units for a plan."}
    text = meta["verdict"]["sentence"] if meta["verdict"] else plan["text"]
    return {"series": key, "text": text, **{name: meta[name] for name in _TOLD}}


def make(found: Batches, progress: Progress) -> dict[str, Any]:
    """Compute a series; nothing is stored.

    Returns
    -------
    dict
        As it is stored, but for format and seconds.
    """
    asked, reference = found.asked, found.reference
    progress.report("vectors")
    points = found.points(reference)
    # so many that the least p after Holm over all batches is .02
    permutations = min(PERMUTATIONS[1], max(asked.permutations, 50 * len(found.batches) - 1))
    told: dict[str, Any] = {"verdict": None, "trend": None, "change": None, "batches": []}
    if found.batches:
        tested = series(
            points, {str(at): found.points(one.part) for at, one in enumerate(found.batches)},
            permutations=permutations, seed=asked.seed, progress=progress,
        )  # fmt: skip
        lines = [_line(*both) for both in zip(found.batches, tested.batches, strict=True)]
        told = {
            "batches": lines,
            "verdict": verdict(reference.label, lines),
            **_order(tested, lines),
        }
    what = f"{len(found.batches)} batches against" if found.batches else "Plan for"
    spec = reference.opened.spec
    meta = {
        **told, "reference": reference.told(), "request": asked.to_json(), "seed": asked.seed,
        "name": asked.name, "of": asked.of or asked.name, "every": found.every,
        "title": f"{what} {reference.label}",
        "imagesets": _imagesets(found), "notes": list(found.notes), "permutations": permutations,
        "encoder": {"name": portable_name(spec.name), "key": spec.key,
                    "dims": int(points.shape[1])},
        "plan": planned(found, points, progress), "versions": library_versions(), "created": now(),
    }  # fmt: skip
    return dict(plain(meta))


def _imagesets(found: Batches) -> dict[str, str]:
    """Return which image set each of the sets had, by name."""
    parts = [found.reference, *(one.part for one in found.batches)]
    parts += [found.like] if found.like is not None else []
    return {part.opened.name: part.opened.key for part in parts}


def _line(batch: Batch, found: BatchResult) -> dict[str, Any]:
    began, ended = _times(batch)
    numbers = {name: value for name, value in asdict(found).items() if name != "name"}
    return {"name": batch.name, "side": batch.side, "images": len(batch.part.rows),
            "left_out": batch.left_out, "began": began, "ended": ended, **numbers}  # fmt: skip


def _times(batch: Batch) -> tuple[str | None, str | None]:
    """Return the first and the last moment of a batch's images, ISO 8601; None where unknown."""
    times = batch.part.opened.items.get("time")
    if times is None or not holds_dates(times):
        return None, None
    seconds = as_numbers(times.iloc[batch.part.rows])
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return None, None
    ends = [pd.Timestamp(one, unit="s", tz="UTC") for one in (known.min(), known.max())]
    return ends[0].isoformat(timespec="seconds"), ends[1].isoformat(timespec="seconds")


def _order(tested: Series, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the trend and the change point with what is to be said of them."""
    at = tested.change
    earlier = [i for i, line in enumerate(lines[: at or 0]) if line["distance"] is not None]
    before, after = (lines[earlier[-1]]["name"], lines[at]["name"]) if at and earlier else ("", "")
    return {
        "trend": {"rho": tested.trend, "p": tested.trend_p,
                  "text": trend_words(tested.trend, tested.trend_p)},
        "change": {"batch": after or None, "p": tested.change_p,
                   "text": change_words(before, after, tested.change_p)},
    }  # fmt: skip


#: Figures of the newest batch that `--fail-on` may ask for.
GATE = ("p", "mmd2", "outside", "batch_units")


def gated(result: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures of the newest batch: its p after Holm, MMD², whether outside, units."""
    newest = result["batches"][-1]
    return {
        "p": newest["p_adjusted"], "mmd2": newest["distance"],
        "outside": None if newest["p_adjusted"] is None else float(newest["outside"]),
        "batch_units": float(newest["units"]),
    }  # fmt: skip
